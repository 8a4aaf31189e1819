"""What the peer's certificate is wanted for."""

from __future__ import annotations

from enum import Enum


class Purpose(Enum):
    """What the peer wants to be; the value is its key purpose (RFC 5280, 4.2.1.12)."""

    SERVER = "1.3.6.1.5.5.7.3.1"
    CLIENT = "1.3.6.1.5.5.7.3.2"

    __hash__ = object.__hash__  # an enumeration's own costs a call in Python each time

    @property
    def label(self) -> str:
        """As a person says it: ``a TLS server``."""
        return "a TLS server" if self is Purpose.SERVER else "a TLS client"

    @property
    def usage(self) -> str:
        """The extended key usage by its name."""
        return "serverAuth" if self is Purpose.SERVER else "clientAuth"


class KeyUse(Enum):
    """What the handshake does with the peer's key; the value allows it (RFC 5280, 4.2.1.3)."""

    SIGNING = "digitalSignature"
    KEY_ENCIPHERMENT = "keyEncipherment"  # RSA key exchange (RFC 5246, 7.4.2)

    __hash__ = object.__hash__

    @property
    def label(self) -> str:
        """As a person says it: ``make digital signatures``."""
        return "make digital signatures" if self is KeyUse.SIGNING else "encipher keys"

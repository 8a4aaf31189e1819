"""What a certificate's key may be used for, beside the schemes that it signs with.

Whoever chooses a credential is given an obstacle: words that say why one cannot serve, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.schemes12 import authentication_of
from tlsee.crypto.suites12 import Suite12
from tlsee.identity.credentials import Credential
from tlsee.identity.path.verdict import KeyUse
from tlsee.text import printable
from tlsee.values import value

__all__ = ["ForSuites12", "Obstacle", "cannot_sign", "permits", "serves12"]

Obstacle: TypeAlias = Callable[[Credential], str]

_CURVE = "ecdsa-"  # what the kinds of ECDSA keys begin with; the rest is the name of the group


def permits(credential: Credential, use: KeyUse) -> bool:
    """Whether the certificate's key usage allows it; without one everything is (RFC 5280)."""
    usage = credential.key_usage
    if usage is None:
        return True
    return usage.digital_signature if use is KeyUse.SIGNING else usage.key_encipherment


def cannot_sign(credential: Credential) -> str:
    """The obstacle of every handshake in which the key signs (RFC 9846, 4.5.1.2)."""
    if permits(credential, KeyUse.SIGNING):
        return ""
    return f"{printable(credential.subject)} may not {KeyUse.SIGNING.label}"


def serves12(credential: Credential, suite: Suite12, scheme: SignatureScheme) -> bool:
    """Whether a suite of TLS 1.2 can be served with this key and scheme (RFC 5246, 7.4.2)."""
    if authentication_of(scheme) != suite.authentication:
        return False
    if suite.key_exchange is not KeyExchangeAlgorithm.rsa:
        return permits(credential, KeyUse.SIGNING)
    decrypts = credential.public_key.kind == "rsa" and hasattr(credential.signer, "decrypt")
    return decrypts and permits(credential, KeyUse.KEY_ENCIPHERMENT)


@value
class ForSuites12:
    """The obstacle of a TLS 1.2 handshake: the key must serve one of its suites.

    Attributes:
        suites: what both sides have. ``schemes``: what the client accepts of what we allow.
        groups: the client's supported_groups, which hold for the curve of an ECDSA key as well
            (RFC 8422, 5.1.1); ``None`` where it has none and does not care.
    """

    suites: tuple[Suite12, ...]
    schemes: tuple[SignatureScheme, ...]
    groups: tuple[NamedGroup, ...] | None

    def __call__(self, credential: Credential) -> str:
        """Why this credential cannot serve, or ``""``."""
        subject = printable(credential.subject)
        kind = credential.public_key.kind
        if kind.startswith(_CURVE) and self.groups is not None:
            curve = kind.removeprefix(_CURVE)
            if curve not in {group.name for group in self.groups}:
                return f"the key of {subject} is on {curve}, which the client does not list"
        able = [scheme for scheme in credential.schemes12 if scheme in self.schemes]
        pairs = [(suite, scheme) for suite in self.suites for scheme in able]
        if any(serves12(credential, suite, scheme) for suite, scheme in pairs):
            return ""
        if any(authentication_of(scheme) == suite.authentication for suite, scheme in pairs):
            return f"the key of {subject} may not be used as the common suites need it"
        return f"no common suite is for the key of {subject}"

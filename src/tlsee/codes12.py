"""The registries that TLS 1.2 alone draws on, as open enumerations, and its key exchanges."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from tlsee.codes import OpenEnum, code


class ClientCertificateType(OpenEnum, width=2):
    """RFC 5246, 7.4.4, and RFC 8422, 5.5."""

    rsa_sign: ClassVar[ClientCertificateType] = code(1)
    dss_sign: ClassVar[ClientCertificateType] = code(2)
    rsa_fixed_dh: ClassVar[ClientCertificateType] = code(3)
    dss_fixed_dh: ClassVar[ClientCertificateType] = code(4)
    rsa_ephemeral_dh_RESERVED: ClassVar[ClientCertificateType] = code(5)
    dss_ephemeral_dh_RESERVED: ClassVar[ClientCertificateType] = code(6)
    fortezza_dms_RESERVED: ClassVar[ClientCertificateType] = code(20)
    ecdsa_sign: ClassVar[ClientCertificateType] = code(64)
    rsa_fixed_ecdh: ClassVar[ClientCertificateType] = code(65)
    ecdsa_fixed_ecdh: ClassVar[ClientCertificateType] = code(66)


class ECCurveType(OpenEnum, width=2):
    """RFC 8422, 5.4, which forbids the two that describe a curve of their own (1 and 2)."""

    named_curve: ClassVar[ECCurveType] = code(3)


class ECPointFormat(OpenEnum, width=2):
    """RFC 8422, 5.1.2; all but the first are deprecated."""

    uncompressed: ClassVar[ECPointFormat] = code(0)
    ansiX962_compressed_prime: ClassVar[ECPointFormat] = code(1)
    ansiX962_compressed_char2: ClassVar[ECPointFormat] = code(2)


class MaxFragmentLength(OpenEnum, width=2):
    """RFC 6066, 4, where the names are 2^9 to 2^12."""

    two_to_the_9: ClassVar[MaxFragmentLength] = code(1)
    two_to_the_10: ClassVar[MaxFragmentLength] = code(2)
    two_to_the_11: ClassVar[MaxFragmentLength] = code(3)
    two_to_the_12: ClassVar[MaxFragmentLength] = code(4)

    @property
    def length(self) -> int:
        """The most bytes of plaintext in a record."""
        return 1 << 8 + int(self)


class KeyExchangeAlgorithm(Enum):
    """RFC 5246, 7.4.3: how a suite comes to its premaster secret. No number of it is on the wire.

    The value is the word that people use.
    """

    ecdhe = "ECDHE"
    dhe = "DHE"
    rsa = "RSA"

    @property
    def forward_secret(self) -> bool:
        """Whether who learns the server's private key later still cannot open what was recorded."""
        return self is not KeyExchangeAlgorithm.rsa

    def __repr__(self) -> str:
        return f"KeyExchangeAlgorithm.{self.name}"

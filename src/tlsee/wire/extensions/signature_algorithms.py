"""signature_algorithms and signature_algorithms_cert (RFC 9846, 4.3.3)."""

from __future__ import annotations

from tlsee.codes import ExtensionType, SignatureScheme
from tlsee.wire.codec import u16, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.signature_algorithms, Block.CH, Block.CR)
class SignatureAlgorithms(Extension):
    """What may sign in CertificateVerify, and in certificates unless the other list is there."""

    supported_signature_algorithms: tuple[SignatureScheme, ...] = vector(
        u16(SignatureScheme), 2, 0xFFFE
    )


@extension(ExtensionType.signature_algorithms_cert, Block.CH, Block.CR)
class SignatureAlgorithmsCert(Extension):
    """What may sign in certificates."""

    supported_signature_algorithms: tuple[SignatureScheme, ...] = vector(
        u16(SignatureScheme), 2, 0xFFFE
    )

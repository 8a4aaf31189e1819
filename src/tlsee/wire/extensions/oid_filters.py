"""oid_filters: certificate extensions that the client's certificate must have (RFC 9846, 4.3.5)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import opaque, struct, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@struct
class OIDFilter:
    """An object identifier and the values it must allow, both DER; no values: any will do."""

    certificate_extension_oid: bytes = opaque(1, 0xFF)
    certificate_extension_values: bytes = opaque(0, 0xFFFF)


@extension(ExtensionType.oid_filters, Block.CR)
class OIDFilters(Extension):
    """Each identifier at most once; the client ignores those it does not know."""

    filters: tuple[OIDFilter, ...] = vector(OIDFilter, 0, 0xFFFF)

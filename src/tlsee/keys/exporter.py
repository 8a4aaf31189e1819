"""Keying material for the application's own use (RFC 9846, 7.5; RFC 5705)."""

from __future__ import annotations

import hashlib

from tlsee.errors import ApiMisuse
from tlsee.keys.schedule13 import derive_secret, expand_label


def export_keying_material(
    hash_name: str, exporter_secret: bytes, label: bytes, context: bytes, length: int
) -> bytes:
    """``length`` bytes that both sides, and nobody else, can compute.

    Args:
        hash_name: the suite's, as ``hashlib`` knows it.
        exporter_secret: what ``MainStage.application`` gives third.
        label: says what the material is for, such as ``b"EXPORTER-Channel-Binding"``.
        context: binds it to a value of the application; in 1.3 none is the same as an empty one.
        length: how many bytes.

    Raises:
        ApiMisuse: no label or one of more than 249 bytes, a length below 1, or more than HKDF can
            give.
    """
    if length < 1:
        raise ApiMisuse(f"{length} bytes of keying material")
    empty = hashlib.new(hash_name).digest()
    secret = derive_secret(hash_name, exporter_secret, label, empty)
    digest = hashlib.new(hash_name, context).digest()
    return expand_label(hash_name, secret, b"exporter", digest, length)

"""ClientHellos from plain numbers, as fingerprints describe them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tlsee.offer import ClientOffer
from tlsee.wire.codec import decode
from tlsee.wire.hellos import ClientHello

__all__ = ["listed", "offer_of"]


def listed(numbers: Iterable[int], width: int = 2, prefix: int = 2) -> bytes:
    """A vector of numbers, behind its length of ``prefix`` bytes."""
    content = b"".join(number.to_bytes(width) for number in numbers)
    return len(content).to_bytes(prefix) + content


def offer_of(
    suites: Iterable[int],
    extensions: Mapping[int, bytes] | None,
    *,
    version: int = 0x0303,
    session_id: bytes = b"",
) -> ClientOffer:
    """What a hello with these offers; no mapping at all is a hello that ends before extensions."""
    body = version.to_bytes(2) + bytes(32) + bytes([len(session_id)]) + session_id
    body += listed(suites) + b"\x01\0"
    if extensions is not None:
        block = b"".join(
            kind.to_bytes(2) + len(data).to_bytes(2) + data for kind, data in extensions.items()
        )
        body += len(block).to_bytes(2) + block
    return ClientOffer(decode(ClientHello, b"\x01" + len(body).to_bytes(3) + body))

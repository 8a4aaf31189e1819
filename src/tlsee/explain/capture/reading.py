"""``read_capture``: a capture file to the TLS connections in it, each a recording."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tlsee.crypto.private_keys import belongs_to, public_key_of
from tlsee.errors import ApiMisuse
from tlsee.explain.capture import bounds
from tlsee.explain.capture.files import CaptureFile
from tlsee.explain.capture.memory import Memory
from tlsee.explain.capture.overhear import NotTls, Overheard, overhear
from tlsee.explain.capture.packets import PacketReader, Segment, link_name
from tlsee.explain.capture.reassembly import conversations
from tlsee.explain.capture.secrets import KeyLogSecrets
from tlsee.explain.reading import view_of
from tlsee.text import count
from tlsee.values import value

__all__ = ["CaptureReading", "read_capture"]

Source = str | os.PathLike[str] | bytes


@value
class CaptureReading:
    """What is in a capture.

    Attributes:
        connections: of TLS, in the order in which they began.
        notes: sentences on the file, on other connections, and on keys that were of no use.
    """

    connections: tuple[Overheard, ...]
    notes: tuple[str, ...]


def read_capture(
    capture: Source, keylog: Source | None = None, private_keys: Sequence[Any] = ()
) -> CaptureReading:
    """Follow each TLS connection in a capture as far as its bytes and these keys go.

    Args:
        capture: a file of pcap or pcapng, by its path, or its bytes.
        keylog: a key log (RFC 9850), likewise; those within the capture are used as well.
        private_keys: of servers, as ``private_keys.load_private_key`` gives them: they open
            TLS 1.2 with RSA key exchange.

    Raises:
        OSError: a file cannot be read.
        ApiMisuse: it is no capture, or too large; a key is none; the libraries that read captures
            are not installed. Nothing else raises, whatever the bytes are.
    """
    for key in private_keys:
        public_key_of(key)  # says what is wrong with it
    file = CaptureFile(_bytes(capture, bounds.FILE_LIMIT))
    reader = PacketReader()
    found, beyond = conversations(_segments(file, reader))
    given = [_bytes(keylog, bounds.KEYLOG_LIMIT)] if keylog is not None else []
    if given and len(given[0]) > bounds.KEYLOG_LIMIT:
        raise ApiMisuse(f"this is longer than any key log: over {bounds.KEYLOG_LIMIT:,} bytes")
    secrets = KeyLogSecrets([*given, *file.secrets])
    memory = Memory()
    connections: list[Overheard] = []
    others: list[str] = []
    moments, untold = 0, 0
    for conversation in found:
        if moments > bounds.MOMENTS_LIMIT:
            untold += 1
            continue
        result = overhear(conversation, secrets, private_keys, memory)
        if isinstance(result, Overheard):
            connections.append(result)
            moments += len(result.recording.moments)
        elif isinstance(result, NotTls):
            others.append(result.sentence)
    notes = [
        *file.notes,
        *_of_packets(reader, beyond),
        *_bounded(others, untold),
        *secrets.notes,
        *_of_keys(connections, secrets, private_keys, logged=bool(given)),
    ]
    return CaptureReading(tuple(connections), tuple(notes))


def _bytes(source: Source, limit: int) -> bytes:
    """At most one byte more than the limit, so that whoever asks can tell."""
    if isinstance(source, bytes):
        return source
    with Path(source).open("rb") as file:
        return file.read(limit + 1)


def _segments(file: CaptureFile, reader: PacketReader) -> Iterator[Segment]:
    for packet in file.packets():
        segment = reader.segment(packet)
        if segment is not None:
            yield segment


def _of_packets(reader: PacketReader, beyond: int) -> Iterator[str]:
    if reader.links:
        names = ", ".join(link_name(link) for link in sorted(reader.links))
        yield f"packets of a link type that is not read here: {names}"
    if reader.fragments:
        yield (
            f"{count(reader.fragments, 'packet')} came in fragments of IP, which are not put "
            "together: what they hold is missing"
        )
    if reader.unread:
        yield (
            f"{count(reader.unread, 'packet')} could not be read: cut inside the headers, or "
            "malformed"
        )
    if beyond:
        yield (
            f"{count(beyond, 'packet')} are of connections beyond the "
            f"{bounds.CONNECTIONS_LIMIT:,} that are followed"
        )


def _bounded(sentences: Sequence[str], untold: int) -> Iterator[str]:
    yield from sentences[: bounds.NOTES_LIMIT]
    more = len(sentences) - bounds.NOTES_LIMIT
    if more > 0:
        yield f"{count(more, 'connection')} more that are no TLS, or begin before the capture"
    if untold:
        yield f"{count(untold, 'connection')} more are not told: there is too much before them"


def _of_keys(
    connections: Sequence[Overheard],
    secrets: KeyLogSecrets,
    private_keys: Sequence[Any],
    *,
    logged: bool,
) -> Iterator[str]:
    """Keys that were given and are nobody's."""
    if connections and logged and not any(overheard.logged for overheard in connections):
        if not len(secrets):
            yield "the key log has no secrets that are of use here"
        else:
            yield f"the key log is of other connections: none of its {len(secrets):,} is here"
    leaves = {overheard.chain[0] for overheard in connections if overheard.chain}
    public = [view.public_key for der in leaves if (view := view_of(der)) is not None]
    for number, key in enumerate(private_keys, 1):
        if not any(belongs_to(key, other) for other in public if other is not None):
            which = f" {number}" if len(private_keys) > 1 else ""
            yield (
                f"the private key{which} belongs to no certificate that can be read in this capture"
            )

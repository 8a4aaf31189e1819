"""The writing half of records over a byte stream.

It gathers handshake messages into as few records as it can and flushes them where keys change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.codes import AlertDescription, AlertLevel, ContentType, HandshakeType
from tlsee.keys.protection import HEADER_LENGTH, MAX_PLAINTEXT, Sealer
from tlsee.keys.protection12 import Sealer12
from tlsee.trace import Epoch, RecordSent

Observe = Callable[[Any], None] | None

_CHANGE_CIPHER_SPEC = bytes((20, 3, 3, 0, 1, 1))
_DATA = ContentType.application_data
_HANDSHAKE = ContentType.handshake
_ALERT = ContentType.alert
_CCS = ContentType.change_cipher_spec


class RecordWriter:
    """Seals and queues. Whoever calls it holds the connection's lock."""

    def __init__(self, padding_block: int, observe: Observe) -> None:
        self.queue: list[bytes | bytearray] = []
        self.sealer: Sealer | Sealer12 | None = None
        self.epoch = Epoch.INITIAL
        self.fragment = MAX_PLAINTEXT
        self.padding_block = padding_block
        self.observe = observe
        self._handshake = bytearray()
        self._first = True

    def copy(self, observe: Observe) -> RecordWriter:
        """The same half for a forked connection."""
        twin = RecordWriter(self.padding_block, observe)
        twin.queue = list(self.queue)
        twin.sealer = self.sealer.copy() if self.sealer is not None else None
        twin.epoch, twin.fragment, twin._first = self.epoch, self.fragment, self._first
        twin._handshake = bytearray(self._handshake)
        return twin

    def install(self, epoch: Epoch, sealer: Sealer | Sealer12) -> None:
        """What was said so far goes out under the old keys."""
        self.flush()
        self.sealer = sealer
        self.epoch = epoch

    def unprotect(self) -> None:
        """From the next record on nothing is protected (RFC 9846, 4.2.4)."""
        self.flush()
        self.sealer = None
        self.epoch = Epoch.INITIAL

    def handshake(self, raw: bytes) -> None:
        """Gather a handshake message; ``flush`` makes records of what was gathered."""
        self._handshake += raw

    def flush(self) -> None:
        """Make records of the gathered handshake messages (RFC 9846, 5.1 lets them share one)."""
        gathered = self._handshake
        if gathered:
            self._handshake = bytearray()
            for start in range(0, len(gathered), self.fragment):
                self._record(_HANDSHAKE, bytes(gathered[start : start + self.fragment]))

    def change_cipher_spec(self) -> None:
        """The dummy record, never protected (RFC 9846, 5)."""
        self.flush()
        self.queue.append(_CHANGE_CIPHER_SPEC)
        if self.observe is not None:
            self.observe(RecordSent(_CHANGE_CIPHER_SPEC, _CCS, 1, Epoch.INITIAL))

    def alert(self, level: AlertLevel, description: AlertDescription) -> None:
        """One alert in one record (RFC 9846, 5.1)."""
        self.flush()
        self._record(_ALERT, bytes((level, description)))

    def data(self, data: bytes | memoryview) -> None:
        """Application data; the connection has seen to it that it may flow."""
        self.flush()
        if self.sealer is None:
            raise AssertionError("application data is never sent in the clear")
        records = self.sealer.seal_data(memoryview(data), self.fragment, self.padding_block)
        self.queue.append(records)
        if self.observe is not None:
            _observe_data(self.observe, records, len(data), self.fragment, self.epoch)

    def records_for(self, length: int) -> int:
        """How many records this much application data takes."""
        return -(-length // self.fragment)

    def _record(self, content_type: ContentType, content: bytes) -> None:
        if self.sealer is not None:
            record = self.sealer.seal(content_type, content)
        else:
            # RFC 9846, 5.1: 0x0301 for old servers, before an initial ClientHello and nowhere else.
            hello = content_type == _HANDSHAKE and content[0] == HandshakeType.client_hello
            minor = 1 if self._first and hello else 3
            record = bytes((content_type, 3, minor)) + len(content).to_bytes(2, "big") + content
        self._first = False
        self.queue.append(record)
        if self.observe is not None:
            self.observe(RecordSent(record, content_type, len(content), self.epoch))


def _observe_data(
    observe: Callable[[Any], None],
    records: bytes | bytearray,
    total: int,
    fragment: int,
    epoch: Epoch,
) -> None:
    position = 0
    while position < len(records):
        length = HEADER_LENGTH + (records[position + 3] << 8 | records[position + 4])
        content = min(fragment, total)
        raw = bytes(records[position : position + length])
        observe(RecordSent(raw, _DATA, content, epoch))
        position += length
        total -= content

"""The reading half of records over a byte stream.

It takes whatever bytes came, opens what is complete, and hands over one item at a time; a run of
application data is one item. It shares nothing with the writing half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tlsee import defaults
from tlsee.codes import ContentType
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.keys.protection import (
    HEADER_LENGTH,
    MAX_CIPHERTEXT,
    MAX_INNER,
    MAX_PLAINTEXT,
    Opener,
)
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.text import printable
from tlsee.trace import Epoch, RecordReceived

Observe = Callable[[Any], None] | None

_DATA = ContentType.application_data
_ALERT = ContentType.alert
_CCS = ContentType.change_cipher_spec


class Item(NamedTuple):
    """What the reader found: the content of one record, or of a run of application data."""

    content_type: ContentType
    content: bytes | bytearray
    protected: bool


class RecordReader:
    """Takes bytes, gives items. Raises ``PeerMisbehaved`` for records that cannot be."""

    def __init__(self, observe: Observe) -> None:
        self.opener: Opener | None = None
        self.epoch = Epoch.INITIAL
        self.inner_limit = MAX_INNER
        self.observe = observe
        self.skip_budget = 0
        self.bytes_taken = 0
        self._source: bytes | bytearray = b""
        self._position = 0
        self._empty_in_a_row = 0
        self._change_cipher_specs = 0
        self._after: Item | PeerMisbehaved | None = None

    def copy(self, observe: Observe) -> RecordReader:
        """The same half for a forked connection."""
        twin = RecordReader(observe)
        twin.__dict__.update(self.__dict__)
        twin.observe = observe
        twin.opener = self.opener.copy() if self.opener is not None else None
        twin._source = bytes(self.rest())
        twin._position = 0
        return twin

    def install(self, epoch: Epoch, secret: TrafficSecret) -> None:
        """From the next record on these keys open."""
        self.opener = Opener(secret)
        self.epoch = epoch

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes off the network; nothing is opened yet."""
        self.bytes_taken += len(data)
        if self._position == len(self._source):
            self._source = data if isinstance(data, bytes) else bytes(data)
        elif isinstance(self._source, bytearray):
            del self._source[: self._position]
            self._source += data
        else:
            joined = bytearray(memoryview(self._source)[self._position :])
            joined += data
            self._source = joined
        self._position = 0

    def rest(self) -> bytes:
        """The bytes that were taken and not opened."""
        return bytes(memoryview(self._source)[self._position :])

    @property
    def buffered(self) -> int:
        """How many bytes ``rest`` has."""
        return len(self._source) - self._position

    @property
    def bytes_needed(self) -> int:
        """How many bytes complete the current header, or the current record; 0 if one is there."""
        have = self.buffered
        if have < HEADER_LENGTH:
            return HEADER_LENGTH - have
        start = self._position
        length = self._source[start + 3] << 8 | self._source[start + 4]
        return max(0, HEADER_LENGTH + length - have)

    def next(self) -> Item | None:
        """The next item, or ``None`` until more bytes come.

        Raises:
            PeerMisbehaved: the record breaks a rule of RFC 9846, 5.
        """
        if self._after is not None:
            return self._take_after()
        while True:
            source, start = self._source, self._position
            if len(source) - start < HEADER_LENGTH:
                return None
            kind = source[start]
            self._check_header(kind, source[start + 3] << 8 | source[start + 4])
            end = _complete(source, start, any_type=True)
            if not end:
                return None
            if self.opener is not None and kind == 23:
                item = self._protected(source, start, self.opener)
            elif self.opener is not None:
                item = self._unprotected(kind, bytes(source[start + HEADER_LENGTH : end]), end)
            else:
                item = self._plain(kind, bytes(source[start + HEADER_LENGTH : end]), start, end)
            if item is not None:
                return item

    # --- Records in the clear -----------------------------------------------------------------

    def _check_header(self, kind: int, length: int) -> None:
        if not 20 <= kind <= 23:
            begin = printable(self.rest()[:16])
            first = self.bytes_taken == len(self._source) and self._position == 0
            if first and self.epoch is Epoch.INITIAL:
                raise PeerMisbehaved(Reasons.not_tls, f"its first bytes are {begin!r}")
            raise PeerMisbehaved(Reasons.unexpected_record, f"content type {kind}")
        limit = MAX_PLAINTEXT if kind != 23 else MAX_CIPHERTEXT
        if length > limit:
            raise PeerMisbehaved(Reasons.record_overflow, f"{length:,} bytes, {limit:,} allowed")

    def _plain(self, kind: int, content: bytes, start: int, end: int) -> Item | None:
        """Before any key: hellos, alerts, the dummy record."""
        self._position = end
        if kind == 23:
            if self.skip_budget:
                self._skip(len(content))
                return None
            raise PeerMisbehaved(Reasons.plaintext_data)
        content_type = ContentType.of(kind)
        if kind == 20:
            return self._dropped(content)
        if not content:
            raise PeerMisbehaved(Reasons.empty_fragment, str(content_type))
        if kind == 22:
            self.skip_budget = 0
        if self.observe is not None:
            raw = bytes(self._source[start:end])
            self.observe(RecordReceived(raw, content_type, len(content), self.epoch))
        return Item(content_type, content, False)

    def _unprotected(self, kind: int, content: bytes, end: int) -> Item | None:
        """A record in the clear although there are keys."""
        if kind == 20 and self.epoch is not Epoch.APPLICATION:
            self._position = end
            return self._dropped(content)
        if kind == 20:
            raise PeerMisbehaved(Reasons.bad_change_cipher_spec, "after the handshake")
        if kind == 21 and self._peer_may_lack_keys() and content:
            self._position = end
            return Item(_ALERT, content, False)
        raise PeerMisbehaved(Reasons.unprotected_record, str(ContentType.of(kind)))

    def _peer_may_lack_keys(self) -> bool:
        """A client that chokes on ServerHello has no keys for its alert (RFC 9846, A)."""
        return self.epoch is Epoch.HANDSHAKE and self.opener is not None and self.opener.number == 0

    def _dropped(self, content: bytes) -> Item | None:
        """change_cipher_spec: one byte of value 1, or an end (RFC 9846, 5)."""
        if content != b"\x01":
            raise PeerMisbehaved(Reasons.bad_change_cipher_spec, "another value than 1")
        self._change_cipher_specs += 1
        if self._change_cipher_specs > defaults.CHANGE_CIPHER_SPEC_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_change_cipher_specs)
        return Item(_CCS, content, False)

    # --- Protected records --------------------------------------------------------------------

    def _protected(self, source: bytes | bytearray, start: int, opener: Opener) -> Item | None:
        """One record; or, where it is application data, it and all that follow in the buffer.

        What was good before a record that is not goes out first: the error waits in ``_after``.
        """
        view = memoryview(source)
        out = bytearray(len(source) - start)
        target = memoryview(out)
        filled = 0
        end = start
        try:
            while (stop := _complete(source, end)) > 0:
                self._position = stop
                kind, content = self._open(view, end, stop, opener, out, target, filled)
                end = stop
                if kind != 23:
                    if kind:
                        inner = bytes(out[filled : filled + content])
                        self._after = Item(ContentType.of(kind), inner, True)
                    break
                filled += content
        except PeerMisbehaved as error:
            self._after = error
        finally:
            target.release()
            view.release()
        if filled:
            del out[filled:]
            return Item(_DATA, out, True)
        return self._take_after()

    def _open(
        self,
        view: memoryview,
        start: int,
        stop: int,
        opener: Opener,
        out: bytearray,
        target: memoryview,
        filled: int,
    ) -> tuple[int, int]:
        """Decrypt one record behind what is there; its type (0: skipped) and content length."""
        body = start + HEADER_LENGTH
        try:
            plain = opener.open_into(bytes(view[start:body]), view[body:stop], target, filled)
        except PeerMisbehaved:
            if not self.skip_budget:
                raise
            self._skip(stop - body)
            return 0, 0
        self.skip_budget = 0
        if plain > self.inner_limit:
            raise PeerMisbehaved(
                Reasons.record_overflow, f"{plain:,} bytes inside, {self.inner_limit:,} allowed"
            )
        kind = out[filled + plain - 1]
        content = plain - 1
        if kind == 0:
            kind, content = _inner_type(out, filled, plain)
        if content == 0:
            self._count_empty(kind)
        else:
            self._empty_in_a_row = 0
        if self.observe is not None:
            raw = bytes(view[start:stop])
            self.observe(RecordReceived(raw, ContentType.of(kind), content, self.epoch))
        return kind, content

    def _take_after(self) -> Item | None:
        after, self._after = self._after, None
        if isinstance(after, PeerMisbehaved):
            raise after
        return after

    def _count_empty(self, kind: int) -> None:
        """Data may be empty, within a bound; nothing else may (RFC 9846, 5.4)."""
        if kind != 23:
            raise PeerMisbehaved(Reasons.empty_fragment, str(ContentType.of(kind)))
        self._empty_in_a_row += 1
        if self._empty_in_a_row > defaults.EMPTY_RECORDS_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_empty_records)

    def _skip(self, length: int) -> None:
        """Refused early data (RFC 9846, 4.3.10), as far as the budget goes."""
        if length > self.skip_budget:
            raise PeerMisbehaved(Reasons.too_much_early_data)
        self.skip_budget -= length


def _inner_type(out: bytearray, start: int, length: int) -> tuple[int, int]:
    """The last byte that is not zero is the type (RFC 9846, 5.4); zeros behind it are padding."""
    end = start + length
    stripped = len(out[start:end].rstrip(b"\x00"))
    if stripped == 0:
        raise PeerMisbehaved(Reasons.no_content_type)
    return out[start + stripped - 1], stripped - 1


def _complete(source: bytes | bytearray, start: int, any_type: bool = False) -> int:
    """Where the record at ``start`` ends, or 0 if it is not whole, too long, or another type's."""
    body = start + HEADER_LENGTH
    if body > len(source) or not (any_type or source[start] == 23):
        return 0
    length = source[start + 3] << 8 | source[start + 4]
    if length > MAX_CIPHERTEXT:
        return 0
    stop = body + length
    return stop if stop <= len(source) else 0

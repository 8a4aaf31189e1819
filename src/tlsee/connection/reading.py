"""The reading half of records over a byte stream.

It takes whatever bytes came, opens what is complete, and hands over one item at a time; a run of
application data is one item. It shares nothing with the writing half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tlsee import defaults
from tlsee.codes import ContentType
from tlsee.connection.greetings import answer_of_ssl2, first_words, hello_of_ssl2
from tlsee.errors import PeerIncompatible, PeerMisbehaved, Reasons
from tlsee.keys.protection import (
    BAD_TAG,
    HEADER_LENGTH,
    MAX_CIPHERTEXT,
    MAX_INNER,
    MAX_PLAINTEXT,
    Opener,
)
from tlsee.keys.protection12 import EMPTY, MAX_CIPHERTEXT_12, TOO_LONG, Opener12
from tlsee.reasons import TOO_OLD
from tlsee.trace import Epoch, RecordReceived, Role

Observe = Callable[[Any], None] | None
Source = bytes | bytearray | memoryview

# Bytes of one piece of data. More gain nothing, and pieces of a mebibyte are memory that the C
# library gives back to the system and asks for again: that took longer than to decrypt them.
RUN_LIMIT = 2**18

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

    def __init__(self, role: Role, observe: Observe) -> None:
        self.role = role
        self.opener: Opener | Opener12 | None = None
        self.epoch = Epoch.INITIAL
        self.inner_limit = MAX_INNER
        self.clear_limit = MAX_PLAINTEXT
        self.observe = observe
        self.skip_budget = 0
        self.bytes_taken = 0
        self.clear_version = 0  # of the last record in the clear; the only word of an old server
        self._kept = bytearray()
        self._source: Source = self._kept
        self._odd_raw = b""
        self._longest = MAX_CIPHERTEXT
        self._position = 0
        self._empty_in_a_row = 0
        self._change_cipher_specs = 0
        self._after: Item | PeerMisbehaved | None = None

    def copy(self, observe: Observe) -> RecordReader:
        """The same half for a forked connection."""
        twin = RecordReader(self.role, observe)
        twin.__dict__.update(self.__dict__)
        twin.observe = observe
        twin.opener = self.opener.copy() if self.opener is not None else None
        twin._kept = bytearray(self.rest())
        twin._source = twin._kept
        twin._position = 0
        return twin

    def install(self, epoch: Epoch, opener: Opener | Opener12) -> None:
        """From the next record on these keys open."""
        self.opener = opener
        self.epoch = epoch
        self._longest = MAX_CIPHERTEXT if isinstance(opener, Opener) else MAX_CIPHERTEXT_12

    def feed(self, data: Source) -> None:
        """Take bytes off the network; nothing is opened yet. ``settle`` must follow.

        Where nothing is left over the bytes are used where they are, without a copy.
        """
        self.bytes_taken += len(data)
        kept = self._kept
        if self._position == len(kept):
            kept.clear()
            self._source = data
        else:
            del kept[: self._position]
            kept += data
            self._source = kept
        self._position = 0

    def settle(self) -> None:
        """Copy what is left over: the caller's buffer is the caller's again."""
        if self._source is not self._kept:
            if self._position < len(self._source):
                self._kept += memoryview(self._source)[self._position :]
            self._source = self._kept
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
            PeerIncompatible: the first bytes are a hello of SSL 2.0.
        """
        if self._after is not None:
            return self._take_after()
        while True:
            source, start = self._source, self._position
            if len(source) - start < HEADER_LENGTH:
                return None
            kind, length = source[start], source[start + 3] << 8 | source[start + 4]
            if kind != 23 or length > self._longest:
                self._check_header(kind, length)
            end = start + HEADER_LENGTH + length
            if end > len(source):
                return None
            opener = self.opener
            if isinstance(opener, Opener) and kind == 23:
                item = self._protected(source, start, end, opener)
            elif opener is not None and not isinstance(opener, Opener):
                item = self._protected12(source, start, end, opener)
            elif opener is not None:
                item = self._unprotected(kind, bytes(source[start + HEADER_LENGTH : end]), end)
            else:
                item = self._plain(kind, bytes(source[start + HEADER_LENGTH : end]), end)
            if item is not None:
                return item

    # --- Records in the clear -----------------------------------------------------------------

    def _check_header(self, kind: int, length: int) -> None:
        if not 20 <= kind <= 23:
            first = self.bytes_taken == len(self._source) and self._position == 0
            if first and self.epoch is Epoch.INITIAL:
                version = hello_of_ssl2(self.rest()) if self.role is Role.SERVER else None
                if version is not None:
                    raise PeerIncompatible(
                        Reasons.version_too_old,
                        f"the client says hello in SSL 2.0's form and speaks {version.label} at "
                        "most",
                        fix=TOO_OLD,
                    )
                if self.role is Role.CLIENT and answer_of_ssl2(self.rest()):
                    raise PeerIncompatible(
                        Reasons.version_too_old, "the server answers in SSL 2.0's form", fix=TOO_OLD
                    )
                detail, fix = first_words(self.rest())
                raise PeerMisbehaved(Reasons.not_tls, detail, fix=fix)
            raise PeerMisbehaved(Reasons.unexpected_record, f"content type {kind}")
        limit = self.clear_limit if kind != 23 and self.opener is None else self._longest
        if length > limit:
            raise PeerMisbehaved(Reasons.record_overflow, f"{length:,} bytes, {limit:,} allowed")

    def _plain(self, kind: int, content: bytes, end: int) -> Item | None:
        """Before any key: hellos, alerts, the dummy record."""
        self._position = end
        start = end - len(content) - HEADER_LENGTH
        self.clear_version = self._source[start + 1] << 8 | self._source[start + 2]
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
        return self._clear(content_type, content)

    def _clear(self, content_type: ContentType, content: bytes) -> Item:
        """An item that nothing protects."""
        if self.observe is not None:
            start = self._position - len(content) - HEADER_LENGTH
            raw = bytes(self._source[start : self._position])
            self.observe(RecordReceived(raw, content_type, len(content), Epoch.INITIAL))
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
            return self._clear(_ALERT, content)
        raise PeerMisbehaved(Reasons.unprotected_record, str(ContentType.of(kind)))

    def _peer_may_lack_keys(self) -> bool:
        """A client that chokes on ServerHello has no keys for its alert (RFC 9846, A)."""
        return (
            self.role is Role.SERVER
            and self.epoch is Epoch.HANDSHAKE
            and self.opener is not None
            and self.opener.number == 0
        )

    def _dropped(self, content: bytes) -> Item | None:
        """change_cipher_spec: one byte of value 1, or an end (RFC 9846, 5)."""
        if content != b"\x01":
            raise PeerMisbehaved(Reasons.bad_change_cipher_spec, "another value than 1")
        self._change_cipher_specs += 1
        if self._change_cipher_specs > defaults.CHANGE_CIPHER_SPEC_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_change_cipher_specs)
        return self._clear(_CCS, content)

    # --- Protected records --------------------------------------------------------------------

    def _protected(self, source: Source, start: int, end: int, opener: Opener) -> Item | None:
        """One record; or, where it is application data, it and all that follow in the buffer.

        What was good before a record that is not goes out first: what came after waits.
        """
        out: bytes | bytearray
        # Views that nobody holds any more when it returns, so that both buffers can change again.
        if end == len(source):
            out, filled, odd = opener.open_one(memoryview(source)[start:], self.inner_limit)
            if odd == BAD_TAG:
                end = start
        else:
            out = bytearray(min(len(source) - start, RUN_LIMIT))
            end, filled, odd = opener.open_run(
                memoryview(source), start, memoryview(out), self.inner_limit
            )
        if self.observe is not None:
            self._observe_run(memoryview(source), start, end, filled, opener.tag_length)
        self._position = end
        if odd:
            try:
                self._after = self._odd(out, filled, odd)
            except PeerMisbehaved as error:
                self._after = error
        if filled:
            self._empty_in_a_row = 0
            self.skip_budget = 0
            if isinstance(out, bytearray):
                del out[filled:]
                return Item(_DATA, out, True)
            return Item(_DATA, out[:filled], True)
        return self._take_after()

    def _odd(self, out: bytes | bytearray, filled: int, odd: int) -> Item | None:
        """The record that ended a run: padded or empty data, a message, an alert, a fault."""
        if odd == BAD_TAG:
            self._undecryptable()
            return None
        self.skip_budget = 0
        if odd > self.inner_limit:
            raise PeerMisbehaved(
                Reasons.record_overflow, f"{odd:,} bytes inside, {self.inner_limit:,} allowed"
            )
        kind, length = _inner_type(out, filled, odd)
        content_type = ContentType.of(kind)
        if self.observe is not None:
            self.observe(RecordReceived(self._odd_raw, content_type, length, self.epoch))
        if not length:
            self._count_empty(content_type)
            return None
        self._empty_in_a_row = 0
        return Item(content_type, bytes(out[filled : filled + length]), True)

    def _undecryptable(self) -> None:
        """A record that these keys do not open: refused early data, or an end."""
        if not self.skip_budget:
            raise PeerMisbehaved(Reasons.bad_record_mac)
        start = self._position
        length = self._source[start + 3] << 8 | self._source[start + 4]
        self._position = start + HEADER_LENGTH + length
        self._skip(length)

    def _protected12(self, source: Source, start: int, end: int, opener: Opener12) -> Item | None:
        """TLS 1.2: every record is protected, and its type stands in the clear (RFC 5246, 6.2)."""
        limit = self.inner_limit - 1  # which counts 1.3's inner type in
        kind = ContentType.of(source[start])
        out: bytes | bytearray
        if kind == _DATA and end < len(source) and self.observe is None:
            out = bytearray(min(len(source) - start, RUN_LIMIT))
            end, filled, odd = opener.open_run(memoryview(source), start, memoryview(out), limit)
            del out[filled:]
        else:  # an observer is told of each record, and only opening a CBC one tells its content
            out, odd = opener.open_one(memoryview(source)[start:end], limit)
            if self.observe is not None:
                raw = bytes(source[start:end])
                self.observe(RecordReceived(raw, kind, len(out), self.epoch))
        self._position = end
        if odd:
            try:
                self._odd12(kind, odd)
            except PeerMisbehaved as error:
                self._after = error
        if out:
            self._empty_in_a_row = 0
            return Item(kind, out, True)
        return self._take_after()

    def _odd12(self, kind: ContentType, odd: int) -> None:
        if odd == EMPTY:
            self._count_empty(kind)
        elif odd == TOO_LONG:
            raise PeerMisbehaved(Reasons.record_overflow, f"{self.inner_limit - 1:,} allowed")
        else:
            raise PeerMisbehaved(Reasons.bad_record_mac)

    def _observe_run(
        self, view: memoryview, start: int, end: int, filled: int, tag_length: int
    ) -> None:
        """Tell of each record of a run; the odd one behind it is told when its type is known."""
        if self.observe is None:
            return
        told = 0
        while start < end:
            stop = start + HEADER_LENGTH + (view[start + 3] << 8 | view[start + 4])
            raw = bytes(view[start:stop])
            content = stop - start - HEADER_LENGTH - tag_length - 1
            if told == filled:
                self._odd_raw = raw
                return
            self.observe(RecordReceived(raw, _DATA, content, self.epoch))
            told += content
            start = stop

    def _take_after(self) -> Item | None:
        after, self._after = self._after, None
        if isinstance(after, PeerMisbehaved):
            raise after
        return after

    def _count_empty(self, content_type: ContentType) -> None:
        """Data may be empty, within a bound; nothing else may (RFC 9846, 5.4)."""
        if content_type != _DATA:
            raise PeerMisbehaved(Reasons.empty_fragment, str(content_type))
        self._empty_in_a_row += 1
        if self._empty_in_a_row > defaults.EMPTY_RECORDS_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_empty_records)

    def _skip(self, length: int) -> None:
        """Refused early data (RFC 9846, 4.3.10), as far as the budget goes; headers count too."""
        if HEADER_LENGTH + length > self.skip_budget:
            raise PeerMisbehaved(Reasons.too_much_early_data)
        self.skip_budget -= HEADER_LENGTH + length


def _inner_type(out: bytes | bytearray, start: int, length: int) -> tuple[int, int]:
    """The last byte that is not zero is the type (RFC 9846, 5.4); zeros behind it are padding."""
    end = start + length
    stripped = len(out[start:end].rstrip(b"\x00"))
    if stripped == 0:
        raise PeerMisbehaved(Reasons.no_content_type)
    return out[start + stripped - 1], stripped - 1

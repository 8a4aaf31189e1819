"""Records as fields, and the handshake messages across them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from tlsee.codes import ContentType, ProtocolVersion
from tlsee.explain.dissect.context import NOTHING_KNOWN, Context
from tlsee.explain.dissect.converting import struct_field
from tlsee.explain.dissect.field import Field
from tlsee.explain.dissect.meaning import code_words
from tlsee.explain.dissect.messages import after, dissect_handshake
from tlsee.explain.dissect.protection import (
    Opened,
    Protection,
    before,
    behind,
    layout,
    tag_length,
)
from tlsee.explain.layout import short_hex
from tlsee.text import count
from tlsee.trace import Role
from tlsee.values import replace, value
from tlsee.wire.framing import HEADER_LENGTH as MESSAGE_HEADER
from tlsee.wire.framing import Alert

HEADER_LENGTH = 5
HEADER_CLAUSE = "RFC 9846, 5.1"
_TYPES = frozenset(int(kind) for kind in ContentType.members())


@value
class RecordSeen:
    """A record as it went over the wire.

    Attributes:
        raw: header and fragment; the header alone where ``left_out``.
        protection: which keys protected it; ``None`` for a record in the clear.
        opened: what was inside; ``None`` for what nobody could read, and for one in the clear.
        left_out: whether the recording keeps no more than the header of it.
    """

    raw: bytes
    protection: Protection | None = None
    opened: Opened | None = None
    left_out: bool = False


@value
class Dissection:
    """One direction of a connection.

    Attributes:
        records: one tree each, in order; positions count from the first byte of the first one.
        messages: the handshake messages, whole, positions from their own first byte.
        context: what was known at the end.
    """

    records: tuple[Field, ...]
    messages: tuple[Field, ...]
    context: Context


def split(stream: bytes) -> tuple[bytes, ...]:
    """A stream cut into records by their headers; what is left at its end is the last item."""
    found: list[bytes] = []
    at = 0
    while at < len(stream):
        end = len(stream)
        if stream[at] in _TYPES and at + HEADER_LENGTH <= end:
            end = min(end, at + HEADER_LENGTH + int.from_bytes(stream[at + 3 : at + 5]))
        found.append(stream[at:end])
        at = end
    return tuple(found)


def dissect_records(records: Iterable[RecordSeen], context: Context = NOTHING_KNOWN) -> Dissection:
    """Every byte of one direction's records. Never raises."""
    walk = _Walk(context)
    for seen in records:
        walk.add(seen)
    walk.finish()
    return Dissection(tuple(walk.records), tuple(walk.messages), walk.context)


def dissect_connection(
    client: Sequence[RecordSeen], server: Sequence[RecordSeen], context: Context = NOTHING_KNOWN
) -> tuple[Dissection, Dissection]:
    """Both directions: the server's hello tells how to read what the client says later."""
    theirs = dissect_records(server, replace(context, sender=Role.SERVER))
    known = replace(theirs.context, sender=Role.CLIENT)
    return dissect_records(client, known), theirs


class _Walk:
    """The records of one direction, in order; handshake messages wait until they are whole."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.records: list[Field] = []
        self.messages: list[Field] = []
        self._at = 0
        self._run: list[tuple[int, int, RecordSeen]] = []  # record, where its content begins
        self._buffer = bytearray()
        self._last = 0  # where the message begins that is not whole
        self._key: str | None = None

    def add(self, seen: RecordSeen) -> None:
        """One more record."""
        content = _content(seen)
        is_handshake = content is not None and _type(seen) == ContentType.handshake
        key = seen.protection.key if seen.protection is not None else None
        if self._run and (not is_handshake or key != self._key):
            self._flush()
        length = _length(seen)
        if is_handshake and content is not None:
            self._key = key
            self._run.append((len(self.records), len(self._buffer), seen))
            self._buffer += content
            self.records.append(Field("", self._at, self._at + length, seen.raw, ""))
            if not self._unfinished():
                self._flush()
        else:
            self.records.append(_record(seen, _plain(seen, content)).moved(self._at))
        self._at += length

    def finish(self) -> None:
        """No more records come."""
        self._flush()

    def _unfinished(self) -> bool:
        """Whether the last message in the buffer goes on in another record."""
        at, end = self._last, len(self._buffer)
        while at + MESSAGE_HEADER <= end:
            after_it = at + MESSAGE_HEADER + int.from_bytes(self._buffer[at + 1 : at + 4])
            if after_it > end:
                break
            at = after_it
        self._last = at
        return at != end

    def _flush(self) -> None:
        found = self._dissected(bytes(self._buffer))
        for number, begin, seen in self._run:
            content = _content(seen) or b""
            end = begin + len(content)
            first = bisect_right(found, begin, key=lambda message: message.end)
            last = bisect_left(found, end, key=lambda message: message.start)
            pieces = tuple(m.clipped(begin, end).moved(-begin) for m in found[first:last])
            made = _record(seen, pieces)
            self.records[number] = made.moved(self.records[number].start)
        self._run.clear()
        self._buffer.clear()
        self._last = 0

    def _dissected(self, data: bytes) -> list[Field]:
        found: list[Field] = []
        at = 0
        while at < len(data):
            end = len(data)
            if at + MESSAGE_HEADER <= end:
                body = int.from_bytes(data[at + 1 : at + MESSAGE_HEADER])
                end = min(end, at + MESSAGE_HEADER + body)
            message = dissect_handshake(data[at:end], self.context)
            if self._key is not None:
                message = message.protected(self._key)
            self.messages.append(message)
            self.context = after(self.context, message)
            found.append(message.moved(at))
            at = end
        return found


def _length(seen: RecordSeen) -> int:
    if seen.left_out and len(seen.raw) >= HEADER_LENGTH:
        return HEADER_LENGTH + int.from_bytes(seen.raw[3:HEADER_LENGTH])
    return len(seen.raw)


def _type(seen: RecordSeen) -> ContentType:
    if seen.opened is not None:
        return seen.opened.content_type
    return ContentType.of(seen.raw[0])


def _content(seen: RecordSeen) -> bytes | None:
    """The content of a record that can be read; ``None`` for any other."""
    raw = seen.raw
    if seen.left_out or len(raw) < HEADER_LENGTH or raw[0] not in _TYPES:
        return None
    if HEADER_LENGTH + int.from_bytes(raw[3:HEADER_LENGTH]) != len(raw):
        return None
    if seen.protection is None:
        return raw[HEADER_LENGTH:]
    if seen.opened is None or seen.opened.content is None:
        return None
    fits = layout(seen.protection, len(raw) - HEADER_LENGTH, len(seen.opened.content))
    return seen.opened.content if fits is not None else None


def _plain(seen: RecordSeen, content: bytes | None) -> tuple[Field, ...]:
    """The fields of content that is no handshake, positions from its start."""
    if not content:
        return ()
    kind = _type(seen)
    if kind == ContentType.alert:
        found = struct_field(Alert, content)
        return (found.filled(),)
    if kind == ContentType.change_cipher_spec:
        return _change_cipher_spec(content)
    words = f"{count(len(content), 'byte')}: {short_hex(content)}"
    about = "content of a type that TLS does not know"
    if kind == ContentType.application_data:
        about = "what the application sends; TLS does not look into it"
    return (Field("data", 0, len(content), content, words, about, "RFC 9846, 5.1"),)


def _change_cipher_spec(content: bytes) -> tuple[Field, ...]:
    words = (
        "change_cipher_spec (1)" if content[0] == 1 else f"{content[0]}, and 1 is the only value"
    )
    about = "in 1.2 new keys follow; in 1.3 it means nothing and pleases middleboxes"
    clause = "RFC 5246, 7.1"
    first = Field("type", 0, 1, content[:1], words, about, clause)
    parts = [first]
    if len(content) > 1:
        why = "a ChangeCipherSpec is one byte"
        parts.append(
            Field("trailing_bytes", 1, len(content), content[1:], f"unreadable: {why}", problem=why)
        )
    whole = Field(
        "ChangeCipherSpec", 0, len(content), content, words, about, clause, None, tuple(parts)
    )
    return (whole.filled(),)


def _record(seen: RecordSeen, pieces: tuple[Field, ...]) -> Field:
    """The record as a tree, positions from its start; ``pieces`` are its content's fields."""
    raw, end = seen.raw, _length(seen)
    if len(raw) < HEADER_LENGTH or raw[0] not in _TYPES:
        why = "no record of TLS" if raw and raw[0] not in _TYPES else "the header is cut off"
        return _broken("TLSPlaintext", raw, why)
    fragment = raw[HEADER_LENGTH:]
    name = "TLSPlaintext" if seen.protection is None else "TLSCiphertext"
    header = _header(seen, name)
    announced = int.from_bytes(raw[3:HEADER_LENGTH])
    body = _left_out(seen, announced) if seen.left_out else _body(seen, fragment, announced, pieces)
    parts = tuple(part.moved(HEADER_LENGTH) for part in body if len(part))
    words = ", ".join(part.name for part in parts if part.name not in _FRAME)
    words = f"{_type(seen)}: {words}" if words else f"{_type(seen)}"
    about, clause = "the record layer's unit", HEADER_CLAUSE
    if seen.protection is not None and seen.protection.version >= ProtocolVersion.TLS13:
        clause = "RFC 9846, 5.2"
    problem = next((part.problem for part in parts if part.problem), "")
    whole = Field(name, 0, end, raw, words, about, clause, None, (*header, *parts), problem)
    return whole.filled()


_FRAME = frozenset(
    {"nonce_explicit", "IV", "MAC", "tag", "type", "zeros", "padding", "padding_length"}
)


def _header(seen: RecordSeen, name: str) -> tuple[Field, ...]:
    raw = seen.raw
    kind = ContentType.of(raw[0])
    version = ProtocolVersion.of(int.from_bytes(raw[1:3]))
    length = int.from_bytes(raw[3:HEADER_LENGTH])
    hides = name == "TLSCiphertext" and (
        seen.protection is not None and seen.protection.version >= ProtocolVersion.TLS13
    )
    about = (
        "in 1.3 always application_data; the real type is inside" if hides else "what it carries"
    )
    clause = "RFC 9846, 5.2" if hides else HEADER_CLAUSE
    return (
        Field("opaque_type" if hides else "type", 0, 1, raw[:1], code_words(kind), about, clause),
        Field("legacy_record_version", 1, 3, raw[1:3], code_words(version),
              "frozen, and of no meaning any more", clause),
        Field("length", 3, 5, raw[3:5], count(length, "byte"), "how long the rest is", clause),
    )  # fmt: skip


def _body(
    seen: RecordSeen, fragment: bytes, announced: int, pieces: tuple[Field, ...]
) -> list[Field]:
    if announced > len(fragment):
        why = f"the record is cut: {announced:,} bytes announced, {len(fragment):,} here"
        return [_broken("fragment", fragment, why)]
    if announced < len(fragment):
        why = "bytes behind the end that the header names"
        inside = _body(seen, fragment[:announced], announced, ())
        if not inside and announced:
            inside = [_broken("fragment", fragment[:announced], "not read: bytes follow it")]
        return [*inside, _broken("trailing_bytes", fragment[announced:], why).moved(announced)]
    if seen.protection is None:
        return list(pieces)
    return _protected(seen, seen.protection, fragment, pieces)


def _protected(
    seen: RecordSeen, protection: Protection, fragment: bytes, pieces: tuple[Field, ...]
) -> list[Field]:
    opened = seen.opened
    if opened is None:
        return _sealed(protection, fragment, f"not readable without the {protection.key}")
    held = opened.length if opened.content is None else len(opened.content)
    found = layout(protection, len(fragment), held)
    if found is None:
        return _sealed(protection, fragment, "what was found inside does not fit this record")
    fields = before(found, fragment)
    at = found.nonce
    if opened.content is None and held:
        raw = fragment[at : at + held]
        words = f"{count(held, 'byte')} of {opened.content_type}, left out of this recording"
        about = "content that was not kept in the clear"
        fields.append(Field("content", at, at + held, raw, words, about, found.clause))
    else:
        fields += [piece.moved(at) for piece in pieces]
    fields = [
        _under(field, protection) if field.start >= found.nonce else field for field in fields
    ]
    at += held
    ends = behind(found, fragment, protection, opened, at)
    return fields + [_under(field, protection) for field in ends]


def _under(field: Field, protection: Protection) -> Field:
    return field if field.protected_by is not None else field.protected(protection.key)


def _sealed(protection: Protection, fragment: bytes, why: str) -> list[Field]:
    """Ciphertext that stays what it is, with the tag apart where it is known how long that is."""
    tag = 0
    if protection.version >= ProtocolVersion.TLS13:
        tag = tag_length(protection.suite)
    if tag >= len(fragment):
        tag = 0
    at = len(fragment) - tag
    about, clause = "content, type and padding, encrypted", "RFC 9846, 5.2"
    words = f"{count(at, 'byte')}, {why}"
    data = fragment[:at]
    fields = [Field("encrypted_record", 0, at, data, words, about, clause, protection.key)]
    if tag:
        rest = fragment[at:]
        words = f"{count(tag, 'byte')}: {short_hex(rest)}"
        about = "proves that header and content come from who has the key, unchanged"
        fields.append(Field("tag", at, len(fragment), rest, words, about, clause, protection.key))
    return fields


def _left_out(seen: RecordSeen, announced: int) -> list[Field]:
    key = seen.protection.key if seen.protection is not None else None
    words = f"{count(announced, 'byte')}, left out of this recording"
    about = "the recording keeps the header and the length alone"
    return [Field("fragment", 0, announced, b"", words, about, HEADER_CLAUSE, key)]


def _broken(name: str, raw: bytes, why: str) -> Field:
    words = f"unreadable: {why}"
    return Field(name, 0, len(raw), raw, words, "", HEADER_CLAUSE, problem=why)

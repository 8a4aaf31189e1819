"""Names, addresses and whatever else names a certificate, replaced by others of the same length.

First everything is gathered that names somebody: server names, the texts and addresses of
certificates, and their serial numbers, keys, key identifiers and signatures, by which they could be
looked up in a public log; tickets and identities of pre-shared keys. Then each is replaced wherever
it stands. The same name has the same pseudonym throughout; none changes a length, so that every
structure stays what it was, but signatures, binders and Finished fit no longer.

That hides names from a reader. It is no anonymity: dates, lengths, times and choices remain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tlsee.codes import ContentType, HandshakeType
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.recording.encoding import BY_CLASS
from tlsee.recording.kept import Moment
from tlsee.recording.naming import LEAST, Names, gather
from tlsee.recording.plain import text, text_of
from tlsee.recording.recording import Recording
from tlsee.recording.seen import CredentialSeen, ExternalPskSeen, SessionSeen
from tlsee.trace import (
    CertificateJudged,
    Choice,
    Epoch,
    Failed,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
)
from tlsee.values import fields_of, replace
from tlsee.wire import messages12, messages13
from tlsee.wire.codec import Message, decode
from tlsee.wire.framing import kind_of
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

_KEY_LENGTH = 32
_MESSAGES13: tuple[type[Message], ...] = (
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    messages13.EncryptedExtensions,
    messages13.CertificateRequest,
    messages13.Certificate,
    messages13.NewSessionTicket,
)
_STRUCTS: tuple[dict[HandshakeType, type[Message]], ...] = (
    {struct.msg_type: struct for struct in _MESSAGES13},
    dict(messages12.MESSAGES),
)
_TEXTS_OF_VERDICTS = frozenset(("name", "detail", "matched", "store"))


def with_pseudonyms(recording: Recording, key: bytes = b"") -> Recording:
    """The recording without names that anybody knows.

    Args:
        key: where the pseudonyms come from; whoever has it can try names. Recordings that shall
            call the same things the same need the same one; as a rule there is a fresh one.

    Raises:
        ApiMisuse: the recording reveals secrets: with them its records would tell the names.
    """
    if recording.reveals_secrets:
        raise ApiMisuse(
            "a recording with its secrets has no pseudonyms", "record without reveal_secrets"
        )
    names = Names(key or PROVIDER.random(_KEY_LENGTH))
    for moment in recording.moments:
        _gather(names, moment.item)
    replaced = _Replaced(names, recording)
    moments = [Moment(m.at, m.cpu, replaced.item(m.item)) for m in recording.moments]
    header = replace(recording.header, has_pseudonyms=True)
    return Recording(header, moments, recording.damage, recording.unknown)


def _gather(names: Names, item: Any) -> None:
    if isinstance(item, MessageSent | MessageReceived):
        for message in _read(item.raw):
            gather(names, message)
    elif isinstance(item, CertificateJudged):
        verdict = item.verdict
        names.reference(verdict.name or "")
        for view in (*verdict.presented, *(v for path in verdict.tried for v in path.certificates)):
            names.der(view.der)
        for path in verdict.tried:
            if path.anchor is not None:
                names.der(path.anchor.der)
    elif isinstance(item, Choice):
        for part in (*item.offered, *item.able, item.chosen):
            _gather_choice(names, item.what, part)


def _gather_choice(names: Names, what: str, part: Any) -> None:
    if isinstance(part, CredentialSeen):
        for der in part.chain:
            names.der(der)
    elif isinstance(part, SessionSeen):
        names.text((part.server_name or "").encode())
        for der in part.peer_chain:
            names.der(der)
    elif isinstance(part, ExternalPskSeen):
        names.opaque(part.identity)
    elif isinstance(part, str) and what == "certificate":
        names.text(part.encode())
    elif isinstance(part, bytes) and what == "session":
        names.opaque(part)


def _read(raw: bytes) -> Iterator[Message]:
    """A message as each version reads it; what one cannot read, the other does."""
    for structs in _STRUCTS:
        try:
            struct = structs.get(kind_of(raw))
            if struct is not None:
                yield decode(struct, raw)
        except PeerMisbehaved:
            continue


class _Replaced:
    """Moments with pseudonyms in them."""

    def __init__(self, names: Names, recording: Recording) -> None:
        table = {data: made for data, made in names.table.items() if len(data) >= LEAST}
        self._data = _replacer(table, re.compile(b"|".join(map(re.escape, _longest(table)))))
        texts = names.texts
        pattern = "|".join(map(re.escape, _longest(texts)))
        bounded = re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", re.IGNORECASE)
        self._words = _replacer(texts, bounded, str.lower)
        self._streams = {RecordSent: bytearray(), RecordReceived: bytearray()}
        for event in recording.events():
            if isinstance(event, MessageSent):
                self._streams[RecordSent] += self._data(event.raw)
            elif isinstance(event, MessageReceived):
                self._streams[RecordReceived] += self._data(event.raw)

    def item(self, item: Any) -> Any:
        if isinstance(item, MessageSent | MessageReceived):
            return type(item)(item.epoch, self._data(item.raw))
        if isinstance(item, RecordSent | RecordReceived):
            return self._record(item)
        if isinstance(item, Choice | CertificateJudged | Failed):
            row = BY_CLASS[type(item)]
            return row.unpack(self._struct(row.pack(item)))
        return item

    def _record(self, record: RecordSent | RecordReceived) -> RecordSent | RecordReceived:
        """A handshake record in clear says what its messages say now; the others lose their body.

        Without the names in it, ciphertext would still tell them to whoever has the keys.
        """
        raw = record.raw[:HEADER_LENGTH]
        if record.content_type == ContentType.handshake:
            stream, length = self._streams[type(record)], record.content_length
            content = bytes(stream[:length])
            del stream[:length]
            if record.epoch is Epoch.INITIAL and len(content) == length:
                raw += content
        elif record.epoch is Epoch.INITIAL:
            raw = record.raw
        return type(record)(raw, record.content_type, record.content_length, record.epoch)

    def _struct(self, item: Any, field: str = "") -> Any:
        """A struct of the format with its bytes replaced: texts by words, all else as data."""
        if isinstance(item, bytes):
            found = self._data(item)
            shown = text_of(found)
            is_text = found.isascii() and (shown.isprintable() or field in _TEXTS_OF_VERDICTS)
            return text(self._words(shown)) if is_text and field != "der" else found
        if isinstance(item, tuple):
            return tuple(self._struct(part, field) for part in item)
        fields = fields_of(type(item))
        if not fields:
            return item
        made = {name: self._struct(getattr(item, name), name) for name in fields}
        return type(item)(**made)


def _longest(table: Any) -> list[Any]:
    """Longer ones first: a host before its domain."""
    return sorted(table, key=len, reverse=True)


def _replacer(
    table: Any, pattern: re.Pattern[Any], fold: Callable[[Any], Any] = lambda found: found
) -> Callable[[Any], Any]:
    if not table:
        return lambda data: data
    return lambda data: pattern.sub(lambda found: table[fold(found[0])], data)

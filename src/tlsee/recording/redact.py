"""What a redacted recording leaves out, before anything is kept.

The handshake's messages stay in clear, and their records whole. A record of any other content (the
application's, a heartbeat's, one of a type that nobody knows) keeps its header: its ciphertext is
left out too, for keys can be lost later. Secrets and the provider's journal are not kept at all.

A ticket stays: it is opaque to whoever lacks the server's key, and useless without the secret that
was agreed on beside it. What a session or an external key holds stays in the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.codes import ContentType
from tlsee.crypto.entries import Entry
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.recording.kept import Answered, Configuration
from tlsee.recording.seen import seen_choice
from tlsee.trace import (
    CertificateJudged,
    Choice,
    Deed,
    QuestionAnswered,
    RecordReceived,
    RecordSent,
    SecretDerived,
)
from tlsee.values import replace

# What is told in messages, alerts and lengths anyhow; a content type not named here goes.
KEPT_WHOLE = frozenset((ContentType.handshake, ContentType.alert, ContentType.change_cipher_spec))


def redacted(item: Any) -> Any:
    """What to keep of a trace event or another item; ``None`` for nothing."""
    keep = _REDACTED.get(type(item))
    return item if keep is None else keep(item)


def in_full(item: Any) -> Any:
    """What to keep where all is kept: only the program around a choice or a verdict stays out."""
    keep = _IN_FULL.get(type(item))
    return item if keep is None else keep(item)


def _without_body(record: RecordSent | RecordReceived) -> RecordSent | RecordReceived:
    kind = record.content_type
    if kind in KEPT_WHOLE:
        return record
    header = record.raw[:HEADER_LENGTH]
    return type(record)(header, kind, record.content_length, record.epoch)


def _alone(judged: CertificateJudged) -> CertificateJudged:
    """A verdict without the trust that it rested on."""
    return CertificateJudged(replace(judged.verdict, asked=None, explore=None))


def _nothing(_: Any) -> None:
    return None


def _kind_alone(answered: QuestionAnswered) -> QuestionAnswered:
    return QuestionAnswered(answered.kind)


_IN_FULL: dict[type, Callable[[Any], Any]] = {
    Choice: lambda choice: seen_choice(choice, in_full=True),
    CertificateJudged: _alone,
    QuestionAnswered: _kind_alone,
}
_REDACTED: dict[type, Callable[[Any], Any]] = {
    Choice: lambda choice: seen_choice(choice, in_full=False),
    CertificateJudged: _alone,
    RecordSent: _without_body,
    RecordReceived: _without_body,
    SecretDerived: _nothing,
    Entry: _nothing,
    Configuration: _nothing,
    Deed: _nothing,
    Answered: _nothing,
    QuestionAnswered: _kind_alone,
}


def wire_length(raw: bytes) -> int:
    """How long a record was on the wire, also where its body was not kept; bytes."""
    if len(raw) != HEADER_LENGTH:
        return len(raw)
    return HEADER_LENGTH + int.from_bytes(raw[3:HEADER_LENGTH])

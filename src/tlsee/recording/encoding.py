"""Moments to the bodies of frames and back: one row for each kind of thing that can happen.

The numbers are the format's. A new kind takes a new number; readers pass over numbers that they do
not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tlsee import errors
from tlsee.crypto.entries import Entry, checked
from tlsee.errors import Evidence, TLSError
from tlsee.handshake.outcome import EarlyDataSettled
from tlsee.recording import shapes
from tlsee.recording.kept import Answered, Configuration, How, LeftOut, Moment, Remark
from tlsee.recording.plain import (
    reason_body,
    reason_of,
    text,
    text_of,
    value_body,
    value_of,
)
from tlsee.recording.shapes import BYTE
from tlsee.recording.verdicts import verdict_body, verdict_of
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    CertificateJudged,
    Choice,
    Deed,
    Direction,
    EarlyDataRefused,
    Epoch,
    ExtensionsIgnored,
    Failed,
    FinishedChecked,
    HandshakeCompleted,
    KeysInstalled,
    MessageReceived,
    MessageSent,
    QuestionAnswered,
    QuestionAsked,
    RecordReceived,
    RecordSent,
    Role,
    SecretDerived,
    SignatureChecked,
    StateEntered,
)
from tlsee.wire.codec import read, write

CPU_UNKNOWN = (1 << 64) - 1
_ROLES = (Role.CLIENT, Role.SERVER)
_DIRECTIONS = (Direction.READ, Direction.WRITE)
# The exceptions that end a connection, by the names that the format has for them.
_ERRORS = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, TLSError)
}


class Row(NamedTuple):
    """A kind of thing: its number, its class, its struct, and the way there and back."""

    number: int
    kind: type
    shape: type
    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]


def _message(number: int, kind: type) -> Row:
    return Row(
        number,
        kind,
        shapes.MessageBody,
        lambda event: shapes.MessageBody(event.epoch, event.raw),
        lambda body: kind(Epoch(body.epoch), body.raw),
    )


def _record(number: int, kind: type) -> Row:
    return Row(
        number,
        kind,
        shapes.RecordBody,
        lambda event: shapes.RecordBody(
            event.content_type, event.content_length, event.epoch, event.raw
        ),
        lambda body: kind(body.raw, body.content_type, body.content_length, Epoch(body.epoch)),
    )


def _alert(number: int, kind: type) -> Row:
    return Row(
        number,
        kind,
        shapes.AlertBody,
        lambda event: shapes.AlertBody(event.level, event.description, event.epoch),
        lambda body: kind(body.level, body.description, Epoch(body.epoch)),
    )


def _named(number: int, kind: type, field: str) -> Row:
    return Row(
        number,
        kind,
        shapes.NameBody,
        lambda event: shapes.NameBody(text(getattr(event, field), BYTE)),
        lambda body: kind(text_of(body.name)),
    )


def _empty(number: int, kind: type) -> Row:
    return Row(number, kind, shapes.EmptyBody, lambda _: shapes.EmptyBody(), lambda _: kind())


def _number(number: int, kind: type, field: str, back: Callable[[int], Any] = int) -> Row:
    return Row(
        number,
        kind,
        shapes.NumberBody,
        lambda event: shapes.NumberBody(int(getattr(event, field))),
        lambda body: kind(back(body.number)),
    )


def _choice_body(event: Choice) -> shapes.ChoiceBody:
    return shapes.ChoiceBody(
        text(event.what, BYTE),
        _ROLES.index(event.by),
        text(event.rule),
        value_body(event.chosen),
        tuple(map(value_body, event.offered)),
        tuple(map(value_body, event.able)),
    )


def _choice(body: shapes.ChoiceBody) -> Choice:
    return Choice(
        text_of(body.what),
        tuple(map(value_of, body.offered)),
        tuple(map(value_of, body.able)),
        value_of(body.chosen),
        text_of(body.rule),
        _pick(_ROLES, body.by),
    )


def _failure_body(event: Failed) -> shapes.FailureBody:
    error = event.error
    if not isinstance(error, TLSError):
        raise ValueError("a connection ends with an error of TLS")  # noqa: TRY004 - not the caller's
    evidence = error.evidence
    return shapes.FailureBody(
        text(type(error).__name__, BYTE),
        reason_body(error.reason),
        text(error.detail),
        text(error.fix),
        text(evidence.role, BYTE),
        text(evidence.state, BYTE),
        text(evidence.phase, BYTE),
    )


def _failure(body: shapes.FailureBody) -> Failed:
    """The same exception; ``Recording`` adds the rest of its evidence."""
    kind = _ERRORS.get(text_of(body.error), TLSError)
    error: TLSError = kind.__new__(kind)
    TLSError.__init__(error, reason_of(body.reason), text_of(body.detail), fix=text_of(body.fix))
    error.evidence = Evidence(text_of(body.role), text_of(body.state), text_of(body.phase))
    if isinstance(error, errors.CertificateRejected):
        error.verdict = None
    return Failed(error)


def _entry(body: shapes.EntryBody) -> Entry:
    return checked(Entry(text_of(body.kind), body.code, body.data, body.about))


def _purpose_body(item: Entry) -> shapes.PurposeBody:
    kind, purpose = text(item.kind, BYTE), text(item.purpose, BYTE)
    return shapes.PurposeBody(kind, item.code, item.data, item.about, purpose)


def _purpose(body: shapes.PurposeBody) -> Entry:
    return checked(
        Entry(text_of(body.kind), body.code, body.data, body.about, text_of(body.purpose))
    )


def _deed_body(item: Deed) -> shapes.DeedBody:
    return shapes.DeedBody(text(item.what, BYTE), tuple(map(value_body, item.arguments)), item.data)


def _deed(body: shapes.DeedBody) -> Deed:
    return Deed(text_of(body.what), tuple(map(value_of, body.arguments)), body.data)


class _Thing(NamedTuple):
    """The struct of an answer's thing, and the way there and back."""

    shape: type
    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]


def _answered_body(item: Answered) -> shapes.AnsweredBody:
    row = _THINGS.get(item.how)
    thing = write(row.pack(item.thing)) if row is not None else b""
    values = tuple(map(value_body, item.values))
    return shapes.AnsweredBody(text(item.question, BYTE), item.how, values, thing)


def _answered(body: shapes.AnsweredBody) -> Answered:
    how = How(body.how)
    row = _THINGS.get(how)
    if row is None and body.thing:
        raise ValueError("an answer with more behind it than it has")
    thing = row.unpack(read(row.shape, body.thing)) if row is not None else None
    return Answered(text_of(body.question), how, tuple(map(value_of, body.values)), thing)


def _configuration_body(item: Configuration) -> shapes.ConfigurationBody:
    settings = tuple(
        shapes.SettingBody(text(name, BYTE), tuple(map(value_body, values)))
        for name, values in item.settings.items()
    )
    return shapes.ConfigurationBody(_ROLES.index(item.role), settings)


def _configuration(body: shapes.ConfigurationBody) -> Configuration:
    settings = {text_of(item.name): tuple(map(value_of, item.values)) for item in body.settings}
    return Configuration(_pick(_ROLES, body.role), settings)


def _pick(table: tuple[Any, ...], place: int) -> Any:
    if place >= len(table):
        raise ValueError(f"{place} where {len(table) - 1} is the most")
    return table[place]


_THINGS: dict[int, _Thing] = {
    How.VERDICT: _Thing(shapes.VerdictBody, verdict_body, verdict_of),
    How.REFUSED: _Thing(
        shapes.FailureBody,
        lambda error: _failure_body(Failed(error)),
        lambda body: _failure(body).error,
    ),
    How.CONFIGURATION: _Thing(shapes.ConfigurationBody, _configuration_body, _configuration),
}

ROWS: tuple[Row, ...] = (
    _message(1, MessageSent),
    _message(2, MessageReceived),
    _record(3, RecordSent),
    _record(4, RecordReceived),
    _named(5, StateEntered, "name"),
    Row(
        6,
        KeysInstalled,
        shapes.KeysBody,
        lambda event: shapes.KeysBody(_DIRECTIONS.index(event.direction), event.epoch, event.suite),
        lambda body: KeysInstalled(
            _pick(_DIRECTIONS, body.direction), Epoch(body.epoch), body.suite
        ),
    ),
    Row(
        7,
        SecretDerived,
        shapes.SecretBody,
        lambda event: shapes.SecretBody(text(event.label, BYTE), event.client_random, event.secret),
        lambda body: SecretDerived(text_of(body.label), body.client_random, body.secret),
    ),
    Row(
        8,
        SignatureChecked,
        shapes.SchemeBody,
        lambda event: shapes.SchemeBody(event.scheme),
        lambda body: SignatureChecked(body.scheme),
    ),
    _empty(9, FinishedChecked),
    Row(
        10,
        CertificateJudged,
        shapes.VerdictBody,
        lambda event: verdict_body(event.verdict),
        lambda body: CertificateJudged(verdict_of(body)),
    ),
    Row(
        11,
        ExtensionsIgnored,
        shapes.ExtensionsBody,
        lambda event: shapes.ExtensionsBody(event.types),
        lambda body: ExtensionsIgnored(body.types),
    ),
    _named(12, QuestionAsked, "kind"),
    _named(13, QuestionAnswered, "kind"),
    _alert(14, AlertSent),
    _alert(15, AlertArrived),
    _empty(16, HandshakeCompleted),
    _number(17, EarlyDataRefused, "limit"),
    Row(18, Failed, shapes.FailureBody, _failure_body, _failure),
    Row(19, Choice, shapes.ChoiceBody, _choice_body, _choice),
    _number(20, EarlyDataSettled, "accepted", bool),
    Row(
        32,
        Entry,
        shapes.EntryBody,
        lambda item: shapes.EntryBody(text(item.kind, BYTE), item.code, item.data, item.about),
        _entry,
    ),
    Row(33, Configuration, shapes.ConfigurationBody, _configuration_body, _configuration),
    _number(34, LeftOut, "number"),
    Row(35, Entry, shapes.PurposeBody, _purpose_body, _purpose),  # is written; 32 is read still
    Row(36, Deed, shapes.DeedBody, _deed_body, _deed),
    Row(37, Answered, shapes.AnsweredBody, _answered_body, _answered),
    Row(
        38,
        Remark,
        shapes.RemarkBody,
        lambda item: shapes.RemarkBody(text(item.text)),
        lambda body: Remark(text_of(body.text)),
    ),
)
BY_CLASS = {row.kind: row for row in ROWS}
BY_NUMBER = {row.number: row for row in ROWS}


def encode(moment: Moment) -> bytes:
    """A frame's body.

    Raises:
        ValueError, ApiMisuse: there is no place for it in the format.
    """
    row = BY_CLASS.get(type(moment.item))
    if row is None:
        raise ValueError(f"no kind of the format stands for a {type(moment.item).__name__}")
    cpu = CPU_UNKNOWN if moment.cpu is None else moment.cpu
    return write(shapes.Body(row.number, moment.at, cpu, write(row.pack(moment.item))))


def decode(data: bytes) -> Moment | None:
    """The moment of a frame; ``None`` for a kind that is not known here.

    Raises:
        ValueError, PeerMisbehaved: nobody wrote this.
    """
    body = read(shapes.Body, data)
    row = BY_NUMBER.get(body.kind)
    if row is None:
        return None
    cpu = None if body.cpu == CPU_UNKNOWN else body.cpu
    return Moment(body.at, cpu, row.unpack(read(row.shape, body.content)))

"""Texts, moments, reasons and the values of choices, to the structs of a recording and back.

Whatever reads raises ``ValueError`` (or ``PeerMisbehaved``, from the codec) for what nobody wrote.
"""

from __future__ import annotations

import struct as packing
from collections.abc import Callable
from typing import Any, NamedTuple

from tlsee.codes import (
    AlertDescription,
    CertificateType,
    CipherSuite,
    ExtensionType,
    NamedGroup,
    OpenEnum,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.reasons import Reason
from tlsee.recording.seen import CredentialSeen, ExternalPskSeen, Other, SessionSeen
from tlsee.recording.shapes import (
    BYTE,
    LONG,
    SHORT,
    CodeBody,
    CredentialBody,
    ExternalPskBody,
    ReasonBody,
    SessionBody,
    Value,
)
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session, decode_session, encode_session
from tlsee.wire.codec import read, write

# Registries by their place in a file: only ever appended to.
REGISTRIES: tuple[type[OpenEnum], ...] = (
    ProtocolVersion,
    CipherSuite,
    NamedGroup,
    SignatureScheme,
    ExtensionType,
    AlertDescription,
    CertificateType,
)
_SECONDS = packing.Struct(">d")


def text(item: str, limit: int = SHORT) -> bytes:
    """UTF-8 within a field's bound; what does not fit is cut off."""
    return item.encode("utf-8", "backslashreplace")[:limit]


def text_of(data: bytes) -> str:
    """The text of a field."""
    return data.decode("utf-8", "replace")


def seconds(at: float) -> bytes:
    """A moment."""
    return _SECONDS.pack(at)


def seconds_of(data: bytes) -> float:
    """The moment of a field."""
    at: float = _SECONDS.unpack(data)[0]
    return at


def reason_body(reason: Reason) -> ReasonBody:
    """A row of the catalogue."""
    return ReasonBody(
        text(reason.name, BYTE),
        reason.alert,
        text(reason.clause, BYTE),
        text(reason.sentence),
        text(reason.fix),
    )


def reason_of(body: ReasonBody) -> Reason:
    """The row, as it was when the file was written."""
    return Reason(
        text_of(body.name),
        body.alert,
        text_of(body.clause),
        text_of(body.sentence),
        text_of(body.fix),
    )


def value_body(item: Any) -> Value:
    """A value of a choice or of a configuration.

    Raises:
        ValueError: the format has no place for it.
    """
    for row in _ROWS:
        if isinstance(item, row.holds):
            return Value(row.number, row.pack(item)[:LONG])
    raise ValueError(f"no value of the format stands for a {type(item).__name__}")


def value_of(body: Value) -> Any:
    """What ``value_body`` was given.

    Raises:
        ValueError, PeerMisbehaved, ApiMisuse: nobody wrote this.
    """
    row = _BY_NUMBER.get(body.kind)
    return row.unpack(body.data) if row is not None else Other(f"a value of kind {body.kind}")


def _code_of(data: bytes) -> OpenEnum:
    code = read(CodeBody, data)
    if code.registry >= len(REGISTRIES):
        raise ValueError(f"registry {code.registry} is not known here")
    return REGISTRIES[code.registry].of(code.number)


def _credential_of(data: bytes) -> CredentialSeen:
    credential = read(CredentialBody, data)
    return CredentialSeen(credential.chain, credential.raw == 1)


def _whole_session_of(data: bytes) -> Session:
    session = decode_session(data)
    if session is None:
        raise ValueError("a session in another format")
    return session


def _session_body(item: SessionSeen) -> SessionBody:
    return SessionBody(
        version=item.version,
        suite=item.suite,
        issued_at=seconds(item.issued_at),
        lifetime=item.lifetime,
        established_at=seconds(item.established_at),
        max_early_data=item.max_early_data,
        group=item.group or NamedGroup.of(0),
        server_name=text(item.server_name or ""),
        alpn=item.alpn or b"",
        peer_chain=item.peer_chain,
    )


def _session_of(data: bytes) -> SessionSeen:
    body = read(SessionBody, data)
    return SessionSeen(
        body.version,
        body.suite,
        seconds_of(body.issued_at),
        body.lifetime,
        seconds_of(body.established_at),
        body.max_early_data,
        body.group or None,
        text_of(body.server_name) or None,
        body.alpn or None,
        body.peer_chain,
    )


def _psk_body(item: ExternalPskSeen | ExternalPsk, key: bytes) -> ExternalPskBody:
    return ExternalPskBody(
        item.identity, text(item.hash_name, BYTE), item.early_data, int(item.imported), key
    )


def _psk_of(data: bytes) -> ExternalPsk | ExternalPskSeen:
    body = read(ExternalPskBody, data)
    named = body.identity, text_of(body.hash_name)
    if not body.key:
        return ExternalPskSeen(*named, body.early_data, body.imported == 1)
    return ExternalPsk(named[0], body.key, named[1], body.early_data, body.imported == 1)


class Row(NamedTuple):
    """A kind of value: its number in a file, its classes, the way there and back."""

    number: int
    holds: type | tuple[type, ...]
    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], Any]


# The first row whose class it is: a truth is an ``int`` too, a code point and a text's cousin also.
_ROWS: tuple[Row, ...] = (
    Row(0, type(None), lambda _: b"", lambda _: None),
    Row(1, bool, lambda item: bytes([item]), lambda data: data == b"\x01"),
    Row(
        4,
        REGISTRIES,
        lambda item: write(CodeBody(REGISTRIES.index(type(item)), int(item))),
        _code_of,
    ),
    Row(
        5,
        int,
        lambda item: int(item).to_bytes(8, signed=True),
        lambda data: int.from_bytes(data[:8], signed=True),
    ),
    Row(9, Other, text, lambda data: Other(text_of(data))),
    Row(2, str, text, text_of),
    Row(3, bytes, bytes, bytes),
    Row(
        6,
        CredentialSeen,
        lambda item: write(CredentialBody(int(item.raw), item.chain)),
        _credential_of,
    ),
    Row(7, SessionSeen, lambda item: write(_session_body(item)), _session_of),
    Row(8, ExternalPskSeen, lambda item: write(_psk_body(item, b"")), _psk_of),
    Row(16, Session, encode_session, _whole_session_of),
    Row(17, ExternalPsk, lambda item: write(_psk_body(item, item.key)), _psk_of),
)
_BY_NUMBER = {row.number: row for row in _ROWS}

"""What stands in a recording's frames, declared as the protocol's own structs are.

The same codec reads and writes them, so every length is held against what is there, and what
dissects a ClientHello dissects a frame. docs/recordings.md has the frames in one place. Text is
UTF-8, moments are IEEE 754 doubles in seconds since the epoch.
"""

from __future__ import annotations

from tlsee.codes import (
    AlertDescription,
    AlertLevel,
    CipherSuite,
    ContentType,
    ExtensionType,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.wire.codec import fixed, nested, opaque, rest, struct, u8, u16, u32, u64, vector

BYTE = 0xFF
SHORT = 0xFFFF
LONG = 0xFFFFFF
NO_INDEX = 0xFFFF  # where an index may be missing


@struct
class Body:
    """A frame's body. ``at`` and ``cpu`` are nanoseconds; ``content`` is the struct of ``kind``."""

    kind: int = u8()
    at: int = u64()
    cpu: int = u64()
    content: bytes = rest()


@struct
class MessageBody:
    """MessageSent, MessageReceived."""

    epoch: int = u8()
    raw: bytes = opaque(0, LONG)


@struct
class RecordBody:
    """RecordSent, RecordReceived; a ``raw`` of five bytes is a record whose body was left out."""

    content_type: ContentType = u8(ContentType)
    content_length: int = u32()
    epoch: int = u8()
    raw: bytes = opaque(0, LONG)


@struct
class NameBody:
    """StateEntered, QuestionAsked, QuestionAnswered."""

    name: bytes = opaque(0, BYTE)


@struct
class KeysBody:
    """KeysInstalled; ``direction``: 0 read, 1 write."""

    direction: int = u8()
    epoch: int = u8()
    suite: CipherSuite = u16(CipherSuite)


@struct
class SecretBody:
    """SecretDerived; full recordings only."""

    label: bytes = opaque(1, BYTE)
    client_random: bytes = opaque(0, BYTE)
    secret: bytes = opaque(0, BYTE)


@struct
class SchemeBody:
    """SignatureChecked."""

    scheme: SignatureScheme = u16(SignatureScheme)


@struct
class EmptyBody:
    """FinishedChecked, HandshakeCompleted."""


@struct
class ExtensionsBody:
    """ExtensionsIgnored."""

    types: tuple[ExtensionType, ...] = vector(u16(ExtensionType), 0, LONG)


@struct
class AlertBody:
    """AlertSent, AlertArrived."""

    level: AlertLevel = u8(AlertLevel)
    description: AlertDescription = u8(AlertDescription)
    epoch: int = u8()


@struct
class NumberBody:
    """EarlyDataRefused (bytes), LeftOut (events), EarlyDataSettled (0 or 1)."""

    number: int = u64()


@struct
class ReasonBody:
    """A row of the catalogue of reasons, whole: the reader's catalogue may be another."""

    name: bytes = opaque(0, BYTE)
    alert: AlertDescription = u8(AlertDescription)
    clause: bytes = opaque(0, BYTE)
    sentence: bytes = opaque(0, SHORT)
    fix: bytes = opaque(0, SHORT)


@struct
class FailureBody:
    """Failed. ``error``: the exception's class; the last three are its evidence's."""

    error: bytes = opaque(1, BYTE)
    reason: ReasonBody = nested(ReasonBody)
    detail: bytes = opaque(0, SHORT)
    fix: bytes = opaque(0, SHORT)
    role: bytes = opaque(0, BYTE)
    state: bytes = opaque(0, BYTE)
    phase: bytes = opaque(0, BYTE)


# --- Choices ----------------------------------------------------------------------------------


@struct
class Value:
    """Something that was offered or chosen; ``data`` as ``kind`` has it."""

    kind: int = u8()
    data: bytes = opaque(0, LONG)


@struct
class CodeBody:
    """A code point: its registry by place in ``plain.REGISTRIES``."""

    registry: int = u8()
    number: int = u32()


@struct
class CredentialBody:
    """A credential without its key: DER, leaf first; ``raw``: one SubjectPublicKeyInfo instead."""

    raw: int = u8()
    chain: tuple[bytes, ...] = vector(opaque(1, LONG), 0, LONG)


@struct
class SessionBody:
    """A session without its secret, its ticket and its id."""

    version: ProtocolVersion = u16(ProtocolVersion)
    suite: CipherSuite = u16(CipherSuite)
    issued_at: bytes = fixed(8)
    lifetime: int = u32()
    established_at: bytes = fixed(8)
    max_early_data: int = u32()
    group: NamedGroup = u16(NamedGroup)
    server_name: bytes = opaque(0, SHORT)
    alpn: bytes = opaque(0, BYTE)
    peer_chain: tuple[bytes, ...] = vector(opaque(1, LONG), 0, LONG)


@struct
class ExternalPskBody:
    """An external key; ``key`` is empty unless all is kept."""

    identity: bytes = opaque(0, SHORT)
    hash_name: bytes = opaque(0, BYTE)
    early_data: int = u32()
    imported: int = u8()
    key: bytes = opaque(0, SHORT)


@struct
class ChoiceBody:
    """Choice; ``by``: 0 client, 1 server."""

    what: bytes = opaque(1, BYTE)
    by: int = u8()
    rule: bytes = opaque(0, SHORT)
    chosen: Value = nested(Value)
    offered: tuple[Value, ...] = vector(Value, 0, LONG)
    able: tuple[Value, ...] = vector(Value, 0, LONG)


# --- Verdicts ---------------------------------------------------------------------------------


@struct
class CheckBody:
    """A rule applied to a certificate; ``span`` is empty or two places in its DER."""

    name: bytes = opaque(0, BYTE)
    ok: int = u8()
    detail: bytes = opaque(0, SHORT)
    clause: bytes = opaque(0, SHORT)
    reason: tuple[ReasonBody, ...] = vector(ReasonBody, 0, LONG)
    span: tuple[int, ...] = vector(u32(), 0, 8)


@struct
class StepBody:
    """A certificate of a path, by its place in the verdict's ``certificates``."""

    certificate: int = u16()
    checks: tuple[CheckBody, ...] = vector(CheckBody, 0, LONG)


@struct
class AnchorBody:
    """An anchor: its certificate's place, its store's name, 0 for the web's rules or 1."""

    certificate: int = u16()
    store: bytes = opaque(0, SHORT)
    private: int = u8()


@struct
class PathBody:
    """A way that was tried; ``anchor`` is a place in the verdict's anchors, or 0xFFFF."""

    anchor: int = u16()
    steps: tuple[StepBody, ...] = vector(StepBody, 0, LONG)


@struct
class UnreadBody:
    """A certificate that could not be read."""

    position: int = u16()
    der: bytes = opaque(0, LONG)
    detail: bytes = opaque(0, SHORT)


@struct
class PeerBody:
    """Who the peer is, where it was accepted."""

    certificate: int = u16()
    path: int = u16()
    matched: bytes = opaque(0, SHORT)


@struct
class VerdictBody:
    """CertificateJudged. Names are empty or one; ``tried`` are places in ``paths``."""

    accepted: int = u8()
    client: int = u8()
    name: tuple[bytes, ...] = vector(opaque(0, SHORT), 0, LONG)
    at: bytes = fixed(8)
    reason: tuple[ReasonBody, ...] = vector(ReasonBody, 0, LONG)
    detail: bytes = opaque(0, SHORT)
    certificates: tuple[bytes, ...] = vector(opaque(1, LONG), 0, LONG)
    anchors: tuple[AnchorBody, ...] = vector(AnchorBody, 0, LONG)
    paths: tuple[PathBody, ...] = vector(PathBody, 0, LONG)
    tried: tuple[int, ...] = vector(u16(), 0, LONG)
    peer: tuple[PeerBody, ...] = vector(PeerBody, 0, LONG)
    presented: tuple[int, ...] = vector(u16(), 0, LONG)
    unread: tuple[UnreadBody, ...] = vector(UnreadBody, 0, LONG)
    not_checked: tuple[bytes, ...] = vector(opaque(0, SHORT), 0, LONG)


# --- Overheard recordings ---------------------------------------------------------------------


@struct
class RemarkBody:
    """A sentence on what could not be heard."""

    text: bytes = opaque(0, SHORT)


# --- Full recordings --------------------------------------------------------------------------


@struct
class EntryBody:
    """One answer of the provider (``crypto.entries.Entry``)."""

    kind: bytes = opaque(1, BYTE)
    code: int = u32()
    data: bytes = opaque(0, LONG)
    about: bytes = opaque(0, BYTE)


@struct
class PurposeBody:
    """The same with what it was for; the only one that is written."""

    kind: bytes = opaque(1, BYTE)
    code: int = u32()
    data: bytes = opaque(0, LONG)
    about: bytes = opaque(0, BYTE)
    purpose: bytes = opaque(0, BYTE)


@struct
class DeedBody:
    """Something that the program did with the connection (``trace.Deed``)."""

    what: bytes = opaque(1, BYTE)
    arguments: tuple[Value, ...] = vector(Value, 0, SHORT)
    data: bytes = rest()


@struct
class AnsweredBody:
    """What a question was answered with; ``thing`` is empty or the struct that ``how`` says."""

    question: bytes = opaque(1, BYTE)
    how: int = u8()
    values: tuple[Value, ...] = vector(Value, 0, LONG)
    thing: bytes = rest()


@struct
class SettingBody:
    """A value of the configuration, by its name."""

    name: bytes = opaque(1, BYTE)
    values: tuple[Value, ...] = vector(Value, 0, LONG)


@struct
class ConfigurationBody:
    """The configuration; ``role``: 0 client, 1 server."""

    role: int = u8()
    settings: tuple[SettingBody, ...] = vector(SettingBody, 0, LONG)

"""Values in words: numbers with their names and units, bytes by their size and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tlsee.codes import ExtensionType, OpenEnum, ProtocolVersion
from tlsee.explain.dissect import structs
from tlsee.explain.dissect.registered import registered_name
from tlsee.explain.layout import short_hex
from tlsee.sessions.session import TicketContent
from tlsee.text import count, printable
from tlsee.wire import extensions as ext
from tlsee.wire import messages12, messages13
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

SHOWN = 100  # characters of a list or a text in one line


def code_words(member: OpenEnum) -> str:
    """A code point by its name and number: ``TLS_AES_128_GCM_SHA256 (0x1301)``."""
    wide = member._width == 4  # noqa: SLF001  how the registry itself writes its numbers
    decimal = not wide or isinstance(member, ExtensionType)
    number = f"{int(member)}" if decimal else f"0x{int(member):04x}"
    if member.is_grease:
        return f"GREASE (0x{int(member):04x})"
    if isinstance(member, ProtocolVersion):
        return f"{member.label} ({number})" if member.is_known else f"unknown ({number})"
    name = printable(member.name, 60) if member.is_known else registered_name(member)
    return f"{name or 'unknown'} ({number})"


def number_words(cls: type, field: str, number: int) -> str:
    """A number in a field of a struct, with its unit if it has one."""
    if isinstance(number, OpenEnum):
        if field == "ke_modes" and not number.is_known and number % 0x1F == 0x0B:
            return f"GREASE (0x{int(number):02x})"  # RFC 8701, 2: the eight of one byte
        return code_words(number)
    say = _UNITS.get((cls, field))
    return say(number) if say is not None else f"{number:,}"


def bytes_words(cls: type, field: str, data: bytes) -> str:
    """Bytes in a field of a struct: as text where they are text."""
    if not data:
        return "empty"
    if (cls, field) in _TEXTS:
        grease = (cls is ext.ProtocolNameList) and _is_grease_name(data)
        return f"GREASE (0x{data.hex()})" if grease else f'"{printable(data, SHOWN)}"'
    if (cls, field) == (ext.Padding, "padding") and not any(data):
        return count(len(data), "zero byte")
    return f"{count(len(data), 'byte')}: {short_hex(data)}"


def list_words(words: Iterable[str]) -> str:
    """The items of a list in one line, cut where it is long."""
    items = list(words)
    if not items:
        return "none"
    text = ", ".join(items)
    if len(text) <= SHOWN:
        return text
    shown: list[str] = []
    for item in items:
        if sum(map(len, shown)) + 2 * len(shown) + len(item) > SHOWN - 12:
            break
        shown.append(item)
    return ", ".join([*(shown or [items[0][:SHOWN]]), f"{len(items) - len(shown):,} more"])


def _is_grease_name(data: bytes) -> bool:
    return len(data) == 2 and ExtensionType.of(int.from_bytes(data)).is_grease


def _seconds(number: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if number and number % size == 0:
            return f"{number:,} s, {count(number // size, unit)}"
    return f"{number:,} s"


def _bytes(number: int) -> str:
    return count(number, "byte")


def _compression(number: int) -> str:
    return "null (0)" if not number else f"unknown ({number})"


def _status_type(number: int) -> str:
    names = {1: "ocsp", 2: "ocsp_multi"}  # RFC 6961, 2.2
    return f"{names.get(number, 'unknown')} ({number})"


def _hidden_number(number: int) -> str:
    return f"0x{number:08x}"


def _age(number: int) -> str:
    return f"0x{number:08x}, unreadable without ticket_age_add"


def _logged(number: int) -> str:
    try:
        at = datetime.fromtimestamp(number / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{number:,} ms after 1970"
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


_UNITS: Mapping[tuple[type, str], Callable[[int], str]] = {
    (ClientHello, "legacy_compression_methods"): _compression,
    (ServerHello, "legacy_compression_method"): _compression,
    (HelloRetryRequest, "legacy_compression_method"): _compression,
    (messages13.NewSessionTicket, "ticket_lifetime"): _seconds,
    (messages13.NewSessionTicket, "ticket_age_add"): _hidden_number,
    (messages12.NewSessionTicket, "ticket_lifetime_hint"): _seconds,
    (ext.PskIdentity, "obfuscated_ticket_age"): _age,
    (ext.EarlyDataTicket, "max_early_data_size"): _bytes,
    (ext.RecordSizeLimit, "record_size_limit"): _bytes,
    (structs.CertificateStatusRequestItemV2, "status_type"): _status_type,
    (structs.CompressedCertificate, "uncompressed_length"): _bytes,
    (structs.DelegatedCredential, "valid_time"): _seconds,
    (structs.SignedCertificateTimestamp, "sct_version"): lambda n: "v1 (0)" if n == 0 else f"{n}",
    (structs.SignedCertificateTimestamp, "timestamp"): _logged,
    (TicketContent, "issued_at"): lambda n: _logged(n // 1000),
    (TicketContent, "established_at"): lambda n: _logged(n // 1000),
    (TicketContent, "judged_at"): lambda n: _logged(n // 1000) if n else "never",
    (TicketContent, "lifetime"): _seconds,
    (TicketContent, "max_early_data"): _bytes,
    (TicketContent, "age_add"): _hidden_number,
}

_TEXTS: frozenset[tuple[Any, str]] = frozenset(
    {
        (ext.ServerName, "name"),
        (ext.ProtocolNameList, "protocol_name_list"),
        (structs.ECHConfigContents, "public_name"),
        (TicketContent, "server_name"),
        (TicketContent, "identity"),
        (TicketContent, "alpn"),
    }
)

# Which fields say best in a line what a struct holds; without a row its last field does.
SAYS_IT: Mapping[type, tuple[str, ...]] = {
    ext.KeyShareEntry: ("group",),
    ext.PskIdentity: ("identity",),
    ext.PreSharedKeyClientHello: ("identities",),
    messages13.CertificateEntry: ("cert_data",),
    messages12.ServerECDHParams: ("named_curve",),
    messages12.ServerDHParams: ("dh_p",),
    messages12.SignedECDHParams: ("params",),
    messages12.SignedDHParams: ("params",),
    messages12.DigitallySigned: ("algorithm",),
    structs.SignedCertificateTimestamp: ("timestamp",),
    structs.HpkeSymmetricCipherSuite: ("kdf_id", "aead_id"),
    structs.ECHClientHello: ("type",),
    structs.OuterClientHello: ("payload",),
    structs.ECHConfigContents: ("public_name",),
    structs.DelegatedCredential: ("dc_cert_verify_algorithm",),
    structs.TicketRequest: ("new_session_count", "resumption_count"),
    structs.UseSRTPData: ("srtp_protection_profiles",),
    ext.StatusRequest: ("status_type",),
    TicketContent: ("version", "suite"),
    ext.OIDFilter: ("certificate_extension_oid",),
}

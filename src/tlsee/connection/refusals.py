"""What the peer's alert says, seen from here: the cause it names and what helps.

An alert is one byte. What this side offered, showed and was asked for turns it into a sentence. In
TLS 1.3 a client is done before the server has judged its certificate, so that refusal surfaces in
a read that has nothing to do with it: the text names the certificate.
"""

from __future__ import annotations

from tlsee.codes import AlertDescription as Alert
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import AlertReceived
from tlsee.identity.credentials import Credential
from tlsee.identity.distinguished_name import spoken_name
from tlsee.reasons import TOO_OLD
from tlsee.text import printable
from tlsee.trace import Choice, Role
from tlsee.wire import messages12
from tlsee.wire.codec import decode
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.server_name import ServerNameList
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import CertificateRequest

Authorities = tuple[bytes, ...] | None  # of a request; ``None`` where there was none

SHOWN_AUTHORITIES = 8  # a server may list every root it knows

# What a server says to a client that shows no certificate: only the first one is unambiguous.
_MISSING = {
    Alert.certificate_required,
    Alert.bad_certificate,
    Alert.handshake_failure,
    Alert.certificate_unknown,
    Alert.access_denied,
}

# What an alert says of a certificate, and what to do about it.
_OF_CERTIFICATE = {
    Alert.bad_certificate: ("something about it is wrong", "look at the {peer}'s log"),
    Alert.unsupported_certificate: (
        "it is of a kind that the {peer} does not take",
        "issue it for this use ({usage}), with a key that the {peer} knows",
    ),
    Alert.certificate_revoked: ("it is revoked", "have a new one issued"),
    Alert.certificate_expired: (
        "it has expired or is not valid yet, by the {peer}'s clock",
        "renew it, or set the clock right",
    ),
    Alert.certificate_unknown: ("the {peer} does not accept it", "look at the {peer}'s log"),
    Alert.unknown_ca: (
        "its authority is none that the {peer} trusts",
        "send the intermediates as well, or have the {peer} trust the authority",
    ),
    Alert.bad_certificate_status_response: (
        "the OCSP response that was stapled to it, or should have been, is none that counts there",
        "fetch a new one from the authority's responder",
    ),
    Alert.access_denied: ("it is valid, and not allowed in", "have the {peer} allow it"),
    Alert.decrypt_error: (
        "the signature made with its key does not verify there",
        "look for a mix-up of keys in a signer of your own; else report it",
    ),
}

_OF_HELLO = {
    Alert.protocol_version: (
        "the server speaks no version that we offered ({versions})",
        "offer one that it speaks: versions=, --tls",
    ),
    Alert.handshake_failure: (
        "the server takes nothing of what we offered ({versions}; {groups})",
        "offer more: versions=, groups=, suites=",
    ),
    Alert.insufficient_security: (
        "the server asks for stronger parameters than we offered ({groups})",
        "offer stronger groups and suites: groups=, suites=",
    ),
    Alert.unrecognized_name: (
        "the server does not know the name {name}",
        "connect by a name that it serves: server_name=, --server-name",
    ),
    Alert.no_application_protocol: (
        "the server speaks none of the protocols that we offered ({alpn})",
        "offer one of its own: alpn=, --alpn",
    ),
}

_OF_US = {
    Alert.unexpected_message,
    Alert.bad_record_mac,
    Alert.record_overflow,
    Alert.illegal_parameter,
    Alert.decode_error,
    Alert.decrypt_error,
    Alert.missing_extension,
    Alert.unsupported_extension,
}


def refusal(
    alert: Alert,
    role: Role,
    config: ClientConfig | ServerConfig,
    choices: tuple[Choice, ...],
    *,
    hello: bytes,
    request: bytes,
    done: bool,
    spoken: int = 0,
) -> AlertReceived:
    """The exception for the peer's alert.

    Args:
        config: this side's. choices: those made so far.
        hello, request: the last ClientHello and the CertificateRequest with their headers, or
            nothing. done: whether this side had finished.
        spoken: the version of the record that the alert came in, where nothing protected it.
    """
    authorities = _authorities(request, choices)
    shown = next((c for c in reversed(choices) if c.what == "certificate" and c.by is role), None)
    if shown is not None and isinstance(shown.chosen, Credential):
        if alert in _OF_CERTIFICATE:
            return _with_notes(_refused(alert, role, shown.chosen), role, shown, authorities, done)
    elif shown is not None and role is Role.CLIENT and alert in _MISSING:
        return _with_notes(_missing(alert), role, shown, authorities, done)
    if role is Role.CLIENT and not done and alert in _OF_HELLO:
        detail, fix = _OF_HELLO[alert]
        older = _older(alert, spoken)
        if older is not None:
            detail += f"; its alert has the form of {older.label}"
        if alert == Alert.protocol_version and ProtocolVersion.TLS12 in config.versions:
            fix = f"offer what it speaks, if that is newer; else {TOO_OLD}"
        return AlertReceived(alert, detail.format_map(_offer(config, hello)), fix)
    peer = role.other.value
    if alert in _OF_US:
        fix = f"look at the {peer}'s log; if it is right, that is a bug here: report it"
        return AlertReceived(alert, f"the {peer} says that we broke the protocol", fix)
    if alert == Alert.internal_error:
        return AlertReceived(
            alert, f"the {peer} failed for a reason of its own", f"look at the {peer}'s log"
        )
    return AlertReceived(alert, f"the {peer} refused", f"look at the {peer}'s log")


def _older(alert: Alert, spoken: int) -> ProtocolVersion | None:
    """The version of a server that knows nothing newer, told by the record of its alert.

    Many write 0x0301 whatever they speak, so that one counts for protocol_version alone.
    """
    version = ProtocolVersion.of(spoken)
    plain = version in (ProtocolVersion.SSL3, ProtocolVersion.TLS11)
    if plain or (version == ProtocolVersion.TLS10 and alert == Alert.protocol_version):
        return version
    return None


def _missing(alert: Alert) -> AlertReceived:
    detail = "the server asked for a client certificate and got none"
    return AlertReceived(alert, detail, "ClientConfig(credentials=[...])")


def _refused(alert: Alert, role: Role, credential: Credential) -> AlertReceived:
    peer, usage = role.other.value, "clientAuth" if role is Role.CLIENT else "serverAuth"
    why, fix = (text.format(peer=peer, usage=usage) for text in _OF_CERTIFICATE[alert])
    if not credential.certificates:
        fix = f"have the {peer} add it to the keys that it knows"
        return AlertReceived(alert, f"the {peer} refused our {credential.subject}", fix)
    leaf = credential.certificate
    named = f'"{leaf.subject}", issued by "{leaf.issuer}"'
    return AlertReceived(alert, f"the {peer} refused our certificate ({named}): {why}", fix)


def _with_notes(
    error: AlertReceived, role: Role, shown: Choice, authorities: Authorities, done: bool
) -> AlertReceived:
    if authorities is not None:
        error.add_note(f"asked  CertificateRequest; it accepts: {_accepted(authorities)}")
    entries = len(shown.chosen.chain) if shown.chosen is not None else 0
    why = "" if entries else f" ({printable(shown.rule)})"
    plural = "entry" if entries == 1 else "entries"
    error.add_note(f"sent  Certificate with {entries} {plural}{why}")
    if done and role is Role.CLIENT:
        error.add_note("why here  in TLS 1.3 the server judges this after your handshake is done")
    return error


def _accepted(listed: tuple[bytes, ...]) -> str:
    if not listed:
        return "it does not say"
    names = [f'"{spoken_name(der)}"' for der in listed[:SHOWN_AUTHORITIES]]
    more = len(listed) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _authorities(request: bytes, choices: tuple[Choice, ...]) -> Authorities:
    """The authorities that a CertificateRequest names (RFC 9846, 4.3.4; RFC 5246, 7.4.4)."""
    if not request:
        return None
    version = next((c.chosen for c in choices if c.what == "version"), None)
    if version == ProtocolVersion.TLS12:
        return decode(messages12.CertificateRequest, request).certificate_authorities
    item = decode(CertificateRequest, request).extensions.get(CertificateAuthorities)
    return item.authorities if item is not None else ()


def _offer(config: ClientConfig | ServerConfig, hello: bytes) -> dict[str, str]:
    """What our hello had to offer, for a sentence."""
    names = decode(ClientHello, hello).extensions.get(ServerNameList)
    return {
        "versions": ", ".join(item.label for item in config.versions),
        "groups": ", ".join(map(str, config.groups)),
        "alpn": ", ".join(map(printable, config.alpn)) or "none",
        "name": printable(names.server_name_list[0].name) if names is not None else "(none sent)",
    }

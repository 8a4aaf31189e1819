"""What an alert of the peer's probably means, and what helps: an alert says little by itself."""

from __future__ import annotations

from tlsee.codes import AlertDescription as Alert
from tlsee.trace import Role

_BY_ALERT = {
    Alert.handshake_failure: (
        "the peer finds nothing in common, or wants something it does not name",
        "offer more: leave out --groups and --suites; --policy legacy, if the peer is an old one",
    ),
    Alert.protocol_version: (
        "the peer speaks no version that was offered",
        "leave out --tls to offer all; if it was, the peer is older than TLS 1.2: update it",
    ),
    Alert.insufficient_security: (
        "the peer wants stronger algorithms than were offered",
        "offer more: leave out --groups and --suites",
    ),
    Alert.unrecognized_name: (
        "the peer has no site of the name that was asked for",
        "check the name; --server-name asks for another",
    ),
    Alert.no_application_protocol: (
        "the peer speaks none of the application protocols offered",
        "offer another with --alpn, or none",
    ),
    Alert.certificate_required: (
        "the peer asked for a certificate and got none",
        "show one: --cert FILE --key FILE",
    ),
    Alert.unknown_ca: (
        "the peer does not know the authority of the certificate it was shown",
        "show one that it trusts, with its intermediates, or have it trust the authority",
    ),
    Alert.bad_certificate: (
        "the peer did not like the certificate it was shown",
        "ask for the peer's log: it knows what was wrong",
    ),
    Alert.unsupported_certificate: (
        "the certificate is not meant for this role, or of a kind the peer cannot use",
        "show one for this role (clientAuth or serverAuth)",
    ),
    Alert.certificate_expired: (
        "the certificate that was shown has expired, by the peer's clock",
        "renew it; check both clocks",
    ),
    Alert.certificate_revoked: ("the certificate that was shown is revoked", "get a new one"),
    Alert.certificate_unknown: (
        "the peer did not accept the certificate it was shown",
        "ask for the peer's log: it knows what was wrong",
    ),
    Alert.access_denied: (
        "the peer knows who this is and does not let it in",
        "ask whoever runs the peer",
    ),
    Alert.decrypt_error: (
        "the peer could not verify a signature or a Finished",
        "if it goes on, report it: one of the two sides has a bug, or somebody changes bytes",
    ),
    Alert.internal_error: ("the peer has trouble of its own", "ask for the peer's log"),
    Alert.user_canceled: ("the peer gave up", "ask for the peer's log"),
}


_UNKNOWN = ("the peer refused", "ask for the peer's log")
_ABOUT_CERTIFICATES = {Alert.bad_certificate, Alert.certificate_unknown, Alert.unknown_ca}

# The same for somebody who listens: what the two of them can do.
_OVERHEARD_FIXES = {
    Alert.handshake_failure: "compare what the client offers with what the server is set up for",
    Alert.protocol_version: "let both speak a version that the other one has",
    Alert.insufficient_security: "let the client offer stronger algorithms",
    Alert.unrecognized_name: "check the name that the client asks for, and the server's sites",
    Alert.no_application_protocol: "let both have an application protocol in common",
    Alert.certificate_required: "have the client show a certificate",
}


def meaning(alert: Alert, *, showed_certificate: bool = False) -> tuple[str, str]:
    """What happened in words, and what to do; both may be empty.

    ``showed_certificate``: whether this side showed one. Without, an alert about certificates can
    only mean the missing one.
    """
    what, fix = _BY_ALERT.get(alert, _UNKNOWN)
    if alert in _ABOUT_CERTIFICATES and not showed_certificate:
        return ("the peer wants a certificate, and none was shown", "show one: --cert and --key")
    return what, fix


def overheard(alert: Alert, sender: Role, *, showed_certificate: bool) -> tuple[str, str]:
    """The same in the words of a listener: which side refused, and what the two can do.

    ``showed_certificate``: whether the side that was refused showed one.
    """
    about_its_own = alert in _ABOUT_CERTIFICATES and not showed_certificate
    if about_its_own and sender is Role.SERVER:
        fix = _OVERHEARD_FIXES[Alert.certificate_required]
        return "the server wants a certificate, and none was shown", fix
    what, fix = _BY_ALERT.get(alert, _UNKNOWN)
    fix = _OVERHEARD_FIXES.get(alert, fix)
    said = f"the {sender.value}"
    return what.replace("the peer", said), fix.replace("the peer", said)

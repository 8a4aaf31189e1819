"""What an alert of the peer's probably means, and what helps: an alert says little by itself."""

from __future__ import annotations

from tlsee.codes import AlertDescription as Alert

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


def meaning(alert: Alert, *, showed_certificate: bool = False) -> tuple[str, str]:
    """What happened in words, and what to do; both may be empty.

    ``showed_certificate``: whether this side showed one. Without, an alert about certificates can
    only mean the missing one.
    """
    what, fix = _BY_ALERT.get(alert, ("the peer refused", "ask for the peer's log"))
    about_ours = alert in {Alert.bad_certificate, Alert.certificate_unknown, Alert.unknown_ca}
    if about_ours and not showed_certificate:
        return ("the peer wants a certificate, and none was shown", "show one: --cert and --key")
    return what, fix

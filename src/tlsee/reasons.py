"""The catalogue of what can go wrong: a misdeed is a row, its alert stands here and nowhere else.

A row names the misdeed, the alert that RFC 9846 (or the RFC cited) asks for, the clause, what
happened in words, and what helps. Protocol code raises ``PeerMisbehaved(Reasons.x, detail)`` and
never mentions an alert.
"""

from __future__ import annotations

from typing import NamedTuple

from tlsee.codes import AlertDescription as Alert


class Reason(NamedTuple):
    """One row: ``name`` is stable and public, ``sentence`` is what happened, ``fix`` what to do."""

    name: str
    alert: Alert
    clause: str
    sentence: str
    fix: str = ""


PEER_BUG = "the peer breaks the protocol: report it to whoever runs or wrote it"

# Instead of a row's own, where the peer knows TLS 1.1 at most (RFC 8996, RFC 7568, RFC 6176).
TOO_OLD = "update the peer: nothing older than TLS 1.2 is safe, and nothing older is spoken here"

_rows: list[Reason] = []


def _row(name: str, alert: Alert, clause: str, sentence: str, fix: str = PEER_BUG) -> Reason:
    made = Reason(name, alert, clause, sentence, fix)
    _rows.append(made)
    return made


# fmt: off
class Reasons:
    """Every reason for which this side ends a connection."""

    # The bytes themselves
    malformed = _row("malformed", Alert.decode_error, "RFC 9846, 6", "a message cannot be parsed")
    trailing_bytes = _row("trailing_bytes", Alert.decode_error, "RFC 9846, 4.3", "a structure is followed by bytes that belong to nothing")
    message_too_long = _row("message_too_long", Alert.decode_error, "RFC 9846, 4", "a handshake message exceeds the bound", "raise the bound in the configuration if the peer is right to send that much")
    illegal_value = _row("illegal_value", Alert.illegal_parameter, "RFC 9846, 6", "a field holds a value that the protocol forbids there")

    # Records
    record_overflow = _row("record_overflow", Alert.record_overflow, "RFC 9846, 5.1", "a record is longer than the protocol or our record_size_limit allows")
    bad_record_mac = _row("bad_record_mac", Alert.bad_record_mac, "RFC 9846, 5.2", "a record could not be decrypted with the keys of this moment", "bytes were changed on the way, or the peer uses other keys: look for a proxy or a bug of the peer")
    unexpected_record = _row("unexpected_record", Alert.unexpected_message, "RFC 9846, 5", "a record of a type that has no place here")
    not_tls = _row("not_tls", Alert.unexpected_message, "RFC 9846, 5.1", "the peer does not speak TLS", "check the host and the port: this one answers something else")
    empty_fragment = _row("empty_fragment", Alert.unexpected_message, "RFC 9846, 5.4", "a handshake or alert record carries no content")
    too_many_empty_records = _row("too_many_empty_records", Alert.unexpected_message, "RFC 9846, 5.4", "more empty records in a row than the bound allows")
    no_content_type = _row("no_content_type", Alert.unexpected_message, "RFC 9846, 5.4", "a decrypted record is zeros throughout")
    misaligned_key_change = _row("misaligned_key_change", Alert.unexpected_message, "RFC 9846, 5.1", "handshake bytes are left over where the keys change")
    interleaved_handshake = _row("interleaved_handshake", Alert.unexpected_message, "RFC 9846, 5.1", "another record came in the middle of a handshake message")
    bad_change_cipher_spec = _row("bad_change_cipher_spec", Alert.unexpected_message, "RFC 9846, 5", "a change_cipher_spec where none may be, or with another value than 1")
    too_many_change_cipher_specs = _row("too_many_change_cipher_specs", Alert.unexpected_message, "RFC 9846, 5", "more change_cipher_spec records than the bound allows")
    malformed_alert = _row("malformed_alert", Alert.decode_error, "RFC 9846, 5.1", "an alert record that is not exactly one alert")
    too_many_warnings = _row("too_many_warnings", Alert.unexpected_message, "RFC 9846, 6", "more warning alerts than the bound allows")
    too_much_early_data = _row("too_much_early_data", Alert.unexpected_message, "RFC 9846, 4.3.10", "more undecryptable records than refused early data may fill")
    unprotected_record = _row("unprotected_record", Alert.unexpected_message, "RFC 9846, 5", "a record arrived in the clear after protection began")
    plaintext_data = _row("plaintext_data", Alert.unexpected_message, "RFC 9846, 5.1", "application data before it may flow")

    # Messages and extensions
    unexpected_message = _row("unexpected_message", Alert.unexpected_message, "RFC 9846, 4", "a message that the state of the handshake does not allow")
    misplaced_extension = _row("misplaced_extension", Alert.illegal_parameter, "RFC 9846, 4.3", "an extension in a message where it has no place")
    duplicate_extension = _row("duplicate_extension", Alert.illegal_parameter, "RFC 9846, 4.3", "the same extension twice in one message")
    unsolicited_extension = _row("unsolicited_extension", Alert.unsupported_extension, "RFC 9846, 4.3", "an answer to an extension that we did not send")
    missing_extension = _row("missing_extension", Alert.missing_extension, "RFC 9846, 9.2", "a message lacks an extension that it must carry")
    pre_shared_key_not_last = _row("pre_shared_key_not_last", Alert.illegal_parameter, "RFC 9846, 4.3.11", "pre_shared_key is not the last extension")

    # Hellos
    illegal_legacy_version = _row("illegal_legacy_version", Alert.protocol_version, "RFC 9846, 4.2.2", "legacy_version is not 0x0303")
    illegal_compression = _row("illegal_compression", Alert.illegal_parameter, "RFC 9846, 4.2.2", "compression other than none")
    session_id_not_echoed = _row("session_id_not_echoed", Alert.illegal_parameter, "RFC 9846, 4.2.3", "legacy_session_id_echo is not what we sent")
    version_not_offered = _row("version_not_offered", Alert.illegal_parameter, "RFC 9846, 4.3.1", "the server selected a version that we did not offer")
    version_too_old = _row("version_too_old", Alert.protocol_version, "RFC 9846, 4.3.1", "the peer speaks only versions that this side does not", "enable a common version: versions= in the configuration, --tls on the command line")
    downgrade = _row("downgrade", Alert.illegal_parameter, "RFC 9846, 4.2.3", "the server's random says that it would have spoken a newer version: somebody downgraded the connection", "look for a middlebox that edits hellos")
    suite_not_offered = _row("suite_not_offered", Alert.illegal_parameter, "RFC 9846, 4.2.3", "the server selected a cipher suite that we did not offer")
    suite_changed = _row("suite_changed", Alert.illegal_parameter, "RFC 9846, 4.2.4", "ServerHello selects another suite than HelloRetryRequest did")
    group_not_offered = _row("group_not_offered", Alert.illegal_parameter, "RFC 9846, 4.3.8", "the server selected a group that we did not offer")
    group_already_shared = _row("group_already_shared", Alert.illegal_parameter, "RFC 9846, 4.3.8", "HelloRetryRequest asks for a group of which we had sent a share")
    group_changed = _row("group_changed", Alert.illegal_parameter, "RFC 9846, 4.3.8", "ServerHello uses another group than HelloRetryRequest asked for")
    share_not_sent = _row("share_not_sent", Alert.illegal_parameter, "RFC 9846, 4.3.8", "ServerHello answers a share that we did not send")
    bad_key_share = _row("bad_key_share", Alert.illegal_parameter, "RFC 9846, 4.3.8", "the peer's key share is no valid public value of its group")
    unacceptable_dh_group = _row("unacceptable_dh_group", Alert.insufficient_security, "RFC 7919, 4", "the server's Diffie-Hellman group is too small, too large or no safe prime", "have the server use ffdhe2048 or more (RFC 7919), or an elliptic curve")
    duplicate_share = _row("duplicate_share", Alert.illegal_parameter, "RFC 9846, 4.3.8", "two shares for one group")
    share_without_group = _row("share_without_group", Alert.illegal_parameter, "RFC 9846, 4.3.8", "a share for a group that supported_groups does not list")
    retry_changes_nothing = _row("retry_changes_nothing", Alert.illegal_parameter, "RFC 9846, 4.2.4", "HelloRetryRequest would not change the ClientHello")
    hello_changed = _row("hello_changed", Alert.illegal_parameter, "RFC 9846, 4.2.2", "the second ClientHello differs from the first in more than it may")
    retry_not_followed = _row("retry_not_followed", Alert.illegal_parameter, "RFC 9846, 4.3.8", "the second ClientHello does not carry the one share that was asked for")
    cookie_wrong = _row("cookie_wrong", Alert.illegal_parameter, "RFC 9846, 4.3.2", "the second ClientHello does not return the cookie")
    early_data_after_retry = _row("early_data_after_retry", Alert.illegal_parameter, "RFC 9846, 4.2.2", "early_data after a HelloRetryRequest")
    psk_not_offered = _row("psk_not_offered", Alert.unsupported_extension, "RFC 9846, 4.3.11", "the server selected a pre-shared key and none was offered")
    bad_binder = _row("bad_binder", Alert.decrypt_error, "RFC 9846, 4.3.11", "the binder of a pre-shared key is wrong")
    binders_do_not_match = _row("binders_do_not_match", Alert.illegal_parameter, "RFC 9846, 4.3.11", "pre_shared_key has another number of binders than of identities")
    psk_hash_differs = _row("psk_hash_differs", Alert.illegal_parameter, "RFC 9846, 4.3.11", "the server took a pre-shared key with a suite of another hash")
    psk_index_too_large = _row("psk_index_too_large", Alert.illegal_parameter, "RFC 9846, 4.3.11", "the server selected an identity behind the last one")
    no_psk_and_no_certificate = _row("no_psk_and_no_certificate", Alert.unknown_psk_identity, "RFC 9846, 6.2", "none of the client's pre-shared keys is known here, and this server has no certificate")
    own_hello = _row("own_hello", Alert.illegal_parameter, "RFC 9257, 4.1", "this ClientHello is one of our own, sent back to us (the Selfie attack)")
    early_data_not_possible = _row("early_data_not_possible", Alert.illegal_parameter, "RFC 9846, 4.3.10", "the server accepted early data that it could not have accepted")
    early_data_over_limit = _row("early_data_over_limit", Alert.unexpected_message, "RFC 9846, 4.7.1", "more early data than the ticket allows")
    older_after_early_data = _row("older_after_early_data", Alert.protocol_version, "RFC 9846, E.3", "early data was sent, and the server answers with an older version")
    psk_modes_missing = _row("psk_modes_missing", Alert.missing_extension, "RFC 9846, 4.3.9", "pre_shared_key without psk_key_exchange_modes")
    extern_psk_misused = _row("extern_psk_misused", Alert.illegal_parameter, "RFC 9973, 5.1", "tls_cert_with_extern_psk goes with an external pre-shared key and a key exchange, and with no session")

    session_changed = _row("session_changed", Alert.illegal_parameter, "RFC 5246, 7.4.1.3", "the server resumed the session with another suite, or extended_main_secret differs from the session's")
    session_lost_its_hash = _row("session_lost_its_hash", Alert.handshake_failure, "RFC 7627, 5.3", "the session had extended_main_secret, and the hello that would resume it has not")
    session_not_offered = _row("session_not_offered", Alert.illegal_parameter, "RFC 5246, 7.4.1.3", "the server resumes a session that we did not offer")
    insecure_renegotiation = _row("insecure_renegotiation", Alert.handshake_failure, "RFC 5746, 3.4", "the peer does not know secure renegotiation (RFC 5746, of 2010)", "update the peer: without it somebody in between can put bytes before yours")
    too_many_renegotiations = _row("too_many_renegotiations", Alert.handshake_failure, "RFC 5246, 7.2.2", "the peer asks to renegotiate again and again, although it was refused")
    renegotiation_info_wrong = _row("renegotiation_info_wrong", Alert.handshake_failure, "RFC 5746, 3.4", "renegotiation_info is not empty in a first handshake")
    extended_main_secret_missing = _row("extended_main_secret_missing", Alert.handshake_failure, "RFC 7627, 5.2", "the peer does not bind the main secret to the handshake (extended_main_secret)", "update the peer, or use TLS 1.3")
    mac_then_encrypt = _row("mac_then_encrypt", Alert.handshake_failure, "RFC 7366, 2", "the server chose CBC without encrypt_then_mac", "update the server, or have it take a suite with GCM or ChaCha20-Poly1305")
    fallback = _row("fallback", Alert.inappropriate_fallback, "RFC 7507, 3", "the client fell back to an older version although both sides speak a newer one", "look for a middlebox that breaks newer hellos")
    point_format_missing = _row("point_format_missing", Alert.illegal_parameter, "RFC 8422, 5.1.2", "ec_point_formats does not list the uncompressed one")

    # Negotiation
    no_common_suite = _row("no_common_suite", Alert.handshake_failure, "RFC 9846, 4.2.1", "no cipher suite in common", "allow one of the peer's: suites=, --suites")
    no_common_group = _row("no_common_group", Alert.handshake_failure, "RFC 9846, 4.2.1", "no key exchange group in common", "allow one of the peer's: groups=, --groups")
    no_common_scheme = _row("no_common_scheme", Alert.handshake_failure, "RFC 9846, 4.3.3", "no certificate here can sign with a scheme that the peer accepts", "add a certificate with another key type: credentials=[...]")
    no_application_protocol = _row("no_application_protocol", Alert.no_application_protocol, "RFC 7301, 3.2", "no application protocol in common", "offer one of the peer's: alpn=, --alpn")
    alpn_not_offered = _row("alpn_not_offered", Alert.illegal_parameter, "RFC 7301, 3.1", "the server selected an application protocol that we did not offer, or several")
    unrecognized_name = _row("unrecognized_name", Alert.unrecognized_name, "RFC 6066, 3", "no certificate here is for the name the client asked for", "add a credential for it, or one that serves any name")
    two_record_limits = _row("two_record_limits", Alert.illegal_parameter, "RFC 8449, 5", "the server answers both record_size_limit and max_fragment_length")
    max_fragment_length_changed = _row("max_fragment_length_changed", Alert.illegal_parameter, "RFC 6066, 4", "the server's max_fragment_length is not the one it was asked for")
    record_size_limit_too_small = _row("record_size_limit_too_small", Alert.illegal_parameter, "RFC 8449, 4", "record_size_limit below 64")

    # Authentication
    empty_certificate = _row("empty_certificate", Alert.decode_error, "RFC 9846, 4.5.1.3", "the server sent no certificate")
    certificate_required = _row("certificate_required", Alert.certificate_required, "RFC 9846, 4.5.1.3", "the client sent no certificate and one is required", "give the client a certificate: ClientConfig(credentials=[...]), --cert and --key")
    client_certificate_missing = _row("client_certificate_missing", Alert.handshake_failure, "RFC 5246, 7.4.6", "the client sent no certificate and one is required", "give the client a certificate: ClientConfig(credentials=[...]), --cert and --key")
    request_context_wrong = _row("request_context_wrong", Alert.illegal_parameter, "RFC 9846, 4.5.1", "certificate_request_context is not the one that belongs here")
    scheme_not_offered = _row("scheme_not_offered", Alert.illegal_parameter, "RFC 9846, 4.5.2", "the peer signed with a scheme that we did not offer")
    scheme_not_for_key = _row("scheme_not_for_key", Alert.illegal_parameter, "RFC 9846, 4.5.2", "the signature scheme does not fit the certificate's key")
    bad_signature = _row("bad_signature", Alert.decrypt_error, "RFC 9846, 4.5.2", "the signature over the handshake is wrong: the peer does not hold the certificate's key, or bytes were changed")
    key_not_for_suite = _row("key_not_for_suite", Alert.illegal_parameter, "RFC 5246, 7.4.2", "the certificate's key is not of the kind that the cipher suite asks for")
    bad_finished = _row("bad_finished", Alert.decrypt_error, "RFC 9846, 4.5.3", "the Finished checksum is wrong: the two sides did not see the same handshake")
    certificate_type_not_offered = _row("certificate_type_not_offered", Alert.illegal_parameter, "RFC 7250, 4.2", "the server selected a type of certificate that we did not offer")
    no_common_certificate_type = _row("no_common_certificate_type", Alert.unsupported_certificate, "RFC 7250, 4.2", "no type of certificate in common", "believe the other side's kind: Trust.raw_public_keys, or anchors; or show it: Credential.raw_public_key, or a certificate")
    raw_key_not_alone = _row("raw_key_not_alone", Alert.illegal_parameter, "RFC 9846, 4.5.1", "a raw public key is not the only entry of its Certificate")
    unknown_raw_key = _row("unknown_raw_key", Alert.certificate_unknown, "RFC 7250, 5", "the peer's raw public key is not among those that are believed", "add it, if it is the peer's: Trust.raw_public_keys([...])")
    unusable_certificate = _row("unusable_certificate", Alert.bad_certificate, "RFC 9846, 4.5.1.3", "the certificate cannot be read or its key cannot be used")

    # Certificates judged
    unknown_ca = _row("unknown_ca", Alert.unknown_ca, "RFC 5280, 6.1", "no path leads from the certificate to a trust anchor", "trust its authority (--ca FILE, Trust.from_file), or have the peer send the missing intermediate")
    certificate_expired = _row("certificate_expired", Alert.certificate_expired, "RFC 5280, 6.1.3", "the certificate has expired", "the peer needs a new one; if every certificate looks expired, check this machine's clock")
    certificate_not_yet_valid = _row("certificate_not_yet_valid", Alert.certificate_expired, "RFC 5280, 6.1.3", "the certificate is not valid yet", "check this machine's clock, then the certificate's dates")
    name_mismatch = _row("name_mismatch", Alert.bad_certificate, "RFC 9525, 6", "the certificate is for another name", "connect by a name that it lists, or have it issued for this one")
    no_subject_alt_name = _row("no_subject_alt_name", Alert.bad_certificate, "RFC 9525, 6.4", "the certificate has no subjectAltName to compare with", "issue it with a subjectAltName; the common name is not looked at")
    not_a_ca = _row("not_a_ca", Alert.unknown_ca, "RFC 5280, 6.1.4 (k)", "a certificate in the chain signs another and is no authority")
    path_too_long = _row("path_too_long", Alert.unknown_ca, "RFC 5280, 6.1.4 (m)", "the chain is longer than one of its authorities allows")
    wrong_key_usage = _row("wrong_key_usage", Alert.unsupported_certificate, "RFC 5280, 4.2.1.3", "the certificate's key may not be used this way", "issue it with the right key usage")
    wrong_purpose = _row("wrong_purpose", Alert.unsupported_certificate, "RFC 5280, 4.2.1.12", "the certificate is not meant for this role", "issue it with serverAuth or clientAuth")
    name_constraints = _row("name_constraints", Alert.bad_certificate, "RFC 5280, 4.2.1.10", "an authority in the chain may not vouch for this name")
    policy_not_acceptable = _row("policy_not_acceptable", Alert.bad_certificate, "RFC 5280, 6.1.5 (g)", "an authority in the chain demands a certificate policy, and none is valid for the whole path")
    pin_missing = _row("pin_missing", Alert.unknown_ca, "RFC 7469, 2.6", "none of the pinned keys is on the path", "see whether the peer has changed its key or its authority on purpose: Trust.pinned(...)")
    issued_after_distrust = _row("issued_after_distrust", Alert.unknown_ca, "RFC 5914, 3", "the certificate was issued after its authority ceased to be trusted for new ones", "the peer needs a certificate of another authority")
    bad_certificate_signature = _row("bad_certificate_signature", Alert.bad_certificate, "RFC 5280, 6.1.3", "a certificate's signature is wrong")
    weak_certificate_signature = _row("weak_certificate_signature", Alert.bad_certificate, "RFC 9846, 4.5.1.3", "a certificate is signed with MD5 or SHA-1")
    weak_key = _row("weak_key", Alert.insufficient_security, "RFC 9325, 4.5", "a key in the chain is too small", "issue it with RSA of 2048 bits or more, or an elliptic curve")
    unsupported_key = _row("unsupported_key", Alert.unsupported_certificate, "RFC 5280, 4.1.2.7", "a certificate in the chain has a key that is not supported here", "issue it with P-256, RSA of 2048 bits or more, or Ed25519")
    unsupported_certificate_signature = _row("unsupported_certificate_signature", Alert.unsupported_certificate, "RFC 5280, 4.1.1.2", "a certificate is signed with an algorithm that is not supported here", "issue it with ECDSA, RSA or Ed25519 and SHA-256 or better")
    unknown_critical_extension = _row("unknown_critical_extension", Alert.unsupported_certificate, "RFC 5280, 4.2", "a certificate carries a critical extension that is not understood here")
    malformed_certificate = _row("malformed_certificate", Alert.bad_certificate, "RFC 5280, 4.1", "a certificate cannot be read or is not made as it must be")
    chain_too_long = _row("chain_too_long", Alert.bad_certificate, "RFC 9846, 4.5.1", "more certificates than the bound allows")
    judgement_exhausted = _row("judgement_exhausted", Alert.bad_certificate, "RFC 5280, 6.1", "the bound on the search for a path was reached")
    certificate_revoked = _row("certificate_revoked", Alert.certificate_revoked, "RFC 5280, 6.3", "a certificate in the chain was taken back by its authority", "the peer needs a new one; do not trust what the old key signed since")
    revocation_unknown = _row("revocation_unknown", Alert.certificate_unknown, "RFC 5280, 6.3.3", "nobody could say whether a certificate is revoked, and the policy is hard-fail", "give its list (crls=, --crl), have the peer staple, let it be fetched (fetcher=), or take revocation=soft")
    bad_staple = _row("bad_staple", Alert.bad_certificate_status_response, "RFC 6066, 8", "the stapled OCSP response is none for this certificate, or nobody vouches for it", "have the peer fetch a new response from its authority's responder")
    staple_missing = _row("staple_missing", Alert.bad_certificate_status_response, "RFC 7633, 4.2.3", "the certificate says that its server staples an OCSP response, and none that counts came", "switch stapling on at the server, or issue the certificate without the TLS feature")
    judge_refused = _row("judge_refused", Alert.certificate_unknown, "RFC 9846, 6.2", "the application's own judge refused the certificate", "ask whoever configured the judge")

    # After the handshake
    too_many_requests = _row("too_many_requests", Alert.unexpected_message, "RFC 9846, 4.7.2", "more requests for this client's certificate than the bounds allow")
    interleaved_authentication = _row("interleaved_authentication", Alert.unexpected_message, "RFC 9846, 4.7.2", "something else came between the messages by which the client proves who it is")
    too_many_key_updates = _row("too_many_key_updates", Alert.unexpected_message, "RFC 9846, 4.7.3", "more KeyUpdates without data between them than the bound allows")

    # This side
    signing_failed = _row("signing_failed", Alert.internal_error, "RFC 9846, 4.5.2", "our own signer did not sign", "look at the signer's error")
    decryption_failed = _row("decryption_failed", Alert.internal_error, "RFC 5246, 7.4.7.1", "our own decrypter failed", "look at the decrypter's error")
    local_failure = _row("local_failure", Alert.internal_error, "RFC 9846, 6.2", "this side could not go on")
    answer_refused = _row("answer_refused", Alert.access_denied, "RFC 9846, 6.2", "the application refused")
    input_while_waiting = _row("input_while_waiting", Alert.internal_error, "RFC 9846, 6.2", "the peer sent more than the bound while a question was open")
    key_limit_reached = _row("key_limit_reached", Alert.internal_error, "RFC 9846, 5.5", "the keys reached the end of their use")
    handshake_timeout = _row("handshake_timeout", Alert.user_canceled, "RFC 9846, 6.1", "the handshake was not done in time", "see whether the peer is reachable and not overloaded; raise timeout= or --timeout")
    truncated = _row("truncated", Alert.close_notify, "RFC 9846, 6.1", "the connection was cut without close_notify: what was received may be incomplete", "do not use the data as if it were whole")
    cut_in_handshake = _row("cut_in_handshake", Alert.close_notify, "RFC 9846, 6.1", "the peer closed the connection in the middle of the handshake", "look at the peer's log; a firewall or a proxy may cut as well")
# fmt: on


def catalogue() -> tuple[Reason, ...]:
    """Every row, in the order of this file."""
    return tuple(_rows)

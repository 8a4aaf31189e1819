"""tshark's fields of TLS beside ours: which stand for the same bytes, and which have no partner.

Ours are named by the way to them within a message, ``ClientHello/legacy_version``; of the items of
a list the numbers are left out.
"""

from __future__ import annotations

VERSION = "4.0"  # of tshark, whose fields these are; of another, new ones are let pass
BYTES = {"tls.handshake.extension.data"}  # what a version does not take apart

# Where a value's bytes stand in both trees: tshark's name, and the whole way to ours as a pattern.
SAME: dict[str, str] = {
    # Records and what is no handshake
    "tls.record.opaque_type": r"record/opaque_type",
    "tls.record.content_type": r"record/type",
    "tls.record.version": r"record/legacy_record_version",
    "tls.record.length": r"record/length",
    "tls.alert_message.level": r"record/Alert/level",
    "tls.alert_message.desc": r"record/Alert/description",
    # Messages
    "tls.handshake.type": r"[A-Za-z]+/msg_type",
    "tls.handshake.length": r"[A-Z][A-Za-z]+/length",
    # Hellos
    "tls.handshake.version": r"[A-Za-z]+/legacy_version",
    "tls.handshake.random": r"[A-Za-z]+/random",
    "tls.handshake.session_id_length": r"[A-Za-z]+/legacy_session_id(_echo)?/.+\.length",
    "tls.handshake.session_id": r"[A-Za-z]+/legacy_session_id(_echo)?/.+\.data",
    "tls.handshake.cipher_suites_length": r"ClientHello/cipher_suites/.+\.length",
    "tls.handshake.ciphersuite": r"[A-Za-z]+/(cipher_suites/cipher_suites\[\]|cipher_suite)",
    "tls.handshake.comp_methods_length": r"ClientHello/legacy_compression_methods/.+\.length",
    "tls.handshake.comp_method": (
        r"[A-Za-z]+/(legacy_compression_methods/.+\[\]|legacy_compression_method)"
    ),
    # Extensions
    "tls.handshake.extensions_length": r".+/extensions/extensions\.length",
    "tls.handshake.extension.type": r".+/extensions/[^/]+/extension_type",
    "tls.handshake.extension.len": r".+/extensions/[^/]+/extension_data\.length",
    "tls.handshake.extension.data": (  # what it does not take apart
        r".+/extensions/(GREASE|extension 0x[0-9a-f]+|encrypted_client_hello)/extension_data"
        r"|.+/session_ticket/extension_data/ticket"
    ),
    "tls.handshake.extensions_server_name_list_len": r".+/server_name_list\.length",
    "tls.handshake.extensions_server_name_type": r".+/name_type",
    "tls.handshake.extensions_server_name_len": r".+/name\.length",
    "tls.handshake.extensions_server_name": r".+/name\.data",
    "tls.handshake.max_fragment_length": r".+/extension_data/max_fragment_length",
    "tls.record_size_limit": r".+/extension_data/record_size_limit",
    "tls.handshake.extensions_status_request_type": (
        r".+/status_request(_v2)?/.+/status_type|CertificateStatus/.*status_type"
    ),
    "tls.handshake.extensions_status_request_list_len": (
        r".+/certificate_status_req_list/certificate_status_req_list\.length"
    ),
    "tls.handshake.extensions_status_request_len": (
        r".+/certificate_status_req_list\[\]/request/request\.length"
    ),
    "tls.handshake.extensions_status_request_responder_ids_len": r".+/responder_id_list\.length",
    "tls.handshake.extensions_status_request_exts_len": r".+/request_extensions\.length",
    "tls.handshake.extensions_supported_groups_length": r".+/named_group_list\.length",
    "tls.handshake.extensions_supported_group": r".+/named_group_list\[\]",
    "tls.handshake.extensions_ec_point_formats_length": r".+/ec_point_format_list\.length",
    "tls.handshake.extensions_ec_point_format": r".+/ec_point_format_list\[\]",
    "tls.compress_certificate.algorithms_length": r".+/algorithms\.length",
    "tls.compress_certificate.algorithm": r".+/algorithms\[\]",
    "tls.handshake.sig_hash_alg_len": r".+/supported_signature_algorithms\.length",
    "tls.handshake.sig_hash_alg": r".+/(supported_signature_algorithms\[\]|algorithm)",
    "tls.handshake.extensions_alpn_len": r".+/protocol_name_list\.length",
    "tls.handshake.extensions_alpn_str_len": r".+/protocol_name_list\[\]\.length",
    "tls.handshake.extensions_alpn_str": r".+/protocol_name_list\[\]\.data",
    "tls.handshake.extensions_padding_data": r".+/extensions/padding/extension_data/padding",
    "tls.handshake.extensions_reneg_info_len": r".+/renegotiated_connection\.length",
    "tls.handshake.extensions.supported_versions_len": r".+/versions/versions\.length",
    "tls.handshake.extensions.supported_version": r".+/(versions\[\]|selected_version)",
    "tls.handshake.extensions.cookie_len": r".+/cookie\.length",
    "tls.handshake.extensions.cookie": r".+/cookie\.data",
    "tls.extension.psk_ke_modes_length": r".+/ke_modes\.length",
    "tls.extension.psk_ke_mode": r".+/ke_modes\[\]",
    "tls.handshake.extensions_key_share_client_length": r".+/client_shares\.length",
    "tls.handshake.extensions_key_share_group": r".+/(client_shares\[\]|server_share)/group",
    "tls.handshake.extensions_key_share_selected_group": r".+/selected_group",
    "tls.handshake.extensions_key_share_key_exchange_length": r".+/key_exchange\.length",
    "tls.handshake.extensions_key_share_key_exchange": r".+/key_exchange\.data",
    "tls.handshake.extensions.psk.identities.length": r".+/identities\.length",
    "tls.handshake.extensions.psk.identity.identity_length": r".+/identity\.length",
    "tls.handshake.extensions.psk.identity.identity": r".+/identity\.data",
    "tls.handshake.extensions.psk.identity.obfuscated_ticket_age": r".+/obfuscated_ticket_age",
    "tls.handshake.extensions.psk.binders_len": r".+/binders/binders\.length",
    "tls.handshake.extensions.psk.identity.selected": r".+/selected_identity",
    "tls.early_data.max_early_data_size": r".+/max_early_data_size",
    "tls.handshake.cert_type.types_len": r".+_certificate_type/.+/certificate_types\.length",
    "tls.handshake.cert_type.type": (
        r".+_certificate_type/.+/(certificate_types\[\]|certificate_type)"
    ),
    # Certificates and signatures
    "tls.handshake.certificates_length": r"Certificate/certificate_list/.+list\.length",
    "tls.handshake.certificate_length": (
        r".*Certificate/.+(cert_data|certificate_list\[\]|subject_public_key_info)\.length"
    ),
    "tls.handshake.certificate": (
        r".*Certificate/.+(cert_data|certificate_list\[\]|subject_public_key_info)\.data"
    ),
    "tls.handshake.certificate_request_context_length": r".+/certificate_request_context\.length",
    "tls.handshake.certificate_request_context": r".+/certificate_request_context\.data",
    "tls.handshake.cert_types_count": r"CertificateRequest/certificate_types/.+\.length",
    "tls.handshake.cert_type": r"CertificateRequest/certificate_types/certificate_types\[\]",
    "tls.handshake.dnames_len": r".+/(certificate_)?authorities\.length",
    "tls.handshake.dname_len": r".+/(certificate_)?authorities\[\]\.length",
    "tls.handshake.ocsp_response_len": r".+/response\.length",
    "tls.handshake.sig_len": r".+/signature\.length",
    "tls.handshake.sig": r".+/signature\.data",
    # Key exchange of 1.2
    "tls.handshake.server_curve_type": r".+/curve_type",
    "tls.handshake.server_named_curve": r".+/named_curve",
    "tls.handshake.server_point_len": r".+/public\.length",
    "tls.handshake.server_point": r".+/public\.data",
    "tls.handshake.client_point_len": r".+/ecdh_Yc\.length",
    "tls.handshake.client_point": r".+/ecdh_Yc\.data",
    "tls.handshake.p_len": r".+/dh_p\.length",
    "tls.handshake.p": r".+/dh_p\.data",
    "tls.handshake.g_len": r".+/dh_g\.length",
    "tls.handshake.g": r".+/dh_g\.data",
    "tls.handshake.ys_len": r".+/dh_Ys\.length",
    "tls.handshake.ys": r".+/dh_Ys\.data",
    "tls.handshake.yc_len": r".+/dh_Yc\.length",
    "tls.handshake.yc": r".+/dh_Yc\.data",
    "tls.handshake.epms_len": r".+/pre_master_secret\.length",
    "tls.handshake.epms": r".+/pre_master_secret\.data",
    # After the handshake
    "tls.handshake.key_update.request_update": r"KeyUpdate/request_update",
    "tls.handshake.session_ticket_lifetime_hint": r"NewSessionTicket/ticket_lifetime(_hint)?",
    "tls.handshake.session_ticket_age_add": r"NewSessionTicket/ticket_age_add",
    "tls.handshake.session_ticket_nonce_length": r"NewSessionTicket/.+/ticket_nonce\.length",
    "tls.handshake.session_ticket_nonce": r"NewSessionTicket/.+/ticket_nonce\.data",
    "tls.handshake.session_ticket_length": r"NewSessionTicket/ticket/ticket\.length",
    "tls.handshake.session_ticket": r"NewSessionTicket/ticket/ticket\.data",
}
# One field of ours under two names of tshark's.
ALSO = {
    "tls.handshake.client_cert_vrfy.sig": "tls.handshake.sig",
    "tls.handshake.client_cert_vrfy.sig_len": "tls.handshake.sig_len",
}
# Where tshark shows no bytes: its field has a length that is that of ours, whole.
SAME_LENGTH: dict[str, str] = {
    "tls.change_cipher_spec": r"record/ChangeCipherSpec",
    "tls.handshake.verify_data": r"Finished/verify_data",
}
# Headings, numbers and digests that tshark makes up: no bytes are theirs alone.
MADE_BY_TSHARK = {
    "tls.record": "a heading",
    "tls.handshake": "a heading",
    "tls.alert_message": "a heading",
    "tls.handshake.ciphersuites": "a heading",
    "tls.handshake.comp_methods": "a heading",
    "tls.handshake.extensions_alpn_list": "a heading",
    "tls.handshake.extensions_ec_point_formats": "a heading",
    "tls.handshake.extensions_supported_groups": "a heading",
    "tls.handshake.sig_hash_algs": "a heading",
    "tls.handshake.cert_types": "a heading",
    "tls.handshake.cert_type.types": "a heading",
    "tls.handshake.certificates": "a heading",
    "tls.handshake.dnames": "a heading",
    "tls.handshake.dname": "a heading; the name's parts follow",
    "tls.handshake.extensions.psk.binders": "a heading; it does not tell the binders apart",
    "tls.handshake.sig_hash_hash": "half of a scheme, as TLS 1.2 read them",
    "tls.handshake.sig_hash_sig": "half of a scheme, as TLS 1.2 read them",
    "tls.handshake.random_time": "part of the random, which has had no time in it for long",
    "tls.handshake.random_bytes": "part of the random",
    "tls.handshake.ja3": "a digest",
    "tls.handshake.ja3_full": "what it is of",
    "tls.handshake.ja3s": "a digest",
    "tls.handshake.ja3s_full": "what it is of",
    "tls.handshake.fragment": "a piece of a message, which is shown whole",
    "tls.handshake.fragment.count": "the number of pieces",
    "tls.handshake.fragments": "a heading",
    "tls.handshake.reassembled_in": "the number of a packet",
    "tls.resumed": "a remark",
}

# Ours that tshark's version has no field for, or shows in words alone.
ONLY_OURS = {
    r"record/(nonce_explicit|IV|MAC|tag|zeros|padding|padding_length)": (
        "what protects a record: it shows what is inside, and takes the rest away"
    ),
    r".+/binders\[\]\.(length|data)": "it shows the binders as one",
    r".+/encrypted_client_hello/extension_data/.+": "RFC 9849 came later: bytes to it",
    r".+/(certificate_)?authorities\[\]\.data": "names, which it shows by their parts",
    r".+/response\.data": "OCSP's response, by its parts",
    r".*CertificateVerify/signature/signature\.data/.+": "the parts of a signature",
}

# Numbers with names: in both trees the name stands beside the number.
NAMED = (
    "tls.record.opaque_type",
    "tls.record.content_type",
    "tls.record.version",
    "tls.alert_message.level",
    "tls.alert_message.desc",
    "tls.handshake.type",
    "tls.handshake.version",
    "tls.handshake.ciphersuite",
    "tls.handshake.comp_method",
    "tls.handshake.extension.type",
    "tls.handshake.extensions_server_name_type",
    "tls.handshake.extensions_status_request_type",
    "tls.handshake.extensions_supported_group",
    "tls.handshake.extensions_ec_point_format",
    "tls.handshake.sig_hash_alg",
    "tls.handshake.extensions.supported_version",
    "tls.extension.psk_ke_mode",
    "tls.handshake.extensions_key_share_group",
    "tls.handshake.extensions_key_share_selected_group",
    "tls.compress_certificate.algorithm",
    "tls.handshake.cert_type.type",
    "tls.handshake.cert_type",
    "tls.handshake.server_curve_type",
    "tls.handshake.server_named_curve",
    "tls.handshake.key_update.request_update",
    "tls.handshake.max_fragment_length",
)
# The same under two names: tshark's, then ours.
OTHER_NAMES = {
    ("extended_master_secret", "extended_main_secret"),  # as RFC 9846 calls it
    ("PSK-only key establishment (psk_ke)", "psk_ke"),
    ("PSK with (EC)DHE key establishment (psk_dhe_ke)", "psk_dhe_ke"),
    ("512", "two_to_the_9"),
    ("1024", "two_to_the_10"),
    ("2048", "two_to_the_11"),
    ("4096", "two_to_the_12"),
}

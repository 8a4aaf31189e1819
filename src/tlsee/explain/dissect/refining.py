"""What stands inside the opaque fields: shares, signatures, certificates, tickets, randoms.

Each function here is filed for the fields that it reads; importing the module is what files them.
"""

from __future__ import annotations

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.explain.dissect import structs
from tlsee.explain.dissect.converting import Content, Reading, reads, span_of, struct_field
from tlsee.explain.dissect.cutting import Piece, cut, fixed_signature, share
from tlsee.explain.dissect.der.extensions import holds_timestamps
from tlsee.explain.dissect.der.names import NAME
from tlsee.explain.dissect.der.ocsp import OCSP_RESPONSE
from tlsee.explain.dissect.der.pkix import CERTIFICATE, ECDSA_SIGNATURE, EXTENSIONS, KEY_INFO
from tlsee.explain.dissect.der.saying import OID
from tlsee.explain.dissect.der.shapes import Anything, Shape
from tlsee.explain.dissect.der.walking import read_der
from tlsee.explain.dissect.field import Field
from tlsee.explain.layout import short_hex
from tlsee.identity import der
from tlsee.text import count
from tlsee.trace import Role
from tlsee.wire import extensions as ext
from tlsee.wire import messages12, messages13
from tlsee.wire.extensions import status_request
from tlsee.wire.hellos import HelloRetryRequest, ServerHello

# RFC 9846, 4.2.3: the last eight bytes of a ServerHello.random that warn of a downgrade.
_SENTINELS = {
    b"DOWNGRD\x01": "the server speaks TLS 1.3 and was made to take TLS 1.2",
    b"DOWNGRD\x00": "the server speaks TLS 1.2 or newer and was made to take something older",
}
_OCSP_KINDS = (1, 2)  # RFC 6961, 2.2: ocsp and ocsp_multi, which ask alike
_NO_PARTS: tuple[Field, ...] = ()


def _der(content: Content, name: str, shape: Shape) -> Reading:
    found = read_der(name, shape, content.data)
    return found.words, (found,)


@reads((ServerHello, "random"))
def _server_random(content: Content) -> Reading:
    data = content.data
    warning = _SENTINELS.get(data[-8:])
    if warning is None:
        return "", _NO_PARTS
    clause = "RFC 9846, 4.2.3"
    parts = cut(
        data,
        Piece("random_bytes", 24, "made for this handshake alone", clause),
        Piece("downgrade_sentinel", 8, "signed with the rest, so nobody can remove it", clause,
              f"DOWNGRD {data[-1]}: {warning}"),
    )  # fmt: skip
    return f"a warning: {warning}", parts


@reads((HelloRetryRequest, "random"))
def _retry_random(_: Content) -> Reading:
    return "SHA-256 of HelloRetryRequest: what marks this message", _NO_PARTS


@reads((ext.KeyShareEntry, "key_exchange"))
def _share(content: Content) -> Reading:
    group = content.values.get("group")
    if isinstance(group, NamedGroup) and group.is_finite_field:
        return f"a number of {8 * len(content.data):,} bits: {short_hex(content.data)}", _NO_PARTS
    return "", _public(content, group)


@reads((messages12.ServerECDHParams, "public"), (messages12.ClientECDiffieHellmanPublic, "ecdh_Yc"))
def _public12(content: Content) -> Reading:
    group = content.values.get("named_curve")
    if isinstance(group, NamedGroup):
        return "", _public(content, group)
    by_length = {32: NamedGroup.x25519, 56: NamedGroup.x448, 65: NamedGroup.secp256r1,
                 97: NamedGroup.secp384r1, 133: NamedGroup.secp521r1}  # fmt: skip
    return "", _public(content, by_length.get(len(content.data)))


def _public(content: Content, group: object) -> tuple[Field, ...]:
    by_client = content.context.sender is not Role.SERVER
    parts = share(group, content.data, by_client=by_client)
    return parts or share(group, content.data, by_client=not by_client)


@reads(
    (messages12.ServerDHParams, "dh_p"),
    (messages12.ServerDHParams, "dh_g"),
    (messages12.ServerDHParams, "dh_Ys"),
    (messages12.ClientDiffieHellmanPublic, "dh_Yc"),
)
def _number(content: Content) -> Reading:
    number = int.from_bytes(content.data)
    if number < 1 << 32:
        return f"{number:,}", _NO_PARTS
    return f"a number of {number.bit_length():,} bits: {short_hex(content.data)}", _NO_PARTS


@reads(
    (messages13.CertificateVerify, "signature"),
    (messages12.CertificateVerify, "signature"),
    (messages12.DigitallySigned, "signature"),
    (structs.SignedCertificateTimestamp, "signature"),
    (structs.DelegatedCredential, "signature"),
)
def _signature(content: Content) -> Reading:
    scheme = content.values.get("algorithm")
    if not isinstance(scheme, SignatureScheme):
        return "", _NO_PARTS
    if scheme.name.startswith("ecdsa_"):
        words, parts = _der(content, "Ecdsa-Sig-Value", ECDSA_SIGNATURE)
        return f"r and s; r is {words}", parts
    return "", fixed_signature(scheme, content.data)


@reads((messages13.CertificateEntry, "cert_data"), (messages12.Certificate, "certificate_list"))
def _certificate(content: Content) -> Reading:
    if is_key_info(content.data):  # RFC 7250, 3: what the two sides have agreed on
        return _der(content, "SubjectPublicKeyInfo", KEY_INFO)
    return _der(content, "Certificate", CERTIFICATE)


def is_key_info(data: bytes) -> bool:
    """Whether this is a SubjectPublicKeyInfo by its outermost elements, and no Certificate.

    Its first part begins with an algorithm's identifier, a Certificate's with a number.
    """
    try:
        outer = der.element(data, 0, len(data))
        algorithm, *rest = der.children(data, outer)
        first = der.element(data, algorithm.body, algorithm.end)
    except (der.NotDER, ValueError):
        return False
    tags = (outer.tag, algorithm.tag, first.tag, *(one.tag for one in rest))
    shape = (der.SEQUENCE, der.SEQUENCE, der.OBJECT_IDENTIFIER, der.BIT_STRING)
    return outer.end == len(data) and tags == shape


@reads((structs.CertificateStatusRequestItemV2, "request"))
def _status_request(content: Content) -> Reading:
    if content.values.get("status_type") not in _OCSP_KINDS:
        return "", _NO_PARTS
    return _struct(content, status_request.OCSPStatusRequest)


@reads((status_request.OCSPResponse, "response"))
def _ocsp(content: Content) -> Reading:
    return _der(content, "OCSPResponse", OCSP_RESPONSE)


@reads(
    (status_request.OCSPStatusRequest, "responder_id_list"),
)
def _responder(content: Content) -> Reading:
    return _der(content, "ResponderID", Anything())


@reads((status_request.OCSPStatusRequest, "request_extensions"))
def _request_extensions(content: Content) -> Reading:
    return _der(content, "Extensions", EXTENSIONS)


@reads(
    (ext.CertificateAuthorities, "authorities"),
    (messages12.CertificateRequest, "certificate_authorities"),
)
def _authority(content: Content) -> Reading:
    return _der(content, "DistinguishedName", NAME)


@reads((ext.OIDFilter, "certificate_extension_oid"))
def _filter_oid(content: Content) -> Reading:
    return _der(content, "extnID", OID)


@reads((ext.OIDFilter, "certificate_extension_values"))
def _filter_values(content: Content) -> Reading:
    return _der(content, "values", Anything())


@reads(
    (structs.DelegatedCredential, "ASN1_subjectPublicKeyInfo"),
    (messages12.RawPublicKeyCertificate, "subject_public_key_info"),
)
def _key_info(content: Content) -> Reading:
    return _der(content, "SubjectPublicKeyInfo", KEY_INFO)


@reads((ext.SignedCertificateTimestampList, "sct_list"), (structs.SctList, "sct_list"))
def _timestamp(content: Content) -> Reading:
    found = struct_field(structs.SignedCertificateTimestamp, content.data)
    return f"logged {found.words}", found.children


def _timestamps(data: bytes) -> tuple[Field, ...]:
    return struct_field(structs.SctList, data).children


holds_timestamps(_timestamps)


@reads((messages12.ServerKeyExchange, "content"))
def _server_key_exchange(content: Content) -> Reading:
    known = content.context.key_exchange
    tried: list[type] = [messages12.SignedECDHParams, messages12.SignedDHParams]
    if known is KeyExchangeAlgorithm.dhe:
        tried.reverse()
    for cls in tried:
        if not span_of(cls, content.data)[1]:
            return _struct(content, cls)
    return _struct(content, tried[0])


@reads((messages12.ClientKeyExchange, "exchange_keys"))
def _client_key_exchange(content: Content) -> Reading:
    known = content.context.key_exchange
    classes = messages12.CONTENTS[messages12.ClientKeyExchange.msg_type]
    if known is not None:
        return _struct(content, classes[known])
    # A length of one byte that fills the message is ECDHE's; DHE's and RSA's look alike.
    cls = classes[KeyExchangeAlgorithm.ecdhe]
    return "", _NO_PARTS if span_of(cls, content.data)[1] else _struct(content, cls)[1]


def _struct(content: Content, cls: type) -> Reading:
    found = struct_field(cls, content.data, content.context)
    return found.words, (found,)


@reads((structs.ECHConfig, "contents"))
def _ech_config(content: Content) -> Reading:
    if content.values.get("version") != 0xFE0D:
        return "", _NO_PARTS
    return _struct(content, structs.ECHConfigContents)


@reads((structs.QuicTransportParameters, "transport_parameters"))
def _quic(content: Content) -> Reading:
    found: list[Field] = []
    at = 0
    data = content.data
    while at < len(data):
        parts = _quic_parameter(data, at)
        if parts is None:
            return "", _NO_PARTS
        found.append(parts)
        at = parts.end
    return count(len(found), "parameter"), tuple(found)


def _quic_parameter(data: bytes, at: int) -> Field | None:
    """Identifier, length and value, the first two as QUIC's integers (RFC 9000, 16)."""
    begin = at
    numbers: list[tuple[int, int, int]] = []
    for _ in range(2):
        if at >= len(data) or at + (1 << (data[at] >> 6)) > len(data):
            return None
        size = 1 << (data[at] >> 6)
        number = int.from_bytes(data[at : at + size]) & ((1 << (8 * size - 2)) - 1)
        numbers.append((number, at, at + size))
        at += size
    (kind, a, b), (length, c, d) = numbers
    if d + length > len(data):
        return None
    clause = "RFC 9000, 18"
    value = data[d : d + length]
    words = short_hex(value) if value else "empty"
    parts = [
        Field("id", a, b, data[a:b], f"0x{kind:02x}", "which parameter", clause),
        Field("length", c, d, data[c:d], f"{length:,}", "how long it is", clause),
    ]
    if value:
        parts.append(Field("value", d, d + length, value, words, "the parameter", clause))
    raw = data[begin : d + length]
    name = f"parameter 0x{kind:02x}"
    return Field(name, begin, d + length, raw, words, "", clause, None, tuple(parts))

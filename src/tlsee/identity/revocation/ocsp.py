"""OCSP's request and response as bytes (RFC 6960, 4): written and read, not yet believed."""

from __future__ import annotations

import hashlib
from enum import Enum
from hashlib import sha256

from tlsee.identity import der as codec
from tlsee.identity.certificate import CertificateView, Unreadable, guarded
from tlsee.identity.der import Element, NotDER
from tlsee.identity.remembered import Remembered
from tlsee.identity.revocation import bounds, fields
from tlsee.values import value

BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1"
NONCE = "1.3.6.1.5.5.7.48.1.2"

_ID_SHA1 = bytes.fromhex("300906052b0e03021a0500")  # AlgorithmIdentifier with NULL
_ID_NONCE = bytes.fromhex("06092b0601050507300102")
_HASHES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}

# OCSPResponseStatus (RFC 6960, 4.2.1).
STATUSES = {
    0: "successful",
    1: "malformedRequest",
    2: "internalError",
    3: "tryLater",
    5: "sigRequired",
    6: "unauthorized",
}


def tagged(tag: int, *parts: bytes) -> bytes:
    """One DER element."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | octets]) + size.to_bytes(octets, "big") + content


def serial_octets(certificate: CertificateView) -> bytes:
    """The content octets of a certificate's serial number, sign and length as they are."""
    serial = certificate.frame.serial_number
    return certificate.der[serial.body : serial.end]


def key_bits(certificate: CertificateView) -> bytes:
    """The subjectPublicKey's bits, which are what key hashes are over (RFC 6960, 4.1.1)."""
    spki = certificate.spki
    parts = codec.children(spki, codec.element(spki, 0, len(spki)))
    return spki[parts[1].body + 1 : parts[1].end]


def request_for(
    certificate: CertificateView, issuer: CertificateView, nonce: bytes | None = None
) -> bytes:
    """An OCSPRequest for one certificate, unsigned (RFC 6960, 4.1.1). DER.

    The CertID is made with SHA-1: it names a certificate and proves nothing, and it is what all
    responders know (RFC 5019, 2.1.1). Without a nonce, so that responders may answer from a store.
    """
    names = hashlib.sha1(certificate.issuer_der, usedforsecurity=False).digest()
    keys = hashlib.sha1(key_bits(issuer), usedforsecurity=False).digest()
    certificate_id = tagged(
        codec.SEQUENCE,
        _ID_SHA1,
        tagged(fields.OCTET_STRING, names),
        tagged(fields.OCTET_STRING, keys),
        tagged(codec.INTEGER, serial_octets(certificate)),
    )
    listed = tagged(codec.SEQUENCE, tagged(codec.SEQUENCE, certificate_id))
    if nonce is None:
        return tagged(codec.SEQUENCE, tagged(codec.SEQUENCE, listed))
    octets = tagged(fields.OCTET_STRING, tagged(fields.OCTET_STRING, nonce))
    extension = tagged(codec.SEQUENCE, _ID_NONCE, octets)
    extensions = tagged(0xA2, tagged(codec.SEQUENCE, extension))
    return tagged(codec.SEQUENCE, tagged(codec.SEQUENCE, listed, extensions))


class Answer(Enum):
    """CertStatus (RFC 6960, 4.2.1); the value is its context tag."""

    GOOD = 0
    REVOKED = 1
    UNKNOWN = 2


@value
class SingleResponse:
    """What is said of one certificate; ``hash_name`` is empty for a hash that is not known here.

    Dates are seconds since the epoch; ``when`` and ``reason`` are set for a revoked one.
    """

    hash_name: str
    name_hash: bytes
    key_hash: bytes
    serial: bytes
    answer: Answer
    this_update: float
    next_update: float | None
    when: float
    reason: str
    unknown_critical: str

    def is_about(self, certificate: CertificateView, issuer: CertificateView) -> bool:
        """Whether the CertID, made again, is this certificate's (RFC 6960, 3.2 (1))."""
        if not self.hash_name or self.serial != serial_octets(certificate):
            return False
        names = hashlib.new(self.hash_name, certificate.issuer_der, usedforsecurity=False)
        keys = hashlib.new(self.hash_name, key_bits(issuer), usedforsecurity=False)
        return self.name_hash == names.digest() and self.key_hash == keys.digest()


class OCSPResponse:
    """A response that was read; believing it is another matter (``responder``).

    Attributes:
        der, digest: the whole response.
        status: of the OCSPResponse; anything but ``successful`` has nothing below.
        responder_name: its name, comparable, or ``None``; then ``responder_key`` is a hash.
        produced_at: seconds since the epoch. ``singles``: one for each certificate.
        certificates: DER, to find the signer among. ``nonce``: or ``None``.
        unknown_critical: a critical extension that is not understood, or ``""``.

    Raises:
        Unreadable: on construction, whatever is wrong with the bytes.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        if len(der) > bounds.RESPONSE_LENGTH:
            most = bounds.RESPONSE_LENGTH
            raise Unreadable(f"OCSP response: {len(der):,} bytes, and {most:,} are the most")
        self.digest = sha256(der).digest()
        guarded("OCSP response", self._read)

    def _read(self) -> None:
        data = self.der
        parts = codec.children(data, fields.whole(data, codec.SEQUENCE, "OCSP response"))
        if not parts:
            raise NotDER("an empty response")
        code = fields.enumerated(data, parts[0])
        self.status = STATUSES.get(code, f"status {code}")
        self.singles: tuple[SingleResponse, ...] = ()
        self.certificates: tuple[bytes, ...] = ()
        if code:
            return
        if len(parts) != 2 or parts[1].tag != 0xA0:
            raise NotDER("a successful response without its bytes")
        typed = codec.children(data, fields.inner(data, parts[1], codec.SEQUENCE))
        if len(typed) != 2 or typed[1].tag != fields.OCTET_STRING:
            raise NotDER("a successful response without its bytes")
        if fields.object_identifier(data, typed[0]) != BASIC_RESPONSE:
            raise NotDER("a response that is no BasicOCSPResponse")
        self._read_basic(data[typed[1].body : typed[1].end])

    def _read_basic(self, data: bytes) -> None:
        """BasicOCSPResponse."""
        parts = codec.children(data, fields.whole(data, codec.SEQUENCE, "BasicOCSPResponse"))
        if len(parts) not in (3, 4) or parts[0].tag != codec.SEQUENCE:
            raise NotDER("no BasicOCSPResponse")
        self.signed = fields.signed(data, *parts[:3])
        if len(parts) == 4:
            if parts[3].tag != 0xA0:
                raise NotDER("a field that does not belong there")
            listed = codec.children(data, fields.inner(data, parts[3], codec.SEQUENCE))
            if len(listed) > bounds.RESPONDER_CERTIFICATES:
                raise NotDER(f"more than {bounds.RESPONDER_CERTIFICATES} certificates")
            self.certificates = tuple(data[item.start : item.end] for item in listed)
        self._read_content(data, codec.children(data, parts[0]))

    def _read_content(self, data: bytes, content: list[Element]) -> None:
        """ResponseData."""
        if content and content[0].tag == 0xA0:  # the version, of which only the default exists
            raise NotDER("a version that there is not")
        if len(content) not in (3, 4) or content[2].tag != codec.SEQUENCE:
            raise NotDER("no ResponseData")
        self._read_responder(data, content[0])
        self.produced_at = _generalized(data, content[1])
        listed = codec.children(data, content[2])
        if not 0 < len(listed) <= bounds.SINGLE_RESPONSES:
            raise NotDER("no single response, or too many")
        self.singles = tuple(_single(data, item) for item in listed)
        found: dict[str, fields.Extension] = {}
        if len(content) == 4:
            found = _extensions(data, content[3])
        self.nonce: bytes | None = None
        if NONCE in found:
            octets = found[NONCE]
            self.nonce = _nonce(data[octets.body : octets.end])
        self.unknown_critical = _unknown(found)

    def _read_responder(self, data: bytes, responder: Element) -> None:
        self.responder_name: codec.Canonical | None = None
        self.responder_key = b""
        if responder.tag == 0xA1:
            self.responder_name = codec.canonical_name(data[responder.body : responder.end])
        elif responder.tag == 0xA2:
            octets = fields.inner(data, responder, fields.OCTET_STRING)
            self.responder_key = data[octets.body : octets.end]
        else:
            raise NotDER("a responder without name and key")


# A response takes 50 microseconds to read; a server staples the same one for days.
_RESPONSES_REMEMBERED = 256
_remembered: Remembered[bytes, OCSPResponse] = Remembered(_RESPONSES_REMEMBERED)


def read_response(der: bytes) -> OCSPResponse:
    """The response in ``der``, perhaps read before.

    Raises:
        Unreadable: it cannot be read; nothing else is ever raised.
    """
    found = _remembered.get(der)
    if found is None:
        found = OCSPResponse(der)
        _remembered.put(der, found)
    return found


# What is said beside the answer and changes nothing about it (RFC 6960, 4.4).
_UNDERSTOOD = frozenset(
    {
        NONCE,
        "1.3.6.1.5.5.7.48.1.3",  # where the list is that says the same
        "1.3.6.1.5.5.7.48.1.6",  # how far back the responder remembers
        "1.3.6.1.5.5.7.48.1.9",  # it says revoked of certificates that were never issued
        fields.CRL_REASON,
    }
)


def _unknown(found: dict[str, fields.Extension]) -> str:
    unknown = [e.oid for e in found.values() if e.critical and e.oid not in _UNDERSTOOD]
    return unknown[0] if unknown else ""


def _nonce(raw: bytes) -> bytes:
    """The OCTET STRING in the extension's; old responders leave the inner one out."""
    try:
        inner = fields.whole(raw, fields.OCTET_STRING, "nonce")
    except NotDER:
        return raw
    return raw[inner.body :]


def _extensions(data: bytes, explicit: Element) -> dict[str, fields.Extension]:
    if explicit.tag != 0xA1:
        raise NotDER("a field that does not belong there")
    return fields.extensions(data, fields.inner(data, explicit, codec.SEQUENCE))


def _generalized(data: bytes, element: Element) -> float:
    if element.tag != fields.GENERALIZED_TIME:
        raise NotDER("no GeneralizedTime")
    return fields.moment_of(data, element)


def _single(data: bytes, item: Element) -> SingleResponse:
    parts = codec.children(data, item) if item.tag == codec.SEQUENCE else []
    if not 3 <= len(parts) <= 5 or parts[0].tag != codec.SEQUENCE:
        raise NotDER("no single response")
    certificate_id = codec.children(data, parts[0])
    tags = [part.tag for part in certificate_id]
    if tags != [codec.SEQUENCE, fields.OCTET_STRING, fields.OCTET_STRING, codec.INTEGER]:
        raise NotDER("no CertID")
    algorithm, names, keys, serial = certificate_id
    oid = fields.object_identifier(data, codec.element(data, algorithm.body, algorithm.end))
    answer, when, reason = _answer(data, parts[1])
    rest = parts[3:]
    next_update = None
    if rest and rest[0].tag == 0xA0:
        next_update = _generalized(data, fields.inner(data, rest.pop(0), fields.GENERALIZED_TIME))
    found = _extensions(data, rest.pop(0)) if rest else {}
    if rest:
        raise NotDER("a field that does not belong there")
    return SingleResponse(
        _HASHES.get(oid, ""),
        data[names.body : names.end],
        data[keys.body : keys.end],
        data[serial.body : serial.end],
        answer,
        _generalized(data, parts[2]),
        next_update,
        when,
        reason,
        _unknown(found),
    )


def _answer(data: bytes, status: Element) -> tuple[Answer, float, str]:
    """CertStatus: implicit NULLs for good and unknown, RevokedInfo for revoked."""
    if status.tag in (0x80, 0x82) and status.body == status.end:
        return Answer(status.tag & 0x1F), 0.0, ""
    if status.tag != 0xA1:
        raise NotDER("no CertStatus")
    parts = codec.children(data, status)
    if not 1 <= len(parts) <= 2:
        raise NotDER("no RevokedInfo")
    reason = fields.REASONS[0]
    if len(parts) == 2:
        if parts[1].tag != 0xA0:
            raise NotDER("no RevokedInfo")
        inner = fields.inner(data, parts[1], fields.ENUMERATED)
        reason = fields.reason_name(fields.enumerated(data, inner))
    return Answer.REVOKED, _generalized(data, parts[0]), reason

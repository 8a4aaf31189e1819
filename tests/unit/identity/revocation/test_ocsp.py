"""OCSP: requests as others read them, responses believed for a reason, hostile bytes."""

from __future__ import annotations

import contextlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp as library
from hypothesis import given
from hypothesis import strategies as st

from tests.support.certificates import AT, DAY, Extension, authority, forge
from tests.support.revocation import (
    FOR_RESPONSES,
    HOUR,
    LIST_URL,
    NO_CHECK,
    RESPONDER_URL,
    asked,
    asks_at,
    ocsp_response,
    points_to,
    revocation_list,
    serial_of,
)
from tlsee.crypto import private_keys
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import Unreadable, read_certificate
from tlsee.identity.path.known import Fetch, FetchKind
from tlsee.identity.revocation import fields
from tlsee.identity.revocation.ocsp import OCSPResponse, request_for, tagged
from tlsee.identity.revocation.responder import NotBelieved, believe
from tlsee.identity.revocation.status import State
from tlsee.reasons import Reasons

ROOT = authority()
OTHER = authority("Another Root")
TWIN = authority("Test Root")  # the same name, another key


def issued(*extensions: Extension) -> tuple[bytes, bytes]:
    """A chain: a leaf with these extensions, and the root."""
    made = ROOT.issue("server.test", extensions=extensions, not_before=AT - DAY, not_after=AT + DAY)
    leaf = made.chain[0]
    return leaf, ROOT.certificate


CHAIN = issued(asks_at())
LEAF = CHAIN[0]
GOOD = ocsp_response(LEAF, ROOT)
REVOKED = ocsp_response(
    LEAF,
    ROOT,
    status=library.OCSPCertStatus.REVOKED,
    reason=x509.ReasonFlags.cessation_of_operation,
)
FETCH = Fetch(
    FetchKind.OCSP,
    RESPONDER_URL,
    request_for(read_certificate(LEAF), read_certificate(ROOT.certificate)),
)


def delegate(
    issuer: Authority = ROOT, *extensions: Extension, subject: str = "Responder", serial: int = 77
) -> tuple[bytes, object]:
    """A responder's certificate and key."""
    key = private_keys.generate("ecdsa_secp256r1")
    return forge(issuer, extensions, subject=subject, key=key, serial=serial), key


@pytest.mark.parametrize("nonce", [None, b"0123456789abcdef"])
def test_a_request_is_what_the_library_would_write(nonce: bytes | None) -> None:
    """Byte for byte, serial number and hashes included."""
    builder = library.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(LEAF), ROOT._x509, hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    wanted = builder.build().public_bytes(serialization.Encoding.DER)
    made = request_for(read_certificate(LEAF), read_certificate(ROOT.certificate), nonce)
    assert made == wanted


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384()])
def test_good_by_the_issuer(by_name: bool, digest: hashes.HashAlgorithm) -> None:
    """Whatever hash names the certificate and however the responder names itself."""
    status = asked(CHAIN, responses=[ocsp_response(LEAF, ROOT, by_name=by_name, digest=digest)])
    assert status.state is State.GOOD
    assert status.until == AT + DAY
    assert status.source == "given OCSP response"


def test_revoked_with_date_and_reason() -> None:
    """And it outweighs a good answer from elsewhere, in whatever order they come."""
    for responses in ([REVOKED], [GOOD, REVOKED], [REVOKED, GOOD]):
        status = asked(CHAIN, responses=responses)
        assert status.state is State.REVOKED
        assert status.reason is Reasons.certificate_revoked
        assert "cessationOfOperation" in status.detail
    assert asked(CHAIN, responses=[REVOKED], crls=[revocation_list(ROOT)]).state is State.REVOKED
    assert asked(CHAIN, responses=[GOOD], crls=[revocation_list(ROOT, [LEAF])]).state is (
        State.REVOKED
    )


UNKNOWN_EXTENSION = (
    x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    True,
)
SIBLING = forge(ROOT, serial=5)
REFUSED = {
    "other-certificate": (ocsp_response(SIBLING, ROOT), "another certificate"),
    "forged": (
        ocsp_response(LEAF, ROOT, delegate=(TWIN.certificate, TWIN._key), by_name=True),
        "not signed with the key of Test Root",
    ),
    "old": (ocsp_response(LEAF, ROOT, since=AT - 2 * DAY, until=AT - DAY), "superseded"),
    "old-without-next": (ocsp_response(LEAF, ROOT, since=AT - 2 * DAY, until=None), "superseded"),
    "early": (ocsp_response(LEAF, ROOT, since=AT + HOUR), "from the future"),
    "critical": (
        ocsp_response(LEAF, ROOT, extensions=[UNKNOWN_EXTENSION]),
        "critical extension 1.2.3.4",
    ),
    "unknown": (
        ocsp_response(LEAF, ROOT, status=library.OCSPCertStatus.UNKNOWN),
        "does not know the certificate",
    ),
    "no-delegate": (
        ocsp_response(LEAF, ROOT, delegate=delegate()),
        "not for signing OCSP responses",
    ),
    "foreign-delegate": (
        ocsp_response(LEAF, ROOT, delegate=delegate(OTHER, FOR_RESPONSES)),
        "not issued by Test Root",
    ),
    "forged-delegate": (
        ocsp_response(LEAF, ROOT, delegate=delegate(TWIN, FOR_RESPONSES)),
        "not signed with the key of Test Root",
    ),
    "critical-delegate": (
        ocsp_response(LEAF, ROOT, delegate=delegate(ROOT, FOR_RESPONSES, UNKNOWN_EXTENSION)),
        "critical extension 1.2.3.4",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_response_that_does_not_count_says_why(case: str) -> None:
    """Fetched, it neither accuses nor acquits; stapled, it ends the handshake (RFC 6066, 8)."""
    der, why = REFUSED[case]
    status = asked(CHAIN, fetched={FETCH: der})
    assert status.state is State.UNKNOWN
    assert why in status.detail
    assert not status.fatal
    stapled = asked(CHAIN, stapled=der)
    assert stapled.state is State.UNKNOWN
    assert stapled.reason is Reasons.bad_staple
    assert stapled.fatal
    assert why in stapled.detail


def test_a_bad_staple_is_not_saved_by_a_good_list() -> None:
    """Whoever staples something false is refused, not listened to elsewhere."""
    forged = REFUSED["forged"][0]
    status = asked(CHAIN, stapled=forged, crls=[revocation_list(ROOT)], responses=[GOOD])
    assert status.fatal
    revoked = asked(CHAIN, stapled=forged, crls=[revocation_list(ROOT, [LEAF])])
    assert revoked.state is State.REVOKED


def test_a_staple_that_only_says_later_is_none() -> None:
    """tryLater and its like are not signed and say nothing about the certificate."""
    later = library.OCSPResponseBuilder.build_unsuccessful(library.OCSPResponseStatus.TRY_LATER)
    der = later.public_bytes(serialization.Encoding.DER)
    status = asked(CHAIN, stapled=der)
    assert status.state is State.UNKNOWN
    assert not status.fatal
    assert status.needs == (FETCH,)
    assert asked(CHAIN, stapled=der, fetched={FETCH: GOOD}).state is State.GOOD
    assert "tryLater" in asked(CHAIN, fetched={FETCH: der}).detail


def test_a_staple_decides_and_says_so() -> None:
    """``stapled`` is what a must-staple certificate is held to."""
    status = asked(CHAIN, stapled=GOOD)
    assert (status.state, status.stapled) == (State.GOOD, True)
    assert not asked(CHAIN, responses=[GOOD]).stapled
    assert asked(CHAIN, stapled=REVOKED).state is State.REVOKED


@pytest.mark.parametrize("by_name", [True, False])
def test_a_delegate_of_the_issuer_may_answer(by_name: bool) -> None:
    """RFC 6960, 4.2.2.2: issued by the same authority, for this purpose."""
    signer = delegate(ROOT, FOR_RESPONSES, NO_CHECK)
    response = ocsp_response(LEAF, ROOT, delegate=signer, by_name=by_name)
    assert asked(CHAIN, stapled=response).state is State.GOOD
    longer = ocsp_response(LEAF, ROOT, delegate=signer, until=AT + 3 * DAY)
    late = asked(CHAIN, stapled=longer, at=AT + 2 * DAY)
    assert late.fatal
    assert "not valid at this moment" in late.detail


def test_a_revoked_delegate_does_not_count() -> None:
    """Without id-pkix-ocsp-nocheck a list may take its certificate back; with it nobody asks."""
    crl = revocation_list(ROOT, [77])
    checked = ocsp_response(LEAF, ROOT, delegate=delegate(ROOT, FOR_RESPONSES))
    assert asked(CHAIN, stapled=checked).state is State.GOOD
    assert "responder's certificate is revoked" in asked(CHAIN, stapled=checked, crls=[crl]).detail
    unchecked = ocsp_response(LEAF, ROOT, delegate=delegate(ROOT, FOR_RESPONSES, NO_CHECK))
    assert asked(CHAIN, stapled=unchecked, crls=[crl]).state is State.GOOD


def test_the_responder_is_asked_before_lists_are_fetched() -> None:
    """One answer for one certificate costs less than a list; a failure moves on."""
    chain = issued(asks_at(), points_to())
    (first,) = asked(chain).needs
    assert first.kind is FetchKind.OCSP
    assert first.url == RESPONDER_URL
    failed = asked(chain, fetched={first: "refused"})
    assert failed.needs == (Fetch(FetchKind.CRL, LIST_URL),)
    assert asked(chain, crls=[revocation_list(ROOT)]).needs == ()
    answered = {first: ocsp_response(chain[0], ROOT)}
    assert asked(chain, fetched=answered).state is State.GOOD


def test_only_plain_http_is_asked() -> None:
    """RFC 5280, 8: a certificate must not make its reader open other things, nor TLS in TLS."""
    for url in ("https://x.test/", "ldap://x.test/", "file:///etc/passwd", "http://a\nb/",
                "http://" + "x" * 2000):  # fmt: skip
        assert asked(issued(asks_at(url))).needs == ()


def test_a_nonce_may_be_missing_and_not_wrong() -> None:
    """RFC 6960, 4.4.1; most responders answer from a store."""
    leaf, root = read_certificate(LEAF), read_certificate(ROOT.certificate)
    nonced = ocsp_response(LEAF, ROOT, extensions=[(x509.OCSPNonce(b"n" * 16), False)])
    believe(OCSPResponse(nonced), leaf, root, AT, b"n" * 16)
    believe(OCSPResponse(GOOD), leaf, root, AT, b"n" * 16)
    with pytest.raises(NotBelieved, match="nonce"):
        believe(OCSPResponse(nonced), leaf, root, AT, b"m" * 16)


def test_no_revocation_available_is_believed_where_it_may_stand() -> None:
    """RFC 9608, 3 and 4; a list that has it all the same wins."""
    never = (
        x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.56"), b"\x05\x00"),
        False,
    )
    chain = issued(never)
    assert asked(chain).state is State.GOOD
    assert asked(chain, crls=[revocation_list(ROOT, [chain[0]])]).state is State.REVOKED
    assert asked(issued(never, asks_at())).state is State.UNKNOWN
    assert asked(issued(never, points_to())).state is State.UNKNOWN
    ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    assert asked((forge(ROOT, [ca, never]), ROOT.certificate)).state is State.UNKNOWN


def test_several_single_responses_the_newest_about_this_one() -> None:
    """Others in the same response are passed over; two about one certificate: the newer."""
    parsed = OCSPResponse(GOOD)
    older = OCSPResponse(ocsp_response(LEAF, ROOT, since=AT - 2 * HOUR)).singles[0]
    other = OCSPResponse(ocsp_response(SIBLING, ROOT)).singles[0]
    newest = parsed.singles[0]
    parsed.singles = (other, older, newest)
    leaf, root = read_certificate(LEAF), read_certificate(ROOT.certificate)
    assert believe(parsed, leaf, root, AT)[0] is newest


DELEGATED = ocsp_response(LEAF, ROOT, delegate=delegate(ROOT, FOR_RESPONSES, NO_CHECK))


@given(st.sampled_from([GOOD, DELEGATED]), st.integers(0, len(DELEGATED) - 1), st.integers(0, 255))
def test_a_damaged_response_acquits_nobody(response: bytes, place: int, octet: int) -> None:
    """One changed byte, by the issuer or by a delegate: no exception, and never GOOD."""
    place %= len(response)
    damaged = response[:place] + bytes([octet]) + response[place + 1 :]
    status = asked(CHAIN, stapled=damaged)
    if damaged != response:
        assert status.state is State.UNKNOWN


@pytest.mark.parametrize("back", [1, 20])
def test_a_delegates_signature_is_looked_at(back: int) -> None:
    """Of the response itself: its last bytes before the certificates."""
    parsed = OCSPResponse(DELEGATED)
    place = DELEGATED.index(parsed.signed.signature) + len(parsed.signed.signature) - back
    damaged = DELEGATED[:place] + bytes([DELEGATED[place] ^ 1]) + DELEGATED[place + 1 :]
    assert "not signed with the key of Responder" in asked(CHAIN, stapled=damaged).detail


@given(st.binary(max_size=100))
def test_any_bytes_are_at_worst_unreadable(data: bytes) -> None:
    """Alone, and as the basic response in a whole one."""
    oid = bytes.fromhex("06092b0601050507300101")
    basic = tagged(0x30, oid, tagged(fields.OCTET_STRING, data))
    for der in (data, tagged(0x30, b"\x0a\x01\x00", tagged(0xA0, basic))):
        with contextlib.suppress(Unreadable):
            OCSPResponse(der)


def test_the_certificate_id_is_made_again_from_the_certificate() -> None:
    """Another issuer's key with the same name and serial number is another certificate."""
    same = forge(TWIN, serial=serial_of(LEAF))
    assert "another certificate" in asked(CHAIN, stapled=ocsp_response(same, TWIN)).detail

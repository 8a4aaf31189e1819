"""Revocation lists: who may speak, when, about what, and what a broken one does."""

from __future__ import annotations

import contextlib

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tests.support.certificates import AT, DAY, authority, forge, name_of
from tests.support.revocation import (
    HOUR,
    LIST_URL,
    asked,
    points_to,
    revocation_list,
    serial_of,
)
from tlsee.crypto import private_keys
from tlsee.identity import der as codec
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import Unreadable
from tlsee.identity.path.known import Fetch, FetchKind
from tlsee.identity.pem import to_pem
from tlsee.identity.revocation import bounds, lists, ocsp
from tlsee.identity.revocation.lists import RevocationList, lists_in, read_list
from tlsee.identity.revocation.ocsp import tagged
from tlsee.identity.revocation.status import State
from tlsee.reasons import Reasons

ROOT = authority()
OTHER = authority("Another Root")
LEAF = ROOT.issue("server.test", not_before=AT - DAY, not_after=AT + DAY).chain[0]
CHAIN = (LEAF, ROOT.certificate)
UNKNOWN_EXTENSION = (
    x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    True,
)


def point(**options: object) -> tuple[x509.ExtensionType, bool]:
    """An issuing distribution point with these flags."""
    values: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
        **options,
    }
    return x509.IssuingDistributionPoint(**values), True  # type: ignore[arg-type]


def test_listed_is_revoked_with_date_and_reason() -> None:
    """An entry decides, and the answer says since when, why, and who says so."""
    crl = revocation_list(ROOT, [LEAF], reason=x509.ReasonFlags.key_compromise)
    status = asked(CHAIN, crls=[crl])
    assert status.state is State.REVOKED
    assert status.reason is Reasons.certificate_revoked
    assert "keyCompromise" in status.detail
    assert "2026-09-21 12:13:20" in status.detail
    assert status.source == "CRL of Test Root"


@pytest.mark.parametrize(
    "reason", [x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl]
)
def test_whatever_the_reason_listed_is_revoked(reason: x509.ReasonFlags) -> None:
    """A hold may end, and a complete list removes nothing: until then it is refused."""
    assert asked(CHAIN, crls=[revocation_list(ROOT, [LEAF], reason=reason)]).state is State.REVOKED


def test_not_listed_is_good_until_the_next_update() -> None:
    """The answer carries the date at which it ceases to hold."""
    status = asked(CHAIN, crls=[revocation_list(ROOT, [serial_of(LEAF) + 1])])
    assert status.state is State.GOOD
    assert status.until == AT + DAY


def test_without_any_list_nothing_is_known() -> None:
    """It says that there is nobody to ask, and needs nothing."""
    status = asked(CHAIN)
    assert status.state is State.UNKNOWN
    assert status.reason is Reasons.revocation_unknown
    assert "does not say whom to ask" in status.detail
    assert status.needs == ()


@pytest.mark.parametrize(
    ("crl", "why"),
    [
        (revocation_list(ROOT, since=AT - 2 * DAY, until=AT - DAY), "superseded"),
        (revocation_list(ROOT, since=AT + DAY / 2), "from the future"),
        (revocation_list(ROOT, key=OTHER._key), "not signed with the key of Test Root"),
        (revocation_list(ROOT, extensions=[UNKNOWN_EXTENSION]), "critical extension 1.2.3.4"),
        (
            revocation_list(ROOT, [4711], entry_extensions=[UNKNOWN_EXTENSION]),
            "an entry has the critical extension 1.2.3.4",
        ),
        (
            revocation_list(ROOT, extensions=[(x509.DeltaCRLIndicator(1), True)]),
            "a delta list",
        ),
        (revocation_list(ROOT, extensions=[point(indirect_crl=True)]), "an indirect list"),
        (
            revocation_list(
                ROOT,
                [4711],
                entry_extensions=[
                    (x509.CertificateIssuer([x509.DirectoryName(name_of("x"))]), True)
                ],
            ),
            "entries of other authorities",
        ),
        (
            revocation_list(ROOT, extensions=[point(only_contains_ca_certs=True)]),
            "for other certificates",
        ),
        (
            revocation_list(ROOT, extensions=[point(only_contains_attribute_certs=True)]),
            "for other certificates",
        ),
        (
            revocation_list(
                ROOT,
                extensions=[
                    point(full_name=[x509.UniformResourceIdentifier("http://lists.test/2")])
                ],
            ),
            "for other certificates",
        ),
        (b"\x30\x03\x02\x01\x01", "revocation list: a list is three fields"),
    ],
    ids=[
        "old",
        "early",
        "forged",
        "critical",
        "critical-entry",
        "delta",
        "indirect",
        "others-entries",
        "for-authorities",
        "for-attributes",
        "other-point",
        "garbage",
    ],
)
def test_a_list_that_does_not_count_says_why(crl: bytes, why: str) -> None:
    """It neither accuses nor acquits, and the reason is told."""
    status = asked(CHAIN, crls=[crl])
    assert status.state is State.UNKNOWN
    assert why in status.detail


def test_another_authoritys_list_is_not_looked_at() -> None:
    """The name decides before the signature does."""
    assert asked(CHAIN, crls=[revocation_list(OTHER, [LEAF])]).state is State.UNKNOWN


def test_the_newest_list_of_one_scope_counts() -> None:
    """A hold that has ended stands on the older list only."""
    older = revocation_list(ROOT, [LEAF], since=AT - 2 * HOUR)
    newer = revocation_list(ROOT, since=AT - HOUR)
    assert asked(CHAIN, crls=[older, newer]).state is State.GOOD
    older = revocation_list(ROOT, since=AT - 2 * HOUR)
    newer = revocation_list(ROOT, [LEAF], since=AT - HOUR)
    assert asked(CHAIN, crls=[older, newer]).state is State.REVOKED


def test_a_newer_list_that_does_not_count_hides_no_older_one() -> None:
    """A forgery with a later date must not switch the true one off."""
    true = revocation_list(ROOT, [LEAF], since=AT - 2 * HOUR)
    forged = revocation_list(ROOT, since=AT - HOUR, key=OTHER._key)
    assert asked(CHAIN, crls=[true, forged]).state is State.REVOKED


def partitioned(url: str, revoked: list[bytes] | None = None, **options: object) -> bytes:
    """A list for one distribution point."""
    names = [x509.UniformResourceIdentifier(url)]
    return revocation_list(ROOT, revoked or [], extensions=[point(full_name=names, **options)])


def issued_with(*extensions: tuple[x509.ExtensionType, bool]) -> tuple[bytes, bytes]:
    """A chain of a leaf with these extensions and the root."""
    made = ROOT.issue("server.test", extensions=extensions, not_before=AT - DAY, not_after=AT + DAY)
    return made.chain[0], ROOT.certificate


def test_a_partition_speaks_for_its_own_certificates_only() -> None:
    """RFC 5280, 6.3.3 (b)(2)(i): the certificate names the point that the list is for."""
    chain = issued_with(points_to("http://lists.test/1"))
    assert asked(chain, crls=[partitioned("http://lists.test/2", [chain[0]])]).needs
    assert asked(chain, crls=[partitioned("http://lists.test/1")]).state is State.GOOD
    revoked = partitioned("http://lists.test/1", [chain[0]])
    assert asked(chain, crls=[revoked]).state is State.REVOKED


def test_lists_for_some_reasons_have_to_cover_all_of_them() -> None:
    """RFC 5280, 6.3.3 (d): half of the reasons acquit nobody, and one entry accuses."""
    some = frozenset([x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise])
    others = (
        frozenset(x509.ReasonFlags)
        - some
        - {
            x509.ReasonFlags.unspecified,
            x509.ReasonFlags.remove_from_crl,
        }
    )
    first = revocation_list(ROOT, extensions=[point(only_some_reasons=some)])
    second = revocation_list(ROOT, extensions=[point(only_some_reasons=others)])
    accusing = revocation_list(ROOT, [LEAF], extensions=[point(only_some_reasons=others)])
    assert asked(CHAIN, crls=[first]).state is State.UNKNOWN
    assert asked(CHAIN, crls=[first, second]).state is State.GOOD
    assert asked(CHAIN, crls=[first, accusing]).state is State.REVOKED


def test_user_certificates_only_is_enough_for_a_leaf() -> None:
    """onlyContainsUserCerts: for a leaf, and not for an authority."""
    crl = revocation_list(ROOT, extensions=[point(only_contains_user_certs=True)])
    assert asked(CHAIN, crls=[crl]).state is State.GOOD
    between = ROOT.issue_intermediate("Between", not_before=AT - DAY, not_after=AT + DAY)
    assert asked((between.certificate, ROOT.certificate), crls=[crl]).state is State.UNKNOWN


def test_a_point_relative_to_the_issuer_is_completed() -> None:
    """nameRelativeToCRLIssuer in both places means the same point."""
    relative = x509.RelativeDistinguishedName(
        [x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "lists 1")]
    )
    named = x509.CRLDistributionPoints([x509.DistributionPoint(None, relative, None, None)])
    chain = issued_with((named, False))
    crl = revocation_list(ROOT, [chain[0]], extensions=[point(relative_name=relative)])
    assert asked(chain, crls=[crl]).state is State.REVOKED


def test_the_key_must_be_allowed_to_sign_lists() -> None:
    """RFC 5280, 6.3.3 (f): a key usage without cRLSign."""
    key = private_keys.generate("ecdsa_secp256r1")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    root = forge(None, [ca, (usage, True)], subject="Test Root", key=key)
    made = Authority(x509.load_der_x509_certificate(root), key)
    leaf = forge(made)
    status = asked((leaf, root), crls=[revocation_list(made, [leaf])])
    assert status.state is State.UNKNOWN
    assert "may not sign lists" in status.detail


def lists_signer(vouched_by: Authority, serial: int = 98) -> tuple[bytes, object]:
    """A certificate under the root's own name for a key that signs lists, and that key."""
    key = private_keys.generate("ecdsa_secp256r1")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    der = forge(vouched_by, [(usage, True)], subject=ROOT._x509.subject, key=key, serial=serial)
    return der, key


def test_a_key_of_its_own_for_lists_counts_when_it_is_vouched_for() -> None:
    """RFC 5280, 6.3.3 (f): vouched for by an authority on the path, and itself not revoked."""
    signer, key = lists_signer(ROOT, serial=99)
    fresh = revocation_list(ROOT, [LEAF], key=key)
    about_signer = revocation_list(ROOT, since=AT - 2 * HOUR)
    assert asked(CHAIN, crls=[fresh]).state is State.UNKNOWN
    assert asked(CHAIN, crls=[fresh, about_signer], pool=[signer]).state is State.REVOKED
    clean = revocation_list(ROOT, key=key)
    assert asked(CHAIN, crls=[clean], pool=[signer]).state is State.UNKNOWN
    stranger, stranger_key = lists_signer(OTHER)
    forged = revocation_list(ROOT, key=stranger_key)
    assert asked(CHAIN, crls=[forged], pool=[stranger]).state is State.UNKNOWN


def test_a_namesake_of_the_root_vouches_for_nobody() -> None:
    """The same name with another key: its signer's list neither accuses nor acquits."""
    stranger, key = lists_signer(authority("Test Root"))
    accusing = revocation_list(ROOT, [LEAF], key=key)
    true = revocation_list(ROOT, since=AT - 2 * HOUR)
    assert asked(CHAIN, crls=[accusing, true], pool=[stranger]).state is State.GOOD
    assert asked(CHAIN, crls=[accusing], pool=[stranger]).state is State.UNKNOWN


def test_a_lists_signer_that_is_revoked_does_not_count() -> None:
    """As PKITS 4.4.21."""
    signer, key = lists_signer(ROOT, serial=99)
    partition = partitioned("http://lists.test/1")
    assert asked(CHAIN, crls=[partition]).state is State.UNKNOWN
    clean = revocation_list(ROOT, key=key, since=AT - HOUR)
    revoking = revocation_list(
        ROOT, [99], since=AT - 2 * HOUR, extensions=[point(only_contains_user_certs=True)]
    )
    leafless = revocation_list(ROOT, [99, LEAF], since=AT - 2 * HOUR)
    assert asked(CHAIN, crls=[clean, leafless], pool=[signer]).state is State.REVOKED
    status = asked(CHAIN, crls=[clean, revoking], pool=[signer])
    assert status.state is State.GOOD  # by the root's own list, which is for leaves
    assert status.until is not None


def test_lists_are_named_as_needs_and_used_when_they_came() -> None:
    """The first URL of each point; a failure moves on to the next, and then there is no more."""
    chain = issued_with(points_to())
    fetch = Fetch(FetchKind.CRL, LIST_URL)
    assert asked(chain).needs == (fetch,)
    assert asked(chain, offline=True).needs == ()
    failed = asked(chain, fetched={fetch: "no such host"})
    assert failed.needs == ()
    assert "no such host" in failed.detail
    crl = revocation_list(ROOT, [chain[0]])
    assert asked(chain, fetched={fetch: crl}).state is State.REVOKED
    assert "another authority's" in asked(chain, fetched={fetch: revocation_list(OTHER)}).detail


def test_a_serial_numbers_sign_and_length_count() -> None:
    """255 and -1 have the same last octet and are two numbers (PKITS 4.4.14 to 4.4.18)."""
    for serial, other in ((0xFF, 0x7F), (0x1FF, 0xFF), (2**158 - 1, 2**157 - 1)):
        leaf = forge(ROOT, serial=serial)
        assert asked((leaf, ROOT.certificate), crls=[revocation_list(ROOT, [other])]).state is (
            State.GOOD
        )
        assert asked((leaf, ROOT.certificate), crls=[revocation_list(ROOT, [serial])]).state is (
            State.REVOKED
        )


def handmade(entries: bytes) -> RevocationList:
    """A list with these entries, unsigned."""
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    issuer = bytes.fromhex("300d310b3009060355040613024445")
    dates = b"\x17\x0d260101000000Z\x17\x0d270101000000Z"
    content = tagged(0x30, b"\x02\x01\x01", algorithm, issuer, dates, tagged(0x30, entries))
    return RevocationList(tagged(0x30, content, algorithm, b"\x03\x02\x00\x00"))


DATE = b"\x17\x0d250101000000Z"


@given(st.sets(st.binary(min_size=1, max_size=20), max_size=200), st.binary(min_size=1))
def test_the_index_finds_what_is_there_and_nothing_else(serials: set[bytes], other: bytes) -> None:
    """Each serial number, at any size of the table."""
    numbers = {b"\x01" + serial for serial in serials}
    made = handmade(b"".join(tagged(0x30, tagged(2, n), DATE) for n in sorted(numbers)))
    assert len(made.serials()) == len(numbers)
    for number in numbers:
        assert made.entry(number) is not None
    found = made.entry(b"\x01" + other)
    assert (found is not None) == (b"\x01" + other in numbers)


@pytest.mark.parametrize(
    "entry",
    [
        b"\x30\x00",
        tagged(0x30, DATE, tagged(2, b"\x01")),
        tagged(0x30, tagged(2, b"\x00\x01\x01"[:2]), DATE),
        tagged(0x30, tagged(2, b"\x01"), b"\x17\x0c2501010000Z"),
        tagged(0x30, tagged(2, b"\x01"), DATE, b"\x00"),
        tagged(0x30, tagged(2, b"\x01"), DATE, b"\x30\x05\x30\x03\x06\x01\x2a"),
        b"\x30\x7f" + tagged(2, b"\x01") + DATE,
        tagged(0x31, tagged(2, b"\x01"), DATE),
    ],
)
def test_an_entry_that_is_none_makes_the_list_unreadable(entry: bytes) -> None:
    """Whoever serves the list wrote it; whatever it is, the only exception is this one."""
    with pytest.raises(Unreadable):
        handmade(entry).serials()


GOOD_LIST = revocation_list(
    ROOT, [LEAF, 5], reason=x509.ReasonFlags.superseded, extensions=[point(full_name=[
        x509.DirectoryName(name_of("x")), x509.UniformResourceIdentifier(LIST_URL)]),
        (x509.CRLNumber(7), False)],
)  # fmt: skip


@given(st.integers(0, len(GOOD_LIST) - 1), st.integers(0, 255))
def test_damaged_lists_raise_nothing(place: int, octet: int) -> None:
    """One changed byte: the status is some status, and never GOOD by a list that was changed."""
    damaged = GOOD_LIST[:place] + bytes([octet]) + GOOD_LIST[place + 1 :]
    status = asked(CHAIN, crls=[damaged])
    if damaged != GOOD_LIST:
        assert status.state is State.UNKNOWN


@given(st.binary(max_size=200))
def test_any_bytes_are_at_worst_unreadable(data: bytes) -> None:
    """Neither the frame nor the entries raise anything else."""
    with contextlib.suppress(Unreadable):
        read_list(b"\x30" + data).serials()


def test_lists_come_as_pem_or_der() -> None:
    """What the configuration takes; the entries are read at once, so that a fault shows then."""
    one, two = revocation_list(ROOT), revocation_list(OTHER)
    pem = b"".join(to_pem(der) for der in (one, two)).replace(b"CERTIFICATE", b"X509 CRL")
    assert lists_in(pem) == (one, two)
    assert lists_in(one) == (one,)
    for bad in (
        b"",
        b"no list",
        to_pem(LEAF),
        b"-----BEGIN X509 CRL-----\nA\n-----END X509 CRL-----",
    ):
        with pytest.raises(Unreadable):
            lists_in(bad)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists from outside cannot fill the memory: the oldest goes."""
    shelf = lists._Shelf()
    monkeypatch.setattr(bounds, "BYTES_REMEMBERED", 2 * len(GOOD_LIST))
    for number in range(5):
        shelf.get(revocation_list(ROOT, [number + 1]))
    assert shelf._length <= 2 * len(GOOD_LIST)
    assert sum(map(len, shelf._lists)) == shelf._length


def test_a_list_beyond_the_bound_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is a response."""
    monkeypatch.setattr(bounds, "LIST_LENGTH", 100)
    monkeypatch.setattr(bounds, "RESPONSE_LENGTH", 10)
    with pytest.raises(Unreadable, match="are the most"):
        RevocationList(GOOD_LIST)
    with pytest.raises(Unreadable, match="are the most"):
        ocsp.OCSPResponse(bytes(11))


def test_lists_that_do_not_belong_together_end_within_the_budget() -> None:
    """A hundred forgeries under the issuer's name: the work stops, the answer is no acquittal."""
    forged = [revocation_list(ROOT, [n + 1], key=OTHER._key) for n in range(40)]
    true = revocation_list(ROOT, since=AT - 2 * HOUR)
    status = asked(CHAIN, crls=[*forged, true])
    assert status.state is State.UNKNOWN


@pytest.mark.parametrize("count", [200, 20_000])
def test_looking_one_up_costs_the_same_whatever_the_number(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in elements read: a few for each look, with a hundred times the entries too."""
    numbers = [b"\x01" + number.to_bytes(4, "big") for number in range(count)]
    made = handmade(b"".join(tagged(0x30, tagged(2, number), DATE) for number in numbers))
    assert len(made.serials()) == count
    read = []
    plain = codec.element

    def counted(data: bytes, at: int, end: int) -> codec.Element:
        read.append(at)
        return plain(data, at, end)

    monkeypatch.setattr(codec, "element", counted)
    sought = numbers[:: count // 100]
    for number in sought:
        assert made.entry(number) is not None
    assert len(read) < 12 * len(sought)


def test_a_list_is_read_and_indexed_once() -> None:
    """The same bytes give the same list, with its index."""
    der = revocation_list(ROOT, [4711])
    assert read_list(der) is read_list(bytes(der))
    assert read_list(der).serials() is read_list(der).serials()

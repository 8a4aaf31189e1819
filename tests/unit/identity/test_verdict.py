"""A verdict is data: what ended each path, where in the bytes, and what would change it."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.support.certificates import (
    AT,
    CA,
    DAY,
    HOST,
    SERVER_AUTH,
    VALID,
    Extension,
    accepted,
    alt_names,
    authority,
    forge,
    issued_by,
    judged,
    name_of,
    refused,
    store,
)
from tlsee.codes import AlertDescription
from tlsee.crypto.private_keys import generate
from tlsee.errors import Reasons
from tlsee.identity.authority import Authority
from tlsee.identity.path import bounds
from tlsee.identity.path.judge import Verdict, judge_again
from tlsee.identity.path.known import Fetch, FetchKind, Known, Needs
from tlsee.identity.path.public_suffixes import SUFFIXES
from tlsee.identity.path.purpose import Purpose
from tlsee.identity.pem import to_pem
from tlsee.identity.trust import Profile
from tlsee.values import replace

CA_ISSUERS = AuthorityInformationAccessOID.CA_ISSUERS
URL = "http://ca.test/between.cer"
AIA = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(CA_ISSUERS, x509.UniformResourceIdentifier(url))
        for url in (URL, "ldap://ca.test/cn=Between")
    ]
)


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority()


def ended_by(verdict: Verdict) -> tuple[str, bytes]:
    """The rule that ended the path that is told, and the bytes that did it."""
    assert verdict.path is not None
    assert verdict.path.ended_by is not None
    certificate, check = verdict.path.ended_by
    assert check.reason is verdict.reason
    start, end = check.span or (0, 0)
    return check.name, certificate.der[start:end]


def test_an_expired_certificate_shows_its_date(root: Authority) -> None:
    """The thirteen characters of notAfter, and of notBefore where that is the trouble."""
    old = root.issue(HOST, not_before=AT - 9 * DAY, not_after=AT - DAY).chain
    new = root.issue(HOST, not_before=AT + DAY, not_after=AT + 2 * DAY).chain

    assert ended_by(judged(old, root)) == ("dates", b"260920141320Z")
    assert ended_by(judged(new, root)) == ("dates", b"260922141320Z")


def test_other_fields_are_shown_whole(root: Authority) -> None:
    """An extension with its identifier, a key with its algorithm; nothing where one is missing."""
    rule, shown = ended_by(judged(root.issue("other.test", **VALID).chain, root))
    assert (rule, b"other.test" in shown, shown[:2]) == ("name", True, b"\x30\x15")
    assert ended_by(judged([forge(root, [])], root)) == ("name", b"")


def test_the_alert_and_what_ends_soon(root: Authority) -> None:
    """What a handshake would send; and for the good, who ends within 14 days."""
    assert judged([], root).alert == AlertDescription.decode_error
    verdict = accepted(root.issue(HOST, **VALID).chain, root)
    assert verdict.alert is None
    assert [view.subject for view in verdict.expiring] == [HOST, "Test Root"]
    long = authority("Long", not_after=AT + 99 * DAY)
    late = long.issue(HOST, not_before=AT - DAY, not_after=AT + 14 * DAY + 1)
    assert accepted(late.chain, long).expiring == ()


def test_another_date_would_do(root: Authority) -> None:
    """The nearest moment at which the whole path is valid, judged again."""
    chain = root.issue(HOST, not_before=AT - DAY, not_after=AT - 7200).chain
    (found,) = judged(chain, root).what_ifs()

    assert found.change == "judged on 2026-09-21 12:13:20 UTC"
    assert found.accepted
    assert found.verdict is not None
    assert found.verdict.at == AT - 7200


def test_another_date_would_not_do_alone(root: Authority) -> None:
    """Nothing is promised that a judgement does not confirm."""
    chain = root.issue("other.test", not_before=AT - DAY, not_after=AT - 7200).chain
    assert judged(chain, root).what_ifs() == ()
    assert accepted(root.issue(HOST, **VALID).chain, root).what_ifs() == ()
    other = authority("Partner Root")
    chain = (*other.issue("other.test", **VALID).chain, other.certificate)
    assert judged(chain, root).what_ifs() == ()


def test_another_anchor_would_do(root: Authority) -> None:
    """The root that was presented and is in no store; and the self-signed itself."""
    other = authority("Partner Root")
    chain = (*other.issue(HOST, **VALID).chain, other.certificate)
    found = judged(chain, root).what_ifs()
    assert [(one.change, one.accepted) for one in found] == [("Partner Root an anchor too", True)]

    alone = [forge(None, [(alt_names(HOST), False)])]
    assert [one.change for one in judged(alone, root).what_ifs()] == [f"{HOST} an anchor too"]


def test_another_name_would_do(root: Authority) -> None:
    """Asked for by a name that it has, wildcards filled."""
    chain = root.issue("*.other.test", **VALID).chain
    assert [one.change for one in judged(chain, root).what_ifs()] == ["asked for www.other.test"]


def missing_issuer(root: Authority) -> tuple[list[bytes], bytes]:
    between = root.issue_intermediate("Between", **VALID)
    leaf = forge(between, [(alt_names(HOST), False), (AIA, False)])
    return [leaf], between.certificate


def test_the_issuer_at_the_address_in_the_leaf_would_do(root: Authority) -> None:
    """First what has to be fetched, then, with it, the verdict; LDAP is not asked."""
    chain, between = missing_issuer(root)
    verdict = refused(chain, root, Reasons.unknown_ca)

    (asked,) = verdict.what_ifs()
    assert (asked.verdict, asked.needs) == (None, (Fetch(FetchKind.ISSUER, URL),))
    (answered,) = verdict.what_ifs({asked.needs[0]: between})
    assert answered.accepted
    assert verdict.what_ifs({asked.needs[0]: "the server is away"}) == ()


def ask(verdict: Verdict, **changes: Any) -> Verdict | Needs:
    assert verdict.asked is not None
    return judge_again(replace(verdict.asked, **changes))


def test_missing_issuers_are_fetched_where_that_is_asked_for(root: Authority) -> None:
    """As DER, as PEM or in a "certs-only" message; junk leaves the refusal as it was."""
    chain, between = missing_issuer(root)
    verdict = judged(chain, root)
    needs = ask(verdict, fetch_issuers=True)
    assert isinstance(needs, Needs)
    (fetch,) = needs.fetches

    message = certificates_only(between)
    for body in (between, to_pem(between), message):
        found = ask(verdict, fetch_issuers=True, known=Known({fetch: body}))
        assert isinstance(found, Verdict)
        assert found.accepted
    for junk in (b"", b"junk", message[:-1], b"\x30\x80", root.certificate, "no answer"):
        found = ask(verdict, fetch_issuers=True, known=Known({fetch: junk}))
        assert isinstance(found, Verdict)
        assert found.reason is not None
        assert found.reason.name == Reasons.unknown_ca.name
    offline = ask(verdict, fetch_issuers=True, known=Known(offline=True))
    assert isinstance(offline, Verdict)


def test_a_chain_of_missing_issuers_ends(root: Authority) -> None:
    """Addresses that lead to ever further certificates are followed within a bound."""
    keys = [generate("ecdsa_secp256r1") for _ in range(10)]

    def level(number: int, extensions: list[Extension]) -> bytes:
        url = x509.UniformResourceIdentifier(f"http://ca.test/{number + 1}")
        access = x509.AuthorityInformationAccess([x509.AccessDescription(CA_ISSUERS, url)])
        return forge(
            None,
            [*extensions, (access, False)],
            subject=f"Level {number}",
            key=keys[number],
            signing_key=keys[number + 1],
            issuer_name=name_of(f"Level {number + 1}"),
        )

    fetched: dict[Fetch, bytes | str] = {}
    verdict = judged([level(0, [(alt_names(HOST), False)])], root)
    while isinstance(outcome := ask(verdict, fetch_issuers=True, known=Known(fetched)), Needs):
        for fetch in outcome.fetches:
            fetched[fetch] = level(int(fetch.url.rpartition("/")[2]), [(CA, True)])

    assert len(fetched) == bounds.ISSUERS_FETCHED
    assert outcome.reason is not None
    assert outcome.reason.name == Reasons.unknown_ca.name


def sequence(*parts: bytes, tag: int = 0x30) -> bytes:
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 0x80 else bytes([0x82, size >> 8, size & 0xFF])
    return bytes([tag]) + length + body


def certificates_only(*certificates: bytes) -> bytes:
    """RFC 5652's SignedData without anything signed, as .p7c files are."""
    signed_data = bytes.fromhex("06092a864886f70d010702")
    data = sequence(bytes.fromhex("06092a864886f70d010701"))
    held = sequence(*certificates, tag=0xA0)
    inner = sequence(b"\x02\x01\x01", b"\x31\x00", data, held, b"\x31\x00")
    return sequence(signed_data, sequence(inner, tag=0xA0))


def test_a_pickled_verdict_is_a_record(root: Authority) -> None:
    """It keeps what was said and not the trust store; nothing can be asked of it again."""
    verdict = judged(root.issue("other.test", **VALID).chain, root)
    copy = pickle.loads(pickle.dumps(verdict))
    assert (copy.reason.name, copy.detail) == ("name_mismatch", verdict.detail)
    assert (copy.asked, copy.what_ifs()) == (None, ())


def test_a_wildcard_that_nobody_can_look_up_is_not_checked(
    root: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the list of public suffixes the web's verdict says what it did not look at."""
    web = store(root.certificate, profile=Profile.WEB)
    leaf = [
        forge(
            root,
            [(alt_names("*.b.test", "plain.test"), False), issued_by(root), (SERVER_AUTH, False)],
            subject="plain.test",
        )
    ]
    monkeypatch.setitem(SUFFIXES.__dict__, "_list", None)
    assert accepted(leaf, web, name="a.b.test").not_checked[1:] == ("public suffix below *.b.test",)
    assert accepted(leaf, web, name="plain.test").not_checked == ("revocation",)
    assert accepted(leaf, root, name="a.b.test").not_checked == ("revocation",)


def test_a_wildcard_below_a_public_suffix(root: Authority) -> None:
    """On the web nobody may speak for all below co.uk; below a private anchor one may."""
    pytest.importorskip("publicsuffixlist", reason="the list of public suffixes: an extra")
    web = store(root.certificate, profile=Profile.WEB)
    leaf = [
        forge(
            root,
            [(alt_names("*.co.uk"), False), issued_by(root), (SERVER_AUTH, False)],
            subject="*.co.uk",
        )
    ]
    verdict = refused(leaf, web, Reasons.name_mismatch, name="a.co.uk")
    assert ended_by(verdict)[0] == "public suffix"
    accepted(leaf, root, name="a.co.uk", purpose=Purpose.SERVER)

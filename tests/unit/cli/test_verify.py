"""``tlsee verify``: the verdict made visible, and what a stranger does wrong in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.support import cases
from tests.support.cases import AT, DAY, EXPIRED, HOST, LONG, NOW, YEAR, Corp, cross_signed, leaf
from tests.support.certificates import alt_names, forge
from tests.support.chains import small_key
from tests.support.command import ENCODINGS, Result, looks_good, tlsee
from tests.support.revocation import MUST_STAPLE, asks_at, ocsp_response, revocation_list
from tests.support.schemas import complaints, schema
from tests.support.snapshots import matches_snapshot
from tlsee.cli import judging
from tlsee.crypto import private_keys
from tlsee.identity.authority import Authority
from tlsee.identity.pem import to_pem


@pytest.fixture
def corp(tmp_path: Path) -> Corp:
    """A private authority with an intermediate, in files."""
    return cases.corp(tmp_path)


def _verify(corp: Corp, *arguments: str | Path, **how: Any) -> Result:
    """At the design's moment, with the corporate root believed and the chain at hand."""
    usual = ("--ca", corp.desk / "corp-root.pem", "--untrusted", corp.desk / "chain.pem")
    return tlsee(
        "verify", *arguments, *usual, *(() if "--at" in arguments else ("--at", AT)), **how
    )


def _api(corp: Corp, **options: Any) -> Path:
    return corp.put("api.pem", leaf(corp.issuing, **options))


def _words(result: Result) -> str:
    looks_good(result.out)
    return " ".join(result.out.replace("|", " ").split())


def _object(result: Result) -> dict[str, Any]:
    (line,) = result.out.splitlines()
    item: dict[str, Any] = json.loads(line)
    assert complaints(item, schema("tlsee.verify/1")) == []
    assert item["ok"] is (result.code == 0)
    return item


# ---- the screens


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_expired_intermediate_with_a_cross_sign(tmp_path: Path, encoding: str) -> None:
    """Screen 6 of the design: two paths, why each failed, and what would change it."""
    corp = cases.corp(tmp_path, issuing_ends=EXPIRED)
    partner = Authority.create("Partner Root G2", **LONG)
    cross = cross_signed(corp.issuing, partner)
    corp.put("chain.pem", corp.issuing.certificate, cross, partner.certificate)
    result = _verify(corp, _api(corp), "--name", HOST, encoding=encoding)
    assert (result.code, result.err) == (1, "")
    looks_good(result.out)
    matches_snapshot("verify-expired", result.out, exactly=True)


def test_accepted(corp: Corp) -> None:
    """The path, what passed, what nobody looked at, and what ends within 14 days."""
    result = _verify(corp, _api(corp), "--name", HOST)
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    matches_snapshot("verify-accepted", result.out, exactly=True)


def test_the_same_each_time(corp: Corp) -> None:
    """The same files at the same moment give the same screen."""
    api = _api(corp)
    assert _verify(corp, api).out == _verify(corp, api).out


def test_only_what_ends_soon_is_named(corp: Corp) -> None:
    """A leaf that lives for months is no news."""
    assert "soon over" not in _verify(corp, _api(corp, ends=NOW + 90 * DAY)).out


def test_one_file_with_all(corp: Corp) -> None:
    """CERT may hold a whole chain; its certificates are named by their place in it."""
    whole = corp.put("full.pem", leaf(corp.issuing), corp.issuing.certificate)
    result = tlsee(
        "verify", whole, "--ca", corp.desk / "corp-root.pem", "--at", AT, "--name", "x.y"
    )
    assert result.code == 1
    assert "full.pem, 1st, DER bytes" in result.out


def test_der_and_standard_input(corp: Corp) -> None:
    """DER is read as well as PEM, and - is standard input."""
    der = leaf(corp.issuing)
    file = corp.desk / "api.der"
    file.write_bytes(der)
    assert _verify(corp, file, "--name", HOST).code == 0
    result = _verify(corp, "-", "--name", "x.corp.example", stdin=to_pem(der))
    assert result.code == 1
    assert "standard input, DER bytes" in result.out


def test_a_pinned_leaf(corp: Corp) -> None:
    """A leaf that is itself believed."""
    api = _api(corp)
    result = tlsee("verify", api, "--ca", api, "--at", AT, "--name", HOST)
    assert result.code == 0
    assert "is itself api.corp.example, your anchor (api.pem)" in _words(result)


def test_a_name_that_is_hostile(corp: Corp) -> None:
    """Escape sequences in a certificate's name do not reach the terminal."""
    api = corp.put("api.pem", leaf(corp.issuing, HOST, common_name="a\x1b[2Jb\nc"))
    result = _verify(corp, api, "--name", "other.example")
    looks_good(result.out)
    assert "\\x1b[2Jb\\x0ac" in result.out


def test_many_paths_are_bounded(corp: Corp) -> None:
    """A chain with dozens of ways is told by the first eight."""
    others = [Authority.create(f"Other {n}", **LONG) for n in range(12)]
    signed = [cross_signed(corp.issuing, other) for other in others]
    corp.put("chain.pem", *signed)
    result = _verify(corp, _api(corp), "--name", HOST)
    looks_good(result.out)
    assert result.code == 1
    assert "`-- and 4 paths more" in result.out
    assert result.out.count("FAIL") == 8


# ---- each refusal is told as what it is


@pytest.mark.parametrize(
    ("options", "reason", "alert", "says"),
    [
        ({"ends": NOW - 2 * DAY}, "certificate_expired", "certificate_expired (45)", "2 days ago"),
        (
            {"not_before": NOW + DAY, "ends": NOW + YEAR},
            "certificate_not_yet_valid",
            "certificate_expired (45)",
            "what if judged on 2026-11-22 02:14:07 UTC",
        ),
        (
            {"server": False, "client": True},
            "wrong_purpose",
            "unsupported_certificate (43)",
            "RFC 5280, 4.2.1.12; api.pem, DER bytes",
        ),
    ],
    ids=["expired", "not yet valid", "purpose"],
)
def test_a_leaf_at_fault(
    corp: Corp, options: dict[str, Any], reason: str, alert: str, says: str
) -> None:
    """What is wrong with the leaf itself stands below it, once, with its bytes."""
    result = _verify(corp, _api(corp, **options), "--name", HOST)
    text = _words(result)
    assert result.code == 1
    assert text.startswith(f"REFUSED {reason} as a TLS server, on 2026-11-21 02:14:07 UTC")
    assert text.endswith(f"in a handshake a client sends {alert} for this")
    assert says in text
    assert result.out.count("FAIL") == 1
    assert "  |     FAIL   " in result.out
    assert "itself fine" not in text
    assert "api.pem, DER bytes" in text


def test_a_wrong_name(corp: Corp) -> None:
    """The names that it has, the one that was asked for, and the name that would do."""
    text = _words(_verify(corp, _api(corp), "--name", "shop.example"))
    assert "the certificate is for api.corp.example; asked for shop.example" in text
    assert "RFC 9525, 6; api.pem, DER bytes" in text
    assert "what if asked for api.corp.example path 1 ACCEPTED" in text


def test_no_name(corp: Corp) -> None:
    """Without --name it is told that nobody compared it; a client has none to compare."""
    assert "name (no --name)" in _words(_verify(corp, _api(corp)))
    joe = corp.put("joe.pem", leaf(corp.issuing, "joe", server=False, client=True))
    result = _verify(corp, joe, "--client")
    assert result.code == 0
    assert "as a TLS client" in result.out
    assert "--name" not in result.out


def test_an_unknown_authority(corp: Corp) -> None:
    """A missing intermediate is named, and how to bring it."""
    api = _api(corp)
    text = _words(tlsee("verify", api, "--ca", corp.desk / "corp-root.pem", "--at", AT))
    assert '`-- path 1 "Corp Issuing CA 3" (missing) refused' in text
    assert "is no trust anchor in corp-root.pem (1) RFC 5280, 6.1; api.pem, DER bytes" in text
    assert "(--untrusted FILE)" in text


def test_an_authority_that_could_be_fetched(corp: Corp) -> None:
    """The address in the certificate is told and not asked."""
    where = x509.UniformResourceIdentifier("http://aia.test/issuing.crt")
    access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
    extensions = [(x509.AuthorityInformationAccess([access]), False)]
    api = _api(corp, extensions=extensions)
    options = ("verify", api, "--ca", corp.desk / "corp-root.pem", "--at", AT)
    text = _words(tlsee(*options))
    assert "what if with the missing issuer from the address in the not fetched" in text
    assert "certificate: http://aia.test/issuing.crt" in text
    found = _object(tlsee(*options, "--json"))["what_ifs"]
    assert [(one["accepted"], one["needs"]) for one in found] == [
        (None, ["http://aia.test/issuing.crt"])
    ]


def test_a_self_signed_one(corp: Corp) -> None:
    """Nobody else vouches for it; believing it would help, and that is judged."""
    alone = corp.put("alone.pem", forge(None, [(alt_names(HOST), False)]))
    text = _words(_verify(corp, alone, "--at", "2026-09-21T14:13:20Z"))
    assert "`-- path 1 self-signed refused FAIL" in text
    assert "(alone.pem) is no anchor (you gave 1)" in text
    assert "an anchor too path 1 ACCEPTED" in text


def test_a_weak_key(corp: Corp) -> None:
    """RSA of 1,024 bits."""
    names = [(alt_names(HOST), False)]
    api = corp.put("api.pem", forge(corp.issuing, names, subject=HOST, key=small_key(0)))
    text = _words(_verify(corp, api, "--name", HOST, "--at", "2026-09-21T14:13:20Z"))
    assert text.startswith("REFUSED weak_key")
    assert "api.corp.example, RSA 1024, " in text
    assert "RFC 9325, 4.5; api.pem, DER bytes" in text


def test_name_constraints(tmp_path: Path) -> None:
    """An authority that may not vouch for this name: the path's fault, the leaf itself is fine."""
    corp = cases.corp(tmp_path)
    narrow = corp.root.issue_intermediate("Narrow CA", permitted=["lab.example"], **LONG)
    corp.put("chain.pem", narrow.certificate)
    api = corp.put("api.pem", leaf(narrow))
    text = _words(_verify(corp, api, "--name", HOST))
    assert text.startswith("REFUSED name_constraints")
    assert "itself fine" in text
    assert "RFC 5280, 6.1.3 (b)(c); api.pem, DER bytes" in text


def test_a_forged_signature(corp: Corp) -> None:
    """The right name and the wrong key."""
    impostor = Authority.create("Corp Issuing CA 3", **LONG)
    text = _words(_verify(corp, corp.put("api.pem", leaf(impostor)), "--name", HOST))
    assert text.startswith(("REFUSED bad_certificate_signature", "REFUSED unknown_ca"))
    assert "FAIL" in text
    assert "(missing)" not in text


def test_a_certificate_that_cannot_be_read(corp: Corp) -> None:
    """Well-formed PEM around bytes that are none: judged, refused, and without a tree."""
    broken = leaf(corp.issuing)[:-30]
    result = _verify(corp, corp.put("api.pem", broken), "--name", HOST)
    text = _words(result)
    assert result.code == 1
    assert text.startswith("REFUSED malformed_certificate")
    assert "cut off" in text
    assert "path 1" not in text


# ---- when, by whose rules


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-11-21", 0),
        ("2026-11-21 02:14:07 UTC", 0),
        ("2026-11-21T03:14:07+01:00", 0),
        ("2027-06-01", 1),
        ("1999-01-01", 1),
    ],
)
def test_other_moments(corp: Corp, at: str, code: int) -> None:
    """The past and the future, in UTC unless the date says otherwise."""
    assert _verify(corp, _api(corp), "--at", at).code == code


def test_from_now_on() -> None:
    """Distances count from now, in both directions."""
    assert judging.moment_of("+14d", 1000.0) == 1000.0 + 14 * DAY
    assert judging.moment_of("-3h", 100_000.0) == 100_000.0 - 3 * 3600
    for same in ("2026-11-21T03:14:07+01:00", "2026-11-21 02:14:07", "20261121T021407Z"):
        assert judging.moment_of(same) == NOW


def test_profiles(corp: Corp) -> None:
    """The web's rules below a private anchor refuse what the private ones let pass."""
    plain = corp.put("api.pem", leaf(corp.issuing, server=False))
    assert _verify(corp, plain, "--name", HOST).code == 0
    result = _verify(corp, plain, "--name", HOST, "--profile", "web")
    assert result.code == 1
    assert "profile web (--profile)" in result.out


# ---- revocation


def _revocable(corp: Corp, **options: Any) -> tuple[bytes, Path]:
    der = leaf(corp.issuing, **options)
    return der, corp.put("api.pem", der)


def _put_list(corp: Corp, *revoked: bytes) -> Path:
    path = corp.desk / "issuing.crl"
    made = revocation_list(corp.issuing, revoked, since=NOW - DAY, until=NOW + DAY)
    path.write_bytes(made)
    return path


def test_revoked_by_a_list(corp: Corp) -> None:
    """A given list is looked at without further words, and says who took it back and when."""
    der, api = _revocable(corp)
    result = _verify(corp, api, "--name", HOST, "--crl", _put_list(corp, der))
    text = _words(result)
    assert result.code == 1
    assert text.startswith("REFUSED certificate_revoked")
    assert "revoked 2026-11-20 01:14:07 UTC, says the CRL of Corp Issuing CA 3" in text
    assert "RFC 5280, 6.3.3 (j); api.pem, DER bytes" in text
    assert text.endswith("a client sends certificate_revoked (44) for this")


def test_not_revoked(corp: Corp) -> None:
    """A good answer is a row of evidence; the authority's, which nobody gave, was not checked."""
    _, api = _revocable(corp)
    result = _verify(corp, api, "--name", HOST, "--crl", _put_list(corp))
    text = _words(result)
    assert result.code == 0
    assert "ok api.corp.example: not listed as of 2026-11-20 02:14:07 UTC" in text
    assert "not checked revocation of Corp Issuing CA 3" in text


def test_hard_wants_to_know(corp: Corp) -> None:
    """The same with hard is refused, for the certificate of which nobody knows."""
    _, api = _revocable(corp)
    options = ("--crl", _put_list(corp), "--revocation", "hard")
    text = _words(_verify(corp, api, "--name", HOST, *options))
    assert text.startswith("REFUSED revocation_unknown")
    unknown = corp.desk / "root.crl"
    unknown.write_bytes(revocation_list(corp.root, since=NOW - DAY, until=NOW + DAY))
    text = _words(_verify(corp, api, "--crl", unknown, "--revocation", "hard"))
    assert "FAIL no list is given" in text or "FAIL CRL of" in text
    assert text.count("api.corp.example: ") == 0


@pytest.mark.parametrize(
    ("status", "policy", "code", "says"),
    [
        (ocsp.OCSPCertStatus.GOOD, "soft", 0, "good as of 2026-11-20 02:14:07 UTC"),
        (ocsp.OCSPCertStatus.UNKNOWN, "soft", 0, "the responder does not know the certificate"),
        (ocsp.OCSPCertStatus.UNKNOWN, "hard", 1, "the responder does not know the certificate"),
        (ocsp.OCSPCertStatus.REVOKED, "soft", 1, "says the given OCSP response"),
    ],
)
def test_ocsp(corp: Corp, status: ocsp.OCSPCertStatus, policy: str, code: int, says: str) -> None:
    """A response in a file: good, unknown and revoked."""
    der, api = _revocable(corp)
    file = corp.desk / "api.ocsp"
    made = ocsp_response(der, corp.issuing, status=status, since=NOW - DAY, until=NOW + DAY)
    file.write_bytes(made)
    options = ("--ocsp", file, "--revocation", policy)
    result = _verify(corp, api, "--name", HOST, *options)
    assert (result.code, result.err) == (code, "")
    assert says in _words(result)


def test_a_promise_to_staple(corp: Corp) -> None:
    """With --ocsp the response stands for the one that the server would staple."""
    der, api = _revocable(corp, extensions=[MUST_STAPLE])
    file = corp.desk / "api.ocsp"
    file.write_bytes(ocsp_response(der, corp.issuing, since=NOW - DAY, until=NOW + DAY))
    assert _verify(corp, api, "--ocsp", file).code == 0
    text = _words(_verify(corp, api, "--crl", _put_list(corp)))
    assert text.startswith("REFUSED staple_missing")


def test_nothing_is_asked_unless_told(corp: Corp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only --revocation without files goes over the network, and then says what became of it."""
    asked: list[str] = []

    class Fetcher:
        def __init__(self, **_: object) -> None:
            pass

        def __call__(self, fetch: Any) -> bytes:
            asked.append(fetch.url)
            return ocsp_response(der, corp.issuing, since=NOW - DAY, until=NOW + DAY)

    monkeypatch.setattr(judging, "HTTPFetcher", Fetcher)
    der, api = _revocable(corp, extensions=[asks_at("http://ocsp.test/")])
    silent = corp.desk / "root.crl"  # it does not speak of the leaf
    silent.write_bytes(revocation_list(corp.root, since=NOW - DAY, until=NOW + DAY))
    listed = ("--crl", silent)
    for options in ((), listed, (*listed, "--revocation", "soft"), ("--revocation", "off")):
        assert _verify(corp, api, *options).code == 0
        assert asked == []
    result = _verify(corp, api, "--revocation", "soft")
    assert (result.code, asked) == (0, ["http://ocsp.test/"])
    assert "good as of" in _words(result)


# ---- JSON


def test_json(corp: Corp) -> None:
    """The search as data, accepted and refused, as the published schema says."""
    api = _api(corp)
    found = _object(_verify(corp, api, "--name", HOST, "--json"))
    assert (found["accepted"], found["matched"], found["at"]) == (True, HOST, AT)
    assert found["certificates"][1]["origin"] == "chain.pem"
    assert found["expiring"] == [found["certificates"][0]["sha256"]]
    found = _object(_verify(corp, api, "--name", "x.example", "--json"))
    assert (found["reason"], found["alert"]) == ("name_mismatch", "bad_certificate")
    checks = found["paths"][0]["steps"][0]["checks"]
    (failed,) = [check for check in checks if not check["ok"]]
    assert failed["clause"] == "RFC 9525, 6"
    assert failed["bytes"][0] < failed["bytes"][1]
    assert [found["accepted"] for found in found["what_ifs"]] == [True]


@pytest.mark.parametrize("arguments", [("nothing.pem",), (), ("--bad",)])
def test_json_where_nothing_can_be_judged(arguments: tuple[str, ...]) -> None:
    """One object all the same."""
    result = tlsee("verify", *arguments, "--json")
    found = _object(result)
    assert (result.code, found["accepted"], found["reason"]) == (2, None, "usage")


# ---- what strangers do


def _mistake(result: Result) -> str:
    assert (result.code, result.out) == (2, "")
    looks_good(result.err)
    return " ".join(result.err.split())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hello\n", "neither PEM nor DER"),
        (b"\x30\x82", "has no certificate in it"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB", "begins 1 certificate and ends 0"),
        (
            b"-----BEGIN CERTIFICATE-----\nM*IB\n-----END CERTIFICATE-----\n",
            "certificate 1 in the PEM text",
        ),
        (b"-----BEGIN EC PRIVATE KEY-----\n", "is a private key, and no certificate"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\n", "is a request for a certificate"),
    ],
)
def test_files_that_are_something_else(corp: Corp, content: bytes, says: str) -> None:
    """Each in one sentence, whichever option the file was given to."""
    file = corp.desk / "odd.pem"
    file.write_bytes(content)
    assert says in _mistake(_verify(corp, file))
    assert says in _mistake(_verify(corp, _api(corp), "--untrusted", file))


def test_a_key_and_a_list_in_der(corp: Corp) -> None:
    """What DER files are is found out."""
    listed = _put_list(corp)
    assert "is a revocation list, and no certificate" in _mistake(_verify(corp, listed))
    key = corp.desk / "key.pem"
    key.write_bytes(private_keys.private_pem(private_keys.generate("ecdsa_secp256r1")))
    assert "is a private key, and no certificate" in _mistake(_verify(corp, key))
    assert "no certificate" in _mistake(tlsee("verify", _api(corp), "--ca", key))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((".",), "is a directory"),
        (("gone.pem",), "no such file"),
        (("",), "name of a file is empty"),
        (("a\0b",), "no name of a file"),
        (("{api}", "--at", "yesterday"), "--at yesterday is no date"),
        (("{api}", "--at", "+99x"), "is no date"),
        (("{api}", "--at", "+999999y"), ""),
        (("{api}", "--name", "a b"), "neither a host name nor an IP address"),
        (("{api}", "--crl", "{api}"), "no revocation list in it"),
        (("{api}", "--crl", "gone.crl"), "no such file"),
        (("{api}", "--ocsp", "{api}"), "give the response as DER"),
        (("{api}", "--crl", "{crl}", "--revocation", "off"), "with --revocation off"),
        (("{api}", "--revocation", "always"), "'always' is not one of"),
        (("{api}", "--ca", "gone.pem"), "no such file"),
        (("{api}", "{api}"), "unexpected extra argument"),
    ],
)
def test_mistakes(corp: Corp, arguments: tuple[str, ...], says: str) -> None:
    """A sentence and exit 2; a date beyond all calendars is a date."""
    known = {"{api}": str(_api(corp)), "{crl}": str(_put_list(corp))}
    given = [known.get(word, word) for word in arguments]
    result = tlsee(
        "verify", *given, *(() if "--ca" in given else ("--ca", corp.desk / "chain.pem"))
    )
    if not says:
        assert result.code == 1
        looks_good(result.out)
        return
    assert says in _mistake(result)


def test_an_unreadable_intermediate(corp: Corp) -> None:
    """In --untrusted it is a mistake of whoever gave it."""
    odd = corp.put("odd.pem", corp.issuing.certificate, leaf(corp.issuing)[:-1])
    assert "odd.pem: certificate 2: " in _mistake(_verify(corp, _api(corp), "--untrusted", odd))


def test_an_issuer_with_a_key_of_no_use(corp: Corp) -> None:
    """That is noted at the leaf, and is still the issuer's: no bytes of the leaf are named."""
    key = ec.generate_private_key(ec.SECP256K1())
    options: dict[str, Any] = {"signing_key": key, "digest": hashes.SHA256()}
    basic = [(x509.BasicConstraints(ca=True, path_length=None), True)]
    old = forge(None, basic, subject="Old Root", key=key, **options)
    (corp.desk / "old.pem").write_bytes(to_pem(old))
    name = x509.load_der_x509_certificate(old).subject
    api = corp.put("api.pem", forge(corp.issuing, issuer_name=name, **options))
    result = tlsee("verify", api, "--ca", corp.desk / "old.pem", "--at", "2026-09-21T14:13:20Z")
    text = _words(result)
    assert text.startswith("REFUSED unsupported_key")
    assert "FAIL Old Root, " in text
    assert "itself fine" in text
    assert "api.pem, DER bytes" not in text

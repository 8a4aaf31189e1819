"""Trust stores: where anchors come from, and that an empty one is no store."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.support.certificates import CA, HOST, VALID, accepted, authority, forge, name_of
from tlsee.crypto.private_keys import generate
from tlsee.errors import ApiMisuse
from tlsee.identity import system_store
from tlsee.identity.certificate import CertificateView
from tlsee.identity.pem import certificates_in, to_pem
from tlsee.identity.trust import Anchor, Profile, Trust


def anchor(subject: str) -> bytes:
    return forge(None, [(CA, True)], subject=subject)


def test_from_pem_with_text_between() -> None:
    """Comments and other blocks are passed over; a certificate given twice counts once."""
    one, two = anchor("One"), anchor("Two")
    key = b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"
    pem = b"# One\r\n" + to_pem(one).replace(b"\n", b"\r\n") + key + to_pem(two) + to_pem(one)

    trust = Trust.from_pem(pem, label="corp.pem")

    assert [item.der for item in trust.anchors] == [one, two]
    assert trust.sources == ("corp.pem (2)",)
    assert trust.anchors[0].profile is Profile.PRIVATE
    assert Trust.from_pem(pem.decode()).anchors[1].der == two
    assert trust.names() == tuple(CertificateView(der).subject_der for der in (one, two))


def test_openssl_trusted_certificates() -> None:
    """OpenSSL's own block has trust settings behind the certificate; they are not read."""
    one = anchor("One")
    pem = to_pem(one + b"\x30\x00").replace(b" CERTIFICATE", b" TRUSTED CERTIFICATE")
    assert certificates_in(pem) == (one,)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no PEM",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
        to_pem(b"\x30\x03abc"),
    ],
)
def test_what_is_no_store(pem: bytes) -> None:
    """An empty or unreadable store is an error when it is made (not in the first handshake)."""
    with pytest.raises(ApiMisuse, match="label"):
        Trust.from_pem(pem, label="label")


def test_from_files_and_directories(tmp_path: Path) -> None:
    """PEM or DER in a file; a directory's unreadable files are named, not hidden."""
    one, two = anchor("One"), anchor("Two")
    (tmp_path / "one.pem").write_bytes(to_pem(one))
    (tmp_path / "two.cer").write_bytes(two)
    (tmp_path / "bad.crt").write_bytes(b"nothing")
    (tmp_path / "readme.txt").write_bytes(b"nothing")

    assert Trust.from_file(tmp_path / "two.cer").anchors[0].der == two
    trust = Trust.from_directory(tmp_path)
    assert {item.der for item in trust.anchors} == {one, two}
    assert len(trust.skipped) == 1
    assert trust.skipped[0].startswith("bad.crt")
    with pytest.raises(ApiMisuse, match=r"bad\.crt"):
        Trust.from_file(tmp_path / "bad.crt")
    with pytest.raises(FileNotFoundError):
        Trust.from_file(tmp_path / "none.pem")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ApiMisuse, match="no certificate"):
        Trust.from_directory(tmp_path / "empty")


def test_stores_together() -> None:
    """``plus`` keeps each anchor's origin, and insecurity does not go away by adding."""
    both = Trust.from_der([anchor("One")], label="a").plus(
        Trust.from_der([anchor("Two")], label="b")
    )
    assert both.sources == ("a (1)", "b (1)")
    assert not both.insecure
    assert both.plus(Trust.insecure_accept_anyone()).insecure


def test_found_by_name_alone() -> None:
    """The issuer's name leads to its anchors and to no other."""
    key = generate("ecdsa_secp256r1")
    one, two = anchor("One"), anchor("Two")
    leaf = CertificateView(forge(None, [], signing_key=key, issuer_name=name_of("two")))
    trust = Trust.from_der([one, two])

    assert [item.der for item in trust.issuers_of(leaf)] == [two]
    assert trust.anchor_of(one) is trust.anchors[0]
    assert trust.anchor_of(leaf.der) is None


def test_a_big_store_is_not_read_until_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a store of somebody else's reads subjects; certificates are read when asked for."""
    from tlsee.identity import trust as module

    one = anchor("One")
    monkeypatch.setattr(module, "CertificateView", lambda der: pytest.fail("read"))
    store = Trust.from_store([one, b"junk"], label="big", profile=Profile.WEB)

    assert [item.der for item in store.anchors] == [one]
    assert len(store.skipped) == 1
    assert repr(Anchor(one, "big", Profile.WEB)) == "<anchor in big>"


def test_a_judgement_reads_what_is_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among thousands of anchors only the one with the issuer's name is looked at."""
    from tlsee.identity import trust as module

    root = authority("Anchor 00000")
    chain = root.issue(HOST, **VALID).chain
    others = (root.certificate.replace(b"00000", b"%05d" % number) for number in range(3000))
    store = Trust.from_store(others, label="big", profile=Profile.PRIVATE)
    read: list[bytes] = []

    def counting(der: bytes) -> CertificateView:
        read.append(der)
        return CertificateView(der)

    monkeypatch.setattr(module, "CertificateView", counting)
    accepted(chain, store)
    assert read == [root.certificate]


def test_certifi_can_be_read_whole() -> None:
    """Every certificate of Mozilla's list is readable here, and has a name and a usable key."""
    trust = Trust.certifi()
    assert len(trust.anchors) > 50
    assert not trust.skipped
    for item in trust.anchors:
        assert item.certificate.subject
        assert item.certificate.public_key is not None
        assert item.profile is Profile.WEB


def test_the_system_store_says_where_it_looked(tmp_path: Path) -> None:
    """First the bundles, then the directories; when all are empty the sentence names them."""
    bundle, directory = tmp_path / "bundle.pem", tmp_path / "certs"
    directory.mkdir()
    with pytest.raises(ApiMisuse, match=r"bundle\.pem.*certs"):
        system_store._from_files([bundle], [directory])

    (directory / "one.0").write_bytes(to_pem(anchor("One")))
    (directory / "junk").write_bytes(b"-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----")
    assert len(system_store._from_files([bundle], [directory])) == 1
    bundle.write_bytes(to_pem(anchor("One")) + to_pem(anchor("Two")))
    assert len(system_store._from_files([bundle], [directory])) == 2


def test_the_system_store_of_macos_and_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keychains and the ROOT store are looked at, and named where nothing is in them."""
    monkeypatch.setattr(system_store, "BUNDLES", ("/nowhere/bundle.pem",))
    monkeypatch.setattr(system_store, "DIRECTORIES", ("/nowhere/certs",))
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(shutil, "which", lambda _tool: None)
    with pytest.raises(ApiMisuse, match=r"SystemRootCertificates\.keychain.*bundle\.pem"):
        system_store.system_certificates()

    import ssl

    one, other = anchor("One"), anchor("Other")
    rows = [(one, "x509_asn", True), (other, "x509_asn", ["1.2.3"]), (other, "pkcs_7_asn", True)]
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ssl, "enum_certificates", lambda _store: rows, raising=False)
    assert system_store.system_certificates() == [one]
    rows.clear()
    with pytest.raises(ApiMisuse, match="ROOT store"):
        system_store.system_certificates()

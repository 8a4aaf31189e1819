"""Our own certificates: from bytes, files and objects, and every way to mix them up."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from tests.support.certificates import AT, CA, HOST, VALID, authority, forge
from tlsee.codes import SignatureScheme
from tlsee.crypto.private_keys import LocalSigner, generate, private_pem
from tlsee.errors import ApiMisuse
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.pem import to_pem


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority()


def test_from_pem_with_its_chain(root: Authority) -> None:
    """The chain is sent as given; what the certificate says is there to be asked."""
    between = root.issue_intermediate("Between", **VALID)
    chain, key = between.issue_pem(HOST, "*.svc.test", "10.0.0.1", **VALID)

    credential = Credential.from_pem(chain, key)

    assert len(credential.chain) == 2
    assert credential.dns_names == (HOST, "*.svc.test")
    assert credential.ip_addresses == ("10.0.0.1",)
    assert credential.serves("a.svc.test")
    assert credential.serves("10.0.0.1")
    assert not credential.serves("a.b.svc.test")
    assert credential.schemes == (SignatureScheme.ecdsa_secp256r1_sha256,)
    assert credential.chain_schemes == ((SignatureScheme.ecdsa_secp256r1_sha256,),) * 2
    assert len(credential.issuers) == 2


def test_text_and_one_text_for_both(root: Authority) -> None:
    """``str`` is as good as bytes, and key and certificate may stand in one text."""
    chain, key = root.issue_pem(HOST, **VALID)
    both = (chain + key).decode()
    assert Credential.from_pem(both, both).chain == Credential.from_pem(chain, key).chain


def test_from_files(root: Authority, tmp_path: Path) -> None:
    """Two files, or one with both; a mistake names the file."""
    chain, key = root.issue_pem(HOST, **VALID)
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "both.pem").write_bytes(key + chain)

    assert Credential.from_files(tmp_path / "chain.pem", tmp_path / "key.pem").serves(HOST)
    assert Credential.from_files(str(tmp_path / "both.pem")).serves(HOST)
    with pytest.raises(ApiMisuse, match=r"key\.pem"):
        Credential.from_files(tmp_path / "key.pem", tmp_path / "key.pem")
    with pytest.raises(FileNotFoundError):
        Credential.from_files(tmp_path / "none.pem")


def test_from_objects(root: Authority) -> None:
    """Objects of ``cryptography``, or DER, in any mixture."""
    key = generate("ed25519")
    leaf = forge(root, key=key)

    credential = Credential.from_objects([x509.load_der_x509_certificate(leaf), leaf], key)

    assert credential.chain == (leaf, leaf)
    with pytest.raises(ApiMisuse, match="no private key"):
        Credential.from_objects([leaf], key.public_key())


def test_a_key_of_another_certificate(root: Authority) -> None:
    """The sentence names both; where the key belongs further down the chain it says so."""
    chain, _ = root.issue_pem(HOST, **VALID)
    other = generate("rsa2048")
    with pytest.raises(ApiMisuse) as raised:
        Credential.from_pem(chain, private_pem(other))
    assert "RSA key of 2048 bits" in str(raised.value)
    assert f"certificate for {HOST}, which has a P-256 key" in str(raised.value)

    key = generate("ecdsa_secp256r1")
    leaf = forge(root, key=key)
    backwards = to_pem(root.certificate) + to_pem(leaf)
    with pytest.raises(ApiMisuse, match="belongs to certificate 2 of the chain"):
        Credential.from_pem(backwards, private_pem(key))


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        (b"", "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "certificate 1"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1"),
    ],
)
def test_chains_that_are_none(chain: bytes, message: str) -> None:
    """Said in a sentence when the credential is made, not in the first handshake."""
    with pytest.raises(ApiMisuse, match=message):
        Credential.from_pem(chain, private_pem(generate("ed25519")))
    with pytest.raises(ApiMisuse, match="without a certificate"):
        Credential.from_objects([], generate("ed25519"))


def test_a_weak_key_is_refused(root: Authority) -> None:
    """A key that no peer accepts is refused here."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 1024)
    with pytest.raises(ApiMisuse, match="1024 bits"):
        Credential.from_objects([forge(root, key=key)], key)


def test_a_signer_elsewhere(root: Authority) -> None:
    """A credential needs the certificate's key only through its signer."""
    key = generate("ecdsa_secp256r1")
    leaf = forge(root, [(CA, True)], key=key)
    signer = LocalSigner(key)

    assert Credential([leaf], signer).signer is signer


def test_a_repr_shows_no_key(root: Authority) -> None:
    """Neither the credential nor its signer tells more than the certificate."""
    credential = root.issue(HOST, **VALID)
    assert repr(credential) == "Credential(server.test, P-256)"
    assert repr(credential.signer) == "LocalSigner(<private key>)"


def _sealed(
    root: Authority, password: bytes | None, *, kind: str = "ecdsa_secp256r1", bag: str = "all"
) -> tuple[bytes, tuple[bytes, ...]]:
    """PKCS #12 with a leaf, two authorities in the wrong order and the root; and the chain."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        KeySerializationEncryption,
        NoEncryption,
        pkcs12,
    )

    upper = root.issue_intermediate("Upper", path_length=1, **VALID)
    lower = upper.issue_intermediate("Lower", **VALID)
    key = generate(kind)
    chain = lower.issue(HOST, private_key=key, **VALID).chain
    others = (root.certificate, chain[2], chain[1])
    sealing: KeySerializationEncryption = (
        BestAvailableEncryption(password) if password else NoEncryption()
    )
    data = pkcs12.serialize_key_and_certificates(
        b"ours",
        key if bag != "no key" else None,
        x509.load_der_x509_certificate(chain[0]) if bag != "no leaf" else None,
        [x509.load_der_x509_certificate(der) for der in others],
        sealing,
    )
    return data, chain


@pytest.mark.parametrize("kind", ["ecdsa_secp256r1", "rsa2048", "ed25519"])
@pytest.mark.parametrize("password", [None, b"open"])
def test_from_pkcs12(root: Authority, kind: str, password: bytes | None) -> None:
    """The chain comes out in order, without the root, whatever order the file has."""
    data, chain = _sealed(root, password, kind=kind)
    credential = Credential.from_pkcs12(data, password)
    assert credential.chain == chain
    assert credential.flaws(AT) == ()
    if password:
        assert Credential.from_pkcs12(data, password.decode()).chain == chain
        assert Credential.from_pkcs12(data, lambda: password).chain == chain


def test_pkcs12_that_is_none(root: Authority) -> None:
    """Each way to get it wrong has its sentence, and none shows the pass phrase."""
    data, _ = _sealed(root, b"open sesame")
    for given, password, words in (
        (data, None, "give its pass phrase"),
        (data, b"wrong sesame", "is the pass phrase right"),
        (data[:-20], b"open sesame", "is the pass phrase right"),
        (b"-----BEGIN", None, "no PKCS #12"),
        (_sealed(root, None, bag="no key")[0], None, "no private key"),
        (_sealed(root, None, bag="no leaf")[0], None, "no certificate for its key"),
    ):
        with pytest.raises(ApiMisuse, match=words) as raised:
            Credential.from_pkcs12(given, password)
        assert "sesame" not in str(raised.value)


def test_an_encrypted_key(root: Authority, tmp_path: Path) -> None:
    """The pass phrase as bytes, text or a callable, which is asked for an encrypted key alone."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
    )

    key = generate("ecdsa_secp256r1")
    chain = to_pem(forge(root, key=key))
    sealing = BestAvailableEncryption(b"sesame")
    for encoding, form in (
        (Encoding.PEM, PrivateFormat.PKCS8),
        (Encoding.DER, PrivateFormat.PKCS8),
        (Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
    ):
        sealed = key.private_bytes(encoding, form, sealing)
        (tmp_path / "chain").write_bytes(chain)
        (tmp_path / "key").write_bytes(sealed)
        for password in (b"sesame", "sesame", lambda: b"sesame", lambda: "sesame"):
            made = Credential.from_files(tmp_path / "chain", tmp_path / "key", password)
            assert made.serves(HOST)
        for wrong, words in ((None, "is encrypted"), (b"no", "is the pass phrase right")):
            with pytest.raises(ApiMisuse, match=words):
                Credential.from_pem(chain, sealed, wrong)
    Credential.from_pem(chain, private_pem(key), lambda: pytest.fail("it is not encrypted"))


def test_der_files(root: Authority, tmp_path: Path) -> None:
    """A certificate and a key in DER, as Windows and Java tools write them."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate("ecdsa_secp256r1")
    leaf = forge(root, key=key)
    (tmp_path / "leaf.cer").write_bytes(leaf)
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.der").write_bytes(plain)
    assert Credential.from_files(tmp_path / "leaf.cer", tmp_path / "key.der").chain == (leaf,)


def test_keys_that_tls_has_no_use_for(root: Authority) -> None:
    """DSA, X25519, a curve of Bitcoin's: said when the key is read."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    chain, _ = root.issue_pem(HOST, **VALID)
    for key in (
        dsa.generate_private_key(2048),
        x25519.X25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256K1()),
    ):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with pytest.raises(ApiMisuse, match=r"kind that TLS|on the curve secp256k1"):
            Credential.from_pem(chain, pem)


@pytest.mark.parametrize("kind", ["mldsa44", "mldsa65", "mldsa87"])
def test_mldsa(root: Authority, kind: str, tmp_path: Path) -> None:
    """Post-quantum keys are keys like others: from files, and they sign with their scheme."""
    chain, key = root.issue_pem(HOST, key=kind, **VALID)
    (tmp_path / "all.pem").write_bytes(chain + key)
    credential = Credential.from_files(tmp_path / "all.pem")
    assert credential.schemes == (getattr(SignatureScheme, kind),)
    assert credential.schemes12 == ()


def test_staples(root: Authority, caplog: pytest.LogCaptureFixture) -> None:
    """One for each certificate; a source is asked each time, and may fail without harm."""
    between = root.issue_intermediate("Between", **VALID)
    credential = between.issue(HOST, **VALID)
    assert credential.stapled() == (None, None)
    assert credential.with_staples([b"ocsp"]).stapled() == (b"ocsp", None)
    assert credential.with_staples([None, b"ocsp"]).stapled() == (None, b"ocsp")
    with pytest.raises(ApiMisuse, match="3 OCSP responses for 2 certificates"):
        credential.with_staples([None] * 3)
    with pytest.raises(ApiMisuse, match="3 OCSP responses"):
        Credential(credential.chain, credential.signer, staples=[None] * 3)

    asked: list[Credential] = []

    def source(own: Credential) -> list[bytes]:
        asked.append(own)
        return [b"%d" % len(asked)]

    live = credential.with_staples(source)
    assert [live.stapled(), live.stapled()] == [(b"1", None), (b"2", None)]
    assert asked == [live, live]

    def broken(_: Credential) -> list[bytes]:
        raise OSError("no route")

    assert credential.with_staples(broken).stapled() == (None, None)
    assert "no OCSP response for server.test" in caplog.text

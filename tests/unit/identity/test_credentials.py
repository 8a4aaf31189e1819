"""Our own certificates: from bytes, files and objects, and every way to mix them up."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from tests.support.certificates import CA, HOST, VALID, authority, forge
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

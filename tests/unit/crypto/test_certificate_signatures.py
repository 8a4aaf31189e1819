"""How certificates are signed: true is only what the key's own algorithm verifies."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from tlsee.codes import SignatureScheme
from tlsee.crypto.certificate_signatures import (
    ROWS,
    RSASSA_PSS,
    is_true,
    scheme_of,
    with_parameters,
)
from tlsee.crypto.private_keys import generate, public_key_of
from tlsee.crypto.public_keys import PublicKey

ECDSA_SHA256 = ROWS["1.2.840.10045.4.3.2"]
RSA_SHA256 = ROWS["1.2.840.113549.1.1.11"]


def test_true_and_not_true() -> None:
    """A signature holds for its key, its bytes and its algorithm, and for nothing else."""
    key, other = generate("ecdsa_secp256r1"), generate("ecdsa_secp256r1")
    signature = key.sign(b"content", ec.ECDSA(hashes.SHA256()))
    public = public_key_of(key)

    assert is_true(public, ECDSA_SHA256, signature, b"content")
    assert not is_true(public, ECDSA_SHA256, signature, b"other")
    assert not is_true(public_key_of(other), ECDSA_SHA256, signature, b"content")
    assert not is_true(public, ROWS["1.2.840.10045.4.3.3"], signature, b"content")
    assert not is_true(public, RSA_SHA256, signature, b"content")
    assert not is_true(public, ECDSA_SHA256, b"", b"content")


def test_weak_algorithms_are_never_true() -> None:
    """They are known by name so that a refusal can say it; none is ever verified."""
    public = public_key_of(generate("rsa2048"))
    weak = [row for row in ROWS.values() if row.weak]
    assert {row.name for row in weak} >= {"sha1WithRSAEncryption", "md5WithRSAEncryption"}
    assert not any(is_true(public, row, b"", b"") for row in weak)


def test_pss_needs_its_parameters() -> None:
    """The row alone verifies nothing; a weak or strange hash in the parameters is caught."""
    key = generate("rsa2048")
    digest = hashes.SHA256()
    scheme = padding.PSS(padding.MGF1(digest), 32)
    signature = key.sign(b"content", scheme, digest)
    row = with_parameters(ROWS[RSASSA_PSS], scheme, digest)

    assert row is not None
    assert is_true(public_key_of(key), row, signature, b"content")
    sha1 = with_parameters(ROWS[RSASSA_PSS], scheme, hashes.SHA1())
    assert sha1 is not None
    assert sha1.weak
    assert with_parameters(ROWS[RSASSA_PSS], scheme, hashes.SHA224()) is None
    assert with_parameters(ROWS[RSASSA_PSS], None, digest) is None
    assert with_parameters(RSA_SHA256, None, None) is RSA_SHA256


def test_a_pss_key_does_not_sign_pkcs1() -> None:
    """id-RSASSA-PSS in a key restricts it (RFC 4055, 1.2)."""
    key = generate("rsa2048")
    signature = key.sign(b"content", padding.PKCS1v15(), hashes.SHA256())
    public = public_key_of(key)

    assert is_true(public, RSA_SHA256, signature, b"content")
    restricted = PublicKey(public.key, "rsa-pss", 2048, public.spki)
    assert not is_true(restricted, RSA_SHA256, signature, b"content")


def test_schemes_of_rows() -> None:
    """What signature_algorithms_cert calls them; a row without a scheme has none."""
    assert scheme_of(ECDSA_SHA256) == (SignatureScheme.ecdsa_secp256r1_sha256,)
    assert scheme_of(RSA_SHA256) == (SignatureScheme.rsa_pkcs1_sha256,)
    assert scheme_of(ROWS["1.2.840.113549.1.1.4"]) == ()

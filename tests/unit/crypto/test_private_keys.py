"""Private keys read, made and held: and never shown."""

from __future__ import annotations

import copy
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tlsee.codes import SignatureScheme
from tlsee.crypto.private_keys import (
    KEY_KINDS,
    LocalSigner,
    belongs_to,
    generate,
    load_private_key,
    private_pem,
    public_key_of,
)
from tlsee.crypto.provider import Later
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.schemes import SCHEMES
from tlsee.errors import ApiMisuse

# rsa3072 and rsa4096 take seconds to make and prove what rsa2048 proves.
KINDS = sorted(set(KEY_KINDS) - {"rsa3072", "rsa4096"})


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_survives_pem_and_signs(kind: str) -> None:
    """Made, written, read again: the signer's every scheme verifies with the public half."""
    key = load_private_key(private_pem(generate(kind)))
    public = public_key_of(key)
    signer = LocalSigner(key)

    assert signer.schemes
    for scheme in signer.schemes:
        signature = signer.sign(scheme, b"content")
        assert not isinstance(signature, Later)
        assert SCHEMES[scheme].verify(public, signature, b"content").scheme == scheme


def test_encrypted_keys() -> None:
    """With the pass phrase as bytes, text or a callable; asked for only when one is needed."""
    key = generate("ecdsa_secp256r1")
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))

    for password in (b"pw", "pw", lambda: "pw"):
        assert belongs_to(load_private_key(locked, password), public_key_of(key))
    with pytest.raises(ApiMisuse, match="encrypted"):
        load_private_key(locked)
    with pytest.raises(ApiMisuse, match="pass phrase right"):
        load_private_key(locked, b"wrong")
    never = lambda: pytest.fail("asked")  # noqa: E731
    assert belongs_to(load_private_key(private_pem(key), never), public_key_of(key))


def test_other_forms() -> None:
    """DER, and the older PEM forms."""
    for key in (generate("ecdsa_secp256r1"), generate("rsa2048")):
        for encoding in (Encoding.DER, Encoding.PEM):
            raw = key.private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            assert belongs_to(load_private_key(raw), public_key_of(key))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no private key"),
        ("nonsense", "no private key"),
        (b"-----BEGIN CERTIFICATE-----", "a certificate was given"),
        (b"-----BEGIN PUBLIC KEY-----", "a public key was given"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read"),
        (b"\x30\x03abc", "cannot be read"),
    ],
)
def test_what_is_no_key(text: bytes | str, message: str) -> None:
    """One sentence that says what was given instead."""
    with pytest.raises(ApiMisuse, match=message):
        load_private_key(text)


def test_kinds_that_tls_has_no_use_for() -> None:
    """DSA and curves without a scheme are refused by name, as is a kind nobody knows."""
    with pytest.raises(ApiMisuse, match="no signature scheme"):
        load_private_key(private_pem(dsa.generate_private_key(1024)))
    with pytest.raises(ApiMisuse, match="secp256k1"):
        public_key_of(ec.generate_private_key(ec.SECP256K1()))
    with pytest.raises(ApiMisuse, match="choose from"):
        generate("rsa512")


def test_a_key_restricted_to_pss_signs_with_pss_alone() -> None:
    """The certificate knows the restriction, the loaded key does not."""
    key = generate("rsa2048")
    numbers = key.public_key()
    spki = numbers.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    restricted = PublicKey(numbers, "rsa-pss", 2048, spki, "sha256")

    signer = LocalSigner(key, restricted)

    assert signer.schemes == (SignatureScheme.rsa_pss_pss_sha256,)
    with pytest.raises(ApiMisuse):
        signer.sign(SignatureScheme.rsa_pss_rsae_sha256, b"content")


def test_a_signer_shows_and_gives_nothing() -> None:
    """No repr, pickle or copy of it carries the key away."""
    signer = LocalSigner(generate("ed25519"))
    assert repr(signer) == "LocalSigner(<private key>)"
    assert copy.deepcopy(signer) is signer
    with pytest.raises(TypeError):
        pickle.dumps(signer)


def test_halves_that_do_not_belong_together() -> None:
    """Another key, another kind, and what is no key at all."""
    key, other = generate("ecdsa_secp256r1"), generate("ecdsa_secp256r1")
    assert belongs_to(key, public_key_of(key))
    assert not belongs_to(other, public_key_of(key))
    assert not belongs_to(generate("ed25519"), public_key_of(key))
    assert not belongs_to(object(), public_key_of(key))
    assert isinstance(generate("rsa2048"), rsa.RSAPrivateKey)

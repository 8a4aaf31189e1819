"""Signature schemes: a row verifies what its own key signed, and nothing else whatsoever."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from tests.support.house import SOURCE
from tests.unit.crypto.keys import KINDS, private_key, pss_spki, spki
from tests.unit.crypto.test_public_keys import pss_parameters, rsa_spki
from tlsee.codes import SignatureScheme
from tlsee.crypto.schemes import SCHEMES, Scheme, SignatureValid, load_public_key, schemes_for
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.reasons import Reason
from tlsee.values import replace

ROWS = list(SCHEMES.values())
CONTENT = b"content"
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code.name)


def refusal(row: Scheme, der: bytes, signature: bytes, content: bytes = CONTENT) -> Reason:
    with pytest.raises(PeerMisbehaved) as caught:
        row.verify(load_public_key(der), signature, content)
    return caught.value.reason


def test_all_are_there() -> None:
    """RFC 9846, 4.3.3 and 9.1, with ML-DSA; what has SHA-1 in it is a name only."""
    inside_certificates = {code for code, row in SCHEMES.items() if not row.in_handshake13}
    assert inside_certificates == {
        SignatureScheme.rsa_pkcs1_sha256,
        SignatureScheme.rsa_pkcs1_sha384,
        SignatureScheme.rsa_pkcs1_sha512,
    }
    sha1 = {SignatureScheme.rsa_pkcs1_sha1, SignatureScheme.ecdsa_sha1}
    assert set(SCHEMES) == set(SignatureScheme.members()) - sha1


@each_row
def test_signing_and_verifying(row: Scheme) -> None:
    """A signature over this content by this key gives a receipt that names the scheme."""
    signature = row.sign(private_key(row.kind), CONTENT)
    receipt = row.verify(load_public_key(spki(row.kind)), signature, CONTENT)
    assert receipt == SignatureValid(row.code)


@each_row
def test_other_bytes_are_refused(row: Scheme) -> None:
    """Other content, an empty, cut, lengthened or flipped signature: bad_signature."""
    der = spki(row.kind)
    signature = row.sign(private_key(row.kind), CONTENT)
    assert refusal(row, der, signature, b"Content") is Reasons.bad_signature
    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    for wrong in (b"", signature[:-1], signature + b"\0", b"\0" + signature, flipped):
        assert refusal(row, der, wrong) is Reasons.bad_signature


@each_row
def test_keys_of_other_kinds_do_not_fit(row: Scheme) -> None:
    """RFC 9846, 4.3.3 ties a scheme to a key type, a curve, and id-RSASSA-PSS or not."""
    signature = row.sign(private_key(row.kind), CONTENT)
    for kind in KINDS:
        fits = kind == row.kind
        assert row.fits(load_public_key(spki(kind))) is fits
        if not fits:
            assert refusal(row, spki(kind), signature) is Reasons.scheme_not_for_key


@each_row
def test_another_scheme_by_the_same_key(row: Scheme) -> None:
    """A signature made with one hash or padding is not valid under another scheme."""
    signature = row.sign(private_key(row.kind), CONTENT)
    for other in ROWS:
        if other.kind == row.kind and other is not row:
            assert refusal(other, spki(row.kind), signature) is Reasons.bad_signature


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 64])
def test_the_salt_has_one_length(salt: int) -> None:
    """RFC 9846, 4.3.3: PSS's salt is as long as the hash."""
    signature = private_key("rsa").sign(
        CONTENT, padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256()
    )
    row = SCHEMES[SignatureScheme.rsa_pss_rsae_sha256]
    assert refusal(row, spki("rsa"), signature) is Reasons.bad_signature


def test_the_mask_has_the_same_hash() -> None:
    """RFC 9846, 4.3.3: MGF1 uses the signature's own hash."""
    signature = private_key("rsa").sign(
        CONTENT, padding.PSS(padding.MGF1(hashes.SHA384()), 32), hashes.SHA256()
    )
    row = SCHEMES[SignatureScheme.rsa_pss_rsae_sha256]
    assert refusal(row, spki("rsa"), signature) is Reasons.bad_signature


def test_the_curve_has_its_hash() -> None:
    """ECDSA on P-256 with SHA-384 is no scheme of TLS 1.3."""
    signature = private_key("ecdsa-secp256r1").sign(CONTENT, ec.ECDSA(hashes.SHA384()))
    row = SCHEMES[SignatureScheme.ecdsa_secp256r1_sha256]
    assert refusal(row, spki("ecdsa-secp256r1"), signature) is Reasons.bad_signature


def test_a_restricted_pss_key_fits_one_scheme() -> None:
    """RFC 4055, 3.3: the hash that the key names, and no other."""
    key = load_public_key(pss_spki(spki("rsa"), pss_parameters("sha384", 48)))
    assert schemes_for(key) == (SignatureScheme.rsa_pss_pss_sha384,)


def test_weak_keys_are_refused() -> None:
    """RSA below 2048 bits fits nothing, unless a row is made that says otherwise."""
    row = SCHEMES[SignatureScheme.rsa_pss_rsae_sha256]
    weak = load_public_key(rsa_spki(1024))
    assert not row.fits(weak)
    assert schemes_for(weak, in_handshake13=False) == ()
    assert refusal(row, weak.spki, bytes(128)) is Reasons.weak_key
    assert replace(row, minimum_bits=1024).fits(weak)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("rsa", "rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512"),
        ("rsa-pss", "rsa_pss_pss_sha256 rsa_pss_pss_sha384 rsa_pss_pss_sha512"),
        ("ecdsa-secp256r1", "ecdsa_secp256r1_sha256"),
        ("ecdsa-secp384r1", "ecdsa_secp384r1_sha384"),
        ("ecdsa-secp521r1", "ecdsa_secp521r1_sha512"),
        ("ed25519", "ed25519"),
        ("ed448", "ed448"),
        ("mldsa44", "mldsa44"),
        ("mldsa65", "mldsa65"),
        ("mldsa87", "mldsa87"),
    ],
)
def test_schemes_for_a_key(kind: str, names: str) -> None:
    """Best first, PKCS#1 only when what certificates allow is asked for."""
    key = load_public_key(spki(kind))
    assert [code.name for code in schemes_for(key)] == names.split()
    more = schemes_for(key, in_handshake13=False)[len(names.split()) :]
    pkcs1 = ["rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512"]
    assert [code.name for code in more] == (pkcs1 if kind == "rsa" else [])


def test_receipts_are_made_in_one_place() -> None:
    """Nothing in the package makes a SignatureValid or a FinishedValid but their own check."""
    places = [
        f"{path.stem}: {found[1]}"
        for path in SOURCE.rglob("*.py")
        for found in re.finditer(
            r"(?<!class )\b(SignatureValid|FinishedValid)\(", path.read_text(encoding="utf-8")
        )
    ]
    assert sorted(places) == [
        "schedule12: FinishedValid",
        "schedule13: FinishedValid",
        "schemes: SignatureValid",
    ]

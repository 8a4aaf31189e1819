"""TLS 1.2's meaning of the schemes: any curve, PKCS #1 in the handshake, SHA-1 set apart."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.unit.crypto.keys import KINDS, private_key, pss_spki, spki
from tests.unit.crypto.test_public_keys import pss_parameters, rsa_spki
from tlsee.codes import SignatureScheme
from tlsee.crypto.private_keys import LocalSigner
from tlsee.crypto.schemes import SCHEMES, SignatureValid, load_public_key
from tlsee.crypto.schemes12 import INSECURE_SCHEMES12, schemes12, schemes12_for
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons

ROWS = schemes12()
CURVES = ["secp256r1", "secp384r1", "secp521r1"]
HASHES = [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()]


def test_all_are_there() -> None:
    """All of 1.3's and its certificates', without ML-DSA, and two with SHA-1."""
    names = {code.name for code in ROWS}
    older = {code.name for code in SCHEMES if not code.name.startswith("mldsa")}
    assert names == older | {"ecdsa_sha1", "rsa_pkcs1_sha1"}
    assert {code.name for code in INSECURE_SCHEMES12} == {"ecdsa_sha1", "rsa_pkcs1_sha1"}
    assert not INSECURE_SCHEMES12 & set(SCHEMES)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("at", range(3))
def test_ecdsa_on_any_curve(curve: str, at: int) -> None:
    """RFC 8422, 5.1.1: the scheme names a hash. 1.3's row of the same code point refuses it."""
    code = SignatureScheme.named(f"ecdsa_{CURVES[at]}_{HASHES[at].name}")
    key = load_public_key(spki(f"ecdsa-{curve}"))
    private = private_key(f"ecdsa-{curve}")
    foreign = private.sign(b"content", ec.ECDSA(HASHES[at]))
    for signature in (foreign, ROWS[code].sign(private, b"content")):
        assert ROWS[code].verify(key, signature, b"content") == SignatureValid(code)
        if curve != CURVES[at]:
            with pytest.raises(PeerMisbehaved) as caught:
                SCHEMES[code].verify(key, signature, b"content")
            assert caught.value.reason is Reasons.scheme_not_for_key
        with pytest.raises(PeerMisbehaved) as caught:
            ROWS[code].verify(key, signature, b"Content")
        assert caught.value.reason is Reasons.bad_signature


@pytest.mark.parametrize("code", ROWS, ids=str)
def test_keys_of_other_kinds_do_not_fit(code: SignatureScheme) -> None:
    """A row takes its own kind of key, of ECDSA every curve."""
    row = ROWS[code]
    for kind in KINDS:
        due = kind.startswith("ecdsa-") if code.name.startswith("ecdsa") else kind == row.kind
        assert row.fits(load_public_key(spki(kind))) is due
        if not due:
            with pytest.raises(PeerMisbehaved) as caught:
                row.verify(load_public_key(spki(kind)), b"", b"content")
            assert caught.value.reason is Reasons.scheme_not_for_key


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "rsa",
            """rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512
            rsa_pkcs1_sha256 rsa_pkcs1_sha384 rsa_pkcs1_sha512 rsa_pkcs1_sha1""",
        ),
        ("rsa-pss", "rsa_pss_pss_sha256 rsa_pss_pss_sha384 rsa_pss_pss_sha512"),
        (
            "ecdsa-secp256r1",
            "ecdsa_secp256r1_sha256 ecdsa_secp384r1_sha384 ecdsa_secp521r1_sha512 ecdsa_sha1",
        ),
        (
            "ecdsa-secp384r1",
            "ecdsa_secp384r1_sha384 ecdsa_secp256r1_sha256 ecdsa_secp521r1_sha512 ecdsa_sha1",
        ),
        (
            "ecdsa-secp521r1",
            "ecdsa_secp521r1_sha512 ecdsa_secp256r1_sha256 ecdsa_secp384r1_sha384 ecdsa_sha1",
        ),
        ("ed25519", "ed25519"),
        ("ed448", "ed448"),
        ("mldsa65", ""),
    ],
)
def test_schemes_for_a_key(kind: str, names: str) -> None:
    """Best first: 1.3's own scheme, PSS before PKCS #1; SHA-1 last, and only when asked for."""
    key = load_public_key(spki(kind))
    found = [code.name for code in schemes12_for(key, insecure=True)]
    assert found == names.split()
    secure = [code.name for code in schemes12_for(key)]
    assert secure == [name for name in found if not name.endswith("sha1")]


def test_restricted_and_weak_keys() -> None:
    """What 1.3 refuses of a key's size and restrictions is refused here too."""
    restricted = load_public_key(pss_spki(spki("rsa"), pss_parameters("sha384", 48)))
    assert schemes12_for(restricted, insecure=True) == (SignatureScheme.rsa_pss_pss_sha384,)
    assert schemes12_for(load_public_key(rsa_spki(1024)), insecure=True) == ()
    with pytest.raises(PeerMisbehaved) as caught:
        ROWS[SignatureScheme.rsa_pkcs1_sha256].verify(
            load_public_key(rsa_spki(1024)), bytes(128), b""
        )
    assert caught.value.reason is Reasons.weak_key


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("mldsa")])
def test_a_local_signer_signs_for_both_versions(kind: str) -> None:
    """Its every scheme of 1.2 verifies with 1.2's rows; its list for 1.3 stays what it was."""
    public = load_public_key(spki(kind))
    signer = LocalSigner(private_key(kind), public)
    assert signer.schemes12 == schemes12_for(public, insecure=True)
    assert not set(signer.schemes) - set(signer.schemes12)
    assert all(SCHEMES[scheme].in_handshake13 for scheme in signer.schemes)
    for scheme in signer.schemes12:
        signature = signer.sign(scheme, b"content")
        assert isinstance(signature, bytes)
        assert ROWS[scheme].verify(public, signature, b"content").scheme == scheme


def test_a_local_signer_refuses_other_schemes() -> None:
    """Neither list has it: ApiMisuse."""
    with pytest.raises(ApiMisuse, match="does not sign with rsa_pkcs1_sha256"):
        LocalSigner(private_key("ed25519")).sign(SignatureScheme.rsa_pkcs1_sha256, b"")

"""Public keys: each is known by its kind, and what no scheme can use is refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.crypto.keys import KINDS, PSS_HASHES, pss_spki, spki
from tlsee.crypto.public_keys import (
    RSA_EXPONENT_BITS_LIMIT,
    RSA_MODULUS_LIMIT,
    RSA_MODULUS_MINIMUM,
    PublicKey,
    load_public_key,
    recognise,
)
from tlsee.errors import PeerMisbehaved, Reasons


def rsa_spki(bits: int, exponent: int = 65537) -> bytes:
    """An RSA key with a modulus that nobody can factor, made up because it only has to load."""
    numbers = rsa.RSAPublicNumbers(exponent, (1 << bits - 1) | 1)
    return numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pss_parameters(digest: str, salt: int, *, mgf: str = "", null: bytes = b"\x05\x00") -> bytes:
    """RSASSA-PSS-params (RFC 4055, 3.1)."""

    def tlv(tag: int, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return bytes([tag, len(body)]) + body

    def algorithm(name: str) -> bytes:
        return tlv(0x30, bytes.fromhex(PSS_HASHES[name][0]), null)

    mgf1 = tlv(0x30, bytes.fromhex("06092a864886f70d010108"), algorithm(mgf or digest))
    salt_length = tlv(0xA2, bytes([2, 1, salt]))
    return tlv(0x30, tlv(0xA0, algorithm(digest)), tlv(0xA1, mgf1), salt_length)


def unusable(der: bytes) -> str:
    with pytest.raises(PeerMisbehaved) as caught:
        load_public_key(der)
    assert caught.value.reason is Reasons.unusable_certificate
    return caught.value.detail


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: str) -> None:
    """Each kind is recognised, from bytes and from a key that was loaded before."""
    der = spki(kind)
    key = load_public_key(der)
    assert key.kind == kind
    assert key.spki == der
    assert not key.weakness
    assert recognise(load_der_public_key(der), der) == key
    assert key.bits == {"rsa": 2048, "rsa-pss": 2048, "ecdsa-secp521r1": 521}.get(kind, key.bits)


@pytest.mark.parametrize("null", [b"", b"\x05\x00"])
@pytest.mark.parametrize("name", PSS_HASHES)
def test_pss_restrictions(name: str, null: bytes) -> None:
    """A key restricted to one of TLS's combinations says which, NULL or no parameters alike."""
    parameters = pss_parameters(name, PSS_HASHES[name][1], null=null)
    key = load_public_key(pss_spki(spki("rsa"), parameters))
    assert (key.kind, key.only_hash) == ("rsa-pss", name)


def test_other_pss_restrictions() -> None:
    """Another salt or two hashes, and parameters that are defaults throughout (SHA-1): refused."""
    for parameters in (
        pss_parameters("sha256", 24),
        pss_parameters("sha256", 32, mgf="sha384"),
        b"\x30\x00",
    ):
        assert "restricted" in unusable(pss_spki(spki("rsa"), parameters))


def test_weak_keys_say_so() -> None:
    """RFC 9325, 4.5: below 2048 bits a key loads, so that a judge can name it, and is weak."""
    assert "2047" in load_public_key(rsa_spki(RSA_MODULUS_MINIMUM - 1)).weakness
    assert not load_public_key(rsa_spki(RSA_MODULUS_MINIMUM)).weakness
    assert "1024" in load_public_key(pss_spki(rsa_spki(1024))).weakness


def test_rsa_upper_bounds() -> None:
    """A modulus or an exponent that makes verifying dear is refused before it is used."""
    assert load_public_key(rsa_spki(RSA_MODULUS_LIMIT)).bits == RSA_MODULUS_LIMIT
    assert "8193" in unusable(rsa_spki(RSA_MODULUS_LIMIT + 1))
    largest = (1 << RSA_EXPONENT_BITS_LIMIT) - 1
    assert load_public_key(rsa_spki(2048, largest)).kind == "rsa"
    assert "exponent" in unusable(rsa_spki(2048, largest + 2))
    assert "bytes" in unusable(rsa_spki(32768))


def test_algorithms_without_a_scheme() -> None:
    """Other curves, DSA and key exchange keys have no scheme in TLS 1.3."""
    keys = (
        ec.generate_private_key(ec.SECP256K1()),
        ec.generate_private_key(ec.BrainpoolP256R1()),
        dsa.generate_private_key(1024),
        x25519.X25519PrivateKey.generate(),
    )
    for key in keys:
        public = key.public_key()
        unusable(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@given(st.binary(max_size=64))
def test_garbage(data: bytes) -> None:
    """Bytes that are no key, also behind or instead of a good one's end, are refused."""
    good = spki("ecdsa-secp256r1")
    unusable(data)
    unusable(good + b"\0" + data)
    unusable(good[:-1])


@given(st.integers(0, 293), st.integers(1, 255))
def test_a_changed_byte_is_another_key_or_none(at: int, change: int) -> None:
    """No single changed byte of an id-RSASSA-PSS key makes the loader stumble."""
    der = bytearray(spki("rsa-pss"))
    at %= len(der)
    der[at] ^= change
    try:
        key = load_public_key(bytes(der))
    except PeerMisbehaved:
        return
    assert isinstance(key, PublicKey)
    assert key.kind in KINDS


def test_the_repr_is_short() -> None:
    """A key's repr tells kind and size."""
    key = load_public_key(spki("rsa-pss"))
    assert repr(key) == "PublicKey(kind='rsa-pss', bits=2048, only_hash='')"
    assert key.label == "an RSASSA-PSS key of 2048 bits"

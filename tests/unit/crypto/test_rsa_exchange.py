"""RSA key exchange: what is no premaster secret changes nothing but the keys."""

from __future__ import annotations

import copy
import hashlib
import pickle
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.crypto.keys import private_key, spki
from tests.unit.crypto.test_public_keys import rsa_spki
from tlsee.codes import ProtocolVersion
from tlsee.crypto.private_keys import LocalSigner
from tlsee.crypto.public_keys import load_public_key
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.rsa_exchange import (
    PREMASTER_LENGTH,
    LocalDecrypter,
    encrypt,
    new_premaster,
    select_premaster,
)
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons

TLS12 = ProtocolVersion.TLS12
FALLBACK = b"\xfa" * PREMASTER_LENGTH
GOOD = b"\x03\x03" + bytes(range(46))


@pytest.fixture(scope="module")
def decrypter() -> LocalDecrypter:
    return LocalDecrypter(private_key("rsa"))


def plain(decrypter: LocalDecrypter, ciphertext: bytes) -> bytes:
    found = decrypter.decrypt(ciphertext)
    assert isinstance(found, bytes)
    return found


def raw(block: bytes) -> bytes:
    """A block as it is, under the public key: what a peer may do that pads as it likes."""
    numbers = private_key("rsa").public_key().public_numbers()
    number: int = pow(int.from_bytes(block), numbers.e, numbers.n)
    return number.to_bytes(256)


def padded(premaster: bytes, start: bytes = b"\0\x02", separator: bytes = b"\0") -> bytes:
    """The block of PKCS #1 v1.5, with whatever begins and separates it."""
    filling = b"\xff" * (256 - len(start) - len(separator) - len(premaster))
    return start + filling + separator + premaster


def test_a_new_premaster() -> None:
    """RFC 5246, 7.4.7.1: the hello's version and 46 bytes of the provider's randomness."""
    made = new_premaster(TLS12, lambda count: b"r" * count)
    assert made == b"\x03\x03" + b"r" * 46
    assert new_premaster(TLS12, PROVIDER.random) != new_premaster(TLS12, PROVIDER.random)


def test_there_and_back(decrypter: LocalDecrypter) -> None:
    """What a client encrypts the server selects."""
    key = load_public_key(spki("rsa"))
    for send in (encrypt, PROVIDER.encrypt):
        ciphertext = send(key, GOOD)
        assert len(ciphertext) == 256
        assert select_premaster(plain(decrypter, ciphertext), TLS12, FALLBACK) == GOOD
    assert PROVIDER.decrypt(decrypter, encrypt(key, GOOD)) == GOOD


@pytest.mark.parametrize("kind", ["rsa-pss", "ecdsa-secp256r1", "ed25519"])
def test_keys_that_do_not_encrypt(kind: str) -> None:
    """RFC 5246, 7.4.2: the suite asks for an RSA key, and id-RSASSA-PSS is for signing alone."""
    with pytest.raises(PeerMisbehaved) as caught:
        encrypt(load_public_key(spki(kind)), GOOD)
    assert caught.value.reason is Reasons.key_not_for_suite


def test_weak_keys_are_not_used() -> None:
    """A key of an export's size gets nothing encrypted (FREAK)."""
    with pytest.raises(PeerMisbehaved) as caught:
        encrypt(load_public_key(rsa_spki(1024)), GOOD)
    assert caught.value.reason is Reasons.weak_key


# What Bleichenbacher, ROBOT and their successors send: each is a block under the public key.
BLOCKS = {
    "another first byte": padded(GOOD, b"\x01\x02"),
    "another block type": padded(GOOD, b"\0\x01"),
    "block type 0": padded(GOOD, b"\0\0"),
    "no separator": padded(GOOD, separator=b"\xff"),
    "a zero in the first eight bytes": b"\0\x02\xff\xff\0" + b"\xff" * 202 + b"\0" + GOOD,
    "a zero too early": b"\0\x02" + b"\xff" * 100 + b"\0" + b"\xff" * 104 + b"\0" + GOOD,
    "nothing inside": padded(b""),
    "a byte inside": padded(b"\x03"),
    "a byte too few": padded(GOOD[:-1]),
    "a byte too many": padded(GOOD + b"\0"),
    "two bytes": padded(GOOD[:2]),
    "as long as can be": padded(bytes(range(1, 246))),
    "the version of TLS 1.1": padded(b"\x03\x02" + GOOD[2:]),
    "the version of TLS 1.0": padded(b"\x03\x01" + GOOD[2:]),
    "the version of TLS 1.3": padded(b"\x03\x04" + GOOD[2:]),
    "the version of SSL 2": padded(b"\0\x02" + GOOD[2:]),
    "another major version": padded(b"\x02\x03" + GOOD[2:]),
    "zeros": bytes(256),
    "one": bytes(255) + b"\x01",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_malformed_blocks_give_the_fallback(decrypter: LocalDecrypter, block: bytes) -> None:
    """No exception, no other result: the fallback, the same each time."""
    for _ in range(2):
        assert select_premaster(plain(decrypter, raw(block)), TLS12, FALLBACK) == FALLBACK


def test_what_is_no_ciphertext_gives_the_fallback(decrypter: LocalDecrypter) -> None:
    """Other lengths, and numbers that are no residues: public facts, and still no exception."""
    modulus = private_key("rsa").public_key().public_numbers().n
    for wrong in (
        b"",
        bytes(1),
        bytes(255),
        bytes(257),
        raw(padded(GOOD)) + b"\0",
        b"\0" + raw(padded(GOOD)),
        modulus.to_bytes(256),
        (modulus + 1).to_bytes(256),
        b"\xff" * 256,
    ):
        assert select_premaster(plain(decrypter, wrong), TLS12, FALLBACK) == FALLBACK


def test_a_thousand_random_ciphertexts(decrypter: LocalDecrypter) -> None:
    """Implicit rejection: none raises, the plaintexts' lengths vary, none is selected."""
    lengths = set()
    for number in range(1000):
        seed = hashlib.shake_256(number.to_bytes(2)).digest(256)
        found = plain(decrypter, b"\0" + seed[1:])
        lengths.add(len(found))
        assert select_premaster(found, TLS12, FALLBACK) == FALLBACK
    assert len(lengths) > 100


def test_rejection_is_deterministic(decrypter: LocalDecrypter) -> None:
    """One ciphertext has one answer: asking twice tells nothing."""
    wrong = raw(BLOCKS["block type 0"])
    assert plain(decrypter, wrong) == plain(decrypter, wrong)


@given(st.binary(max_size=260), st.binary(min_size=48, max_size=48))
def test_selection(plaintext: bytes, fallback: bytes) -> None:
    """Exactly 48 bytes with the hello's version are selected, and nothing else."""
    good = len(plaintext) == 48 and plaintext[:2] == b"\x03\x03"
    assert select_premaster(plaintext, TLS12, fallback) == (plaintext if good else fallback)


@given(st.binary(min_size=46, max_size=46), st.sampled_from(ProtocolVersion.members()))
def test_selection_by_version(random: bytes, version: ProtocolVersion) -> None:
    """The version is the hello's legacy_version, whatever was negotiated."""
    plaintext = version.to_bytes(2) + random
    for hello in ProtocolVersion.members():
        expected = plaintext if hello == version else FALLBACK
        assert select_premaster(plaintext, hello, FALLBACK) == expected


@pytest.mark.parametrize("length", [0, 47, 49])
def test_a_fallback_has_its_length(length: int) -> None:
    with pytest.raises(ApiMisuse):
        select_premaster(GOOD, TLS12, bytes(length))


def test_a_library_without_implicit_rejection_is_refused() -> None:
    """Where wrong padding is an exception there is no decrypter at all."""

    class Telling:
        key_size = 2048

        def decrypt(self, ciphertext: bytes, scheme: padding.PKCS1v15) -> bytes:
            raise ValueError("Decryption failed")

    with pytest.raises(ApiMisuse, match="wrong padding"):
        LocalDecrypter(Telling())


@pytest.mark.parametrize("kind", ["ecdsa-secp256r1", "ed25519"])
def test_other_keys_do_not_decrypt(kind: str) -> None:
    with pytest.raises(ApiMisuse):
        LocalDecrypter(private_key(kind))
    with pytest.raises(ApiMisuse, match="does not decrypt"):
        LocalSigner(private_key(kind)).decrypt(bytes(256))


def test_a_local_signer_decrypts_too() -> None:
    """A credential's key does both; one restricted to RSASSA-PSS signs only."""
    ciphertext = encrypt(load_public_key(spki("rsa")), GOOD)
    assert PROVIDER.decrypt(LocalSigner(private_key("rsa")), ciphertext) == GOOD
    restricted = load_public_key(spki("rsa-pss"))
    with pytest.raises(ApiMisuse, match="does not decrypt"):
        LocalSigner(private_key("rsa"), restricted).decrypt(ciphertext)


def test_nothing_shows_the_key(decrypter: LocalDecrypter) -> None:
    """Neither a repr nor a copy."""
    assert repr(decrypter) == "LocalDecrypter(<private key>)"
    act: Any
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            act(decrypter)

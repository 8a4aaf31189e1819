"""Project Wycheproof's vectors through our rows: what is valid passes, what is invalid is refused.

Each file is one test, which lists every vector that came out otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.vectors import load
from tlsee.codes import CipherSuite, NamedGroup, SignatureScheme
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.schemes import load_public_key
from tlsee.crypto.suites import Aead, InvalidTag
from tlsee.crypto.suites12 import AeadCipher, suites12
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.keys.schedule13 import expand, extract

Vector = dict[str, Any]
CIPHERS_12 = {suite.cipher for suite in suites12().values() if isinstance(suite.cipher, AeadCipher)}
# Whether a vector was accepted with the right result; an error stands for a refusal.
Judge = Callable[[Vector, Vector], bool]


def vectors(file: str) -> Iterator[tuple[Vector, Vector]]:
    """Each vector with the group it is in."""
    for group in load(f"wycheproof/{file}")["testGroups"]:
        for vector in group["tests"]:
            yield group, vector


def hold(file: str, judge: Judge, *, accept: Callable[[Vector], bool] | None = None) -> int:
    """Judge every vector of a file; gives how many there were.

    ``accept`` says what is due for a vector; by default what is valid, and nothing else.
    """
    wrong: list[str] = []
    count = 0
    for group, vector in vectors(file):
        count += 1
        due = vector["result"] == "valid" if accept is None else accept(vector)
        try:
            accepted = judge(group, vector)
        except (PeerMisbehaved, InvalidTag, ApiMisuse):
            accepted = False
        if accepted is not due:
            wrong.append(f"{vector['tcId']} {vector.get('comment', '')} {vector['flags']}")
    assert not wrong, f"{len(wrong)} of {count} in {file}: {wrong[:10]}"
    return count


def octets(vector: Vector, *names: str) -> list[bytes]:
    """Fields of a vector as bytes."""
    return [bytes.fromhex(vector[name]) for name in names]


@pytest.mark.parametrize(
    ("file", "code", "least"),
    [
        ("aes_gcm_test.json", CipherSuite.TLS_AES_128_GCM_SHA256, 60),
        ("aes_gcm_test.json", CipherSuite.TLS_AES_256_GCM_SHA384, 60),
        ("chacha20_poly1305_test.json", CipherSuite.TLS_CHACHA20_POLY1305_SHA256, 250),
        ("aes_ccm_test.json", CipherSuite.TLS_AES_128_CCM_SHA256, 60),
        ("aes_ccm_test.json", CipherSuite.TLS_AES_128_CCM_8_SHA256, 8),
    ],
)
def test_aead(file: str, code: CipherSuite, least: int) -> None:
    """A suite's AEAD seals to the vector's bytes, opens them, and opens nothing forged."""
    suite = PROVIDER.suites[code]
    hold_aead(file, (suite.key_length, suite.iv_length, suite.tag_length), suite.aead, least)


@pytest.mark.parametrize("cipher", sorted(CIPHERS_12, key=repr), ids=repr)
def test_aead_of_tls12(cipher: AeadCipher) -> None:
    """The same for TLS 1.2's rows, with the two parts of their nonces as one."""
    nonce = cipher.iv_length + cipher.explicit_length
    kind = "chacha20_poly1305"
    if cipher.name.startswith("AES_"):
        kind = "aes_gcm" if cipher.name.endswith("GCM") else "aes_ccm"
    lengths = (cipher.key_length, nonce, cipher.tag_length)
    hold_aead(f"{kind}_test.json", lengths, cipher.aead, 8)


def hold_aead(
    file: str, lengths: tuple[int, int, int], make: Callable[[bytes], Aead], least: int
) -> None:
    """Judge a file's vectors of these lengths of key, nonce and tag, in bytes."""
    sizes = tuple(8 * length for length in lengths)
    judged = 0

    def judge(group: Vector, vector: Vector) -> bool:
        nonlocal judged
        if (group["keySize"], group["ivSize"], group["tagSize"]) != sizes:
            return bool(vector["result"] == "valid")  # no key or nonce of ours
        judged += 1
        key, nonce, data, message, ciphertext, tag = octets(
            vector, "key", "iv", "aad", "msg", "ct", "tag"
        )
        aead = make(key)
        sealed = bytearray(len(message) + lengths[2])
        aead.encrypt_into(nonce, message, data, sealed)
        plain = bytearray(len(ciphertext))
        aead.decrypt_into(nonce, ciphertext + tag, data, plain)
        return plain == message and sealed == ciphertext + tag

    hold(file, judge)
    assert judged >= least


@pytest.mark.parametrize(
    ("file", "code"),
    [("x25519_test.json", NamedGroup.x25519), ("x448_test.json", NamedGroup.x448)],
)
def test_montgomery(file: str, code: NamedGroup) -> None:
    """Every public value gives its secret; one that gives zeros, or of another length, none."""
    group = PROVIDER.groups[code]

    def judge(_: Vector, vector: Vector) -> bool:
        public, private, shared = octets(vector, "public", "private", "shared")
        return group.from_private(private).finish(public) == shared

    def accept(vector: Vector) -> bool:
        zeros = not any(bytes.fromhex(vector["shared"]))
        return vector["result"] != "invalid" and not zeros

    assert hold(file, judge, accept=accept) >= 500


@pytest.mark.parametrize("name", ["secp256r1", "secp384r1", "secp521r1"])
def test_weierstrass(name: str) -> None:
    """Uncompressed points on the curve give their secret; compressed ones are refused."""
    group = PROVIDER.groups[NamedGroup.named(name)]
    length = (group.client_share_length - 1) // 2

    def judge(_: Vector, vector: Vector) -> bool:
        public, private, shared = octets(vector, "public", "private", "shared")
        scalar = private.lstrip(b"\0").rjust(length, b"\0")
        return group.from_private(scalar).finish(public) == shared

    assert hold(f"ecdh_{name}_ecpoint_test.json", judge) >= 350


# A hybrid's row, its ML-KEM, whether that comes first, and the other half's group.
HYBRIDS = [
    (NamedGroup.X25519MLKEM768, 768, True, NamedGroup.x25519),
    (NamedGroup.SecP256r1MLKEM768, 768, False, NamedGroup.secp256r1),
    (NamedGroup.SecP384r1MLKEM1024, 1024, False, NamedGroup.secp384r1),
]


@pytest.mark.parametrize(("code", "size", "first", "half"), HYBRIDS)
def test_decapsulation(code: NamedGroup, size: int, first: bool, half: NamedGroup) -> None:
    """A client comes to the vector's secret, and refuses ciphertexts of another length."""
    group, other = PROVIDER.groups[code], PROVIDER.groups[half]
    private, peer = other.generate().private_bytes(), other.generate()

    def judge(_: Vector, vector: Vector) -> bool:
        seed, ciphertext, shared = octets(vector, "seed", "c", "K")
        key = bytes.fromhex(vector.get("ek", ""))
        both = (seed + private, ciphertext + peer.public)
        if not first:
            both = (private + seed, peer.public + ciphertext)
        share = group.from_private(both[0])
        sent = share.public[: len(key)] if first else share.public[len(share.public) - len(key) :]
        secret = share.finish(both[1])
        mine = secret[:32] if first else secret[-32:]
        return mine == shared and sent == key

    assert hold(f"mlkem_{size}_test.json", judge) >= 190


@pytest.mark.parametrize(("code", "size", "first", "half"), HYBRIDS)
def test_encapsulation(code: NamedGroup, size: int, first: bool, half: NamedGroup) -> None:
    """A server answers a good encapsulation key and refuses one that is out of range."""
    group = PROVIDER.groups[code]
    other = PROVIDER.groups[half].generate().public

    def judge(_: Vector, vector: Vector) -> bool:
        (key,) = octets(vector, "ek")
        made = group.respond(key + other if first else other + key)
        return len(made.share) == group.server_share_length

    assert hold(f"mlkem_{size}_encaps_test.json", judge) >= 260


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("ecdsa_secp256r1_sha256_test.json", SignatureScheme.ecdsa_secp256r1_sha256),
        ("ecdsa_secp384r1_sha384_test.json", SignatureScheme.ecdsa_secp384r1_sha384),
        ("ecdsa_secp521r1_sha512_test.json", SignatureScheme.ecdsa_secp521r1_sha512),
        ("ed25519_test.json", SignatureScheme.ed25519),
        ("ed448_test.json", SignatureScheme.ed448),
        ("rsa_pss_2048_sha256_mgf1_32_test.json", SignatureScheme.rsa_pss_rsae_sha256),
        ("rsa_pss_2048_sha384_mgf1_48_test.json", SignatureScheme.rsa_pss_rsae_sha384),
        ("rsa_pss_4096_sha512_mgf1_64_test.json", SignatureScheme.rsa_pss_rsae_sha512),
        ("rsa_signature_2048_sha256_test.json", SignatureScheme.rsa_pkcs1_sha256),
        ("rsa_signature_3072_sha384_test.json", SignatureScheme.rsa_pkcs1_sha384),
        ("mldsa_44_verify_test.json", SignatureScheme.mldsa44),
        ("mldsa_65_verify_test.json", SignatureScheme.mldsa65),
        ("mldsa_87_verify_test.json", SignatureScheme.mldsa87),
    ],
)
def test_signatures(file: str, code: SignatureScheme) -> None:
    """A scheme takes the valid signatures and no other; ML-DSA's context is empty in TLS."""
    scheme = PROVIDER.schemes[code]

    def judge(group: Vector, vector: Vector) -> bool:
        key = load_public_key(bytes.fromhex(group["publicKeyDer"]))
        message, signature = octets(vector, "msg", "sig")
        return scheme.verify(key, signature, message).scheme == code

    def accept(vector: Vector) -> bool:
        return vector["result"] == "valid" and not vector.get("ctx")

    assert hold(file, judge, accept=accept) >= 80


@pytest.mark.parametrize("hash_name", ["sha256", "sha384"])
def test_hkdf(hash_name: str) -> None:
    """The schedule's HKDF gives the vectors' bytes (RFC 5869's among them), up to its limit."""

    def judge(_: Vector, vector: Vector) -> bool:
        key, salt, info, expected = octets(vector, "ikm", "salt", "info", "okm")
        return expand(hash_name, extract(hash_name, salt, key), info, vector["size"]) == expected

    assert hold(f"hkdf_{hash_name}_test.json", judge) >= 80

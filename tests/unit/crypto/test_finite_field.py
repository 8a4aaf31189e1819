"""Diffie-Hellman over finite fields: known primes, leading zeros, and groups that are refused."""

from __future__ import annotations

import subprocess
import sys
import warnings
from hashlib import sha256
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning

from tlsee.codes import AlertDescription, NamedGroup
from tlsee.crypto import finite_field as module
from tlsee.crypto.finite_field import FiniteField, checked_field, known_prime, padded, premaster_of
from tlsee.crypto.groups import EXPLICIT_GROUP, field_parameters, finite_field
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons

# SHA-256 of the primes as RFC 7919, A and RFC 3526 print them, big-endian.
DIGESTS = {
    ("ffdhe", 2048): "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966",
    ("ffdhe", 3072): "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17",
    ("ffdhe", 4096): "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e",
    ("ffdhe", 6144): "227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7",
    ("ffdhe", 8192): "770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833",
    ("modp", 2048): "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e",
    ("modp", 3072): "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c",
    ("modp", 4096): "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33",
    ("modp", 6144): "d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd",
    ("modp", 8192): "39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf",
}
# A safe prime of 2048 bits that no RFC names, made for this test by ``openssl dhparam -5``.
SAFE_PRIME = int(
    "877ce2f278a98b5483ad78c3c64e154d6d8a0f26463fb463f3d27c8300a0e283c51e20b0ada05f5910617e92ff"
    "6c14805599fb41e808954792f12930634cf17c75b17163917c3d5b690b1b6afd7f323df34dad086dd7c2699581"
    "31db4d3c28240e85102ba9cc240e7caf150ecd5f389e5c2dbe53530ee68a06007d7994ec4eb8be1403a38f3d2e"
    "0b43902e199c97c7d68085805500ce110458c37a3d509bcd8f5bf8fae5b458b764ca683fb258559f4f177b9715"
    "65c61c068879c5930b70bb934522dcafcf6caf8a4312a694c97c5ebda7859b1d7f7dae554ba17780b84c5b3177"
    "6ed53e19e2f8eaf0c5b1c18db36cc8b2829c0a6a0ffc971c200e7928de0f63",
    16,
)
PRIME = known_prime("ffdhe", 2048)
FIELD = FiniteField("ffdhe2048", 2048)
NAMED = [NamedGroup.ffdhe2048, NamedGroup.ffdhe3072, NamedGroup.ffdhe4096]


def octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


@pytest.mark.parametrize(("family", "bits"), DIGESTS)
def test_the_primes(family: str, bits: int) -> None:
    """The formulas give the RFCs' digits."""
    prime = known_prime(family, bits)
    assert sha256(octets(prime)).hexdigest() == DIGESTS[family, bits]


@pytest.mark.parametrize("code", NAMED)
def test_the_secret_is_a_power(code: NamedGroup) -> None:
    """Against Python's own arithmetic: shares are g^x, the secret is g^xy, both padded."""
    group = PROVIDER.groups[code]
    p, g = (int.from_bytes(part) for part in field_parameters(code))
    share, peer = group.generate(), group.generate()
    x, y = (int.from_bytes(one.private_bytes()) for one in (share, peer))
    length = group.client_share_length
    assert share.public == pow(g, x, p).to_bytes(length)
    assert share.finish(peer.public) == pow(g, x * y, p).to_bytes(length)


def test_leading_zeros() -> None:
    """RFC 9846, 7.4.1 keeps them; RFC 5246, 8.1.2 strips them: one secret in 256 has some."""
    group = PROVIDER.groups[NamedGroup.ffdhe2048]
    peer = group.from_private(bytes(224) + b"\x5a" * 32)
    p, y = PRIME, int.from_bytes(peer.public)
    x = next(x for x in range(1 << 40, 1 << 41) if pow(y, x, p) >> 2040 == 0)
    secret = group.from_private(x.to_bytes(256)).finish(peer.public)
    assert secret == pow(y, x, p).to_bytes(256)
    assert secret[0] == 0
    assert premaster_of(secret) == octets(pow(y, x, p))
    assert premaster_of(b"\x01\x00") == b"\x01\x00"


@pytest.mark.parametrize("value", [0, 1, PRIME - 1, PRIME, PRIME + 1, (1 << 2048) - 1])
def test_public_values_out_of_range(value: int) -> None:
    """RFC 9846, 4.3.8.1 and RFC 7919, 5.1: 1 < Y < p-1, in both roles."""
    group = PROVIDER.groups[NamedGroup.ffdhe2048]
    share = value.to_bytes(256)
    for act in (group.generate().finish, group.respond):
        with pytest.raises(PeerMisbehaved) as caught:
            act(share)
        assert caught.value.reason is Reasons.bad_key_share


def test_a_value_outside_the_subgroup() -> None:
    """A safe prime's values are either of order q or of 2q; the smallest and largest allowed pass
    or are refused by the library, and never crash.
    """
    group = PROVIDER.groups[NamedGroup.ffdhe2048]
    for value in (2, 3, 5, PRIME - 2):
        try:
            secret = group.generate().finish(value.to_bytes(256))
        except PeerMisbehaved as refused:
            assert refused.reason is Reasons.bad_key_share  # noqa: PT017
        else:
            assert len(secret) == 256


def test_a_public_value_is_padded() -> None:
    """In TLS 1.2 its length is free: shorter ones and ones with more zeros are the same value."""
    assert padded(b"\x01\x02", 4) == padded(b"\0\0\0\0\x01\x02", 4) == b"\0\0\x01\x02"
    assert padded(b"", 2) == b"\0\0"
    with pytest.raises(PeerMisbehaved) as caught:
        padded(b"\x01" + bytes(256), 256)
    assert caught.value.reason is Reasons.bad_key_share


@pytest.mark.parametrize("code", NAMED)
def test_a_described_group_that_has_a_number(code: NamedGroup) -> None:
    """RFC 7919's parameters, zeros in front or not, are that row."""
    p, g = field_parameters(code)
    assert finite_field(p, g).code == code
    assert finite_field(b"\0" + p, b"\0\0" + g).code == code


@pytest.mark.parametrize(
    ("p", "g"),
    [(known_prime("modp", 2048), 2), (known_prime("modp", 8192), 2), (SAFE_PRIME, 5)],
    ids=["modp2048", "modp8192", "unlisted"],
)
def test_a_described_group_that_has_none(p: int, g: int) -> None:
    """RFC 3526's, and a safe prime of somebody's own: both sides agree in it."""
    group = finite_field(octets(p), octets(g))
    assert group.code == EXPLICIT_GROUP
    share, peer = group.generate(), group.generate()
    x, y = (int.from_bytes(one.private_bytes()) for one in (share, peer))
    assert share.finish(peer.public) == pow(g, x * y, p).to_bytes(group.client_share_length)


def composite() -> int:
    return rsa.generate_private_key(65537, 2048).public_key().public_numbers().n


def unsafe_prime() -> int:
    """A prime p of 2048 bits; that (p-1)/2 is one too has a chance of some 2^-10."""
    return rsa.generate_private_key(65537, 4096).private_numbers().p


REFUSED = {
    "no bits": (0, 2, "0 bits"),
    "a toy": (23, 5, "5 bits"),
    "export": (1 << 511 | 1, 2, "512 bits"),
    "Logjam": (1 << 1023 | 1, 2, "1024 bits"),
    "a bit too small": (1 << 2046 | 1, 2, "2047 bits"),
    "a bit too large": (1 << 8192 | 1, 2, "8193 bits"),
    "much too large": (1 << 16383 | 1, 2, "16384 bits"),
    "unlisted and large": (1 << 4096 | 1, 2, "4097 bits, and a group that no RFC names"),
    "generator 0": (PRIME, 0, "generator"),
    "generator 1": (PRIME, 1, "generator"),
    "generator -1": (PRIME, PRIME - 1, "generator"),
    "generator p": (PRIME, PRIME, "generator"),
    "generator beyond p": (PRIME, PRIME + 2, "generator"),
    "even": (PRIME + 1, 2, "no safe prime"),
    "near a prime": (PRIME + 2, 2, "no safe prime"),
    "a power": (3**1292, 2, "no safe prime"),
    "two primes": (composite, 2, "no safe prime"),
    "no safe prime": (unsafe_prime, 2, "no safe prime"),
}


@pytest.mark.parametrize(("p", "g", "words"), REFUSED.values(), ids=REFUSED)
def test_groups_that_are_refused(p: object, g: int, words: str) -> None:
    """Too small, too large, not prime, no safe prime, a generator of nothing."""
    number = p() if callable(p) else p
    assert isinstance(number, int)
    with pytest.raises(PeerMisbehaved) as caught:
        finite_field(octets(number), octets(g))
    assert caught.value.reason is Reasons.unacceptable_dh_group
    assert caught.value.reason.alert == AlertDescription.insufficient_security
    assert words in caught.value.detail


def test_no_parameters_of_other_groups() -> None:
    """A curve has no dh_p."""
    with pytest.raises(ApiMisuse, match="x25519"):
        field_parameters(NamedGroup.x25519)


def test_only_the_one_warning_is_silenced() -> None:
    """Nothing here warns, wherever warnings are errors, and others' filters stay as they were."""
    look = """
import warnings
from tlsee.crypto.pyca import PROVIDER
from tlsee.codes import NamedGroup
group = PROVIDER.groups[NamedGroup.ffdhe2048]
share = group.generate()
group.from_private(share.private_bytes()).finish(group.respond(share.public).share)
print(len(warnings.filters))
try:
    from cryptography.hazmat.primitives.asymmetric.dh import DHParameterNumbers
except DeprecationWarning:
    print("others still hear of it")
except UserWarning:
    print("others still hear of it")
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", look], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert ran.stdout.split("\n")[1] == "others still hear of it"


def test_quiet_from_many_threads() -> None:
    """The filters are swapped under a lock: many threads leave them as they found them."""
    group = PROVIDER.groups[NamedGroup.ffdhe2048]
    private = group.generate().private_bytes()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        threads = [Thread(target=group.from_private, args=(private,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == before
        warnings.warn("heard", CryptographyDeprecationWarning, stacklevel=1)
    assert [str(one.message) for one in heard] == ["heard"]


def test_where_the_library_has_it_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row says itself that it is gone."""
    assert FIELD.is_available()
    monkeypatch.setattr(module, "_library", lambda: None)
    assert not FIELD.is_available()


def test_a_checked_field_knows_its_parameters() -> None:
    """What the server sent is what the field gives back, in the shortest form."""
    field = checked_field(b"\0" + octets(SAFE_PRIME), b"\0\x05")
    assert field.parameters == (octets(SAFE_PRIME), b"\x05")

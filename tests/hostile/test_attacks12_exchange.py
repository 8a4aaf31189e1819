"""Known attacks on TLS 1.2's key exchanges: FREAK, Logjam, invalid curve points.

The server's parameters here are signed as they are, so that nothing but what they say is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.endpoints import (
    NAME,
    authority,
    client_config,
    server_config,
    trust,
)
from tests.support.hostile12 import Puppet12
from tests.support.hostile12_client import HostileClient12
from tests.support.hostile12_server import TLS12, HostileServer12
from tests.support.refusals import Misdeed, changed, instead, names, refused
from tlsee import insecure, policies
from tlsee.codes import CipherSuite, NamedGroup
from tlsee.codes12 import ECCurveType
from tlsee.crypto.finite_field import _pi, known_prime
from tlsee.crypto.suites12 import suites12
from tlsee.errors import CertificateRejected, PeerIncompatible, Reasons
from tlsee.identity.trust import Trust
from tlsee.wire.codec import write
from tlsee.wire.messages12 import (
    Certificate,
    ClientDiffieHellmanPublic,
    ClientECDiffieHellmanPublic,
    ClientKeyExchange,
    ServerDHParams,
    ServerECDHParams,
)

RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
DHE = CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
ECDHE_RSA = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256

# --- FREAK ----------------------------------------------------------------------------------------

# RFC 4346, A.5: what was weak by law. RC4_40_MD5, RC2_CBC_40_MD5, DES40_CBC_SHA; DHE's and anonymous
# DH's likewise.
EXPORT_SUITES = [CipherSuite.of(code) for code in (0x0003, 0x0006, 0x0008, 0x0014, 0x0017, 0x0019)]


def _modulus(bits: int) -> int:
    """A product of two odd numbers: nobody gets as far as to factor it."""
    half = bits // 2
    return ((1 << half) - 1) * ((1 << bits - half) - 3)


@cache
def weak_chain(bits: int) -> tuple[bytes, ...]:
    """A certificate of our authority for an RSA key that is too small; good in all else."""
    issuer, now = authority(), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer._x509.subject)
        .public_key(rsa.RSAPublicNumbers(65537, _modulus(bits)).public_key())
        .serial_number(4711)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), True)
    )
    made = builder.sign(issuer._key, hashes.SHA256())
    from cryptography.hazmat.primitives.serialization import Encoding

    return (made.public_bytes(Encoding.DER),)


def exported(bits: int) -> HostileServer12:
    """RSA key exchange, and a ServerKeyExchange with a temporary key, as export suites had it."""
    modulus = _modulus(bits).to_bytes(bits // 8)
    parameters = len(modulus).to_bytes(2) + modulus + b"\x00\x03\x01\x00\x01"
    peer = HostileServer12(suite=RSA, parameters=instead(parameters))
    return peer.flight("server_hello", "certificate", "server_key_exchange", "server_hello_done")


def weakly_certified(bits: int, suite: CipherSuite, store: Trust | None = None) -> HostileServer12:
    """A server whose own certificate has a small key."""
    config = client_config(
        versions=[TLS12], policy=policies.legacy, suites=[suite], trust=store or trust()
    )
    certificate = instead(Certificate(weak_chain(bits)))
    return HostileServer12(config, suite=suite, certificate=certificate).flight()


def selecting(suite: CipherSuite) -> HostileServer12:
    """A server that selects it, whatever was offered."""
    return HostileServer12(suite=RSA, server_hello=changed(cipher_suite=suite)).flight()


def offering(suite: CipherSuite) -> HostileClient12:
    """A client that offers nothing else."""
    suites = (suite, CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
    return HostileClient12(suite=RSA, client_hello=changed(cipher_suites=suites)).flight()


FREAK = [
    *(
        Misdeed(f"a key of {bits} bits in a ServerKeyExchange under RSA", Reasons.unexpected_message, partial(exported, bits))
        for bits in (512, 1024, 2048)
    ),
    *(
        Misdeed(f"a certificate of {bits} bits under {suite.name}", Reasons.weak_key, partial(weakly_certified, bits, suite), CertificateRejected, f"{bits} bits")
        for bits in (512, 1024)
        for suite in (RSA, DHE, ECDHE_RSA)
    ),
    *(
        Misdeed(f"the server selects {suite!r}", Reasons.suite_not_offered, partial(selecting, suite))
        for suite in EXPORT_SUITES
    ),
    *(
        Misdeed(f"the client offers only {suite!r}", Reasons.no_common_suite, partial(offering, suite), PeerIncompatible)
        for suite in EXPORT_SUITES
    ),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", FREAK, ids=names)
def test_freak(misdeed: Misdeed) -> None:
    """CVE-2015-0204: no export-size key is taken, wherever it stands."""
    misdeed.check()


@pytest.mark.parametrize("bits", [512, 1024])
def test_freak_without_a_judge(bits: int) -> None:
    """Also where nobody looks at the certificate no premaster is encrypted to a small key."""
    with pytest.warns(insecure.SecurityWarning):
        store = insecure.accept_anyone()
    peer = weakly_certified(bits, RSA, store)
    refused(peer, Reasons.weak_key, words=f"{bits} bits")
    assert "client_key_exchange" not in peer.names()


def test_no_export_suite_has_a_row() -> None:
    """So none can be offered or taken under any policy."""
    assert not set(EXPORT_SUITES) & set(suites12())


# --- Logjam ---------------------------------------------------------------------------------------

P = known_prime("ffdhe", 2048)

# mod_ssl's prime of 512 bits, that a good part of the web's servers shared: a safe one.
P512 = int(
    "9fdb8b8a004544f0045f1737d0ba2e0b274cdf1a9f588218fb435316a16e3741"
    "71fd19d8d8f37c39bf863fd60e3e300680a3030c6e4c3757d08f70e6aa871033",
    16,
)


def oakley(bits: int, x: int) -> int:
    """RFC 2409, 6: the first group (768 bits) and the second (1024)."""
    return (1 << bits) - (1 << bits - 64) + (_pi(bits - 130) + x << 64) - 1


def number(value: int) -> bytes:
    """Big-endian, at least one byte."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8))


def dhe(p: int, g: int = 2, public: int | None = None) -> Callable[[], HostileServer12]:
    """A server that describes this group, and shows this value: by default one of the group."""

    def attack() -> HostileServer12:
        shown = pow(g, 0x10001, p) if public is None else public
        parameters = write(ServerDHParams(number(p), number(g), number(shown)))
        return HostileServer12(suite=DHE, parameters=instead(parameters)).flight()

    return attack


def answer(value: int) -> Callable[[], HostileClient12]:
    """A client that answers ffdhe2048 with this value."""
    content = ClientKeyExchange(write(ClientDiffieHellmanPublic(number(value))))
    return lambda: HostileClient12(suite=DHE, client_key_exchange=instead(content)).flight()


VALUES = {"0": 0, "1": 1, "p-1": P - 1, "p": P, "p+1": P + 1, "far above p": P << 64}
LOGJAM = [
    Misdeed("512 bits", Reasons.unacceptable_dh_group, dhe(P512), words="512 bits"),
    Misdeed("768 bits, RFC 2409's", Reasons.unacceptable_dh_group, dhe(oakley(768, 149686)), words="768 bits"),
    Misdeed("1024 bits, RFC 2409's", Reasons.unacceptable_dh_group, dhe(oakley(1024, 129093)), words="1024 bits"),
    Misdeed("2047 bits", Reasons.unacceptable_dh_group, dhe((P - 1) // 2), words="2047 bits"),
    Misdeed("a modulus without end", Reasons.unacceptable_dh_group, dhe((1 << 16384) + 1, public=2), words="16385 bits"),
    Misdeed("a composite modulus", Reasons.unacceptable_dh_group, dhe(P - 2), words="no safe prime"),
    Misdeed("an even modulus", Reasons.unacceptable_dh_group, dhe(P - 1), words="no safe prime"),
    Misdeed("a prime that is not safe", Reasons.unacceptable_dh_group, dhe((known_prime("ffdhe", 3072) - 1) // 2), words="no safe prime"),
    *(
        Misdeed(f"the generator {name}", Reasons.unacceptable_dh_group, dhe(P, value, 2), words="a generator out of range")
        for name, value in VALUES.items()
    ),
    *(Misdeed(f"Ys = {name}", Reasons.bad_key_share, dhe(P, 2, value)) for name, value in VALUES.items()),
    *(Misdeed(f"Yc = {name}", Reasons.bad_key_share, answer(value)) for name, value in VALUES.items()),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", LOGJAM, ids=names)
def test_logjam(misdeed: Misdeed) -> None:
    """CVE-2015-4000 and its kin: no group that can be broken, no value that gives the secret away."""
    misdeed.check()


def test_logjam_offers_nothing() -> None:
    """A client that does not ask for DHE is not talked into it: the suite was not offered."""
    config = client_config(versions=[TLS12])
    assert not [suite for suite in config.suites if "_DHE_" in suite.name]
    peer = HostileServer12(config, suite=DHE).flight()
    refused(peer, Reasons.suite_not_offered)


# --- Invalid curve points -------------------------------------------------------------------------

X = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
Y = bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
P256 = NamedGroup.secp256r1
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def _twisted() -> bytes:
    """A point of the twist: x for which the curve has no y, with the y of -f(x)."""
    for x in range(1, 100):
        right = (x**3 - 3 * x + B) % FIELD
        if pow(right, (FIELD - 1) // 2, FIELD) != 1:
            y = pow(-right % FIELD, (FIELD + 1) // 4, FIELD)
            return b"\x04" + x.to_bytes(32) + y.to_bytes(32)
    raise AssertionError("half of all x have no y")


POINTS: dict[tuple[NamedGroup, str], bytes] = {
    (P256, "off the curve"): b"\x04" + X + Y[:-1] + bytes([Y[-1] ^ 1]),
    (P256, "on the twist"): _twisted(),
    (P256, "a small subgroup of another curve"): b"\x04" + X + bytes(32),
    (P256, "coordinates not below p"): b"\x04" + FIELD.to_bytes(32) + Y,
    (P256, "the origin"): b"\x04" + bytes(64),
    (P256, "compressed"): b"\x03" + X,
    (P256, "hybrid"): b"\x07" + X + Y,
    (P256, "infinity"): b"\x00",
    (P256, "infinity, padded"): bytes(65),
    (P256, "a byte short"): b"\x04" + X + Y[:-1],
    (P256, "a byte long"): b"\x04" + X + Y + b"\x00",
    (NamedGroup.x25519, "zero"): bytes(32),
    (NamedGroup.x25519, "one"): b"\x01" + bytes(31),
    (NamedGroup.x25519, "of order 8"): bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    (NamedGroup.x25519, "p - 1"): b"\xec" + b"\xff" * 30 + b"\x7f",
    (NamedGroup.x25519, "p"): b"\xed" + b"\xff" * 30 + b"\x7f",
    (NamedGroup.x25519, "p + 1"): b"\xee" + b"\xff" * 30 + b"\x7f",
    (NamedGroup.x25519, "a byte short"): b"\x09" + bytes(30),
    (NamedGroup.x448, "zero"): bytes(56),
    (NamedGroup.x448, "one"): b"\x01" + bytes(55),
    (NamedGroup.x448, "p - 1"): b"\xfe" + b"\xff" * 27 + b"\xfe" + b"\xff" * 27,
    (NamedGroup.x448, "a byte long"): b"\x05" + bytes(56),
}  # fmt: skip


def point_to_client(group: NamedGroup, point: bytes) -> HostileServer12:
    """A ServerKeyExchange with this point, signed."""
    parameters = write(ServerECDHParams(ECCurveType.named_curve, group, point))
    return HostileServer12(group=group, parameters=instead(parameters)).flight()


def point_to_server(group: NamedGroup, point: bytes) -> HostileClient12:
    """A ClientKeyExchange with this point."""
    content = ClientKeyExchange(write(ClientECDiffieHellmanPublic(point)))
    config = server_config(versions=[TLS12], groups=[group])
    return HostileClient12(config, client_key_exchange=instead(content)).flight()


MAKERS: dict[str, Callable[[NamedGroup, bytes], Puppet12]] = {
    "client": point_to_client,
    "server": point_to_server,
}
INVALID_CURVE = [
    Misdeed(f"{group}, {name}, to a {role}", Reasons.bad_key_share, partial(make, group, point))
    for role, make in MAKERS.items()
    for (group, name), point in POINTS.items()
]  # fmt: skip


@pytest.mark.parametrize("misdeed", INVALID_CURVE, ids=names)
def test_invalid_curve_point(misdeed: Misdeed) -> None:
    """No secret is computed with what is no point of the group, or one of a few."""
    misdeed.check()


def curve_to_client(parameters: bytes) -> HostileServer12:
    return HostileServer12(parameters=instead(parameters)).flight()


# RFC 4492, 5.4: a prime field, coefficients, base point, order and cofactor, all the sender's choice.
EXPLICIT = b"".join(
    bytes([len(part)]) + part
    for part in (number(FIELD), b"\x00", number(B), b"\x04" + X + Y, b"\x02", b"\x01", b"\x04" + X + Y)
)  # fmt: skip
CURVES = [
    Misdeed("explicit, over a prime", Reasons.illegal_value, lambda: curve_to_client(b"\x01" + EXPLICIT)),
    Misdeed("explicit, over 2^m", Reasons.illegal_value, lambda: curve_to_client(b"\x02\x00\xe9\x01\x4a" + EXPLICIT)),
    Misdeed("no type of curve", Reasons.illegal_value, lambda: curve_to_client(b"\x00" + EXPLICIT)),
    *(
        Misdeed(f"named, and never offered: {code:#06x}", Reasons.group_not_offered, partial(curve_to_client, b"\x03" + code.to_bytes(2) + b"\x41\x04" + X + Y))
        for code in (0x0001, 0x0013, 0x0100, 0x11EC, 0xFF01, 0xFF02, 0x0A0A)
    ),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", CURVES, ids=names)
def test_explicit_curve(misdeed: Misdeed) -> None:
    """RFC 8422, 5.4: a named curve that was offered, or nothing. Nobody checks a stranger's curve."""
    misdeed.check()

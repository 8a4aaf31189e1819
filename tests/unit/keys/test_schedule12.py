"""TLS 1.2's secrets: the PRF's published vectors, and the schedule computed a second way."""

from __future__ import annotations

import hmac
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsee.codes import CipherSuite
from tlsee.crypto.suites12 import AeadCipher, Suite12, suites12
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12, prf
from tlsee.keys.schedule13 import FinishedValid

SUITE = suites12()[CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
SHA384 = suites12()[CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]
CLIENT, SERVER = b"c" * 32, b"s" * 32

# The vectors that the TLS working group's list has had since 2008: hash, secret, seed, output.
VECTORS = [
    (
        "sha256",
        "9bbe436ba940f017b17652849a71db35",
        "a0ba9f936cda311827a6f796ffd5198c",
        (
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e"
            "14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5"
            "a72e5a5110fff70187347b66"
        ),
    ),
    (
        "sha384",
        "b80b733d6ceefcdc71566ea48e5567df",
        "cd665cf6a8447dd6ff8b27555edb7465",
        (
            "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b123"
            "3c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd"
            "4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a2"
            "6854308d5eaa3be85e0990703d73e56f"
        ),
    ),
]


@pytest.mark.parametrize(("hash_name", "secret", "seed", "output"), VECTORS)
def test_prf_vectors(hash_name: str, secret: str, seed: str, output: str) -> None:
    """The published bytes, and each shorter output is where a longer one begins."""
    expected = bytes.fromhex(output)
    for length in (len(expected), 1, 12, 32, 33, 48, 64, 65):
        made = prf(hash_name, bytes.fromhex(secret), b"test label", bytes.fromhex(seed), length)
        assert made == expected[:length]


def p_hash(hash_name: str, secret: bytes, seed: bytes, length: int) -> bytes:
    """RFC 5246, 5, written as its formulas stand there."""

    def a(number: int) -> bytes:
        return seed if number == 0 else hmac.new(secret, a(number - 1), hash_name).digest()

    parts = [hmac.new(secret, a(number) + seed, hash_name).digest() for number in range(1, 8)]
    return b"".join(parts)[:length]


@pytest.mark.parametrize("suite", [SUITE, SHA384], ids=repr)
def test_the_main_secrets(suite: Suite12) -> None:
    """RFC 5246, 8.1, and RFC 7627, 4: label, seed and length of both, with the suite's hash."""
    name = suite.hash_name
    plain = MainSecret.of_randoms(suite, b"pre", CLIENT, SERVER)
    assert plain.secret == p_hash(name, b"pre", b"master secret" + CLIENT + SERVER, 48)
    extended = MainSecret.of_session(suite, b"pre", b"hash")
    assert extended.secret == p_hash(name, b"pre", b"extended master secret" + b"hash", 48)
    assert (plain.extended, extended.extended) == (False, True)


@pytest.mark.parametrize("suite", suites12().values(), ids=repr)
def test_the_key_block(suite: Suite12) -> None:
    """RFC 5246, 6.3: MAC keys, keys, IVs, each the client's first; each as long as its cipher's."""
    main = MainSecret(suite, b"m" * 48, True)
    client, server = main.keys(CLIENT, SERVER)
    cipher = suite.cipher
    sizes = (
        (0, cipher.key_length, cipher.iv_length)
        if isinstance(cipher, AeadCipher)
        else (cipher.mac_length, cipher.key_length, 0)
    )
    seed = b"key expansion" + SERVER + CLIENT
    block = p_hash(suite.hash_name, b"m" * 48, seed, 2 * sum(sizes))
    ends = accumulate([0, *(size for size in sizes for _ in "cs")])
    parts = [block[start:end] for start, end in pairwise(ends)]
    assert [client.mac_key, server.mac_key, client.key, server.key, client.iv, server.iv] == parts
    assert client != server
    assert not client.encrypt_then_mac
    assert all(keys.encrypt_then_mac for keys in main.keys(CLIENT, SERVER, encrypt_then_mac=True))


def test_finished() -> None:
    """RFC 5246, 7.4.9: 12 bytes, and the two sides' labels differ."""
    main = MainSecret(SHA384, b"m" * 48, True)
    for made, label in (
        (main.client_finished(b"d"), b"client finished"),
        (main.server_finished(b"d"), b"server finished"),
    ):
        assert made == p_hash("sha384", b"m" * 48, label + b"d", 12)


def test_a_right_finished_gives_a_receipt() -> None:
    """For the right bytes over the right transcript by the right side, and for nothing else."""
    main = MainSecret(SUITE, b"m" * 48, True)
    client, server = main.client_finished(b"d"), main.server_finished(b"d")
    assert isinstance(main.check_client_finished(b"d", client), FinishedValid)
    assert isinstance(main.check_server_finished(b"d", server), FinishedValid)
    for check, verify_data in (
        (main.check_client_finished, server),
        (main.check_server_finished, client),
        (MainSecret(SUITE, b"n" * 48, True).check_client_finished, client),
    ):
        with pytest.raises(PeerMisbehaved) as caught:
            check(b"d", verify_data)
        assert caught.value.reason is Reasons.bad_finished
    with pytest.raises(PeerMisbehaved):
        main.check_client_finished(b"e", client)


@given(st.binary(max_size=16))
def test_a_wrong_finished_is_refused(verify_data: bytes) -> None:
    """Other bytes, none, and ones that are too long or short."""
    main = MainSecret(SUITE, b"m" * 48, True)
    right = main.client_finished(b"d")
    for wrong in (verify_data, right + verify_data + b"x", right[:-1], b"", right + b"\0"):
        with pytest.raises(PeerMisbehaved):
            main.check_client_finished(b"d", wrong)


def test_exporter() -> None:
    """RFC 5705, 4: the seed with and without a context, whose length counts."""
    main = MainSecret(SUITE, b"m" * 48, True)
    seed = b"EXPERIMENTAL x" + CLIENT + SERVER
    for context, also in ((None, b""), (b"", b"\0\0"), (b"abc", b"\0\x03abc")):
        made = main.export(CLIENT, SERVER, b"EXPERIMENTAL x", context, 70)
        assert made == p_hash("sha256", b"m" * 48, seed + also, 70)


def test_exporter_refuses() -> None:
    """No exporter without RFC 7627; none of the protocol's labels; no sizes that cannot be."""
    main = MainSecret(SUITE, b"m" * 48, True)
    with pytest.raises(ApiMisuse, match="extended_main_secret"):
        MainSecret(SUITE, b"m" * 48, False).export(CLIENT, SERVER, b"x", None, 1)
    reserved = [b"client finished", b"server finished", b"master secret", b"key expansion"]
    for label in [*reserved, b"extended master secret", b""]:
        with pytest.raises(ApiMisuse):
            main.export(CLIENT, SERVER, label, None, 1)
    with pytest.raises(ApiMisuse):
        main.export(CLIENT, SERVER, b"x", None, 0)
    with pytest.raises(ApiMisuse):
        main.export(CLIENT, SERVER, b"x", bytes(0x10000), 1)


def test_nothing_shows_a_secret() -> None:
    """No repr has a secret's bytes in any form."""
    main = MainSecret(SUITE, b"m" * 48, True)
    client, _ = main.keys(CLIENT, SERVER)
    for item, secret in ((main, main.secret), (client, client.key), (client, client.iv)):
        shown = repr(item)
        assert secret.hex()[:8] not in shown
        assert repr(secret)[2:10] not in shown
        assert "key=" not in shown


def test_secrets_compare_by_suite_and_bytes() -> None:
    """Equality needs the same suite, the same bytes and the same kind; equal ones hash alike."""
    main = MainSecret(SUITE, b"m", True)
    assert main == MainSecret(SUITE, b"m", True)
    assert hash(main) == hash(MainSecret(SUITE, b"m", True))
    for other in (
        MainSecret(SUITE, b"n", True),
        MainSecret(SUITE, b"m", False),
        MainSecret(SHA384, b"m", True),
    ):
        assert main != other
    keys = TrafficKeys12(SUITE, b"", b"k", b"i")
    assert keys == TrafficKeys12(SUITE, b"", b"k", b"i")
    assert hash(keys) == hash(TrafficKeys12(SUITE, b"", b"k", b"i"))
    assert keys != TrafficKeys12(SUITE, b"", b"k", b"j")
    assert keys != TrafficKeys12(SUITE, b"", b"k", b"i", encrypt_then_mac=True)

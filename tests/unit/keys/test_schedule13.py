"""The key schedule against RFC 8448, 3, and what it refuses and hides."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsee.codes import CipherSuite
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.keys.schedule13 import (
    EarlyStage,
    FinishedValid,
    MainStage,
    TrafficSecret,
    derive_secret,
    expand,
    expand_label,
    extract,
)
from tlsee.reasons import Reasons

SUITE = PROVIDER.suites[CipherSuite.TLS_AES_128_GCM_SHA256]
SHA384 = PROVIDER.suites[CipherSuite.TLS_AES_256_GCM_SHA384]
SHARED = bytes.fromhex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
AFTER_SERVER_HELLO = bytes.fromhex(
    "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8"
)
AFTER_SERVER_FINISHED = bytes.fromhex(
    "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13"
)
AFTER_CLIENT_FINISHED = bytes.fromhex(
    "209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d"
)


def main_stage() -> MainStage:
    return EarlyStage.start(SUITE).handshake(SHARED).main()


def test_the_stages() -> None:
    """Early, handshake and main secret are the trace's."""
    early = EarlyStage.start(SUITE)
    handshake = early.handshake(SHARED)
    assert early.secret.hex() == "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"
    assert (
        handshake.secret.hex() == "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"
    )
    assert (
        handshake.main().secret.hex()
        == "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"
    )


def test_handshake_keys_and_finished() -> None:
    """The handshake's secrets, keys and the client's Finished are the trace's."""
    client, server = EarlyStage.start(SUITE).handshake(SHARED).traffic(AFTER_SERVER_HELLO)
    assert client.secret.hex() == "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"
    assert server.secret.hex() == "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"
    key, iv = server.keys()
    assert (key.hex(), iv.hex()) == ("3fce516009c21727d0f2e4e86ee403bc", "5d313eb2671276ee13000b30")
    key, iv = client.keys()
    assert (key.hex(), iv.hex()) == ("dbfaa693d1762c5b666af5d950258d01", "5bd3c71b836e0b76bb73265f")
    assert (
        client.finished(AFTER_SERVER_FINISHED).hex()
        == "a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"
    )


def test_application_secrets() -> None:
    """The application's secrets, the exporter's and the resumption's are the trace's."""
    client, server, exporter = main_stage().application(AFTER_SERVER_FINISHED)
    resumption = main_stage().resumption(AFTER_CLIENT_FINISHED)
    assert client.secret.hex() == "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"
    assert server.secret.hex() == "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
    assert exporter.hex() == "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50"
    assert resumption.hex() == "7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c"
    assert (
        expand_label("sha256", resumption, b"resumption", b"\0\0", 32).hex()
        == "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3"
    )


def test_a_psk_is_mixed_in() -> None:
    """With a pre-shared key the stages follow 7.1's figure; psk_ke mixes in zeros."""
    zeros = bytes(48)
    empty = bytes.fromhex(
        "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"
    )
    early = EarlyStage.start(SHA384, b"k" * 32)
    assert early.secret == hmac.digest(zeros, b"k" * 32, "sha384")
    salt = derive_secret("sha384", early.secret, b"derived", empty)
    assert early.handshake(b"").secret == extract("sha384", salt, zeros)
    assert early.handshake(b"s").secret == extract("sha384", salt, b"s")


def test_no_secret_at_all_is_refused() -> None:
    """Neither a pre-shared key nor a key exchange: nobody could not compute the keys."""
    with pytest.raises(ApiMisuse):
        EarlyStage.start(SUITE).handshake(b"")


def test_key_update() -> None:
    """RFC 9846, 7.2: the next secret is "traffic upd" of this one, and gives other keys."""
    now = TrafficSecret(SHA384, b"s" * 48)
    info = b"\x00\x30\x11tls13 traffic upd\x00\x01"
    assert now.next().secret == hmac.digest(b"s" * 48, info, "sha384")
    assert now.next().keys() != now.keys()


@given(st.binary(max_size=64))
def test_a_wrong_finished_is_refused(verify_data: bytes) -> None:
    """Any other bytes, also none and ones that are too long or short, are bad_finished."""
    secret = TrafficSecret(SUITE, b"s" * 32)
    right = secret.finished(b"d" * 32)
    for wrong in (verify_data, right + verify_data + b"x", right[:-1], b""):
        with pytest.raises(PeerMisbehaved) as caught:
            secret.check_finished(b"d" * 32, wrong)
        assert caught.value.reason is Reasons.bad_finished


def test_a_right_finished_gives_a_receipt() -> None:
    """The receipt exists for the right bytes over the right transcript alone."""
    secret = TrafficSecret(SUITE, b"s" * 32)
    verify_data = secret.finished(b"d" * 32)
    assert isinstance(secret.check_finished(b"d" * 32, verify_data), FinishedValid)
    with pytest.raises(PeerMisbehaved):
        secret.check_finished(b"e" * 32, verify_data)
    with pytest.raises(PeerMisbehaved):
        secret.next().check_finished(b"d" * 32, verify_data)


@pytest.mark.parametrize(
    ("label", "context", "length"),
    [(b"", b"", 1), (b"l" * 250, b"", 1), (b"l", b"c" * 256, 1), (b"l", b"", 0x10000)],
)
def test_fields_that_do_not_fit(label: bytes, context: bytes, length: int) -> None:
    """HkdfLabel's fields have bounds; what exceeds them is ApiMisuse, not other bytes."""
    with pytest.raises(ApiMisuse):
        expand_label("sha256", b"s" * 32, label, context, length)


def test_long_outputs() -> None:
    """An output over several blocks begins with the shorter ones, up to 255 blocks."""
    longest = expand("sha256", b"s" * 32, b"info", 255 * 32)
    assert len(longest) == 255 * 32
    for length in (0, 1, 31, 32, 33, 64, 65):
        assert expand("sha256", b"s" * 32, b"info", length) == longest[:length]
    with pytest.raises(ApiMisuse):
        expand("sha256", b"s" * 32, b"info", 255 * 32 + 1)


def test_nothing_shows_a_secret() -> None:
    """No repr of a stage or a traffic secret has the secret's bytes in any form."""
    early = EarlyStage.start(SUITE, b"k" * 32)
    stages = [early, early.handshake(b"s"), early.handshake(b"s").main()]
    stages += [TrafficSecret(SUITE, b"t" * 32)]
    for stage in stages:
        shown = repr(stage)
        assert stage.secret.hex()[:8] not in shown
        assert repr(stage.secret)[:10] not in shown
        assert "secret=" not in shown


def test_secrets_compare_by_suite_and_bytes() -> None:
    """Equality needs the same stage, suite and secret."""
    assert TrafficSecret(SUITE, b"s") == TrafficSecret(SUITE, b"s")
    assert TrafficSecret(SUITE, b"s") != TrafficSecret(SUITE, b"t")
    assert TrafficSecret(SUITE, b"s") != TrafficSecret(SHA384, b"s")
    assert TrafficSecret(SUITE, b"s") != MainStage(SUITE, b"s")

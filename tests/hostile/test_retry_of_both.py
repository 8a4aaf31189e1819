"""HelloRetryRequest between two ends of ours: when it happens and what it looks like."""

from __future__ import annotations

import pytest

from tests.support.endpoints import Pair, client_config, server_config
from tests.support.hostile import CHANGE_CIPHER_SPEC, plain_record
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import (
    Misdeed,
    done,
)
from tlsee import policies
from tlsee.codes import CipherSuite, ExtensionType, NamedGroup
from tlsee.errors import Reasons
from tlsee.wire.codec import decode
from tlsee.wire.extensions.key_share import (
    KeyShareHelloRetryRequest,
)
from tlsee.wire.hellos import HelloRetryRequest

X25519, P256, P384 = NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1
HYBRID, HYBRID_P256 = NamedGroup.X25519MLKEM768, NamedGroup.SecP256r1MLKEM768
KEY_SHARE, VERSIONS = ExtensionType.key_share, ExtensionType.supported_versions
AES256 = CipherSuite.TLS_AES_256_GCM_SHA384

COOKIE = policies.Policy("cookie", cookie=True)


def records(data: bytes | bytearray) -> list[int]:
    """The types of the records."""
    types = []
    while data:
        types.append(data[0])
        data = data[5 + int.from_bytes(data[3:5], "big") :]
    return types


@pytest.mark.parametrize("cookie", [False, True])
@pytest.mark.parametrize("shares", [(), (X25519,), (HYBRID_P256, X25519)])
def test_both_roles_retry(cookie: bool, shares: tuple[NamedGroup, ...]) -> None:
    """The client's shares are none that this server takes; with and without a cookie."""
    policy = COOKIE if cookie else policies.default
    pair = Pair(client_config(key_shares=shares), server_config(groups=[P384], policy=policy)).run()

    assert pair.done
    for side in (pair.client, pair.server):
        assert side.info.retried
        assert side.info.group == P384


def test_dummy_records_stand_where_the_appendix_wants_them() -> None:
    """RFC 9846, E.4: the server's behind its first message, the client's before its second."""
    pair = Pair(client_config(key_shares=[]), server_config())
    flights = []
    for _ in range(2):
        for sender, receiver in ((pair.client, pair.server), (pair.server, pair.client)):
            data = sender.data_to_send()
            flights.append(records(data))
            receiver.receive_data(data)

    assert flights == [[22], [22, 20], [20, 22], [22, 23]]
    assert records(pair.client.data_to_send()) == [23]


def test_nobody_sends_dummy_records_to_one_who_did_not_ask_for_them() -> None:
    """RFC 9846, E.4: without a legacy session id the server sends none."""
    plain = policies.Policy("plain", middlebox_compatibility=False)
    pair = Pair(client_config(key_shares=[], policy=plain), server_config())
    sent = []
    for _ in range(3):
        for sender, receiver in ((pair.client, pair.server), (pair.server, pair.client)):
            data = sender.data_to_send()
            sent += records(data)
            receiver.receive_data(data)
    assert 20 not in sent


@pytest.mark.parametrize(
    ("offered", "shares", "taken", "group", "retried"),
    [
        ([HYBRID, X25519], [HYBRID, X25519], [HYBRID, X25519], HYBRID, False),
        ([HYBRID, X25519], [X25519], [HYBRID, X25519], HYBRID, True),
        ([HYBRID_P256, X25519], [X25519], [HYBRID, HYBRID_P256, X25519], HYBRID_P256, True),
        ([HYBRID, HYBRID_P256], [HYBRID_P256], [HYBRID, HYBRID_P256], HYBRID_P256, False),
        ([X25519, P256], [P256], [X25519, P256], P256, False),
        ([X25519, P256], [], [P256, X25519], P256, True),
        ([HYBRID, X25519], [HYBRID], [X25519], X25519, True),
        ([X25519], [X25519], [HYBRID, X25519], X25519, False),
    ],
)
def test_a_better_tier_wins_and_within_a_tier_a_share_that_is_there(
    offered: list[NamedGroup],
    shares: list[NamedGroup],
    taken: list[NamedGroup],
    group: NamedGroup,
    retried: bool,
) -> None:
    """A hybrid is worth a round trip; one elliptic curve instead of another is not."""
    pair = Pair(client_config(groups=offered, key_shares=shares), server_config(groups=taken)).run()

    assert pair.server.info.group == pair.client.info.group == group
    assert pair.client.info.retried is retried


def test_a_retry_names_its_suite_and_keeps_it() -> None:
    """The suite is settled in the HelloRetryRequest, also one that is not the first."""
    pair = Pair(
        client_config(key_shares=[]),
        server_config(suites=[CipherSuite.TLS_CHACHA20_POLY1305_SHA256]),
    )
    Pair.carry(pair.client, pair.server)
    flight = pair.server.data_to_send()
    retry = decode(HelloRetryRequest, bytes(flight[5 : 5 + int.from_bytes(flight[3:5], "big")]))
    pair.client.receive_data(flight)
    pair.run()

    assert retry.extensions.require(KeyShareHelloRetryRequest).selected_group == HYBRID
    assert retry.cipher_suite == pair.client.info.suite == CipherSuite.TLS_CHACHA20_POLY1305_SHA256


def test_dummy_records_between_the_hellos_are_dropped() -> None:
    """RFC 9846, 5: at any time after the first hello, in both roles, and several of them."""
    server = HostileServer()
    server.deliver(CHANGE_CIPHER_SPEC * 3)
    server.retry(P256).deliver(CHANGE_CIPHER_SPEC * 3)
    assert done(server.flight())

    client = HostileClient(settings=client_config(key_shares=[])).greet()
    client.deliver(CHANGE_CIPHER_SPEC * 3)
    client.follow_retry().deliver(CHANGE_CIPHER_SPEC * 3)
    assert done(client.finish())


def test_data_between_the_hellos_is_refused() -> None:
    """Where no early data was announced there is nothing to skip."""
    peer = HostileClient(settings=client_config(key_shares=[])).greet()
    peer.deliver(plain_record(23, bytes(20)))

    Misdeed("", Reasons.plaintext_data, lambda: peer, protected=False).check()

"""Early data that nobody accepts (RFC 9846, 4.3.10): skipped within a bound, then refused."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.support.endpoints import client_config, server_config
from tests.support.hostile import DATA, HANDSHAKE, Puppet, plain_record
from tests.support.hostile_client import HostileClient
from tests.support.refusals import Misdeed, bearing, done, names
from tests.support.stages import data_of
from tlsee import defaults
from tlsee.codes import CipherSuite
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import Reasons
from tlsee.keys.protection import Sealer
from tlsee.keys.schedule13 import TrafficSecret

LIMIT = defaults.SKIPPED_EARLY_DATA_LIMIT
FULL = 2**14


def early_keys() -> Sealer:
    """Keys that the server does not have."""
    suite = PROVIDER.suites[CipherSuite.TLS_AES_128_GCM_SHA256]
    return Sealer(TrafficSecret(suite, bytes(32)))


def announced(retried: bool, **settings: Any) -> HostileClient:
    """A client whose first hello announces early data."""
    if retried:
        settings["key_shares"] = []
    return HostileClient(settings=client_config(**settings), client_hello=bearing(42)).greet()


def early(peer: Puppet, size: int, count: int = 1) -> Puppet:
    """Records of early data."""
    keys = early_keys()
    for _ in range(count):
        peer.deliver(keys.seal(DATA, bytes(size)))
    return peer


def without_early_data(peer: HostileClient) -> HostileClient:
    """The second hello leaves early_data out, as RFC 9846, 4.2.2 has it."""
    return peer.follow_retry() if peer.retry_raw else peer


@pytest.mark.parametrize("retried", [False, True])
@pytest.mark.parametrize(("size", "count"), [(1, 1), (100, 30), (FULL, 3), (0, 5)])
def test_a_server_skips_early_data_that_it_did_not_accept(
    retried: bool, size: int, count: int
) -> None:
    """With and without HelloRetryRequest; what follows is the handshake and real data."""
    peer = announced(retried)
    early(peer, size, count)
    without_early_data(peer).finish()
    peer.record(DATA, b"after")

    assert data_of(peer) == b"after"
    assert peer.victim.info.retried is retried


def test_early_data_that_comes_with_the_hello() -> None:
    """As one piece, before the server could say anything."""
    peer = HostileClient(client_hello=bearing(42))
    with peer.together():
        peer.greet()
        early(peer, 500, 3)
    peer.finish()

    assert done(peer)


def one_byte_too_many(retried: bool) -> HostileClient:
    """The last record does not fit."""
    peer = announced(retried)
    early(peer, FULL, LIMIT // (FULL + 22))
    early(peer, FULL)
    return peer


def endless(retried: bool, size: int) -> HostileClient:
    """It never ends."""
    peer = announced(retried)
    data = early_keys().seal(DATA, bytes(size)) if size else plain_record(23, b"")
    for _ in range(2 * LIMIT // len(data)):
        peer.deliver(data)
    return peer


def unannounced() -> HostileClient:
    peer = HostileClient().greet()
    early(peer, 100)
    return peer


def after_the_first_real_record() -> HostileClient:
    """Once a record opened, what does not open is an error (4.3.10)."""
    peer = announced(False)
    early(peer, 100)
    peer.record(HANDSHAKE, b"\x14\x00\x00\x20")
    early(peer, 100)
    return peer


def after_the_second_hello() -> HostileClient:
    peer = announced(True)
    early(peer, 100)
    peer.follow_retry()
    early(peer, 100)
    return peer


def again_after_retry() -> HostileClient:
    peer = HostileClient(
        settings=client_config(key_shares=[]),
        client_hello=bearing(42),
        second_client_hello=bearing(42),
    )
    return peer.greet().follow_retry()


def end_of_early_data() -> HostileClient:
    """Only who was accepted may say so (RFC 9846, 4.6)."""
    peer = announced(False)
    peer.record(HANDSHAKE, b"\x05\x00\x00\x00")
    return peer


MISDEEDS = [
    Misdeed("more than the bound", Reasons.too_much_early_data, lambda: one_byte_too_many(False)),
    Misdeed("more than the bound, retried", Reasons.too_much_early_data, lambda: one_byte_too_many(True), protected=False),
    *[
        Misdeed(f"endless records of {size}, {'' if retried else 'not '}retried", Reasons.too_much_early_data, partial(endless, retried, size), protected=not retried)
        for retried in (False, True)
        for size in (0, 1, FULL)
    ],
    Misdeed("not announced", Reasons.bad_record_mac, unannounced),
    Misdeed("after a record that opened", Reasons.bad_record_mac, after_the_first_real_record),
    Misdeed("after the second hello", Reasons.bad_record_mac, after_the_second_hello),
    Misdeed("announced again", Reasons.early_data_after_retry, again_after_retry),
    Misdeed("EndOfEarlyData", Reasons.unexpected_message, end_of_early_data, words="expected finished"),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_early_data_beyond_its_place_is_refused(misdeed: Misdeed) -> None:
    """The bound, and the moment from which everything must open."""
    misdeed.check()


def test_skipping_ends_with_the_handshake() -> None:
    """What is left of the budget does not hide a forged record later."""
    peer = announced(False)
    early(peer, 10)
    peer.finish()
    assert done(peer)

    Misdeed("", Reasons.bad_record_mac, lambda: early(peer, 10)).check()


def test_a_server_configuration_changes_nothing_about_it() -> None:
    """Also where a client certificate is asked for."""
    peer = HostileClient(
        server_config(client_trust=client_config().trust, client_auth="optional"),
        client_hello=bearing(42),
    ).greet()
    early(peer, 1000, 2)
    peer.finish()

    assert done(peer)

"""Several connections in one capture, sessions between them, and each suite, key and fate."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import Any

import pytest

from tests.support.captures_made import BEGAN, Packet, Talker, pcap
from tests.support.captures_told import key_log_of, told, wire
from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tests.support.recordings import TLS12, TLS13, record
from tlsee import policies
from tlsee.codes import AlertDescription, CipherSuite
from tlsee.errors import TLSError
from tlsee.explain.account import Account, Ending
from tlsee.explain.capture import CaptureReading, Overheard, bounds, read_capture
from tlsee.explain.recorded import story_of
from tlsee.explain.summary import choice_rows
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.recording.seen import SessionSeen
from tlsee.trace import (
    Choice,
)


@cache
def _own(name: str) -> Recording:
    return record(name).full_client.recording


def _one(talker: Talker, *logs: Recording) -> Overheard:
    (found,) = read_capture(pcap(talker.packets), key_log_of(logs) if logs else None).connections
    return found


def _is_beginning(found: list[Any], whole: list[Any]) -> bool:
    return found == whole[: len(found)]


def _together(*talkers: Talker) -> list[Packet]:
    """Connections at the same time."""
    return sorted(packet for talker in talkers for packet in talker.packets)


def test_connections_of_both_versions_at_the_same_time() -> None:
    """Packets of four connections in turn: each is told by itself, in the order they began."""
    names = ("1.3", "1.2", "1.3, retried", "1.2, client certificate")
    talkers = [
        wire(_own(name), client=("10.0.0.9", 4000 + n), begin=n * 1000)
        for n, name in enumerate(names)
    ]
    reading = read_capture(pcap(_together(*talkers), nano=True), key_log_of(map(_own, names)))
    assert reading.notes == ()
    assert [found.client for found in reading.connections] == [
        f"10.0.0.9:{4000 + n}" for n in range(4)
    ]
    for name, found in zip(names, reading.connections, strict=True):
        assert told(found.recording) == told(_own(name)), name
        assert found.notes == ()


def _meet(config: Any, server: Any) -> Recording:
    recorder = Recorder(reveal_secrets=True)
    pair = Pair(config, server, client_options={"observers": [recorder]}).run()
    assert pair.done
    pair.client.write(b"hello")
    pair.run()
    for side in (pair.client, pair.server):
        side.close_write()
    pair.run()
    return recorder.recording


def _two(version: dict[str, Any], **more: Any) -> tuple[Recording, Recording]:
    """A connection and one that takes its session up."""
    client = client_config(**version, **more, sessions=True)
    credentials = [server_credential("rsa2048" if more else "ecdsa_secp256r1")]
    server = server_config(**version, **more, credentials=credentials, sessions=True)
    return _meet(client, server), _meet(client, server)


def _capture_of(both: tuple[Recording, Recording], *logs: Recording, **more: Any) -> CaptureReading:
    first, second = both
    packets = wire(first).packets + wire(second, client=("10.0.0.1", 50_001), begin=10**9).packets
    return read_capture(pcap(packets), key_log_of(logs) if logs else None, **more)


@pytest.mark.parametrize("version", [TLS13, TLS12])
def test_a_session_is_traced_to_its_beginning(version: dict[str, Any]) -> None:
    """The second connection knows when the first began, and its certificate: it was overheard."""
    both = _two(version)
    reading = _capture_of(both, *both)
    first, second = reading.connections
    assert told(second.recording) == told(both[1])
    (choice,) = [
        e for e in second.recording.events() if isinstance(e, Choice) and e.what == "session"
    ]
    assert isinstance(choice.chosen, SessionSeen)
    assert int(choice.chosen.established_at) == BEGAN
    assert choice.chosen.peer_chain == first.chain
    assert first.chain
    assert story_of(second.recording).resumed


def test_a_session_whose_beginning_was_not_captured() -> None:
    """It is known to be one, and nothing is made up about it."""
    both = _two(TLS13)
    found = _one(wire(both[1]), both[1])
    story = story_of(found.recording)
    assert story.resumed
    assert story.recalled.established_at == 0
    rows = dict(choice_rows(story))
    assert "a session that began before anybody listened" in rows["session"]


def test_a_private_key_opens_a_resumed_session_too() -> None:
    """RSA key exchange: the main secret of the first connection opens the second one as well."""
    suites = [s for s in policies.legacy.suites if s.name.startswith("TLS_RSA_WITH_AES_128_GCM")]
    both = _two(TLS12, policy=policies.legacy, suites=suites)
    key: Any = server_credential("rsa2048").signer
    reading = _capture_of(both, private_keys=[key._key])
    for found, own in zip(reading.connections, both, strict=True):
        assert told(found.recording) == told(own)
        assert found.notes == ()


SUITES12 = [s for s in policies.legacy.suites if "_WITH_" in s.name]


@pytest.mark.parametrize("suite", SUITES12, ids=lambda s: s.name)
def test_every_suite_of_1_2(suite: CipherSuite) -> None:
    """GCM, CCM with both tags, ChaCha20 and CBC with encrypt_then_mac, each key exchange."""
    kind = "ecdsa_secp256r1" if "ECDSA" in suite.name else "rsa2048"
    more: dict[str, Any] = {**TLS12, "policy": policies.legacy, "suites": [suite]}
    own = _meet(client_config(**more), server_config(**more, credentials=[server_credential(kind)]))
    found = _one(wire(own), own)
    assert told(found.recording) == told(own)
    assert found.notes == ()


def test_cbc_with_the_mac_inside() -> None:
    """The older order of MAC and cipher, which only old machines still speak."""
    policy = policies.insecure_old_machines
    suites = [CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]
    more: dict[str, Any] = {**TLS12, "policy": policy, "suites": suites}
    own = _meet(
        client_config(**more), server_config(**more, credentials=[server_credential("rsa2048")])
    )
    found = _one(wire(own), own)
    assert told(found.recording) == told(own)


@pytest.mark.parametrize("accepted", [True, False])
def test_early_data_of_whatever_fate(accepted: bool) -> None:
    """Accepted or refused, early records open with their own key and are told as early."""
    own = _own("1.3, early data") if accepted else _refused()
    found = _one(wire(own), own)
    assert told(found.recording) == told(own)
    assert story_of(found.recording).early_data_accepted is accepted


@cache
def _refused() -> Recording:
    """Early data that a server refuses that has forgotten the ticket's key."""
    client = client_config(**TLS13, sessions=True)
    _meet(client, server_config(**TLS13, sessions=True, early_data=4096))
    recorder = Recorder(reveal_secrets=True)
    pair = Pair(
        client,
        server_config(**TLS13, sessions=True, early_data=4096),
        client_options={"observers": [recorder], "early_data": True},
    )
    pair.client.write_early_data(b"said early")
    pair.run()
    assert pair.done
    return recorder.recording


def test_a_refusal_that_was_encrypted_is_told_with_the_keys() -> None:
    """A client that asked for another name says so under the handshake's keys."""
    recorder = Recorder(reveal_secrets=True)
    pair = Pair(
        client_config(**TLS13),
        server_config(**TLS13),
        name="elsewhere.example",
        client_options={"observers": [recorder]},
    )
    with contextlib.suppress(TLSError):
        pair.run()
    pair.carry(pair.client, pair.server)
    own = recorder.recording
    opened, closed = _one(wire(own), own), _one(wire(own))
    heard, ours = told(opened.recording), told(own)
    assert heard["AlertSent"] == ours["AlertSent"]
    assert _is_beginning(ours["MessageReceived"], heard["MessageReceived"])  # it read no further
    assert story_of(opened.recording).alerts(sent=True)[-1] != AlertDescription.close_notify
    assert Account.of(opened.recording).outcome.ending is Ending.REFUSED_HERE
    assert Account.of(closed.recording).outcome.ending is Ending.UNFINISHED


def test_what_is_told_of_a_capture_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections behind the bound are counted; messages of one side beyond theirs are not read."""
    own = _own("1.3")
    talkers = [wire(own, client=("10.0.0.9", 4000 + n), begin=n * 1000) for n in range(3)]
    monkeypatch.setattr(bounds, "MOMENTS_LIMIT", 40)
    reading = read_capture(pcap(_together(*talkers)), key_log_of([own]))
    assert len(reading.connections) == 2
    assert [note for note in reading.notes if "1 connection more are not told" in note]
    monkeypatch.setattr(bounds, "MESSAGES_LIMIT", 3)
    (note,) = _one(talkers[0], own).notes
    assert "more than 3 messages" in note

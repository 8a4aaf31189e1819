"""Known attacks on TLS 1.2 by the order of messages: CCS injection, SMACK, renegotiation floods.

Each is done on the wire by a peer whose keys follow what it says, against both roles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests.support import hostile12_client, hostile12_server
from tests.support.endpoints import (
    NAME,
    client_config,
    client_credential,
    events_of,
    server_config,
    server_credential,
    trust,
)
from tests.support.hostile import ALERT, CCS, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, Heard
from tests.support.hostile12 import Puppet12
from tests.support.hostile12_client import HostileClient12
from tests.support.hostile12_server import ECDSA, TLS12, HostileServer12
from tests.support.refusals import done, refused
from tlsee import policies
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.connection.events import DataReceived, HandshakeDone
from tlsee.defaults import RENEGOTIATION_LIMIT
from tlsee.errors import Reason, Reasons
from tlsee.handshake.compose import Composer
from tlsee.wire.codec import encode
from tlsee.wire.messages12 import Finished, HelloRequest

RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
DHE = CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
SUITES = (ECDSA, DHE, RSA)


def against_client(suite: CipherSuite = ECDSA, *, both_versions: bool = False) -> HostileServer12:
    """A server that asks for a certificate, and a client of ours that has one."""
    versions = [ProtocolVersion.TLS13, TLS12] if both_versions else [TLS12]
    suites = [CipherSuite.TLS_AES_128_GCM_SHA256] * both_versions + [suite]
    config = client_config(
        versions=versions,
        policy=policies.legacy,
        suites=suites,
        credentials=[client_credential()],
    )
    return HostileServer12(config, suite=suite, asks=True)


def against_server(suite: CipherSuite = ECDSA) -> HostileClient12:
    """A client with a certificate, and a server of ours that asks for it."""
    own = server_credential("ecdsa_secp256r1" if suite == ECDSA else "rsa2048")
    config = server_config(
        versions=[TLS12],
        policy=policies.legacy,
        suites=[suite],
        credentials=[own],
        client_trust=trust(),
    )
    return HostileClient12(config, suite=suite, credential=client_credential())


PEERS: dict[str, Callable[[CipherSuite], Puppet12]] = {
    "client": against_client,
    "server": against_server,
}


def script_of(victim: str, suite: CipherSuite) -> list[str]:
    """What the peer of this victim says when it is honest."""
    if victim == "server":
        return list(hostile12_client.SCRIPT)
    return [name for name in hostile12_server.SCRIPT if suite != RSA or "key_exchange" not in name]


@pytest.mark.parametrize("suite", SUITES, ids=str)
@pytest.mark.parametrize("victim", PEERS)
def test_the_script_as_it_is_ends_in_a_connection(victim: str, suite: CipherSuite) -> None:
    """So what is refused below is refused for its order and for nothing else."""
    peer = PEERS[victim](suite).flight()
    assert list(peer.script) == script_of(victim, suite)
    assert done(peer)
    peer.record(DATA, b"after")
    assert [bytes(one.data) for one in events_of(peer.victim)] == [b"after"]


# --- CCS injection --------------------------------------------------------------------------------


def _injections() -> Iterator[ParameterSet]:
    """A ChangeCipherSpec before each message; before its own place it would be in order."""
    for suite in SUITES:
        for victim in PEERS:
            for name in script_of(victim, suite):
                if name not in {"change_cipher_spec", "finished"}:
                    yield pytest.param(victim, suite, name, id=f"{victim}-{suite.name}-{name}")


@pytest.mark.parametrize(("victim", "suite", "name"), list(_injections()))
def test_ccs_injection(victim: str, suite: CipherSuite, name: str) -> None:
    """CVE-2014-0224: keys of the empty main secret, which anybody on the way can compute.

    The record is refused in each state before its own, and nothing of what follows under those
    keys is looked at: not the rest of the handshake, not data.
    """
    peer = PEERS[victim](suite)
    script = list(peer.script)
    at = script.index(name)
    peer.flight(*script[:at], "change_cipher_spec")

    assert peer.sealer is not None, "the rest would be under the injected keys"
    refused(peer, Reasons.bad_change_cipher_spec, protected=False)
    assert peer.agreed is None or victim == "server"
    peer.flight(*script[at:])
    assert not [one for one in peer.heard if one.content_type in {CCS, DATA}]


def test_ccs_injection_under_the_empty_main_secret() -> None:
    """Both sides of one connection at once, as the man in the middle does it."""
    for peer in (against_client(), against_server()):
        with peer.together():
            peer.deliver(b"")
            if isinstance(peer, HostileServer12):
                peer._server_hello()
                peer._certificate()
                peer._server_key_exchange()
            else:
                peer._client_hello()
            peer.handshake(CHANGE_CIPHER_SPEC)
            peer.handshake(encode(Finished(bytes(12))))
            peer.record(DATA, b"injected")
        refused(peer, Reasons.bad_change_cipher_spec, protected=False)


def test_a_change_cipher_spec_before_server_hello_is_none_of_1_2() -> None:
    """A client of both versions drops what may be 1.3's dummy, and remembers that it came."""
    peer = against_client(both_versions=True)
    peer.deliver(CHANGE_CIPHER_SPEC)
    assert peer.victim.failure is None
    peer.flight("server_hello")
    refused(peer, Reasons.bad_change_cipher_spec, protected=False)


@pytest.mark.parametrize("victim", PEERS)
def test_a_second_change_cipher_spec_is_no_record_of_these_keys(victim: str) -> None:
    """In the clear it does not open; protected it is of a type that has no place any more."""
    for protected, reason in (
        (False, Reasons.bad_record_mac),
        (True, Reasons.unexpected_record),
    ):
        for end in (-1, None):  # before Finished, and after it
            peer = PEERS[victim](ECDSA)
            peer.flight(*list(peer.script)[:end])
            if protected:
                peer.record(CCS, b"\x01")
            else:
                peer.deliver(CHANGE_CIPHER_SPEC)
            refused(peer, reason)


@pytest.mark.parametrize("victim", PEERS)
@pytest.mark.parametrize("content", [b"\x00", b"\x02", b"\x01\x01", b""])
def test_a_change_cipher_spec_is_one_byte_of_value_one(victim: str, content: bytes) -> None:
    """RFC 5246, 7.1: in its own place too."""
    peer = PEERS[victim](ECDSA)
    peer.flight(*list(peer.script)[:-2])
    peer.record(CCS, content)
    refused(peer, Reasons.bad_change_cipher_spec)


@pytest.mark.parametrize("victim", PEERS)
@pytest.mark.parametrize("part", [b"\x14", b"\x14\x00\x00\x0c\x00"])
def test_no_handshake_bytes_pend_where_the_keys_change(victim: str, part: bytes) -> None:
    """What began in the clear must not end under keys, where it would pass for protected."""
    peer = PEERS[victim](ECDSA)
    peer.flight(*list(peer.script)[:-2])
    peer.deliver(peer.sealed(HANDSHAKE, part))
    peer.flight("change_cipher_spec")
    refused(peer, Reasons.interleaved_handshake)


# --- SMACK ----------------------------------------------------------------------------------------

# What a script may do without: then it is another figure of the same RFC.
OPTIONAL = {"certificate_request"}


def _misordered(script: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each message left out, doubled, swapped with the next one; and each way to the end."""
    end = ["change_cipher_spec", "finished"]
    for at, name in enumerate(script):
        if name not in OPTIONAL:
            yield f"without-{name}", script[:at] + script[at + 1 :]
        yield f"{name}-twice", [*script[: at + 1], *script[at:]]
        if at + 1 < len(script):
            swapped = [*script[:at], script[at + 1], name, *script[at + 2 :]]
            yield f"{script[at + 1]}-before-{name}", swapped
        if 0 < at < len(script) - 2:
            yield f"from-{name}-to-the-end", [*script[:at], *end]
            yield f"from-{name}-to-finished", [*script[:at], "finished"]
            yield f"from-{name}-to-data", script[:at]


def waiting(peer: Puppet12) -> list[Any]:
    """The events that the victim has before its error."""
    return list(peer.victim._events)


def _smack() -> Iterator[ParameterSet]:
    for suite in SUITES:
        for victim in PEERS:
            for name, script in _misordered(script_of(victim, suite)):
                yield pytest.param(victim, suite, script, id=f"{victim}-{suite.name}-{name}")


def _reason(peer: Puppet12, script: list[str]) -> Reason:
    """What the first message that is out of order is called."""
    right = list(peer.script)
    at = next(
        (i for i, name in enumerate(script) if i >= len(right) or name != right[i]), len(script)
    )
    if at == len(script):
        return Reasons.plaintext_data  # all that came was in order; data came too early
    if script[at] != "change_cipher_spec":
        return Reasons.unexpected_message
    return (
        Reasons.bad_record_mac
        if "change_cipher_spec" in right[:at]
        else (Reasons.bad_change_cipher_spec)
    )


@pytest.mark.parametrize(("victim", "suite", "script"), list(_smack()))
def test_smack(victim: str, suite: CipherSuite, script: list[str]) -> None:
    """A state machine attack: messages left out, repeated, reordered, and then data.

    Among them are those that had names: without ServerKeyExchange (forward secrecy lost), without
    CertificateVerify (a client that does not hold its key), without ChangeCipherSpec and from
    Certificate to Finished (a server that anybody plays).
    """
    peer = PEERS[victim](suite)
    right = list(peer.script)
    reason = _reason(peer, script)
    peer.flight(*script)
    if not peer.stopped:
        peer.record(DATA, b"without an end of the handshake")
    doubled_end = script[: len(right)] == right
    assert any(isinstance(one, HandshakeDone) for one in waiting(peer)) is doubled_end
    assert not any(isinstance(one, DataReceived) for one in waiting(peer))
    refused(peer, reason)


# --- Renegotiation floods -------------------------------------------------------------------------


@pytest.mark.parametrize("between", [b"", b"data"])
@pytest.mark.parametrize("victim", PEERS)
def test_renegotiation_flood(victim: str, between: bytes) -> None:
    """Each wish is answered with a warning, a few times, and then with the end; data buys no more.

    No wish is followed: CVE-2011-1473's cost and CVE-2009-3555's splice have no setting.
    """
    peer = PEERS[victim](ECDSA).flight()
    assert done(peer)
    wish = encode(HelloRequest())
    if isinstance(peer, HostileClient12):
        wish = encode(Composer().client_hello(peer.settings, NAME, ()))
    before = len(peer.heard)
    for _ in range(RENEGOTIATION_LIMIT + 10):
        if not peer.stopped:
            peer.record(HANDSHAKE, wish)
        if between and not peer.stopped:
            peer.record(DATA, between)
    warnings = [Heard(ALERT, b"\x01\x64", True)] * RENEGOTIATION_LIMIT
    assert peer.heard[before:] == [*warnings, Heard(ALERT, b"\x02\x28", True)]
    assert sum(
        isinstance(one, DataReceived) for one in waiting(peer)
    ) == RENEGOTIATION_LIMIT * bool(between)
    assert peer.victim.failure is not None
    assert peer.victim.failure.reason == Reasons.too_many_renegotiations

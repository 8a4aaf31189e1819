"""Each what-if that says it is certain is true: the other handshake is made, and compared."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, OpenEnum, ProtocolVersion, SignatureScheme
from tlsee.crypto.schemes import SCHEMES
from tlsee.crypto.schemes12 import schemes12
from tlsee.errors import ApiMisuse, TLSError
from tlsee.explain.why import WhatIf, Why, reasons_of
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import Choice, MessageSent, Role

Config = dict[str, Any]
TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13
G, S = NamedGroup, CipherSuite
AES128, AES256, CHACHA = (
    S.TLS_AES_128_GCM_SHA256,
    S.TLS_AES_256_GCM_SHA384,
    S.TLS_CHACHA20_POLY1305_SHA256,
)
ECDSA128, ECDSA256, RSA128, RSA256 = (
    S.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    S.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    S.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    S.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
)


def meeting(client: Config, server: Config) -> tuple[Recording, Recording, Recording]:
    """What the client and the server recorded, and what the latter recorded in full."""
    recorders = Recorder(), Recorder(), Recorder(reveal_secrets=True)
    ours, theirs = client_config(**client), server_config(**server)
    pair = Pair(
        ours,
        recorders[2].watched(theirs),
        client_options={"observers": [recorders[0]]},
        server_options={"observers": recorders[1:]},
    )
    try:
        pair.run()
    except TLSError:
        for sender, receiver in ((pair.server, pair.client), (pair.client, pair.server)):
            try:
                receiver.receive_data(sender.data_to_send())
            except TLSError:
                continue
    return recorders[0].recording, recorders[1].recording, recorders[2].recording


def outcome(recording: Recording, what: str) -> str:
    """What the server chose, by its own trace; nothing where it refused."""
    found = None
    for event in recording.events():
        if isinstance(event, Choice) and event.what == what and event.by is Role.SERVER:
            found = event.chosen
    if isinstance(found, bytes):
        return found.decode()
    if isinstance(found, ProtocolVersion):
        return found.label
    return found.name if isinstance(found, OpenEnum) else ""


def why(recording: Recording, what: str, by: Role = Role.SERVER) -> Why:
    found = [one for one in reasons_of(recording) if one.what == what and one.by is by]
    assert len(found) == 1, (what, [one.what for one in reasons_of(recording)])
    return found[0]


def what_if(reason: Why, change: str) -> WhatIf:
    found = [item for item in reason.what_ifs if item.change == change]
    assert found, (change, [item.change for item in reason.what_ifs])
    return found[0]


def retried(recording: Recording) -> bool:
    return any(
        isinstance(event, MessageSent) and event.raw[:1] == b"\x02" for event in recording.events()
    ) and any("RetriedClientHello" in getattr(e, "name", "") for e in recording.events())


BOTH, OLD, NEW = (
    {"versions": [TLS13, TLS12]},
    {"versions": [TLS12]},
    {"versions": [TLS13]},
)
FLAT = dataclasses.replace(
    policies.default,
    group_tiers=(tuple(g for tier in policies.default.group_tiers for g in tier),),
)
ORDER = "the server had gone by the client's order and not by its own"
# What, the handshake as it is (client, server), the change, and the handshake with it.
CASES: list[tuple[str, Config, Config, str, Config, Config]] = [
    ("version", BOTH, BOTH, "either side had been without TLS 1.3", OLD, BOTH),
    ("version", BOTH, BOTH, "either side had been without TLS 1.3", BOTH, OLD),
    ("version", BOTH, OLD, "this server had TLS 1.3 enabled", BOTH, BOTH),
    ("version", OLD, BOTH, "the client had offered TLS 1.3", BOTH, BOTH),
    ("version", OLD, NEW, "the client had offered TLS 1.3", BOTH, NEW),
    ("version", OLD, NEW, "this server had TLS 1.2 enabled", OLD, BOTH),
    ("version", NEW, OLD, "this server had TLS 1.3 enabled", NEW, BOTH),
    ("version", BOTH, NEW, "either side had been without TLS 1.3", OLD, NEW),
    (
        "version",
        BOTH,
        BOTH,
        "the client had listed its versions in the other order",
        {"versions": [TLS12, TLS13]},
        BOTH,
    ),
    (
        "suite",
        {"suites": [AES128, AES256]} | NEW,
        NEW,
        "the client had not offered TLS_AES_128_GCM_SHA256",
        {"suites": [AES256]} | NEW,
        NEW,
    ),
    (
        "suite",
        {"suites": [CHACHA, AES256, AES128]} | NEW,
        {"suites": [AES128, AES256, CHACHA]} | NEW,
        ORDER,
        {"suites": [CHACHA, AES256, AES128]} | NEW,
        {"suites": [CHACHA, AES256, AES128]} | NEW,
    ),
    (
        "suite",
        {"suites": [CHACHA, AES256]} | NEW,
        {"suites": [AES256]} | NEW,
        "the server had TLS_CHACHA20_POLY1305_SHA256 at the head of its list",
        {"suites": [CHACHA, AES256]} | NEW,
        {"suites": [CHACHA, AES256]} | NEW,
    ),
    (
        "suite",
        {"suites": [AES128]} | NEW,
        {"suites": [CHACHA]} | NEW,
        "the client had offered TLS_CHACHA20_POLY1305_SHA256",
        {"suites": [AES128, CHACHA]} | NEW,
        {"suites": [CHACHA]} | NEW,
    ),
    (
        "suite",
        {"suites": [AES128]} | NEW,
        {"suites": [CHACHA]} | NEW,
        "this server had TLS_AES_128_GCM_SHA256 enabled",
        {"suites": [AES128]} | NEW,
        {"suites": [CHACHA, AES128]} | NEW,
    ),
    (
        "suite",
        {"suites": [ECDSA128, RSA128, ECDSA256]} | OLD,
        OLD,
        "the client had not offered TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        {"suites": [RSA128, ECDSA256]} | OLD,
        OLD,
    ),
    (
        "suite",
        {"suites": [ECDSA256, RSA256, ECDSA128, RSA128]} | OLD,
        OLD,
        ORDER,
        {"suites": [ECDSA256, RSA256, ECDSA128, RSA128]} | OLD,
        {"suites": [ECDSA256, RSA256, ECDSA128, RSA128]} | OLD,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.X25519MLKEM768]} | NEW,
        NEW,
        "the client had not offered X25519MLKEM768",
        {"groups": [G.x25519], "key_shares": []} | NEW,
        NEW,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.X25519MLKEM768, G.x25519]} | NEW,
        NEW,
        "the client had sent no share of X25519MLKEM768",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.x25519]} | NEW,
        NEW,
    ),
    (
        "group",
        {"groups": [G.x25519, G.secp384r1], "key_shares": [G.x25519]} | NEW,
        {"groups": [G.secp384r1]} | NEW,
        "the client had sent a share of secp384r1 at once",
        {"groups": [G.x25519, G.secp384r1], "key_shares": [G.x25519, G.secp384r1]} | NEW,
        {"groups": [G.secp384r1]} | NEW,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.x25519]} | NEW,
        NEW,
        "all of the server's groups stood in one tier, so that a share that is there wins",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.x25519]} | NEW,
        {"policy": FLAT} | NEW,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519]} | NEW,
        NEW,
        "the client offered nothing post-quantum",
        {"groups": [G.x25519]} | NEW,
        NEW,
    ),
    (
        "group",
        {"groups": [G.x25519]} | NEW,
        {"groups": [G.X25519MLKEM768, G.secp256r1]} | NEW,
        "the client had offered X25519MLKEM768",
        {"groups": [G.x25519, G.X25519MLKEM768]} | NEW,
        {"groups": [G.X25519MLKEM768, G.secp256r1]} | NEW,
    ),
    (
        "group",
        {"groups": [G.secp384r1, G.x25519, G.secp256r1]} | OLD,
        {"groups": [G.x25519, G.secp384r1]} | OLD,
        "the client had not offered x25519",
        {"groups": [G.secp384r1, G.secp256r1]} | OLD,
        {"groups": [G.x25519, G.secp384r1]} | OLD,
    ),
    (
        "group",
        {"groups": [G.secp384r1, G.x25519, G.secp256r1]} | OLD,
        {"groups": [G.x25519, G.secp384r1]} | OLD,
        ORDER,
        {"groups": [G.secp384r1, G.x25519, G.secp256r1]} | OLD,
        {"groups": [G.secp384r1, G.x25519]} | OLD,
    ),
    *(
        case
        for version in (OLD, NEW)
        for case in (
            (
                "alpn",
                {"alpn": ["h2", "http/1.1"]} | version,
                {"alpn": ["h2", "http/1.1"]} | version,
                "the client had not offered h2",
                {"alpn": ["http/1.1"]} | version,
                {"alpn": ["h2", "http/1.1"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["http/1.1", "h2"]} | version,
                {"alpn": ["h2", "http/1.1"]} | version,
                ORDER,
                {"alpn": ["http/1.1", "h2"]} | version,
                {"alpn": ["http/1.1", "h2"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["h2"]} | version,
                {"alpn": ["h2"]} | version,
                "the client had offered none",
                version,
                {"alpn": ["h2"]} | version,
            ),
            (
                "alpn",
                version,
                {"alpn": ["h2"]} | version,
                "the client had offered h2",
                {"alpn": ["h2"]} | version,
                {"alpn": ["h2"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["a", "b"]} | version,
                {"alpn": ["c", "d"]} | version,
                "the client had offered c",
                {"alpn": ["a", "b", "c"]} | version,
                {"alpn": ["c", "d"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["a", "b"]} | version,
                {"alpn": ["c", "d"]} | version,
                "this server had a",
                {"alpn": ["a", "b"]} | version,
                {"alpn": ["c", "d", "a"]} | version,
            ),
        )
    ),
]


@pytest.mark.parametrize(("what", "client", "server", "change", "client2", "server2"), CASES)
def test_what_is_certain_is_what_happens(
    what: str, client: Config, server: Config, change: str, client2: Config, server2: Config
) -> None:
    """The same change made for real: the winner is the one that was named, or there is none."""
    told = what_if(why(meeting(client, server)[2], what), change)
    _, second, _ = meeting(client2, server2)

    assert told.certain
    assert outcome(second, what) == told.then
    if what == "group" and "HelloRetryRequest" in told.result:
        assert retried(second) is ("one round trip more" in told.result)


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("key", ["rsa2048", "ecdsa_secp256r1", "ed25519"])
def test_a_scheme_that_is_not_accepted_is_not_used(version: Config, key: str) -> None:
    """And what is used in its place, if anything, is among those that were named."""
    server = {"credentials": [server_credential(key)]} | version
    reason = why(meeting(version, server)[1], "scheme")
    told = what_if(reason, f"the client had not accepted {reason.chosen}")
    left = [c for c in reason.candidates if c.offered and not c.chosen]
    schemes = [SignatureScheme.named(c.name) for c in left if not c.name.startswith("0x")]
    usable = [s for s in schemes if s in (schemes12() if version is OLD else SCHEMES)]
    usable = [s for s in usable if "pkcs1" not in s.name]
    _, second, _ = meeting({"schemes": usable} | version, server)
    then = outcome(second, "scheme")

    assert told.certain
    assert then != reason.chosen
    assert then == "" or then in told.result


# --- At random ------------------------------------------------------------------------------------


def _some(choose: random.Random, items: tuple[Any, ...]) -> list[Any]:
    found = [item for item in items if choose.random() < 0.6] or [choose.choice(items)]
    choose.shuffle(found)
    return found


_SUITES = (AES128, AES256, CHACHA, ECDSA128, ECDSA256, RSA128, RSA256)
_GROUPS = (G.X25519MLKEM768, G.SecP256r1MLKEM768, G.x25519, G.secp256r1, G.secp384r1)
_LEGACY = (S.TLS_RSA_WITH_AES_128_GCM_SHA256, S.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256)


def _drawn(choose: random.Random) -> tuple[Config, Config]:
    versions = choose.choice([[TLS13, TLS12], [TLS12], [TLS13]])
    legacy = choose.random() < 0.3
    suites = (*_SUITES, *(_LEGACY if legacy else ()))
    groups = (*_GROUPS, *((G.ffdhe2048,) if legacy else ()))
    tiers = _some(choose, groups)
    cut = choose.randrange(len(tiers) + 1)
    policy = dataclasses.replace(
        policies.legacy if legacy else policies.default,
        group_tiers=tuple(tier for tier in (tuple(tiers[:cut]), tuple(tiers[cut:])) if tier),
    )
    listed = _some(choose, groups)
    keys = _some(choose, ("ecdsa_secp256r1", "rsa2048"))
    client = {
        "versions": versions,
        "policy": policies.legacy if legacy else policies.default,
        "suites": _some(choose, suites),
        "groups": listed,
        "key_shares": [group for group in listed if choose.random() < 0.4],
        "alpn": _some(choose, ("a", "b", "c")),
    }
    server = {
        "versions": [TLS13, TLS12],
        "policy": policy,
        "suites": _some(choose, suites),
        "alpn": _some(choose, ("a", "b", "c")),
        "credentials": [server_credential(key) for key in keys],
    }
    return client, server


def _without(field: str, kind: Callable[[str], Any]) -> Callable[[Config, Config, str], None]:
    def change(client: Config, _: Config, name: str) -> None:
        gone = kind(name)
        for each in (field, "key_shares" if field == "groups" else field):
            client[each] = [item for item in client[each] if item != gone]

    return change


CHANGES: dict[tuple[str, str], Callable[[Config, Config, str], None]] = {
    ("suite", "the client had not offered "): _without("suites", S.named),
    ("group", "the client had not offered "): _without("groups", G.named),
    ("alpn", "the client had not offered "): _without("alpn", str),
    ("group", "the client had sent no share of "): lambda client, _, name: client.update(
        key_shares=[g for g in client["key_shares"] if g.name != name]
    ),
    ("group", "the client had sent a share of "): lambda client, _, name: client.update(
        key_shares=[*client["key_shares"], G.named(name.removesuffix(" at once"))]
    ),
    ("suite", ORDER): lambda client, server, _: server.update(
        suites=[s for s in client["suites"] if s in server["suites"]]
    ),
    ("alpn", ORDER): lambda client, server, _: server.update(
        alpn=[name for name in client["alpn"] if name in server["alpn"]]
    ),
}


@pytest.mark.parametrize("seed", range(60))
def test_what_is_certain_is_true_for_any_configurations(seed: int) -> None:
    """Versions, suites, groups, tiers, shares, keys and protocols at random, in both versions."""
    choose = random.Random(seed)
    recordings: tuple[Recording, ...] = ()
    while not recordings:
        client, server = _drawn(choose)
        try:
            recordings = meeting(client, server)[1:]
        except ApiMisuse:
            continue  # it could not work: draw again
    for recording in recordings:
        for reason in reasons_of(recording):
            for told in reason.what_ifs:
                _check(reason, told, client, server)


def _check(reason: Why, told: WhatIf, client: Config, server: Config) -> None:
    for (what, start), change in CHANGES.items():
        if reason.what != what or not told.certain or not told.change.startswith(start):
            continue
        other_client, other_server = dict(client), dict(server)
        change(other_client, other_server, told.change.removeprefix(start))
        try:
            _, second, _ = meeting(other_client, other_server)
        except ApiMisuse:
            continue
        assert outcome(second, what) == told.then, (reason, told)

"""What is certain stays true for configurations that nobody thought of."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import server_credential
from tests.support.whys import (
    AES128,
    AES256,
    CHACHA,
    ECDSA128,
    ECDSA256,
    ORDER,
    RSA128,
    RSA256,
    TLS12,
    TLS13,
    Config,
    meeting,
    outcome,
)
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup
from tlsee.errors import ApiMisuse
from tlsee.explain.why import WhatIf, Why, reasons_of
from tlsee.recording.recording import Recording

G, S = NamedGroup, CipherSuite


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


def _workable(choose: random.Random) -> tuple[Config, Config, tuple[Recording, Recording]]:
    """Configurations that can be made, and what the server recorded of their meeting."""
    while True:
        client, server = _drawn(choose)
        try:
            return client, server, meeting(client, server)[1:]
        except ApiMisuse:
            continue  # it could not work: draw again


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
    client, server, recordings = _workable(random.Random(seed))
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

"""``--policy legacy``: what it allows, and that it says what was given up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.command import World, looks_good, tls_server, tlsee, world
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.config import ServerConfig
from tlsee.crypto.finite_field import checked_field, known_prime
from tlsee.crypto.groups import NamedExchange
from tlsee.crypto.pyca import PROVIDER
from tlsee.handshake import exchange12
from tlsee.values import replace

__all__ = ["world"]

EXCHANGES = {
    "RSA": (CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, "RSA (NOT forward secret)"),
    "DHE": (CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, "ffdhe2048 by DHE (forward secret"),
}


LEGACY = ("--policy", "legacy")


def old_server(world: World, suite: CipherSuite, **changes: Any) -> ServerConfig:
    """A server that has nothing better than this suite."""
    return ServerConfig(
        credentials=[world.authority.issue("localhost", key="rsa2048")],
        versions=[ProtocolVersion.TLS12],
        policy=policies.legacy,
        suites=[suite],
        **changes,
    )


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_legacy_reaches_an_old_server_and_warns_first(world: World, exchange: str) -> None:
    """The first line says what was given up; the keys line says whether it mattered."""
    suite, keys = EXCHANGES[exchange]
    with tls_server(old_server(world, suite)) as (port, _):
        result = tlsee("connect", f"localhost:{port}", "--ca", world.ca, "--policy", "legacy")

    assert result.code == 0, result.err
    assert result.out.startswith("warning     legacy: DHE, RSA key exchange (no forward secrecy)")
    assert keys in result.out
    looks_good(result.out)


def test_a_group_of_the_servers_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """DHE in a group without a number is named by its size, never as RSA or by a number of ours."""
    p, g = known_prime("modp", 2048).to_bytes(256), b"\x02"
    own = NamedExchange(NamedGroup.ffdhe2048, checked_field(p, g), post_quantum=False)
    groups = {**PROVIDER.groups, NamedGroup.ffdhe2048: own}
    monkeypatch.setattr(exchange12, "field_parameters", lambda _code: (p, g))
    config = old_server(
        world, EXCHANGES["DHE"][0], provider=replace(PROVIDER, groups=groups), groups=[own.code]
    )
    shown = []
    for options in ([], ["-v"], ["--json"]):
        with tls_server(config) as (port, _):
            address = f"localhost:{port}"
            shown.append(tlsee("connect", address, "--ca", world.ca, *LEGACY, *options).out)

    assert "keys        a group of 2,048 bits, the server's own, by DHE (forward secret" in shown[0]
    assert '"My half of a key exchange in a group of 2,048 bits' in shown[1]
    negotiated = json.loads(shown[2])["negotiated"]
    assert (negotiated["group"], negotiated["forward_secret"]) == ("explicit", True)
    assert "01ff" not in "".join(shown).lower().replace(negotiated["suite"].lower(), "")


@pytest.mark.parametrize(("exchange", "secret"), [("RSA", False), ("DHE", True)])
def test_forward_secrecy_in_json(world: World, exchange: str, secret: bool) -> None:
    """The suite tells."""
    with tls_server(old_server(world, EXCHANGES[exchange][0])) as (port, _):
        result = tlsee("connect", f"localhost:{port}", "--ca", world.ca, *LEGACY, "--json")
    negotiated = json.loads(result.out)["negotiated"]
    assert negotiated["forward_secret"] is secret
    assert (negotiated["group"] is None) is not secret


def test_without_it_the_same_server_is_refused(world: World) -> None:
    """Nothing of it is on by default."""
    suite, _ = EXCHANGES["RSA"]
    with tls_server(old_server(world, suite)) as (port, _):
        result = tlsee("connect", f"localhost:{port}", "--ca", world.ca)

    assert result.code == 1
    assert "handshake_failure" in result.out
    assert "warning" not in result.out

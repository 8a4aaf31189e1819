"""``--policy legacy``: what it allows, and that it says what was given up."""

from __future__ import annotations

import pytest

from tests.support.command import World, looks_good, tls_server, tlsee, world
from tlsee import policies
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.config import ServerConfig

__all__ = ["world"]

EXCHANGES = {
    "RSA": (CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, "RSA (NOT forward secret)"),
    "DHE": (CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, "ffdhe2048 by DHE (forward secret"),
}


def old_server(world: World, suite: CipherSuite) -> ServerConfig:
    """A server that has nothing better than this suite."""
    return ServerConfig(
        credentials=[world.authority.issue("localhost", key="rsa2048")],
        versions=[ProtocolVersion.TLS12],
        policy=policies.legacy,
        suites=[suite],
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


def test_without_it_the_same_server_is_refused(world: World) -> None:
    """Nothing of it is on by default."""
    suite, _ = EXCHANGES["RSA"]
    with tls_server(old_server(world, suite)) as (port, _):
        result = tlsee("connect", f"localhost:{port}", "--ca", world.ca)

    assert result.code == 1
    assert "handshake_failure" in result.out
    assert "warning" not in result.out

"""The story of a client that is asked who it is after the handshake (RFC 9846, 4.7.2)."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, client_credential, server_config, trust
from tlsee.errors import TLSError
from tlsee.explain.collector import Collector
from tlsee.explain.narrate import narrate
from tlsee.explain.story import Story
from tlsee.identity.authority import Authority
from tlsee.trace import Role


def told(**client: Any) -> list[str]:
    """What is told of each step, by the client, who knows how the server took it."""
    ears = {role: Collector(role) for role in Role}
    settings = {"credentials": [client_credential()], "post_handshake_auth": True, **client}
    pair = Pair(
        client_config(sessions=True, **settings),
        server_config(client_trust=trust(), client_auth="none", sessions=True),
        client_options={"observers": [ears[Role.CLIENT]]},
        server_options={"observers": [ears[Role.SERVER]]},
    ).run()
    pair.client.write(b"data")
    pair.run()
    pair.server.request_certificate()
    with contextlib.suppress(TLSError):  # a stranger is refused
        pair.run()
    stories = [Story.of(ears[role]) for role in (Role.CLIENT, Role.SERVER)]
    return [" ".join(line.text.strip() for line in block.lines) for block in narrate(*stories)]


def of(lines: list[str], name: str) -> list[str]:
    return [line for line in lines if f"client -> server  {name}" in line]


def test_a_later_answer_is_over_the_handshake_the_request_and_itself() -> None:
    """Neither tickets nor data are in it (4.5); the handshake is not done a second time."""
    lines = told()

    (request,) = [line for line in lines if "CertificateRequest" in line]
    at = int(request.split()[0])
    (signature,) = of(lines, "CertificateVerify")
    assert f"over messages 1-7 and {at}-{at + 1}:" in signature
    assert signature.endswith("Valid.")
    first, second = of(lines, "Finished")
    assert "Done:" in first
    assert f"over messages 1-7 and {at}-{at + 2}. Matches. The server checks" in second
    assert second.endswith("accepted.")
    assert "Done:" not in second


@pytest.mark.parametrize("name", ["client.test", "somebody"])
def test_a_later_refusal_is_told_where_it_was_made(name: str) -> None:
    """Behind the last message, for the judge speaks last."""
    stranger = Authority.create("elsewhere").issue(name, client=True, server=False)
    (_, second) = of(told(credentials=[stranger]), "Finished")

    assert "Matches. The server judges: REFUSED" in second

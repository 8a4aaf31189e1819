"""This side cannot go on, or does not want to: the peer is told, and it is not the peer's fault."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.endpoints import (
    client_config,
    client_credential,
    events_of,
    server_config,
    server_credential,
    trust,
)
from tests.support.hostile import Puppet
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import Misdeed, names
from tlsee import defaults
from tlsee.codes import SignatureScheme
from tlsee.crypto.provider import LATER, Later
from tlsee.errors import LocalFailure, PeerMisbehaved, Reasons
from tlsee.identity.credentials import Credential
from tlsee.questions import Question

ROLES = ("client", "server")
SECRET = "hunter2"  # must never reach a text


class BrokenSigner:
    """A module that was unplugged."""

    @property
    def schemes(self) -> list[SignatureScheme]:
        return [SignatureScheme.ecdsa_secp256r1_sha256]

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        raise OSError(SECRET)


def raising(*_: Any) -> Any:
    raise KeyError(SECRET)


def later(*_: Any) -> Later:
    return LATER


def broken(credential: Credential) -> Credential:
    return Credential(credential.chain, BrokenSigner())


def server_signer() -> Puppet:
    return HostileClient(server_config(credentials=[broken(server_credential())])).greet()


def client_signer() -> Puppet:
    config = client_config(credentials=[broken(client_credential())])
    return HostileServer(config, asks=True).flight()


def to_client(**config: Any) -> Callable[[], Puppet]:
    return lambda: HostileServer(client_config(**config), asks=True).flight()


def to_server(**config: Any) -> Callable[[], Puppet]:
    settings = {"client_trust": trust(), **config}
    return lambda: HostileClient(server_config(**settings), credential=client_credential()).flight()


def asking(role: str, answer: Any) -> Puppet:
    """The first question of a role, answered like this."""
    peer: Puppet
    if role == "client":
        peer = HostileServer(client_config(judge=later)).flight()
    else:
        peer = HostileClient(server_config(config_for_hello=later)).greet()
    question = next(event for event in events_of(peer.victim) if isinstance(event, Question))
    if answer is not None:
        peer.victim.answer(question, answer)
        peer.listen()
    return peer


def impatient(role: str) -> Puppet:
    """While a question is open more comes than is kept."""
    peer = asking(role, None)
    record = b"\x17\x03\x03\x40\x00" + bytes(0x4000)
    for _ in range(defaults.INPUT_WHILE_ASKING_LIMIT // len(record) + 1):
        peer.deliver(record)
    return peer


OWN = [
    Misdeed("a server's signer breaks", Reasons.signing_failed, server_signer),
    Misdeed("a client's signer breaks", Reasons.signing_failed, client_signer),
    Misdeed("a client's judge raises", Reasons.local_failure, to_client(judge=raising), words="judge raised KeyError"),
    Misdeed("a server's judge raises", Reasons.local_failure, to_server(judge=raising)),
    Misdeed("a client's chooser raises", Reasons.local_failure, to_client(choose_credential=raising)),
    Misdeed("a server's chooser raises", Reasons.local_failure, to_server(choose_credential=raising)),
    Misdeed("config_for_hello raises", Reasons.local_failure, lambda: HostileClient(server_config(config_for_hello=raising)).greet()),
    *[Misdeed(f"the {role}'s application refuses", Reasons.answer_refused, partial(asking, role, KeyError(SECRET))) for role in ROLES],
]  # fmt: skip
OWN = [misdeed._replace(kind=LocalFailure) for misdeed in OWN]
THEIRS = [
    Misdeed(
        f"too much while the {role} waits",
        Reasons.input_while_waiting,
        partial(impatient, role),
        PeerMisbehaved,
        "waiting for",
    )
    for role in ROLES
]
MISDEEDS = OWN + THEIRS


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_a_failure_of_our_own_is_told_to_the_peer(misdeed: Misdeed) -> None:
    """internal_error or access_denied, under keys where there are any; no detail of it leaks."""
    error = misdeed.check()

    assert SECRET not in str(error)


def test_what_the_application_raised_is_the_cause() -> None:
    """For whoever has to look into it."""
    peer = asking("server", KeyError(SECRET))

    assert peer.victim.failure is not None
    assert repr(peer.victim.failure.__cause__) == repr(KeyError(SECRET))

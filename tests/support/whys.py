"""Meetings of two endpoints of ours, and the reasons that their recordings give."""

from __future__ import annotations

from typing import Any

from tests.support.endpoints import Pair, client_config, server_config
from tlsee.codes import CipherSuite, OpenEnum, ProtocolVersion
from tlsee.errors import TLSError
from tlsee.explain.why import WhatIf, Why, reasons_of
from tlsee.explain.why.values import CANDIDATES_SHOWN, WHAT_IFS_SHOWN
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import Choice, Role

Config = dict[str, Any]
TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13
AES128, AES256, CHACHA = (
    CipherSuite.TLS_AES_128_GCM_SHA256,
    CipherSuite.TLS_AES_256_GCM_SHA384,
    CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
)
ECDSA128, ECDSA256, RSA128, RSA256 = (
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
)
BOTH: Config = {"versions": [TLS13, TLS12]}
OLD: Config = {"versions": [TLS12]}
NEW: Config = {"versions": [TLS13]}
ORDER = "the server had gone by the client's order and not by its own"


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


def well_formed(reasons: tuple[Why, ...]) -> None:
    """One line each, printable ASCII, bounded, at most one winner, which is named."""
    for reason in reasons:
        assert reason.title
        assert reason.rule.endswith(".")
        assert reason.clause.startswith("RFC ")
        assert len(reason.what_ifs) <= WHAT_IFS_SHOWN
        assert len(reason.candidates) <= CANDIDATES_SHOWN + 1
        texts = [reason.title, reason.rule, reason.chosen]
        for candidate in reason.candidates:
            texts += [candidate.name, candidate.words]
            assert candidate.name
            assert not candidate.chosen or candidate.able is not False
        for item in reason.what_ifs:
            texts += [item.change, item.result, item.then]
            assert item.change
            assert item.result
        assert all(text.isascii() and text.isprintable() for text in texts), texts
        winners = [candidate.name for candidate in reason.candidates if candidate.chosen]
        assert len(winners) <= 1
        if winners and reason.what != "early_data":
            assert winners == [reason.chosen]

"""Two peers that do not come together, and what each of them says about it."""

from __future__ import annotations

import re

import pytest

from tests.interop.peers.spec import Peer, PeerFailed, Spec
from tlsee.errors import AlertReceived, Reason, TLSError

# How the foreign programs spell an alert's name, or its number.
_WORDS = {
    "unknown_ca": r"unknown.?ca|unknown certificate authority|\[2\|48\]",
    "bad_certificate": r"bad.?certificate|\[2\|42\]",
    "certificate_required": r"certificate.?required|\[2\|116\]",
    "no_application_protocol": r"no.?application.?protocol|\[2\|120\]",
    "handshake_failure": r"handshake.?failure|\[2\|40\]",
    "protocol_version": r"protocol.?version|\[2\|70\]",
}


def quarrel(client: Peer, server: Peer, client_spec: Spec, server_spec: Spec) -> list[PeerFailed]:
    """Both sides' failures, the client's first."""
    running = server.serve(server_spec)
    try:
        with pytest.raises(PeerFailed) as from_client:
            client.connect(client_spec, running.port)
        with pytest.raises(PeerFailed) as from_server:
            running.report()
    finally:
        running.close()
    return [from_client.value, from_server.value]


def told(failure: PeerFailed, alert: str) -> None:
    """A foreign peer names the alert that we sent."""
    says(failure, _WORDS[alert])


def says(failure: PeerFailed, words: str) -> None:
    """A foreign peer's own words for what is wrong match this."""
    assert re.search(words, str(failure), re.IGNORECASE), str(failure)


def sent(failure: PeerFailed, alert: str, reason: Reason | None = None) -> TLSError:
    """We refused, with this alert and for this reason."""
    error = failure.__cause__
    assert isinstance(error, TLSError), failure
    assert not isinstance(error, AlertReceived)
    assert (error.alert.name, error.evidence.alert_sent) == (alert, error.alert)
    assert reason is None or error.reason == reason, error
    return error


def heard(failure: PeerFailed, alert: str) -> None:
    """We were refused, with this alert."""
    error = failure.__cause__
    assert isinstance(error, AlertReceived), failure
    assert error.alert.name == alert

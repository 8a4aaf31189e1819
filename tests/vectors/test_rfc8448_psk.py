"""RFC 8448, section 4: what a pre-shared key adds to the schedule, from the ticket of section 3."""

from __future__ import annotations

import hashlib

import pytest

from tests.support.traces import Trace, load
from tlsee.codes import CipherSuite
from tlsee.crypto.pyca import PROVIDER
from tlsee.keys.schedule13 import EarlyStage, psk_of_ticket
from tlsee.trace import Role
from tlsee.wire.codec import decode
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import NewSessionTicket

SUITE = PROVIDER.suites[CipherSuite.TLS_AES_128_GCM_SHA256]


@pytest.fixture
def trace() -> Trace:
    return load("4")


@pytest.fixture
def early() -> EarlyStage:
    """Begun with the key of section 3's ticket, as that section's client and server made it."""
    first = load("3")
    (resumption,) = first.all("derive", None, "res master")
    ticket = first.message(Role.SERVER, NewSessionTicket)
    return EarlyStage.start(SUITE, psk_of_ticket(SUITE, resumption["output"], ticket.ticket_nonce))


def test_the_early_secret(trace: Trace, early: EarlyStage) -> None:
    """The ticket's key of section 3 leads to the early secret of section 4."""
    (step,) = trace.all("extract", None, "early")
    assert early.secret == step["output"]


def test_the_binder(trace: Trace, early: EarlyStage) -> None:
    """The binder in the hello is ours, over the hello without its list of binders."""
    (step,) = trace.all("binder")
    raw = trace.all("message", Role.CLIENT, "ClientHello")[0]["raw"]
    hello = decode(ClientHello, raw)
    (binder,) = hello.extensions.require(PreSharedKeyClientHello).binders
    digest = hashlib.sha256(raw[: -2 - 1 - len(binder)]).digest()
    assert digest == step["context"]
    assert early.binder(b"res binder", digest) == binder == step["verify_data"]


def test_a_binder_says_where_its_key_comes_from(early: EarlyStage) -> None:
    """Nothing proves as a ticket's key what was agreed on elsewhere, or the other way round."""
    labels = (b"res binder", b"ext binder", b"imp binder")
    assert len({early.binder(label, bytes(32)) for label in labels}) == 3


def test_early_secrets(trace: Trace, early: EarlyStage) -> None:
    """The traffic secret, its key and IV, and the early exporter's secret."""
    raw = trace.all("message", Role.CLIENT, "ClientHello")[0]["raw"]
    digest = hashlib.sha256(raw).digest()
    (traffic,) = trace.all("derive", None, "c e traffic")
    (exporter,) = trace.all("derive", None, "e exp master")
    (keys,) = trace.all("keys", None, "early write")
    assert traffic["context"] == exporter["context"] == digest
    assert early.early_traffic(digest).secret == traffic["output"]
    assert early.early_traffic(digest).keys() == (keys["key"], keys["iv"])
    assert early.early_exporter(digest) == exporter["output"]


def test_later_stages(trace: Trace, early: EarlyStage) -> None:
    """The handshake and the main secret of a connection that mixes a key and a key exchange."""
    (handshake,) = trace.all("extract", None, "handshake")
    (main,) = trace.all("extract", None, "main")
    stage = early.handshake(handshake["input"])
    assert stage.secret == handshake["output"]
    assert stage.main().secret == main["output"]

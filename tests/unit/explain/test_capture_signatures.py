"""The server's signature, which a listener can check: it holds, or not, or nobody here can tell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.captures_made import Talker, pcap
from tests.support.captures_told import flights
from tests.support.endpoints import server_credential
from tests.support.recordings import record
from tlsee.codes import SignatureScheme
from tlsee.explain.capture import Overheard, read_capture
from tlsee.explain.capture.signatures import holds12, holds13
from tlsee.explain.recorded import story_of
from tlsee.keys.transcript import Transcript
from tlsee.trace import SignatureChecked
from tlsee.values import replace
from tlsee.wire.messages12 import ServerKeyExchange
from tlsee.wire.messages13 import Certificate, CertificateVerify


def _heard() -> tuple[tuple[bytes, ...], Transcript, CertificateVerify]:
    """The chain, what was heard before CertificateVerify, and that: of a handshake of ours."""
    story = story_of(record("1.3").full_client.recording)
    before = Transcript.start("sha256")
    chain: tuple[bytes, ...] = ()
    for step in story.steps:
        if isinstance(step.message, CertificateVerify):
            return chain, before, step.message
        if isinstance(step.message, Certificate):
            chain = tuple(entry.cert_data for entry in step.message.certificate_list)
        before = before.add(step.raw)
    raise AssertionError("no CertificateVerify")


def test_it_holds_for_what_was_said_alone() -> None:
    """The right chain, transcript and signature; any other of them, and it does not."""
    chain, heard, message = _heard()
    assert holds13(chain, heard, message) is True
    assert holds13(chain, heard.add(b"x"), message) is False
    damaged: Any = replace(message, signature=message.signature[:-1] + b"\x00")
    assert holds13(chain, heard, damaged) is False
    for kind in ("rsa2048", "ecdsa_secp384r1", "ed25519"):
        assert holds13(server_credential(kind).chain, heard, message) is False


@pytest.mark.parametrize("chain", [(), (b"no certificate",)])
def test_nobody_can_tell_without_a_key(chain: tuple[bytes, ...]) -> None:
    """No certificate, or one that cannot be read."""
    _, heard, message = _heard()
    assert holds13(chain, heard, message) is None


def test_nobody_can_tell_with_a_scheme_that_is_not_known() -> None:
    """A number without a name here."""
    chain, heard, message = _heard()
    unknown: Any = replace(message, algorithm=SignatureScheme.of(0x7F7F))
    assert holds13(chain, heard, unknown) is None


def _changed(place: int) -> Overheard:
    """A handshake of 1.2 in which a byte of ServerKeyExchange was another for the listener."""
    own = record("1.2").full_client.recording
    (raw,) = [s.raw for s in story_of(own).steps if isinstance(s.message, ServerKeyExchange)]
    other = bytearray(raw)
    other[place] ^= 1
    talker = Talker().hands()
    for from_client, data in flights(own):
        talker.say(from_client, data.replace(raw, bytes(other)))
    (found,) = read_capture(pcap(talker.bye().packets)).connections
    return found


@pytest.mark.parametrize("place", [12, -1])
def test_changed_parameters_are_said(place: int) -> None:
    """A public value or a signature that was changed on the way: said, and not called checked."""
    found = _changed(place)
    assert [n for n in found.notes if "signature does not hold" in n]
    assert not [e for e in found.recording.events() if isinstance(e, SignatureChecked)]


def test_older_parameters() -> None:
    """TLS 1.2 signs the parameters with both randoms before them."""
    story = story_of(record("1.2").full_client.recording)
    assert story.suite12 is not None
    (message,) = [s.message for s in story.steps if isinstance(s.message, ServerKeyExchange)]
    chain = server_credential("ecdsa_secp256r1").chain
    assert holds12(chain, story.suite12, bytes(64), message) is False

"""What a redacted recording must not have: secrets, private keys, what the applications said."""

from __future__ import annotations

import pytest

from tests.support.recordings import ANSWERED, EARLY, SAID, SCENARIOS, opened, record, secrets_of
from tlsee.codes import ContentType
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.recording.redact import redacted, wire_length
from tlsee.trace import Epoch, MessageReceived, MessageSent, RecordReceived, RecordSent


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_secret_is_in_it(name: str) -> None:
    """Unpacked and searched for every secret, private key and byte of application data.

    The same search finds them in the recording that reveals, so it does search for what is there.
    """
    made = record(name)
    hidden = secrets_of(made)
    assert len(hidden) > 12
    for recorder in (made.client, made.server):
        content = opened(recorder.recording.to_bytes())
        shown = content.lower()
        found = [what for what, secret in hidden.items() if secret and secret in content]
        found += [what for what, secret in hidden.items() if secret.hex().encode() in shown]
        assert not found
    revealed = b"".join(
        opened(r.recording.to_bytes()) for r in (made.full_client, made.full_server)
    )
    missed = [what for what, secret in hidden.items() if secret not in revealed]
    plain = ("said", "answered", "early", "Credential", "key")
    assert [what for what in missed if not what.startswith(plain)] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_handshake_stays_and_so_do_lengths(name: str) -> None:
    """Every message is there in clear; of application records the header and the length are."""
    made = record(name)
    redacted_events = list(made.client.recording.events())
    full = list(made.full_client.recording.events())
    for kind in (MessageSent, MessageReceived):
        kept = [e for e in redacted_events if isinstance(e, kind)]
        assert kept
        assert kept == [e for e in full if isinstance(e, kind)]
    kept_records = [e for e in redacted_events if isinstance(e, RecordSent | RecordReceived)]
    records = [e for e in full if isinstance(e, RecordSent | RecordReceived)]
    data = 0
    for was, now in zip(records, kept_records, strict=True):
        assert (now.content_type, now.content_length) == (was.content_type, was.content_length)
        assert wire_length(now.raw) == len(was.raw)
        if was.content_type == ContentType.application_data:
            assert now.raw == was.raw[:HEADER_LENGTH]
            data += was.content_length
        else:
            assert now.raw == was.raw
    assert data >= len(SAID + ANSWERED) + len(EARLY) * (name == "1.3, early data")


@pytest.mark.parametrize("number", [0, 24, 25, 255])
def test_content_that_nobody_knows_goes(number: int) -> None:
    """What is kept whole is a list; a heartbeat or a type of the future is not on it."""
    raw = bytes((23, 3, 3, 0, 9)) + b"whatever."
    told = RecordReceived(raw, ContentType.of(number), 1, Epoch.APPLICATION)
    assert redacted(told).raw == raw[:HEADER_LENGTH]


def test_the_file_says_what_is_in_it() -> None:
    """Its first bytes tell a person with any viewer what was left out and what was not."""
    made = record("1.3")
    beginning = made.client.recording.to_bytes()[:300]
    for word in (b"Left out: secrets", b"Still in it: names, addresses, certificates"):
        assert word in beginning
    assert b"KEEP IT SECRET" in made.full_client.recording.to_bytes()[:300]

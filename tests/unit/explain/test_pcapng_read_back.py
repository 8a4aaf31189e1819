"""A recording written as a capture and read again as somebody's: the same messages and records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.recordings import SCENARIOS, record
from tlsee.explain.capture import read_capture
from tlsee.explain.report.pcapng import to_pcapng
from tlsee.explain.report.pcapng_tcp import CLIENT_ADDRESS, SERVER_ADDRESS
from tlsee.recording.recording import Recording
from tlsee.trace import MessageReceived, MessageSent, RecordReceived, RecordSent, Role


def said(recording: Recording) -> dict[Role, list[bytes]]:
    """The handshake messages of each side."""
    found: dict[Role, list[bytes]] = {role: [] for role in Role}
    role = recording.role
    assert role is not None
    for event in recording.events():
        if isinstance(event, MessageSent | MessageReceived):
            sender = role if isinstance(event, MessageSent) else role.other
            found[sender].append(event.raw)
    return found


def records(recording: Recording) -> list[tuple[float, Role, bytes]]:
    """The records with their times in seconds since the first, in order."""
    role = recording.role
    assert role is not None
    found = [
        (at, role if isinstance(event, RecordSent) else role.other, event.raw)
        for at, event in recording.timed()
        if isinstance(event, RecordSent | RecordReceived)
    ]
    return [(at - found[0][0], sender, raw) for at, sender, raw in found]


@pytest.mark.parametrize("side", ["full_client", "full_server"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_whole(name: str, side: str, tmp_path: Path) -> None:
    """With nothing but the file: what was encrypted is there too, and nothing is amiss."""
    recording: Recording = getattr(record(name), side).recording
    path = tmp_path / "capture.pcapng"
    path.write_bytes(to_pcapng(recording))
    reading = read_capture(path)
    (only,) = reading.connections
    assert (reading.notes, only.notes) == ((), ())
    assert only.client.startswith(f"{CLIENT_ADDRESS}:")
    assert only.server == f"{SERVER_ADDRESS}:443"
    assert said(only.recording) == said(recording)
    both = zip(records(only.recording), records(recording), strict=True)
    for (at, sender, raw), (other_at, other_sender, other_raw) in both:
        assert (sender, raw) == (other_sender, other_raw)
        assert at == pytest.approx(other_at, abs=1e-6)


def test_redacted(tmp_path: Path) -> None:
    """What was left out is missing there as well: both sides' bytes end at the first of it."""
    recording = record("1.2").client.recording
    path = tmp_path / "capture.pcapng"
    path.write_bytes(to_pcapng(recording))
    (only,) = read_capture(path).connections
    assert len([note for note in only.notes if "the capture cut the packet" in note]) == 2
    clear, whole = said(only.recording), said(recording)
    for role in Role:
        assert clear[role] == whole[role][:-1]  # Finished was encrypted

"""Recordings of ours as captures: tshark opens and decrypts them, and finds nothing wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import tshark
from tests.support.endpoints import client_config, server_config
from tests.support.recordings import (
    ANSWERED,
    EARLY,
    SAID,
    SCENARIOS,
    TLS12,
    Recorded,
    record,
)
from tlsee import policies
from tlsee.codes import CipherSuite
from tlsee.explain.report.pcapng import to_pcapng
from tlsee.explain.report.pcapng_tcp import CLIENT_ADDRESS
from tlsee.trace import MessageReceived, MessageSent, RecordReceived, RecordSent

pytestmark = pytest.mark.peers

CBC = {
    "policy": policies.legacy,
    "suites": [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA],
}
EVERYTHING = {
    **SCENARIOS,
    "1.2, CBC": lambda: (client_config(**TLS12, **CBC), server_config(**TLS12, **CBC)),
}
NUMBERS = {name: number for number, name in enumerate(EVERYTHING)}


@pytest.fixture(scope="module")
def made() -> dict[str, Recorded]:
    """Connections of every kind."""
    return {name: record(name, configs) for name, configs in EVERYTHING.items()}


@pytest.fixture(scope="module", params=["client", "server"])
def full(
    made: dict[str, Recorded],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """All of them as one side has recorded them whole, in one file."""
    path = tmp_path_factory.mktemp("capture") / "full.pcapng"
    recorders = [getattr(one, f"full_{request.param}") for one in made.values()]
    path.write_bytes(to_pcapng(*(recorder.recording for recorder in recorders)))
    return path


@pytest.fixture(scope="module", params=["client", "server"])
def redacted(
    made: dict[str, Recorded],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, list[RecordSent | RecordReceived]]]:
    """The same, redacted; and each connection's records."""
    path = tmp_path_factory.mktemp("capture") / "redacted.pcapng"
    recordings = {name: getattr(one, request.param).recording for name, one in made.items()}
    path.write_bytes(to_pcapng(*recordings.values()))
    records = {
        name: [e for e in recording.events() if isinstance(e, RecordSent | RecordReceived)]
        for name, recording in recordings.items()
    }
    return path, records


def test_no_complaint(full: Path) -> None:
    """No malformed packet, no wrong checksum, no gap, nothing sent twice, in time's order."""
    assert tshark.complaints(full) == []
    assert "Strict time order:   True" in tshark.run(full, tool="capinfos")
    assert tshark.fields(full, "frame.number", only="_ws.malformed || tcp.analysis.flags") == []


def test_no_complaint_about_what_is_left_out(redacted: tuple[Path, object]) -> None:
    """The same where application records are cut behind their headers."""
    assert tshark.complaints(redacted[0]) == []
    assert "Strict time order:   True" in tshark.run(redacted[0], tool="capinfos")
    assert tshark.fields(redacted[0], "frame.number", only="_ws.malformed") == []


def test_decrypted(full: Path) -> None:
    """Without a key log beside it: what the applications said, in every connection."""
    found = tshark.streams(full, NUMBERS.values(), str(CLIENT_ADDRESS))
    for name, number in NUMBERS.items():
        more = EARLY if name == "1.3, early data" else b""
        twice = 2 if name == "1.3, keys updated" else 1
        assert found[number] == {True: more + SAID * twice, False: ANSWERED * twice}, name


def test_every_message_is_read(full: Path, made: dict[str, Recorded]) -> None:
    """The handshake's messages by their types, those that were encrypted too, in order."""
    found: dict[int, list[int]] = {}
    names = ("tcp.stream", "tls.handshake.type")
    for stream, types in tshark.fields(full, *names, only="tls.handshake.type"):
        found.setdefault(int(stream), []).extend(map(int, types.split(",")))
    for name, number in NUMBERS.items():
        client = made[name].full_client.recording
        said = [e for e in client.events() if isinstance(e, MessageSent | MessageReceived)]
        assert sorted(found[number]) == sorted(event.raw[0] for event in said), name


def test_records_left_out_keep_their_place(
    redacted: tuple[Path, dict[str, list[RecordSent | RecordReceived]]],
) -> None:
    """Each record's type and length is read, before and behind those without a body."""
    capture, records = redacted
    names = ("tcp.stream", "tls.record.length", "frame.len", "frame.cap_len")
    found: dict[int, list[list[int]]] = {}
    for stream, *numbers in tshark.fields(capture, *names, only="tls.record"):
        found.setdefault(int(stream), []).append([int(number) for number in numbers])
    cut = 0
    for name, number in NUMBERS.items():
        assert len(found[number]) == len(records[name]), name
        for (length, whole, captured), event in zip(found[number], records[name], strict=True):
            assert length == int.from_bytes(event.raw[3:5])
            assert (whole, captured) == (45 + length, 40 + len(event.raw))
            cut += whole != captured
    assert cut >= 2 * len(NUMBERS)


def test_hellos_of_redacted_recordings(redacted: tuple[Path, object]) -> None:
    """Names and versions are read in all of them, and nothing is decrypted."""
    hellos = tshark.fields(redacted[0], "tcp.stream", only="tls.handshake.type == 2")
    assert {int(stream) for (stream,) in hellos} == set(NUMBERS.values())
    assert tshark.fields(redacted[0], "frame.number", only="tls.handshake.type == 8") == []
    said = tshark.streams(redacted[0], NUMBERS.values(), str(CLIENT_ADDRESS))
    assert not any(data for one in said.values() for data in one.values())

"""Key logs as programs write them: what is taken, what is passed over, what is said."""

from __future__ import annotations

import pytest

from tests.support.captures_made import pcap
from tests.support.captures_told import key_log_of, told, wire
from tests.support.recordings import record
from tlsee.explain.capture import bounds, read_capture
from tlsee.explain.capture.secrets import KeyLogSecrets

RANDOM, OTHER = bytes(range(32)), bytes(32)
SECRET = b"\xab" * 32


def _line(label: str = "SERVER_TRAFFIC_SECRET_0", secret: bytes = SECRET) -> bytes:
    return f"{label} {RANDOM.hex()} {secret.hex()}".encode()


def test_lines_of_every_look() -> None:
    """Comments, empty lines, either end of line, spaces and tabs, either case of digits."""
    log = b"# made by a program\r\n\r\n" + _line().upper().replace(b" ", b"\t") + b" \r\n"
    log += _line("CLIENT_TRAFFIC_SECRET_0") + b"\n"
    found = KeyLogSecrets([log])
    assert found.notes == []
    assert found.of(RANDOM) == {
        "SERVER_TRAFFIC_SECRET_0": SECRET,
        "CLIENT_TRAFFIC_SECRET_0": SECRET,
    }
    assert found.of(OTHER) == {}
    assert len(found) == 1


def test_several_logs_are_one() -> None:
    """A file and what a capture carries; the same line twice is one secret."""
    found = KeyLogSecrets([_line(), b"\n".join((_line(), _line("EXPORTER_SECRET")))])
    assert sorted(found.of(RANDOM)) == ["EXPORTER_SECRET", "SERVER_TRAFFIC_SECRET_0"]
    assert found.notes == []


def test_an_older_name_of_a_secret() -> None:
    """Some programs write what RFC 9850 renamed."""
    found = KeyLogSecrets([_line("EARLY_EXPORTER_MASTER_SECRET")])
    assert list(found.of(RANDOM)) == ["EARLY_EXPORTER_SECRET"]


@pytest.mark.parametrize("label", ["CLIENT_TRAFFIC_SECRET_1", "QUIC_SERVER_TRAFFIC_SECRET_0"])
def test_other_labels_are_passed_over(label: str) -> None:
    """They are in order, and of no use here."""
    found = KeyLogSecrets([_line(label)])
    assert found.of(RANDOM) == {}
    assert found.notes == []


@pytest.mark.parametrize(
    "line", [b"hello", _line() + b"0", _line()[:-1], _line() + b" 00", b"\xff"]
)
def test_lines_that_are_none_are_counted(line: bytes) -> None:
    """What has not the form is said, by its number, never by its words."""
    (note,) = KeyLogSecrets([line]).notes
    assert note == "the key log has 1 line without the form of RFC 9850"


def test_two_secrets_for_one_label_are_said() -> None:
    """The first counts."""
    found = KeyLogSecrets([_line(), _line(secret=b"\xcd" * 32)])
    assert found.of(RANDOM) == {"SERVER_TRAFFIC_SECRET_0": SECRET}
    assert "1 secret twice, and differently" in found.notes[0]


def test_lines_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies beyond is said."""
    monkeypatch.setattr(bounds, "SECRETS_LIMIT", 1)
    found = KeyLogSecrets([_line() + b"\n" + _line("EXPORTER_SECRET")])
    assert len(found.of(RANDOM)) == 1
    assert "more than 1 line" in found.notes[0]


def test_no_secret_is_shown() -> None:
    """Neither the log nor a reading shows one by its repr."""
    own = record("1.3").full_client.recording
    log = key_log_of([own])
    reading = read_capture(pcap(wire(own).packets), log)
    shown = (
        repr(reading) + repr(KeyLogSecrets([log])) + repr(told(reading.connections[0].recording))
    )
    for line in log.splitlines():
        assert line.split()[2].decode() not in shown

"""The key log: lines as RFC 9850 has them, in a file that only its owner reads."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from tests.support.endpoints import Pair
from tlsee.recording.keylog import KeyLog
from tlsee.trace import SecretDerived, StateEntered

FULL = Path("/dev/full")

LABELS = [
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
    "EXPORTER_SECRET",
]


def _lines(log: str) -> dict[str, tuple[str, str]]:
    found = {}
    for line in log.splitlines():
        label, client_random, secret = line.split(" ")
        found[label] = (client_random, secret)
    return found


def test_both_ends_log_the_same_lines() -> None:
    """Five secrets, each under the client's random; client and server agree on every byte."""
    logs = [io.StringIO(), io.StringIO()]
    pair = Pair(
        client_options={"observers": [KeyLog(logs[0])]},
        server_options={"observers": [KeyLog(logs[1])]},
    ).run()
    client, server = (_lines(log.getvalue()) for log in logs)
    assert client == server
    assert sorted(client) == sorted(LABELS)
    hello = pair.client.evidence.client_hello
    assert {client_random for client_random, _ in client.values()} == {hello[6:38].hex()}
    assert len({secret for _, secret in client.values()}) == len(LABELS)
    assert {len(secret) for _, secret in client.values()} == {64}, "SHA-256 of the suite, in hex"


def test_a_file_of_its_own(tmp_path: Path) -> None:
    """The file is created for its owner alone, and appended to."""
    path = tmp_path / "keys.log"
    for secret in (b"\x01", b"\x02"):
        with KeyLog(path) as log:
            log.on_event(SecretDerived("LABEL", b"\xaa", secret))
            log.on_event(StateEntered("WaitFinished"))
    assert path.read_bytes() == b"LABEL aa 01\nLABEL aa 02\n"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_the_callers_stays_open() -> None:
    """``close`` closes what was opened here, nothing else."""
    file = io.StringIO()
    KeyLog(file).close()
    assert not file.closed


def test_a_failing_file_disturbs_nobody() -> None:
    """A closed file ends the log, not the handshake; the log says what happened."""
    file = io.StringIO()
    file.close()
    log = KeyLog(file)
    assert Pair(client_options={"observers": [log]}).run().done
    assert isinstance(log.failure, ValueError)


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
def test_a_full_disk_is_kept_for_whoever_asks() -> None:
    """Neither writing nor closing raises: what could not be written is lost, as the log says."""
    with KeyLog(FULL) as log:
        assert Pair(client_options={"observers": [log]}).run().done
    assert isinstance(log.failure, OSError)


def test_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSLKEYLOGFILE is the command's business: the library never looks."""
    path = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    assert Pair().run().done
    assert not path.exists()


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    """The error comes when the log is made, not in the middle of a handshake."""
    with pytest.raises(OSError, match=r"\w"):
        KeyLog(tmp_path / "no such directory" / "keys.log")

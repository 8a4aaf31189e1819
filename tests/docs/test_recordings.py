"""docs/recordings.md: its tables are those of the code, what it says of keys can be computed."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from tests.support.house import REPOSITORY
from tests.support.recordings import record, reread
from tlsee.cli import explain
from tlsee.cli.view_files import KINDS
from tlsee.crypto.pyca import PROVIDER
from tlsee.explain.report.flights import LEAST
from tlsee.keys.schedule13 import EarlyStage
from tlsee.recording import format as module
from tlsee.recording.encoding import ROWS
from tlsee.recording.plain import REGISTRIES
from tlsee.recording.recording import Recording
from tlsee.trace import MessageReceived, MessageSent, SecretDerived
from tlsee.values import fields_of
from tlsee.wire.codec import decode
from tlsee.wire.extensions.key_share import KeyShareServerHello
from tlsee.wire.hellos import ServerHello

TEXT = (REPOSITORY / "docs" / "recordings.md").read_text(encoding="utf-8")
SERVER_HELLO, FINISHED = 2, 20
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def _row_of(number: int) -> str:
    for line in TEXT.splitlines():
        if re.match(rf"\| (\d+, )?{number}(, \d+)? \|", line):
            return line
    raise AssertionError(f"docs/recordings.md has no row for kind {number}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number} {row.kind.__name__}")
def test_every_kind_has_its_row(row: Any) -> None:
    """Number, event, struct and each field of the struct stand in the table."""
    line = _row_of(row.number)
    assert row.shape.__name__ in line
    if row.number < 32:
        assert row.kind.__name__ in line
    if row.shape.__name__ != "NumberBody":
        assert [name for name in fields_of(row.shape) if name not in line] == []


def test_constants() -> None:
    """The magic, the version, the bounds and the registries."""
    assert module.MAGIC.hex(" ") in TEXT
    assert f"The format, version {module.VERSION}" in TEXT
    assert (module.FILE_LIMIT, module.BODY_LIMIT) == (64 << 20, 32 << 20)
    assert (module.BODIES_LIMIT, module.FRAMES_LIMIT) == (256 << 20, 1 << 20)
    assert len(REGISTRIES) == 7


def _digests(recording: Recording, hash_name: str) -> dict[int, bytes]:
    """The transcript's hash after the first message of each type, as the page says."""
    heard = b""
    found: dict[int, bytes] = {}
    for event in recording.events():
        if not isinstance(event, MessageSent | MessageReceived):
            continue
        raw = event.raw
        if raw[0] == SERVER_HELLO and raw[6:38] == RETRY:
            digest = hashlib.new(hash_name, heard).digest()
            heard = b"\xfe\x00\x00" + bytes([len(digest)]) + digest + raw
            continue
        heard += raw
        found.setdefault(raw[0], hashlib.new(hash_name, heard).digest())
    return found


@pytest.mark.parametrize("name", ["1.3", "1.3, retried", "1.3, client certificate"])
def test_keys_follow_from_the_journal_and_the_messages(name: str) -> None:
    """Each secret of a full recording of a client, computed again from nothing but the file."""
    recording = reread(record(name).full_client.recording)
    received = [e.raw for e in recording.events() if isinstance(e, MessageReceived)]
    hello = decode(
        ServerHello, next(r for r in received if r[0] == SERVER_HELLO and r[6:38] != RETRY)
    )
    share = hello.extensions.require(KeyShareServerHello).server_share
    suite = PROVIDER.suites[hello.cipher_suite]
    private = [e for e in recording.journal.entries if e.kind == "key_share"]
    (ours,) = [e.data for e in private if e.code == share.group]
    shared = PROVIDER.groups[share.group].from_private(ours).finish(share.key_exchange)
    at = _digests(recording, suite.hash_name)
    handshake = EarlyStage.start(suite).handshake(shared)
    early = handshake.traffic(at[SERVER_HELLO])
    client, server, exporter = handshake.main().application(at[FINISHED])
    computed = {exporter, *(secret.secret for secret in (*early, client, server))}
    told = {e.secret for e in recording.events() if isinstance(e, SecretDerived)}
    assert len(told) == 5
    assert computed == told


def test_the_views_are_those_of_the_command() -> None:
    """Each way to look at a recording has its row, and each row's option is one of explain's."""
    rows = set(re.findall(r"^\| `--(\w+)` \|", TEXT, re.MULTILINE))
    assert rows == {*KINDS, "json"}
    options = {name for parameter in explain.command.params for name in parameter.opts}
    assert {f"--{name}" for name in rows} <= options
    assert f"below {LEAST} columns the rails" in " ".join(TEXT.split())

"""``tlsee.recording/1``: complete, true to the recording, and silent about what that leaves out."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.support.recordings import SCENARIOS, Recorded, record, secrets_of
from tests.support.schemas import complaints, schema
from tlsee.explain.account import Account
from tlsee.explain.report.json_report import SCHEMA, failed_report, report
from tlsee.explain.report.mermaid import mermaid
from tlsee.explain.report.terminal import terminal
from tlsee.trace import MessageReceived, MessageSent, RecordReceived, RecordSent

SIDES = ("client", "server", "full_client", "full_server")


@cache
def _made(name: str) -> Recorded:
    return record(name)


@cache
def _report(name: str, side: str) -> dict[str, Any]:
    return report(Account.of(getattr(_made(name), side).recording))


def _leaves(field: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not field["children"]:
        yield field
    for child in field["children"]:
        yield from _leaves(child)


def _bytes_of(field: dict[str, Any]) -> bytes:
    return bytes.fromhex("".join(leaf["hex"] for leaf in _leaves(field)))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_is_as_the_schema_says(name: str, side: str) -> None:
    """Every member is published, none is missing, and all of it is ASCII."""
    found = _report(name, side)
    assert complaints(found, schema(SCHEMA)) == []
    assert json.dumps(found, ensure_ascii=False, allow_nan=False).isascii()


def test_a_file_that_cannot_be_read_has_the_same_members() -> None:
    """A program finds the same names, with nothing in them, and a sentence."""
    failed = failed_report("it is no recording", "make one")
    assert complaints(failed, schema(SCHEMA)) == []
    assert list(failed) == list(_report("1.3", "client"))
    assert (failed["ok"], failed["sentence"], failed["fix"]) == (
        False,
        "it is no recording",
        "make one",
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_leaves_are_the_bytes(name: str) -> None:
    """Of each message the leaves' bytes, in order, are the message; so they are of each record."""
    recording = _made(name).client.recording
    found = _report(name, "client")
    events = list(recording.events())
    said = [e.raw for e in events if isinstance(e, MessageSent | MessageReceived)]
    steps = [step for step in found["steps"] if step["kind"] == "message"]
    assert [_bytes_of(step["field"]) for step in steps] == said
    assert [step["length"] for step in steps] == [len(raw) for raw in said]
    records = [e.raw for e in events if isinstance(e, RecordSent | RecordReceived)]
    readable = [(r, raw) for r, raw in zip(found["records"], records, strict=True) if not r["key"]]
    assert readable
    for one, raw in readable:
        assert _bytes_of(one["field"]) == raw


@pytest.mark.parametrize("name", SCENARIOS)
def test_parts_leave_no_gap(name: str) -> None:
    """The children of a field begin and end where it does, one behind the other."""
    waiting = [step["field"] for step in _report(name, "server")["steps"] if step["field"]]
    while waiting:
        field = waiting.pop()
        if field["children"]:
            starts = [field["start"], *(child["end"] for child in field["children"])]
            ends = [*(child["start"] for child in field["children"]), field["end"]]
            assert starts == ends
            assert field["hex"] is None
        else:
            assert len(field["hex"]) == 2 * (field["end"] - field["start"])
        waiting += field["children"]


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_redacted_stays_redacted(name: str, side: str) -> None:
    """No secret, private key or application byte is in a redacted recording's views for programs,
    for people, or for drawing.
    """
    account = Account.of(getattr(_made(name), side).recording)
    views = (
        json.dumps(_report(name, side)),
        "\n".join(line.text for line in terminal(account, detail=2)).replace(" ", ""),
        mermaid(account),
    )
    for what, secret in secrets_of(_made(name)).items():
        for view in views:
            assert secret.hex() not in view.replace("\n", ""), what
            assert secret.decode("latin-1") not in view, what


def test_the_keys_can_be_computed_from_what_is_there() -> None:
    """Where the secrets are in the recording, an Extract of the graph is one."""
    keys = _report("1.3", "full_client")["keys"]
    nodes = {node["name"]: node for node in keys["nodes"]}
    assert keys["missing"] is None
    extracted = nodes["handshake secret"]
    values = [
        bytes.fromhex(nodes[one["node"]]["output"] if one["node"] else one["hex"])
        for one in extracted["inputs"]
    ]
    assert [one["role"] for one in extracted["inputs"]] == ["salt", "IKM"]
    made = hmac.new(values[0], values[1], keys["hash"]).hexdigest()
    assert made == extracted["output"]
    assert hashlib.new(keys["hash"]).digest_size == extracted["length"]
    hidden = _report("1.3", "client")["keys"]
    assert {n["name"] for n in hidden["nodes"]} == set(nodes)
    said = "".join(
        _bytes_of(s["field"]).hex() for s in _report("1.3", "client")["steps"] if s["field"]
    )
    for node in hidden["nodes"]:  # a Finished, which is in the recording's messages, is its MAC
        assert node["output"] is None or node["public"] or node["output"] in said


def test_what_a_recipe_says_is_true(capsys: pytest.CaptureFixture[str]) -> None:
    """The lines of Python for a key print that key."""
    derived = [
        node
        for node in _report("1.3", "full_client")["keys"]["nodes"]
        if node["operation"] == "Derive-Secret"
    ]
    assert len(derived) > 5
    for node in derived:
        exec(node["recipe"], {})
        assert capsys.readouterr().out.strip() == node["output"]


def test_numbers_agree() -> None:
    """Evidence, states, costs and keys point at steps that there are."""
    for side in SIDES:
        found = _report("1.3, client certificate", side)
        numbers = {step["number"] for step in found["steps"]}
        pointed = {entry["step"] for entry in found["machine"]["path"]} - {0}
        pointed |= {step["number"] for step in found["cost"]["steps"]}
        pointed |= {n["used_first"] for n in found["keys"]["nodes"]} - {None}
        pointed |= set(found["outcome"]["evidence"])
        assert pointed <= numbers
        records = {one["number"] for one in found["records"]}
        assert {number for step in found["steps"] for number in step["records"]} <= records

"""Every view works on an overheard recording: whole, without keys, and with a packet missing."""

from __future__ import annotations

import json
from functools import cache

import pytest

from tests.support.captures_made import pcapng
from tests.support.captures_told import key_log_of, told, wire
from tests.support.recordings import SCENARIOS, record
from tlsee.explain.account import Account
from tlsee.explain.capture import read_capture
from tlsee.explain.cost import cost_of
from tlsee.explain.keytree import key_graph
from tlsee.explain.report.html import page
from tlsee.explain.report.json_report import report
from tlsee.explain.report.mermaid import mermaid
from tlsee.explain.report.pcapng import to_pcapng
from tlsee.explain.report.terminal import terminal
from tlsee.explain.why import reasons_of
from tlsee.recording.recording import Recording

pytestmark = pytest.mark.long


@cache
def _own(name: str) -> Recording:
    return record(name).full_client.recording


def _variants(name: str) -> dict[str, Recording]:
    """With keys, without, and with each tenth packet missing."""
    own = _own(name)
    log = key_log_of([own])
    found = {}
    whole = wire(own, 300)
    for what, keys in (("opened", log), ("closed", None)):
        (one,) = read_capture(pcapng(whole.packets), keys).connections
        found[what] = one.recording
    for lost in range(4, len(whole.packets) - 3, 10):
        packets = [*whole.packets[:lost], *whole.packets[lost + 1 :]]
        (one,) = read_capture(pcapng(packets), log).connections
        found[f"without packet {lost}"] = one.recording
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_view_of_every_variant(name: str) -> None:
    """Terminal in every detail, page, JSON, diagram, capture, keys, reasons, costs: none fails."""
    for what, recording in _variants(name).items():
        loaded = Recording.from_bytes(recording.to_bytes())
        account = Account.of(loaded)
        for detail in (0, 1, 2):
            lines = [line.text for line in terminal(account, "a.pcap", detail=detail)]
            assert all(len(line) <= 80 and line.isascii() for line in lines), what
        assert page(account).startswith("<!doctype html>"), what
        assert json.dumps(report(account)), what
        assert mermaid(account), what
        assert reasons_of(loaded) is not None
        assert cost_of(loaded).client_bytes >= 0
        key_graph(loaded)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_keys_are_computed_as_for_the_client(name: str) -> None:
    """The graph of an overheard recording has the client's values, where a key log has them."""
    ours, theirs = key_graph(_own(name)), key_graph(_variants(name)["opened"])
    assert ours is not None
    assert theirs is not None
    known = {node.name: node.output for node in theirs.nodes if node.output is not None}
    mine = {node.name: node.output for node in ours.nodes}
    assert known
    assert {n: mine[n] for n in known if n in mine} == {n: o for n, o in known.items() if n in mine}
    assert not theirs.problems


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_capture_of_a_capture(name: str) -> None:
    """What is written as a capture again is read as the same connection."""
    recording = _variants(name)["opened"]
    (again,) = read_capture(to_pcapng(recording)).connections
    assert told(again.recording) == told(recording)
    assert again.notes == ()

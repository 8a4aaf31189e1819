"""Capture files of every kind: formats, clocks, link layers; cut, damaged and foreign ones."""

from __future__ import annotations

import builtins
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.captures_made import (
    BEGAN,
    ETHERNET,
    LOOP,
    NULL,
    RAW,
    SLL,
    SLL2,
    Packet,
    Talker,
    block,
    pcap,
    pcapng,
)
from tests.support.captures_told import flights, key_log_of, told, wire
from tests.support.recordings import SCENARIOS, record
from tlsee.errors import ApiMisuse
from tlsee.explain.account import Account
from tlsee.explain.capture import CaptureReading, bounds, read_capture
from tlsee.recording.recording import Recording
from tlsee.trace import HandshakeCompleted

LINKS = (ETHERNET, NULL, RAW, LOOP, SLL, SLL2)
V6: dict[str, Any] = {"client": ("2001:db8::1", 50_000), "server": ("2001:db8::2", 443)}


@pytest.fixture(scope="module")
def own() -> Recording:
    return record("1.3").full_client.recording


def _agrees(reading: CaptureReading, own: Recording) -> None:
    assert reading.notes == ()
    (found,) = reading.connections
    assert found.notes == ()
    assert told(found.recording) == told(own)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("version", [4, 6])
def test_every_link_layer(own: Recording, link: int, version: int) -> None:
    """The same connection behind each link layer, over IPv4 and IPv6."""
    packets = wire(own, **(V6 if version == 6 else {})).packets
    reading = read_capture(pcap(packets, link), key_log_of([own]))
    _agrees(reading, own)
    ends = ("[2001:db8::1]:50000", "[2001:db8::2]:443")
    if version == 6:
        assert (reading.connections[0].client, reading.connections[0].server) == ends


def test_vlan_tags(own: Recording) -> None:
    """A tag between the addresses and the type changes nothing."""
    _agrees(read_capture(pcap(wire(own).packets, ETHERNET, vlan=7), key_log_of([own])), own)


def test_flags_above_the_link_type(own: Recording) -> None:
    """Some writers say there how long the frames' checksums are."""
    data = bytearray(pcap(wire(own).packets))
    data[20:24] = struct.pack("<I", RAW | 0x14000000)
    _agrees(read_capture(bytes(data), key_log_of([own])), own)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [True, False])
def test_both_orders_and_both_clocks(own: Recording, order: str, nano: bool) -> None:
    """pcap and pcapng, from machines of either kind: the same connection at the same times."""
    packets = wire(own, begin=123_456_789).packets
    log = key_log_of([own])
    for data in (pcap(packets, order=order, nano=nano), pcapng(packets, order=order, nano=nano)):
        reading = read_capture(data, log)
        _agrees(reading, own)
        began = BEGAN * 10**9 + (123_456_789 if nano else 123_456_000)
        recording = reading.connections[0].recording
        assert recording.header.began == began
        assert recording.moments[-1].at % 1_000_000 == 0  # a packet each millisecond


def test_several_interfaces(own: Recording) -> None:
    """Packets of one connection over interfaces of several kinds, each with its header."""
    packets = wire(own).packets
    _agrees(read_capture(pcapng(packets, links=LINKS, secrets=key_log_of([own]))), own)


def test_several_sections(own: Recording) -> None:
    """Files one behind the other are one: interfaces are counted anew in each section."""
    packets = wire(own).packets
    first = pcapng(packets[:5], links=(ETHERNET, RAW), order="<")
    second = pcapng(packets[5:], links=(SLL,), order=">", secrets=key_log_of([own]))
    _agrees(read_capture(first + second), own)


def test_simple_packets_and_unknown_blocks(own: Recording) -> None:
    """Packets without a time are read; blocks of other kinds are passed over."""
    data = (
        pcapng(wire(own).packets, simple=True) + block(0x0BAD, b"whatever") + block(5, b"\0" * 12)
    )
    (found,) = read_capture(data, key_log_of([own])).connections
    assert told(found.recording) == told(own)


def test_a_file_by_its_path(own: Recording, tmp_path: Path) -> None:
    """Capture and key log as files; one that is not there is the system's error."""
    (tmp_path / "a.pcap").write_bytes(pcap(wire(own).packets))
    (tmp_path / "keys").write_bytes(key_log_of([own]))
    _agrees(read_capture(tmp_path / "a.pcap", str(tmp_path / "keys")), own)
    with pytest.raises(FileNotFoundError):
        read_capture(tmp_path / "none.pcap")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"\x1f\x8b\x08" + bytes(20), "gzip"),
        (b"hello, this is text", "neither pcap nor pcapng"),
        (b"\x89TLSREC\r\n", "neither pcap nor pcapng"),
    ],
)
def test_what_is_no_capture_is_said(data: bytes, words: str) -> None:
    """Other files are refused in a sentence."""
    with pytest.raises(ApiMisuse, match=words):
        read_capture(data)


def test_a_file_that_is_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Refused by its length, in memory and on the disk."""
    monkeypatch.setattr(bounds, "FILE_LIMIT", 100)
    data = pcap(Talker().hands().packets)
    (tmp_path / "a.pcap").write_bytes(data)
    for source in (data, tmp_path / "a.pcap"):
        with pytest.raises(ApiMisuse, match="longer than what is read"):
            read_capture(source)


def test_a_key_log_that_is_too_long(monkeypatch: pytest.MonkeyPatch, own: Recording) -> None:
    """Refused, as a capture is."""
    monkeypatch.setattr(bounds, "KEYLOG_LIMIT", 100)
    with pytest.raises(ApiMisuse, match="longer than any key log"):
        read_capture(pcap(wire(own).packets), key_log_of([own]))


def test_packets_have_a_bound(monkeypatch: pytest.MonkeyPatch, own: Recording) -> None:
    """What lies beyond is said."""
    monkeypatch.setattr(bounds, "PACKETS_LIMIT", 5)
    reading = read_capture(pcap(wire(own).packets))
    assert [note for note in reading.notes if "more than 5 packets" in note]


def test_packets_that_were_cut_by_the_capture(own: Recording) -> None:
    """A snapshot length: the bytes that the packets lack are a gap that says so."""
    reading = read_capture(pcap(wire(own).packets, ETHERNET, snaplen=14 + 40 + 100))
    (found,) = reading.connections
    assert [n for n in found.notes if "at offset 100 (the capture cut the packet)" in n]
    assert not told(found.recording).get("MessageSent")


def test_headers_that_were_cut_are_counted(own: Recording) -> None:
    """Packets of which not even the headers are there."""
    reading = read_capture(pcap(wire(own).packets, ETHERNET, snaplen=30))
    assert reading.connections == ()
    assert [n for n in reading.notes if "could not be read: cut inside the headers" in n]


def test_fragments_are_said(own: Recording) -> None:
    """Pieces of larger packets are not put together: that what they hold is missing is said."""
    packets = wire(own).packets
    whole = bytearray(packets[3].data)
    whole[6:8] = b"\x20\x00"  # more fragments
    packets[3] = Packet(packets[3].at, bytes(whole))
    reading = read_capture(pcap(packets))
    assert [n for n in reading.notes if "1 packet came in fragments" in n]
    newer = wire(own, **V6).packets
    data = newer[3].data
    head = data[:4] + struct.pack(">HB", len(data) - 40 + 8, 44) + data[7:40]
    newer[3] = Packet(newer[3].at, head + struct.pack(">BBHI", 6, 0, 1, 7) + data[40:])
    assert [n for n in read_capture(pcap(newer)).notes if "1 packet came in fragments" in n]


def test_other_links_are_named(own: Recording) -> None:
    """A link type that is not read is said by its name or number, and no packet is guessed at."""
    for link, name in ((105, "IEEE 802.11"), (9999, "number 9999")):
        reading = read_capture(pcap(wire(own).packets, link))
        assert reading.connections == ()
        assert [note for note in reading.notes if name in note]


def test_other_packets_are_passed_over(own: Recording) -> None:
    """UDP, ARP and whatever else are no TCP, and nothing to say."""
    packets = wire(own).packets
    udp = bytearray(packets[0].data)
    udp[9] = 17
    packets.insert(2, Packet(packets[2].at, bytes(udp)))
    _agrees(read_capture(pcap(packets), key_log_of([own])), own)


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_file_that_is_cut_off_is_read_that_far(own: Recording, make: Any) -> None:
    """At every length: nothing but a sentence, and the packets before the cut are there."""
    whole = make(wire(own).packets)
    counts = []
    for end in range(4, len(whole), 61):
        reading = read_capture(whole[:end])
        counts.append(len(reading.connections))
    assert counts[-1] == 1
    assert [note for note in read_capture(whole[:-3]).notes if "damaged or cut off" in note]


@settings(max_examples=150)
@given(st.data())
def test_mutated_captures_raise_nothing(data: st.DataObject) -> None:
    """Bytes changed anywhere in capture and key log: a reading or an ApiMisuse, and never more."""
    version = data.draw(st.sampled_from(["1.3", "1.2", "1.3, early data", "1.2, resumed"]))
    own = _kept(version)
    make: Any = data.draw(st.sampled_from([pcap, pcapng]))
    whole = bytearray(make(wire(own).packets))
    log = bytearray(key_log_of([own]))
    for target, most in ((whole, 12), (log, 4)):
        for _ in range(data.draw(st.integers(0, most))):
            place = data.draw(st.integers(0, len(target) - 1))
            target[place] = data.draw(st.integers(0, 255))
    try:
        reading = read_capture(bytes(whole), bytes(log))
    except ApiMisuse:
        return
    for found in reading.connections:
        loaded = Recording.from_bytes(found.recording.to_bytes())
        assert loaded.damage == ""
        assert loaded.moments == found.recording.moments


@settings(max_examples=150)
@given(st.data())
def test_mutated_conversations_raise_nothing(data: st.DataObject) -> None:
    """Bytes of TLS changed, records lost, repeated, cut or said by the other side; with keys."""
    own = _kept(data.draw(st.sampled_from(sorted(SCENARIOS))))
    said = [(from_client, bytearray(raw)) for from_client, raw in flights(own)]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(said) - 1))
        from_client, raw = said[place]
        at = data.draw(st.integers(0, len(raw) - 1)) if raw else 0
        match data.draw(st.sampled_from(["change", "change", "repeat", "lose", "turn", "cut"])):
            case "change" if raw:
                raw[at] = data.draw(st.integers(0, 255))
            case "repeat":
                said.insert(data.draw(st.integers(0, len(said))), said[place])
            case "lose" if len(said) > 1:
                del said[place]
            case "turn":
                said[place] = (not from_client, raw)
            case "cut":
                del raw[at:]
    talker = Talker().hands()
    for from_client, raw in said:
        talker.say(from_client, bytes(raw))
    for found in read_capture(pcap(talker.packets), key_log_of([own])).connections:
        loaded = Recording.from_bytes(found.recording.to_bytes())
        assert loaded.damage == ""
        assert Account.of(loaded).outcome.headline


def test_a_first_hello_that_cannot_be_read_before_a_retry() -> None:
    """What was answered by HelloRetryRequest is no hello: the rest is told, nothing is checked."""
    own = _kept("1.3, retried")
    talker, first = Talker().hands(), True
    for from_client, raw in flights(own):
        talker.say(from_client, raw[:43] + b"\xff" + raw[44:] if first else raw)
        first = False
    (found,) = read_capture(pcap(talker.packets), key_log_of([own])).connections
    assert not [e for e in found.recording.events() if isinstance(e, HandshakeCompleted)]


_MADE: dict[str, Recording] = {}


def _kept(name: str) -> Recording:
    if name not in _MADE:
        _MADE[name] = record(name).full_client.recording
    return _MADE[name]


@given(st.binary(max_size=300), st.sampled_from([b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a", b""]))
def test_any_bytes_raise_nothing_but_a_sentence(data: bytes, magic: bytes) -> None:
    """What begins like a capture and goes on as anything."""
    try:
        found = read_capture(magic + data).connections
    except ApiMisuse:
        return
    assert found == ()


@pytest.mark.parametrize("name", ["dpkt", "pcapng"])
def test_without_the_libraries_a_sentence_says_what_to_install(
    own: Recording, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The extra is not installed: the sentence has the command that helps."""
    real = builtins.__import__

    def without(what: str, *rest: Any, **more: Any) -> Any:
        if what.partition(".")[0] == name:
            raise ImportError(what)
        return real(what, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ApiMisuse, match="not installed") as caught:
        read_capture(pcapng(wire(own).packets))
    assert "tlsee[capture]" in caught.value.fix

"""Files that are cut, damaged, foreign or hostile: a sentence, what could be read, no traceback."""

from __future__ import annotations

import tracemalloc
import zlib
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import record
from tlsee.errors import ApiMisuse
from tlsee.explain.recorded import story_of
from tlsee.recording import format as module
from tlsee.recording import recording as recording_module
from tlsee.recording.encoding import ROWS, encode
from tlsee.recording.format import MAGIC, FrameWriter, Header, header_bytes, read_header
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.recording.shapes import Body
from tlsee.trace import StateEntered
from tlsee.wire.codec import write

pytestmark = pytest.mark.long


@cache
def _files() -> tuple[bytes, ...]:
    made = [record(name) for name in ("1.3, client certificate", "1.2, resumed")]
    return tuple(
        recorder.recording.to_bytes()
        for each in made
        for recorder in (each.client, each.full_server)
    )


def _file(*bodies: bytes) -> bytes:
    writer = FrameWriter()
    return header_bytes(Header(0)) + b"".join(map(writer.frame, bodies))


def _loaded(data: bytes) -> Recording | str:
    """The recording, or the sentence that says why there is none."""
    try:
        return Recording.from_bytes(data)
    except ApiMisuse as problem:
        return str(problem)


def _read(data: bytes) -> Recording | None:
    """The recording, or ``None`` with a sentence; everything that it offers is looked at."""
    found = _loaded(data)
    if isinstance(found, str):
        assert "recording" in found
        return None
    repr(found)
    assert found.lost >= 0
    assert (found.configuration, found.journal) is not None
    story_of(found)
    return found


@pytest.mark.parametrize("number", range(4))
def test_cut_at_every_length(number: int) -> None:
    """What was whole before the cut is read, in order; what is not is told with its place."""
    data = _files()[number]
    whole = Recording.from_bytes(data)
    _, start = read_header(data)
    bodies = [encode(moment) for moment in whole.moments]
    ends = {len(data): len(bodies)}
    for end in range(len(data)):
        part = _loaded(data[:end])
        if isinstance(part, str):
            assert end < start
            assert "recording" in part
            continue
        count = len(part.moments)
        assert [encode(moment) for moment in part.moments[-2:]] == bodies[:count][-2:]
        if not part.damage:
            ends[end] = count
    assert sorted(ends.values()) == list(range(len(bodies) + 1))  # each cut between frames is whole


@given(data=st.data())
def test_flipped_bits(data: st.DataObject) -> None:
    """A damaged byte ends the reading before it, or in the header is told; nothing escapes."""
    file = bytearray(data.draw(st.sampled_from(_files())))
    whole = Recording.from_bytes(bytes(file))
    _, start = read_header(bytes(file))
    place = data.draw(st.integers(0, len(file) - 1))
    file[place] ^= data.draw(st.integers(1, 255))
    found = _read(bytes(file))
    assert (found is None) == (place < start)
    if found is not None:
        assert found.damage
        count = len(found.moments)
        assert [encode(m) for m in found.moments] == [encode(m) for m in whole.moments[:count]]


@given(st.binary(max_size=300))
def test_foreign_files(data: bytes) -> None:
    """Any other file is no recording, and that is what it is called."""
    assert _read(data) is None
    assert _read(MAGIC + data) is None or data.startswith(b"\x00")


@pytest.mark.parametrize("number", sorted(row.number for row in ROWS))
@given(content=st.binary(max_size=200))
def test_frames_that_no_recorder_writes(number: int, content: bytes) -> None:
    """A frame with a true checksum may hold anything: it is read, or it ends the reading."""
    recording = _read(_file(write(Body(number, 1, 1, content))))
    assert recording is not None
    assert bool(recording.damage) is not bool(recording.moments)


@given(data=st.data())
def test_bodies_with_damage_under_a_true_checksum(data: st.DataObject) -> None:
    """Whoever wrote the file with care: no exception but the ones that are told."""
    moment = data.draw(st.sampled_from(Recording.from_bytes(data.draw(_sampled)).moments))
    body = bytearray(encode(moment))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    assert _read(_file(bytes(body))) is not None


_sampled = st.deferred(lambda: st.sampled_from(_files()))


def test_a_newer_kind_is_passed_over() -> None:
    """A release that keeps more writes numbers that this one does not know."""
    known = encode(Moment(1, 2, StateEntered("WaitServerHello")))
    found = Recording.from_bytes(_file(known, write(Body(99, 3, 4, b"later")), known))
    assert (len(found.moments), found.unknown, found.damage) == (2, 1, "")


def test_another_format_is_named() -> None:
    """A file of another version says so, with what to do."""
    data = header_bytes(Header(0, version=7))
    with pytest.raises(ApiMisuse, match="format 7, and format 1 is read here") as caught:
        Recording.from_bytes(data)
    assert "release" in caught.value.fix


def test_a_bomb_does_not_go_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that unpacks to more than any is written with is not unpacked to its end."""
    monkeypatch.setattr(module, "BODY_LIMIT", 1 << 18)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(bytes(1 << 25)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    packed = packed[:-4]
    length = len(packed).to_bytes(4)
    frame = length + zlib.crc32(length + packed).to_bytes(4) + packed
    tracemalloc.start()
    try:
        found = Recording.from_bytes(header_bytes(Header(0)) + frame)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "larger than any" in found.damage
    assert peak < 1 << 21


def test_bodies_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small bombs are one large one; so are many frames."""
    body = encode(Moment(1, 2, StateEntered("WaitServerHello")))
    monkeypatch.setattr(module, "BODIES_LIMIT", 10 * len(body))
    assert len(Recording.from_bytes(_file(*[body] * 12)).moments) == 10
    monkeypatch.undo()
    monkeypatch.setattr(module, "FRAMES_LIMIT", 5)
    found = Recording.from_bytes(_file(*[body] * 12))
    assert (len(found.moments), "beyond" in found.damage) == (5, True)


def test_a_file_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound holds before anything is looked at."""
    monkeypatch.setattr(recording_module, "FILE_LIMIT", 100)
    path = tmp_path / "long"
    path.write_bytes(bytes(10_000))
    with pytest.raises(ApiMisuse, match="longer than any recording"):
        Recording.load(path)

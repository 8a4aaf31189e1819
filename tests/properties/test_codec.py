"""One declaration reads, writes and dissects: the three hold each other, for every struct."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.structs import ends_by_itself, every_struct, is_message, structs
from tlsee.errors import PeerMisbehaved
from tlsee.wire.codec import Span, decode, dissect, dissect_message, encode, read, write
from tlsee.wire.messages12 import MESSAGES as MESSAGES12
from tlsee.wire.messages13 import MESSAGES as MESSAGES13


def named(cls: type[Any]) -> str:
    """The class, and where a version has its own also that."""
    return f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"


EVERY = pytest.mark.parametrize("cls", every_struct(), ids=named)
# The profile's number of examples is for all structs together, and then some.
SHARE = settings(max_examples=max(12, settings().max_examples // 4))


def assert_covers(span: Span) -> None:
    """Children cover their parent without gap or overlap, all the way down."""
    waiting = [span]
    while waiting:
        parent = waiting.pop()
        position = parent.start
        for child in parent.children:
            assert child.start == position
            position = child.end
        assert not parent.children or position == parent.end
        waiting.extend(parent.children)


def opinion(function: Any, *arguments: Any) -> Any:
    """What a function returns, or the reason for which it refuses."""
    try:
        return function(*arguments)
    except PeerMisbehaved as error:
        return error.reason, error.detail


@EVERY
@SHARE
@given(data=st.data())
def test_what_is_written_is_read(cls: type[Any], data: st.DataObject) -> None:
    """read(write(x)) == x, and writing what was read gives the same bytes."""
    item = data.draw(structs(cls))
    written = write(item)
    found = read(cls, written)
    assert found == item
    assert write(found) == written


@EVERY
@SHARE
@given(data=st.data())
def test_the_dissection_covers_and_agrees(cls: type[Any], data: st.DataObject) -> None:
    """Every byte belongs to one leaf, and the tree's value is what read gives."""
    written = write(data.draw(structs(cls)))
    offset = data.draw(st.integers(0, 1000))
    span = dissect(cls, written, offset)
    assert (span.start, span.end) == (offset, offset + len(written))
    assert_covers(span)
    assert b"".join(written[s.start - offset : s.end - offset] for s in span.leaves()) == written
    assert span.value == read(cls, written)


@EVERY
@SHARE
@given(data=st.data())
def test_cut_or_lengthened_is_refused(cls: type[Any], data: st.DataObject) -> None:
    """No strict prefix is such a struct, nor is it with a byte more.

    A struct that takes all that is left is held to the weaker rule that what is read differs.
    """
    item = data.draw(structs(cls))
    written = write(item)
    others = [written[:end] for end in range(len(written))] + [written + b"\0"]
    for other in others:
        if ends_by_itself(cls):
            with pytest.raises(PeerMisbehaved):
                read(cls, other)
        else:
            assert opinion(read, cls, other) != item


@EVERY
@SHARE
@given(data=st.data())
def test_any_bytes_are_judged_alike(cls: type[Any], data: st.DataObject) -> None:
    """Reader and dissector accept the same bytes and refuse the same bytes with the same words.

    Nothing but PeerMisbehaved comes out of bytes that were changed, or were never right.
    """
    written = bytearray(write(data.draw(structs(cls))))
    for _ in range(data.draw(st.integers(0, 3))):
        if written:
            written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(written)))
    for changed in (bytes(written), bytes(written[:cut]), data.draw(st.binary(max_size=60))):
        span = opinion(dissect, cls, changed)
        assert (span.value if isinstance(span, Span) else span) == opinion(read, cls, changed)


@pytest.mark.parametrize(
    "cls", list(dict.fromkeys([*MESSAGES13.values(), *MESSAGES12.values()])), ids=named
)
@SHARE
@given(data=st.data())
def test_a_message_with_its_header(cls: type[Any], data: st.DataObject) -> None:
    """decode is the inverse of encode and keeps the bytes; cut anywhere, or longer, is refused."""
    assert is_message(cls)
    item = data.draw(structs(cls))
    raw = encode(item)
    found = decode(cls, raw)
    assert (found, found.raw, encode(found)) == (item, raw, raw)
    span = dissect_message(cls, raw)
    assert_covers(span)
    assert (span.start, span.end, span.value) == (0, len(raw), item)
    for other in [raw[:end] for end in range(len(raw))] + [raw + b"\0"]:
        with pytest.raises(PeerMisbehaved):
            decode(cls, other)
        with pytest.raises(PeerMisbehaved):
            dissect_message(cls, other)


def test_every_struct_is_here() -> None:
    """The sweep would notice if it lost what it sweeps."""
    names = {cls.__name__ for cls in every_struct()}
    assert {"ClientHello", "KeyShareEntry", "CertificateEntry", "OCSPResponse", "Alert"} <= names
    assert {"ServerECDHParams", "ClientDiffieHellmanPublic", "ServerHelloDone"} <= names
    assert len(every_struct()) >= 70

"""Every byte explained, for any message of either version and for any bytes that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fields import assert_explains
from tests.support.structs import structs
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.explain.dissect import (
    CERTIFICATE,
    CERTIFICATE_LIST,
    OCSP_RESPONSE,
    Context,
    RecordSeen,
    dissect_handshake,
    dissect_records,
    read_der,
    split,
)
from tlsee.explain.dissect.converting import span_of, struct_field
from tlsee.explain.dissect.structs import every_struct as every_other_struct
from tlsee.wire.codec import encode, write
from tlsee.wire.messages12 import CONTENTS
from tlsee.wire.messages12 import MESSAGES as MESSAGES12
from tlsee.wire.messages13 import MESSAGES as MESSAGES13

SHARE = settings(max_examples=max(12, settings().max_examples // 4))
SUITES12 = (
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
)
contexts = st.builds(
    Context,
    st.sampled_from([None, ProtocolVersion.TLS13, ProtocolVersion.TLS12]),
    st.sampled_from([None, *SUITES12]),
    own_tickets=st.booleans(),
)
MESSAGES = [
    pytest.param(cls, version, id=f"{version.label} {cls.__name__}")
    for version, table in (
        (ProtocolVersion.TLS13, MESSAGES13),
        (ProtocolVersion.TLS12, MESSAGES12),
    )
    for cls in table.values()
]


@pytest.mark.parametrize(("cls", "version"), MESSAGES)
@SHARE
@given(data=st.data())
def test_every_byte_of_a_message(
    cls: type[Any], version: ProtocolVersion, data: st.DataObject
) -> None:
    """A message in its own version: each byte in one leaf, each field with words and clause.

    Nothing in it is called unreadable but what its opaque fields hold, which hypothesis made up.
    """
    raw = encode(data.draw(structs(cls)))
    found = dissect_handshake(raw, Context(version))
    assert found.name == cls.__name__
    assert not found.problem
    assert_explains(found, raw)


@pytest.mark.parametrize(("cls", "version"), MESSAGES)
@SHARE
@given(data=st.data())
def test_every_byte_of_a_damaged_message(
    cls: type[Any], version: ProtocolVersion, data: st.DataObject
) -> None:
    """Changed, cut or lengthened: it never raises and still explains every byte."""
    raw = bytearray(encode(data.draw(structs(cls))))
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    changed = bytes(raw[: data.draw(st.integers(0, len(raw)))]) + data.draw(st.binary(max_size=3))
    found = dissect_handshake(changed, data.draw(contexts | st.just(Context(version))))
    assert_explains(found, changed)


@SHARE
@given(data=st.binary(max_size=200), context=contexts)
def test_any_bytes_as_a_message(data: bytes, context: Context) -> None:
    """Bytes that were never a message are explained as what they are not."""
    assert_explains(dissect_handshake(data, context), data)


@pytest.mark.parametrize("cls", every_other_struct(), ids=lambda cls: cls.__name__)
@SHARE
@given(data=st.data())
def test_structs_that_nothing_here_speaks(cls: type[Any], data: st.DataObject) -> None:
    """The declarations of other RFCs' extensions read what they write."""
    written = write(data.draw(structs(cls)))
    assert span_of(cls, written)[1] == ""
    field = struct_field(cls, written).filled("x", "x")
    assert_explains(field, written)


@pytest.mark.parametrize(
    "cls",
    [cls for kinds in CONTENTS.values() for cls in kinds.values()],
    ids=lambda cls: cls.__name__,
)
@SHARE
@given(data=st.data())
def test_key_exchanges_of_12(cls: type[Any], data: st.DataObject) -> None:
    """What the suite tells of a key exchange message is read as that."""
    written = write(data.draw(structs(cls)))
    kind = next(t for t, kinds in CONTENTS.items() if cls in kinds.values())
    wanted = next(k for k, c in CONTENTS[kind].items() if c is cls)
    suite = next(s for s in SUITES12 if f"TLS_{wanted.value}_" in s.name)
    raw = bytes([kind]) + len(written).to_bytes(3) + written
    found = dissect_handshake(raw, Context(ProtocolVersion.TLS12, suite))
    assert_explains(found, raw)
    assert found.find(cls.__name__) is not None


DER = st.recursive(
    st.tuples(st.integers(0, 255), st.binary(max_size=20)),
    lambda inner: st.tuples(st.sampled_from([0x30, 0x31, 0xA0, 0xA3]), st.lists(inner, max_size=5)),
    max_leaves=30,
)


def _der(item: Any) -> bytes:
    tag, body = item
    content = body if isinstance(body, bytes) else b"".join(map(_der, body))
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size) + content


@SHARE
@given(
    data=st.binary(max_size=100) | DER.map(_der),
    shape=st.sampled_from([CERTIFICATE, CERTIFICATE_LIST, OCSP_RESPONSE]),
)
def test_any_bytes_as_der(data: bytes, shape: Any) -> None:
    """No certificate, however strange, is too strange."""
    assert_explains(read_der("x", shape, data, "x", "x").filled(), data)


@SHARE
@given(data=st.binary(max_size=300), head=st.sampled_from([b"", b"\x16\x03\x01", b"\x17\x03\x03"]))
def test_any_bytes_as_records(data: bytes, head: bytes) -> None:
    """A stream that is no TLS is cut into what may be records, and every byte is explained."""
    stream = head + data
    found = dissect_records(map(RecordSeen, split(stream)))
    position = 0
    for record in found.records:
        assert record.start == position
        assert_explains(record.moved(-record.start), stream[record.start : record.end])
        position = record.end
    assert position == len(stream)


@SHARE
@given(data=st.data())
def test_messages_cut_into_records_anywhere(data: st.DataObject) -> None:
    """However a flight is cut into records: each record's bytes are its fields', none is lost."""
    flight = b"".join(
        encode(data.draw(structs(cls)))
        for cls in data.draw(st.lists(st.sampled_from([*MESSAGES13.values()]), max_size=4))
    )
    records = []
    while flight:
        size = data.draw(st.integers(1, max(1, len(flight))))
        records.append(b"\x16\x03\x03" + size.to_bytes(2) + flight[:size])
        flight = flight[size:]
    found = dissect_records(map(RecordSeen, records), Context(ProtocolVersion.TLS13))
    for raw, record in zip(records, found.records, strict=True):
        assert_explains(record.moved(-record.start), raw)
    assert b"".join(m.raw for m in found.messages) == b"".join(raw[5:] for raw in records)

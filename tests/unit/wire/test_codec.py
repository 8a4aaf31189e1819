"""The words of the presentation language, one by one: bounds, faults, and what a text says."""

from __future__ import annotations

from typing import Any, ClassVar, assert_type

import pytest

from tlsee.codes import HandshakeType, KeyUpdateRequest, NamedGroup, OpenEnum, code
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.values import replace
from tlsee.wire.codec import (
    Message,
    constant,
    decode,
    dissect,
    dissect_message,
    encode,
    fixed,
    nested,
    opaque,
    read,
    rest,
    select,
    struct,
    u8,
    u16,
    u24,
    u32,
    u64,
    vector,
    write,
)
from tlsee.wire.extensions import KeyShareEntry
from tlsee.wire.kinds import prefix_size
from tlsee.wire.messages13 import CertificateVerify, EndOfEarlyData, Finished, KeyUpdate


class Fruit(OpenEnum, width=2):
    apple: ClassVar[Fruit] = code(0)
    orange: ClassVar[Fruit] = code(1)


@struct
class Numbers:
    one: int = u8()
    two: int = u16()
    three: int = u24()
    four: int = u32()
    eight: int = u64()


@struct
class Bounded:
    """RFC 9846, 3.4: the example of a mandatory and of a longer one."""

    mandatory: bytes = opaque(300, 400)
    longer: tuple[int, ...] = vector(u16(), 0, 800)


@struct
class V1:
    number: int = u16()
    string: bytes = opaque(0, 10)


@struct
class V2:
    number: int = u32()
    string: bytes = fixed(10)


@struct
class V3:
    bytes_of_it: tuple[int, ...] = vector(u8(), 0, 10)


@struct
class VariantRecord:
    """RFC 9846, 3.8: the example of a variant."""

    type: Fruit = u8(Fruit)
    record: V1 | V2 | bytes = select("type", {Fruit.apple: V1, Fruit.orange: V2})


@struct
class Framed:
    mark: ClassVar[bytes] = constant(b"\xca\xfe")
    inner: V1 = nested(V1)
    wide: tuple[int, ...] = vector(u32(), 0, 16)
    names: tuple[bytes, ...] = vector(opaque(1, 255), 0, 0xFFFF)
    left: bytes = rest()


@struct
class Closed:
    fruit: Fruit = u8(Fruit, closed=True)


def refusal(cls: type[Any], data: bytes) -> str:
    """Reason and detail with which the bytes are refused, by the reader and the dissector alike."""
    with pytest.raises(PeerMisbehaved) as by_reader:
        read(cls, data)
    with pytest.raises(PeerMisbehaved) as by_dissector:
        dissect(cls, data)
    said = f"{by_reader.value.name}: {by_reader.value.detail}"
    assert said == f"{by_dissector.value.name}: {by_dissector.value.detail}"
    return said


def test_numbers_are_big_endian() -> None:
    """Every width, 24 bits included, at its place."""
    data = bytes.fromhex("01 0203 040506 0708090a 0b0c0d0e0f101112")
    item = Numbers(0x01, 0x0203, 0x040506, 0x0708090A, 0x0B0C0D0E0F101112)
    assert read(Numbers, data) == item
    assert write(item) == data


@pytest.mark.parametrize(
    ("high", "size"), [(1, 1), (255, 1), (256, 2), (0xFFFF, 2), (0x10000, 3), (0xFFFFFF, 3)]
)
def test_the_length_takes_what_the_ceiling_needs(high: int, size: int) -> None:
    """RFC 9846, 3.4: as many bytes as the ceiling takes."""
    assert prefix_size(high) == size


def test_floor_and_ceiling() -> None:
    """A length may be its bounds and nothing beyond, when read and when written."""
    for length in (300, 400):
        item = Bounded(bytes(length), tuple(range(length)))
        assert read(Bounded, write(item)) == item
    for length in (0, 299, 401, 0xFFFF):
        data = length.to_bytes(2) + bytes(length) + b"\0\0"
        said = f"malformed: Bounded.mandatory: a length of {length}, allowed are 300 to 400"
        assert refusal(Bounded, data) == said
        with pytest.raises(ApiMisuse, match=f"mandatory: a length of {length}"):
            write(Bounded(bytes(length), ()))
    with pytest.raises(ApiMisuse, match=r"Bounded\.longer: a length of 802"):
        write(Bounded(bytes(300), (0,) * 401))


def test_an_uneven_vector_is_refused() -> None:
    """RFC 9846, 3.4: 17 bytes are no vector of uint16."""
    data = (300).to_bytes(2) + bytes(300) + (17).to_bytes(2) + bytes(17)
    said = "malformed: Bounded.longer: a length of 17 is no multiple of 2"
    assert refusal(Bounded, data) == said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "KeyShareEntry.group: needs 2 bytes, 0 left"),
        ("00", "KeyShareEntry.group: needs 2 bytes, 1 left"),
        ("001d", "KeyShareEntry.key_exchange: needs 2 bytes, 0 left"),
        ("001d 00", "KeyShareEntry.key_exchange: needs 2 bytes, 1 left"),
        ("001d 0000", "KeyShareEntry.key_exchange: a length of 0, allowed are 1 to 65535"),
        ("001d 0020 aabb", "KeyShareEntry.key_exchange: needs 32 bytes, 2 left"),
    ],
)
def test_a_fault_names_the_field(data: str, said: str) -> None:
    """Struct, field and what was wrong; nothing of the bytes."""
    assert refusal(KeyShareEntry, bytes.fromhex(data)) == f"malformed: {said}"


def test_trailing_bytes() -> None:
    """Bytes after a struct are their own reason."""
    data = write(KeyShareEntry(NamedGroup.x25519, b"k"))
    assert refusal(KeyShareEntry, data + b"\0") == "trailing_bytes: KeyShareEntry: 1 byte too many"
    assert (
        refusal(KeyShareEntry, data + b"\0\0") == "trailing_bytes: KeyShareEntry: 2 bytes too many"
    )


def test_a_length_may_not_reach_beyond_what_surrounds_it() -> None:
    """An item that claims bytes behind its vector is refused although the bytes are there."""
    inside = bytes.fromhex("cafe 0001 00 00 0002 02aa bbcc")
    assert refusal(Framed, inside) == "malformed: Framed.names: needs 2 bytes, 1 left"


@pytest.mark.parametrize(
    "item",
    [
        VariantRecord(Fruit.apple, V1(7, b"abc")),
        VariantRecord(Fruit.orange, V2(7, b"0123456789")),
        VariantRecord(Fruit.of(9), b"left as it is"),
        Framed(V1(1, b""), (1, 2, 3), (b"a", b"bc"), b"rest"),
    ],
)
def test_variants_constants_and_rest(item: object) -> None:
    """What the protocol's own structs use seldom or never is read as it is written."""
    data = write(item)
    assert read(type(item), data) == item
    assert dissect(type(item), data).value == item


def test_a_constant_is_held() -> None:
    """Another value than the fixed one is illegal."""
    data = write(Framed(V1(1, b""), (), (), b""))
    assert data[:2] == Framed.mark == b"\xca\xfe"
    said = "illegal_value: Framed.mark: not the value fixed for it"
    assert refusal(Framed, b"\xca\xff" + data[2:]) == said


def test_open_and_closed_enums() -> None:
    """An unknown number is a value in an open field and illegal in a closed one."""
    assert read(KeyShareEntry, bytes.fromhex("1a1a 0001 00")).group.is_grease
    assert read(Closed, b"\x00").fruit is Fruit.apple
    assert refusal(Closed, b"\x02") == "illegal_value: Closed.fruit: the value 2"
    assert refusal(KeyUpdate, b"\x02") == "illegal_value: KeyUpdate.request_update: the value 2"


def test_known_numbers_are_the_shared_members() -> None:
    """Reading makes no second NamedGroup.x25519, also not for the number 0."""
    assert read(KeyShareEntry, bytes.fromhex("001d 0001 00")).group is NamedGroup.x25519
    assert read(KeyUpdate, b"\0").request_update is KeyUpdateRequest.update_not_requested


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (KeyShareEntry(NamedGroup.of(70000), b"k"), "KeyShareEntry.group: 70000 does not fit 16 b"),
        (Numbers(0, 0, 1 << 24, 0, 0), "Numbers.three: 16777216 does not fit 24 bits"),
        (Numbers(0, 0, -1, 0, 0), "Numbers.three: -1 does not fit 24 bits"),
        (Numbers("1", 0, 0, 0, 0), "Numbers.one: str where a number belongs"),  # type: ignore[arg-type]
        (KeyShareEntry(NamedGroup.x25519, "k"), "key_exchange: str where bytes belong"),  # type: ignore[arg-type]
        (KeyShareEntry(NamedGroup.x25519, None), "key_exchange: NoneType where bytes"),  # type: ignore[arg-type]
        (Framed(V1(1 << 16, b""), (), (), b""), "V1.number: 65536 does not fit 16 bits"),
        (Framed("v", (), (), b""), "Framed.inner: str where V1 belongs"),  # type: ignore[arg-type]
        (Framed(V1(1, b""), (1 << 32,), (), b""), "Framed.wide: 4294967296 does not fit 32"),
        (Framed(V1(1, b""), 3, (), b""), "Framed.wide: int where a tuple belongs"),  # type: ignore[arg-type]
        (Framed(V1(1, b""), (), (b"",), b""), "Framed.names: a length of 0, allowed are 1 to 255"),
        (Framed(V1(1, b""), (), (), 5), "Framed.left: int where bytes belong"),  # type: ignore[arg-type]
        (VariantRecord(Fruit.apple, b"bytes"), "VariantRecord.record: bytes where V1 belongs"),
        (V2(1, b"short"), "V2.string: a length of 5, allowed are 10 to 10"),
        (V3(3), "V3.bytes_of_it: int where a tuple belongs"),  # type: ignore[arg-type]
        (Finished("text"), "Finished.verify_data: str where bytes belong"),  # type: ignore[arg-type]
        (object(), "object is no struct"),
    ],
)
def test_what_cannot_be_written_is_misuse(item: object, said: str) -> None:
    """A wrong value of ours is ApiMisuse that names the field, whatever Python made of it."""
    with pytest.raises(ApiMisuse) as caught:
        write(item)
    assert said in str(caught.value)


def test_a_misuse_shows_no_bytes() -> None:
    """Bytes of ours may be secret and are not in the text."""
    with pytest.raises(ApiMisuse) as caught:
        write(KeyShareEntry(NamedGroup.of(1 << 16), b"secret"))
    assert "secret" not in str(caught.value)


def test_a_vector_of_nothing_is_no_declaration() -> None:
    """Items that may be empty would have no bound on their number."""

    @struct
    class Empty:
        """No field."""

    with pytest.raises(TypeError, match="may be empty"):
        vector(Empty, 0, 10)


def test_a_field_without_a_kind_is_no_declaration() -> None:
    """An annotation alone says nothing about bytes, and a rest ends the struct."""
    with pytest.raises(TypeError, match=r"Mute\.field"):

        @struct
        class Mute:
            field: int

    with pytest.raises(TypeError, match="stands last"):

        @struct
        class Early:
            left: bytes = rest()
            more: int = u8()


def test_buffers_of_every_kind_are_read() -> None:
    """bytearray and memoryview are read as bytes are, and the result keeps no view of them."""
    data = bytearray(write(KeyShareEntry(NamedGroup.x25519, b"key")))
    found = [read(KeyShareEntry, data), read(KeyShareEntry, memoryview(data))]
    data[:] = bytes(len(data))
    assert [entry.key_exchange for entry in found] == [b"key", b"key"]


def test_a_message_keeps_and_loses_its_bytes() -> None:
    """``raw`` comes with decode and encode, takes no part in ==, and a changed copy has none."""
    verify = CertificateVerify(read(KeyUpdate, b"\0").request_update, b"s")  # type: ignore[arg-type]
    assert verify.raw == b""
    raw = encode(verify)
    assert verify.raw is raw
    assert encode(verify) is raw
    decoded = decode(CertificateVerify, raw)
    assert (decoded, decoded.raw) == (verify, raw)
    changed = replace(decoded, signature=b"t")
    assert changed.raw == b""
    assert encode(changed) == raw[:-1] + b"t"
    assert isinstance(changed, Message)


def test_the_header_is_checked() -> None:
    """Another type, or a length that is not the body's, is refused."""
    raw = encode(Finished(b"abcd"))
    assert raw == b"\x14\0\0\4abcd"
    for wrong, reason in [
        (b"\x13" + raw[1:], "unexpected_message"),
        (raw[:3] + b"\5" + raw[4:], "malformed"),
        (raw[:3] + b"\3" + raw[4:], "trailing_bytes"),
        (raw[:3], "malformed"),
        (b"", "malformed"),
    ]:
        with pytest.raises(PeerMisbehaved) as caught:
            decode(Finished, wrong)
        assert caught.value.name == reason
        with pytest.raises(PeerMisbehaved) as caught:
            dissect_message(Finished, wrong)
        assert caught.value.name == reason


def test_the_body_fills_what_the_header_says() -> None:
    """A body that ends before the message does is refused, although the header is right."""
    raw = b"\x0f\0\0\6\x08\x07\0\1s\0"
    for function in (decode, dissect_message):
        with pytest.raises(PeerMisbehaved) as caught:
            function(CertificateVerify, raw)
        assert caught.value.name == "trailing_bytes"


def test_an_empty_message() -> None:
    """EndOfEarlyData is its header."""
    assert encode(EndOfEarlyData()) == b"\5\0\0\0"
    assert decode(EndOfEarlyData, b"\5\0\0\0") == EndOfEarlyData()
    assert EndOfEarlyData.msg_type is HandshakeType.end_of_early_data


def test_a_message_has_a_longest() -> None:
    """A body of 2^24 bytes has no header."""
    with pytest.raises(ApiMisuse, match="no handshake message"):
        encode(Finished(bytes(1 << 24)))


def test_the_tree_of_a_dissection() -> None:
    """Names, positions and values, from an offset, length prefixes included."""
    span = dissect(KeyShareEntry, bytes.fromhex("001d 0002 abcd"), 100)
    assert [(s.name, s.start, s.end, s.value) for s in span.leaves()] == [
        ("group", 100, 102, NamedGroup.x25519),
        ("key_exchange.length", 102, 104, 2),
        ("key_exchange.data", 104, 106, b"\xab\xcd"),
    ]
    found = span.find("key_exchange")
    assert found is not None
    assert (found.start, found.end, found.value) == (102, 106, b"\xab\xcd")
    assert span.find("nothing") is None


def test_the_tree_of_a_message() -> None:
    """Header and body in one tree."""
    span = dissect_message(KeyUpdate, b"\x18\0\0\1\1", 5)
    assert [(s.name, s.start, s.value) for s in span.children] == [
        ("msg_type", 5, HandshakeType.key_update),
        ("length", 6, 1),
        ("request_update", 9, KeyUpdateRequest.update_requested),
    ]


def test_types() -> None:
    """The type checker knows what is read."""
    assert_type(read(KeyShareEntry, bytes.fromhex("001d 0001 00")), KeyShareEntry)
    assert_type(decode(Finished, b"\x14\0\0\0"), Finished)

"""The extensions block: order, duplicates, what is last, what is unknown, what is not there."""

from __future__ import annotations

from typing import assert_type

import pytest

from tlsee.codes import ExtensionType, NamedGroup, ProtocolVersion, PskKeyExchangeMode
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.wire.codec import dissect, read, write
from tlsee.wire.extensions import (
    Block,
    Cookie,
    Extension,
    Extensions,
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareServerHello,
    Padding,
    PreSharedKeyClientHello,
    PskIdentity,
    PskKeyExchangeModes,
    RecordSizeLimit,
    StatusRequest,
    SupportedVersionsClientHello,
    UnknownExtension,
    extension,
)
from tlsee.wire.extensions.field import ExtensionsField
from tlsee.wire.messages13 import CertificateEntry, EncryptedExtensions

CH = ExtensionsField(Block.CH)
GREASE = ExtensionType.of(0x1A1A)
SHARE = KeyShareClientHello((KeyShareEntry(NamedGroup.x25519, b"key"),))
VERSIONS = SupportedVersionsClientHello((ProtocolVersion.TLS13,))
PSK = PreSharedKeyClientHello((PskIdentity(b"ticket", 1),), (bytes(32),))


def read_block(data: bytes, field: ExtensionsField = CH) -> Extensions:
    return field.read(data, 0, len(data))[0]


def refusal(body: str, field: ExtensionsField = CH) -> str:
    data = bytes.fromhex(body)
    with pytest.raises(PeerMisbehaved) as caught:
        read_block(len(data).to_bytes(2) + data, field)
    return f"{caught.value.name}: {caught.value.detail}"


def test_get_require_has() -> None:
    """An extension is found by its class, after writing and reading as before."""
    built = Extensions.of(UnknownExtension(GREASE, b""), VERSIONS, SHARE)
    for block in (built, read_block(CH.write(built))):
        found = block.get(KeyShareClientHello)
        assert_type(found, KeyShareClientHello | None)
        assert found == SHARE
        assert_type(block.require(KeyShareClientHello), KeyShareClientHello)
        assert block.require(KeyShareClientHello) == SHARE
        assert block.get(Cookie) is None
        assert block.has(ExtensionType.key_share)
        assert block.has(GREASE)
        assert not block.has(ExtensionType.cookie)


def test_another_class_of_the_same_type_is_not_it() -> None:
    """A ClientHello's key_share is no ServerHello's, though the type is one."""
    block = Extensions.of(SHARE)
    assert block.get(KeyShareServerHello) is None
    with pytest.raises(PeerMisbehaved) as caught:
        block.require(KeyShareServerHello)
    assert (caught.value.name, caught.value.detail) == ("missing_extension", "no key_share")


def test_a_missing_one_names_its_message() -> None:
    """Where the block was read, the text says in which message."""
    with pytest.raises(PeerMisbehaved) as caught:
        read_block(b"\0\0").require(Cookie)
    assert caught.value.detail == "ClientHello without cookie"
    assert caught.value.alert.name == "missing_extension"


def test_order_is_kept() -> None:
    """The order of the wire, unknown ones in their places."""
    items = (UnknownExtension(GREASE, b"\0"), SHARE, RecordSizeLimit(64), VERSIONS)
    block = read_block(CH.write(Extensions.of(*items)))
    assert tuple(block) == items
    assert block.types == tuple(item.extension_type for item in items)
    assert block.types[1] is ExtensionType.key_share


def test_data_of() -> None:
    """The bytes of one extension, read or built, known or not."""
    for block in (
        Extensions.of(RecordSizeLimit(64), UnknownExtension(GREASE, b"?")),
        read_block(bytes.fromhex("000b 001c 0002 0040 1a1a 0001 3f")),
    ):
        assert block.data_of(ExtensionType.record_size_limit) == b"\0\x40"
        assert block.data_of(GREASE) == b"?"
        with pytest.raises(KeyError):
            block.data_of(ExtensionType.cookie)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("001c0002 0040 001c0002 0040", "duplicate_extension: record_size_limit in ClientHello"),
        ("1a1a0000 1a1a0000", "duplicate_extension: 0x1a1a in ClientHello"),
        ("001c0003 0040aa", "trailing_bytes: RecordSizeLimit: 1 byte too many"),
        ("001c0001 00", "malformed: RecordSizeLimit.record_size_limit: needs 2 bytes, 1 left"),
        ("00310001 00", "trailing_bytes: PostHandshakeAuth: 1 byte too many"),
        ("001c00", "malformed: ClientHello.extensions: needs 4 bytes, 3 left"),
        (
            "001c0040 00",
            "malformed: ClientHello.extensions.record_size_limit: needs 64 bytes, 1 left",
        ),
        ("ffff0001", "malformed: ClientHello.extensions.0xffff: needs 1 byte, 0 left"),
    ],
)
def test_refused(body: str, said: str) -> None:
    """What is wrong with a block, in words."""
    assert refusal(body) == said


def test_an_extension_cannot_reach_into_the_next() -> None:
    """A length within an extension is held to the extension's end, not to the block's."""
    body = "0033 0006 0004 001d 0004  1a1a 0004 aabbccdd"
    said = "malformed: KeyShareEntry.key_exchange: needs 4 bytes, 0 left"
    assert refusal(body) == said


@pytest.mark.parametrize("body", ["1a1a 0002 00", "1a1a 00", "001c 0002 00"])
def test_an_extension_cannot_reach_beyond_the_block(body: str) -> None:
    """The same bytes with more behind the block, as in a chain of certificates: still refused."""
    data = bytes.fromhex(body)
    whole = len(data).to_bytes(2) + data + bytes(8)
    with pytest.raises(PeerMisbehaved) as caught:
        read_block(whole)
    assert caught.value.name == "malformed"


def test_pre_shared_key_is_last() -> None:
    """In a ClientHello nothing follows it; in a ServerHello anything may."""
    modes = PskKeyExchangeModes((PskKeyExchangeMode.psk_dhe_ke,))
    good = Extensions.of(modes, PSK)
    assert read_block(CH.write(good)) == good
    bad = CH.write(Extensions.of(PSK, modes))
    with pytest.raises(PeerMisbehaved) as caught:
        read_block(bad)
    assert caught.value.name == "pre_shared_key_not_last"
    assert caught.value.detail == "psk_key_exchange_modes comes after it"
    server = bytes.fromhex("000c 0029 0002 0000 002b 0002 0304")
    assert len(read_block(server, ExtensionsField(Block.SH))) == 2


def test_two_of_a_type_cannot_be_built() -> None:
    """Our own blocks hold each type once."""
    with pytest.raises(ApiMisuse, match="two extensions of one type"):
        Extensions.of(VERSIONS, VERSIONS)


def test_absent_is_not_empty() -> None:
    """A hello may end before the block, or have one of no bytes: two values, two writings."""
    optional = ExtensionsField(Block.CH, optional=True)
    absent, empty = read_block(b"", optional), read_block(b"\0\0", optional)
    assert (absent, empty) == (Extensions.ABSENT, Extensions.of())
    assert absent != empty
    assert (absent.present, empty.present) == (False, True)
    assert not absent
    assert not empty
    assert (optional.write(absent), optional.write(empty)) == (b"", b"\0\0")
    with pytest.raises(ApiMisuse, match="cannot be absent"):
        write(EncryptedExtensions(Extensions.ABSENT))
    with pytest.raises(PeerMisbehaved, match=r"EncryptedExtensions\.extensions: needs 2 bytes"):
        read(EncryptedExtensions, b"")


def test_what_was_read_is_written_as_it_came() -> None:
    """In its own message the bytes are kept; in another one, the items are written, if they may."""
    data = CH.write(Extensions.of(SHARE, VERSIONS))
    block = read_block(data)
    assert CH.write(block) == data
    with pytest.raises(ApiMisuse, match="no place in EncryptedExtensions"):
        write(EncryptedExtensions(block))


def test_blocks_have_a_longest() -> None:
    """65,535 bytes of data, and of block."""
    with pytest.raises(ApiMisuse, match=r"0x1a1a: a length of 65536"):
        CH.write(Extensions.of(UnknownExtension(GREASE, bytes(0x10000))))
    with pytest.raises(ApiMisuse, match=r"ClientHello\.extensions: a length of 65539"):
        CH.write(Extensions.of(UnknownExtension(GREASE, bytes(0xFFFF))))
    longest = Extensions.of(Padding(bytes(0xFFFF - 4)))
    assert read_block(CH.write(longest)) == longest


def test_a_fault_of_ours_within_an_extension_is_named() -> None:
    """A block's writer says which extension's field cannot be written, and what is no block."""
    with pytest.raises(ApiMisuse, match=r"RecordSizeLimit\.record_size_limit: 65536 does not fit"):
        write(EncryptedExtensions(Extensions.of(RecordSizeLimit(1 << 16))))
    with pytest.raises(ApiMisuse, match=r"CertificateEntry\.extensions: tuple where Extensions"):
        write(CertificateEntry(b"der", ()))  # type: ignore[arg-type]


def test_an_unknown_status_type_stays_bytes() -> None:
    """RFC 6066, 8 leaves room for other types; what follows one cannot be parsed and is kept."""
    found = read(StatusRequest, b"\2anything")
    assert found.request == b"anything"
    assert write(found) == b"\2anything"


def test_a_dissected_block_shows_type_length_and_data() -> None:
    """The tree goes down into the extension's own fields."""
    block = Extensions.of(RecordSizeLimit(64), UnknownExtension(GREASE, b"?"))
    data = write(EncryptedExtensions(block))
    span = dissect(EncryptedExtensions, data)
    assert [(s.name, s.start, s.end, s.value) for s in span.leaves()] == [
        ("extensions.length", 0, 2, 11),
        ("extension_type", 2, 4, ExtensionType.record_size_limit),
        ("extension_data.length", 4, 6, 2),
        ("record_size_limit", 6, 8, 64),
        ("extension_type", 8, 10, GREASE),
        ("extension_data.length", 10, 12, 1),
        ("extension_data", 12, 13, b"?"),
    ]


def test_one_class_per_type_and_block() -> None:
    """A second claim is a mistake of ours, found when the module is imported."""
    with pytest.raises(TypeError, match="two classes for cookie in CH"):

        @extension(ExtensionType.cookie, Block.CH)
        class SecondCookie(Extension):
            """No field."""


def test_a_block_is_a_value() -> None:
    """Equal blocks hash alike, other things are not equal, and the repr names what is inside."""
    one, two = Extensions.of(VERSIONS), Extensions.of(VERSIONS)
    assert one == two
    assert hash(one) == hash(two)
    assert one != (VERSIONS,)
    assert repr(one) == f"Extensions({VERSIONS!r})"
    assert repr(Extensions.ABSENT) == "Extensions.ABSENT"

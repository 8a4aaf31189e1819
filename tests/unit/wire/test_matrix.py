"""Which extension may ride where, typed again by hand, against everything that reads blocks.

The table of RFC 9846, 4.3, and what the extensions' RFCs say of TLS 1.2's ServerHello.
"""

from __future__ import annotations

import importlib
import pkgutil
from itertools import product

import pytest

import tlsee.wire.extensions
from tlsee.codes import ExtensionType, ProtocolVersion
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.wire import extensions
from tlsee.wire.extensions import MATRIX, Block, Extensions, UnknownExtension, classes_of
from tlsee.wire.extensions.block import Extension
from tlsee.wire.extensions.field import ExtensionsField, ServerHelloField

# A row of columns CH SH SH12 HRR EE CR CT NST; "x" where the extension may ride.
TABLE = """
                              CH SH SH12 HRR EE CR CT NST
server_name                   x  .  x    .   x  x  .  .
max_fragment_length           x  .  x    .   x  .  .  .
status_request                x  .  x    .   .  x  x  .
supported_groups              x  .  x    .   x  .  .  .
ec_point_formats              x  .  x    .   .  .  .  .
signature_algorithms          x  .  .    .   .  x  .  .
use_srtp                      x  .  x    .   x  .  .  .
heartbeat                     x  .  x    .   x  .  .  .
application_layer_protocol_negotiation x . x . x . . .
status_request_v2             x  .  x    .   .  .  .  .
signed_certificate_timestamp  x  .  x    .   .  x  x  .
client_certificate_type       x  .  x    .   x  .  .  .
server_certificate_type       x  .  x    .   x  .  .  .
padding                       x  .  .    .   .  .  .  .
encrypt_then_mac              x  .  x    .   .  .  .  .
extended_main_secret          x  .  x    .   .  .  .  .
compress_certificate          x  .  .    .   .  x  .  .
record_size_limit             x  .  x    .   x  .  .  .
tls_cert_with_extern_psk      x  x  .    .   .  .  .  .
delegated_credential          x  .  .    .   .  x  x  .
session_ticket                x  .  x    .   .  .  .  .
supported_ekt_ciphers         x  .  x    .   x  .  .  .
pre_shared_key                x  x  .    .   .  .  .  .
early_data                    x  .  .    .   x  .  .  x
supported_versions            x  x  .    x   .  .  .  .
cookie                        x  .  .    x   .  .  .  .
psk_key_exchange_modes        x  .  .    .   .  .  .  .
certificate_authorities       x  .  .    .   .  x  .  .
oid_filters                   .  .  .    .   .  x  .  .
post_handshake_auth           x  .  .    .   .  .  .  .
signature_algorithms_cert     x  .  .    .   .  x  .  .
key_share                     x  x  .    x   .  .  .  .
transparency_info             x  .  x    .   .  x  x  .
external_id_hash              x  .  x    .   x  .  .  .
external_session_id           x  .  x    .   x  .  .  .
quic_transport_parameters     x  .  .    .   x  .  .  .
ticket_request                x  .  .    .   x  .  .  .
ech_outer_extensions          x  .  .    .   .  .  .  .
encrypted_client_hello        x  .  .    x   x  .  .  .
renegotiation_info            x  .  x    .   .  .  .  .
"""


def _table() -> dict[tuple[ExtensionType, Block], bool]:
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return {
        (ExtensionType.named(row[0]), Block[column]): mark == "x"
        for row in rows
        for column, mark in zip(head, row[1:], strict=True)
    }


ALLOWED = _table()

# extension_data that parses where a class reads it; hex.
DATA = {
    ("server_name", "CH"): "0004 00 0001 61",
    ("server_name", "CR"): "0004 00 0001 61",
    ("supported_versions", "CH"): "02 0304",
    ("supported_versions", "SH"): "0304",
    ("supported_versions", "HRR"): "0304",
    ("supported_groups", "CH"): "0002 001d",
    ("supported_groups", "EE"): "0002 001d",
    ("signature_algorithms", "CH"): "0002 0403",
    ("signature_algorithms", "CR"): "0002 0403",
    ("signature_algorithms_cert", "CH"): "0002 0403",
    ("signature_algorithms_cert", "CR"): "0002 0403",
    ("key_share", "CH"): "0005 001d 0001 aa",
    ("key_share", "SH"): "001d 0001 aa",
    ("key_share", "HRR"): "001d",
    ("cookie", "CH"): "0001 aa",
    ("cookie", "HRR"): "0001 aa",
    ("application_layer_protocol_negotiation", "CH"): "0003 02 6832",
    ("application_layer_protocol_negotiation", "EE"): "0003 02 6832",
    ("record_size_limit", "CH"): "4001",
    ("record_size_limit", "EE"): "4001",
    ("certificate_authorities", "CH"): "0004 0002 3000",
    ("certificate_authorities", "CR"): "0004 0002 3000",
    ("psk_key_exchange_modes", "CH"): "01 01",
    ("pre_shared_key", "CH"): "0007 0001 aa 00000000 0021 20" + "00" * 32,
    ("pre_shared_key", "SH"): "0000",
    ("early_data", "NST"): "00000400",
    ("oid_filters", "CR"): "0000",
    ("status_request", "CH"): "01 0000 0000",
    ("status_request", "CT"): "01 000001 aa",
    ("signed_certificate_timestamp", "CT"): "0003 0001 aa",
    ("renegotiation_info", "CH"): "00",
    ("client_certificate_type", "CH"): "01 02",
    ("client_certificate_type", "SH12"): "02",
    ("client_certificate_type", "EE"): "02",
    ("server_certificate_type", "CH"): "02 02 00",
    ("server_certificate_type", "SH12"): "02",
    ("server_certificate_type", "EE"): "00",
    ("ec_point_formats", "CH"): "01 00",
    ("ec_point_formats", "SH12"): "01 00",
    ("max_fragment_length", "CH"): "01",
    ("max_fragment_length", "SH12"): "04",
    ("max_fragment_length", "EE"): "02",
    ("supported_groups", "SH12"): "0002 001d",
    ("application_layer_protocol_negotiation", "SH12"): "0003 02 6832",
    ("record_size_limit", "SH12"): "4000",
    ("signed_certificate_timestamp", "SH12"): "0003 0001 aa",
    ("renegotiation_info", "SH12"): "00",
}
VERSION_13 = bytes.fromhex("002b 0002 0304")


def block_of(kind: ExtensionType, block: Block) -> bytes:
    """A block with one such extension; a ServerHello's also says that it is TLS 1.3's."""
    data = bytes.fromhex(DATA.get((kind.name, block.name), ""))
    body = int(kind).to_bytes(2) + len(data).to_bytes(2) + data
    if block is Block.SH and kind != ExtensionType.supported_versions:
        body += VERSION_13
    return len(body).to_bytes(2) + body


@pytest.mark.parametrize(
    ("kind", "block"),
    list(product(ExtensionType.members(), Block)),
    ids=lambda item: item.name,
)
def test_every_known_extension_in_every_block(kind: ExtensionType, block: Block) -> None:
    """Where the table has a mark it is read; elsewhere it is misplaced, parsed here or not."""
    data = block_of(kind, block)
    field = ExtensionsField(block)
    if ALLOWED[kind, block]:
        found, end = field.read(data, 0, len(data))
        assert end == len(data)
        assert found.has(kind)
        assert found.data_of(kind) == bytes.fromhex(DATA.get((kind.name, block.name), ""))
        assert field.write(Extensions.of(*found)) == data
    else:
        with pytest.raises(PeerMisbehaved) as caught:
            field.read(data, 0, len(data))
        assert caught.value.name == "misplaced_extension"
        assert caught.value.detail == f"{kind.name} in {block.value}"


def test_the_table_is_whole() -> None:
    """Every known type has its row, and the code's matrix says the same."""
    assert {kind for kind, _ in ALLOWED} == set(ExtensionType.members()) == set(MATRIX)
    for (kind, block), allowed in ALLOWED.items():
        assert (block in MATRIX[kind]) is allowed, (kind, block)


def test_the_classes_say_what_the_matrix_says() -> None:
    """No class is for a block that the matrix excludes, and each type that has one has them all.

    A type that is parsed in one block and merely kept in another would hide from ``get``.
    """
    placed: dict[ExtensionType, set[Block]] = {}
    for block in Block:
        for number, cls in classes_of(block).items():
            assert cls.extension_type == number
            assert block in cls.blocks
            placed.setdefault(cls.extension_type, set()).add(block)
    for kind, blocks in placed.items():
        assert blocks == MATRIX[kind], kind


def test_every_file_is_part_of_the_package() -> None:
    """An extension's file that nobody imports would leave its extension unknown."""
    for module in pkgutil.iter_modules(tlsee.wire.extensions.__path__):
        found = importlib.import_module(f"tlsee.wire.extensions.{module.name}")
        for name, item in vars(found).items():
            if isinstance(item, type) and issubclass(item, Extension) and item is not Extension:
                assert getattr(extensions, name) is item
                assert name in extensions.__all__


def test_the_server_hello_of_an_older_version() -> None:
    """supported_versions alone decides by which column a ServerHello is read, and written."""
    body = bytes.fromhex("ff01 0001 00  0017 0000  0010 0005 0003 02 6832")
    data = len(body).to_bytes(2) + body
    found, _ = ServerHelloField().read(data, 0, len(data))
    assert found.block is Block.SH12
    assert found.types == (
        ExtensionType.renegotiation_info,
        ExtensionType.extended_main_secret,
        ExtensionType.application_layer_protocol_negotiation,
    )
    assert found.require(extensions.ProtocolNameList).protocol_name_list == (b"h2",)
    assert (
        ServerHelloField().write(found) == ServerHelloField().write(Extensions.of(*found)) == data
    )

    data = len(body + VERSION_13).to_bytes(2) + body + VERSION_13
    with pytest.raises(PeerMisbehaved, match="renegotiation_info in ServerHello"):
        ServerHelloField().read(data, 0, len(data))
    newer = extensions.SupportedVersionsServerHello(ProtocolVersion.TLS13)
    with pytest.raises(ApiMisuse, match="RenegotiationInfo has no place in ServerHello"):
        ServerHelloField().write(Extensions.of(*found, newer))


def test_a_share_in_the_server_hello_of_an_older_version() -> None:
    """What 1.3 has in its ServerHello has no place in 1.2's."""
    body = bytes.fromhex("0033 0005 001d 0001 aa")
    data = len(body).to_bytes(2) + body
    with pytest.raises(PeerMisbehaved, match="key_share in ServerHello of TLS") as caught:
        ServerHelloField().read(data, 0, len(data))
    assert caught.value.name == "misplaced_extension"


def test_writing_keeps_to_the_places() -> None:
    """A class is not written where it may not stand; an UnknownExtension goes anywhere."""
    for block in Block:
        if block is not Block.CR:
            with pytest.raises(ApiMisuse, match=f"OIDFilters has no place in {block.value}"):
                ExtensionsField(block).write(Extensions.of(extensions.OIDFilters(())))
        stray = UnknownExtension(ExtensionType.oid_filters, b"\0\0")
        assert ExtensionsField(block).write(Extensions.of(stray)) == bytes.fromhex(
            "0006003000020000"
        )

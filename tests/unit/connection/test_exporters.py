"""Keying material for the application: the same on both sides, and nobody else's."""

from __future__ import annotations

import pytest

from tests.support.endpoints import Pair, client_config, server_config
from tlsee import policies
from tlsee.codes import ExtensionType, ProtocolVersion
from tlsee.errors import ApiMisuse
from tlsee.handshake.compose import Composer
from tlsee.values import replace
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.hellos import ClientHello

LABEL = "EXPORTER-Channel-Binding"


def pair(version: ProtocolVersion) -> Pair:
    return Pair(client_config(versions=[version]), server_config(versions=[version])).run()


@pytest.mark.parametrize("version", [ProtocolVersion.TLS13, ProtocolVersion.TLS12], ids=str)
def test_both_sides_export_the_same_bytes(version: ProtocolVersion) -> None:
    """And others for another label, another context, another connection."""
    one, other = pair(version), pair(version)
    found = one.client.export_keying_material(LABEL, b"context", 32)

    assert found == one.server.export_keying_material(LABEL.encode(), b"context", 32)
    assert found != one.server.export_keying_material(LABEL, b"other", 32)
    assert found != one.server.export_keying_material("EXPORTER-Other", b"context", 32)
    assert found != other.server.export_keying_material(LABEL, b"context", 32)


def test_no_context_is_an_empty_one_in_1_3_alone() -> None:
    """RFC 9846, 7.5, against RFC 5705, 4."""
    for version, same in ((ProtocolVersion.TLS13, True), (ProtocolVersion.TLS12, False)):
        client = pair(version).client
        none = client.export_keying_material(LABEL, None, 16)
        assert (none == client.export_keying_material(LABEL, b"", 16)) is same


def test_there_is_none_before_the_handshake_is_done() -> None:
    """The secret does not exist yet."""
    with pytest.raises(ApiMisuse, match="the handshake is not done"):
        Pair().client.export_keying_material(LABEL, None, 32)


class Older(Composer):
    """A client that does not know RFC 7627."""

    def client_hello(self, *arguments: object) -> ClientHello:
        hello = super().client_hello(*arguments)  # type: ignore[arg-type]  # handed through
        kept = [
            item
            for item in hello.extensions
            if item.extension_type != ExtensionType.extended_main_secret
        ]
        return replace(hello, extensions=Extensions.of(*kept))


def test_there_is_none_where_two_connections_could_share_it() -> None:
    """RFC 7627, 5.3: without extended_main_secret somebody in between can arrange that."""
    version = [ProtocolVersion.TLS12]
    older = Pair(
        client_config(versions=version, policy=policies.legacy),
        server_config(versions=version, policy=policies.legacy),
        client_options={"composer": Older()},
    ).run()

    assert older.done
    with pytest.raises(ApiMisuse, match="no exporter without extended_main_secret"):
        older.client.export_keying_material(LABEL, None, 32)

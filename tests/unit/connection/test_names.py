"""Which names a connection sends and expects."""

from __future__ import annotations

import pytest

from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tlsee.connection.connection import ClientConnection
from tlsee.errors import ApiMisuse


def test_a_name_beyond_ascii_is_sent_and_matched_as_its_a_label() -> None:
    """RFC 6066, 3: SNI carries A-labels; the certificate lists them too."""
    pytest.importorskip("idna")
    credential = server_credential(name="xn--bcher-kva.example")
    pair = Pair(server=server_config(credentials=[credential]), name="bücher.example").run()

    assert pair.done
    assert pair.server.info.server_name == "xn--bcher-kva.example"


@pytest.mark.parametrize("name", ["", "a b", "x" * 300, "https://example.com/", "a\x00b"])
def test_what_is_no_name_is_misuse_before_anything_is_sent(name: str) -> None:
    """The text says what to give instead."""
    with pytest.raises(ApiMisuse, match="neither a host name nor an IP address"):
        ClientConnection(client_config(), name)

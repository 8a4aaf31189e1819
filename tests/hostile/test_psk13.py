"""Pre-shared keys from a peer that misbehaves (RFC 9846, 4.3.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, server_config
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import AlertReceived, Reason, Reasons, TLSError
from tlsee.handshake.compose import Composer
from tlsee.values import replace
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.early_data import EarlyDataIndication
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PreSharedKeyServerHello

Edit = Callable[[Any], Any]


class Edited(Composer):
    """Changes one kind of message."""

    def __init__(self, method: str, edit: Edit) -> None:
        original = getattr(super(), method)
        setattr(self, method, lambda *given: edit(original(*given)))


def with_extension(extension: Any) -> Edit:
    """In a message: this extension in the place of the one of its kind, or behind all."""

    def edit(message: Any) -> Any:
        kept = [item for item in message.extensions if type(item) is not type(extension)]
        return replace(message, extensions=Extensions.of(*kept, extension))

    return edit


def resumable(**server: Any) -> tuple[ClientConfig, ServerConfig]:
    """Configurations with a session between them."""
    client = client_config(sessions=True)
    serving = server_config(**{"sessions": True, "early_data": 1000, **server})
    Pair(client, serving).run()
    return client, serving


def refusal(pair: Pair, reason: Reason, *, by_server: bool) -> TLSError:
    """One side refuses for this reason, the other hears the alert."""
    with pytest.raises(TLSError):
        pair.run()
    victim, other = (pair.server, pair.client) if by_server else (pair.client, pair.server)
    other.receive_data(victim.data_to_send())
    assert victim.failure is not None
    assert victim.failure.reason == reason, victim.failure
    assert isinstance(other.failure, AlertReceived)
    assert other.failure.alert == reason.alert
    return victim.failure


def damaged(hello: Any) -> Any:
    """One bit of the binder is another."""
    offered = hello.extensions.require(PreSharedKeyClientHello)
    binder = bytes([offered.binders[0][0] ^ 1]) + offered.binders[0][1:]
    return with_extension(replace(offered, binders=(binder,)))(hello)


def doubled(hello: Any) -> Any:
    """One identity, two binders."""
    offered = hello.extensions.require(PreSharedKeyClientHello)
    return with_extension(replace(offered, binders=offered.binders * 2))(hello)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [(damaged, Reasons.bad_binder), (doubled, Reasons.binders_do_not_match)],
    ids=["binder", "number"],
)
def test_a_server_refuses_a_wrong_binder(edit: Edit, reason: Reason) -> None:
    """Before it believes anything else of the hello."""
    client, server = resumable()
    options = {"composer": Edited("offer_psks", edit)}
    refusal(Pair(client, server, client_options=options), reason, by_server=True)


def test_a_client_refuses_an_identity_that_it_did_not_show() -> None:
    """selected_identity behind the last one."""
    client, server = resumable()
    edit = with_extension(PreSharedKeyServerHello(1))
    pair = Pair(client, server, server_options={"composer": Edited("server_hello", edit)})
    refusal(pair, Reasons.psk_index_too_large, by_server=False)


def test_a_client_refuses_a_suite_of_another_hash() -> None:
    """A key belongs to a hash."""
    client, server = resumable()

    def edit(message: Any) -> Any:
        return replace(message, cipher_suite=CipherSuite.TLS_AES_256_GCM_SHA384)

    pair = Pair(client, server, server_options={"composer": Edited("server_hello", edit)})
    refusal(pair, Reasons.psk_hash_differs, by_server=False)


def test_a_client_refuses_early_data_that_cannot_have_been_taken() -> None:
    """The server accepts it, and took no key."""
    client, _ = resumable()
    edit = with_extension(EarlyDataIndication())
    options = {"composer": Edited("encrypted_extensions", edit)}
    other = server_config(sessions=True)  # another key: a full handshake
    pair = Pair(client, other, client_options={"early_data": True}, server_options=options)
    refusal(pair, Reasons.early_data_not_possible, by_server=False)


def test_a_server_counts_early_data() -> None:
    """More than the ticket said is an end."""
    client, server = resumable()
    pair = Pair(client, server, client_options={"early_data": True})
    pair.client._early_room = 5000
    pair.client.write_early_data(bytes(1001))
    refusal(pair, Reasons.early_data_over_limit, by_server=True)


def test_a_client_that_spoke_early_takes_no_older_version() -> None:
    """RFC 9846, D.3: else the older handshake would be read in the middle of early data."""
    client, _ = resumable()
    older = server_config(versions=[ProtocolVersion.TLS12])
    pair = Pair(client, older, client_options={"early_data": True})
    flight = bytes(pair.client.data_to_send())
    pair.server.receive_data(flight[: 5 + int.from_bytes(flight[3:5], "big")])  # the hello alone
    pair.client.receive_data(pair.server.data_to_send())
    assert pair.client.failure is not None
    assert pair.client.failure.reason == Reasons.older_after_early_data

"""Pre-shared keys from a peer that misbehaves (RFC 9846, 4.3.11)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, server_config
from tests.support.resuming import (
    Bound,
    Edit,
    Edited,
    OnSecond,
    alone,
    carrying_instead,
    refusal,
    resumable,
)
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import Reasons
from tlsee.identity.proof import Anonymous, ByCertificate
from tlsee.sessions.bounds import IDENTITIES_LIMIT
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.stores import TicketSessions
from tlsee.values import replace
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.early_data import EarlyDataIndication
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PreSharedKeyServerHello


def with_extension(extension: Any) -> Edit:
    """In a message: this extension in the place of the one of its kind, or behind all."""
    return lambda message: carrying_instead(message, extension)


def serving(**server: Any) -> tuple[ClientConfig, ServerConfig]:
    """Configurations with a session between them that allows early data."""
    return resumable(**{"early_data": 1000, **server})


def damaged(hello: Any) -> Any:
    """One bit of the binder is another."""
    offered = hello.extensions.require(PreSharedKeyClientHello)
    binder = bytes([offered.binders[0][0] ^ 1]) + offered.binders[0][1:]
    return with_extension(replace(offered, binders=(binder,)))(hello)


def doubled(hello: Any) -> Any:
    """One identity, two binders."""
    offered = hello.extensions.require(PreSharedKeyClientHello)
    return with_extension(replace(offered, binders=offered.binders * 2))(hello)


def shortened(hello: Any) -> Any:
    """A binder of another length, which that of a hash is not."""
    offered = hello.extensions.require(PreSharedKeyClientHello)
    return with_extension(replace(offered, binders=(offered.binders[0] + b"\0",)))(hello)


def older(hello: Any) -> Any:
    """The ticket seems to be older than the binder says."""
    offered = hello.extensions.require(PreSharedKeyClientHello)
    (one,) = offered.identities
    later = replace(one, obfuscated_ticket_age=(one.obfuscated_ticket_age + 1) % 2**32)
    return with_extension(replace(offered, identities=(later,)))(hello)


def other_random(hello: Any) -> Any:
    """Anything in front of the binders."""
    return replace(hello, random=bytes(32))


WRONG = {
    "binder": (damaged, Reasons.bad_binder),
    "number": (doubled, Reasons.binders_do_not_match),
    "length": (shortened, Reasons.bad_binder),
    "age": (older, Reasons.bad_binder),
    "hello": (other_random, Reasons.bad_binder),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_server_refuses_a_wrong_binder(name: str) -> None:
    """Before it believes anything else of the hello."""
    client, server = serving()
    edit, reason = WRONG[name]
    options = {"composer": Edited(offer_psks=edit)}
    refusal(Pair(client, server, client_options=options), reason, by_server=True)


def kept_key(first: Any, second: Any) -> Any:
    """The second hello shows what the first did: a binder that knows of no HelloRetryRequest."""
    return carrying_instead(second, first.extensions.require(PreSharedKeyClientHello))


SECOND = {
    "binder": (lambda _, second: damaged(second), Reasons.bad_binder),
    "number": (lambda _, second: doubled(second), Reasons.binders_do_not_match),
    "the first's": (kept_key, Reasons.bad_binder),
}


@pytest.mark.parametrize("name", SECOND)
def test_a_server_refuses_a_wrong_binder_behind_a_retry(name: str) -> None:
    """The first hello's was right; each is checked, over all that was said before it."""
    client, server = serving()
    edit, reason = SECOND[name]
    options = {"composer": Edited(offer_psks=OnSecond(edit))}
    other = server_config(sessions=server.sessions, groups=[NamedGroup.secp384r1])
    refusal(Pair(client, other, client_options=options), reason, by_server=True)


def test_a_binder_in_the_wrong_place() -> None:
    """Two keys of one client, their binders exchanged: none proves the other's identity."""
    keys = [ExternalPsk(b"one", bytes(32)), ExternalPsk(b"two", bytes(31) + b"2")]

    def exchanged(hello: Any) -> Any:
        offered = hello.extensions.require(PreSharedKeyClientHello)
        return with_extension(replace(offered, binders=offered.binders[::-1]))(hello)

    server = server_config(psks=keys, insecure_accept_own_hellos=True)
    options = {"composer": Edited(offer_psks=exchanged)}
    pair = Pair(client_config(psks=keys), server, client_options=options)
    refusal(pair, Reasons.bad_binder, by_server=True)


@pytest.mark.parametrize("label", [True, False])
def test_a_binder_of_another_kind(label: bool) -> None:
    """What was imported proves nothing as it was agreed on, nor the other way round."""
    ours = ExternalPsk(b"one", bytes(32), imported=label)
    theirs = ExternalPsk(b"one", bytes(32), imported=not label)
    server = server_config(psks=[theirs], insecure_accept_own_hellos=True)
    refusal(Pair(client_config(psks=[ours]), server), Reasons.bad_binder, by_server=True)


def test_a_key_that_is_not_last() -> None:
    """What stood behind it would not be bound."""
    client, server = serving()
    edit = with_extension(EarlyDataIndication())
    pair = Pair(client, server, client_options={"composer": Edited(offer_psks=edit)})
    refusal(pair, Reasons.pre_shared_key_not_last, by_server=True)


@pytest.mark.parametrize("length", [32, 200])
def test_a_flood_of_identities(length: int) -> None:
    """Few are looked up, whatever they are; a full handshake follows, or the key that is known."""
    client, server = serving()
    flood = [ExternalPsk(b"%0*d" % (length, n), bytes(32)) for n in range(60_000 // (length + 40))]
    options = {"composer": Bound(pick=lambda psks: psks[1:])}
    many = client_config(psks=flood, sessions=client.sessions)
    pair = Pair(many, server, client_options=options).run()
    assert isinstance(pair.server.info.peer, Anonymous)
    assert isinstance(server.sessions, TicketSessions)
    assert server.sessions.unopened == IDENTITIES_LIMIT


def test_a_key_behind_a_flood_is_found() -> None:
    """External keys cost a look into a dictionary each."""
    flood = [ExternalPsk(b"%d" % n, bytes(32)) for n in range(1000)]
    server = server_config(psks=flood[-1:], insecure_accept_own_hellos=True)
    pair = Pair(client_config(psks=flood), server).run()
    assert pair.client.info.psk_identity == pair.server.info.psk_identity == b"999"


# --- How a key may be used ---------------------------------------------------------------------

ALONE = dataclasses.replace(policies.default, legacy_psk_alone=True)


def test_a_key_alone_needs_a_policy_at_the_server() -> None:
    """A client that wants nothing but psk_ke gets a full handshake."""
    client, server = serving()
    pair = Pair(client, server, client_options={"composer": Bound(alone)}).run()
    assert isinstance(pair.client.info.peer, ByCertificate)


def test_a_key_alone_needs_a_policy_at_the_client() -> None:
    """A server that leaves the key exchange out, against what the client offered, is refused."""
    client, server = serving()

    def without_share(message: Any) -> Any:
        kept = [item for item in message.extensions if item.extension_type != 51]
        return replace(message, extensions=Extensions.of(*kept))

    pair = Pair(client, server, server_options={"composer": Edited(server_hello=without_share)})
    refusal(pair, Reasons.missing_extension, by_server=False)


def test_a_key_alone_where_both_policies_say_so() -> None:
    """No group, and no ticket for who could not use it otherwise."""
    client, server = serving(policy=ALONE)
    lenient = client_config(sessions=client.sessions, policy=ALONE)
    pair = Pair(lenient, server, client_options={"composer": Bound(alone)}).run()
    assert pair.client.info.resumed
    assert pair.client.info.group is pair.server.info.group is None


def test_a_key_exchange_wins_where_both_are_possible() -> None:
    """psk_dhe_ke first."""
    client, server = serving(policy=ALONE)
    pair = Pair(client_config(sessions=client.sessions, policy=ALONE), server).run()
    assert pair.client.info.resumed
    assert pair.client.info.group is NamedGroup.X25519MLKEM768


@pytest.mark.parametrize("second", [True, False])
def test_a_key_alone_is_not_used_behind_a_retry(second: bool) -> None:
    """A HelloRetryRequest settled that there is a key exchange, which psk_ke excludes."""
    client, server = serving(policy=ALONE)
    other = server_config(
        sessions=SecondTime(server.sessions) if second else server.sessions,
        groups=[NamedGroup.secp384r1],
        policy=ALONE,
    )
    lenient = client_config(sessions=client.sessions, policy=ALONE)
    pair = Pair(lenient, other, client_options={"composer": Bound(alone)}).run()
    assert pair.client.info.retried is second
    assert pair.client.info.resumed is not second


class SecondTime:
    """Sessions that are not found when they are asked for first, as from a store that is slow."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.asked = inner, 0
        self.spend, self.issue = inner.spend, inner.issue

    def find(self, identities: Any, now: float) -> Any:
        """None, then what there is."""
        self.asked += 1
        return (None,) * len(identities) if self.asked == 1 else self.inner.find(identities, now)


# --- Servers -------------------------------------------------------------------------------------


def test_a_client_refuses_an_identity_that_it_did_not_show() -> None:
    """selected_identity behind the last one."""
    client, server = serving()
    edit = with_extension(PreSharedKeyServerHello(1))
    pair = Pair(client, server, server_options={"composer": Edited(server_hello=edit)})
    refusal(pair, Reasons.psk_index_too_large, by_server=False)


def test_a_client_refuses_a_suite_of_another_hash() -> None:
    """A key belongs to a hash."""
    client, server = serving()

    def edit(message: Any) -> Any:
        return replace(message, cipher_suite=CipherSuite.TLS_AES_256_GCM_SHA384)

    pair = Pair(client, server, server_options={"composer": Edited(server_hello=edit)})
    refusal(pair, Reasons.psk_hash_differs, by_server=False)


def test_a_client_refuses_a_key_of_another_hash_behind_a_retry() -> None:
    """It offered none that goes with the suite, so none can be taken."""
    client, _ = serving(suites=[CipherSuite.TLS_AES_128_GCM_SHA256])
    other = server_config(
        suites=[CipherSuite.TLS_AES_256_GCM_SHA384], groups=[NamedGroup.secp384r1]
    )
    edit = with_extension(PreSharedKeyServerHello(0))
    pair = Pair(client, other, server_options={"composer": Edited(server_hello=edit)})
    refusal(pair, Reasons.unsolicited_extension, by_server=False)


def takes_early_data(**server: Any) -> Pair:
    """A server that says that it takes early data, whatever it did."""
    client, first = resumable(
        {"alpn": ["http/1.1"]},
        early_data=1000,
        alpn=["http/1.1"],
        suites=[CipherSuite.TLS_AES_128_GCM_SHA256],
    )
    visiting = client_config(sessions=client.sessions, alpn=["h2", "http/1.1"])
    other = server_config(
        **{"sessions": first.sessions, "early_data": 0, "alpn": ["http/1.1"], **server}
    )
    edit = with_extension(EarlyDataIndication())
    options = {"composer": Edited(encrypted_extensions=edit)}
    return Pair(visiting, other, client_options={"early_data": True}, server_options=options)


def test_a_client_refuses_early_data_under_another_suite() -> None:
    """RFC 9846, 4.3.10: with the key's hash, and not with its suite."""
    pair = takes_early_data(suites=[CipherSuite.TLS_CHACHA20_POLY1305_SHA256])
    refusal(pair, Reasons.early_data_not_possible, by_server=False, heard=False)


def test_a_client_refuses_early_data_for_another_protocol() -> None:
    """What was said early was said in the session's."""
    pair = takes_early_data()
    composer = pair.server._driver.state.composer  # type: ignore[attr-defined]
    worded = composer.encrypted_extensions
    composer.encrypted_extensions = lambda *given: with_extension(ProtocolNameList((b"h2",)))(
        worded(*given)
    )
    refusal(pair, Reasons.early_data_not_possible, by_server=False, heard=False)


def test_a_client_refuses_early_data_behind_a_retry() -> None:
    """The second hello does not speak of it any more."""
    pair = takes_early_data(groups=[NamedGroup.secp384r1])
    refusal(pair, Reasons.unsolicited_extension, by_server=False)


def test_a_client_refuses_early_data_that_cannot_have_been_taken() -> None:
    """The server accepts it, and took no key."""
    client, _ = serving()
    edit = with_extension(EarlyDataIndication())
    options = {"composer": Edited(encrypted_extensions=edit)}
    other = server_config(sessions=True)  # another key: a full handshake
    pair = Pair(client, other, client_options={"early_data": True}, server_options=options)
    refusal(pair, Reasons.early_data_not_possible, by_server=False)


def test_a_server_counts_early_data() -> None:
    """More than the ticket said is an end."""
    client, server = serving()
    pair = Pair(client, server, client_options={"early_data": True})
    pair.client._early_room = 5000
    pair.client.write_early_data(bytes(1001))
    refusal(pair, Reasons.early_data_over_limit, by_server=True)


def test_a_client_that_spoke_early_takes_no_older_version() -> None:
    """RFC 9846, E.3: else the older handshake would be read in the middle of early data."""
    client, _ = serving()
    older = server_config(versions=[ProtocolVersion.TLS12])
    pair = Pair(client, older, client_options={"early_data": True})
    flight = bytes(pair.client.data_to_send())
    pair.server.receive_data(flight[: 5 + int.from_bytes(flight[3:5], "big")])  # the hello alone
    pair.client.receive_data(pair.server.data_to_send())
    assert pair.client.failure is not None
    assert pair.client.failure.reason == Reasons.older_after_early_data

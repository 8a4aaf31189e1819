"""Sessions of TLS 1.2 that a client shows: forged, stale, stolen, taken elsewhere.

A server resumes nothing but what it made, for whom it made it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.endpoints import (
    Pair,
    authority,
    client_config,
    client_credential,
    events_of,
    server_config,
    server_credential,
    trust,
)
from tests.support.hostile import CCS, CHANGE_CIPHER_SPEC, DATA
from tests.support.hostile12_resuming import (
    ResumingClient12,
    kept,
    remembered,
)
from tests.support.hostile12_server import ECDSA, TLS12
from tests.support.refusals import (
    Misdeed,
    also,
    carrying,
    changed,
    done,
    names,
    refused,
    twice,
    without,
)
from tests.support.resuming import Edited
from tlsee import policies
from tlsee.codes import CipherSuite, ExtensionType, NameType, ProtocolVersion
from tlsee.errors import Reasons
from tlsee.identity.trust import Trust
from tlsee.sessions.stores import TicketSessions
from tlsee.values import replace
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.server_name import ServerName, ServerNameList
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.messages12 import Finished, NewSessionTicket

GCM256 = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
CBC = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
EMS = ExtensionType.extended_main_secret
TICKET = ExtensionType.session_ticket


def flipped(message: Any) -> Any:
    """One bit of a Finished."""
    data = message.verify_data
    return Finished(data[:-1] + bytes((data[-1] ^ 1,)))


# --- A client that shows a session, against a server ----------------------------------------------


def client(
    *script: str,
    by_id: bool = False,
    secret: bytes | None = None,
    other: dict[str, Any] | None = None,
    **edits: Any,
) -> ResumingClient12:
    """It shows a session, perhaps to another server of the same keys, and follows its answer."""
    visiting, serving = remembered(by_id=by_id)
    if other is not None:
        common: dict[str, Any] = {"versions": [TLS12], "policy": policies.legacy}
        serving = server_config(**{**common, "sessions": serving.sessions, **other})
    peer = ResumingClient12(serving, visiting, secret=secret, **edits)
    if script:
        return peer.flight(*script)
    return peer.flight("client_hello").flight(*[n for n in peer.script if n != "client_hello"])


def without_the_hash() -> ResumingClient12:
    """RFC 7627, 5.3."""
    return client("client_hello", client_hello=without(EMS))


def injecting() -> ResumingClient12:
    """Keys of the empty main secret."""
    peer = client("client_hello")
    peer.agreed = None
    return peer.flight("change_cipher_spec", "finished")


def echoing() -> ResumingClient12:
    """A Finished with the server's label."""
    peer = client("client_hello", "change_cipher_spec")
    peer.say("finished", Finished(peer.main12.server_finished(peer.digest())))
    return peer


AGAINST_SERVERS: list[Misdeed] = [
    Misdeed("without extended_main_secret", Reasons.session_lost_its_hash, without_the_hash),
    Misdeed("a wrong Finished", Reasons.bad_finished, partial(client, finished=flipped)),
    Misdeed("the server's Finished", Reasons.bad_finished, echoing),
    Misdeed("a name without its secret", Reasons.bad_record_mac, partial(client, secret=bytes(48))),
    Misdeed("the empty main secret", Reasons.bad_record_mac, injecting),
    Misdeed("no change of keys", Reasons.unexpected_message, partial(client, "client_hello", "finished")),
    Misdeed("two changes of keys", Reasons.bad_record_mac, partial(client, "client_hello", "change_cipher_spec", change_cipher_spec=also(CHANGE_CIPHER_SPEC))),
    Misdeed("a key exchange", Reasons.unexpected_message, partial(client, "client_hello", "client_key_exchange")),
    Misdeed("a certificate", Reasons.unexpected_message, partial(client, "client_hello", "certificate")),
    Misdeed("a certificate under the new keys", Reasons.unexpected_message, partial(client, "client_hello", "change_cipher_spec", "certificate")),
    Misdeed("a second hello", Reasons.unexpected_message, partial(client, "client_hello", client_hello=twice)),
    Misdeed("a ticket", Reasons.unexpected_message, partial(client, "client_hello", client_hello=also(NewSessionTicket(1, b"t")))),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", AGAINST_SERVERS, ids=names)
def test_a_client_that_misbehaves_is_refused(misdeed: Misdeed) -> None:
    """Who shows a session has to prove that it has the main secret."""
    misdeed.check()


@pytest.mark.parametrize("by_id", [False, True])
def test_an_honest_client_is_resumed(by_id: bool) -> None:
    """The control, by ticket and by id."""
    peer = client(by_id=by_id)
    assert done(peer)
    assert peer.names() == ["server_hello", "finished"]
    peer.record(DATA, b"after")
    assert [bytes(event.data) for event in events_of(peer.victim)] == [b"after"]


@pytest.mark.parametrize("by_id", [False, True])
def test_data_before_the_clients_finished_is_refused(by_id: bool) -> None:
    """The keys are right, and nothing has shown that the client saw this handshake."""
    peer = client("client_hello", "change_cipher_spec", by_id=by_id)
    peer.record(DATA, b"early")
    refused(peer, Reasons.plaintext_data)


def test_a_change_of_keys_before_the_hello_is_refused() -> None:
    """A server of 1.2 alone has no dummy to expect."""
    _, serving = remembered()
    visiting, _ = remembered()
    peer = ResumingClient12(serving, visiting)
    peer.deliver(CHANGE_CIPHER_SPEC)
    if not peer.stopped:
        peer.flight("client_hello")
    assert not any(one.content_type == CCS for one in peer.heard)
    refused(peer, Reasons.bad_change_cipher_spec, protected=False)


def ticket_changed(change: Callable[[bytes], bytes]) -> Any:
    """An edit of what the hello shows."""

    def edit(hello: Any) -> Any:
        shown = hello.extensions.require(SessionTicket12).ticket
        return carrying(SessionTicket12(change(shown)))(hello)

    return edit


FORGED: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda ticket: ticket[:-1],
    "cut short": lambda ticket: ticket[:16],
    "one byte": lambda ticket: ticket[:1],
    "longer": lambda ticket: ticket + b"\x00",
    "another key's": lambda ticket: bytes(16) + ticket[16:],
    "its salt changed": lambda ticket: ticket[:20] + bytes((ticket[20] ^ 1,)) + ticket[21:],
    "its middle changed": lambda ticket: ticket[:80] + bytes((ticket[80] ^ 1,)) + ticket[81:],
    "its tag changed": lambda ticket: ticket[:-1] + bytes((ticket[-1] ^ 1,)),
    "zeros": lambda ticket: bytes(len(ticket)),
    "64 kB": lambda ticket: (ticket * 600)[:60_000],
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_forged_ticket_is_none(change: Callable[[bytes], bytes]) -> None:
    """A full handshake follows, with a certificate, and ends well."""
    check_full(client("client_hello", client_hello=ticket_changed(change)))


FORGED_IDS: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda name: name[:-1],
    "one byte": lambda name: name[:1],
    "another": lambda name: bytes((name[0] ^ 1,)) + name[1:],
    "none": lambda _: b"",
}


@pytest.mark.parametrize("change", FORGED_IDS.values(), ids=FORGED_IDS)
def test_a_forged_id_is_none(change: Callable[[bytes], bytes]) -> None:
    """The same for ids; the server answers with an id of its own."""

    def edit(hello: Any) -> Any:
        return replace(hello, legacy_session_id=change(hello.legacy_session_id))

    check_full(client("client_hello", by_id=True, client_hello=edit))


def check_full(peer: ResumingClient12) -> None:
    """The server shows its certificate, and the full handshake ends well."""
    assert not peer.resumed
    assert "certificate" in peer.names()
    peer.flight(*[name for name in peer.script if name != "client_hello"])
    assert done(peer)
    assert not peer.victim.info.resumed


@pytest.mark.parametrize(
    "other",
    [
        {"sessions": TicketSessions()},
        {"suites": [GCM256, ECDSA], "alpn": ["h2"], "sessions": False},
        {"client_trust": trust(), "client_auth": "required"},
    ],
    ids=["other keys", "no sessions", "a certificate is required"],
)
def test_a_ticket_that_another_server_made(other: dict[str, Any]) -> None:
    """It proves nothing here."""
    peer = client("client_hello", other=other)
    assert not peer.resumed
    assert "certificate" in peer.names()


def test_a_ticket_is_bound_to_its_name() -> None:
    """Taken to another name of the same server, it is none (RFC 6066, 3)."""
    visiting, serving = remembered()
    elsewhere = ServerNameList((ServerName(NameType.host_name, b"other.test"),))
    check_full(
        ResumingClient12(serving, visiting, client_hello=carrying(elsewhere)).flight("client_hello")
    )


def test_a_ticket_is_bound_to_its_protocol() -> None:
    """What was agreed on for HTTP is not resumed for mail."""
    visiting, serving = remembered(
        client={"alpn": ["http/1.1"]}, server={"alpn": ["http/1.1", "imap"]}
    )
    check_full(
        ResumingClient12(
            serving, visiting, client_hello=carrying(ProtocolNameList((b"imap",)))
        ).flight("client_hello")
    )


def test_a_ticket_is_bound_to_its_suite() -> None:
    """A hello that does not offer the session's suite does not resume it."""
    visiting, serving = remembered(server={"suites": [ECDSA, GCM256]})
    edit = changed(cipher_suites=(GCM256,))
    check_full(ResumingClient12(serving, visiting, client_hello=edit).flight("client_hello"))


def test_a_session_without_a_hash_is_not_resumed_by_a_hello_with_one() -> None:
    """RFC 7627, 5.3: a full handshake, which has one."""
    composer = Edited(client_hello=without(EMS))
    visiting, serving = remembered(composer=composer)
    check_full(ResumingClient12(serving, visiting).flight("client_hello"))


def test_a_ticket_of_tls_1_3_is_none_of_1_2() -> None:
    """The same keys seal both; the version inside tells them apart."""
    sessions = TicketSessions()
    newer_client = client_config(sessions=True)
    Pair(newer_client, server_config(sessions=sessions)).run()
    newer = kept(newer_client)[-1]
    visiting, _ = remembered()
    serving = server_config(versions=[TLS12], policy=policies.legacy, sessions=sessions)
    edit = ticket_changed(lambda _: newer.ticket)
    check_full(ResumingClient12(serving, visiting, client_hello=edit).flight("client_hello"))


def test_a_session_of_tls_1_3_is_none_even_with_a_suite_of_1_2() -> None:
    """Nothing seals such a session; if something did, the version alone would tell."""
    visiting, serving = remembered()
    (session,) = kept(visiting)
    assert isinstance(serving.sessions, TicketSessions)
    newer = replace(session, version=ProtocolVersion.TLS13, ticket=b"", peer_chain=())
    provider = serving.provider
    ticket = serving.sessions.issue(newer, provider.random, provider.now())
    assert ticket is not None
    edit = ticket_changed(lambda _: ticket)
    check_full(ResumingClient12(serving, visiting, client_hello=edit).flight("client_hello"))


@pytest.mark.parametrize("how", ["nobody asks", "somebody else is trusted"])
def test_a_clients_certificate_is_judged_again_or_asked_for(how: str) -> None:
    """A session with a client's certificate, where nobody can judge it, or judges otherwise."""
    visiting, serving = remembered(
        client={"credentials": [client_credential()]}, server={"client_trust": trust()}
    )
    stranger = type(authority()).create("a stranger")
    changes: dict[str, Any] = {}
    if how == "somebody else is trusted":
        changes["client_trust"] = Trust.from_pem(stranger.pem)
    other = server_config(
        versions=[TLS12], policy=policies.legacy, sessions=serving.sessions, **changes
    )
    peer = ResumingClient12(other, visiting).flight("client_hello")
    assert not peer.resumed
    assert ("certificate_request" in peer.names()) is bool(changes)


@pytest.mark.parametrize("length", [0, 1, 31, 32])
def test_a_ticket_comes_with_any_session_id(length: int) -> None:
    """RFC 5077, 3.4: the server says the client's id again, an empty one too."""
    edit = changed(legacy_session_id=bytes(range(length)))
    peer = client("client_hello", client_hello=edit)
    assert "certificate" not in peer.names()
    assert done(peer.flight("change_cipher_spec", "finished"))
    assert peer.victim.info.resumed


def test_an_expired_ticket_is_none() -> None:
    """By the server's clock, whatever the client believes."""
    visiting, serving = remembered()
    assert isinstance(serving.sessions, TicketSessions)
    provider = serving.provider
    later = replace(provider, now=lambda: provider.now() + 86_401)
    old = server_config(
        credentials=[server_credential().despite_flaws()],
        versions=[TLS12],
        policy=policies.legacy,
        sessions=serving.sessions,
        provider=later,
    )
    peer = ResumingClient12(old, visiting).flight("client_hello")
    assert not peer.resumed

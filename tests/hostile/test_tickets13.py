"""Tickets that were forged, kept too long, or taken where they do not belong (RFC 9846, 4.7.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    server_config,
    server_credential,
    trust,
)
from tests.support.resuming import Edited, Forgetful, carrying_instead, refusal, resumable
from tlsee import defaults
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import TicketReceived
from tlsee.crypto.pyca import PROVIDER
from tlsee.deciders import default_judge
from tlsee.errors import CertificateRejected, Reasons, TLSError
from tlsee.handshake.outcome import EarlyData
from tlsee.handshake.tickets13 import session_key
from tlsee.identity.authority import Authority
from tlsee.identity.proof import Anonymous, ByCertificate
from tlsee.identity.trust import Trust
from tlsee.sessions.bounds import (
    CLIENT_TICKET_LIMIT,
    FRESHNESS_WINDOW,
    LIFETIME_LIMIT,
    TOTAL_LIFETIME_LIMIT,
)
from tlsee.sessions.session import Session
from tlsee.sessions.stores import TicketSessions
from tlsee.values import replace
from tlsee.wire.extensions.early_data import EarlyDataTicket


def taken(client: ClientConfig, name: str = NAME) -> Session:
    """The session that the client would offer next."""
    assert client.sessions is not None
    (session,) = client.sessions.take(session_key(client, name, name), PROVIDER.now())
    return session


def holding(session: Session, name: str = NAME, **changes: Any) -> ClientConfig:
    """A client that has this session with this server, however it came by it."""
    client = client_config(sessions=True, **changes)
    assert client.sessions is not None
    client.sessions.put(session_key(client, name, name), session)
    return client


def full(pair: Pair) -> Pair:
    """The handshake is done, and nothing was resumed."""
    pair.run()
    assert isinstance(pair.client.info.peer, ByCertificate)
    assert not pair.server.info.resumed
    return pair


# --- Tickets that are none -------------------------------------------------------------------

FORGED: dict[str, Callable[[bytes], bytes]] = {
    "random": lambda ticket: PROVIDER.random(len(ticket)),
    "short": lambda ticket: ticket[:15],
    "one byte": lambda _: b"\0",
    "cut": lambda ticket: ticket[:-1],
    "longer": lambda ticket: ticket + b"\0",
    "its key's name": lambda ticket: bytes([ticket[0] ^ 1]) + ticket[1:],
    "its salt": lambda ticket: ticket[:20] + bytes([ticket[20] ^ 1]) + ticket[21:],
    "its content": lambda ticket: ticket[:60] + bytes([ticket[60] ^ 1]) + ticket[61:],
    "its tag": lambda ticket: ticket[:-1] + bytes([ticket[-1] ^ 1]),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_ticket_is_worth_nothing(how: str) -> None:
    """A full handshake follows, whatever stands in its place."""
    client, server = resumable()
    session = taken(client)
    forged = replace(session, ticket=FORGED[how](session.ticket))
    full(Pair(holding(forged), server))


def test_a_ticket_without_its_key_is_refused() -> None:
    """Who saw a ticket go by has no binder for it."""
    client, server = resumable()
    stolen = replace(taken(client), secret=bytes(32))
    refusal(Pair(holding(stolen), server), Reasons.bad_binder, by_server=True)


@pytest.mark.parametrize(
    ("after", "resumes"), [(0, True), (86_000, True), (86_400, False), (-120, False)]
)
def test_a_ticket_lives_as_long_as_it_says(after: float, resumes: bool) -> None:
    """The server counts for itself, and does not take tickets from tomorrow."""
    client, server = resumable()
    moved = replace(PROVIDER, now=lambda: PROVIDER.now() + after)
    credentials = [server_credential().despite_flaws()]
    later = server_config(credentials=credentials, sessions=server.sessions, provider=moved)
    pair = Pair(holding(taken(client)), later).run()
    assert pair.server.info.resumed is resumes


def test_renewing_does_not_make_a_session_live_for_ever() -> None:
    """A ticket of a resumed connection is young; the full handshake behind it stays as old."""
    client, server = resumable()
    began = taken(client)
    for _ in range(3):
        client = holding(began)
        pair = Pair(client, server).run()
        assert pair.server.info.resumed
        renewed = taken(client)
        assert renewed.issued_at > began.issued_at
        assert renewed.established_at == began.established_at
        assert pair.server.info.established_at == pytest.approx(began.established_at, abs=1)
        began = renewed
    assert not began.is_alive(began.established_at + TOTAL_LIFETIME_LIMIT)


# --- Tickets taken elsewhere ------------------------------------------------------------------


def test_a_ticket_taken_to_another_name() -> None:
    """A session with one virtual host is none with its neighbour."""
    server = server_config(
        credentials=[server_credential(), server_credential(name="other.test")], sessions=True
    )
    client = client_config(sessions=True)
    Pair(client, server).run()
    session = replace(taken(client), peer_chain=())  # else the client would not offer it
    pair = full(Pair(holding(session, "other.test"), server, name="other.test"))
    assert pair.server.info.server_name == "other.test"


@pytest.mark.parametrize("protocols", [[], ["h2"]])
def test_a_ticket_taken_to_another_protocol(protocols: list[str]) -> None:
    """Agreed on anew, in a full handshake."""
    client, server = resumable({"alpn": ["http/1.1"]}, alpn=["h2", "http/1.1"])
    full(Pair(holding(taken(client), alpn=protocols), server))


def test_a_session_of_the_older_version_is_no_key_of_the_newer() -> None:
    """Its main secret would be a good binder's key; it was never made for that."""
    _, server = resumable()
    assert server.sessions is not None
    now = PROVIDER.now()
    session = Session(
        ProtocolVersion.TLS12,
        CipherSuite.TLS_AES_128_GCM_SHA256,
        bytes(48),
        issued_at=now,
        lifetime=3600,
        established_at=now,
        server_name=NAME,
    )
    ticket = server.sessions.issue(session, PROVIDER.random, now)
    assert ticket is not None
    full(Pair(holding(replace(session, version=ProtocolVersion.TLS13, ticket=ticket)), server))


def test_a_session_of_the_newer_version_is_none_of_the_older() -> None:
    """The same ticket in a session_ticket extension: a full handshake of TLS 1.2."""
    client, server = resumable()
    suite = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    session = replace(
        taken(client), version=ProtocolVersion.TLS12, suite=suite, extended_main_secret=True
    )
    older = holding(session, versions=[ProtocolVersion.TLS12])
    full(Pair(older, server_config(sessions=server.sessions)))


# --- Tickets and who the client is --------------------------------------------------------------


def mutual(**server: Any) -> tuple[ClientConfig, ServerConfig]:
    """A session that a client began with a certificate."""
    credentials = [client_credential()]
    return resumable({"credentials": credentials}, **{"client_trust": trust(), **server})


def again(server: ServerConfig, **changes: Any) -> ServerConfig:
    """The same sessions and another mind about clients."""
    return server_config(sessions=server.sessions, **changes)


def shows(client: ClientConfig, *credentials: Any) -> ClientConfig:
    """A client with the other's session, and these certificates to show when it is asked."""
    return holding(taken(client), credentials=credentials)


def test_a_client_that_began_with_a_certificate_is_known_again() -> None:
    """Judged anew, and named in the proof."""
    client, server = mutual()
    pair = Pair(client, again(server, client_trust=trust())).run()
    proof = pair.server.info.peer
    assert pair.server.info.resumed
    assert getattr(proof, "peer", None) is not None


def test_a_session_of_a_client_without_a_certificate_is_not_enough() -> None:
    """Where one is required now it is asked for, in a full handshake."""
    client, server = resumable()
    strict = again(server, client_trust=trust())
    pair = Pair(holding(taken(client)), strict)
    refusal(pair, Reasons.certificate_required, by_server=True)
    client, server = resumable()
    pair = full(Pair(shows(client, client_credential()), again(server, client_trust=trust())))
    assert isinstance(pair.server.info.peer, ByCertificate)


def expired(request: Any) -> Any:
    """A judge a century later."""
    return default_judge(replace(request, at=request.at + 3e9))


DISBELIEVED: dict[str, Callable[[], dict[str, Any]]] = {
    "another authority": lambda: {"client_trust": Trust.from_pem(Authority.create("x").pem)},
    "expired": lambda: {"client_trust": trust(), "judge": expired},
    "nobody to judge it": dict,
}


@pytest.mark.parametrize("how", DISBELIEVED)
@pytest.mark.parametrize("early", [True, False])
def test_a_client_that_is_not_believed_any_more_has_to_prove_itself(how: str, early: bool) -> None:
    """Never taken silently: a full handshake, in which its certificate is refused as it must be."""
    client, server = mutual(early_data=1000)
    changed = again(server, early_data=1000, **DISBELIEVED[how]())
    pair = Pair(client, changed, client_options={"early_data": early})
    if early:
        pair.client.write_early_data(b"not for you")
    if how == "nobody to judge it":
        assert isinstance(full(pair).server.info.peer, Anonymous)
        assert pair.server.info.early_data is not EarlyData.ACCEPTED
        return
    with pytest.raises(TLSError):
        pair.run()
    assert isinstance(pair.server.failure, CertificateRejected)
    assert not pair.server_events


# --- The age of a ticket, and early data --------------------------------------------------------


@pytest.mark.parametrize("by", [-3600.0, -FRESHNESS_WINDOW - 1, FRESHNESS_WINDOW + 1, 86_000])
def test_early_data_with_a_ticket_of_another_age_is_declined(by: float) -> None:
    """It may be a copy that somebody kept; the handshake itself cannot be one."""
    client, server = resumable(early_data=1000)
    session = taken(client)
    # What the client adds to the age is what the server takes off again.
    moved = holding(replace(session, age_add=(session.age_add + int(by * 1000)) % 2**32))
    pair = Pair(moved, server, client_options={"early_data": True})
    pair.client.write_early_data(b"old")
    pair.run()
    assert pair.client.info.resumed
    assert pair.client.info.early_data is pair.server.info.early_data is EarlyData.REFUSED


def test_one_ticket_brings_early_data_once() -> None:
    """Two hellos of its owner with one ticket: the second is resumed, its early data is not."""
    client, server = resumable(early_data=1000)
    session = taken(client)
    outcomes = []
    for _ in range(2):
        pair = Pair(holding(session), server, client_options={"early_data": True})
        pair.client.write_early_data(b"once")
        outcomes.append(pair.run().server.info.early_data)
    assert outcomes == [EarlyData.ACCEPTED, EarlyData.REFUSED]


# --- Tickets from a server that misbehaves ------------------------------------------------------


def handed(**fields: Any) -> tuple[Pair, ClientConfig]:
    """A connection whose tickets have other values than the server meant."""
    client = client_config(sessions=True)
    edit = Edited(new_session_ticket=lambda ticket: replace(ticket, **fields))
    server = server_config(sessions=True, early_data=1000)
    return Pair(client, server, server_options={"composer": edit}).run(), client


def test_a_ticket_of_no_lifetime_is_dropped() -> None:
    """RFC 9846, 4.7.1; the application hears of it."""
    pair, client = handed(ticket_lifetime=0)
    assert client.sessions is not None
    assert len(client.sessions) == 0
    told = [event for event in pair.client_events if isinstance(event, TicketReceived)]
    assert [event.session for event in told] == [None, None]


@pytest.mark.parametrize("lifetime", [LIFETIME_LIMIT + 1, 2**32 - 1])
def test_a_week_is_the_longest_life(lifetime: int) -> None:
    """A server that says more is not believed."""
    _, client = handed(ticket_lifetime=lifetime)
    assert taken(client).lifetime == LIFETIME_LIMIT


@pytest.mark.parametrize("length", [CLIENT_TICKET_LIMIT + 1, 65_000])
def test_a_huge_ticket_is_not_kept(length: int) -> None:
    """It would make the next hello one that cannot be said; a server could lock us out of it."""
    pair, client = handed(ticket=bytes(length))
    assert client.sessions is not None
    assert len(client.sessions) == 0
    full(Pair(client, server_config(sessions=True)))
    assert pair.done


def test_the_longest_ticket_that_is_kept_can_be_offered() -> None:
    """The hello that carries it is taken, too."""
    _, client = handed(ticket=bytes(CLIENT_TICKET_LIMIT))
    full(Pair(client, server_config(sessions=True)))


@pytest.mark.parametrize("size", [0, 2**32 - 1])
def test_a_server_says_how_much_may_come_early(size: int) -> None:
    """Any number it likes: nothing is made ready for so much."""
    edit = Edited(new_session_ticket=lambda ticket: carrying_instead(ticket, EarlyDataTicket(size)))
    client = client_config(sessions=True)
    server = server_config(sessions=True, early_data=1000)
    Pair(client, server, server_options={"composer": edit}).run()
    assert taken(client).max_early_data == size


def test_a_flood_of_tickets() -> None:
    """Bounded like KeyUpdates, if no data comes between; what is kept is bounded as well."""
    client = client_config(sessions=True)
    server = server_config(sessions=True, tickets=0)
    pair = Pair(client, server).run()
    state: Any = pair.server._driver.state
    for _ in range(defaults.KEY_UPDATE_LIMIT + 1):
        pair.server._driver.state = replace(state, tickets=0)
        pair.server.send_tickets(1)
    refusal(pair, Reasons.too_many_key_updates, by_server=False)
    assert client.sessions is not None
    assert len(client.sessions) <= 8


def test_a_memory_that_forgets_is_what_replays_need() -> None:
    """The proof that the memory is what declines: without it the same flight is taken twice."""
    client, server = resumable(early_data=1000, sessions=TicketSessions(replay=Forgetful()))
    pair = Pair(client, server, client_options={"early_data": True})
    pair.client.write_early_data(b"pay 1")
    flight = bytes(pair.client.data_to_send())
    other = Pair(client_config(), server)
    for connection in (pair.server, other.server):
        connection.receive_data(flight)
        assert type(connection.next_event()).__name__ == "EarlyDataReceived"

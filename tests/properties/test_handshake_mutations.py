"""Whatever is damaged on the way: an error of ours, an alert, and never a false accept."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.endpoints import (
    NAME,
    client_config,
    client_credential,
    events_of,
    server_config,
    trust,
)
from tests.support.hostile import Puppet
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.mutations import BYTES, RECORDS, Damage, damaged, damages
from tests.support.refusals import check_text
from tests.support.resuming import Forgetful, resumable
from tlsee.codes import AlertDescription, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import NEED_DATA, EarlyDataReceived, HandshakeDone
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import AlertReceived, TLSError, Truncation
from tlsee.handshake.outcome import EarlyData
from tlsee.handshake.post13 import Connected
from tlsee.handshake.tickets13 import session_key
from tlsee.sessions.session import Session
from tlsee.sessions.stores import TicketSessions
from tlsee.trace import MessageReceived, MessageSent
from tlsee.wire.codec import encode


class Spy:
    """The handshake messages of one side, in both directions."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.received: list[bytes] = []

    def on_event(self, event: Any) -> None:
        if isinstance(event, MessageSent):
            self.sent.append(event.raw)
        elif isinstance(event, MessageReceived):
            self.received.append(event.raw)


class Attacked:
    """A client and a server, and somebody between them who has no keys."""

    def __init__(self, client: ClientConfig, server: ServerConfig, early: bool = False) -> None:
        self.client_spy, self.server_spy = Spy(), Spy()
        self.client = ClientConnection(client, NAME, observers=[self.client_spy], early_data=early)
        self.server = ServerConnection(server, observers=[self.server_spy])
        self.early = bytearray()  # what the server took early

    def run(self, plan: dict[int, list[Damage]]) -> None:
        """Carry each flight, damaged as planned for its number, then cut the line."""
        for number in range(12):
            sides: list[Connection] = [self.client, self.server]
            sender, receiver = sides[number % 2], sides[1 - number % 2]
            flight = bytes(sender.data_to_send())
            for damage in plan.get(number, []):
                flight = damaged(flight, damage)
            receiver.receive_data(flight)
        self.client.receive_eof()
        self.server.receive_eof()


def outcome(side: Connection, early: bytearray | None = None) -> tuple[bool, TLSError | None]:
    """Whether the handshake was done, and how it failed; nothing but a TLSError comes out."""
    done = False
    try:
        while (event := side.next_event()) is not NEED_DATA:
            done |= isinstance(event, HandshakeDone)
            if isinstance(event, EarlyDataReceived) and early is not None:
                early += event.data
    except TLSError as error:
        return done, error
    return done, None


def check_failure(error: TLSError | None) -> None:
    """It is one line, and the peer was told unless it knows."""
    if error is None:
        return
    check_text(error)
    if not isinstance(error, Truncation | AlertReceived):
        assert error.evidence.alert_sent == error.alert
        assert error.alert != AlertDescription.internal_error, "a bug of ours"


def check_agreement(attacked: Attacked, client_done: bool, server_done: bool) -> None:
    """Who is done has seen what the other one said, byte by byte, and was heard in the same way."""
    client, server = attacked.client_spy, attacked.server_spy
    if client_done:
        heard = [raw for raw in client.received if raw[0] != 4]
        assert heard == server.sent[: len(heard)]
        said = server.received
        assert client.sent[: len(said)] == said
        assert heard[-1][0] == 20
    if server_done:
        assert client_done
        assert server.received == client.sent
    if client_done and server_done:
        ours, theirs = attacked.client._driver.state, attacked.server._driver.state
        assert isinstance(ours, Connected)
        assert isinstance(theirs, Connected)
        assert ours.transcript.digest() == theirs.transcript.digest()
        assert ours.exporter == theirs.exporter


def attack(attacked: Attacked, plan: dict[int, list[Damage]]) -> None:
    """Run it and look at both sides."""
    attacked.run(plan)
    client_done, client_error = outcome(attacked.client)
    server_done, server_error = outcome(attacked.server, attacked.early)
    check_failure(client_error)
    check_failure(server_error)
    assert client_done or client_error is not None
    assert server_done or server_error is not None
    check_agreement(attacked, client_done, server_done)


X25519, P256 = NamedGroup.x25519, NamedGroup.secp256r1
plans = st.dictionaries(
    st.integers(0, 4),
    st.lists(damages(*BYTES, *RECORDS), min_size=1, max_size=2),
    min_size=1,
    max_size=2,
)


@given(plans)
def test_a_damaged_handshake(plan: dict[int, list[Damage]]) -> None:
    """ClientHello, the server's flight, Finished."""
    attack(Attacked(client_config(groups=[X25519]), server_config(groups=[X25519])), plan)


@given(plans)
def test_a_damaged_handshake_with_everything(plan: dict[int, list[Damage]]) -> None:
    """HelloRetryRequest with a cookie of its own, and a client certificate."""
    client = client_config(groups=[X25519, P256], credentials=[client_credential()])
    server = server_config(groups=[P256], client_trust=trust(), alpn=["h2"])
    attack(Attacked(client, server), plan)


@lru_cache(1)
def begun() -> tuple[TicketSessions, Session, Session]:
    """A server's ticket keys and two sessions, one with a client's certificate behind it."""
    tickets = TicketSessions(replay=Forgetful())
    sessions: list[Session] = []
    for credentials in ([], [client_credential()]):
        client, _ = resumable(
            {"credentials": credentials, "groups": [X25519]},
            sessions=tickets,
            early_data=1000,
            client_trust=trust() if credentials else None,
        )
        assert client.sessions is not None
        sessions += client.sessions.take(session_key(client, NAME, NAME), PROVIDER.now())
    return tickets, sessions[0], sessions[1]


def resuming(mutual: bool, early: bool, retried: bool) -> Attacked:
    """A client that offers a session, to the server that it is with."""
    tickets, *sessions = begun()
    client = client_config(sessions=True, groups=[X25519, P256])
    assert client.sessions is not None
    client.sessions.put(session_key(client, NAME, NAME), sessions[mutual])
    server = server_config(
        sessions=tickets,
        groups=[P256] if retried else [X25519],
        early_data=1000,
        client_trust=trust() if mutual else None,
    )
    attacked = Attacked(client, server, early)
    if early:
        for _ in range(3):
            attacked.client.write_early_data(EARLY)
    return attacked


EARLY = b"what is said early"


@given(plans, st.booleans(), st.booleans(), st.booleans())
@example({}, True, True, False)
@example({0: [Damage("flip", 560, 0)]}, False, False, False)
def test_a_damaged_resumption(
    plan: dict[int, list[Damage]], mutual: bool, early: bool, retried: bool
) -> None:
    """Binders, early data and its end; with a HelloRetryRequest two hellos have binders."""
    attacked = resuming(mutual, early, retried)
    attack(attacked, plan)

    came = bytes(attacked.early)
    assert (EARLY * 3).startswith(came)
    state = attacked.server._driver.state
    if isinstance(state, Connected) and state.outcome.early_data is EarlyData.ACCEPTED:
        assert came == EARLY * 3


def test_resumptions_that_nobody_damages_are_resumed() -> None:
    """The control."""
    for mutual, early, retried in product([False, True], repeat=3):
        attacked = resuming(mutual, early, retried)
        attack(attacked, {})
        assert attacked.server.info.resumed
        accepted = EarlyData.ACCEPTED if not retried else EarlyData.REFUSED
        assert attacked.server.info.early_data is (accepted if early else EarlyData.NOT_OFFERED)


def test_what_nobody_damages_is_accepted() -> None:
    """The control: without a plan both are done, and the checks above mean something."""
    attacked = Attacked(client_config(), server_config())
    attack(attacked, {})

    assert isinstance(attacked.client._driver.state, Connected)
    assert attacked.server_spy.received == attacked.client_spy.sent


# --- A peer that has keys and damages what it says ---------------------------------------------

SERVERS = (
    "hello_retry_request",
    "server_hello",
    "encrypted_extensions",
    "certificate_request",
    "certificate",
    "certificate_verify",
    "finished",
)
CLIENTS = ("client_hello", "second_client_hello", "certificate", "certificate_verify", "finished")


def damage_message(changes: list[Damage], keep_length: bool) -> Any:
    """An edit that damages a message; its header may be put right again, to get further in."""

    def edit(message: Any) -> bytes:
        raw = encode(message)
        for change in changes:
            if not raw:
                break
            raw = BYTES[change.kind](raw, change.where, change.value)
        if keep_length and len(raw) > 4:
            raw = raw[:1] + (len(raw) - 4).to_bytes(3, "big") + raw[4:]
        return raw

    return edit


def check_victim(peer: Puppet) -> None:
    """It believes nothing that it did not hear as it was said."""
    peer.victim.receive_eof()
    done, error = outcome(peer.victim)
    check_failure(error)
    assert done or error is not None
    state = peer.victim._driver.state
    if done:
        assert isinstance(state, Connected)
        if isinstance(peer, HostileServer):
            said = peer.client_context
            for raw in _after_hellos(peer):
                said = said.add(raw)
            assert state.transcript.digest() == said.digest()
        else:
            assert state.transcript.digest() == peer.transcript.digest()


def _after_hellos(peer: Puppet) -> list[bytes]:
    return [raw for raw in peer.messages if raw[0] != 1]


changes = st.lists(damages(*BYTES), min_size=1, max_size=3)


@given(st.sampled_from(SERVERS), changes, st.booleans())
def test_a_server_that_damages_its_messages(
    name: str, change: list[Damage], keep_length: bool
) -> None:
    """With the right keys and signatures over whatever it really said."""
    edits: Any = {name: damage_message(change, keep_length)}
    config = client_config(groups=[X25519, P256], credentials=[client_credential()])
    peer = HostileServer(config, asks=name == "certificate_request", **edits)
    peer.estranged = True
    if name == "hello_retry_request":
        peer.retry(P256, b"cookie")
    if not peer.stopped and len(peer.messages) == 1 + peer.retried:
        peer.flight()
    check_victim(peer)


@given(st.sampled_from(CLIENTS), changes, st.booleans())
def test_a_client_that_damages_its_messages(
    name: str, change: list[Damage], keep_length: bool
) -> None:
    """The same against a server, which asks for a certificate."""
    edits: Any = {name: damage_message(change, keep_length)}
    retried = name == "second_client_hello"
    settings = client_config(groups=[X25519], key_shares=[] if retried else None)
    # A hello without its supported_versions would lead to 1.2, which this peer does not speak.
    only = [ProtocolVersion.TLS13]
    config = server_config(client_trust=trust(), client_auth="optional", versions=only)
    peer = HostileClient(config, settings=settings, credential=client_credential(), **edits)
    peer.estranged = True
    peer.greet()
    if peer.retry_raw and not peer.stopped:
        peer.follow_retry()
    if hasattr(peer, "writing") and not peer.stopped:
        peer.finish()
    check_victim(peer)


# --- Messages in any order ---------------------------------------------------------------------

RIGHT_ORDER = ("_settings", "_request", "_certificate", "_signature", "_finished")


@given(st.lists(st.sampled_from(RIGHT_ORDER), max_size=6))
@example(list(RIGHT_ORDER))
@example([step for step in RIGHT_ORDER if step != "_request"])
def test_a_server_that_says_true_messages_in_any_order(order: list[str]) -> None:
    """Left out, repeated, swapped: only the two right orders lead anywhere."""
    peer = HostileServer(client_config(groups=[X25519])).answer()
    for step in order:
        if not peer.stopped:
            getattr(peer, step)()
    right = [step for step in RIGHT_ORDER if step != "_request" or step in order]
    peer.victim.receive_eof()
    done, error = outcome(peer.victim)
    check_failure(error)

    assert done == (order[: len(right)] == right)


@given(st.lists(st.sampled_from(RIGHT_ORDER[2:]), max_size=5), st.booleans())
@example(list(RIGHT_ORDER[2:]), True)
@example(list(RIGHT_ORDER[3:]), True)
def test_a_client_that_says_true_messages_in_any_order(order: list[str], optional: bool) -> None:
    """The same against a server that asks for a certificate."""
    auth = "optional" if optional else "required"
    config = server_config(client_trust=trust(), client_auth=auth)
    peer = HostileClient(config, credential=client_credential()).greet()
    for step in order:
        if not peer.stopped:
            getattr(peer, step)()
    right = list(RIGHT_ORDER[2:])
    peer.victim.receive_eof()
    done, error = outcome(peer.victim)
    check_failure(error)

    assert done == (order[: len(right)] == right)


@given(st.binary(max_size=300), st.sampled_from([22, 21, 20, 23]))
def test_any_first_record(content: bytes, kind: int) -> None:
    """Random bytes in a record, to both roles."""
    for victim in (ClientConnection(client_config(), NAME), ServerConnection(server_config())):
        victim.receive_data(bytes((kind, 3, 3)) + len(content).to_bytes(2, "big") + content)
        victim.receive_eof()
        done, error = outcome(victim)
        assert not done
        assert error is not None
        check_failure(error)


@given(st.binary(min_size=1, max_size=300))
def test_any_first_bytes(data: bytes) -> None:
    """Random bytes without a record, to both roles."""
    for victim in (ClientConnection(client_config(), NAME), ServerConnection(server_config())):
        victim.receive_data(data)
        victim.receive_eof()
        _, error = outcome(victim)
        assert error is not None
        check_failure(error)
        assert events_of_nothing(victim)


def events_of_nothing(side: Connection) -> bool:
    """A connection that failed gives the same error again."""
    try:
        events_of(side)
    except TLSError as error:
        return error is side.failure
    return False

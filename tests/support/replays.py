"""One endpoint of ours in the place of one side of a trace, and what it did there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tests.support.endpoints import events_of
from tests.support.traces import Step, Trace, TraceComposer, load
from tlsee import policies
from tlsee.codes import NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.crypto.journal import Entry, Journal
from tlsee.crypto.provider import Later, Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.replay import Replay
from tlsee.handshake.post13 import Connected
from tlsee.handshake.tickets13 import session_key
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust
from tlsee.keys.directions import DirectionSecret
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.sessions.client import ClientSessions
from tlsee.sessions.session import Session
from tlsee.trace import Direction, Epoch, Role
from tlsee.values import replace
from tlsee.wire.extensions.early_data import EarlyDataTicket
from tlsee.wire.extensions.key_share import KeyShareClientHello
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello
from tlsee.wire.extensions.server_name import ServerNameList
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import NewSessionTicket

__all__ = ["Replayed", "replayed"]

CLOCK = 1_483_228_800.0  # the first second of 2017; the traces' certificates are from 2016 to 2026

# The traces' RSA keys have 1024 bits.
LENIENT = replace(
    PROVIDER,
    schemes={
        code: replace(row, minimum_bits=min(row.minimum_bits, 1024))
        for code, row in PROVIDER.schemes.items()
    },
)


class NoKey:
    """Stands for the private key: the journal has its signature already."""

    def __init__(self, scheme: SignatureScheme) -> None:
        self.schemes = (scheme,)

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        raise AssertionError("a replay asks no signer")


class Noting(Connection):
    """Writes down which keys it was told to use."""

    def install(self, direction: Direction, epoch: Epoch, secret: DirectionSecret) -> None:
        assert isinstance(secret, TrafficSecret)
        self.installed.append((direction, epoch, *secret.keys()))
        super().install(direction, epoch, secret)

    @property
    def installed(self) -> list[tuple[Direction, Epoch, bytes, bytes]]:
        noted: list[Any] = self.__dict__.setdefault("_installed", [])
        return noted


class NotingClient(Noting, ClientConnection):
    """A client that does."""


class NotingServer(Noting, ServerConnection):
    """A server that does."""


class Replayed:
    """Runs a trace's records past an endpoint of ours. It is an observer as well.

    What the trace's peer sends is fed record by record; what the application of our side does
    (data, close_notify) is done where the trace does it.

    Attributes:
        told: what observers were told. events: what the connection's user was.
        wire: every byte of ours. unused: entries of the journal that nobody asked for.
    """

    def __init__(self, trace: Trace, role: Role) -> None:
        self.trace, self.role = trace, role
        self.told: list[Any] = []
        self.events: list[Any] = []
        replay = Replay(LENIENT, Journal.of(_entries(trace, role)))
        self.connection = _endpoint(trace, role, replay.provider, self)
        self.wire = bytes(self.connection.data_to_send())
        for step in trace.all("record"):
            if step.by is role:
                self._act(step)
            else:
                self.connection.receive_data(step["raw"])
            self.events += events_of(self.connection)
            self.wire += self.connection.data_to_send()
        self.unused = replay.remaining

    def on_event(self, event: Any) -> None:
        """An observer's part."""
        self.told.append(event)

    def told_of(self, *kinds: type) -> list[Any]:
        """What was told of these kinds, in order."""
        return [event for event in self.told if isinstance(event, kinds)]

    @property
    def end(self) -> Connected:
        """The state at the end."""
        state = self.connection._driver.state
        assert isinstance(state, Connected)
        return state

    def _act(self, step: Step) -> None:
        if step.name == "application_data" and self.connection.early_data_room:
            self.connection.write_early_data(step["content"])
        elif step.name == "application_data":
            self.connection.write(step["content"])
        elif step.name == "alert":
            self.connection.close_write()
        elif self.role is Role.SERVER and self._is_ticket(step):
            # No state of ours sends tickets yet. The record's number counts for what follows, so
            # the carrier is handed it here.
            self.connection.send(Epoch.APPLICATION, step["content"])
            self.connection._writer.flush()

    def _is_ticket(self, step: Step) -> bool:
        tickets = self.trace.all("message", Role.SERVER, "NewSessionTicket")
        return any(step["content"] == ticket["raw"] for ticket in tickets)


@lru_cache(maxsize=8)
def replayed(section: str, role: Role) -> Replayed:
    """The run for a section of RFC 8448; one run serves all tests."""
    return Replayed(load(section), role)


def _entries(trace: Trace, role: Role) -> list[Entry]:
    """The journal, in the order in which an endpoint needs its entries."""
    shares = [
        Entry.key_share(NamedGroup.named(step.name), step["private"])
        for step in trace.all("key_share", role)
    ]
    judges = trace.all("message", role.other, "Certificate")
    # A server that judged nobody still looks at its clock once: it is when the session began.
    clock = [Entry.clock(CLOCK)] * (len(judges) or role is Role.SERVER)
    # To look for a session; for early data, or the judge of a session; for the ticket's age.
    found = [Entry.clock(CLOCK)] * (0 if not resumes(trace) else 2 if role is Role.SERVER else 3)
    signs = trace.all("message", role, "CertificateVerify")
    signature = [Entry.signature(*trace.signature(role)) for _ in signs]
    if role is Role.SERVER:
        random = Entry.random(trace.server_hello.random)
        return [*found, *shares, random, *signature, *clock]
    hello = trace.message(Role.CLIENT, ClientHello)
    randoms = [Entry.random(data) for data in (hello.random, hello.legacy_session_id) if data]
    return [*found, shares[0], *randoms, *shares[1:], *clock, *signature]


def _endpoint(trace: Trace, role: Role, provider: Provider, observer: Replayed) -> Noting:
    """Configured so that it would offer, or choose, what the trace does."""
    hello = trace.message(Role.CLIENT, ClientHello)
    offered = hello.extensions.require(SignatureAlgorithms).supported_signature_algorithms
    compatible = bool(hello.legacy_session_id)
    policy = policies.Policy("RFC 8448", middlebox_compatibility=compatible)
    common: dict[str, Any] = {
        "provider": provider,
        "policy": policy,
        "versions": [ProtocolVersion.TLS13],
        "sessions": False,
        "credentials": _credentials(trace, role),
        "schemes": [code for code in offered if code in policy.schemes],
    }
    options: dict[str, Any] = {"observers": [observer], "composer": TraceComposer(trace)}
    anyone = Trust.insecure_accept_anyone()
    if role is Role.SERVER:
        asks = trace.has("CertificateRequest")
        if resumes(trace):
            session = session_before(trace)
            common |= {"sessions": OneSession(session), "tickets": 0}
            common |= {"early_data": session.max_early_data}
        settings = ServerConfig(
            **common, groups=[trace.group], client_trust=anyone if asks else None
        )
        return NotingServer(settings, **options)
    groups = hello.extensions.require(SupportedGroups).named_group_list
    shares = hello.extensions.require(KeyShareClientHello).client_shares
    names = hello.extensions.require(ServerNameList).server_name_list
    sessions = ClientSessions()
    if resumes(trace):
        common["sessions"] = sessions
        options["early_data"] = True
    name = names[0].name.decode()
    config = ClientConfig(
        **common,
        trust=anyone,
        suites=hello.cipher_suites,
        groups=[group for group in groups if group in provider.groups],
        key_shares=[entry.group for entry in shares],
    )
    if resumes(trace):
        session = replace(session_before(trace), peer_chain=load("3").chain(Role.SERVER))
        sessions.put(session_key(config, name, name), session)
    return NotingClient(config, name, **options)


def resumes(trace: Trace) -> bool:
    """Whether it goes on with a session."""
    return bool(trace.all("binder"))


def session_before(trace: Trace) -> Session:
    """What section 3's ticket is for, as both have kept it; its age is what the hello says."""
    given = load("3").message(Role.SERVER, NewSessionTicket)
    hello = trace.message(Role.CLIENT, ClientHello)
    (shown,) = hello.extensions.require(PreSharedKeyClientHello).identities
    age = (shown.obfuscated_ticket_age - given.ticket_age_add) % 2**32
    began = CLOCK - (age + 0.5) / 1000
    return Session(
        ProtocolVersion.TLS13,
        trace.server_hello.cipher_suite,
        trace.all("extract", None, "early")[0]["input"],
        issued_at=began,
        lifetime=given.ticket_lifetime,
        established_at=began,
        server_name="server",
        group=trace.group,
        max_early_data=given.extensions.require(EarlyDataTicket).max_early_data_size,
        age_add=given.ticket_age_add,
        ticket=given.ticket,
    )


class OneSession:
    """A server's sessions: one, under its ticket; early data is taken once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.spent: list[bytes] = []
        self.tokens: list[bytes] = []

    def issue(self, *_: Any) -> None:
        """No ticket."""

    issue_id = issue

    def find(self, identities: tuple[bytes, ...], now: float) -> tuple[Session | None, ...]:
        """See ``ServerSessions``."""
        assert now == CLOCK
        return tuple(self.session if one == self.session.ticket else None for one in identities)

    find_blocking = find

    def spend(self, identity: bytes) -> None:
        """Note it."""
        self.spent.append(identity)

    def is_replay(self, token: bytes, until: float, now: float) -> bool:
        """See ``ServerSessions``."""
        assert until > now == CLOCK
        self.tokens.append(token)
        return self.tokens.count(token) > 1

    is_replay_blocking = is_replay


def _credentials(trace: Trace, role: Role) -> list[Credential]:
    if resumes(trace) and role is Role.SERVER:
        return _credentials(load("3"), role)  # a server has one, whether it shows it or not
    if not trace.all("message", role, "Certificate"):
        return []
    scheme, _, _ = trace.signature(role)
    return [Credential(trace.chain(role), NoKey(scheme)).despite_flaws()]

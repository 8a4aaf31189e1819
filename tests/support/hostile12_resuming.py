"""Peers of TLS 1.2 that resume sessions, or say that they do; see ``tests.support.hostile12``.

The session comes from an honest handshake, so the victim and its peer both have it; a thief, who
has seen its name and not its secret, is one that is given ``secret``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from tests.support.endpoints import NAME, Pair, client_config, server_config, server_credential
from tests.support.hostile import Edit
from tests.support.hostile12_client import HostileClient12
from tests.support.hostile12_server import ECDSA, TLS12, HostileServer12
from tests.support.refusals import without
from tests.support.resuming import Edited
from tlsee import policies
from tlsee.codes import CipherSuite, ExtensionType, HandshakeType
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.suites12 import suites12
from tlsee.errors import TLSError
from tlsee.handshake.compose import Composer
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12
from tlsee.sessions.session import Session
from tlsee.sessions.stores import ClientSessions, StoredSessions, TicketSessions
from tlsee.trace import Role
from tlsee.values import replace
from tlsee.wire.codec import decode
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.session_ticket import SessionTicket12, SessionTicketPromised12
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import NewSessionTicket

__all__ = ["ResumingClient12", "ResumingServer12", "kept", "remembered", "with_session"]

WITHOUT_TICKETS = Edited(client_hello=without(ExtensionType.session_ticket))


def remembered(
    suite: CipherSuite = ECDSA,
    *,
    by_id: bool = False,
    client: dict[str, Any] | None = None,
    server: dict[str, Any] | None = None,
    composer: Composer | None = None,
) -> tuple[ClientConfig, ServerConfig]:
    """Both configurations after an honest handshake: each has what resumes it."""
    rsa = suites12()[suite].authentication == "rsa"
    common: dict[str, Any] = {"versions": [TLS12], "policy": policies.legacy, "suites": [suite]}
    shown = server_credential("rsa2048" if rsa else "ecdsa_secp256r1")
    sessions = StoredSessions() if by_id else TicketSessions()
    visiting = client_config(**{**common, "sessions": True, **(client or {})})
    serving = server_config(
        **{**common, "credentials": [shown], "sessions": sessions, **(server or {})}
    )
    if composer is None:
        composer = WITHOUT_TICKETS if by_id else Composer()
    assert Pair(visiting, serving, client_options={"composer": composer}).run().done
    return visiting, serving


def kept(config: ClientConfig) -> list[Session]:
    """Every session of a client."""
    sessions = config.sessions
    assert isinstance(sessions, ClientSessions)
    return [session for found in sessions._sessions.values() for session in found]


def with_session(config: ClientConfig, **changes: Any) -> Session:
    """Have a client keep its only session with these changes."""
    sessions = config.sessions
    assert isinstance(sessions, ClientSessions)
    ((key, (session,)),) = sessions._sessions.items()
    sessions.clear()
    changed = replace(session, **changes)
    sessions.put(key, changed)
    return changed


class ResumingServer12(HostileServer12):
    """Resumes what a client of ours offers (RFC 5246, figure 2).

    Args:
        config: the victim's, with one session in its store.
        promises: whether the hello says that a ticket comes; tickets: how many do.
        secret: the main secret, where it is not the session's.
        edits: those of ``HostileServer12``, and new_session_ticket.
    """

    def __init__(
        self,
        config: ClientConfig,
        *,
        promises: bool = False,
        tickets: int | None = None,
        secret: bytes | None = None,
        **edits: Edit,
    ) -> None:
        (session,) = kept(config)
        self.promises = promises
        self.tickets = int(promises) if tickets is None else tickets
        super().__init__(config, suite=session.suite)
        self.edits.update(edits)
        self.agreed = MainSecret(self.suite12, secret or session.secret, True)

    @property
    def script(self) -> Sequence[str]:
        """The short one."""
        tickets = ["new_session_ticket"] * self.tickets
        return ["server_hello", *tickets, "change_cipher_spec", "finished"]

    def _server_hello(self) -> None:
        edit = self.edits.get("server_hello", lambda right: right)
        self.edits["server_hello"] = lambda right: edit(self._resuming(right))
        super()._server_hello()

    def _resuming(self, hello: Any) -> Any:
        items = list(hello.extensions)
        if self.promises:
            items.append(SessionTicketPromised12())
        name = self.hello.legacy_session_id
        return replace(hello, legacy_session_id_echo=name, extensions=Extensions.of(*items))

    def _new_session_ticket(self) -> None:
        self.say("new_session_ticket", NewSessionTicket(3600, b"renewed ticket"))


class ResumingClient12(HostileClient12):
    """Offers a session to a server of ours.

    Args:
        config: the victim's; settings: its own, with one session in the store.
        secret: the main secret, where it is not the session's.
        edits: those of ``HostileClient12``; the hello's may change what is offered.
    """

    def __init__(
        self,
        config: ServerConfig,
        settings: ClientConfig,
        *,
        secret: bytes | None = None,
        **edits: Edit,
    ) -> None:
        (self.session,) = kept(settings)
        self.secret = secret or self.session.secret
        super().__init__(config, suite=self.session.suite, settings=settings)
        self.edits.update(edits)
        self.offers = False
        self.name = b""
        self.resumed = False

    @property
    def script(self) -> Sequence[str]:
        """The short one, or the long one where the server wants that."""
        if self.resumed or not self.messages:
            return ["client_hello", "change_cipher_spec", "finished"]
        return [name for name in super().script if name != "client_hello"]

    def _client_hello(self) -> None:
        hello = Composer().client_hello(self.settings, NAME, ())
        hello = Composer().offer_session12(self.settings, hello, self.session)
        self.say("client_hello", hello)

    def remember(self, raw: bytes) -> None:
        """The hello as it was said names what is offered."""
        super().remember(raw)
        if raw[:1] == bytes((HandshakeType.client_hello,)):
            with contextlib.suppress(TLSError):  # an edit may have spoilt it
                hello = decode(ClientHello, raw)
                ticket = hello.extensions.get(SessionTicket12)
                self.offers = bool(hello.legacy_session_id or (ticket and ticket.ticket))
                self.name = hello.legacy_session_id

    def keys(self, role: Role) -> TrafficKeys12:
        """A thief writes with what it has; the test reads with what the server has."""
        if role is not self.role or self.agreed is None or not self.resumed:
            return super().keys(role)
        own = MainSecret(self.suite12, self.secret, self.extended)
        randoms = self.client_random, self.server_random
        return own.keys(*randoms, encrypt_then_mac=self.encrypt_then_mac)[0]

    def on_message(self, kind: HandshakeType, raw: bytes) -> None:
        """A hello that names the session resumes it."""
        if kind == HandshakeType.server_hello:
            hello = decode(ServerHello, raw)
            self.resumed = self.offers and hello.legacy_session_id_echo == self.name
            if self.resumed:
                suite = suites12()[hello.cipher_suite]
                self.agreed = MainSecret(suite, self.session.secret, True)
        super().on_message(kind, raw)

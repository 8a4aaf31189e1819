"""An overheard connection of TLS 1.2: its main secret from a key log, from the server's private key
where the key exchange is RSA's, or from the session that it takes up again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from tlsee.codes import ExtensionType, HandshakeType, ProtocolVersion
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.private_keys import belongs_to
from tlsee.crypto.rsa_exchange import PREMASTER_LENGTH, LocalDecrypter
from tlsee.crypto.suites12 import Suite12
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.explain.capture import facts
from tlsee.explain.capture.greeting import Greeting
from tlsee.explain.capture.memory import Known
from tlsee.explain.capture.openers import MAIN, Openers12
from tlsee.explain.capture.signatures import holds12
from tlsee.explain.capture.talk import Ground, Talk
from tlsee.explain.capture.talk13 import keys_installed
from tlsee.explain.reading import view_of
from tlsee.keys.schedule12 import MAIN_SECRET_LENGTH, MainSecret
from tlsee.recording.seen import SessionSeen
from tlsee.text import count
from tlsee.trace import Epoch, FinishedChecked, HandshakeCompleted, Role
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.messages12 import (
    Certificate,
    ClientKeyExchange,
    Finished,
    NewSessionTicket,
    ServerKeyExchange,
)

__all__ = ["Talk12"]

_NANOSECONDS = 1e9
_Events = Iterator[Any]


class Talk12(Talk):
    """TLS 1.2, from its hellos on."""

    def __init__(self, greeting: Greeting, ground: Ground, suite: Suite12) -> None:
        super().__init__(greeting, ground)
        self._suite = suite
        self._private_keys = ground.private_keys
        self._key: Any = None  # the one that belongs to the certificate
        self.own_keys: list[int] = []  # which of the private keys that was
        self._heard: dict[Role, list[bytes]] = {role: [] for role in Role}
        self._done: dict[Role, bool | None] = dict.fromkeys(Role)
        self._exchanged = False
        self._began = 0.0
        self._resumed = self._is_resumed(ground.server_changed)
        logged = self.secrets.get(MAIN, b"")
        self._main = self._of_log(logged) if len(logged) == MAIN_SECRET_LENGTH else None
        if self._main is None:
            self.secrets.pop(MAIN, None)
        if self._main is None and self._resumed:
            self._main = self._of_log(self._session().main) if self._session().main else None
        self.seen: SessionSeen | None = None

    def handlers(self) -> dict[tuple[Role, HandshakeType], Any]:
        """RFC 5246, 7.4: what a listener makes of each message."""
        kind, client, server = HandshakeType, Role.CLIENT, Role.SERVER
        return {
            (client, kind.client_hello): self._client_hello,
            (server, kind.server_hello): self._hello_answered,
            (server, kind.certificate): self._certificate,
            (server, kind.server_key_exchange): self._parameters,
            (client, kind.client_key_exchange): self._exchange,
            (server, kind.new_session_ticket): self._new_session_ticket,
            (client, kind.finished): self._finished(client),
            (server, kind.finished): self._finished(server),
        }

    def said(self, sender: Role, raw: bytes, at: int) -> _Events:
        """A message of the handshake; behind Finished there is none that is followed."""
        if self._done[sender] is not None:
            return
        if raw[0] not in {HandshakeType.hello_request, HandshakeType.finished}:
            self._heard[sender].append(raw)
        yield from super().said(sender, raw, at)

    def changed(self, sender: Role) -> _Events:
        """What this side sends is protected from here on."""
        if self.openers is None and self._main is not None:
            hello, answer = self.greeting.hello, self.greeting.answer
            if hello is not None and answer is not None:
                agreed = self.has(ExtensionType.encrypt_then_mac) and not self._suite.is_aead
                self.openers = Openers12(
                    self._main, (hello.random, answer.random), encrypt_then_mac=agreed
                )
        yield from self._main_derived()
        yield keys_installed(sender, Epoch.APPLICATION, self._suite.code)

    def rest(self) -> _Events:
        """Whether the handshake was done, where that is hidden."""
        yield from super().rest()
        hidden = [role for role in Role if self._done[role] is None]
        if self.openers is None and len(hidden) == len(Role):
            self.notes.append(
                "there are no keys for this connection: whether both sides' Finished fit cannot "
                "be known"
            )

    def closed(self, sender: Role, first: int, number: int, *, opened: int) -> Iterator[str]:
        """Why they stay closed."""
        if self.openers is None:
            yield from super().closed(sender, first, number, opened=opened)
            return
        more = f", nor {count(number - 1, 'record')} behind it" if number > 1 else ""
        if MAIN in self.openers.failed:
            why = "the main secret is another connection's, or the record was changed"
        else:
            why = "it was changed, or something is missing"
        yield f"record {first:,} of the {sender.value} does not open{more}: {why}"

    def _why_closed(self) -> str:
        if self._resumed:
            return "an earlier session goes on here, and no key log has its main secret"
        if self._suite.key_exchange is KeyExchangeAlgorithm.rsa:
            return "no key log has its main secret, and no private key was given that is its own"
        return "no key log has its main secret"

    # --- Messages -----------------------------------------------------------------------------

    def _client_hello(self, raw: bytes, at: int) -> _Events:
        del raw
        self._began = self._began or at / _NANOSECONDS
        yield from ()

    def _hello_answered(self, raw: bytes, at: int) -> _Events:
        yield from self._server_hello(raw, at)
        hello, answer = self.greeting.hello, self.greeting.answer
        if hello is None or answer is None:
            return
        choice = facts.alpn_chosen(hello, answer.extensions)
        self.alpn = choice.chosen
        yield choice
        shown = self._shown()
        if shown:
            # With a ticket the id is no session: it tells whether the ticket was taken (RFC 5077).
            chosen = self._session().seen if self._resumed else None
            yield self.session_choice(shown[:1], chosen)

    def _certificate(self, raw: bytes, at: int) -> _Events:
        del at
        self.chain = tuple(self.read(Certificate, raw).certificate_list)
        leaf = view_of(self.chain[0]) if self.chain else None
        if leaf is not None and leaf.public_key is not None:
            for number, key in enumerate(self._private_keys):
                if belongs_to(key, leaf.public_key):
                    self._key = key
                    self.own_keys.append(number)
        yield from ()

    def _parameters(self, raw: bytes, at: int) -> _Events:
        del at
        hello, answer = self.greeting.hello, self.greeting.answer
        if hello is None or answer is None:
            return
        message = self.read(ServerKeyExchange, raw)
        choices = list(facts.of_parameters(hello, self._suite, message))
        if choices:
            held = holds12(self.chain, self._suite, hello.random + answer.random, message)
            yield from self.signature_checked(held, choices[-1].chosen)
        yield from choices

    def _exchange(self, raw: bytes, at: int) -> _Events:
        del at
        if self._main is None and self._key is not None and not self._exchanged:
            self._exchanged = True
            if self._suite.key_exchange is KeyExchangeAlgorithm.rsa:
                self._main = self._of_key(self.read(ClientKeyExchange, raw))
            else:
                self.notes.append(
                    "the private key opens nothing here: with "
                    f"{self._suite.key_exchange.name.upper()} it only signs"
                )
        yield from self._main_derived()

    def _new_session_ticket(self, raw: bytes, at: int) -> _Events:
        self._keep(self.read(NewSessionTicket, raw).ticket, at)
        yield from ()

    def _finished(self, sender: Role) -> Any:
        def finished(raw: bytes, at: int) -> _Events:
            held = self._held(sender, raw)
            self._done[sender] = held
            self._heard[sender].append(raw)
            if held and sender is Role.SERVER:
                yield FinishedChecked()
            if all(self._done.values()):
                yield HandshakeCompleted()
                answer = self.greeting.answer
                if answer is not None and not self._resumed:
                    self._keep(answer.legacy_session_id_echo, at)

        return finished

    # --- The main secret ----------------------------------------------------------------------

    def _main_derived(self) -> _Events:
        if self._main is not None:
            self.secrets.setdefault(MAIN, self._main.secret)
            yield from self.derived(MAIN)

    def _of_log(self, secret: bytes) -> MainSecret:
        return MainSecret(self._suite, secret, self.has(ExtensionType.extended_main_secret))

    def _of_key(self, exchange: ClientKeyExchange) -> MainSecret | None:
        """RFC 5246, 8.1.1. That the right bytes came out is seen by the records, which open."""
        hello, answer = self.greeting.hello, self.greeting.answer
        if hello is None or answer is None:
            return None
        try:
            premaster = LocalDecrypter(self._key).decrypt(exchange.rsa().pre_master_secret)
        except (ApiMisuse, PeerMisbehaved) as problem:
            self.notes.append(
                f"the private key does not decrypt ClientKeyExchange: {problem.detail}"
            )
            return None
        if not isinstance(premaster, bytes) or len(premaster) != PREMASTER_LENGTH:
            self.notes.append("what ClientKeyExchange holds is no premaster secret for this key")
            return None
        if self.has(ExtensionType.extended_main_secret):
            heard = b"".join(self._order(Role.CLIENT))
            digest = hashlib.new(self._suite.hash_name, heard).digest()
            return MainSecret.of_session(self._suite, premaster, digest)
        return MainSecret.of_randoms(self._suite, premaster, hello.random, answer.random)

    # --- Sessions -----------------------------------------------------------------------------

    def _shown(self) -> list[bytes]:
        """What the client showed to take a session up again: a ticket, and an id."""
        hello = self.greeting.hello
        if hello is None:
            return []
        found = hello.extensions.get(SessionTicket12)
        ticket = found.ticket if found is not None else b""
        compatible = hello.extensions.has(ExtensionType.supported_versions)
        shown = [ticket] if ticket else []
        # A client that speaks 1.3 too sends an id that means nothing (RFC 9846, D.4).
        if hello.legacy_session_id and (self._resumed or not (compatible or shown)):
            shown.append(hello.legacy_session_id)
        return shown

    def _is_resumed(self, server_changed: bool) -> bool:
        """RFC 5246, 7.3; a server may also take a ticket without echoing an id (RFC 5077, 3.4)."""
        hello, answer = self.greeting.hello, self.greeting.answer
        if hello is None or answer is None:
            return False
        if HandshakeType.server_hello_done in self.greeting.kinds:
            return False
        echo = answer.legacy_session_id_echo
        return bool(echo and echo == hello.legacy_session_id) or server_changed

    def _session(self) -> Known:
        """The session that goes on here."""
        found = [known for shown in self._shown() if (known := self.memory.of(shown)) is not None]
        return found[0] if found else self.known_session(b"")

    def _keep(self, shown: bytes, at: int) -> None:
        """This session can be taken up again by whoever shows that."""
        began = at / _NANOSECONDS
        seen = SessionSeen(
            ProtocolVersion.TLS12,
            self._suite.code,
            began,
            0,
            self._began,
            0,
            None,
            self.name or None,
            self.alpn,
            self.chain,
        )
        if self._resumed:
            seen = self._session().seen
        self.memory.keep(shown, Known(seen, self._main.secret if self._main is not None else b""))

    # --- Finished -----------------------------------------------------------------------------

    def _held(self, sender: Role, raw: bytes) -> bool:
        """Whether a Finished fits what was captured; a note, where it does not."""
        main = self._main
        if main is None:
            return False
        heard = b"".join(self._order(sender))
        digest = hashlib.new(self._suite.hash_name, heard).digest()
        expected = main.check_client_finished
        if sender is Role.SERVER:
            expected = main.check_server_finished
        try:
            expected(digest, self.read(Finished, raw).verify_data)
        except PeerMisbehaved:
            self.finished_differs(sender)
            return False
        return True

    def _order(self, sender: Role) -> Sequence[bytes]:
        """What was said before this side's Finished, in the order of the protocol, which packets
        that were captured the wrong way round do not change (RFC 5246, 7.3).
        """
        client, server = self._heard[Role.CLIENT], self._heard[Role.SERVER]
        if self._resumed:
            return [*client[:1], *server]
        done = 0
        for number, raw in enumerate(server, 1):
            if raw[0] == HandshakeType.server_hello_done:
                done = number
        return [*client[:1], *server[:done], *client[1:]] + (
            server[done:] if sender is Role.SERVER else []
        )

"""An overheard connection of TLS 1.3: keys by keys, as far as a key log has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlsee.codes import CipherSuite, ExtensionType, HandshakeType, ProtocolVersion
from tlsee.crypto.suites import suites
from tlsee.errors import PeerMisbehaved
from tlsee.explain.capture import facts
from tlsee.explain.capture.greeting import Greeting
from tlsee.explain.capture.memory import Known
from tlsee.explain.capture.openers import LABELS, Openers13, early_suites
from tlsee.explain.capture.signatures import holds13
from tlsee.explain.capture.talk import Ground, Talk
from tlsee.handshake.outcome import EarlyDataSettled
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.recording.seen import ExternalPskSeen, SessionSeen
from tlsee.text import count
from tlsee.trace import (
    Direction,
    Epoch,
    FinishedChecked,
    HandshakeCompleted,
    KeysInstalled,
    Role,
)
from tlsee.wire.extensions.early_data import EarlyDataTicket
from tlsee.wire.extensions.key_share import KeyShareServerHello
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PreSharedKeyServerHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateVerify,
    EncryptedExtensions,
    Finished,
    NewSessionTicket,
)

__all__ = ["Talk13", "keys_installed"]

_EARLY = ("CLIENT_EARLY_TRAFFIC_SECRET", "EARLY_EXPORTER_SECRET")
_HANDSHAKE = ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET")
_APPLICATION = ("CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET")
_NANOSECONDS = 1e9
_Events = Iterator[Any]


def keys_installed(sender: Role, epoch: Epoch, suite: CipherSuite) -> KeysInstalled:
    """New keys for what this side sends, as the client sees it."""
    mine = sender is Role.CLIENT
    return KeysInstalled(Direction.WRITE if mine else Direction.READ, epoch, suite)


class Talk13(Talk):
    """TLS 1.3, from its hellos on."""

    def __init__(self, greeting: Greeting, ground: Ground) -> None:
        super().__init__(greeting, ground)
        answer = greeting.answer
        self._code = answer.cipher_suite if answer is not None else CipherSuite.of(0)
        self._suite = suites().get(self._code)
        first = greeting.first if greeting.first is not None else greeting.hello
        self._early = first is not None and first.extensions.has(ExtensionType.early_data)
        self._ladders: Openers13 | None = None
        if any(label in self.secrets for labels in LABELS.values() for _, label in labels):
            offered = first.cipher_suites if first is not None else ()
            early = early_suites(offered, suites())
            self._ladders = Openers13(self.secrets, self._suite, early, early_data=self._early)
        self.openers = self._ladders
        self._flights: dict[Role, list[bytes]] = {role: [] for role in Role}
        self._done: dict[Role, bool | None] = dict.fromkeys(Role)
        self._signed = False
        self._began = 0.0

    def handlers(self) -> dict[tuple[Role, HandshakeType], Any]:
        """RFC 9846, 4: what a listener makes of each message."""
        kind, client, server = HandshakeType, Role.CLIENT, Role.SERVER
        return {
            (client, kind.client_hello): self._client_hello,
            (server, kind.server_hello): self._hello_answered,
            (server, kind.encrypted_extensions): self._encrypted_extensions,
            (server, kind.certificate_request): self._flight_of(server),
            (server, kind.certificate): self._certificate,
            (server, kind.certificate_verify): self._certificate_verify,
            (server, kind.finished): self._server_finished,
            (server, kind.new_session_ticket): self._new_session_ticket,
            (server, kind.key_update): self._updated(server),
            (client, kind.end_of_early_data): self._end_of_early_data,
            (client, kind.certificate): self._flight_of(client),
            (client, kind.certificate_verify): self._flight_of(client),
            (client, kind.finished): self._client_finished,
            (client, kind.key_update): self._updated(client),
        }

    def rest(self) -> _Events:
        """All secrets of the log, also of what was not captured; and what cannot be known."""
        yield from super().rest()
        if self.openers is None and self._suite is not None:
            self.notes.append(
                "there are no keys for this connection: which of its protected records are of the "
                "handshake and which are data, and whether the handshake was done, cannot be known"
            )

    def closed(self, sender: Role, first: int, number: int, *, opened: int) -> Iterator[str]:
        """Which key is missing, or is wrong."""
        if self._ladders is None or self._suite is None:
            return super().closed(sender, first, number, opened=opened)
        return iter((self._which_key(self._ladders, sender, first, number, opened),))

    def _why_closed(self) -> str:
        if self._suite is None and self.greeting.answer is not None:
            return super()._why_closed()
        return "no key log has its secrets"

    def _which_key(
        self, openers: Openers13, sender: Role, first: int, number: int, opened: int
    ) -> str:
        used = [label for e, label in LABELS[sender] if self._early or e is not Epoch.EARLY]
        wrong = [label for label in used if label in openers.failed]
        lacking = [label for label in used if label not in self.secrets]
        more = f", nor {count(number - 1, 'record')} behind it" if number > 1 else ""
        if wrong:
            return (
                f"{wrong[0]} of the key log does not open record {first:,} of the "
                f"{sender.value}{more}: it is another connection's, or the record was changed"
            )
        if lacking:
            records = count(number, "protected record")
            return f"{records} of the {sender.value} cannot be read: no key log has {lacking[0]}"
        behind = f", though {count(opened, 'record')} of it did" if opened else ""
        return (
            f"record {first:,} of the {sender.value} does not open{more}{behind}: it was changed, "
            "or something is missing"
        )

    # --- Messages -----------------------------------------------------------------------------

    def _client_hello(self, raw: bytes, at: int) -> _Events:
        del raw
        self._began = self._began or at / _NANOSECONDS
        if self._early:
            yield from self.derived(*_EARLY)

    def _hello_answered(self, raw: bytes, at: int) -> _Events:
        choices = list(self._server_hello(raw, at))
        yield from choices[:2]
        yield from self._recalled()
        yield from choices[2:]
        yield from self.derived(*_HANDSHAKE)
        yield keys_installed(Role.SERVER, Epoch.HANDSHAKE, self._code)
        if not self._early:
            yield keys_installed(Role.CLIENT, Epoch.HANDSHAKE, self._code)

    def _recalled(self) -> _Events:
        """A pre-shared key: a ticket's, or one that both had from elsewhere (RFC 9846, 4.3.11)."""
        hello, answer = self.greeting.hello, self.greeting.answer
        if hello is None or answer is None:
            return
        shown = hello.extensions.get(PreSharedKeyClientHello)
        if shown is None:
            return
        offered = [item.identity for item in shown.identities]
        found = answer.extensions.get(PreSharedKeyServerHello)
        chosen: Any = None
        if found is not None and found.selected_identity < len(offered):
            identity = shown.identities[found.selected_identity]
            known = self.memory.of(identity.identity)
            if known is not None or identity.obfuscated_ticket_age:
                chosen = self.known_session(identity.identity).seen
            else:  # an external key has the age 0, and a ticket once in 2^32
                name = self._suite.hash_name if self._suite is not None else ""
                chosen = ExternalPskSeen(identity.identity, name, 0, imported=False)
        yield self.session_choice(offered, chosen)

    def _encrypted_extensions(self, raw: bytes, at: int) -> _Events:
        del at
        self._flights[Role.SERVER].append(raw)
        message, hello = self.read(EncryptedExtensions, raw), self.greeting.hello
        if hello is not None:
            choice = facts.alpn_chosen(hello, message.extensions)
            self.alpn = choice.chosen
            yield choice
        if self._early:
            yield EarlyDataSettled(message.extensions.has(ExtensionType.early_data))

    def _certificate(self, raw: bytes, at: int) -> _Events:
        del at
        self._flights[Role.SERVER].append(raw)
        message = self.read(Certificate, raw)
        self.chain = tuple(entry.cert_data for entry in message.certificate_list)
        yield from ()

    def _certificate_verify(self, raw: bytes, at: int) -> _Events:
        del at
        heard = self._transcript(Role.SERVER) if not self._signed else None
        self._flights[Role.SERVER].append(raw)
        message = self.read(CertificateVerify, raw)
        if heard is not None:
            self._signed = True  # a second one belongs to nothing, and is not looked at
            held = holds13(self.chain, heard, message)
            yield from self.signature_checked(held, message.algorithm)
        if self.greeting.hello is not None:
            yield facts.of_signature(self.greeting.hello, message)

    def _server_finished(self, raw: bytes, at: int) -> _Events:
        del at
        if self._done[Role.SERVER] is not None:
            return
        held = self._held(Role.SERVER, raw)
        self._done[Role.SERVER] = held
        self._flights[Role.SERVER].append(raw)
        if held:
            yield FinishedChecked()
        yield from self.derived(*_APPLICATION)
        yield keys_installed(Role.SERVER, Epoch.APPLICATION, self._code)
        if self._ladders is not None:
            self._ladders.advance(Role.SERVER, Epoch.APPLICATION)

    def _end_of_early_data(self, raw: bytes, at: int) -> _Events:
        del at
        self._flights[Role.CLIENT].append(raw)
        if self._ladders is not None:
            self._ladders.advance(Role.CLIENT, Epoch.HANDSHAKE)
        yield keys_installed(Role.CLIENT, Epoch.HANDSHAKE, self._code)

    def _client_finished(self, raw: bytes, at: int) -> _Events:
        del at
        if self._done[Role.CLIENT] is not None:
            return  # after the handshake (RFC 9846, 4.7.2): its keys are others
        held = self._held(Role.CLIENT, raw)
        self._done[Role.CLIENT] = held
        self._flights[Role.CLIENT].append(raw)
        yield keys_installed(Role.CLIENT, Epoch.APPLICATION, self._code)
        if self._ladders is not None:
            self._ladders.advance(Role.CLIENT, Epoch.APPLICATION)
        if held and self._done[Role.SERVER]:
            yield HandshakeCompleted()

    def _new_session_ticket(self, raw: bytes, at: int) -> _Events:
        message = self.read(NewSessionTicket, raw)
        early = message.extensions.get(EarlyDataTicket)
        answer = self.greeting.answer
        share = answer.extensions.get(KeyShareServerHello) if answer is not None else None
        seen = SessionSeen(
            ProtocolVersion.TLS13,
            self._code,
            at / _NANOSECONDS,
            message.ticket_lifetime,
            self._began,
            early.max_early_data_size if early is not None else 0,
            share.server_share.group if share is not None else None,
            self.name or None,
            self.alpn,
            self.chain,
        )
        self.memory.keep(message.ticket, Known(seen))
        yield from ()

    def _updated(self, sender: Role) -> Any:
        def update(raw: bytes, at: int) -> _Events:
            del raw, at
            if self._ladders is not None:
                self._ladders.update(sender)
            yield keys_installed(sender, Epoch.APPLICATION, self._code)

        return update

    def _flight_of(self, sender: Role) -> Any:
        def keep(raw: bytes, at: int) -> _Events:
            del at
            if self._done[sender] is None:
                self._flights[sender].append(raw)
            yield from ()

        return keep

    # --- Finished -----------------------------------------------------------------------------

    def _held(self, sender: Role, raw: bytes) -> bool:
        """Whether a Finished fits what was captured; a note, where it does not."""
        label = _HANDSHAKE[0 if sender is Role.CLIENT else 1]
        secret, suite = self.secrets.get(label, b""), self._suite
        transcript = self._transcript(sender)
        if suite is None or transcript is None or len(secret) != suite.hash_length:
            return False
        try:
            verify_data = self.read(Finished, raw).verify_data
            TrafficSecret(suite, secret).check_finished(transcript.digest(), verify_data)
        except PeerMisbehaved:
            self.finished_differs(sender)
            return False
        return True

    def _transcript(self, sender: Role) -> Transcript | None:
        """All messages before this side's Finished (RFC 9846, 4.1)."""
        greeting, suite = self.greeting, self._suite
        if suite is None or greeting.hello is None or greeting.answer is None:
            return None
        if greeting.retry:
            if greeting.first is None:
                return None
            made = Transcript.start(suite.hash_name, greeting.first.raw).retried()
            made = made.add(greeting.retry).add(greeting.hello.raw)
        else:
            made = Transcript.start(suite.hash_name, greeting.hello.raw)
        made = made.add(greeting.answer.raw).add(b"".join(self._flights[Role.SERVER]))
        if sender is Role.CLIENT:
            made = made.add(b"".join(self._flights[Role.CLIENT]))
        return made

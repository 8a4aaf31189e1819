"""TLS 1.2's schedule for one connection: ``tlsee.keys.schedule12``, listened to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlsee import defaults
from tlsee.codes import HandshakeType, NamedGroup
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.entries import Entry, about
from tlsee.crypto.finite_field import padded, premaster_of
from tlsee.crypto.groups import EXPLICIT_GROUP, field_parameters
from tlsee.crypto.rsa_exchange import PREMASTER_LENGTH, select_premaster
from tlsee.crypto.suites12 import Suite12
from tlsee.explain.keytree.exchange import STAGE, agreed, random_of, shared_secret
from tlsee.explain.keytree.listening import Heard, Listener
from tlsee.explain.keytree.naming import Name, of_cut
from tlsee.explain.keytree.node import KeyInput
from tlsee.explain.keytree.transcripts import Said, Transcripts, named
from tlsee.explain.story import Kind, Step, Story
from tlsee.keys.schedule12 import MAIN_SECRET_LENGTH
from tlsee.recording.recording import Recording
from tlsee.sessions.session import Session
from tlsee.trace import Choice, Role
from tlsee.wire.extensions.encrypt_then_mac import EncryptThenMac
from tlsee.wire.extensions.extended_main_secret import ExtendedMainSecret
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import ClientKeyExchange, Finished, ServerDHParams, ServerKeyExchange

__all__ = ["Tree12", "is_agreed"]

_PREMASTER = Name(
    "premaster secret",
    STAGE,
    "RFC 5246, 8.1",
    "What the key exchange gives both sides; preliminary_secret in RFC 9846's words.",
)


def is_agreed(story: Story, said: Said) -> bool:
    """Whether there are keys: the client has answered, or a session goes on without."""
    if any(step.kind is Kind.CHANGE for step in story.steps):
        return True
    if said.step(HandshakeType.client_key_exchange, Role.CLIENT) is not None:
        return True
    return said.step(HandshakeType.finished, Role.SERVER) is not None


class Tree12:
    """One run through the schedule."""

    def __init__(
        self,
        recording: Recording,
        said: Said,
        listener: Listener,
        suite: Suite12,
        hellos: tuple[ClientHello, ServerHello],
    ) -> None:
        self._recording, self._said, self._listener, self._suite = recording, said, listener, suite
        self._client_hello, self._server_hello = hellos
        self._entries: Sequence[Entry] = recording.journal.entries
        self._transcripts = Transcripts(listener, older=True)
        self._schedule = listener.schedule12()
        self._by_server = recording.role is Role.SERVER

    def run(self) -> None:
        """From the premaster secret, or the session's main secret, to both Finished."""
        exchange = self._said.step(HandshakeType.client_key_exchange, Role.CLIENT)
        main = self._restored() if exchange is None else self._main(exchange)
        late = self._server_hello.extensions.get(EncryptThenMac) is not None
        randoms = self._client_hello.random, self._server_hello.random
        sides = main.keys(*randoms, encrypt_then_mac=late and not self._suite.is_aead)
        for field in ("mac_key", "key", "iv"):
            for role, keys in zip((Role.CLIENT, Role.SERVER), sides, strict=True):
                name = of_cut(field, role.value, keys.encrypt_then_mac)
                self._listener.cut(name, getattr(keys, field))
        ends = {self._said.step(HandshakeType.finished, role) for role in Role}
        for step in self._said.handshake:
            if step in ends and isinstance(step.message, Finished):
                self._finished(main, step)

    def _digest(self, steps: list[Step]) -> bytes:
        return self._transcripts.of(self._suite.hash_name, steps)

    def _finished(self, main: Any, step: Step) -> None:
        by_client = step.sender is Role.CLIENT
        compute = main.client_finished if by_client else main.server_finished
        made = compute(self._digest(self._said.before(step)))
        self._listener.seen(made.node, step.message.verify_data, named(step))
        self._listener.used(made.node, step.number, f"is what {named(step)}, says")

    # --- The main secret --------------------------------------------------------------------------

    def _restored(self) -> Any:
        """Of the session that both sides remembered."""
        secret = None
        for event in self._recording.events():
            chosen = event.chosen if isinstance(event, Choice) and event.what == "session" else None
            if isinstance(chosen, Session):
                secret = chosen.secret
        said = "Of the session that is resumed: both sides kept it, and nothing was exchanged."
        name = Name("main secret", "main", "RFC 5246, 7.3", said)
        heard = self._listener.given(name, secret or None, MAIN_SECRET_LENGTH)
        return self._schedule.MainSecret(self._suite, heard, True)

    def _main(self, exchange: Step) -> Any:
        """From the premaster secret, over the handshake or over the randoms."""
        premaster = self._premaster(exchange)
        if self._server_hello.extensions.get(ExtendedMainSecret) is not None:
            digest = self._digest(self._said.upto(exchange))
            return self._schedule.MainSecret.of_session(self._suite, premaster, digest)
        randoms = self._client_hello.random, self._server_hello.random
        return self._schedule.MainSecret.of_randoms(self._suite, premaster, *randoms)

    def _premaster(self, exchange: Step) -> Heard:
        message, kind = exchange.message, self._suite.key_exchange
        asked = self._said.step(HandshakeType.server_key_exchange, Role.SERVER)
        parameters = asked.message if asked is not None else None
        if not isinstance(message, ClientKeyExchange):
            return self._listener.given(_PREMASTER, None)
        if kind is KeyExchangeAlgorithm.rsa:
            return self._transported(message.rsa().pre_master_secret)
        if not isinstance(parameters, ServerKeyExchange):
            return self._listener.given(_PREMASTER, None)
        if kind is KeyExchangeAlgorithm.dhe:
            return self._finite(parameters, message)
        params = parameters.ecdh().params
        client = message.ecdh().ecdh_Yc
        exchanged = agreed(
            params.named_curve, client, params.public, self._entries, self._by_server
        )
        return shared_secret(self._listener, exchanged, _PREMASTER)

    def _finite(self, parameters: ServerKeyExchange, message: ClientKeyExchange) -> Heard:
        """DHE: the premaster secret is the shared one without leading zeros."""
        params = parameters.dh().params
        length = len(params.dh_p.lstrip(b"\0"))
        group = _group_of(params)
        server, client = padded(params.dh_Ys, length), padded(message.dh().dh_Yc, length)
        p = b"" if group != EXPLICIT_GROUP else params.dh_p
        exchanged = agreed(group, client, server, self._entries, self._by_server, p)
        about = "What the key exchange gives both sides, as long as p."
        shared = shared_secret(
            self._listener, exchanged, Name("DH shared secret", STAGE, "RFC 5246, 8.1.2", about)
        )
        output = premaster_of(bytes(shared)) if shared.known else None
        operation = "without leading zeros"
        inputs = (KeyInput("from", shared.node),)
        length = len(shared) if exchanged.secret is not None else 0
        return self._listener.made(_PREMASTER, operation, inputs, output, length)

    def _transported(self, ciphertext: bytes) -> Heard:
        """RSA: the client draws it, and only the holder of the certificate's key can read it."""
        version = self._client_hello.legacy_version
        decrypted = [
            (place, entry.data)
            for place, entry in enumerate(self._entries)
            if entry.kind == "decrypted" and entry.about in (b"", about(ciphertext))
        ]
        if decrypted or self._by_server:
            return self._opened(ciphertext, *(decrypted[-1] if decrypted else (0, None)))
        drawn = random_of(self._entries, PREMASTER_LENGTH - 2)
        head = version.to_bytes(2)
        sealed = {e.about for e in self._entries if e.kind == "encrypted"}
        fitting = [one for one in drawn if not sealed or about(head + one) in sealed]
        said = "Drawn by the client. The version before it shows a rollback."
        name = Name("premaster random", STAGE, "RFC 5246, 7.4.7.1", said)
        tail = self._listener.given(name, fitting[0] if fitting else None, PREMASTER_LENGTH - 2)
        output = head + bytes(tail) if tail.known else None
        inputs = (KeyInput("client_version", "", head), KeyInput("random", tail.node))
        return self._listener.made(_PREMASTER, "concatenation", inputs, output, PREMASTER_LENGTH)

    def _opened(self, ciphertext: bytes, place: int, plaintext: bytes | None) -> Heard:
        """What the server's key made of it; what is no premaster secret is replaced."""
        said = "Of the server's certificate. No recording has it."
        key = self._listener.given(
            Name("server RSA private key", STAGE, "RFC 5246, 7.4.7.1", said), None
        )
        version = self._client_hello.legacy_version
        head = version.to_bytes(2)
        inputs = (KeyInput("private key", key.node), KeyInput("ciphertext", "", ciphertext))
        good = plaintext is None or (len(plaintext), plaintext[:2]) == (PREMASTER_LENGTH, head)
        if plaintext is None or good:
            return self._listener.made(
                _PREMASTER, "RSA", inputs, plaintext, PREMASTER_LENGTH, label="PKCS #1 v1.5"
            )
        drawn = random_of(self._entries[:place], PREMASTER_LENGTH)
        output = select_premaster(plaintext, version, drawn[0]) if drawn else None
        about_it = (
            "The client's was none, so the server went on with random bytes, for nobody to notice."
        )
        return self._listener.given(
            _PREMASTER._replace(about=about_it), output, PREMASTER_LENGTH, inputs=inputs
        )


def _group_of(params: ServerDHParams) -> NamedGroup:
    """The group by its parameters, as the provider finds it."""
    for code in defaults.FINITE_FIELDS:
        if field_parameters(code) == (params.dh_p, params.dh_g):
            return code
    return EXPLICIT_GROUP

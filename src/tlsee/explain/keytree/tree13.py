"""TLS 1.3's schedule for one connection: the stages of ``tlsee.keys.schedule13``, listened to."""

from __future__ import annotations

from typing import Any

from tlsee.codes import HandshakeType
from tlsee.crypto.suites import Suite
from tlsee.explain.keytree.early13 import Offers
from tlsee.explain.keytree.exchange import STAGE, agreed, shared_secret
from tlsee.explain.keytree.listening import Context, Listener
from tlsee.explain.keytree.naming import Name
from tlsee.explain.keytree.transcripts import Said, Transcripts, named
from tlsee.explain.story import Step, Story
from tlsee.recording.recording import Recording
from tlsee.trace import Epoch, Role
from tlsee.wire.extensions.key_share import KeyShareClientHello, KeyShareServerHello
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages13 import Certificate, CertificateRequest, Finished, NewSessionTicket

__all__ = ["Tree13"]

# KeyUpdates of a side, tickets, answers to requests: what a recording may make us compute. Of ours
# none comes near: a KeyUpdate is due each 2^24 records.
AFTER_LIMIT = 64

_SHARED = Name(
    "shared secret",
    STAGE,
    "",
    "What the key exchange gives both sides; (EC)DHE in the RFC's picture.",
)


class Tree13:
    """One run through the schedule.

    Attributes:
        left_out: what there was too much of, in a sentence, or ``""``.
    """

    def __init__(
        self,
        recording: Recording,
        story: Story,
        said: Said,
        listener: Listener,
        suite: Suite | None,
    ) -> None:
        self._story = story
        self._recording, self._said, self._listener, self._suite = recording, said, listener, suite
        self._schedule = listener.schedule13()
        self._transcripts = Transcripts(listener)
        self.left_out = ""

    def run(self) -> None:
        """From the pre-shared keys to the last KeyUpdate."""
        offers = Offers(
            self._recording,
            self._said,
            self._listener,
            self._schedule,
            self._transcripts,
            self._suite,
        )
        offers.run()
        hello = self._said.step(HandshakeType.server_hello, Role.SERVER)
        if self._suite is None or hello is None:
            return
        shared = self._shared(hello)
        if not shared and offers.taken is None:
            self._listener.problems.append("The server took neither a share nor a key.")
            return
        start = self._schedule.EarlyStage.start
        stage = offers.taken if offers.taken is not None else start(self._suite)
        self._handshake(stage.handshake(shared), hello)

    def _digest(self, steps: list[Step]) -> Context:
        assert self._suite is not None
        return self._transcripts.of(self._suite.hash_name, steps)

    def _shared(self, answer: Step) -> bytes:
        """The key exchange; nothing where a pre-shared key stands alone."""
        hellos = [
            s.message for s in self._said.before(answer) if isinstance(s.message, ClientHello)
        ]
        share = None
        if isinstance(answer.message, ServerHello):
            share = answer.message.extensions.get(KeyShareServerHello)
        if share is None:
            return b""
        server = share.server_share
        offered = hellos[-1].extensions.get(KeyShareClientHello) if hellos else None
        shares = offered.client_shares if offered is not None else ()
        client = next((e.key_exchange for e in shares if e.group == server.group), b"")
        entries = self._recording.journal.entries
        by_server = self._recording.role is Role.SERVER
        exchanged = agreed(server.group, client, server.key_exchange, entries, by_server)
        return shared_secret(self._listener, exchanged, _SHARED)

    # --- With the handshake secret ----------------------------------------------------------------

    def _handshake(self, stage: Any, hello: Step) -> None:
        """Both sides' secrets, their Finished, and what each Finished opens."""
        client, server = stage.traffic(self._digest(self._said.upto(hello)))
        client.keys()
        server.keys()
        ours = self._finished(server, Role.SERVER)
        theirs = self._finished(client, Role.CLIENT)
        main = stage.main()
        opened = self._opened(ours)
        if opened is None:
            return
        *application, _ = main.application(opened)
        generations = dict(zip((Role.CLIENT, Role.SERVER), application, strict=True))
        for secret in application:
            secret.keys()
        resumption = None
        if theirs is not None:
            resumption = main.resumption(self._digest(self._said.upto(theirs)))
        self._after(generations, resumption, theirs)

    def _opened(self, finished: Step | None) -> Context | None:
        """The transcript that the application's secrets are over.

        Who overheard the connection without the handshake's keys may still have theirs.
        """
        assert self._suite is not None
        if finished is not None:
            return self._digest(self._said.upto(finished))
        epochs = {step.epoch for step in self._story.steps}
        if Epoch.APPLICATION in epochs or self._listener.logs("application"):
            words = "Transcript-Hash(ClientHello .. server Finished), not all of it recorded"
            return Context.unknown(self._suite.hash_length, words)
        return None

    def _finished(self, secret: Any, sender: Role) -> Step | None:
        """The Finished of one side, computed and compared; its step."""
        step = self._said.step(HandshakeType.finished, sender)
        if step is not None:
            self._compare(secret, self._digest(self._said.before(step)), step)
        return step

    def _compare(self, secret: Any, digest: Context, step: Step) -> None:
        made = secret.finished(digest)
        if isinstance(step.message, Finished):
            self._listener.seen(made.node, step.message.verify_data, named(step))
        self._listener.used(made.node, step.number, f"is what {named(step)}, says")

    # --- After the handshake ----------------------------------------------------------------------

    def _after(self, generations: dict[Role, Any], resumption: Any, end: Step | None) -> None:
        """KeyUpdates, tickets, and clients that were asked later, in their order."""
        updates = {Role.CLIENT: 0, Role.SERVER: 0}
        tickets = answers = 0
        later = _Later(self._said.upto(end) if end is not None else [])
        for step in self._said.after:
            if step.handshake_type == HandshakeType.key_update:
                updates[step.sender] += 1
                if updates[step.sender] <= AFTER_LIMIT:
                    generations[step.sender] = generations[step.sender].next()
                    generations[step.sender].keys()
            elif isinstance(step.message, NewSessionTicket):
                tickets += 1
                if resumption is not None and tickets <= AFTER_LIMIT:
                    self._ticket(resumption, step)
            elif end is not None:
                transcript = later.take(step)
                answers += bool(transcript)
                if transcript and answers <= AFTER_LIMIT:
                    self._compare(generations[Role.CLIENT], self._digest(transcript), step)
        if max(*updates.values(), tickets, answers) > AFTER_LIMIT:
            self.left_out = (
                f"Of what came after the handshake {AFTER_LIMIT} of a kind are drawn; "
                "there are more."
            )

    def _ticket(self, resumption: bytes, step: Step) -> None:
        nonce = Context.of(step.message.ticket_nonce, "ticket_nonce")
        made = self._schedule.psk_of_ticket(self._suite, resumption, nonce)
        self._listener.used(made.node, step.number, f"belongs to the ticket of {named(step)}")


class _Later:
    """Certificates that were asked for after the handshake (RFC 9846, 4.7.2)."""

    def __init__(self, handshake: list[Step]) -> None:
        self._handshake = handshake
        self._open: dict[bytes, Step] = {}
        self._answer: list[Step] = []

    def take(self, step: Step) -> list[Step]:
        """With a Finished: the messages that it is over. Otherwise none yet."""
        message = step.message
        if isinstance(message, CertificateRequest) and len(self._open) < AFTER_LIMIT:
            self._open[message.certificate_request_context] = step
        elif isinstance(message, Certificate):
            request = self._open.pop(message.certificate_request_context, None)
            self._answer = [request, step] if request is not None else []
        elif isinstance(message, Finished) and self._answer:
            found, self._answer = [*self._handshake, *self._answer], []
            return found
        elif self._answer:
            self._answer.append(step)
        return []

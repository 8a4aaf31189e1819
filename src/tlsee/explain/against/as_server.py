"""A recorded client before another server: the machine itself reads its hello again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlsee.codes import ContentType, HandshakeType
from tlsee.config import ServerConfig
from tlsee.connection.connection import ServerConnection
from tlsee.errors import Reasons, TLSError
from tlsee.explain.against.certificates import judged_again
from tlsee.explain.against.finding import Finding, Fit
from tlsee.explain.rejudging import chain_of
from tlsee.explain.story import Story
from tlsee.explain.summary import decision, describe
from tlsee.keys.protection import MAX_PLAINTEXT
from tlsee.recording.recording import Recording
from tlsee.trace import Choice, MessageSent, Role
from tlsee.values import replace
from tlsee.wire.framing import kind_of
from tlsee.wire.hellos import ClientHello, HelloRetryRequest

__all__ = ["server_findings"]

# What a server decides that a client notices, in the order of the wire. A session is none of them:
# another server lacks the keys to it, and a full handshake follows.
_COMPARED = ("version", "suite", "group", "scheme", "alpn")
# What a refusal is about, by the reason's name; the others are about the hello.
_ABOUT = {
    "version_too_old": "version",
    "fallback": "version",
    "no_common_suite": "suite",
    "no_common_group": "group",
    "no_common_scheme": "scheme",
    "no_application_protocol": "alpn",
}


def server_findings(
    recording: Recording, story: Story, config: ServerConfig, at: float
) -> Iterator[Finding]:
    """What this server would have answered."""
    answer = _Answer(config, at)
    hellos = [step.raw for step in story.steps if isinstance(step.message, ClientHello)]
    retried = story.first(HelloRetryRequest)
    answer.read(hellos[0])
    asked = answer.asks_again
    if asked and len(hellos) > 1:
        answer.read(hellos[1])
    if answer.error is not None:
        yield _refused(answer.error)
        return
    yield from _retries(asked=asked, before=retried is not None)
    yield from _choices(story, answer.choices)
    yield from _client(recording, story, config, at)


class _Answer:
    """A connection that nobody hears, observed."""

    def __init__(self, config: ServerConfig, at: float) -> None:
        provider = replace(config.provider, now=lambda: at)
        self.asks_again = False
        self.choices: dict[str, Choice] = {}  # the last of each kind
        self.error: TLSError | None = None
        self._connection = ServerConnection(config.with_provider(provider), observers=[self])

    def on_event(self, event: Any) -> None:
        """What it chose, and whether it asks for another hello."""
        if isinstance(event, Choice):
            self.choices[event.what] = event
        elif isinstance(event, MessageSent):
            self.asks_again = kind_of(event.raw) == HandshakeType.hello_retry_request

    def read(self, hello: bytes) -> None:
        """A hello comes, in as many records as it needs (RFC 9846, 5.1)."""
        for at in range(0, len(hello), MAX_PLAINTEXT):
            piece = hello[at : at + MAX_PLAINTEXT]
            header = bytes((ContentType.handshake, 3, 1)) + len(piece).to_bytes(2)
            self._connection.receive_data(header + piece)
        try:
            self._connection.next_event()
        except TLSError as error:
            self.error = error


def _refused(error: TLSError) -> Finding:
    detail = f" ({error.detail})" if error.detail else ""
    sentence = f"the server would answer {error.label}: {error.reason.sentence}{detail}"
    return Finding(Fit.BREAKS, _ABOUT.get(error.name, "hello"), sentence, "", "", error.name)


def _retries(*, asked: bool, before: bool) -> Iterator[Finding]:
    if asked and not before:
        text = "the server would ask for another key share: one round trip more"
        yield Finding(Fit.CHANGES, "round trips", text, "1", "2")
    elif before and not asked:
        text = "the server would take a key share of the first hello: one round trip less"
        yield Finding(Fit.CHANGES, "round trips", text, "2", "1")


def _choices(story: Story, choices: dict[str, Choice]) -> Iterator[Finding]:
    for what in _COMPARED:
        after, before = choices.get(what), decision(what, story)
        if after is None or before is None or after.chosen == before.chosen:
            continue
        was, now = (
            describe(choice.chosen) if choice.chosen is not None else "none"
            for choice in (before, after)
        )
        yield Finding(Fit.CHANGES, what, f"{now} instead of {was}: {after.rule}", was, now)


def _client(
    recording: Recording, story: Story, config: ServerConfig, at: float
) -> Iterator[Finding]:
    """The client's certificate, if this server wants one."""
    trust = config.client_trust
    if config.client_auth == "none" or trust is None:
        return
    chain = chain_of(story, Role.CLIENT)
    required = config.client_auth == "required"
    if chain is None:
        if required:
            text = "a client certificate would be required; whether the client has one nobody asked"
            yield Finding(Fit.MAY_BREAK, "certificate", text, "not asked", "required")
        return
    if not chain and required:
        text = "a client certificate would be required, and the client has none for this server"
        name = Reasons.certificate_required.name
        yield Finding(Fit.BREAKS, "certificate", text, "none", "required", name)
    yield from judged_again(recording, story, config, trust, Role.CLIENT, at)

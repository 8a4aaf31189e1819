"""One TCP connection to one recording: whose hello it is, what it says, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tlsee.codes import ContentType, ProtocolVersion
from tlsee.explain.capture.greeting import Greeting, greeting_of
from tlsee.explain.capture.listener import Listener
from tlsee.explain.capture.memory import Memory
from tlsee.explain.capture.packets import FIN, RST
from tlsee.explain.capture.plaintext import (
    in_the_middle,
    looks_like_hello,
    protocol,
    spoken,
    turns,
)
from tlsee.explain.capture.reassembly import Conversation, Stream
from tlsee.explain.capture.records import Records, begins, records_of
from tlsee.explain.capture.secrets import KeyLogSecrets
from tlsee.explain.capture.talk import Ground, Talk
from tlsee.explain.capture.talk12 import Talk12
from tlsee.explain.capture.talk13 import Talk13
from tlsee.recording.format import Header
from tlsee.recording.kept import Moment, Remark
from tlsee.recording.recording import Recording
from tlsee.text import count
from tlsee.trace import Role, SecretDerived
from tlsee.values import value
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

__all__ = ["NotTls", "Overheard", "overhear"]


@value
class Overheard:
    """A TLS connection that somebody listened to.

    Attributes:
        recording: in the client's view; ``header.overheard`` is true.
        client, server: address and port.
        notes: sentences on what is missing, came in disorder or could not be opened.
        ending: how the TCP connection ended, as far as it was captured.
        chain: the server's certificates as they could be read, DER, leaf first.
        logged: whether a key log has secrets of this connection, right or wrong ones.
    """

    recording: Recording
    client: str
    server: str
    notes: tuple[str, ...]
    ending: str = ""
    chain: tuple[bytes, ...] = ()
    logged: bool = False


@value
class NotTls:
    """A connection that is not told, and why."""

    sentence: str


@value
class _Ends:
    """A connection with its roles, and where TLS begins in each direction."""

    client: str
    server: str
    said: Stream
    answered: Stream
    starts: tuple[int, int] = (0, 0)


def overhear(
    conversation: Conversation, secrets: KeyLogSecrets, private_keys: Sequence[Any], memory: Memory
) -> Overheard | NotTls | None:
    """The connection as a recording; ``None`` where nobody said anything."""
    first, second = conversation.streams()
    if not (first.data or second.data or first.gap or second.gap):
        return None
    ends = _ends(conversation, first, second)
    if ends is None:
        return NotTls(_no_tls(conversation, first, second))
    said = records_of(ends.said, ends.starts[0])
    answered = records_of(ends.answered, ends.starts[1])
    greeting = greeting_of(said.items, answered.items)
    logged = secrets.of(greeting.hello.random) if greeting.hello is not None else {}
    changed = any(r.kind == ContentType.change_cipher_spec for r in answered.items)
    lossy = ends.said.gap is not None or ends.answered.gap is not None
    talk = _talk(greeting, Ground(logged, private_keys, memory, changed, lossy))
    listener = Listener(greeting, talk, conversation.began)
    listener.hear(said, answered)
    notes = [
        *_begins(ends),
        *_of_stream(Role.CLIENT, ends.said, said),
        *_of_stream(Role.SERVER, ends.answered, answered),
        *listener.notes,
    ]
    end = listener.moments[-1].at if listener.moments else 0
    moments = [*listener.moments, *(Moment(end, None, Remark(note)) for note in notes)]
    recording = Recording(_header(conversation, moments), moments)
    return Overheard(
        recording,
        ends.client,
        ends.server,
        tuple(notes),
        _ending(ends),
        talk.chain,
        logged=bool(logged),
    )


def _header(conversation: Conversation, moments: Sequence[Moment]) -> Header:
    reveals = any(isinstance(moment.item, SecretDerived) for moment in moments)
    return Header(
        max(0, conversation.began), reveals_secrets=reveals, overheard=True, program="tlsee"
    )


def _talk(greeting: Greeting, ground: Ground) -> Talk:
    if greeting.version == ProtocolVersion.TLS13:
        return Talk13(greeting, ground)
    suite = greeting.suite12
    return Talk12(greeting, ground, suite) if suite is not None else Talk(greeting, ground)


# --- Where TLS begins -------------------------------------------------------------------------


def _ends(conversation: Conversation, first: Stream, second: Stream) -> _Ends | None:
    """Who the client is: whoever says the ClientHello; ``None``: nobody surely does."""
    there = _Ends(conversation.first, conversation.second, first, second)
    back = _Ends(conversation.second, conversation.first, second, first)
    for ends in (there, back):
        if begins(ends.said) is ClientHello:
            return ends
    for ends in (there, back):
        if looks_like_hello(ends.said) and (ends.said.whole_start or ends.said.gap):
            return ends
    for ends in (there, back):
        if begins(ends.answered) in {ServerHello, HelloRetryRequest}:
            return ends  # the client's hello is missing, and the answer proves that there was one
    for ends in (there, back):
        found = turns(ends.said, ends.answered)
        if found is not None:
            return _Ends(ends.client, ends.server, ends.said, ends.answered, found)
    return None


def _no_tls(conversation: Conversation, first: Stream, second: Stream) -> str:
    who = f"{conversation.first} -> {conversation.second}"
    late = not (first.whole_start and second.whole_start)
    if late and (in_the_middle(first) or in_the_middle(second)):
        return (
            f"{who}: the capture begins in the middle of this connection, and the hellos that say "
            "how it is to be read came before"
        )
    if not (first.data or second.data):
        return f"{who}: none of its data is in the capture"
    return f"{who}: no TLS; it begins with {spoken(first, second)}"


def _begins(ends: _Ends) -> Iterator[str]:
    before, after = ends.starts
    if before or after:
        what = protocol(ends.said, ends.answered)
        yield (
            f"TLS begins after {count(before, 'byte')} of the client and {count(after, 'byte')} of "
            f"the server{f', which are of {what}' if what else ''}"
        )


# --- What TCP did -----------------------------------------------------------------------------


def _of_stream(role: Role, stream: Stream, records: Records) -> Iterator[str]:
    whose = f"the {role.value}'s"
    if not stream.whole_start and (stream.data or stream.gap):
        yield f"{whose} first packet is not in the capture: its bytes are read from the first seen"
    if stream.gap is not None:
        behind = f"; {count(stream.behind, 'byte')} behind them" if stream.behind else ""
        unread = " are not read" if stream.behind else "; nothing follows them"
        yield f"{whose} bytes are not all there: missing are {stream.gap}{behind}{unread}"
    elif records.stopped:
        yield f"{whose} records are read up to where {records.stopped}"
    if stream.late:
        yield f"{count(stream.late, 'segment')} of {whose} came late and were put in their place"
    if stream.twice:
        yield f"{count(stream.twice, 'segment')} of {whose} came more than once"
    if stream.differing:
        yield (
            f"{count(stream.differing, 'byte')} of {whose} came twice and differently: what came "
            "first was taken"
        )
    if stream.overflow:
        yield f"{whose} bytes are more than is read of a direction: the rest was left out"


def _ending(ends: _Ends) -> str:
    sides = (("client", ends.said), ("server", ends.answered))
    reset = [name for name, stream in sides if stream.closed == RST]
    if reset:
        return f"reset by the {' and the '.join(reset)}"
    closed = [name for name, stream in sides if stream.closed == FIN]
    if len(closed) == len(sides):
        return "closed by both"
    return f"closed by the {closed[0]}" if closed else "open when the capture ends"

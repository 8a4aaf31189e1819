"""Peers made of parts: they keep the protocol except where a test edits a message or says more.

``HostileServer`` and ``HostileClient`` talk to one connection of ours, the victim. Each message
has a name; ``edits`` maps it to a function from the right message to what is said instead: another
message, bytes, a list of such, or nothing. Keys and transcript follow what was really said, so the
edit is the only thing that is wrong. What the victim answers is opened with the keys that it must
be using, and kept in ``heard``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tlsee.codes import ContentType, HandshakeType
from tlsee.connection.connection import Connection
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.suites import Suite
from tlsee.keys.protection import MAX_CIPHERTEXT, MAX_PLAINTEXT, Opener, Sealer
from tlsee.keys.schedule13 import EarlyStage, HandshakeStage, MainStage, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.wire.codec import encode
from tlsee.wire.framing import HandshakeBuffer, kind_of
from tlsee.wire.messages13 import KeyUpdate


class Knowing:
    """An edit that looks at the peer that is about to say the message."""

    peer: Puppet

    def __init__(self, edit: Callable[[Any, Any], Any]) -> None:
        self._edit = edit

    def __call__(self, message: Any) -> Any:
        return self._edit(self.peer, message)


Edit = Callable[[Any], Any]

HANDSHAKE = ContentType.handshake
ALERT = ContentType.alert
DATA = ContentType.application_data
CCS = ContentType.change_cipher_spec

CHANGE_CIPHER_SPEC = bytes((20, 3, 3, 0, 1, 1))


class Heard(NamedTuple):
    """The content of a record of the victim's."""

    content_type: ContentType
    content: bytes
    protected: bool


def plain_record(content_type: int, content: bytes) -> bytes:
    """A record in the clear."""
    return bytes((content_type, 3, 3)) + len(content).to_bytes(2, "big") + content


def raw_messages(edited: Any) -> list[bytes]:
    """What an edit gave, as encoded messages."""
    if edited is None:
        return []
    if isinstance(edited, list):
        return [raw for one in edited for raw in raw_messages(one)]
    return [edited if isinstance(edited, bytes) else encode(edited)]


class Puppet:
    """What both roles do: speak, listen, change keys."""

    def __init__(self, victim: Connection, edits: dict[str, Edit]) -> None:
        self.victim = victim
        self.edits = edits
        self.used: set[str] = set()
        self.heard: list[Heard] = []
        self.messages: list[bytes] = []
        self.transcript: Transcript
        self.older: Transcript  # without the last message
        self.suite: Suite
        self.main: MainStage
        self.sealer: Sealer | None = None
        self.opener: Opener | None = None
        self.reading: TrafficSecret
        self.writing: TrafficSecret
        self.padding = 0
        self.estranged = False  # the two sides may have other keys: what cannot be opened is kept
        self.fragment = MAX_PLAINTEXT
        self._held: bytearray | None = None
        self._gathered: list[bytes] | None = None
        self._buffer = HandshakeBuffer(lambda _: 1 << 20)

    # --- Speaking -----------------------------------------------------------------------------

    def say(self, name: str, message: Any) -> None:
        """A handshake message, as its edit wants it; the transcript takes what is said."""
        edit = self.edits.get(name, lambda right: right)
        self.used.add(name)
        if isinstance(edit, Knowing):
            edit.peer = self
        for raw in raw_messages(edit(message)):
            self.remember(raw)
            self.handshake(raw)

    def remember(self, raw: bytes) -> None:
        """Add to the transcript."""
        self.older = self.transcript
        self.transcript = self.transcript.add(raw)

    def handshake(self, content: bytes) -> None:
        """Handshake bytes, in as many records as it takes; nothing is added to the transcript."""
        if self._gathered is not None:
            self._gathered.append(content)
            return
        for start in range(0, len(content), self.fragment):
            self.record(HANDSHAKE, content[start : start + self.fragment])

    def record(self, content_type: int, content: bytes) -> None:
        """One record under the keys of the moment, whatever is in it."""
        self.deliver(self.sealed(content_type, content))

    def sealed(self, content_type: int, content: bytes) -> bytes:
        """A record under the keys of the moment, not sent."""
        if self.sealer is None:
            return plain_record(content_type, content)
        return self.sealer.seal(ContentType.of(content_type), content, self.padding)

    def deliver(self, data: bytes) -> None:
        """Bytes as they are."""
        if self._held is not None:
            self._held += data
            return
        self.victim.receive_data(data)
        self.listen()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is said within arrives as one piece."""
        self._held = bytearray()
        yield
        held, self._held = bytes(self._held), None
        self.deliver(held)

    @contextmanager
    def gathering(self) -> Iterator[list[bytes]]:
        """Handshake messages that are said within go into this list; keys stay as they are."""
        gathered: list[bytes] = []
        sealer = self.sealer
        self._gathered = gathered
        yield gathered
        self._gathered, self.sealer = None, sealer

    @property
    def stopped(self) -> bool:
        """Whether the victim has had enough."""
        return self.victim.failure is not None

    # --- Listening ----------------------------------------------------------------------------

    def listen(self) -> None:
        """Take what the victim says and open it."""
        data = bytes(self.victim.data_to_send())
        while data:
            length = int.from_bytes(data[3:5], "big")
            header, body, data = data[:5], data[5 : 5 + length], data[5 + length :]
            assert len(body) == length, "a connection sends whole records"
            assert length <= MAX_CIPHERTEXT
            self._hear(self._opened(header, body))

    def _opened(self, header: bytes, body: bytes) -> Heard:
        if header[0] != DATA:
            return Heard(ContentType.of(header[0]), body, False)
        assert self.opener is not None, "protected before there are keys"
        out = bytearray(len(body))
        record = memoryview(header + body)
        _, filled, odd = self.opener.open_run(record, 0, memoryview(out), MAX_PLAINTEXT + 1)
        if odd < 0 and self.estranged:
            return Heard(ContentType.of(0), body, True)
        assert odd >= 0, "the victim protects with keys that it should not use now"
        if odd == 0:
            return Heard(DATA, bytes(out[:filled]), True)
        inner = bytes(out[:odd]).rstrip(b"\x00")
        return Heard(ContentType.of(inner[-1]), inner[:-1], True)

    def _hear(self, heard: Heard) -> None:
        self.heard.append(heard)
        if heard.content_type != HANDSHAKE:
            return
        self._buffer.append(heard.content)
        while (raw := self._buffer.next()) is not None:
            self.messages.append(raw)
            if kind_of(raw) == HandshakeType.key_update:
                self._read_with(self.reading.next())
            else:
                self.on_message(kind_of(raw), raw)

    def on_message(self, kind: HandshakeType, raw: bytes) -> None:
        """A role's own: what a message of the victim's changes."""
        raise NotImplementedError

    def heard_data(self) -> bytes:
        """The application data that the victim sent."""
        return b"".join(one.content for one in self.heard if one.content_type == DATA)

    def names(self) -> list[str]:
        """The handshake messages that the victim sent."""
        return [str(kind_of(raw)) for raw in self.messages]

    # --- Keys ---------------------------------------------------------------------------------

    def derive(self, shared_secret: bytes) -> HandshakeStage:
        """The handshake stage; the main one is kept for later."""
        stage = EarlyStage.start(self.suite).handshake(shared_secret)
        self.main = stage.main()
        return stage

    def _read_with(self, secret: TrafficSecret) -> None:
        self.reading, self.opener = secret, Opener(secret)

    def _write_with(self, secret: TrafficSecret) -> None:
        self.writing, self.sealer = secret, Sealer(secret)

    def update(self, raw: bytes | KeyUpdate) -> None:
        """A KeyUpdate, and from then on its keys."""
        self.handshake(raw if isinstance(raw, bytes) else encode(raw))
        self._write_with(self.writing.next())


def suite_of(code: Any) -> Suite:
    """The row of a suite."""
    return PROVIDER.suites[code]

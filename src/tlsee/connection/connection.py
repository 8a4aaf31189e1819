"""A TLS connection without I/O: bytes in, events out, bytes out.

The reading half (``receive_data``, ``receive_eof``, ``next_event``) and the writing half
(``write``, ``close_write``, ``update_keys``) may each be used by one thread; they share the queue
of outgoing bytes and what the machine holds, both under one lock that is never held while anybody
waits. Reading may append to the queue (an answer to a KeyUpdate, an alert), never more.

An error is kept: ``receive_data`` does not raise for what a peer sent, ``next_event`` raises, and
raises again on each later call. The alert is in ``data_to_send()`` by then.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from tlsee import defaults
from tlsee.codes import AlertDescription, AlertLevel, ContentType, HandshakeType
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import (
    NEED_DATA,
    AlertReceived,
    DataReceived,
    Event,
    HandshakeDone,
    KeysUpdated,
    NeedData,
    PeerClosed,
    TicketReceived,
    Truncated,
)
from tlsee.connection.info import ConnectionInfo, info_of
from tlsee.connection.reading import Item, RecordReader
from tlsee.connection.writing import RecordWriter
from tlsee.errors import (
    AlertReceived as AlertError,
)
from tlsee.errors import (
    ApiMisuse,
    Evidence,
    LocalFailure,
    PeerMisbehaved,
    Reasons,
    TLSError,
    Truncation,
)
from tlsee.handshake import hello_client, hello_server, outcome
from tlsee.handshake.compose import Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import Driver, State
from tlsee.handshake.post13 import Connected
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.questions import Question
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    CertificateJudged,
    Choice,
    Direction,
    Epoch,
    Failed,
    HandshakeCompleted,
    KeysInstalled,
    Observer,
    Role,
)

COMPOSER = Composer()


class Connection:
    """What both roles share; use ``ClientConnection`` or ``ServerConnection``."""

    def __init__(
        self,
        role: Role,
        config: ClientConfig | ServerConfig,
        start: Callable[[Flow], State],
        observers: Sequence[Observer],
    ) -> None:
        self.role = role
        self.config = config
        self.middlebox_compatibility = config.policy.middlebox_compatibility
        self.has_key_update = True
        self._lock = threading.RLock()
        self._observers = tuple(observers)
        observe = self._notify if self._observers else None
        self._reader = RecordReader(observe)
        self._writer = RecordWriter(config.policy.padding_block, observe)
        self._events: deque[Event] = deque()
        self._choices: list[Choice] = []
        self._verdict: Any = None
        self._error: TLSError | None = None
        self._may_read = False
        self._may_write = False
        self._done = False
        self._peer_closed = False
        self._write_closed = False
        self._eof = False
        self._warnings = 0
        self._updates_in_a_row = 0
        self._asked_for_update = False
        self._driver = Driver(start, self, observe)
        self._writer.flush()

    # --- Reading ------------------------------------------------------------------------------

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the transport. ``b""`` is no end of file: that is ``receive_eof``.

        Raises:
            ApiMisuse: after ``receive_eof``.
        """
        if self._eof:
            raise ApiMisuse("receive_data() after receive_eof()")
        if not data or self._error is not None:
            return
        self._reader.feed(data)
        if not self._peer_closed:
            self._process()

    def receive_eof(self) -> None:
        """The transport has ended. Without a close_notify before it, that is a truncation."""
        if self._eof:
            return
        self._eof = True
        if self._error is not None or self._peer_closed:
            return
        if self._done:
            self._events.append(Truncated())
            return
        got = "nothing came" if not self._reader.bytes_taken else "in the middle of it"
        self._fail(Truncation(Reasons.cut_in_handshake, got), alert=False)

    def next_event(self) -> Event | NeedData:
        """The next event, or ``NEED_DATA``.

        Raises:
            TLSError: the connection has failed; again on each call.
        """
        if self._events:
            return self._events.popleft()
        if self._error is not None:
            raise self._error
        return NEED_DATA

    @property
    def bytes_needed(self) -> int:
        """How many bytes complete the current record header, or record, and no byte more."""
        return self._reader.bytes_needed

    @property
    def trailing_data(self) -> bytes:
        """The bytes behind the peer's close_notify, which belong to whatever comes after TLS."""
        return self._reader.rest() if self._peer_closed else b""

    def answer(self, question: Question, answer: object) -> None:
        """Answer an open question; an exception refuses, and its alert is sent.

        Raises:
            ApiMisuse: no such question is open, it was answered already, or the type is wrong.
        """
        if self._error is not None:
            raise ApiMisuse("the connection has failed; there is nothing to answer any more")
        if question is not self._driver.question:
            raise ApiMisuse(
                f"{type(question).__name__} is not the open question",
                "answer each Question event once",
            )
        if not isinstance(answer, BaseException):
            question.check(answer)
        elif not isinstance(answer, TLSError):
            refusal = LocalFailure(Reasons.answer_refused, f"{type(answer).__name__}")
            refusal.__cause__ = answer
            answer = refusal
        self._guard(lambda: self._driver.answer(question, answer))
        if self._error is None:
            self._process()

    # --- Writing ------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Seal application data into the queue of outgoing bytes.

        Raises:
            ApiMisuse: the connection is not open for writing yet, or closed for it.
            TLSError: the connection has failed.
        """
        view = memoryview(data).cast("B")
        with self._lock:
            self._check_writable()
            start = 0
            while start < len(view) or not len(view):
                room = self._room_under_key()
                piece = view[start : start + room * self._writer.fragment]
                self._writer.data(piece)
                start += len(piece)
                if not len(view):
                    return

    def data_to_send(self) -> bytes:
        """Take the bytes that wait for the transport; ``b""`` if none do."""
        with self._lock:
            queue = self._writer.queue
            if not queue:
                return b""
            self._writer.queue = []
        return bytes(queue[0]) if len(queue) == 1 else b"".join(queue)

    def close_write(self) -> None:
        """Say close_notify: no more data from here. Reading goes on (RFC 9846, 6.1)."""
        with self._lock:
            if self._write_closed or self._error is not None:
                return
            self._write_closed = True
            if not self._done and self._writer.sealer is None:
                self._alert(AlertLevel.warning, AlertDescription.user_canceled)
            self._alert(AlertLevel.warning, AlertDescription.close_notify)

    def update_keys(self, request: bool = False) -> None:
        """Change our sending keys; ``request`` has the peer change its own too (4.7.3).

        Raises:
            ApiMisuse: before the handshake is done, or after ``close_write``.
        """
        with self._lock:
            self._check_writable()
            if not self._done:
                raise ApiMisuse("update_keys() before the handshake is done")
            self._driver.command("update_keys", request)
            self._writer.flush()

    # --- What is known ------------------------------------------------------------------------

    @property
    def info(self) -> ConnectionInfo:
        """What was negotiated and proved.

        Raises:
            ApiMisuse: the handshake is not done.
        """
        state = self._driver.state
        if not self._done or not isinstance(state, Connected):
            raise ApiMisuse("the handshake is not done", "wait for HandshakeDone")
        return info_of(self.role, state.outcome, tuple(self._choices))

    @property
    def evidence(self) -> Evidence:
        """What is known so far, whether it went well or not; never a secret."""
        heard = self._driver.heard if hasattr(self, "_driver") else {}
        return Evidence(
            role=self.role.value,
            state=type(self._driver.state).__name__ if hasattr(self, "_driver") else "",
            phase="after the handshake" if self._done else "handshake",
            client_hello=heard.get(HandshakeType.client_hello, b""),
            server_hello=heard.get(HandshakeType.server_hello, b""),
            choices=tuple(self._choices),
            verdict=self._verdict,
        )

    def fork(self, observers: Sequence[Observer] = ()) -> Connection:
        """A second connection in the same state. Never let both talk to the outside."""
        twin: Connection = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._lock = threading.RLock()
        twin._observers = tuple(observers)
        observe = twin._notify if twin._observers else None
        twin._reader = self._reader.copy(observe)
        twin._writer = self._writer.copy(observe)
        twin._events = deque(self._events)
        twin._choices = list(self._choices)
        twin._driver = self._driver.fork(twin, observe)
        return twin

    # --- The carrier: what the machine asks for -----------------------------------------------

    def send(self, epoch: Epoch, raw: bytes) -> None:
        """Gather a handshake message of ours."""
        self._writer.handshake(raw)

    def install(self, direction: Direction, epoch: Epoch, secret: TrafficSecret) -> None:
        """Change the keys of one half."""
        if direction is Direction.READ:
            self._reader.install(epoch, secret)
            self._asked_for_update = False
        else:
            self._writer.install(epoch, secret)
        if self._observers:
            self._notify(KeysInstalled(direction, epoch, secret.suite.code))

    def open(self, direction: Direction) -> None:
        """Application data may flow."""
        if direction is Direction.READ:
            self._may_read = True
        else:
            self._may_write = True

    def change_cipher_spec(self) -> None:
        """The dummy record."""
        self._writer.change_cipher_spec()

    def skip_undecryptable(self, limit: int) -> None:
        """Refused early data is coming."""
        self._reader.skip_budget = limit

    def limit_records(self, read: int, write: int) -> None:
        """RFC 8449, 4: limits count the content type in."""
        self._reader.inner_limit = read
        self._writer.fragment = min(self._writer.fragment, write - 1)

    def tell(self, fact: Any) -> None:
        """Facts become events, evidence, and news for observers."""
        if isinstance(fact, Choice):
            self._choices.append(fact)
        elif isinstance(fact, outcome.TicketArrived):
            self._events.append(TicketReceived(fact.lifetime))
            return
        elif isinstance(fact, outcome.KeysUpdated):
            self._events.append(KeysUpdated(fact.direction, fact.requested))
            return
        elif isinstance(fact, CertificateJudged):
            self._verdict = fact.verdict
        elif isinstance(fact, HandshakeCompleted):
            self._done = True
            self._events.append(HandshakeDone(self.info))
        if self._observers:
            self._notify(fact)

    # --- Within -------------------------------------------------------------------------------

    def _process(self) -> None:
        """Open records and let the machine have them, until bytes or an answer are missing."""
        while self._error is None and not self._peer_closed:
            if self._driver.question is not None:
                self._hold_input()
                return
            try:
                item = self._reader.next()
                if item is None:
                    return
                self._take(item)
            except TLSError as error:
                self._fail(error)
            except Exception as error:
                self._fail(_bug(error))
                raise

    def _take(self, item: Item) -> None:
        if item.content_type == ContentType.application_data:
            self._take_data(item)
        elif item.content_type == ContentType.handshake:
            self._take_handshake(item)
        elif item.content_type == ContentType.alert:
            self._take_alert(item)
        elif item.protected:
            raise PeerMisbehaved(Reasons.unexpected_record, f"protected {item.content_type}")
        else:
            self._driver.receive_change_cipher_spec()

    def _take_data(self, item: Item) -> None:
        if self._driver.buffer.pending:
            raise PeerMisbehaved(Reasons.interleaved_handshake, "application_data")
        if not self._may_read:
            raise PeerMisbehaved(Reasons.plaintext_data, f"in {type(self._driver.state).__name__}")
        self._updates_in_a_row = 0
        self._events.append(DataReceived(item.content))
        opener = self._reader.opener
        if opener is not None and opener.number >= opener.limit and not self._asked_for_update:
            self._asked_for_update = True
            with self._lock:
                if not self._write_closed:
                    self._driver.command("update_keys", True)
                    self._writer.flush()

    def _take_handshake(self, item: Item) -> None:
        if self._done:
            self._count_post_handshake()
        with self._lock:
            try:
                self._driver.receive(self._reader.epoch, bytes(item.content))
            finally:
                self._writer.flush()
                self._after_driver()

    def _after_driver(self) -> None:
        question = self._driver.question
        if question is not None:
            self._events.append(question)

    def _count_post_handshake(self) -> None:
        self._updates_in_a_row += 1
        if self._updates_in_a_row > defaults.KEY_UPDATE_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_key_updates, "or tickets, with no data between")

    def _take_alert(self, item: Item) -> None:
        if self._driver.buffer.pending:
            raise PeerMisbehaved(Reasons.interleaved_handshake, "alert")
        if len(item.content) != 2:
            raise PeerMisbehaved(Reasons.malformed_alert, f"{len(item.content)} bytes")
        level, description = AlertLevel.of(item.content[0]), AlertDescription.of(item.content[1])
        if self._observers:
            self._notify(AlertArrived(level, description, self._reader.epoch))
        if description == AlertDescription.close_notify:
            self._peer_closed = True
            if self._done:
                self._events.append(PeerClosed())
            else:
                why = "with close_notify"
                self._fail(Truncation(Reasons.cut_in_handshake, why), alert=False)
        elif description == AlertDescription.user_canceled:
            self._warnings += 1
            if self._warnings > defaults.WARNING_ALERT_LIMIT:
                raise PeerMisbehaved(Reasons.too_many_warnings)
            self._events.append(AlertReceived(level, description))
        else:
            self._fail(self._refusal(description), alert=False)

    def _refusal(self, description: AlertDescription) -> AlertError:
        """The peer's alert with what can be said about it from here."""
        return AlertError(description)

    def _hold_input(self) -> None:
        """While a question is open the input waits, within a bound."""
        if self._reader.buffered > defaults.INPUT_WHILE_ASKING_LIMIT:
            waits = type(self._driver.question).__name__
            self._fail(PeerMisbehaved(Reasons.input_while_waiting, f"waiting for {waits}"))

    def _guard(self, call: Callable[[], None]) -> None:
        with self._lock:
            try:
                call()
            except TLSError as error:
                self._fail(error)
            finally:
                self._writer.flush()
            if self._error is None:
                self._after_driver()

    def _check_writable(self) -> None:
        if self._error is not None:
            raise self._error
        if self._write_closed:
            raise ApiMisuse("write() after close_write()")
        if not self._may_write:
            raise ApiMisuse("write() before the connection is open", "wait for HandshakeDone")

    def _room_under_key(self) -> int:
        """How many records the current key may still seal; a KeyUpdate makes room (5.5)."""
        sealer = self._writer.sealer
        if sealer is None:
            raise AssertionError("open for writing without keys")
        if sealer.number >= sealer.limit:
            if not self._done:
                raise LocalFailure(Reasons.key_limit_reached, "before the handshake is done")
            self._driver.command("update_keys", False)
            self._writer.flush()
            sealer = self._writer.sealer
        return sealer.limit - sealer.number

    def _alert(self, level: AlertLevel, description: AlertDescription) -> None:
        self._writer.alert(level, description)
        if self._observers:
            self._notify(AlertSent(level, description, self._writer.epoch))

    def _fail(self, error: TLSError, alert: bool = True) -> None:
        """Keep the error for ``next_event`` and tell the peer why."""
        with self._lock:
            if self._error is not None:
                return
            self._error = error
            sent = error.alert if alert and not self._write_closed else None
            received = error.alert if isinstance(error, AlertError) else None
            found = self.evidence
            error.evidence = Evidence(
                **{name: getattr(found, name) for name in _CARRIED},
                alert_sent=sent,
                alert_received=received,
            )
            if sent is not None:
                self._alert(AlertLevel.fatal, sent)
            if self._observers:
                self._notify(Failed(error))

    def _notify(self, event: Any) -> None:
        for observer in self._observers:
            observer.on_event(event)


_CARRIED = ("role", "state", "phase", "client_hello", "server_hello", "choices", "verdict")


def _bug(error: Exception) -> LocalFailure:
    """Anything but a TLSError out of a peer's bytes is ours: tell the peer, and let it escape."""
    return LocalFailure(Reasons.local_failure, f"a bug here: {type(error).__name__}")


class ClientConnection(Connection):
    """The client's end. The ClientHello is in ``data_to_send()`` right after construction.

    Args:
        config: how to connect.
        server_name: the name for SNI; also what the certificate must be for, unless ``identity``
            says otherwise. An IP address is checked and never sent.
        identity: the name or address that the certificate must be for.

    Raises:
        ApiMisuse: neither name nor identity is given and the trust is not ``insecure``.
    """

    def __init__(
        self,
        config: ClientConfig,
        server_name: str | None,
        *,
        identity: str | None = None,
        observers: Sequence[Observer] = (),
        composer: Composer = COMPOSER,
    ) -> None:
        wanted = identity if identity is not None else server_name
        if wanted is None and not config.trust.insecure:
            raise ApiMisuse("nobody said whom to expect", "give server_name= or identity=")

        def start(flow: Flow) -> State:
            return hello_client.start(config, server_name, wanted, composer, flow)

        super().__init__(Role.CLIENT, config, start, observers)


class ServerConnection(Connection):
    """The server's end.

    Args:
        config: how to answer.
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        observers: Sequence[Observer] = (),
        composer: Composer = COMPOSER,
    ) -> None:
        def start(flow: Flow) -> State:
            return hello_server.WaitClientHello(config, composer)

        super().__init__(Role.SERVER, config, start, observers)

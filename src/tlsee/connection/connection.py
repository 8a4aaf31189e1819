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

from tlsee.codes import AlertDescription, AlertLevel
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.asking import Asking
from tlsee.connection.events import (
    NEED_DATA,
    Event,
    NeedData,
    Truncated,
)
from tlsee.connection.facts import witnesses_among
from tlsee.errors import (
    ApiMisuse,
    LocalFailure,
    Reasons,
    TLSError,
    Truncation,
)
from tlsee.handshake import hello_client, hello_server
from tlsee.handshake.compose import Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.questions import Question
from tlsee.trace import Deed, Observer, Role

COMPOSER = Composer()


class Connection(Asking):
    """What both roles share; use ``ClientConnection`` or ``ServerConnection``."""

    def __init__(
        self,
        role: Role,
        config: ClientConfig | ServerConfig,
        start: Callable[[Flow], State],
        observers: Sequence[Observer],
        arguments: tuple[object, ...] = (),
    ) -> None:
        if observers:
            deed = Deed("connect" if role is Role.CLIENT else "accept", arguments)
            for witness in witnesses_among(observers):
                witness(deed)
        super().__init__(role, config, start, observers)
        self._guard(self._driver.begin)

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
        if self._witnesses:
            self._did("receive_data", data=data)
        self._reader.feed(data)
        try:
            if not self._peer_closed:
                self._process()
        finally:
            self._reader.settle()

    def receive_eof(self) -> None:
        """The transport has ended. Without a close_notify before it, that is a truncation."""
        if self._eof:
            return
        if self._witnesses:
            self._did("receive_eof")
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
    def failure(self) -> TLSError | None:
        """Why the connection has failed; ``None`` as long as it has not."""
        return self._error

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
        if isinstance(answer, BaseException) and not isinstance(answer, TLSError):
            refusal = LocalFailure(Reasons.answer_refused, f"{type(answer).__name__}")
            refusal.__cause__ = answer
            answer = refusal
        with self._lock:  # what was asked aside may be answered by any thread
            if self._error is not None:
                raise ApiMisuse("the connection has failed; there is nothing to answer any more")
            if not self._driver.is_open(question):
                raise ApiMisuse(
                    f"{type(question).__name__} is not the open question",
                    "answer each Question event once",
                )
            if not isinstance(answer, BaseException):
                question.check(answer)
            if self._witnesses:
                self._did("answer", type(question).__name__, self._driver.place_of(question))
            held = self.input_waits
            self._guard(lambda: self._driver.answer(question, answer))
        if held and self._error is None:
            self._process()

    @property
    def input_waits(self) -> bool:
        """Whether input is kept back until a question is answered; one asked aside keeps none."""
        return self._driver.question is not None

    # --- Writing ------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Seal application data into the queue of outgoing bytes.

        Raises:
            ApiMisuse: the connection is not open for writing yet, or closed for it.
            TLSError: the connection has failed.
        """
        with self._lock:
            self._check_writable()
            if self._witnesses:
                self._did("write", data=data)
            view = data if isinstance(data, bytes) else memoryview(data).cast("B")
            start = 0
            while start < len(view):
                end = start + self._room_under_key() * self._writer.fragment
                self._writer.data(view[start:end])  # of bytes, all of them is no copy
                start = end

    @property
    def early_data_room(self) -> int:
        """How many bytes ``write_early_data`` still takes: 0 without a session that allows it,
        and once it is known what became of what was sent.
        """
        return self._early_room if self.role is Role.CLIENT and not self._done else 0

    def write_early_data(self, data: bytes | bytearray | memoryview) -> None:
        """Send data before the handshake is done, readable under the session's key alone.

        Whoever records it can send it again, to this server or to another one, so it must not do
        anything that happens twice; and there is no forward secrecy (RFC 9846, 8 and E.5). Whether
        it was accepted is in ``info.early_data``; refused data has to be written again.

        Raises:
            ApiMisuse: more than ``early_data_room``.
            TLSError: the connection has failed.
        """
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._write_closed:
                raise ApiMisuse("write_early_data() after close_write()")
            view = memoryview(data).cast("B")
            if len(view) > self.early_data_room:
                raise ApiMisuse(
                    f"{len(view):,} bytes of early data, {self.early_data_room:,} are possible",
                    "write() takes them once the handshake is done",
                )
            if self._witnesses:
                self._did("write_early_data", data=view)
            self._early_room -= len(view)
            self._writer.data(view)

    def send_tickets(self, number: int = 1) -> None:
        """Give the client more tickets, if it knows what they are (a server of TLS 1.3).

        Raises:
            ApiMisuse: before the handshake is done, on a client, in TLS 1.2, or too many.
        """
        with self._lock:
            self._check_writable()
            if not self._done:
                raise ApiMisuse("send_tickets() before the handshake is done")
            if self._witnesses:
                self._did("send_tickets", number)
            self._driver.command("send_tickets", number)
            self._writer.flush()

    def data_to_send(self) -> bytes | bytearray:
        """Take the bytes that wait for the transport; empty if none do. The buffer is yours."""
        with self._lock:
            queue = self._writer.queue
            if not queue:
                return b""
            if self._witnesses and self._answers_unsent:
                self._did("data_to_send")
            self._writer.queue = []
            self._answers_unsent = 0
        return queue[0] if len(queue) == 1 else b"".join(queue)

    @property
    def has_data_to_send(self) -> bool:
        """Whether bytes wait for the transport."""
        return bool(self._writer.queue)

    def close_write(self) -> None:
        """Say close_notify: no more data from here. Reading goes on (RFC 9846, 6.1)."""
        with self._lock:
            if self._write_closed or self._error is not None:
                return
            if self._witnesses:
                self._did("close_write")
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
            if self._witnesses:
                self._did("update_keys", bool(request))
            # RFC 9846, 4.7.3: not a second request before the first has been answered.
            request = request and not self._asked_for_update
            self._asked_for_update |= request
            self._driver.command("update_keys", request)
            self._writer.flush()

    def fork(self, observers: Sequence[Observer] = ()) -> Connection:
        """A second connection in the same state. Never let both talk to the outside."""
        twin: Connection = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._lock = threading.RLock()
        twin._observers = tuple(observers)
        twin._witnesses = witnesses_among(twin._observers)
        observe = twin._notify if twin._observers else None
        twin._reader = self._reader.copy(observe)
        twin._writer = self._writer.copy(observe)
        twin._events = deque(self._events)
        twin._choices = list(self._choices)
        twin._driver = self._driver.fork(twin, observe)
        return twin

    # --- Within ---------------------------------------------------------------------------------

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
            if not self._driver.can("update_keys"):
                raise LocalFailure(Reasons.key_limit_reached, "and TLS 1.2 has no KeyUpdate")
            self._driver.command("update_keys", False)
            self._writer.flush()
            return self._room_under_key()
        return sealer.limit - sealer.number


class ClientConnection(Connection):
    """The client's end. The ClientHello is in ``data_to_send()`` right after construction.

    Args:
        config: how to connect.
        server_name: the name for SNI; also what the certificate must be for, unless ``identity``
            says otherwise. An IP address is checked and never sent.
        identity: the name or address that the certificate must be for.
        early_data: how many bytes will be sent early, where a session allows so many (``True``:
            any); see ``early_data_room`` and ``write_early_data``.

    Raises:
        ApiMisuse: neither name nor identity is given and the trust is not ``insecure``.
    """

    def __init__(
        self,
        config: ClientConfig,
        server_name: str | None,
        *,
        identity: str | None = None,
        early_data: bool | int = False,
        observers: Sequence[Observer] = (),
        composer: Composer = COMPOSER,
    ) -> None:
        wanted = identity if identity is not None else server_name
        believes_somebody = bool(config.trust.anchors)
        if wanted is None and not config.trust.insecure and believes_somebody:
            raise ApiMisuse("nobody said whom to expect", "give server_name= or identity=")

        def start(flow: Flow) -> State:
            return hello_client.start(config, server_name, wanted, composer, flow, int(early_data))

        arguments = server_name, identity, int(early_data)
        super().__init__(Role.CLIENT, config, start, observers, arguments)


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
        def start(_: Flow) -> State:
            return hello_server.WaitClientHello(config, composer)

        super().__init__(Role.SERVER, config, start, observers)

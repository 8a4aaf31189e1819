"""A blocking stream until it is open: the handshake, and what may be said before it is done."""

from __future__ import annotations

import socket
import threading
from collections import deque
from typing import Any

from tlsee import defaults
from tlsee.connection.connection import Connection
from tlsee.connection.events import EarlyDataReceived, HandshakeDone, NeedData
from tlsee.connection.info import ConnectionInfo
from tlsee.errors import ApiMisuse, HandshakeTimeout, Reasons, TLSError, Truncation
from tlsee.keys.protection import MAX_PLAINTEXT
from tlsee.questions import Question
from tlsee.sessions.session import Session
from tlsee.streams.answers import OnQuestion, ask
from tlsee.streams.bound import Bound
from tlsee.streams.cuts import CUT
from tlsee.streams.deadline import MONOTONIC, Clock, Deadline, sooner
from tlsee.streams.early import EarlyWords
from tlsee.streams.transport import Transport
from tlsee.trace import Role

# Bytes sealed and handed to the socket at a time, which is what a big write costs in memory: full
# records that stay, sealed, below malloc's threshold for mapping fresh pages (see LARGE_READ).
PIECE = 7 * MAX_PLAINTEXT


class OpeningStream(Bound):
    """What a stream is before its handshake is done; ``Stream`` is the rest of it."""

    def __init__(
        self,
        sock: socket.socket,
        connection: Connection,
        *,
        handshake_timeout: float | None = defaults.HANDSHAKE_TIMEOUT,
        on_question: OnQuestion | None = None,
        record_exact: bool = False,
        insecure_accept_truncation: bool = False,
        early_words: EarlyWords | None = None,
        clock: Clock = MONOTONIC,
    ) -> None:
        self.connection = connection
        self.last_session: Session | None = None
        self._transport = Transport(sock, connection, record_exact=record_exact)
        self._timeout = self._transport.timeout
        self._handshake_timeout = sooner(handshake_timeout, self._timeout)
        self._on_question = on_question
        self._accept_truncation = insecure_accept_truncation
        self._clock = clock
        self._chunks: deque[memoryview] = deque()  # data that came and was not asked for yet
        self._asides: deque[Question] = deque()  # asked, and nothing waits for the answers
        self._ended = False  # none will follow those in _chunks
        self._truncation: Truncation | None = None
        self._open = False
        self._failure: TLSError | OSError | None = None  # the handshake's
        self._claim = threading.Lock()
        self._shaking = False
        self._settled = threading.Event()
        self._deadline: Deadline | None = None  # of the handshake, from its first byte on
        self._early_words = early_words
        self._early_came = 0  # bytes
        self._early_left = 0  # of these, in _chunks and in front of all else
        self._reads_early = False  # the application does not wait for Finished

    # --- What is known ------------------------------------------------------------------------

    @property
    def info(self) -> ConnectionInfo:
        """What was negotiated and proved.

        Raises:
            ApiMisuse: the handshake is not done.
        """
        return self.connection.info

    @property
    def early_data_length(self) -> int:
        """How many of the first bytes that a server reads came before the handshake was done.

        They may have come to another server too, or may come again: see docs/sessions.md. No
        ``recv`` returns bytes of both kinds.
        """
        return self._early_came

    @property
    def unsent_early_data(self) -> bytes:
        """What a client gave as early data and the server does not have: all of it, or nothing.

        It was refused (``info.early_data`` says so), or no session allowed it. Send it where that
        is right: with ``sendall`` like anything else.
        """
        return self._early_words.left if self._early_words is not None else b""

    def fileno(self) -> int:
        """The socket's handle; -1 after ``close`` and ``unwrap``."""
        return -1 if self._transport.released else self._transport.sock.fileno()

    def getpeername(self) -> Any:
        """The peer's address, as the socket gives it."""
        return self._transport.sock.getpeername()

    # --- The handshake ------------------------------------------------------------------------

    def handshake(self) -> None:
        """Shake hands, if that has not happened. Where it fails, the socket is closed.

        Raises:
            TLSError: it failed; the peer was sent the alert. ``HandshakeTimeout`` is one.
            OSError: the transport failed in a way that TLS has no word for.
        """
        if not self._open:
            self._shake_hands(until_early=False)

    def recv_early(self, size: int = 65536) -> bytes:
        """A server's look at early data before the handshake is done; ``b""`` when there is none.

        Then the handshake is done. Whoever calls this does not wait for the client's Finished: what
        it returns may be a replay, and ``sendall`` answers it at once, to a client whose
        certificate, where one is asked for, nobody has seen yet. Do what may happen twice, for
        anybody; ``recv`` waits, and gives what was not read here.

        Raises:
            ApiMisuse: on a client. TLSError, OSError: as ``handshake``.
        """
        if self.connection.role is Role.CLIENT:
            raise ApiMisuse("recv_early() on a client", "early data goes from client to server")
        self._reads_early = True
        if not self._early_left and not self._open:
            self._shake_hands(until_early=True)
        return self._next_chunk(size) if self._early_left and size > 0 else b""

    def _shake_hands(self, *, until_early: bool) -> None:
        self._check_usable()
        with self._claim:
            mine, self._shaking = not self._shaking, True
        if not mine:
            self._settled.wait()
            self._check_usable()
            return
        try:
            with self._transport.reading:
                self._shake(until_early=until_early)
        except TLSError as error:
            self._failure = error
            self._annotate(error)
            self._give_up(error)
            raise
        except BaseException as error:
            self._failure = error if isinstance(error, OSError) else None
            self._annotate(error)
            self._transport.release()
            raise
        finally:
            self._shaking = not until_early or self._open
            if self._shaking or self._failure is not None:
                self._settled.set()

    def _shake(self, *, until_early: bool) -> None:
        if self._deadline is None:
            self._deadline = Deadline(self._handshake_timeout, self._clock, self._late)
        while not self._open and not (until_early and self._early_left):
            if self._early_words is not None:
                self._early_words.say(self.connection)
            self._send_in_handshake(self._deadline)
            event = self.connection.next_event()
            if isinstance(event, NeedData):
                self._transport.fill(self._deadline)
            elif isinstance(event, Question):
                ask(self.connection, event, self._on_question)
            elif isinstance(event, EarlyDataReceived):
                self._take_early(event.data)
            elif isinstance(event, HandshakeDone):
                self._say_late(event.info, self._deadline)
                self._open = True

    def _take_early(self, data: bytes | bytearray) -> None:
        """The connection bounds them: by what the ticket allows."""
        if data:
            self._chunks.append(memoryview(data))
            self._early_came += len(data)
            self._early_left += len(data)

    def _say_late(self, info: ConnectionInfo, deadline: Deadline) -> None:
        """Early data that was refused and is to be sent all the same."""
        if self._early_words is None:
            return
        late = memoryview(self._early_words.settle(info))
        for start in range(0, len(late), PIECE):
            self.connection.write(late[start : start + PIECE])
            self._send_in_handshake(deadline)

    def _send_in_handshake(self, deadline: Deadline) -> None:
        """A peer that has hung up may have said why before: then that is the error."""
        try:
            self._transport.flush(deadline)
        except CUT as error:
            self._transport.hear_last_words(error)

    @staticmethod
    def _late() -> Exception:
        return HandshakeTimeout(Reasons.handshake_timeout)

    def _annotate(self, error: BaseException) -> None:
        """Nothing that was said early is dropped without a word."""
        if self._early_words is not None:
            self._early_words.annotate(error)
        if self._early_left:
            error.add_note(f"{self._early_left:,} bytes of early data had come and were not read")

    def _give_up(self, error: TLSError) -> None:
        """Let the peer know why before the socket goes."""
        if isinstance(error, HandshakeTimeout):
            error.evidence = self.connection.evidence
            self.connection.close_write()  # user_canceled
        self._transport.end_writing()
        if error.evidence.alert_sent is not None:
            self._transport.linger(Deadline(defaults.LINGER_TIMEOUT, self._clock))
        self._transport.release()

    # --- For both -----------------------------------------------------------------------------

    def _next_chunk(self, size: int) -> bytes:
        """At most ``size`` of the bytes that wait, of one kind."""
        chunk = self._chunks[0]
        if len(chunk) > size:
            self._chunks[0] = chunk[size:]
            chunk = chunk[:size]
            taken: bytes = bytes(chunk)
        else:
            self._chunks.popleft()
            whole = chunk.obj
            is_whole = type(whole) is bytes and len(whole) == len(chunk)
            taken = whole if is_whole and type(whole) is bytes else bytes(chunk)
        self._early_left = max(0, self._early_left - len(taken))
        return taken

    def _check_usable(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._transport.released:
            raise ApiMisuse("the stream is closed", "open another one")

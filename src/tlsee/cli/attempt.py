"""One connection from the name to the end, with everything that there is to tell of it."""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from tlsee.cli.dialing import reach
from tlsee.cli.exit_codes import CommandError, ExitCode, Usage
from tlsee.cli.extras import Export, NotGiven, change_keys, exported
from tlsee.cli.judging import BesidePeer
from tlsee.cli.keylogs import open_keylogs
from tlsee.cli.plumbing import Sink, standard_input
from tlsee.cli.recordings import open_recorder, watched
from tlsee.cli.stores import reason_of
from tlsee.cli.targets import host_and_port
from tlsee.cli.wishes import Exchange, Wish
from tlsee.codes import HandshakeType, ProtocolVersion
from tlsee.connection.info import ConnectionInfo
from tlsee.errors import AlertReceived, ApiMisuse, CertificateRejected, TLSError
from tlsee.explain.collector import Collector
from tlsee.explain.story import Story
from tlsee.identity.path.verdict import Verdict
from tlsee.recording.recorder import Recorder
from tlsee.streams.blocking import Stream, wrap_client
from tlsee.streams.deadline import Deadline
from tlsee.trace import Role

# How long a server that asked for our certificate gets to say what it made of it. In TLS 1.3 a
# client is done before the server has looked; most servers send a ticket or an alert at once.
SERVER_VERDICT_SECONDS = 1.0
SESSION_SECONDS = 1.0  # for a ticket, where the session is wanted
GLANCE = 0.05  # seconds between looks whether a ticket came, which ``recv`` does not return for

KEY_UPDATE_SECONDS = 1.0  # for a server's answer to our KeyUpdate, where no data is exchanged
CLOSE_SECONDS = 1.0  # for the peer's close_notify, after ours
LAST_INPUT_SECONDS = 5.0  # for our own input to end, after the peer has closed


class ServerVerdict(enum.Enum):
    """What a server that asked for our certificate made of it."""

    WENT_ON = "went_on"
    REFUSED = "refused"
    NOT_SAID = "not_said"


class Silence(CommandError):
    """The peer fell silent after the handshake."""

    code = ExitCode.REFUSED


class Attempt:
    """Runs once. What it found out is in its attributes, also where it failed.

    Attributes:
        stage: how far it came: ``name``, ``tcp``, ``proxy``, ``handshake``, ``data``, ``close``
            or ``done``.
        error: why it went no further.
        road: which address was reached, or which proxy.
        info, timings, verdict: what was negotiated; milliseconds; what the server made of our
            certificate, ``None`` if it asked for none.
        exports: the keying material that was wanted. keys_changed: whether ours were.
        early: what to say before the handshake is done, or right after. unsent_early: what was not.
    """

    def __init__(self, wish: Wish, sink: Sink, *, early: bytes = b"") -> None:
        self.wish = wish
        self.sink = sink
        self.stage = "name"
        self.error: TLSError | CommandError | OSError | None = None
        self.road = ""
        self.info: ConnectionInfo | None = None
        self.timings: dict[str, float] = {}
        self.verdict: ServerVerdict | None = None
        self.exports: tuple[tuple[Export, bytes], ...] = ()
        self.keys_changed = False
        self.early = early
        self.unsent_early = early
        self._collector = Collector(Role.CLIENT)
        self._began = time.perf_counter()

    @property
    def story(self) -> Story:
        """What was said so far."""
        return Story.of(self._collector)

    @property
    def judgement(self) -> Verdict | None:
        """What was made of the server's certificate, also where that ended the connection."""
        told: Verdict | None = self.story.verdict
        if told is None and isinstance(self.error, CertificateRejected):
            told = self.error.verdict
        return told

    @property
    def code(self) -> ExitCode:
        """What the shell is told."""
        if self.error is None:
            return ExitCode.WORKED
        if isinstance(self.error, CommandError):
            return self.error.code
        return ExitCode.REFUSED

    def run(self, opened: Callable[[Attempt], None]) -> None:
        """Connect, exchange, close. ``opened`` is called once the handshake is done.

        Raises:
            Usage: a key log or a recording cannot be written.
        """
        logs, record = open_keylogs(self.wish.keylogs), open_recorder(self.wish.record)
        with logs as keylogs, record as recorder:
            try:
                stream = self._open([self._collector, *keylogs], recorder)
                try:
                    self._do_extras(stream)
                    opened(self)
                    self._exchange(stream)
                    self._close(stream)
                finally:
                    stream.abort()
                self.stage = "done"
            except ApiMisuse as error:  # what was asked for does not fit into the protocol
                self.error = Usage(error.detail, error.fix)
            except (TLSError, CommandError, OSError) as error:
                self.error = error
        if isinstance(self.error, CommandError) and self.info is None:
            self.stage = self.error.stage
        if self.error is not None and self.info is not None and self.info.asked_for_certificate:
            refused = isinstance(self.error, AlertReceived)
            self.verdict = ServerVerdict.REFUSED if refused else ServerVerdict.NOT_SAID
        self.timings["total_ms"] = self._milliseconds(self._began)

    # --- The handshake ------------------------------------------------------------------------

    def _open(self, observers: list[Any], recorder: Recorder | None) -> Stream:
        wish = self.wish
        deadline = Deadline(wish.timeout)
        road = reach(wish.target, wish.proxy, deadline)
        self.road = road.text
        self.timings |= road.timings
        fetcher = wish.config.judging.fetcher
        if isinstance(fetcher, BesidePeer) and wish.proxy is None:
            fetcher.reached(road.sock.getpeername()[0])
        self.stage = "handshake"
        began = time.perf_counter()
        try:
            stream = wrap_client(
                road.sock,
                watched(recorder, wish.config),
                server_name=wish.server_name,
                identity=wish.identity,
                handshake_timeout=deadline.remaining,
                observers=[*observers, recorder] if recorder is not None else observers,
                early_data=self.early,
                early_data_refused="resend",
            )
            stream.handshake()
        except BaseException:
            road.sock.close()
            raise
        finally:
            self.timings["handshake_ms"] = self._milliseconds(began)
        self.info = stream.info
        self.unsent_early = stream.unsent_early_data
        return stream

    @staticmethod
    def _milliseconds(began: float) -> float:
        return round((time.perf_counter() - began) * 1000, 3)

    # --- Afterwards ---------------------------------------------------------------------------

    def _do_extras(self, stream: Stream) -> None:
        self.stage = "data"
        extras = self.wish.extras
        try:
            self.exports = exported(stream, extras.exports)
            if extras.key_update:
                change_keys(stream)
                self.keys_changed = True
        except NotGiven:
            stream.close(CLOSE_SECONDS)
            raise

    @property
    def keys_answered(self) -> bool:
        """Whether the server has changed its keys too, of itself or because we asked."""
        kind = HandshakeType.key_update
        return any(s.handshake_type == kind and not s.sent for s in self.story.steps)

    def _await_new_keys(self, stream: Stream) -> None:
        """A server that has nothing to say may still answer; for at most a second."""
        stream.settimeout(GLANCE)
        deadline = Deadline(KEY_UPDATE_SECONDS)
        while deadline.remaining != 0.0 and not self.keys_answered:
            try:
                if not stream.recv():
                    return
            except TimeoutError:
                continue

    def _exchange(self, stream: Stream) -> None:
        self.stage = "data"
        asked = self.info is not None and self.info.asked_for_certificate
        kind = self.wish.exchange
        if kind is Exchange.NOTHING:
            if asked:
                self.verdict = self._await_verdict(stream)
            if self.keys_changed:
                self._await_new_keys(stream)
            if self.early:
                stream.settimeout(self.wish.timeout)
                self._converse(stream, iter(()), end=True)
            elif self.wish.again.times:
                self._await_session(stream)
            return
        stream.settimeout(None if kind is Exchange.TERMINAL else self.wish.timeout)
        source = iter([self._request()]) if kind is Exchange.HTTP else standard_input()
        self._converse(stream, source, end=kind is not Exchange.HTTP)
        self.sink.finish()
        if asked:
            self.verdict = ServerVerdict.WENT_ON

    def _await_session(self, stream: Stream) -> None:
        """A server of TLS 1.3 sends its tickets after the handshake; for at most a second."""
        if self.info is None or self.info.version < ProtocolVersion.TLS13:
            return
        stream.settimeout(GLANCE)
        deadline = Deadline(SESSION_SECONDS)
        while deadline.remaining != 0.0 and stream.last_session is None:
            try:
                if not stream.recv():
                    return
            except TimeoutError:
                continue

    def _await_verdict(self, stream: Stream) -> ServerVerdict:
        """The server's next word, for at most a second: any but a refusal means it went on.

        In TLS 1.2 its Finished was that word.
        """
        if self.info is not None and self.info.version < ProtocolVersion.TLS13:
            return ServerVerdict.WENT_ON
        stream.settimeout(GLANCE)
        deadline = Deadline(SERVER_VERDICT_SECONDS)
        while deadline.remaining != 0.0:
            try:
                stream.recv()
            except TimeoutError:
                if not self._heard_after_handshake():
                    continue
            return ServerVerdict.WENT_ON
        return ServerVerdict.NOT_SAID

    def _heard_after_handshake(self) -> bool:
        """Whether the server has said anything since the handshake was done."""
        story = self.story
        done = story.done
        return done is not None and any(s.at >= done and not s.sent for s in story.steps)

    def _converse(self, stream: Stream, source: Iterator[bytes], *, end: bool) -> None:
        """Send what the source has in one thread, and read in this one."""
        sender = threading.Thread(target=self._send, args=(stream, source, end), daemon=True)
        sender.start()
        while not self.sink.closed:
            try:
                data = stream.recv()
            except TimeoutError:
                if sender.is_alive():
                    continue  # we are still talking; it may listen
                raise Silence(
                    f"the server said nothing for {self.wish.timeout:g} s",
                    "--timeout SECONDS waits longer",
                    stage="data",
                    name="silent",
                ) from None
            if not data:
                sender.join(LAST_INPUT_SECONDS)
                return
            self.sink.write(data)

    def _send(self, stream: Stream, source: Iterator[bytes], end: bool) -> None:
        try:
            for piece in source:
                stream.sendall(piece)
            if end:
                stream.send_eof()
        except (TLSError, OSError):
            return  # whoever reads hears of it, in the peer's words if it left any

    def _request(self) -> bytes:
        target = self.wish.target
        host = self.wish.server_name or target.host
        named = host_and_port(host, target.port)
        if target.port == 443:
            named = named.removesuffix(":443")
        lines = (
            f"GET {self.wish.path} HTTP/1.1",
            f"Host: {named}",
            "User-Agent: tlsee",
            "Accept: */*",
            "Connection: close",
            "",
            "",
        )
        return "\r\n".join(lines).encode("ascii")

    def _close(self, stream: Stream) -> None:
        self.stage = "close"
        stream.close(CLOSE_SECONDS)


def sentence_of(error: BaseException) -> str:
    """The error in one line."""
    if isinstance(error, OSError):
        return f"the connection broke: {reason_of(error)}"
    return str(error)

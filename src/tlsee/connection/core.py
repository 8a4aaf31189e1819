"""What lies under a connection's public face: the machine's carrier, and input on its way to it.

Facts that the machine tells become events, evidence and news for observers here; an error becomes
an alert and is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import ClassVar

from tlsee import defaults
from tlsee.codes import AlertDescription, AlertLevel, ContentType, HandshakeType
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import (
    AlertReceived,
    DataReceived,
    EarlyDataReceived,
    PeerClosed,
)
from tlsee.connection.facts import Facts
from tlsee.connection.info import ConnectionInfo, info_of
from tlsee.connection.reading import Item, RecordReader
from tlsee.connection.refusals import refusal
from tlsee.connection.writing import RecordWriter
from tlsee.errors import (
    AlertReceived as AlertError,
)
from tlsee.errors import (
    ApiMisuse,
    CertificateRejected,
    Evidence,
    LocalFailure,
    PeerMisbehaved,
    Reasons,
    TLSError,
    Truncation,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import Driver, State
from tlsee.handshake.post12 import Connected12
from tlsee.handshake.post13 import Connected
from tlsee.keys.directions import DirectionSecret, opener_of, sealer_of
from tlsee.questions import Question
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    CertificateJudged,
    Direction,
    Epoch,
    Failed,
    KeysInstalled,
    Observer,
    Role,
)


class Core(Facts):
    """State shared by both halves, the carrier's methods, and the way of a record inwards."""

    _driver_class: ClassVar[type[Driver]] = Driver

    def __init__(
        self,
        role: Role,
        config: ClientConfig | ServerConfig,
        start: Callable[[Flow], State],
        observers: Sequence[Observer],
    ) -> None:
        super().__init__(config, observers)
        self.role = role
        self.middlebox_compatibility = config.policy.middlebox_compatibility
        self.has_key_update = True
        self._lock = threading.RLock()
        observe = self._notify if self._observers else None
        self._reader = RecordReader(role, observe)
        self._writer = RecordWriter(config.policy.padding_block, observe)
        self._error: TLSError | None = None
        self._may_read = False
        self._may_write = False
        self._may_read_early = False
        self._peer_closed = False
        self._write_closed = False
        self._eof = False
        self._warnings = 0
        self._asked_for_update = False
        self._driver = self._driver_class(start, self, observe)

    # --- What is known ------------------------------------------------------------------------

    @property
    def info(self) -> ConnectionInfo:
        """What was negotiated and proved.

        Raises:
            ApiMisuse: the handshake is not done.
        """
        state = self._driver.state
        if not self._done or not isinstance(state, Connected | Connected12):
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

    # --- The carrier: what the machine asks for -----------------------------------------------

    def send(self, epoch: Epoch, raw: bytes) -> None:  # noqa: ARG002 - records know their epoch
        """Gather a handshake message of ours; nothing follows a close_notify (6.1)."""
        if not self._write_closed:
            self._writer.handshake(raw)

    def install(self, direction: Direction, epoch: Epoch, secret: DirectionSecret) -> None:
        """Change the keys of one half."""
        if direction is Direction.READ:
            self._reader.install(epoch, opener_of(secret))
            if self._asked_for_update:  # an answer is as welcome as data
                self._asked_for_update, self._updates_in_a_row = False, 0
        else:
            self._writer.install(epoch, sealer_of(secret, self.config.provider.random))
        if self._observers:
            self._notify(KeysInstalled(direction, epoch, secret.suite.code))

    def open(self, direction: Direction) -> None:
        """Application data may flow."""
        if direction is Direction.READ:
            self._may_read = True
        else:
            self._may_write = True

    def open_early(self, direction: Direction, limit: int) -> None:
        """Early data may flow, so much of it."""
        self._early_room = limit
        self._may_read_early = direction is Direction.READ

    def unprotect(self) -> None:
        """The second hello is in the clear, and no early data follows it."""
        self._writer.unprotect()

    def change_cipher_spec(self) -> None:
        """The dummy record."""
        self._writer.change_cipher_spec()

    def warn(self, description: AlertDescription) -> None:
        """An alert that ends nothing."""
        if not self._write_closed:
            self._alert(AlertLevel.warning, description)

    def ask_aside(self, question: Question) -> None:
        """An event like any other: nothing waits for its answer but the exchange that asked."""
        self._events.append(question)

    def skip_undecryptable(self, limit: int) -> None:
        """Refused early data is coming."""
        self._reader.skip_budget = limit

    def limit_records(self, read: int, write: int, in_the_clear: bool) -> None:
        """RFC 8449, 4: limits count the content type in."""
        self._reader.inner_limit = read
        if in_the_clear:
            self._reader.clear_limit = read - 1
        self._writer.fragment = min(self._writer.fragment, write - 1)

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
            self._take_early_data(item)
            return
        if not self._driver.state.allows_data:
            raise PeerMisbehaved(Reasons.interleaved_authentication, "application_data")
        self._updates_in_a_row = 0
        self._events.append(DataReceived(item.content))
        opener = self._reader.opener
        if opener is not None and opener.number >= opener.limit and self._may_ask_for_update:
            self._asked_for_update = True
            with self._lock:
                if not self._write_closed:
                    self._driver.command("update_keys", True)
                    self._writer.flush()

    def _take_early_data(self, item: Item) -> None:
        """RFC 9846, 4.7.1: the ticket says how much there may be."""
        if not self._may_read_early or self._reader.epoch is not Epoch.EARLY:
            raise PeerMisbehaved(Reasons.plaintext_data, f"in {type(self._driver.state).__name__}")
        self._early_room -= len(item.content)
        if self._early_room < 0:
            raise PeerMisbehaved(Reasons.early_data_over_limit)
        self._events.append(EarlyDataReceived(item.content))

    @property
    def _may_ask_for_update(self) -> bool:
        return not self._asked_for_update and self._driver.can("update_keys")

    def _take_handshake(self, item: Item) -> None:
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
        elif description == AlertDescription.user_canceled or (
            level == AlertLevel.warning and self._driver.state.ignores_warnings
        ):
            self._warnings += 1
            if self._warnings > defaults.WARNING_ALERT_LIMIT:
                raise PeerMisbehaved(Reasons.too_many_warnings)
            self._events.append(AlertReceived(level, description))
        else:
            self._fail(self._refusal(description), alert=False)

    def _refusal(self, description: AlertDescription) -> AlertError:
        """The peer's alert with what can be said about it from here."""
        heard = self._driver.heard
        return refusal(
            description,
            self.role,
            self.config,
            tuple(self._choices),
            hello=heard.get(HandshakeType.client_hello, b""),
            request=heard.get(HandshakeType.certificate_request, b""),
            done=self._done,
            spoken=self._reader.clear_version if self._reader.opener is None else 0,
        )

    def _hold_input(self) -> None:
        """While a question is open the input waits, within a bound."""
        if self._reader.buffered > defaults.INPUT_WHILE_ASKING_LIMIT:
            waits = type(self._driver.question).__name__
            self._fail(PeerMisbehaved(Reasons.input_while_waiting, f"waiting for {waits}"))

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
            self._forget_session()
            if isinstance(error, CertificateRejected) and error.verdict is not None:
                self.tell(CertificateJudged(error.verdict))  # what refuses has told nothing
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


_CARRIED = ("role", "state", "phase", "client_hello", "server_hello", "choices", "verdict")


def _bug(error: Exception) -> LocalFailure:
    """Anything but a TLSError out of a peer's bytes is ours: tell the peer, and let it escape."""
    return LocalFailure(Reasons.local_failure, f"a bug here: {type(error).__name__}")

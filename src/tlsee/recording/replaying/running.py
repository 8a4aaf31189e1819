"""One run of a recording's endpoint, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.codes import ContentType
from tlsee.connection.connection import COMPOSER, Connection
from tlsee.connection.events import NEED_DATA
from tlsee.crypto.provider import Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.replay import Replay
from tlsee.errors import ApiMisuse, Evidence, TLSError
from tlsee.handshake.compose import Composer
from tlsee.questions import ConfigForHello, Question
from tlsee.recording.kept import Answered, Configuration
from tlsee.recording.recording import Recording
from tlsee.recording.replaying.answers import RecordedAnswers
from tlsee.recording.replaying.applying import Stepping, stepping_client, stepping_server
from tlsee.recording.replaying.comparing import Comparison, Difference
from tlsee.recording.replaying.configuration import configured
from tlsee.recording.replaying.editing import Edit
from tlsee.recording.replaying.input import INPUTS, Input
from tlsee.recording.replaying.playable import BEGINNINGS, check_playable, was_reflected
from tlsee.trace import (
    Choice,
    Deed,
    MessageReceived,
    RecordReceived,
    Role,
    TraceEvent,
)
from tlsee.values import value

__all__ = ["Outcome", "Replaying"]


@value
class Outcome:
    """What a replay came to.

    Attributes:
        same: whether all that happened was what was recorded, to the last byte sent.
        role: whose recording it is.
        messages, records: how many were as recorded, both ways.
        sent_bytes, received_bytes: of the records that were.
        difference: where it first went another way, or ``None``.
        error: what the connection failed with, as it did when it was recorded or not; or ``None``.
        state: the machine's last.
        unused: how many entries of the journal nobody asked for.
        cut_off: why the recording ends early, in a sentence, or ``""``.
    """

    same: bool
    role: Role
    messages: int
    records: int
    sent_bytes: int
    received_bytes: int
    difference: Difference | None
    error: TLSError | None
    state: str
    unused: int
    cut_off: str


class Replaying:
    """One run of a recording's endpoint.

    Args:
        recording: a full one.

    Raises:
        ApiMisuse: it cannot be replayed.
    """

    def __init__(self, recording: Recording) -> None:
        check_playable(recording)
        self.recording = recording
        self._moments = recording.moments
        self._place = 0
        self._input = Input()
        self._by_record = False
        self._comes_apart = False  # the input at hand is handed over record by record
        self._waiting = b""  # a record that was told of, and whose message was not yet
        self._edits: list[Edit] = []
        self._target: str | int | None = None
        self._connection: Stepping | None = None
        self._replay = Replay(PROVIDER, recording.journal, self._beyond())
        self.comparison = Comparison(recording, lambda: self._replay.problem)
        self._asked: list[Question] = []  # and not answered yet
        self._stopped = False
        self._was_reflected = was_reflected(recording)

    def _beyond(self) -> Provider | None:
        """Who answers what the journal does not: nobody."""
        return None

    @property
    def _is_changed(self) -> bool:
        return False

    # --- Going on -------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Go on to the end, or to where it goes another way."""
        self._go_on(None)
        while self._step():
            pass
        if not self._stopped:
            self._guarded("receive_data", self._flush)
            self._look_at_problem()
            self.comparison.end()
        return self.outcome

    def until(self, where: str | int) -> bool:
        """Go on until a state is entered, or a message of this name or number was sent or came.

        Args:
            where: a state (``WaitServerHello``), a message (``server_hello``) or its number from 1.

        Returns:
            Whether it came there; else it is at its end, or at the first difference.

        Raises:
            ApiMisuse: the number is below 1.
        """
        if isinstance(where, int) and where < 1:
            raise ApiMisuse(f"message {where} is nowhere", "messages are counted from 1")
        self._by_record = True
        self._go_on(where)
        while not self._has_reached(where):
            if not self._step():
                break
        return self._has_reached(where)

    @property
    def outcome(self) -> Outcome:
        """What it has come to so far."""
        seen = self.comparison
        connection = self._connection
        done = self._place >= len(self._moments) or self._stopped
        return Outcome(
            done and seen.difference is None,
            self.role,
            seen.messages,
            seen.records,
            seen.sent_bytes,
            seen.received_bytes,
            seen.difference,
            connection.failure if connection is not None and not self._replay.problem else None,
            self.state,
            self._replay.remaining,
            self.recording.damage,
        )

    # --- Looking --------------------------------------------------------------------------------

    @property
    def role(self) -> Role:
        """Whose recording it is."""
        recorded = self.recording.configuration
        return recorded.role if recorded is not None else Role.CLIENT

    @property
    def state(self) -> str:
        """The machine's state; ``""`` before the beginning."""
        return self.comparison.state

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What has been decided by now."""
        return tuple(event for event in self.comparison.told if isinstance(event, Choice))

    @property
    def events(self) -> tuple[TraceEvent, ...]:
        """What observers have been told by now."""
        return tuple(self.comparison.told)

    @property
    def evidence(self) -> Evidence:
        """What the connection knows by now."""
        return self._connection.evidence if self._connection is not None else Evidence()

    @property
    def connection(self) -> Connection | None:
        """The connection itself; ``None`` before the beginning."""
        return self._connection

    # --- Within ---------------------------------------------------------------------------------

    def _go_on(self, target: str | int | None) -> None:
        """Let go of what was held, towards another place to hold at."""
        self._target = target
        connection = self._connection
        if connection is not None and not self._stopped:
            self._guarded("go_on", connection.go_on)
            self._drain(connection)

    def _holds(self) -> bool:
        return self._target is not None and self._has_reached(self._target)

    def _has_reached(self, where: str | int) -> bool:
        seen = self.comparison
        return len(seen.exchanged) >= where if isinstance(where, int) else where in seen.names

    def _step(self) -> bool:
        """One moment of the recording; whether there may be more."""
        if self._stopped or self._place >= len(self._moments):
            return False
        item = self._moments[self._place].item
        self._place += 1
        if isinstance(item, Deed):
            self._guarded(item.what, lambda: self._do(item))
        elif isinstance(item, RecordReceived) and self._comes_apart:
            self._take_record(item)
        elif isinstance(item, MessageReceived):
            self._take_waiting()
        self._look_at_problem()
        self._stopped |= self._ends_here()
        return not self._stopped

    def _ends_here(self) -> bool:
        return self.comparison.difference is not None

    def _look_at_problem(self) -> None:
        if self._replay.problem:
            self.comparison.note("journal", "journal", self._replay.problem)
            self._stopped = True

    def _guarded(self, what: str, call: Callable[[], None]) -> None:
        """Do it; whatever a recording that nobody made leads to is a difference."""
        try:
            call()
        except TLSError as error:
            if self._connection is None and not self.comparison.expects_nothing:
                self.comparison.note("journal", what, str(error))
                self._stopped = True
        except Exception as error:  # noqa: BLE001 - a bug of ours, or of whoever wrote the file
            kind = type(error).__name__
            self.comparison.note("failure", kind, f"{what} led to {kind}, which is a bug")
            self._stopped = True

    def _do(self, deed: Deed) -> None:
        what, connection = deed.what, self._connection
        if what in BEGINNINGS:
            if connection is None:
                self._connection = self._begin(deed)
            return
        if connection is None:
            raise ApiMisuse(f"{what} before the connection began")
        if what in INPUTS:
            self._flush()
        if what == "receive_data":
            self._input.take(deed.data)
            self._comes_apart = self._by_record or self._is_interrupted()
            if not self._comes_apart:
                self._flush()
        elif what == "answer":
            self._answer(connection, deed)
        elif what in _WITH_DATA:
            getattr(connection, what)(deed.data)
        elif what in _PLAIN:
            getattr(connection, what)(*deed.arguments)
        else:
            self.comparison.note("journal", what, f"{what} is nothing that a connection does")

    def _begin(self, deed: Deed) -> Stepping:
        recorded = self.recording.configuration
        if recorded is None:
            raise ApiMisuse("there is no configuration")
        provider = self._replay.provider

        self._answers = RecordedAnswers(
            self._moments,
            self._replay,
            lambda other: configured(other, self._answers, self._replay, provider),
            changed=self._is_changed,
        )
        config: Any = self._made_of(recorded, provider)
        if self.role is Role.SERVER:
            # Whose hellos these are is a matter of the process in which it was recorded.
            object.__setattr__(config, "insecure_accept_own_hellos", not self._was_reflected)
        watching: dict[str, Any] = {
            "observers": [self.comparison],
            "composer": self._composer(),
        }
        if recorded.role is Role.SERVER:
            return stepping_server(self._edits, self._holds)(config, **watching)
        return stepping_client(self._edits, self._holds)(
            config, **self._arguments(deed), **watching
        )

    def _made_of(self, recorded: Configuration, provider: Provider) -> Any:
        return configured(recorded, self._answers, self._replay, provider)

    def _composer(self) -> Composer:
        return COMPOSER

    def _arguments(self, deed: Deed) -> dict[str, Any]:
        name, identity, early = deed.arguments
        if not (
            isinstance(name, str | None)
            and isinstance(identity, str | None)
            and isinstance(early, int)
        ):
            raise ApiMisuse("a connection begins with a name, an identity and a number")
        return {"server_name": name, "identity": identity, "early_data": early}

    def _answer(self, connection: Connection, deed: Deed) -> None:
        """The application's answer to the question of this kind that is open."""
        kind, place = deed.arguments
        self._drain(connection)
        waiting = [one for one in self._asked if type(one).__name__ == kind]
        question = waiting[place] if 0 <= place < len(waiting) else None
        answered = next(
            (
                moment.item
                for moment in self._moments[self._place :]
                if isinstance(moment.item, Answered) and moment.item.question == kind
            ),
            None,
        )
        if question is None or answered is None:
            raise self._answers.problem(f"{kind} was answered, and nobody asks it now")
        self._asked = [one for one in self._asked if one is not question]
        given = self._answers.value_of(answered)
        keeps = given is None and isinstance(question, ConfigForHello)
        connection.answer(question, question.config if keeps else given)

    # --- Input ----------------------------------------------------------------------------------

    def _is_interrupted(self) -> bool:
        return self._input.is_interrupted(self._moments, self._place)

    def _take_record(self, event: RecordReceived) -> None:
        """Hand it over, but a message's record not before the message was dealt with then.

        Between the two another thread may have written: reading waits for it, as it did.
        """
        self._take_waiting()
        self._waiting = event.raw
        if self._by_record or event.content_type != ContentType.handshake:
            self._take_waiting()

    def _take_waiting(self) -> None:
        raw, self._waiting = self._waiting, b""
        if raw:
            self._guarded("receive_data", lambda: self._hand_over(self._input.up_to(raw)))

    def _flush(self) -> None:
        self._waiting = b""
        self._hand_over(self._input.rest())

    def _hand_over(self, data: bytes) -> None:
        if data and self._connection is not None:
            try:
                self._connection.receive_data(data)
            finally:
                self._drain(self._connection)

    def _drain(self, connection: Connection) -> None:
        """Events are the application's, which has had its say already; questions it may answer."""
        while connection.failure is None and (event := connection.next_event()) is not NEED_DATA:
            if isinstance(event, Question):
                self._asked.append(event)


_PLAIN = frozenset(
    (
        *("receive_eof", "close_write", "update_keys"),
        *("send_tickets", "request_certificate", "data_to_send"),
    )
)
_WITH_DATA = frozenset(("write", "write_early_data"))

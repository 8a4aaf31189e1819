"""A replay with something changed: a field of a message, or a value of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.crypto.provider import Provider
from tlsee.errors import ApiMisuse, Reasons
from tlsee.handshake.compose import Composer
from tlsee.recording.recording import Recording
from tlsee.recording.replaying.applying import EditingComposer, sender_of
from tlsee.recording.replaying.changing import Changes
from tlsee.recording.replaying.comparing import Difference, name_of
from tlsee.recording.replaying.configuration import configured
from tlsee.recording.replaying.differing import (
    ChoiceDiffers,
    MessageDiffers,
    Misfit,
    choices_that_differ,
    failure_in,
    messages_that_differ,
)
from tlsee.recording.replaying.editing import Edit, edit_of
from tlsee.recording.replaying.running import Replaying
from tlsee.recording.replaying.staging import Stage
from tlsee.text import printable
from tlsee.trace import (
    Deed,
    MessageReceived,
    MessageSent,
    Role,
    StateEntered,
)
from tlsee.values import replace, value
from tlsee.wire.framing import kind_of

SEED = "tlsee"
_OTHER_KEYS = (
    "its record does not open: the keys of the recording protect it, and what has changed has "
    "changed the keys"
)


@value
class ForkOutcome:
    """What became of a changed run.

    Attributes:
        role: whose. ``changes``: the names of what was changed, with what they became.
        seed: of what was needed beyond the journal. ``made``: labels of that.
        difference: what differed first, or ``None``: the change changed nothing. Where two forks
            were played it is ``None``: see ``messages``.
        misfit: the message at which it came to its end, or ``None``: all of it was gone through.
        messages, choices: what differs.
        state: the machine's last. ``error``: what the connection ended with; ``before``: what the
            recorded one had ended with.
    """

    role: Role
    changes: tuple[tuple[str, str], ...]
    seed: str
    made: tuple[str, ...]
    difference: Difference | None
    misfit: Misfit | None
    messages: tuple[MessageDiffers, ...]
    choices: tuple[ChoiceDiffers, ...]
    state: str
    error: Any
    before: Any

    @property
    def fails_anew(self) -> bool:
        """Whether it failed, and not as the recorded one had."""
        before = self.before.name if self.before is not None else None
        return self.error is not None and self.error.name != before


class Fork(Replaying):
    """A replay that may be changed, and goes on past what differs.

    Against the one recording it comes as far as the first message of the recorded peer's that no
    longer fits. ``played`` lets two forks talk to each other instead.

    Args:
        recording: a full one.
        seed: of which random bytes, keys and stand-ins for signatures are made that are not in the
            journal.
        stage: the same for both ends, where two are played; then ``seed`` is its.

    Raises:
        ApiMisuse: it cannot be replayed.
    """

    def __init__(
        self, recording: Recording, *, seed: str = SEED, stage: Stage | None = None
    ) -> None:
        self._stage = stage or Stage(seed, [recording.journal.entries])
        self._changes = Changes.nothing()
        self._named: list[tuple[str, str]] = []
        self._set_at: list[int] = []  # of each edit: how many messages were exchanged before it
        super().__init__(recording)

    def set(self, name: str, item: Any) -> None:
        """Change something, before it is used.

        Args:
            name: a field of a message, by the names of the codec's structs
                (``client_hello.extensions.server_name``); or a setting (``groups``, ``alpn``,
                ``policy.grease``), before the connection begins. ``client.`` or ``server.`` may
                stand before it, and says whose it is: this end's.
            item: what it becomes: text as at the command line, or a value.

        Raises:
            ApiMisuse: there is nothing of the name, the item does not fit, or it is too late.
        """
        whose, _, rest = name.partition(".")
        if whose == self.role.other.value:
            raise ApiMisuse(
                f"{printable(name, 60)} is the other end's, which is a recording",
                "play both: --with and its recording; received.MESSAGE.FIELD changes what it sent",
            )
        name = rest if whose == self.role.value else name
        edit = edit_of(name, item)
        if edit is not None:
            self._edits.append(edit)
            self._set_at.append(len(self.comparison.exchanged))
        elif self._connection is not None:
            raise ApiMisuse(f"{name} is settled when a connection begins", "set it before")
        else:
            self._changes = self._changes.plus(self.role, name, item)
        self._named.append((name, str(item)))

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """What was set, by its names, and what it became."""
        return tuple(self._named)

    def result(self) -> ForkOutcome:
        """Go on to the end, and say what differs.

        Raises:
            ApiMisuse: what was set does not fit.
        """
        self.run()
        outcome = replace(self.compared(), misfit=self._misfit())
        if outcome.misfit is None:
            self.check_used()
        return outcome

    def check_used(self) -> None:
        """Whether there was a message for each field that was set; else nothing was tried.

        Raises:
            ApiMisuse: there was none.
        """
        for edit, place in zip(self._edits, self._set_at, strict=True):
            if not self._was_used(edit, place):
                lacked = f"{self._lacks(edit)} {edit.message}{' after that' if place else ''}"
                raise ApiMisuse(
                    f"{printable(edit.name, 80)} changed nothing: the {self.role.value} {lacked}",
                    self._instead(edit),
                )

    def compared(self) -> ForkOutcome:
        """What differs by now.

        Raises:
            ApiMisuse: what was set does not fit.
        """
        events = self.events
        error = failure_in(events)
        if isinstance(error, ApiMisuse):
            raise error
        return ForkOutcome(
            self.role,
            tuple(self._named),
            self._stage.seed,
            tuple(self._replay.made),
            self.comparison.difference,
            None,
            messages_that_differ(self.recording, events, self.role),
            choices_that_differ(self.recording, events),
            self.state,
            error,
            failure_in(self.recording.events()),
        )

    # --- Within ---------------------------------------------------------------------------------

    def _comes(self, edit: Edit) -> bool:
        """Whether it is about a message that comes, and is not sent here."""
        return edit.received or sender_of(edit.message) is self.role.other

    def _was_used(self, edit: Edit, place: int, *, comes: bool | None = None) -> bool:
        way = MessageReceived if (self._comes(edit) if comes is None else comes) else MessageSent
        events = self.comparison.exchanged[place:]
        return any(isinstance(e, way) and kind_of(e.raw) == edit.message for e in events)

    def _lacks(self, edit: Edit) -> str:
        return "was sent no" if self._comes(edit) else "sent no"

    def _instead(self, edit: Edit) -> str:
        if not edit.received and self._was_used(edit, 0, comes=True):
            return f"the peer's is received.{printable(edit.name, 80)}"
        return f"messages were {', '.join(map(name_of, self.comparison.exchanged))}"

    def _beyond(self) -> Provider:
        return self._stage.provider

    @property
    def _is_changed(self) -> bool:
        return True

    def _ends_here(self) -> bool:
        connection = self._connection
        return connection is not None and connection.failure is not None

    def _guarded(self, what: str, call: Callable[[], None]) -> None:
        """What cannot be set is the caller's mistake."""
        if self._connection is None:
            call()
        else:
            super()._guarded(what, call)

    def _made_of(self, recorded: Any, provider: Provider) -> Any:
        return configured(
            recorded, self._answers, self._replay, self._stage.lenient(provider), self._changes
        )

    def _arguments(self, deed: Deed) -> dict[str, Any]:
        return {**super()._arguments(deed), **self._changes.arguments}

    def _composer(self) -> Composer:
        return EditingComposer(self._edits)

    def _misfit(self) -> Misfit | None:
        """Where the recorded peer's messages no longer fit."""
        error, before = failure_in(self.events), failure_in(self.recording.events())
        theirs = [e for e in self.recording.events() if isinstance(e, MessageReceived)]
        came = [e for e in self.comparison.exchanged if isinstance(e, MessageReceived)]
        if error is None and len(came) >= len(theirs):
            return None
        if error is not None and before is not None and error.name == before.name:
            return None
        if error is None:
            waiting = theirs[len(came)]
            why = f"{self.state} still waits for it"
            return Misfit(name_of(waiting), self._number_of(waiting), why, None)
        refused = self._refused()
        place = theirs[len(came) - 1 if refused else len(came) :]
        what = place[0] if place else None
        name = name_of(came[-1]) if refused else name_of(what) if what is not None else ""
        return Misfit(name, self._number_of(what), _why(error), error)

    def _refused(self) -> bool:
        """Whether the last message that came was itself refused, not a record behind it."""
        for event in reversed(self.events):
            if isinstance(event, MessageReceived):
                return True
            if isinstance(event, StateEntered | MessageSent):
                return False
        return False

    def _number_of(self, wanted: Any) -> int:
        number = 0
        for event in self.recording.events():
            number += isinstance(event, MessageSent | MessageReceived)
            if event is wanted:
                return number
        return 0


def _why(error: Any) -> str:
    """Why a message does not fit, without the advice for peers that do so by themselves."""
    if error.name == Reasons.bad_record_mac.name:
        return _OTHER_KEYS
    return f"{error.reason.sentence}: {error.detail}" if error.detail else error.reason.sentence

"""Where changes to messages take hold: before they are sent, or before they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tlsee.codes import HandshakeType
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.handshake.compose import Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import Driver, edges
from tlsee.recording.replaying.editing import Edit, edited
from tlsee.trace import Role
from tlsee.wire.codec import Message, decode, encode
from tlsee.wire.framing import kind_of

Holds = Callable[[], bool]
_BY_CLIENT = (
    HandshakeType.client_hello,
    HandshakeType.client_key_exchange,
    HandshakeType.end_of_early_data,
)
_BY_BOTH = (
    HandshakeType.certificate,
    HandshakeType.certificate_verify,
    HandshakeType.finished,
    HandshakeType.key_update,
)


def sender_of(kind: HandshakeType) -> Role | None:
    """Who sends such messages; ``None``: both."""
    if kind in _BY_BOTH:
        return None
    return Role.CLIENT if kind in _BY_CLIENT else Role.SERVER


class EditingComposer(Composer):
    """Words messages as ever and changes them, before anything is computed over them."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits

    def edit(self, made: Any) -> Any:
        """What was made, changed if it is a message. Binders are made later, and stay theirs."""
        if not isinstance(made, Message):
            return made
        ours = [e for e in self._edits if not e.received and "pre_shared_key" not in e.path]
        return edited(made, ours)


def _edited_method(name: str) -> Callable[..., Any]:
    original = getattr(Composer, name)

    def method(self: EditingComposer, *arguments: Any) -> Any:
        return self.edit(original(self, *arguments))

    return method


for _name in [name for name in vars(Composer) if not name.startswith("_")]:
    setattr(EditingComposer, _name, _edited_method(_name))


def editing_driver(edits: Sequence[Edit], role: Role, holds: Holds) -> type[Driver]:
    """A driver that changes what is sent and what comes; the list may grow while it runs.

    Before each message that came it asks whether it is to hold there.
    """

    class EditingFlow(Flow):
        __slots__ = ()

        def send(self, message: Any) -> bytes:
            """Queue the message as it is changed."""
            return super().send(edited(message, [e for e in edits if not e.received]))

    def is_for(edit: Edit) -> bool:
        return edit.received or sender_of(edit.message) is role.other

    class EditingDriver(Driver):
        flow = EditingFlow

        def resume(self) -> None:
            """Process buffered messages, one at a time."""
            while self.question is None and not holds():
                raw = self.buffer.next()
                if raw is None:
                    return
                self._handle(raw)

        def _handle(self, raw: bytes) -> None:
            edge = edges(type(self.state)).get(kind_of(raw))
            theirs = [e for e in edits if is_for(e)]
            if edge is not None and any(e.message == kind_of(raw) for e in theirs):
                raw = encode(edited(decode(edge.struct, raw), theirs))
            super()._handle(raw)

    return EditingDriver


class Stepping(Connection):
    """A connection that was held between two messages can go on."""

    def go_on(self) -> None:
        """Process what came and was held."""
        self._guard(self._driver.resume)
        if self._error is None:
            self._process()


class SteppingClient(Stepping, ClientConnection):
    """A client's."""


class SteppingServer(Stepping, ServerConnection):
    """A server's."""


def stepping_client(edits: Sequence[Edit], holds: Holds) -> type[SteppingClient]:
    """A client's connection with such a driver."""

    class Changed(SteppingClient):
        _driver_class = editing_driver(edits, Role.CLIENT, holds)

    return Changed


def stepping_server(edits: Sequence[Edit], holds: Holds) -> type[SteppingServer]:
    """A server's connection with such a driver."""

    class Changed(SteppingServer):
        _driver_class = editing_driver(edits, Role.SERVER, holds)

    return Changed

"""Our own tickets in a full recording of the server: what was in the one that was taken."""

from __future__ import annotations

from collections.abc import Callable

from tlsee.errors import TLSError
from tlsee.explain.story import Story
from tlsee.recording.recording import Recording
from tlsee.sessions.session import Session, encode_session
from tlsee.trace import Role
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PreSharedKeyServerHello
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.hellos import ClientHello, ServerHello

__all__ = ["ticket_opener"]


def ticket_opener(recording: Recording, story: Story) -> Callable[[bytes], bytes | None] | None:
    """What opens the ticket that the client has shown; no recording has the keys to any other.

    The session that the server found behind it stands in a full recording, and what it sealed then
    were that session's bytes.
    """
    session = story.recalled
    if not recording.reveals_secrets or story.role is not Role.SERVER:
        return None
    if not isinstance(session, Session):
        return None
    taken = _taken(story)
    try:
        content = encode_session(session)
    except TLSError:
        return None
    return lambda ticket: content if ticket and ticket == taken else None


def _taken(story: Story) -> bytes:
    """The ticket that the server took, or nothing."""
    hellos = [step.message for step in story.steps if isinstance(step.message, ClientHello)]
    answer = story.first(ServerHello)
    if not hellos or answer is None:
        return b""
    selected = answer.extensions.get(PreSharedKeyServerHello)
    shown = hellos[-1].extensions.get(PreSharedKeyClientHello)
    if selected is None or shown is None:
        older = hellos[-1].extensions.get(SessionTicket12)
        return older.ticket if older is not None else b""
    if selected.selected_identity >= len(shown.identities):
        return b""
    return shown.identities[selected.selected_identity].identity

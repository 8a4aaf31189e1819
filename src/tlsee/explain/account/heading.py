"""What a recording is: whose, of when, with whom, and what is in it."""

from __future__ import annotations

from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.reading import name_of, server_name, view_of
from tlsee.explain.story import Story
from tlsee.identity.certificate import moment
from tlsee.recording.recording import Recording
from tlsee.text import count, printable
from tlsee.trace import Role
from tlsee.values import value
from tlsee.wire.hellos import ClientHello

__all__ = ["Heading", "heading_of"]

NAME_SHOWN = 64  # characters


@value
class Heading:
    """The first lines of a view.

    Attributes:
        title: whom the connection was with, as far as that is known.
        whose: ``a client``, ``a server``, or ``a listener`` who overheard both.
        when: the moment it began. note: what is in the recording and what is not.
        left, right: what to call the two sides, the client first.
        missing: sentences on what the recording lacks: damage, lost events, unknown frames.
    """

    title: str
    whose: str
    when: str
    note: str
    left: str
    right: str
    missing: tuple[str, ...] = ()


def heading_of(recording: Recording, story: Story) -> Heading:
    """The heading of a recording."""
    overheard = recording.header.overheard
    name = _name(story)
    role = recording.role
    whose = f"a {role.value}" if role is not None else "somebody to whom nothing was said"
    left, right = "client", "server"
    if overheard:
        whose = "a listener"
    elif role is Role.CLIENT:
        left = "you"
    elif role is Role.SERVER:
        right = "you"
    if name and right == "server":
        right = name
    title = name or ("a client" if role is Role.SERVER else "a server without a name")
    when = moment(recording.header.began / 1e9)
    return Heading(title, whose, when, recording.header.note, left, right, _missing(recording))


def _name(story: Story) -> str:
    """The name that was asked for, or the one in the server's certificate."""
    hello = story.first(ClientHello)
    asked = server_name(hello) if hello is not None else ""
    if asked:
        return printable(asked, NAME_SHOWN)
    step = story.step_of(CERTIFICATES, Role.SERVER)
    entries = step.message.certificate_list if step is not None else ()
    # 1.2 lists certificates bare, 1.3 with extensions.
    view = view_of(getattr(entries[0], "cert_data", entries[0])) if entries else None
    return printable(name_of(view), NAME_SHOWN) if view is not None else ""


def _missing(recording: Recording) -> tuple[str, ...]:
    found = []
    if recording.damage:
        found.append(f"The file is not whole: {recording.damage}.")
    if recording.lost:
        events = count(recording.lost, "event")
        found.append(f"{events} had no place in it: its bound was reached.")
    if recording.unknown:
        frames = count(recording.unknown, "frame")
        found.append(
            f"{frames} in it are of kinds that this release does not know: a newer one wrote it."
        )
    found += [f"{remark[:1].upper()}{remark[1:]}." for remark in recording.remarks]
    return tuple(found)

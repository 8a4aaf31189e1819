"""Two versions of one handshake message, field by field: which differ, and what they say."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.explain.dissect import dissect_handshake
from tlsee.explain.dissect.context import NOTHING_KNOWN, Context
from tlsee.explain.dissect.field import Field
from tlsee.explain.dissect.messages import after
from tlsee.recording.recording import Recording
from tlsee.trace import MessageReceived, MessageSent
from tlsee.values import replace, value

_LENGTH = ".length"
_BLOCK = "extensions"
_LEFT_OUT = ("extension_data", "data")


@value
class FieldDiffers:
    """A field that is another now.

    Attributes:
        path: its name behind those of what it is in, with dots between.
        then, now: what it says, in words; ``None`` where it is not there.
        about, clause: as ``Field``'s.
    """

    path: str
    then: str | None
    now: str | None
    about: str
    clause: str


def context_of(recording: Recording) -> Context:
    """What the recording's hellos tell about how to read what follows."""
    known = replace(NOTHING_KNOWN, sender=recording.role)
    for event in recording.events():
        if isinstance(event, MessageSent | MessageReceived):
            known = after(known, dissect_handshake(event.raw, known))
            if known.suite is not None and known.version is not None:
                return known
    return known


def fields_that_differ(
    then: bytes, now: bytes, context: Context = NOTHING_KNOWN
) -> tuple[FieldDiffers, ...]:
    """The smallest fields that say something else, in the order of the bytes.

    Lengths that follow from what is longer now are left out.

    Args:
        then, now: handshake messages, headers included; of one type.
    """
    one, other = dissect_handshake(then, context), dissect_handshake(now, context)
    found = tuple(_differ(one, other, ()))
    telling = tuple(item for item in found if not item.path.endswith(("length", _LENGTH)))
    return telling or found


def _differ(one: Field, other: Field, path: tuple[str, ...]) -> Iterator[FieldDiffers]:
    if one.raw == other.raw:
        return
    ours, theirs = _named(one), _named(other)
    # Parts of a block come and go; a list of another length, or other parts, is another whole.
    if not ours or not theirs or (ours.keys() != theirs.keys() and one.name != _BLOCK):
        yield _pair(path, one, other)
        return
    for name in dict.fromkeys((*ours, *theirs)):
        left, right = ours.get(name), theirs.get(name)
        below = (*path, name[0])
        if left is not None and right is not None:
            yield from _differ(left, right, below)
        else:
            yield _pair(below, left, right)


def _named(field: Field) -> dict[tuple[str, int], Field]:
    """The parts by their names, those of one name counted."""
    found: dict[tuple[str, int], Field] = {}
    for child in field.children:
        number = sum(name == child.name for name, _ in found)
        found[child.name, number] = child
    return found


def _pair(path: tuple[str, ...], one: Field | None, other: Field | None) -> FieldDiffers:
    shown = one or other
    return FieldDiffers(
        _joined(path),
        one.words if one is not None else None,
        other.words if other is not None else None,
        shown.about if shown is not None else "",
        shown.clause if shown is not None else "",
    )


def _joined(path: tuple[str, ...]) -> str:
    """The names with dots between, those that say the same again left out."""
    found: list[str] = []
    for name in path:
        short = name.removesuffix(".data")
        if short in _LEFT_OUT or short in found[-1:]:
            continue
        if found and short.startswith(f"{found[-1]}["):
            found[-1] = short
        else:
            found.append(short)
    return ".".join(found)

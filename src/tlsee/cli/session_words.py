"""Sessions, early data and external keys of a connection, in the words and members of reports."""

from __future__ import annotations

from typing import Any

from tlsee.codes import AlertDescription
from tlsee.connection.info import ConnectionInfo
from tlsee.explain import summary_sessions
from tlsee.explain.story import Kind, Story
from tlsee.handshake.outcome import EarlyData
from tlsee.identity.certificate import moment
from tlsee.text import count, printable
from tlsee.trace import Choice, Epoch

# What a server's alert says of the keys of --psk: the sentence, and what to do.
KEY_ALERTS = {
    AlertDescription.decrypt_error: (
        "the server knows a key of this name, and it is another: our binder does not hold",
        "compare both sides' keys; its log may name the key",
    ),
    AlertDescription.unknown_psk_identity: (
        "the server knows no key of this name, and has no certificate to show instead",
        "give both sides the same identity",
    ),
    # OpenSSL's words for the two above.
    AlertDescription.illegal_parameter: (
        "the server takes our hello for broken; some say so of a key that is another than theirs",
        "compare both sides' keys; its log may name the key",
    ),
    AlertDescription.handshake_failure: (
        "the server takes nothing of what we offered; perhaps it knows no key of this name",
        "give both sides the same identity; ask for the peer's log",
    ),
}
NAME_SHOWN = 60  # characters of an external key's name


def key_name(info: ConnectionInfo) -> str:
    """The external key's name, escaped; empty where there is none."""
    return printable(info.psk_identity, NAME_SHOWN) if info.psk_identity is not None else ""


def rows(info: ConnectionInfo, early: int = 0) -> list[tuple[str, str]]:
    """Pairs of label and text; none for a full handshake. ``early``: bytes that came early."""
    found = []
    if info.resumed:
        found.append(("session", f"resumed: {_judged(info)}; no certificate was shown now"))
    if info.psk_identity is not None:
        found.append(
            ("key", f"'{key_name(info)}', an external one: whoever was given it can be this peer")
        )
    if info.early_data is not EarlyData.NOT_OFFERED:
        size = f", {count(early, 'byte')}" if early else ""
        found.append(("early data", f"{info.early_data.value}{size}"))
    return found


def _judged(info: ConnectionInfo) -> str:
    text = f"it began {moment(info.established_at)}"
    verdict = getattr(info.peer, "verdict", None)
    return f"{text}, judged again {moment(verdict.at)}" if verdict is not None else text


def early_bytes(story: Story) -> int:
    """How many bytes of early data went over the wire and could be read."""
    steps = (s for s in story.steps if s.kind is Kind.DATA and s.epoch is Epoch.EARLY)
    return sum(step.records.content for step in steps if step.records is not None)


def suffix(info: ConnectionInfo, early: int) -> str:
    """The same in a few words, behind a comma, for a line of a log."""
    words = ["resumed"] if info.resumed else []
    if info.psk_identity is not None:
        words.append(f"key '{key_name(info)}'")
    if early:
        words.append(f"{count(early, 'byte')} early")
    elif info.early_data is EarlyData.REFUSED:
        words.append("early data refused")
    return "".join(f", {word}" for word in words)


def members(info: ConnectionInfo) -> dict[str, Any]:
    """For JSON: the session, early data, the name of an external key."""
    session = None
    if info.session is not None:
        verdict = getattr(info.peer, "verdict", None)
        session = {
            "began": _iso(info.established_at),
            "judged": _iso(verdict.at) if verdict is not None else None,
        }
    return {
        "session": session,
        "early_data": info.early_data.name.lower(),
        "psk_identity": key_name(info) or None,
        "choices": [_choice(c) for c in info.choices if c.what in ("session", "early_data")],
    }


def _choice(choice: Choice) -> dict[str, Any]:
    """A decision about a session or early data: how many stood to choose, and why it fell so."""
    return {
        "what": choice.what,
        "offered": len(choice.offered),
        "said": summary_sessions.why(choice) or "",
        "by": choice.by.value,
    }


def _iso(at: float) -> str:
    return moment(at).replace(" UTC", "Z").replace(" ", "T")

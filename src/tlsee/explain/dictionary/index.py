"""All entries, and how a word or a number finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache

from tlsee.codes import AlertDescription
from tlsee.explain.dictionary import (
    alerts,
    algorithms,
    attacks,
    errors,
    extensions,
    messages,
    secrets,
    suites,
    terms,
    values12,
)
from tlsee.explain.dictionary.entry import Entry
from tlsee.explain.dictionary.states import state_entries
from tlsee.explain.dissect.vocabulary import table
from tlsee.reasons import catalogue
from tlsee.sessions.session import TicketContent
from tlsee.values import value

SUGGESTIONS = 5
CLOSE_ENOUGH = 0.6  # difflib's own default: below it, suggestions look random
LONGEST_WORD = 200  # characters; nobody types a longer one

# Several words of a library's message before the alert's own.
_ALERT_PREFIX = re.compile(
    r"^(?:(?:sslv3|tlsv1[123]?|ssl/tls|tls|ssl)[ _]+)?(?:fatal[ _]+)?alert[ _:]+"
    r"(?:number[ _]+)?",
    re.IGNORECASE,
)
# Python's ssl puts the library's name before its error: [SSL: WRONG_VERSION_NUMBER].
_OPENSSL = re.compile(r"^\[(?:SSL|X509): ?|\]$")
_NUMBER = re.compile(r"0x[0-9a-f]{1,4}|\d{1,5}", re.IGNORECASE)
# What stands before a number, or for a list: as people say it, and as entries have it.
_KINDS: Mapping[str, str] = {
    "alert": "alert",
    "message": "message",
    "handshake type": "message",
    "extension": "extension",
    "suite": "cipher suite",
    "cipher suite": "cipher suite",
    "cipher": "cipher suite",
    "group": "group",
    "curve": "group",
    "scheme": "signature scheme",
    "signature scheme": "signature scheme",
    "record type": "record type",
    "content type": "record type",
    "version": "version",
    "secret": "secret",
    "state": "state",
    "reason": "reason",
    "field": "field",
    "term": "term",
    "attack": "attack",
}


@value
class Found:
    """What a word led to: entries, the best first, or suggestions where there is none."""

    word: str
    entries: tuple[Entry, ...]
    suggestions: tuple[str, ...] = ()


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry; of two with one name the one that stands first is meant more often."""
    written = (
        *alerts.ENTRIES,
        *messages.ENTRIES,
        *extensions.ENTRIES,
        *suites.ENTRIES,
        *algorithms.ENTRIES,
        *values12.ENTRIES,
        *secrets.ENTRIES,
        *terms.ENTRIES,
        *attacks.ENTRIES,
    )
    taken = {_key(entry.name) for entry in written}
    reasons = tuple(_reasons())
    taken |= {_key(entry.name) for entry in reasons}
    taken |= {_key(name) for entry in written for name in entry.also}
    fields = (entry for entry in _fields() if _key(entry.name) not in taken)
    return (*written, *reasons, *state_entries(), *fields)


def kinds() -> tuple[str, ...]:
    """The kinds of entries, in the order of ``entries``."""
    return tuple(dict.fromkeys(entry.kind for entry in entries()))


def look_up(word: str) -> Found:
    """The entries for a word: a name, a number, an older name, or a library's message.

    A kind before it narrows: ``alert 48``. A kind in the plural lists: ``alerts``.
    """
    text = " ".join(word.split())[:LONGEST_WORD]
    kind = listed_kind(text)
    if kind:
        return Found(text, tuple(entry for entry in entries() if entry.kind == kind))
    text = _OPENSSL.sub("", text)
    found = _exact(text) or _with_kind(text) or _as_alert(text)
    if not found:
        made = suites.compose(text.upper().replace("-", "_"))
        found = (made,) if made is not None else ()
    return Found(text, found, () if found else _suggestions(text))


def listed_kind(text: str) -> str:
    """The kind whose plural this is; empty for any other text."""
    lowered = text.lower()
    singular = lowered.removesuffix("es") if lowered.endswith("es") else ""
    for candidate in (lowered.removesuffix("s"), singular):
        if candidate != lowered and candidate in _KINDS:
            return _KINDS[candidate]
    return ""


def _exact(text: str, kind: str = "") -> tuple[Entry, ...]:
    if _NUMBER.fullmatch(text):
        number = int(text, 16 if text[:2].lower() == "0x" else 10)
        found = _by_number().get(number, ())
    else:
        found = _by_name().get(_key(text), ())
    return tuple(entry for entry in found if not kind or entry.kind == kind)


def _with_kind(text: str) -> tuple[Entry, ...]:
    lowered = text.lower()
    for said in sorted(_KINDS, key=len, reverse=True):
        if lowered.startswith(said + " "):
            return _exact(text[len(said) + 1 :], _KINDS[said])
        if lowered.endswith(" " + said):
            return _exact(text[: -len(said) - 1], _KINDS[said])
    return ()


def _as_alert(text: str) -> tuple[Entry, ...]:
    """``tlsv13 alert certificate required``, ``SSL alert number 40``."""
    rest = _ALERT_PREFIX.sub("", text)
    return _exact(rest, "alert") if rest != text else ()


def _suggestions(text: str) -> tuple[str, ...]:
    names = _by_name()
    key = _key(text)
    close = get_close_matches(key, names, SUGGESTIONS, CLOSE_ENOUGH)
    if len(key) > 2:
        close += [name for name in names if key in name]
    found = dict.fromkeys(names[name][0].name for name in close)
    return tuple(found)[:SUGGESTIONS]


def _key(name: str) -> str:
    """A name without what people spell differently: case, spaces, hyphens, underscores."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def _by_name() -> Mapping[str, tuple[Entry, ...]]:
    """Names before other names, so that ``certificate`` is the message."""
    found: dict[str, dict[Entry, None]] = {}
    for entry in entries():
        found.setdefault(_key(entry.name), {})[entry] = None
    for entry in entries():
        for name in entry.also:
            key = _key(name)
            if key:
                found.setdefault(key, {})[entry] = None
    return {key: tuple(items) for key, items in found.items()}


@cache
def _by_number() -> Mapping[int, tuple[Entry, ...]]:
    found: dict[int, tuple[Entry, ...]] = {}
    for entry in entries():
        if entry.code is not None:
            number = int(entry.code)
            found[number] = (*found.get(number, ()), entry)
    return found


def _reasons() -> Iterator[Entry]:
    """Why this side ends a connection: the catalogue's rows, as they are."""
    for row in catalogue():
        sentence = f"{row.sentence[0].upper()}{row.sentence[1:]}."
        fix = f"{row.fix[0].upper()}{row.fix[1:]}." if row.fix else ""
        means = f"This side ends the connection with the alert {row.alert} ({int(row.alert)})."
        if row.alert == AlertDescription.close_notify:
            means = "The connection is at its end already, so no alert says it."
        also, see = errors.ALSO.get(row.name, ()), (str(row.alert),)
        yield Entry(row.name, "reason", sentence, row.clause, None, means, fix, also=also, see=see)


def _fields() -> Iterator[Entry]:
    """Fields of messages: the rows of the table that dissection goes by."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for cls, struct in table().items():
        if cls is TicketContent:
            continue  # ours alone, and nobody meets it on the wire by name
        for name, row in struct.fields.items():
            found.setdefault(name, []).append((cls.__name__, row.about, row.clause))
    for name, rows in found.items():
        if listed_kind(name):
            continue  # the list of that kind is meant
        texts = dict.fromkeys(about for _, about, _ in rows)
        shown = list(texts)[:3]
        what = " ".join(f"{text[0].upper()}{text[1:]}." for text in shown)
        where = ", ".join(dict.fromkeys(cls for cls, _, _ in rows))
        means = f"A field of {where}."
        yield Entry(name, "field", what, rows[0][2], None, means)

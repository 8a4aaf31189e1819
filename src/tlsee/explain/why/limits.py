"""Why records are as long as they are, and what is compressed."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.explain.why.facts import Facts
from tlsee.explain.why.values import Candidate, WhatIf, Why
from tlsee.explain.why.words import few, this
from tlsee.text import count
from tlsee.trace import Role
from tlsee.wire.extensions.max_fragment_length import MaxFragmentLengthNegotiation
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit

__all__ = ["why_compression", "why_record_size"]

_NULL = 0  # the compression method that compresses nothing


def why_record_size(facts: Facts) -> Why | None:
    """RFC 8449, 4 and 5; RFC 6066, 4."""
    first, settings = facts.first, facts.settings
    if first is None or settings is None:
        return None
    wish, fragment = (
        first.extensions.get(RecordSizeLimit),
        first.extensions.get(MaxFragmentLengthNegotiation),
    )
    if wish is None and fragment is None:
        return None
    limit, length = settings.get(RecordSizeLimit), settings.get(MaxFragmentLengthNegotiation)
    found = []
    chosen = ""
    if wish is not None:
        chosen = "record_size_limit" if limit is not None else ""
        words = f"the client takes at most {count(wish.record_size_limit, 'byte')}"
        if limit is not None:
            words += f", the server {limit.record_size_limit:,}"
        found.append(_candidate("record_size_limit", ExtensionType.record_size_limit, limit, words))
    if fragment is not None:
        chosen = chosen or ("max_fragment_length" if length is not None else "")
        words = f"{count(fragment.max_fragment_length.length, 'byte')} both ways"
        kind = ExtensionType.max_fragment_length
        found.append(_candidate("max_fragment_length", kind, length, words))
    return Why(
        "record_size",
        "Length of records",
        Role.SERVER,
        tuple(found),
        chosen,
        _rule(chosen, both=len(found) > 1),
        "RFC 8449, 5" if wish is not None else "RFC 6066, 4",
        few([_what_if(facts, chosen)]),
    )


def _candidate(name: str, kind: ExtensionType, answer: object, words: str) -> Candidate:
    taken = answer is not None
    told = words if taken else f"{words}; the server did not answer it"
    return Candidate(name, int(kind), True, taken, taken, told)


def _rule(chosen: str, *, both: bool) -> str:
    if not chosen:
        return "The server answers no limit: records of up to 16,384 bytes of content."
    if chosen == "max_fragment_length":
        return "The client's length holds for both directions."
    rule = "Each side says how long a protected record it takes, and the other keeps to it."
    return f"{rule} It goes before max_fragment_length." if both else rule


def _what_if(facts: Facts, chosen: str) -> WhatIf | None:
    if not chosen:
        return None
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    result = "the server could not have answered it: records of up to 16,384 bytes of content"
    return WhatIf(f"{client} had not sent {chosen}, nor another limit", result, certain=True)


def why_compression(facts: Facts) -> Why | None:
    """Only where there was more on the table than nothing: certificates (RFC 8879), or records."""
    first = facts.first
    if first is None or facts.answer is None:
        return None
    methods = tuple(dict.fromkeys(first.legacy_compression_methods))
    certificates = first.extensions.has(ExtensionType.compress_certificate)
    if methods == (_NULL,) and not certificates:
        return None
    chosen = facts.answer.legacy_compression_method
    ours = facts.is_ours(Role.SERVER)
    found = [
        Candidate(
            "null" if item == _NULL else f"method {item}",
            item,
            True,
            item == _NULL if ours else None,
            item == chosen,
            "nothing is compressed" if item == _NULL else "its length would betray secrets (CRIME)",
        )
        for item in methods
    ]
    if certificates:
        words = "the client could take compressed certificates; none was sent so"
        code = int(ExtensionType.compress_certificate)
        able = False if ours else None
        found.append(Candidate("compress_certificate", code, True, able, False, words))
    return Why(
        "compression",
        "Compression",
        Role.SERVER,
        tuple(found),
        "null" if chosen == _NULL else f"method {chosen}",
        "Records are never compressed: TLS 1.3 forbids it, and nobody should in TLS 1.2.",
        "RFC 9846, 4.2.2",
        (),
    )

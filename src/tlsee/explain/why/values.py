"""What an answer to "why this one?" is made of."""

from __future__ import annotations

from tlsee.trace import Role
from tlsee.values import value

__all__ = ["CANDIDATES_SHOWN", "WHAT_IFS_SHOWN", "Candidate", "WhatIf", "Why"]

CANDIDATES_SHOWN = 128  # of one thing; a hello of ours has some 20 suites, an attacker's 32,767
WHAT_IFS_SHOWN = 4


@value
class Candidate:
    """Something that could have been chosen, or at least was named.

    Attributes:
        name: as the registry or the peer spells it, printable. code: its number, if it has one.
        offered: whether it was put on the table. able: whether the one who decided would have
            taken it; ``None``: that was the peer, and it does not say.
        words: why it won or lost, short.
    """

    name: str
    code: int | None
    offered: bool
    able: bool | None
    chosen: bool
    words: str


@value
class WhatIf:
    """One thing different, and what would have come of it.

    Attributes:
        change: as it follows "if", such as ``the client had not offered TLS 1.3``.
        result: what follows from it, one line.
        certain: whether that follows from the recording and the rules alone. What a peer does is
            its own affair: where it decides, only what it could not do is certain.
        then: what would have won, by its name; empty where nothing would, or where it is not known.
    """

    change: str
    result: str
    certain: bool
    then: str = ""


@value
class Why:
    """One decision: what there was, who chose, by which rule, and what else could have been.

    Attributes:
        what: version, suite, group, scheme, certificate, name, alpn, session, early_data,
            record_size, compression, or refusal: the peer refused without a word about what.
        title: for a heading. by: who decided.
        chosen: the winner's name; empty where nothing was chosen. rule: why, a sentence.
        what_ifs: the useful ones, few.
    """

    what: str
    title: str
    by: Role
    candidates: tuple[Candidate, ...]
    chosen: str
    rule: str
    clause: str
    what_ifs: tuple[WhatIf, ...]

"""What a judgement against another configuration says."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from tlsee.trace import Role
from tlsee.values import value

__all__ = ["Finding", "Fit", "Outlook", "outlook_of"]


class Fit(enum.Enum):
    """How a connection, or one thing about it, fits; in rising order of trouble."""

    SAME = "same"
    CHANGES = "changes"  # it works, and something else is chosen
    UNKNOWN = "unknown"  # the recording does not tell
    MAY_BREAK = "may break"  # it does not work unless the peer has something else to offer
    BREAKS = "breaks"


_ORDER = {fit: place for place, fit in enumerate(Fit)}


@value
class Finding:
    """One thing that would be different.

    Attributes:
        fit: how much it matters. what: version, suite, group, scheme, alpn, certificate ...
        sentence: what would happen, one line of printable ASCII.
        before, after: what was chosen and what would be, where that is known.
        name: of the reason that would refuse, such as ``no_common_group``; else empty.
        fix: what would help, or nothing.
    """

    fit: Fit
    what: str
    sentence: str
    before: str = ""
    after: str = ""
    name: str = ""
    fix: str = ""


@value
class Outlook:
    """What would become of one connection.

    Attributes:
        fit: the worst of the findings, ``SAME`` where there are none.
        findings: the worst first. failed_before: whether the recorded connection failed.
        role: whose place the configuration took.
    """

    fit: Fit
    findings: tuple[Finding, ...]
    failed_before: bool = False
    role: Role | None = None


def outlook_of(
    findings: Iterable[Finding], *, failed_before: bool = False, role: Role | None = None
) -> Outlook:
    """The findings in order, and the worst of them."""
    found = tuple(sorted(findings, key=lambda finding: -_ORDER[finding.fit]))
    fit = found[0].fit if found else Fit.SAME
    return Outlook(fit, found, failed_before, role)

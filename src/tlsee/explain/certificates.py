"""A chain in lines: who vouches for whom, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime

from tlsee.explain.layout import WIDTH, labelled
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.verdict import Verdict
from tlsee.text import count, printable

DAY = 86_400
NAMES_SHOWN = 6


def chain_text(verdict: Verdict) -> str:
    """``shop.example <- Example CA E7 <- Example Root X1 (in system store)``."""
    path = verdict.path
    if path is not None:
        return path.chain
    return " <- ".join(view.subject for view in verdict.presented)


def date_of(at: float) -> str:
    """A day as ``2026-11-21``, in UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "a day beyond calendars"


def validity(certificate: CertificateView, at: float) -> str:
    """``2026-10-02 to 2026-12-31, 40 days left``, judged at a moment in seconds since 1970."""
    span = f"{date_of(certificate.not_before)} to {date_of(certificate.not_after)}"
    if at < certificate.not_before:
        return f"{span}, begins in {_days(certificate.not_before - at)}"
    left = certificate.not_after - at
    return f"{span}, {_days(left)} left" if left >= 0 else f"{span}, over for {_days(-left)}"


def _days(seconds: float) -> str:
    if seconds < 2 * DAY:
        hours = int(seconds // 3600)
        return count(hours, "hour") if hours else "less than an hour"
    return count(int(seconds // DAY), "day")


def chain_lines(verdict: Verdict, width: int = WIDTH) -> list[str]:
    """Every certificate that was sent, then the anchor."""
    lines = []
    for number, view in enumerate(verdict.presented, 1):
        lines += certificate_lines(f"sent {number}", view, verdict.at, width)
    path = verdict.path
    if path is not None and path.anchor is not None:
        anchor = path.certificates[-1]
        if anchor not in verdict.presented:
            label = f"anchor, in {path.anchor.store}"
            lines += certificate_lines(label, anchor, verdict.at, width)
    return lines


def certificate_lines(label: str, view: CertificateView, at: float, width: int) -> list[str]:
    """One certificate."""
    names = [printable(name, 64) for name in (*view.dns_names, *view.ip_addresses)]
    more = len(names) - NAMES_SHOWN
    shown = ", ".join(names[:NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    lines = labelled(label, view.subject, width, max(12, len(label) + 1))
    lines += labelled("  issuer", view.issuer, width, 12)
    if names:
        lines += labelled("  for", shown, width, 12)
    lines += labelled("  key", f"{view.key_label}, signed with {view.signature_label}", width, 12)
    lines += labelled("  valid", validity(view, at), width, 12)
    digest = view.fingerprint
    lines += labelled("  sha256", f"{digest[:32]} {digest[32:]}", width, 12)
    return lines

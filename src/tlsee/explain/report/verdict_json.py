"""A verdict as JSON: certificates, paths with every check, what-ifs.

Whatever prints a verdict for programs prints these members: ``tlsee.verify/1`` and
``tlsee.recording/1`` among them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tlsee.explain.verdicts import Telling
from tlsee.explain.verdicts_words import origin
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.verdict import Check, Path, Verdict, WhatIf
from tlsee.text import printable

__all__ = [
    "certificate",
    "certificates_of",
    "check_object",
    "failures",
    "moment",
    "path_object",
    "what_if",
]


def certificates_of(verdict: Verdict) -> tuple[CertificateView, ...]:
    """Every certificate that the verdict speaks of, once, the presented ones first."""
    on_paths = (view for path in verdict.tried for view in path.certificates)
    return tuple(dict.fromkeys((*verdict.presented, *on_paths)))


def certificate(view: CertificateView, verdict: Verdict, telling: Telling) -> dict[str, Any]:
    """A certificate, and where it came from; paths name it by its digest."""
    return {
        "sha256": view.fingerprint,
        "subject": view.subject,
        "issuer": view.issuer,
        "key": view.key_label,
        "signature": view.signature_label,
        "not_before": moment(view.not_before),
        "not_after": moment(view.not_after),
        "origin": origin(view, verdict, telling),
    }


def path_object(path: Path) -> dict[str, Any]:
    """A way that was tried: its certificates from the leaf on, each with every check."""
    anchor = path.anchor
    return {
        "accepted": path.accepted,
        "anchor": printable(anchor.store) if anchor is not None else None,
        "profile": anchor.profile.value if anchor is not None else None,
        "steps": [
            {
                "sha256": step.certificate.fingerprint,
                "subject": step.certificate.subject,
                "checks": [check_object(check) for check in step.checks],
            }
            for step in path.steps
        ],
    }


def check_object(check: Check) -> dict[str, Any]:
    """One rule applied to one certificate; ``bytes`` are the first and the last that broke it."""
    return {
        "name": check.name,
        "ok": check.ok,
        "detail": check.detail or None,
        "clause": check.clause or None,
        "reason": check.reason.name if check.reason is not None else None,
        "bytes": [check.span[0], check.span[1] - 1] if check.span is not None else None,
    }


def failures(path: Path) -> list[dict[str, Any]]:
    """What failed on a way, each with its certificate, once."""
    found = [
        {"sha256": view.fingerprint, "subject": view.subject, **check_object(check)}
        for view, check in dict.fromkeys(path.failures)
    ]
    return [{name: item for name, item in one.items() if name != "ok"} for one in found]


def what_if(found: WhatIf) -> dict[str, Any]:
    """A change and what the judge says then; ``null`` where something has to be fetched first."""
    path = found.verdict.path if found.verdict is not None else None
    return {
        "change": found.change,
        "accepted": found.accepted if found.verdict is not None else None,
        "path": [view.fingerprint for view in path.certificates] if path is not None else [],
        "needs": [printable(fetch.url, 2048) for fetch in found.needs],
    }


def moment(at: float) -> str | None:
    """As ``2026-11-21T02:14:07Z``; ``None`` beyond calendars."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None

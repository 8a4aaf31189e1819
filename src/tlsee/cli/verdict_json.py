"""A verdict as JSON: the search with every check, for ``tlsee.verify/1``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tlsee.cli.exit_codes import CommandError
from tlsee.explain.verdicts import Telling, cause, fix, not_checked
from tlsee.explain.verdicts_words import origin
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.verdict import Check, Path, Verdict, WhatIf
from tlsee.text import printable

VERIFY_SCHEMA = "tlsee.verify/1"


def verify_object(verdict: Verdict, telling: Telling, file: str) -> dict[str, Any]:
    """What ``tlsee verify --json`` prints once it could judge."""
    reason, asked = verdict.reason, verdict.asked
    return {
        "schema": VERIFY_SCHEMA,
        "ok": verdict.accepted,
        "file": file,
        "accepted": verdict.accepted,
        "reason": reason.name if reason is not None else None,
        "sentence": cause(verdict) if reason is not None else None,
        "detail": verdict.detail or None,
        "clause": reason.clause if reason is not None else None,
        "alert": str(verdict.alert) if verdict.alert is not None else None,
        "fix": fix(verdict, telling) or None,
        "purpose": "server" if verdict.purpose.usage == "serverAuth" else "client",
        "name": printable(verdict.name, 2048) if verdict.name is not None else None,
        "matched": printable(verdict.peer.matched, 2048) or None
        if verdict.peer is not None
        else None,
        "at": moment(verdict.at),
        "revocation": asked.revocation.value if asked is not None else None,
        "certificates": [certificate(view, verdict, telling) for view in _all(verdict)],
        "unread": [{"position": item.position, "why": item.detail} for item in verdict.unread],
        "paths": [path_object(path) for path in verdict.tried],
        "what_ifs": [what_if(found) for found in verdict.what_ifs()],
        "not_checked": not_checked(verdict, telling),
        "expiring": [view.fingerprint for view in verdict.expiring],
    }


def failed_verify(file: str, error: CommandError) -> dict[str, Any]:
    """The object where nothing could be judged."""
    return {
        "schema": VERIFY_SCHEMA,
        "ok": False,
        "file": file,
        "accepted": None,
        "reason": error.name,
        "sentence": error.what,
        "detail": None,
        "clause": None,
        "alert": None,
        "fix": error.fix or None,
        "purpose": None,
        "name": None,
        "matched": None,
        "at": None,
        "revocation": None,
        "certificates": [],
        "unread": [],
        "paths": [],
        "what_ifs": [],
        "not_checked": [],
        "expiring": [],
    }


def _all(verdict: Verdict) -> tuple[CertificateView, ...]:
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

"""A verdict as JSON: the search with every check, for ``tlsee.verify/1``."""

from __future__ import annotations

from typing import Any

from tlsee.cli.exit_codes import CommandError
from tlsee.explain.report.verdict_json import (
    certificate,
    certificates_of,
    moment,
    path_object,
    what_if,
)
from tlsee.explain.verdicts import Telling, cause, fix, not_checked
from tlsee.identity.path.verdict import Verdict
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
        "certificates": [certificate(view, verdict, telling) for view in certificates_of(verdict)],
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

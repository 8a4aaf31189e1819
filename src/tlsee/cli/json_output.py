"""The JSON objects, schemas ``tlsee.connect/1`` and ``tlsee.serve/1``.

The schemas are published in docs/schemas/. Within a number fields are added, never changed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tlsee.cli.attempt import Attempt, sentence_of
from tlsee.cli.connect_report import HYBRIDS, explained, is_forward_secret, refused_by
from tlsee.cli.exit_codes import CommandError
from tlsee.cli.offered import offer_in, offer_object
from tlsee.cli.session_words import members
from tlsee.codes import AlertDescription
from tlsee.connection.info import ConnectionInfo
from tlsee.crypto.groups import EXPLICIT_GROUP
from tlsee.errors import TLSError
from tlsee.explain.report.verdict_json import failures
from tlsee.explain.story import Story
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.verdict import Verdict
from tlsee.identity.pem import to_pem
from tlsee.identity.proof import ByCertificate, ByDecryption, Unverified
from tlsee.text import printable

CONNECT_SCHEMA = "tlsee.connect/1"
SERVE_SCHEMA = "tlsee.serve/1"
_JUDGED = (ByCertificate, ByDecryption, Unverified)


def line_of(item: Mapping[str, Any]) -> str:
    """One object in one line, ASCII."""
    return json.dumps(item, ensure_ascii=True, separators=(", ", ": "))


def connect_object(attempt: Attempt) -> dict[str, Any]:
    """Everything about one connection."""
    info, story, error = attempt.info, attempt.story, attempt.error
    wish = attempt.wish
    what, fix = explained(attempt) if error is not None else ("", "")
    return {
        "schema": CONNECT_SCHEMA,
        "ok": error is None,
        "target": str(wish.target),
        "address": attempt.road or None,
        "server_name": wish.server_name,
        "identity": wish.identity,
        "stage": attempt.stage,
        "refused_by": refused_by(error),
        "reason": reason_name(error),
        "sentence": what or None,
        "fix": fix or None,
        "alert": alert_name(story),
        "negotiated": negotiated(info) if info is not None else None,
        "chain": chain(attempt.judgement),
        "verdict": verdict_object(attempt.judgement),
        "client_certificate": _client_certificate(attempt),
        "exports": [
            {"label": export.label, "length": export.length, "hex": made.hex()}
            for export, made in attempt.exports
        ],
        "key_update": {"answered": attempt.keys_answered} if attempt.keys_changed else None,
        "again": [],
        "timings": attempt.timings,
        "received": _received(attempt),
    }


def failed_object(target: str, error: CommandError) -> dict[str, Any]:
    """The object where nothing could even be tried."""
    return {
        "schema": CONNECT_SCHEMA,
        "ok": False,
        "target": target,
        "address": None,
        "server_name": None,
        "identity": None,
        "stage": error.stage,
        "refused_by": None,
        "reason": error.name,
        "sentence": error.what,
        "fix": error.fix or None,
        "alert": None,
        "negotiated": None,
        "chain": [],
        "verdict": None,
        "client_certificate": None,
        "exports": [],
        "key_update": None,
        "again": [],
        "timings": {},
        "received": {"bytes": 0, "base64": "", "complete": True},
    }


def reason_name(error: BaseException | None) -> str | None:
    """The stable name of what went wrong."""
    if error is None:
        return None
    if isinstance(error, TLSError | CommandError):
        return error.name
    return "connection_broken" if isinstance(error, OSError) else "bug"


def alert_name(story: Story) -> str | None:
    """The alert that ended it, received or sent; ``refused_by`` says which."""
    for sent in (False, True):
        for alert in story.alerts(sent=sent):
            if alert != AlertDescription.close_notify:
                return str(alert)
    return None


def negotiated(info: ConnectionInfo) -> dict[str, Any]:
    """What both sides agreed on."""
    return {
        "version": info.version.label,
        "suite": str(info.suite),
        "group": _group(info),
        "post_quantum": info.group in HYBRIDS,
        "forward_secret": is_forward_secret(info),
        "scheme": str(info.scheme) if info.scheme is not None else None,
        "client_scheme": str(info.client_scheme) if info.client_scheme is not None else None,
        "alpn": printable(info.alpn, 255) if info.alpn is not None else None,
        "server_name": printable(info.server_name, 255) if info.server_name else None,
        "hello_retry_request": info.retried,
        "resumed": info.resumed,
        **members(info),
    }


def _group(info: ConnectionInfo) -> str | None:
    if info.group == EXPLICIT_GROUP:
        return "explicit"
    return str(info.group) if info.group is not None else None


def verdict_object(verdict: Verdict | None) -> dict[str, Any] | None:
    """What the judge said of the peer's chain."""
    if verdict is None:
        return None
    return {
        "accepted": verdict.accepted,
        "reason": verdict.reason.name if verdict.reason is not None else None,
        "detail": verdict.detail or None,
        "paths": [path.chain for path in verdict.tried],
        "failures": [
            {"path": number, **failure}
            for number, path in enumerate(verdict.tried, 1)
            for failure in failures(path)
        ],
        "not_checked": list(verdict.not_checked),
    }


def chain(verdict: Verdict | None) -> list[dict[str, Any]]:
    """The certificates as the peer sent them, its own first."""
    return [_certificate(view) for view in verdict.presented] if verdict is not None else []


def _certificate(view: CertificateView) -> dict[str, Any]:
    return {
        "subject": view.subject,
        "issuer": view.issuer,
        "dns_names": [printable(name, 255) for name in view.dns_names],
        "ip_addresses": list(view.ip_addresses),
        "key": view.key_label,
        "signature": view.signature_label,
        "not_before": _moment(view.not_before),
        "not_after": _moment(view.not_after),
        "sha256": view.fingerprint,
        "pem": to_pem(view.der).decode("ascii"),
    }


def identity_object(info: ConnectionInfo | None) -> dict[str, Any] | None:
    """Who a client has shown to be."""
    who = info.peer_identity if info is not None else None
    if who is None:
        return None
    names = (who.dns_names, who.ip_addresses, who.uris, who.emails)
    dns, addresses, uris, emails = ([printable(name, 2048) for name in kind] for kind in names)
    return {
        "subject": who.subject,
        "dns_names": dns,
        "ip_addresses": addresses,
        "uris": uris,
        "emails": emails,
        "spiffe_id": who.spiffe_id,
        "sha256": who.fingerprint,
        "key_sha256": who.key_fingerprint,
    }


def _moment(at: float) -> str | None:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None


def _client_certificate(attempt: Attempt) -> dict[str, Any] | None:
    info = attempt.info
    if info is None or not info.asked_for_certificate:
        return None
    own = info.own_credential
    return {
        "shown": own.subject if own is not None else None,
        "server": attempt.verdict.value if attempt.verdict is not None else None,
    }


def _received(attempt: Attempt) -> dict[str, Any]:
    sink = attempt.sink
    return {
        "bytes": sink.received,
        "base64": base64.b64encode(sink.kept).decode("ascii"),
        "complete": len(sink.kept) == sink.received,
    }


def serve_object(
    address: str,
    info: ConnectionInfo | None,
    story: Story,
    stage: str,
    error: BaseException | None,
    milliseconds: float,
) -> dict[str, Any]:
    """One served connection."""
    proof = info.peer if info is not None else None
    verdict = proof.verdict if isinstance(proof, _JUDGED) else story.verdict
    return {
        "schema": SERVE_SCHEMA,
        "ok": error is None,
        "client": address,
        "stage": stage,
        "refused_by": refused_by(error),
        "reason": reason_name(error),
        "sentence": sentence_of(error) if error is not None else None,
        "alert": alert_name(story),
        "offer": offer_object(offer_in(story)),
        "negotiated": negotiated(info) if info is not None else None,
        "chain": chain(verdict),
        "verdict": verdict_object(verdict),
        "peer_identity": identity_object(info),
        "timings": {"handshake_ms": story.milliseconds, "total_ms": milliseconds},
    }

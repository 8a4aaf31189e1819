"""A recording as JSON, schema ``tlsee.recording/1``: everything that any view shows.

The schema is published in docs/schemas/; within a number members are added, never changed. Texts
that came from a peer are printable ASCII, as everywhere; bytes are hexadecimal, and ``null`` where
the recording does not have them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tlsee.explain.account import Account, Outcome, RecordView, StepView
from tlsee.explain.cost import cost_of
from tlsee.explain.dissect import Field
from tlsee.explain.keytree import KeyNode, key_graph, recipe
from tlsee.explain.keytree.node import KeyGraph
from tlsee.explain.machine_view import machine_of
from tlsee.explain.report import verdict_json
from tlsee.explain.verdicts import CONNECTED, cause, fix, not_checked
from tlsee.explain.why import Why, reasons_of
from tlsee.text import printable

__all__ = ["SCHEMA", "failed_report", "report"]

SCHEMA = "tlsee.recording/1"
NAME_SHOWN = 2048  # characters of a name in a certificate


def report(account: Account) -> dict[str, Any]:
    """The object. Never raises for what is in a recording."""
    recording = account.recording
    return {
        "schema": SCHEMA,
        "ok": True,
        "sentence": None,
        "fix": None,
        "heading": _heading(account),
        "outcome": _outcome(account.outcome),
        "steps": [_step(view) for view in account.steps],
        "records": [
            _record(view, field)
            for view, field in zip(account.records, account.record_fields, strict=True)
        ],
        "choices": [_why(why) for why in reasons_of(recording)],
        "keys": _keys(key_graph(recording)),
        "certificates": _verdict(account),
        "machine": _machine(account),
        "cost": _cost(account),
    }


def failed_report(sentence: str, remedy: str = "") -> dict[str, Any]:
    """The object where no recording could be read."""
    return {
        "schema": SCHEMA,
        "ok": False,
        "sentence": sentence,
        "fix": remedy or None,
        "heading": None,
        "outcome": None,
        "steps": [],
        "records": [],
        "choices": [],
        "keys": None,
        "certificates": None,
        "machine": None,
        "cost": None,
    }


def _heading(account: Account) -> dict[str, Any]:
    heading, recording = account.heading, account.recording
    role = recording.role
    return {
        "title": heading.title,
        "role": role.value if role is not None else None,
        "overheard": account.overheard,
        "began": _began(recording.header.began),
        "program": printable(recording.header.program, 255),
        "note": heading.note,
        "reveals_secrets": recording.reveals_secrets,
        "has_pseudonyms": recording.header.has_pseudonyms,
        "client": heading.left,
        "server": heading.right,
        "missing": list(heading.missing),
    }


def _began(nanoseconds: int) -> str | None:
    """As ``2026-11-21T02:14:07.312000Z``; ``None`` beyond calendars."""
    try:
        at = datetime.fromtimestamp(nanoseconds // 10**9, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{at:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 10**9 // 1000:06}Z"


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "ending": outcome.ending.value,
        "good": outcome.good,
        "headline": outcome.headline,
        "sentences": list(outcome.sentences),
        "name": outcome.name or None,
        "alert": outcome.alert or None,
        "clause": outcome.clause or None,
        "fix": outcome.fix or None,
        "evidence": list(outcome.evidence),
    }


def _step(view: StepView) -> dict[str, Any]:
    step = view.step
    data = step.records
    return {
        "number": step.number,
        "kind": step.kind.value,
        "sender": step.sender.value,
        "epoch": step.epoch.name.lower(),
        "at_ms": _milliseconds(step.at),
        "title": view.title,
        "sentences": list(view.sentences),
        "announces": view.announces or None,
        "key": view.key,
        "records": list(view.records),
        "length": len(step.raw) if data is None else data.content,
        "field": _field(view.field) if view.field is not None else None,
    }


def _record(view: RecordView, field: Field) -> dict[str, Any]:
    protection = view.seen.protection
    return {
        "number": view.number,
        "at_ms": _milliseconds(view.at),
        "sender": view.sender.value,
        "epoch": view.epoch.name.lower(),
        "type": str(view.content),
        "length": view.length,
        "wire": view.wire,
        "key": protection.key if protection is not None else None,
        "left_out": view.seen.left_out,
        "field": _field(field),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 6)


def _field(field: Field) -> dict[str, Any]:
    """A field and its parts. The bytes stand where there are no parts: parts leave no gap."""
    return {
        "name": field.name,
        "start": field.start,
        "end": field.end,
        "hex": None if field.children else field.raw.hex(),
        "words": field.words,
        "about": field.about or None,
        "clause": field.clause or None,
        "key": field.protected_by,
        "problem": field.problem or None,
        "children": [_field(child) for child in field.children],
    }


def _why(why: Why) -> dict[str, Any]:
    return {
        "what": why.what,
        "title": why.title,
        "by": why.by.value,
        "chosen": why.chosen or None,
        "rule": why.rule,
        "clause": why.clause or None,
        "candidates": [
            {
                "name": one.name,
                "code": one.code,
                "offered": one.offered,
                "able": one.able,
                "chosen": one.chosen,
                "words": one.words,
            }
            for one in why.candidates
        ],
        "what_ifs": [
            {
                "change": one.change,
                "result": one.result,
                "certain": one.certain,
                "then": one.then or None,
            }
            for one in why.what_ifs
        ],
    }


def _keys(graph: KeyGraph | None) -> dict[str, Any] | None:
    if graph is None:
        return None
    return {
        "version": graph.version.label,
        "hash": graph.hash_name or None,
        "missing": graph.missing or None,
        "problems": list(graph.problems),
        "nodes": [_node(node, graph) for node in graph.nodes],
        "transcripts": [_node(node, graph) for node in graph.transcripts],
    }


def _node(node: KeyNode, graph: KeyGraph) -> dict[str, Any]:
    return {
        "name": node.name,
        "stage": node.stage,
        "operation": node.operation,
        "inputs": [
            {
                "role": one.role,
                "node": one.node or None,
                "hex": one.data.hex() if one.data is not None else None,
            }
            for one in node.inputs
        ],
        "label": node.label or None,
        "context": node.context.hex() or None,
        "context_words": node.context_words or None,
        "length": node.length,
        "output": node.output.hex() if node.output is not None else None,
        "public": node.public,
        "used_first": node.used_first,
        "used_words": node.used_words or None,
        "about": node.about,
        "clause": node.clause or None,
        "problem": node.problem or None,
        "recipe": recipe(graph, node) or None,
    }


def _verdict(account: Account) -> dict[str, Any] | None:
    verdict = account.verdict
    if verdict is None:
        return None
    reason = verdict.reason
    return {
        "accepted": verdict.accepted,
        "purpose": "server" if verdict.purpose.usage == "serverAuth" else "client",
        "name": printable(verdict.name, NAME_SHOWN) if verdict.name is not None else None,
        "at": verdict_json.moment(verdict.at),
        "reason": reason.name if reason is not None else None,
        "sentence": cause(verdict) if reason is not None else None,
        "detail": verdict.detail or None,
        "clause": reason.clause if reason is not None else None,
        "fix": fix(verdict, CONNECTED) or None,
        "certificates": [
            verdict_json.certificate(view, verdict, CONNECTED)
            for view in verdict_json.certificates_of(verdict)
        ],
        "paths": [verdict_json.path_object(path) for path in verdict.tried],
        "what_ifs": [verdict_json.what_if(found) for found in verdict.what_ifs()],
        "not_checked": list(not_checked(verdict, CONNECTED)),
    }


def _machine(account: Account) -> dict[str, Any] | None:
    machine = machine_of(account.recording)
    if machine is None:
        return None
    return {
        "role": machine.role.value,
        "version": machine.version.label,
        "states": list(machine.states),
        "figure": dict(machine.figure),
        "edges": [
            {
                "source": edge.source,
                "message": edge.message,
                "target": edge.target,
                "taken": edge.taken,
                "steps": list(edge.steps),
            }
            for edge in machine.edges
        ],
        "path": [{"state": state, "step": number} for state, number in machine.path],
        "refused": machine.refused,
    }


def _cost(account: Account) -> dict[str, Any]:
    cost = cost_of(account.recording)
    return {
        "round_trips": cost.round_trips,
        "milliseconds": cost.milliseconds,
        "client_bytes": cost.client_bytes,
        "server_bytes": cost.server_bytes,
        "content_bytes": cost.content_bytes,
        "overhead_bytes": cost.overhead_bytes,
        "certificate_bytes": cost.certificate_bytes,
        "post_quantum_bytes": cost.post_quantum_bytes,
        "cpu_us": cost.cpu_us,
        "steps": [
            {
                "number": step.number,
                "title": step.title,
                "sender": step.sender.value,
                "content": step.content,
                "wire": step.wire,
                "at_ms": step.at_ms,
                "cpu_us": step.cpu_us,
            }
            for step in cost.steps
        ],
    }

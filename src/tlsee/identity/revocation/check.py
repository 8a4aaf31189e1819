"""Whether a certificate on a path is revoked, from what is known; pure (RFC 5280, 6.3)."""

from __future__ import annotations

from tlsee.identity.revocation.status import Question, State, Status


def status_of(question: Question) -> Status:
    """What is known of one certificate, and what to fetch to know more. Never raises."""
    return Status(State.UNKNOWN, f"{question.certificate.subject}: nobody was asked")

"""Revocation of a path that holds otherwise: every certificate but the anchor is asked about."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

from tlsee.identity import certificate as fields
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path import checks
from tlsee.identity.path.asked import Asked
from tlsee.identity.path.known import Fetch, Revocation
from tlsee.identity.path.purpose import Purpose
from tlsee.identity.path.rules import PASSED
from tlsee.identity.path.verdict import Check, Step
from tlsee.identity.revocation.check import status_of
from tlsee.identity.revocation.status import Question, State, Status
from tlsee.identity.trust import Profile
from tlsee.reasons import Reasons

_STATUS_REQUEST = x509.TLSFeatureType.status_request


class Inquiry:
    """The answers for one path.

    Attributes:
        needs: what to fetch before anything can be said; then the rest means nothing.
        ok: whether the policy lets the path pass. ``not_checked``: what nobody could say.
    """

    def __init__(
        self,
        asked: Asked,
        profile: Profile,
        path: tuple[CertificateView, ...],
        pool: Iterable[CertificateView],
    ) -> None:
        self._asked = asked
        self._strict = profile is Profile.WEB
        self._path = path
        self._pool = tuple(dict.fromkeys(pool))
        self._stapled = {
            bytes(der): response
            for der, response in zip(asked.chain, asked.stapled, strict=False)
            if response is not None
        }
        self._checks: list[Check] = []
        unknown: list[str] = []
        needs: dict[Fetch, None] = {}
        for place in range(len(path) - 1):
            status = self._status(place)
            if status.state is State.UNKNOWN and not status.fatal:
                needs.update(dict.fromkeys(status.needs))
                if asked.revocation is Revocation.SOFT:
                    unknown.append(f"revocation of {status.detail or path[place].subject}")
            self._checks.append(self._check(path[place], status))
            if place == 0:
                self._checks[0] = self._stapling(path[0], status) or self._checks[0]
        self.ok = all(check.ok for check in self._checks)
        self.needs: tuple[Fetch, ...] = tuple(needs) if self.ok or self._may_pass() else ()
        self.not_checked = tuple(unknown)

    def _may_pass(self) -> bool:
        """Whether only what is not known yet stands against it."""
        unknown = Reasons.revocation_unknown
        return all(check.ok or check.reason is unknown for check in self._checks)

    def _status(self, place: int) -> Status:
        view = self._path[place]
        asked = self._asked
        stapled = self._stapled.get(view.der)
        return status_of(
            Question(self._path, place, self._pool, asked.at, asked.known, stapled, self._strict)
        )

    def _check(self, certificate: CertificateView, status: Status) -> Check:
        passed = PASSED["revocation"]
        if status.state is State.GOOD:
            return Check(passed.name, True, f"{status.detail} ({status.source})", status.clause)
        unknown = status.state is State.UNKNOWN
        if unknown and not status.fatal and self._asked.revocation is Revocation.SOFT:
            return Check(passed.name, True, f"not known: {status.detail}", status.clause)
        reason = status.reason or (
            Reasons.revocation_unknown if unknown else Reasons.certificate_revoked
        )
        found = checks.failed("revocation", certificate, status.detail, reason)
        return Check(found.name, False, found.detail, status.clause, reason, found.span)

    def _stapling(self, leaf: CertificateView, status: Status) -> Check | None:
        """A server whose certificate promises a stapled response sends one (RFC 7633, 4.2.3)."""
        if self._asked.purpose is not Purpose.SERVER or not must_staple(leaf):
            return None
        if status.stapled or status.state is State.REVOKED or status.fatal:
            return None
        detail = f"{leaf.subject} came without a stapled OCSP response that counts"
        return checks.failed("stapling", leaf, detail)

    def added_to(self, steps: list[Step]) -> list[Step]:
        """The path's steps with these checks."""
        return [
            Step(step.certificate, (*step.checks, check))
            for step, check in zip(steps, self._checks, strict=False)
        ] + steps[len(self._checks) :]


def must_staple(certificate: CertificateView) -> bool:
    """Whether it has the TLS feature status_request (RFC 7633)."""
    found = certificate.extensions.get(fields.TLS_FEATURE)
    return found is not None and _STATUS_REQUEST in found

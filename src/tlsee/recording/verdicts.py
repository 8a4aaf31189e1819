"""A verdict as a struct and back: every path with its checks, each certificate once.

What comes back is a record of what was found, not a judgement: the trust that it rested on, and the
limits of its anchors, stay behind. The certificates and the moment are there to judge again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tlsee.identity.certificate import CertificateView, Unreadable, read_certificate
from tlsee.identity.path.verdict import (
    Check,
    Path,
    Purpose,
    Step,
    Unread,
    Verdict,
    VerifiedPeer,
)
from tlsee.identity.trust import Anchor, Profile
from tlsee.reasons import Reason
from tlsee.recording.plain import reason_body, reason_of, seconds, seconds_of, text, text_of
from tlsee.recording.shapes import (
    BYTE,
    NO_INDEX,
    AnchorBody,
    CheckBody,
    PathBody,
    PeerBody,
    ReasonBody,
    StepBody,
    UnreadBody,
    VerdictBody,
)

T = TypeVar("T")


def verdict_body(verdict: Verdict) -> VerdictBody:
    """A verdict as it is written."""
    return _Writing().verdict(verdict)


def verdict_of(body: VerdictBody) -> Verdict:
    """The verdict of a file.

    Raises:
        ValueError: a certificate in it cannot be read, or a place in a table that is none.
    """
    return _Reading(body).verdict()


class _Writing:
    """Gathers what is named more than once."""

    def __init__(self) -> None:
        self.certificates: list[bytes] = []
        self.anchors: list[AnchorBody] = []
        self.paths: list[PathBody] = []
        self._places: dict[bytes, int] = {}

    def verdict(self, verdict: Verdict) -> VerdictBody:
        tried = tuple(self._path(path) for path in verdict.tried)
        presented = tuple(self._certificate(view.der) for view in verdict.presented)
        peer = (self._peer(verdict.peer),) if verdict.peer is not None else ()
        return VerdictBody(
            accepted=int(verdict.accepted),
            client=int(verdict.purpose is Purpose.CLIENT),
            name=(text(verdict.name),) if verdict.name is not None else (),
            at=seconds(verdict.at),
            reason=_reasons(verdict.reason),
            detail=text(verdict.detail),
            certificates=tuple(self.certificates),
            anchors=tuple(self.anchors),
            paths=tuple(self.paths),
            tried=tried,
            peer=peer,
            presented=presented,
            unread=tuple(
                UnreadBody(item.position, item.der, text(item.detail)) for item in verdict.unread
            ),
            not_checked=tuple(text(item) for item in verdict.not_checked),
        )

    def _certificate(self, der: bytes) -> int:
        if der not in self._places:
            self._places[der] = len(self.certificates)
            self.certificates.append(der)
        return self._places[der]

    def _path(self, path: Path) -> int:
        anchor = NO_INDEX
        if path.anchor is not None:
            made = AnchorBody(
                self._certificate(path.anchor.der),
                text(path.anchor.store),
                int(path.anchor.profile is Profile.PRIVATE),
            )
            anchor = _placed(self.anchors, made)
        steps = tuple(
            StepBody(self._certificate(step.certificate.der), tuple(map(_check_body, step.checks)))
            for step in path.steps
        )
        return _placed(self.paths, PathBody(anchor, steps))

    def _peer(self, peer: VerifiedPeer) -> PeerBody:
        certificate = self._certificate(peer.certificate.der)
        return PeerBody(certificate, self._path(peer.path), text(peer.matched))


def _placed(table: list[T], item: T) -> int:
    if item not in table:
        table.append(item)
    return table.index(item)


def _reasons(reason: Reason | None) -> tuple[ReasonBody, ...]:
    return (reason_body(reason),) if reason is not None else ()


def _check_body(check: Check) -> CheckBody:
    return CheckBody(
        text(check.name, BYTE),
        int(check.ok),
        text(check.detail),
        text(check.clause),
        _reasons(check.reason),
        check.span or (),
    )


class _Reading:
    def __init__(self, body: VerdictBody) -> None:
        self._body = body
        try:
            self._views = [read_certificate(der) for der in body.certificates]
            self._anchors = [self._anchor(item) for item in body.anchors]
        except Unreadable as problem:
            raise ValueError(f"a certificate of a verdict: {problem}") from None
        self._paths = [self._path(item) for item in body.paths]

    def verdict(self) -> Verdict:
        body = self._body
        name = text_of(body.name[0]) if body.name else None
        return Verdict(
            accepted=body.accepted == 1,
            peer=self._peer(body.peer[0], name) if body.peer else None,
            tried=tuple(_at(self._paths, place) for place in body.tried),
            reason=_reason(body.reason),
            detail=text_of(body.detail),
            purpose=Purpose.CLIENT if body.client else Purpose.SERVER,
            name=name,
            at=seconds_of(body.at),
            presented=self._certificates(body.presented),
            unread=tuple(
                Unread(item.position, item.der, text_of(item.detail)) for item in body.unread
            ),
            not_checked=tuple(map(text_of, body.not_checked)),
        )

    def _certificates(self, places: Iterable[int]) -> tuple[CertificateView, ...]:
        return tuple(_at(self._views, place) for place in places)

    def _anchor(self, body: AnchorBody) -> Anchor:
        profile = Profile.PRIVATE if body.private else Profile.WEB
        return Anchor(_at(self._views, body.certificate).der, text_of(body.store), profile)

    def _path(self, body: PathBody) -> Path:
        anchor = None if body.anchor == NO_INDEX else _at(self._anchors, body.anchor)
        steps = tuple(
            Step(_at(self._views, step.certificate), tuple(map(_check, step.checks)))
            for step in body.steps
        )
        return Path(steps, anchor)

    def _peer(self, body: PeerBody, name: str | None) -> VerifiedPeer:
        certificate, path = _at(self._views, body.certificate), _at(self._paths, body.path)
        return VerifiedPeer(certificate, path, name, text_of(body.matched))


def _at(table: list[T], place: int) -> T:
    if place >= len(table):
        raise ValueError(f"place {place} of a table of {len(table)}")
    return table[place]


def _reason(bodies: tuple[ReasonBody, ...]) -> Reason | None:
    return reason_of(bodies[0]) if bodies else None


def _check(body: CheckBody) -> Check:
    span = (body.span[0], body.span[1]) if len(body.span) == 2 else None
    return Check(
        text_of(body.name),
        body.ok == 1,
        text_of(body.detail),
        text_of(body.clause),
        _reason(body.reason),
        span,
    )

"""The judgement: is this peer who it has to be? Pure, and it may be asked again (RFC 5280, 6).

``judge`` reads the chain, searches the ways to an anchor and holds each certificate on them to the
rules. Nothing here fetches, waits or raises for a peer's bytes: what would have to be fetched is
returned as ``Needs``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, overload

from tlsee.errors import ApiMisuse
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView, Unreadable, read_certificate
from tlsee.identity.path import bounds, issuers, name_constraints
from tlsee.identity.path.asked import Asked
from tlsee.identity.path.build import Chain, Exhausted, Search
from tlsee.identity.path.known import NOTHING_KNOWN, Fetch, Known, Needs, Revocation
from tlsee.identity.path.policies import ANY, PolicySettings
from tlsee.identity.path.public_suffixes import SUFFIXES
from tlsee.identity.path.purpose import KeyUse
from tlsee.identity.path.ranking import rank
from tlsee.identity.path.revoked import Inquiry
from tlsee.identity.path.verdict import (
    Check,
    Path,
    Purpose,
    Step,
    Unread,
    Verdict,
    VerifiedPeer,
    WhatIf,
)
from tlsee.identity.path.walk import Walk
from tlsee.identity.path.what_if import what_ifs
from tlsee.identity.trust import Anchor, Profile, Trust
from tlsee.reasons import Reason, Reasons
from tlsee.text import count, printable

__all__ = [
    "Check",
    "KeyUse",
    "Path",
    "Purpose",
    "Step",
    "Unread",
    "Verdict",
    "VerifiedPeer",
    "judge",
    "judge_again",
]


@overload
def judge(
    chain: Sequence[bytes],
    trust: Trust,
    *,
    purpose: Purpose,
    name: str | None,
    at: float,
    use: KeyUse | None = ...,
    intermediates: Sequence[bytes] = ...,
    known: Known = ...,
    revocation: Literal[Revocation.OFF] = ...,
    stapled: Sequence[bytes | None] = ...,
    fetch_issuers: Literal[False] = ...,
    profile: Profile | None = ...,
    policies: PolicySettings = ...,
    path_limit: int | None = ...,
) -> Verdict: ...


@overload
def judge(
    chain: Sequence[bytes],
    trust: Trust,
    *,
    purpose: Purpose,
    name: str | None,
    at: float,
    use: KeyUse | None = ...,
    intermediates: Sequence[bytes] = ...,
    known: Known = ...,
    revocation: Revocation = ...,
    stapled: Sequence[bytes | None] = ...,
    fetch_issuers: bool = ...,
    profile: Profile | None = ...,
    policies: PolicySettings = ...,
    path_limit: int | None = ...,
) -> Verdict | Needs: ...


def judge(
    chain: Sequence[bytes],
    trust: Trust,
    *,
    purpose: Purpose,
    name: str | None,
    at: float,
    use: KeyUse | None = KeyUse.SIGNING,
    intermediates: Sequence[bytes] = (),
    known: Known = NOTHING_KNOWN,
    revocation: Revocation = Revocation.OFF,
    stapled: Sequence[bytes | None] = (),
    fetch_issuers: bool = False,
    profile: Profile | None = None,
    policies: PolicySettings = ANY,
    path_limit: int | None = None,
) -> Verdict | Needs:
    """Judge a peer's chain.

    Args:
        chain: DER certificates as they came, the peer's first, the others in any order.
        trust: whom to believe. ``insecure`` changes nothing here: the caller acts on it.
        purpose: what the peer wants to be.
        name: a host name, IP address, URI or mailbox that it must have, or ``None``.
        at: the moment, in seconds since the epoch.
        use: what the peer's key has to be allowed to do; ``None`` does not look.
        intermediates: DER certificates of our own that may stand between.
        known: what was given and fetched. Made for this judgement, or shared by few.
        revocation: whether to ask, and what not knowing means. With ``known.offline`` and without
            ``fetch_issuers`` the answer is always a ``Verdict``.
        stapled: an OCSP response or ``None`` for each certificate of ``chain``, DER.
        fetch_issuers: look for missing issuers at the addresses that certificates name.
        profile: rules for all paths, instead of each anchor's.
        policies: what is asked of certificate policies.
        path_limit: certificates that may stand between leaf and anchor.

    Raises:
        ApiMisuse: ``name`` is no name, or one of ``intermediates`` is no certificate. Nothing is
            raised for what is in ``chain``, ``stapled`` or ``known``.
    """
    return judge_again(
        Asked(
            chain,
            trust,
            purpose,
            name,
            at,
            use,
            intermediates,
            known,
            revocation,
            stapled,
            fetch_issuers,
            profile,
            policies,
            path_limit,
        )
    )


def judge_again(asked: Asked) -> Verdict | Needs:
    """The same for a question that is a value, such as a verdict's ``asked`` with changes.

    Raises:
        ApiMisuse: as ``judge``.
    """
    return _Judgement(asked).outcome()


def _explore(verdict: Verdict, fetched: Mapping[Fetch, bytes | str]) -> tuple[WhatIf, ...]:
    return what_ifs(verdict, judge_again, fetched)


class _Judgement:
    """One judgement while it is being made."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        wanted = names.reference(asked.name) if asked.name is not None else None
        self.paths: list[Path] = []
        self.more_paths = 0
        self.unread: list[Unread] = []
        self.presented: list[CertificateView] = []
        self.chain_length = len(asked.chain)
        if self.chain_length <= bounds.PRESENTED:
            self._read(asked.chain)
        self.pool = [*self.presented[1:], *map(_configured, asked.intermediates)]
        if asked.fetch_issuers:
            self.pool += issuers.fetched(asked.known)
        self.walk = Walk(asked, wanted)
        self.needs: tuple[Fetch, ...] = ()
        self.not_checked: tuple[str, ...] = ("revocation",)
        self.matched = ""

    def _read(self, chain: Sequence[bytes]) -> None:
        for position, der in enumerate(chain):
            try:
                self.presented.append(read_certificate(bytes(der)))
            except Unreadable as problem:
                self.unread.append(Unread(position, bytes(der), str(problem)))

    def outcome(self) -> Verdict | Needs:
        """Search, then say."""
        if not self.chain_length:
            return self._refuse(Reasons.empty_certificate, "no certificate was presented")
        if self.chain_length > bounds.PRESENTED:
            detail = f"{self.chain_length} certificates, and {bounds.PRESENTED} are the most"
            return self._refuse(Reasons.chain_too_long, detail)
        if self.unread and self.unread[0].position == 0:
            return self._refuse(Reasons.malformed_certificate, self.unread[0].detail)
        return self._search()

    def _search(self) -> Verdict | Needs:
        leaf = self.presented[0]
        search = Search(self.asked, self.pool, self._finish)
        exhausted = ""
        for only_sound in (True, False):
            self.paths.clear()
            try:
                if search.run(leaf, only_sound=only_sound):
                    return Needs(self.needs) if self.needs else self._accept()
            except Exhausted as bound:
                exhausted = exhausted or str(bound)
            except name_constraints.TooMuchWork:
                exhausted = f"{bounds.NAME_COMPARISONS:,} names compared"
                break
        if self.asked.fetch_issuers:
            missing = issuers.missing(search.orphans, self.asked.known)
            if missing:
                return Needs(missing)
        return self._explain(exhausted)

    def _accept(self) -> Verdict:
        path, asked = self.paths[-1], self.asked
        leaf = path.steps[0].certificate
        peer = VerifiedPeer(leaf, path, asked.name, self.matched)
        return self._verdict(peer, (path,), None, "")

    def _refuse(self, reason: Reason, detail: str) -> Verdict:
        return self._verdict(None, tuple(self.paths), reason, detail)

    def _verdict(
        self,
        peer: VerifiedPeer | None,
        tried: tuple[Path, ...],
        reason: Reason | None,
        detail: str,
    ) -> Verdict:
        asked = self.asked
        return Verdict(
            peer is not None,
            peer,
            tried,
            reason,
            detail,
            asked.purpose,
            asked.name,
            asked.at,
            tuple(self.presented),
            tuple(self.unread),
            self.not_checked,
            asked,
            _explore,
        )

    # ---- one way at a time

    def _finish(self, chain: Chain, anchor: Anchor | None, end: Check | None) -> bool:
        """Hold a way that ended to the rules; whether the search is over."""
        steps, sound, matched = self.walk.hold(chain, anchor, end)
        sound = sound and anchor is not None
        if sound and anchor is not None and self.asked.revocation is not Revocation.OFF:
            profile = self.asked.profile or anchor.profile
            inquiry = Inquiry(self.asked, profile, chain, (*self.presented, *self.pool))
            if inquiry.needs:
                self.needs = inquiry.needs
                return True
            steps, sound = inquiry.added_to(steps), inquiry.ok
            self.not_checked = inquiry.not_checked
        path = Path(tuple(steps), anchor)
        if len(self.paths) < bounds.PATHS_KEPT or sound:
            self.paths.append(path)
        else:
            self.more_paths += 1
        if sound:
            self.matched = matched
            if matched.startswith("*.") and self._suffix_unknown(anchor):
                self.not_checked += (f"public suffix below {printable(matched)}",)
        return sound

    def _suffix_unknown(self, anchor: Anchor | None) -> bool:
        profile = self.asked.profile or (anchor.profile if anchor is not None else None)
        return profile is Profile.WEB and not SUFFIXES.are_known

    # ---- why not

    def _explain(self, exhausted: str) -> Verdict:
        self.paths.sort(key=_uninformative)
        anchored = bool(self.paths) and self.paths[0].anchor is not None
        if exhausted and not anchored:
            return self._refuse(Reasons.judgement_exhausted, exhausted)
        if self.unread and not anchored:
            unread = self.unread[0]
            detail = f"certificate {unread.position + 1} of the chain: {unread.detail}"
            return self._refuse(Reasons.malformed_certificate, detail)
        end = self.paths[0].ended_by if self.paths else None
        if end is None or end[1].reason is None:
            searched = count(len(self.paths) + self.more_paths, "path")
            return self._refuse(Reasons.unknown_ca, f"{searched} tried")
        return self._refuse(end[1].reason, end[1].detail)


def _configured(der: bytes) -> CertificateView:
    try:
        return read_certificate(bytes(der))
    except Unreadable as problem:
        raise ApiMisuse(f"intermediates: {problem}", "give DER certificates") from None


def _uninformative(path: Path) -> tuple[bool, int, int]:
    """For sorting: first the paths that reached an anchor, of those the one with fewest faults.

    Of dead ends the one whose end is most particular, then the longest.
    """
    ranks = [rank(check.reason) for _, check in path.failures]
    if path.anchor is not None:
        return (False, len(ranks), min(ranks, default=0))
    return (True, min(ranks, default=0), -len(path.steps))

"""The judgement: is this peer who it has to be? Pure, and it may be asked again (RFC 5280, 6).

``judge`` reads the chain, searches the ways to an anchor and holds each certificate on them to the
rules. Nothing here fetches, waits or raises for a peer's bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.errors import ApiMisuse
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView, Unreadable, read_certificate
from tlsee.identity.path import bounds, checks, name_constraints
from tlsee.identity.path.build import Chain, Exhausted, Search
from tlsee.identity.path.verdict import (
    Check,
    KeyUse,
    Path,
    Purpose,
    Step,
    Unread,
    Verdict,
    VerifiedPeer,
)
from tlsee.identity.trust import Anchor, Profile, Trust
from tlsee.reasons import Reason, Reasons
from tlsee.text import count

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
]


def judge(
    chain: Sequence[bytes],
    trust: Trust,
    *,
    purpose: Purpose,
    name: str | None,
    at: float,
    use: KeyUse = KeyUse.SIGNING,
    intermediates: Sequence[bytes] = (),
) -> Verdict:
    """Judge a peer's chain.

    Args:
        chain: DER certificates as they came, the peer's first, the others in any order.
        trust: whom to believe. ``insecure`` changes nothing here: the caller acts on it.
        purpose: what the peer wants to be.
        name: a host name or IP address that it must have, or ``None``.
        at: the moment, in seconds since the epoch.
        use: what the peer's key has to be allowed to do.
        intermediates: DER certificates of our own that may stand between.

    Raises:
        ApiMisuse: ``name`` is no name, or one of ``intermediates`` is no certificate. Nothing is
            raised for what is in ``chain``.
    """
    wanted = names.reference(name) if name is not None else None
    return _Judgement(chain, trust, purpose, use, name, wanted, at, intermediates).verdict()


class _Judgement:
    """One judgement while it is being made."""

    def __init__(
        self,
        chain: Sequence[bytes],
        trust: Trust,
        purpose: Purpose,
        use: KeyUse,
        name: str | None,
        wanted: names.Reference | None,
        at: float,
        intermediates: Sequence[bytes],
    ) -> None:
        self.trust = trust
        self.purpose = purpose
        self.use = use
        self.name = name
        self.wanted = wanted
        self.at = at
        self.paths: list[Path] = []
        self.more_paths = 0
        self.unread: list[Unread] = []
        self.presented: list[CertificateView] = []
        self.chain_length = len(chain)
        if self.chain_length <= bounds.PRESENTED:
            self._read(chain)
        self.pool = [*self.presented[1:], *map(_configured, intermediates)]
        self.budget = name_constraints.Budget(bounds.NAME_COMPARISONS)

    def _read(self, chain: Sequence[bytes]) -> None:
        for position, der in enumerate(chain):
            try:
                self.presented.append(read_certificate(bytes(der)))
            except Unreadable as problem:
                self.unread.append(Unread(position, bytes(der), str(problem)))

    def verdict(self) -> Verdict:
        """Search, then say."""
        if not self.chain_length:
            return self._refuse(Reasons.empty_certificate, "no certificate was presented")
        if self.chain_length > bounds.PRESENTED:
            detail = f"{self.chain_length} certificates, and {bounds.PRESENTED} are the most"
            return self._refuse(Reasons.chain_too_long, detail)
        if self.unread and self.unread[0].position == 0:
            return self._refuse(Reasons.malformed_certificate, self.unread[0].detail)
        return self._search()

    def _search(self) -> Verdict:
        leaf = self.presented[0]
        search = Search(self.trust, self.pool, self.at, self._finish)
        exhausted = ""
        for only_sound in (True, False):
            self.paths.clear()
            try:
                if search.run(leaf, only_sound=only_sound):
                    return self._accept()
            except Exhausted as bound:
                exhausted = exhausted or str(bound)
            except name_constraints.TooMuchWork:
                exhausted = f"{bounds.NAME_COMPARISONS:,} names compared"
                break
        return self._explain(exhausted)

    def _accept(self) -> Verdict:
        path = self.paths[-1]
        leaf = path.steps[0].certificate
        matched = names.covers(leaf, self.wanted) if self.wanted is not None else ""
        peer = VerifiedPeer(leaf, path, self.name, matched)
        return Verdict(
            True,
            peer,
            (path,),
            None,
            "",
            self.purpose,
            self.name,
            self.at,
            tuple(self.presented),
            tuple(self.unread),
        )

    def _refuse(self, reason: Reason, detail: str) -> Verdict:
        return Verdict(
            False,
            None,
            tuple(self.paths),
            reason,
            detail,
            self.purpose,
            self.name,
            self.at,
            tuple(self.presented),
            tuple(self.unread),
        )

    # ---- one way at a time

    def _finish(self, chain: Chain, anchor: Anchor | None, end: Check | None) -> bool:
        """Hold a way that ended to the rules; whether it is accepted."""
        profile = anchor.profile if anchor is not None else Profile.PRIVATE
        steps = [Step(chain[0], self._leaf(chain, anchor, profile, end))]
        authorities_between = 0
        last = len(chain) - 1
        for place in range(1, last + 1):
            issuer = chain[place]
            is_anchor = anchor is not None and place == last
            found = (
                *checks.authority_checks(issuer, profile, is_anchor=is_anchor),
                checks.dates(issuer, self.at),
                checks.path_length(issuer, authorities_between),
                checks.issuer_purpose(issuer, self.purpose),
                *self._constraints(chain, place),
                *_signed(is_anchor, end if place == last else None),
            )
            steps.append(Step(issuer, found))
            if not issuer.self_issued:
                authorities_between += 1
        path = Path(tuple(steps), anchor)
        if len(self.paths) < bounds.PATHS_KEPT or path.accepted:
            self.paths.append(path)
        else:
            self.more_paths += 1
        return path.accepted

    def _leaf(
        self, chain: Chain, anchor: Anchor | None, profile: Profile, end: Check | None
    ) -> tuple[Check, ...]:
        leaf = chain[0]
        is_anchor = anchor is not None and len(chain) == 1
        static = checks.leaf_checks(leaf, self.purpose, self.use, profile, is_anchor=is_anchor)
        named = (checks.name(leaf, self.wanted, profile),) if self.wanted is not None else ()
        return (
            *static,
            checks.dates(leaf, self.at),
            *named,
            *self._constraints(chain, 0),
            *_signed(is_anchor, end if len(chain) == 1 else None),
        )

    def _constraints(self, chain: Chain, place: int) -> tuple[Check, ...]:
        """All authorities above have a say, but not on self-issued ones that are no leaf."""
        certificate = chain[place]
        if place and certificate.self_issued:
            return ()
        return tuple(
            checks.constraints(name_constraints.violation(certificate, issuer, self.budget))
            for issuer in chain[place + 1 :]
            if issuer.name_constraints is not None
        )

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
        failures = [check for _, check in self.paths[0].failures] if self.paths else []
        worst = min(failures, key=_rank, default=None)
        if worst is None or worst.reason is None:
            searched = count(len(self.paths) + self.more_paths, "path")
            return self._refuse(Reasons.unknown_ca, f"{searched} tried")
        return self._refuse(worst.reason, worst.detail)


def _signed(is_anchor: bool, end: Check | None) -> tuple[Check, ...]:
    """An anchor's own signature proves nothing; a dead end's tip has the check that ended it."""
    if end is not None:
        return (end,)
    return () if is_anchor else (checks.SIGNATURE,)


def _configured(der: bytes) -> CertificateView:
    try:
        return read_certificate(bytes(der))
    except Unreadable as problem:
        raise ApiMisuse(f"intermediates: {problem}", "give DER certificates") from None


# Which failure a person should hear of first: what makes the path worthless before what time or
# another name would mend.
_ORDER: tuple[Reason, ...] = (
    Reasons.malformed_certificate,
    Reasons.bad_certificate_signature,
    Reasons.unsupported_certificate_signature,
    Reasons.weak_certificate_signature,
    Reasons.chain_too_long,
    Reasons.unknown_ca,
    Reasons.unsupported_key,
    Reasons.weak_key,
    Reasons.unknown_critical_extension,
    Reasons.not_a_ca,
    Reasons.path_too_long,
    Reasons.name_constraints,
    Reasons.wrong_key_usage,
    Reasons.wrong_purpose,
    Reasons.certificate_not_yet_valid,
    Reasons.certificate_expired,
    Reasons.no_subject_alt_name,
    Reasons.name_mismatch,
)
_PLACES = {reason.name: place for place, reason in enumerate(_ORDER)}


def _rank(check: Check) -> int:
    return _PLACES.get(check.reason.name, 0) if check.reason is not None else len(_ORDER)


def _uninformative(path: Path) -> tuple[bool, int, int]:
    """For sorting: first the paths that reached an anchor, of those the one with fewest faults.

    Of dead ends the one whose end is most particular, then the longest.
    """
    failures = [check for _, check in path.failures]
    if path.anchor is not None:
        return (False, len(failures), min(map(_rank, failures), default=0))
    return (True, min(map(_rank, failures), default=0), -len(path.steps))

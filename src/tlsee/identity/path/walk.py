"""One way from the leaf to its end, held to the rules (RFC 5280, 6.1), apart from revocation."""

from __future__ import annotations

from hashlib import sha256

from cryptography import x509

from tlsee.identity import names
from tlsee.identity.anchor_limits import UNLIMITED, Limits
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path import bounds, checks, name_constraints, policies
from tlsee.identity.path.asked import Asked
from tlsee.identity.path.certificate_rules import Ask
from tlsee.identity.path.rules import PASSED, Findings, Role, static_checks
from tlsee.identity.path.verdict import Check, Step
from tlsee.identity.trust import Anchor, Profile
from tlsee.reasons import Reasons

Chain = tuple[CertificateView, ...]
Held = tuple[list[Step], bool, str]


class Walk:
    """The rules with the questions of one judgement; it has one budget for all ways."""

    def __init__(self, asked: Asked, wanted: names.Reference | None) -> None:
        self.asked = asked
        self.wanted = wanted
        self.budget = name_constraints.Budget(bounds.NAME_COMPARISONS)

    def hold(self, chain: Chain, anchor: Anchor | None, end: Check | None) -> Held:
        """The checks of each certificate; whether all held; the name that matched.

        Args:
            chain: leaf first, the anchor last if there is one. ``end``: what ended a dead end.

        Raises:
            TooMuchWork: the budget for comparing names does not suffice.
        """
        asked = self.asked
        own = anchor.profile if anchor is not None else Profile.PRIVATE
        ask = Ask(asked.purpose, asked.use, asked.profile or own)
        limits = anchor.limits if anchor is not None else UNLIMITED
        last = len(chain) - 1
        static, found, matched = self._leaf(chain, anchor, ask, limits)
        statics, rows = [static], [found]
        authorities_between = 0
        for place in range(1, last + 1):
            issuer = chain[place]
            is_anchor = anchor is not None and place == last
            statics.append(static_checks(issuer, Role.ANCHOR if is_anchor else Role.AUTHORITY, ask))
            found = [
                checks.dates(issuer, asked.at),
                checks.path_length(issuer, authorities_between),
                checks.issuer_purpose(issuer, asked.purpose),
            ]
            if place < last:
                self._constrain(chain, place, limits, "", found)
            if not is_anchor and end is None:
                found.append(checks.SIGNATURE)
            rows.append(found)
            if not issuer.self_issued:
                authorities_between += 1
        if end is not None:
            rows[-1].append(end)
        elif anchor is not None:
            self._whole(chain, anchor, rows)
        ok = all(static.ok for static in statics) and all(check.ok for row in rows for check in row)
        steps = [
            Step(view, (*static.checks, *row))
            for view, static, row in zip(chain, statics, rows, strict=True)
        ]
        return steps, ok, matched

    def _leaf(
        self, chain: Chain, anchor: Anchor | None, ask: Ask, limits: Limits
    ) -> tuple[Findings, list[Check], str]:
        leaf = chain[0]
        pinned = anchor is not None and len(chain) == 1
        static = static_checks(leaf, Role.PINNED if pinned else Role.LEAF, ask)
        found = [checks.dates(leaf, self.asked.at)]
        matched = ""
        if self.wanted is not None:
            legacy = limits.legacy_common_name and ask.profile is Profile.PRIVATE
            matched = names.covers(leaf, self.wanted, legacy_common_name=legacy)
            found.append(checks.name(leaf, self.wanted, matched))
            if not pinned and matched.startswith("*."):
                found += checks.public_suffix(leaf, matched, ask.profile)
        self._constrain(chain, 0, limits, matched, found)
        if limits.issued_until is not None:
            found.append(checks.distrust(leaf, limits.issued_until))
        if not pinned and len(chain) > 1:
            found.append(checks.SIGNATURE)
        return static, found, matched

    def _constrain(
        self, chain: Chain, place: int, limits: Limits, matched: str, found: list[Check]
    ) -> None:
        """All authorities above have a say, but not on self-issued ones that are no leaf."""
        certificate = chain[place]
        if place and certificate.self_issued:
            return
        for issuer in chain[place + 1 :]:
            if issuer.name_constraints is not None:
                also = _as_name(certificate, matched)
                why = name_constraints.violation(certificate, issuer, self.budget, also)
                found.append(checks.constraints(certificate, why))
        if limits.permitted or limits.excluded:
            also = _as_name(certificate, matched)
            beyond = name_constraints.beyond_limits(certificate, limits, self.budget, also)
            found.append(checks.constraints(certificate, beyond))

    def _whole(self, chain: Chain, anchor: Anchor, rows: list[list[Check]]) -> None:
        """What is asked of the path as a whole, noted where it is broken."""
        asked = self.asked
        place, why = policies.failure(chain, asked.policies)
        if why:
            rows[place].append(checks.failed("policies", chain[place], why))
        elif len(chain) > 1:
            rows[0].append(PASSED["policies"])
        pins = asked.trust.pins
        if pins:
            rows[-1].append(_pinned(chain, pins))
        limit = asked.path_limit
        if limit is not None and len(chain) - 2 > limit:
            detail = f"{len(chain) - 2} certificates between leaf and anchor, allowed: {limit}"
            check = checks.failed("path length", anchor.certificate, detail)
            rows[-1].append(check)


def _pinned(chain: Chain, pins: frozenset[bytes]) -> Check:
    if any(sha256(view.spki).digest() in pins for view in chain):
        return PASSED["pins"]
    return checks.failed("pins", chain[0], "no pinned key is on the path", Reasons.pin_missing)


def _as_name(certificate: CertificateView, matched: str) -> tuple[x509.GeneralName, ...]:
    """A common name that was matched is constrained like the name for which it stands."""
    if not matched or certificate.has_alt_names:
        return ()
    address = names.as_address(matched)
    return (x509.IPAddress(address),) if address is not None else (x509.DNSName(matched),)

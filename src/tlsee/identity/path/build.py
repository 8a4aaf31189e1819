"""The search for ways from a leaf to an anchor, bounded (RFC 5280, 6.1; RFC 4158).

Issuers are found by name and proved by signature; key identifiers only say whom to try first. The
search runs over issuers that are in order first, and over all of them only when that found
nothing, to be able to tell why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tlsee.identity.certificate import CertificateView, Unreadable
from tlsee.identity.path import bounds, checks, remembered
from tlsee.identity.path import certificate_rules as is_so
from tlsee.identity.path.asked import Asked
from tlsee.identity.path.rules import Role, static_check, static_checks
from tlsee.identity.path.verdict import Check
from tlsee.identity.trust import Anchor, Profile
from tlsee.reasons import Reasons
from tlsee.text import printable

Chain = tuple[CertificateView, ...]
Finish = Callable[[Chain, Anchor | None, Check | None], bool]


class Exhausted(Exception):
    """A bound of the search was reached; the text says which."""


class Search:
    """One judgement's search.

    Args:
        asked: the judgement; its moment says what to try first.
        pool: certificates that may stand between, in order of preference.
        finish: is given each way that ends: its certificates, the anchor or ``None``, and for a
            dead end the check that failed; answers whether the search is over.

    Attributes:
        orphans: certificates for which no issuer was found, in the order of the search.
    """

    def __init__(self, asked: Asked, pool: Iterable[CertificateView], finish: Finish) -> None:
        self._trust = asked.trust
        self._at = asked.at
        self._asked = asked
        self._finish = finish
        self.orphans: dict[CertificateView, None] = {}
        self._pool: dict[object, list[CertificateView]] = {}
        for certificate in pool:
            self._pool.setdefault(certificate.subject_key, []).append(certificate)
        self._signatures: dict[tuple[bytes, bytes], bool] = {}
        self._candidates = 0
        self._only_sound = True

    def run(self, leaf: CertificateView, *, only_sound: bool) -> bool:
        """Search from a leaf on; whether ``finish`` ended it.

        Raises:
            Exhausted: a bound was reached.
        """
        self._only_sound = only_sound
        self._candidates = 0
        anchor = self._trust.anchor_of(leaf.der)
        if anchor is not None:
            if self._finish((leaf,), anchor, None):
                return True
            if leaf.self_issued:
                return False
        return self._extend((leaf,))

    def _extend(self, chain: Chain) -> bool:
        tip = chain[-1]
        refused: list[Check] = []
        tried = False
        for issuer, anchor in self._issuers_of(chain):
            tried = True
            self._count()
            if not self._is_signed_by(tip, issuer):
                refused.append(_wrong_signature(tip, issuer, anchor))
                continue
            if anchor is not None:
                if self._finish((*chain, issuer), anchor, None):
                    return True
            elif len(chain) + 1 >= bounds.PATH_LENGTH:
                refused.append(_too_deep(tip))
            elif self._extend((*chain, issuer)):
                return True
        if tried and not refused:
            return False
        self.orphans[tip] = None
        if self._only_sound:
            return False  # the second, thorough run will tell
        end = refused[0] if refused else self._no_issuer(tip)
        return self._finish(chain, None, end)

    def _issuers_of(self, chain: Chain) -> Iterator[tuple[CertificateView, Anchor | None]]:
        """Certificates with the issuer's name, the most promising first, none twice on a path."""
        tip = chain[-1]
        anchors = self._anchors(tip)
        known = {anchor.der for _, anchor in anchors}
        between = [
            (issuer, None)
            for issuer in self._pool.get(tip.issuer_key, ())
            if issuer.der not in known and not _repeats(issuer, chain)
        ]
        found: list[tuple[CertificateView, Anchor | None]] = [*anchors, *between]
        if self._only_sound and len(found) + len(chain) > 2:
            found = [pair for pair in found if self._is_sound(*pair)]
        if len(found) > 1:
            found.sort(key=lambda pair: _unlikely(tip, *pair))
        return iter(found)

    def _anchors(self, tip: CertificateView) -> list[tuple[CertificateView, Anchor]]:
        found = []
        for anchor in self._trust.issuers_of(tip):
            if anchor.der == tip.der:
                continue  # judged as a leaf that is an anchor, or reached by another way
            try:
                found.append((anchor.certificate, anchor))
            except Unreadable:
                continue
        return found

    def _is_sound(self, issuer: CertificateView, anchor: Anchor | None) -> bool:
        asked = self._asked
        profile = anchor.profile if anchor is not None else Profile.PRIVATE
        ask = is_so.Ask(asked.purpose, asked.use, asked.profile or profile)
        role = Role.AUTHORITY if anchor is None else Role.ANCHOR
        in_time = issuer.not_before <= self._at <= issuer.not_after
        return in_time and static_checks(issuer, role, ask).ok

    def _is_signed_by(self, certificate: CertificateView, issuer: CertificateView) -> bool:
        pair = (certificate.der, issuer.spki)
        known = self._signatures.get(pair)
        if known is None:
            if len(self._signatures) >= bounds.SIGNATURES:
                raise Exhausted(f"{bounds.SIGNATURES} signatures verified")
            known = remembered.is_issued_by(certificate, issuer)
            self._signatures[pair] = known
        return known

    def _count(self) -> None:
        self._candidates += 1
        if self._candidates > bounds.CANDIDATES:
            raise Exhausted(f"{bounds.CANDIDATES} issuers tried")

    def _no_issuer(self, tip: CertificateView) -> Check:
        known = ", ".join(printable(source) for source in self._trust.sources)
        missing = f"no trust anchor in {known}" if known else "no trust anchor, for there is none"
        if tip.self_issued:
            detail = f"{tip.subject} is self-signed and {missing}"
        else:
            detail = (
                f'{tip.subject} is signed by "{tip.issuer}", which was not sent and is {missing}'
            )
        return checks.failed("issuer", tip, detail)


def _repeats(issuer: CertificateView, chain: Chain) -> bool:
    """Whether a path would go in a circle: the same name with the same key is the same issuer."""
    return any(
        issuer.spki == earlier.spki and issuer.subject_key == earlier.subject_key
        for earlier in chain
    )


def _unlikely(
    tip: CertificateView, issuer: CertificateView, anchor: Anchor | None
) -> tuple[bool, bool, float]:
    """For sorting: a key identifier that disagrees comes last, then anchors first, then newest."""
    return (_other_key(tip, issuer), anchor is None, -issuer.not_before)


def _other_key(tip: CertificateView, issuer: CertificateView) -> bool:
    wanted, has = tip.authority_key_identifier, issuer.subject_key_identifier
    return wanted is not None and has is not None and wanted != has


def _wrong_signature(tip: CertificateView, issuer: CertificateView, anchor: Anchor | None) -> Check:
    row = tip.algorithm
    if row is None or row.weak:
        return static_check("signature algorithm", tip)
    if issuer.public_key is None:
        return static_check("key", issuer)
    where = f" in {anchor.store}" if anchor is not None else ""
    if _other_key(tip, issuer):
        detail = f'{tip.subject} is signed by another "{issuer.subject}" than the one{where}'
        return checks.failed("signature", tip, detail, Reasons.unknown_ca)
    detail = f'{tip.subject}, not signed with the key of the "{issuer.subject}"{where}'
    return checks.failed("signature", tip, detail)


def _too_deep(tip: CertificateView) -> Check:
    detail = f"more than {bounds.PATH_LENGTH} certificates on one path"
    return checks.failed("issuer", tip, detail, Reasons.chain_too_long)

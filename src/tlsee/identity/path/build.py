"""The search for ways from a leaf to an anchor, bounded (RFC 5280, 6.1; RFC 4158).

Issuers are found by name and proved by signature; key identifiers only say whom to try first. The
search runs over issuers that are in order first, and over all of them only when that found
nothing, to be able to tell why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tlsee.identity.certificate import CertificateView, Unreadable
from tlsee.identity.path import bounds, checks, remembered
from tlsee.identity.path.verdict import Check
from tlsee.identity.trust import Anchor, Profile, Trust
from tlsee.reasons import Reasons
from tlsee.text import printable

Chain = tuple[CertificateView, ...]
Finish = Callable[[Chain, Anchor | None, Check | None], bool]


class Exhausted(Exception):
    """A bound of the search was reached; the text says which."""


class Search:
    """One judgement's search.

    Args:
        trust: the anchors. ``pool``: certificates that may stand between, in order of preference.
        at: the moment, to try first what is valid then.
        finish: is given each way that ends: its certificates, the anchor or ``None``, and for a
            dead end the check that failed; answers whether the search is over.
    """

    def __init__(
        self, trust: Trust, pool: Iterable[CertificateView], at: float, finish: Finish
    ) -> None:
        self._trust = trust
        self._at = at
        self._finish = finish
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
                refused.append(_too_deep())
            elif self._extend((*chain, issuer)):
                return True
        if tried and not refused:
            return False
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
        profile = anchor.profile if anchor is not None else Profile.PRIVATE
        static = checks.authority_checks(issuer, profile, is_anchor=anchor is not None)
        return checks.dates(issuer, self._at).ok and all(check.ok for check in static)

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
        return Check(checks.ISSUER.name, False, detail, checks.ISSUER.clause, Reasons.unknown_ca)


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
    signature = checks.SIGNATURE
    if not checks.algorithm(tip).ok:
        return checks.algorithm(tip)
    if checks.key(issuer).reason is Reasons.unsupported_key:
        return checks.key(issuer)
    where = f" in {anchor.store}" if anchor is not None else ""
    if _other_key(tip, issuer):
        detail = f'{tip.subject} is signed by another "{issuer.subject}" than the one{where}'
        return Check(signature.name, False, detail, signature.clause, Reasons.unknown_ca)
    detail = f'{tip.subject}, not signed with the key of the "{issuer.subject}"{where}'
    reason = Reasons.bad_certificate_signature
    return Check(signature.name, False, detail, signature.clause, reason)


def _too_deep() -> Check:
    detail = f"more than {bounds.PATH_LENGTH} certificates on one path"
    return Check(checks.ISSUER.name, False, detail, checks.ISSUER.clause, Reasons.chain_too_long)

"""A certificate held against revocation lists, complete or partitioned (RFC 5280, 6.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.identity.certificate import CertificateView, Unreadable, guarded, moment
from tlsee.identity.der import Canonical
from tlsee.identity.path import remembered
from tlsee.identity.path.known import Fetch
from tlsee.identity.remembered import Remembered
from tlsee.identity.revocation import bounds, sources
from tlsee.identity.revocation.lists import RevocationList, read_list
from tlsee.identity.revocation.ocsp import serial_octets
from tlsee.identity.revocation.scope import ALL_REASONS, covered
from tlsee.identity.revocation.serials import Entry
from tlsee.identity.revocation.signing import is_signed_by, why_not
from tlsee.identity.revocation.status import Question
from tlsee.text import printable
from tlsee.values import replace, value

# Critical extensions that say nothing against a key that signs lists only.
_UNDERSTOOD = frozenset(
    {"2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31", "2.5.29.32", "2.5.29.35"}
)


class TooMuchWork(Exception):
    """More signatures than the bound for one question."""

    def __init__(self) -> None:
        super().__init__(f"more than {bounds.SIGNATURES} signatures to verify")


@value
class Finding:
    """What the lists say: an entry, or none from ``since`` until ``until``."""

    source: str
    entry: Entry | None = None
    since: float = 0.0
    until: float | None = None


class Signers:
    """Who may have signed a list, and the work that may be spent on finding out."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._left = bounds.SIGNATURES
        self._asked = [question.certificate]

    def spend(self) -> None:
        """One signature more.

        Raises:
            TooMuchWork: there were enough.
        """
        self._left -= 1
        if self._left < 0:
            raise TooMuchWork

    def revoked_by_list(
        self, certificate: CertificateView, above: tuple[CertificateView, ...]
    ) -> str:
        """Which list has a certificate that vouches for something here, or ``""``."""
        finding = self._ask(certificate, above, [])
        return finding.source if finding is not None and finding.entry is not None else ""

    def _ask(
        self,
        certificate: CertificateView,
        above: tuple[CertificateView, ...],
        obstacles: list[str],
    ) -> Finding | None:
        if len(self._asked) >= bounds.DEPTH:
            return None
        self._asked.append(certificate)
        try:
            question = replace(self._question, path=(certificate, *above), place=0, stapled=None)
            return ListCheck(question, self, obstacles).run()
        finally:
            self._asked.pop()

    def of(
        self, question: Question, found: RevocationList, obstacles: list[str]
    ) -> tuple[CertificateView, bool] | None:
        """Whose key signed a list, and whether that one is known to be good still.

        The issuer; another certificate of its name on the path; or one that an authority on the
        path vouches for, when keys are changed or lists have a key of their own (6.3.3 (f)).
        """
        problem = ""
        for signer, authority in self._candidates(question, found):
            if not _may_sign_lists(signer):
                problem = f"{signer.subject} may not sign lists"
                continue
            self.spend()
            if not is_signed_by(found.digest, found.signed, signer):
                problem = problem or why_not("it", found.signed, signer)
                continue
            if authority is None:
                return signer, True
            if not signer.not_before <= question.at <= signer.not_after:
                problem = f"{signer.subject}, which signed it, is not valid at this moment"
                continue
            above = question.path[question.path.index(authority) :]
            finding = self._ask(signer, above, obstacles)
            if finding is not None and finding.entry is not None:
                problem = f"{signer.subject}, which signed it, is revoked"
                continue
            return signer, finding is not None
        who = f"CRL of {question.certificate.issuer}"
        obstacles.append(f"{who}: {problem or 'nobody known here signed it'}")
        return None

    def _candidates(
        self, question: Question, found: RevocationList
    ) -> Iterator[tuple[CertificateView, CertificateView | None]]:
        """With the authority that vouches for it, where that is still to be asked about."""
        above = question.path[question.place + 1 :]
        for signer in above:
            if signer.subject_key == found.issuer_key:
                yield signer, None
        for signer in question.pool:
            if signer.subject_key != found.issuer_key or signer in above:
                continue
            if signer in self._asked or signer.critical - _UNDERSTOOD:
                continue  # nobody vouches for himself
            for authority in above:
                if authority.subject_key == signer.issuer_key:
                    self.spend()
                    if remembered.is_issued_by(signer, authority):
                        yield signer, authority
                        break


def _may_sign_lists(certificate: CertificateView) -> bool:
    """6.3.3 (f): a key usage, where there is one, includes cRLSign."""
    return certificate.key_usage is None or bool(certificate.key_usage.crl_sign)


class ListCheck:
    """One certificate against the lists that are known; ``obstacles``: why some do not count."""

    def __init__(self, question: Question, signers: Signers, obstacles: list[str]) -> None:
        self.question = question
        self.certificate = question.certificate
        self.signers = signers
        self.obstacles = obstacles
        try:
            points = guarded("distribution points", lambda: sources.points_of(self.certificate))
        except Unreadable as problem:
            points = ()
            obstacles.append(str(problem))
        self.points = points
        self._name = f"CRL of {self.certificate.issuer}"

    def run(self) -> Finding | None:
        """What they say, or ``None`` when they do not suffice."""
        reasons: frozenset[int] = frozenset()
        said: list[RevocationList] = []
        settled: set[tuple[bytes, bytes]] = set()
        clean: Finding | None = None
        for found in self._lists():
            try:
                speaks_of = self._speaks_of(found)
                if not speaks_of:
                    continue
                signer = self.signers.of(self.question, found, self.obstacles)
                if signer is None or (found.scope_der, signer[0].spki) in settled:
                    continue  # or an older one: the newest of the same scope and key has spoken
                serials = found.serials()
                if serials.unusable:
                    self._complain(serials.unusable)
                    continue
                entry = found.entry(serial_octets(self.certificate))
            except (Unreadable, TooMuchWork) as problem:
                self._complain(str(problem))
                continue
            if entry is not None:
                return Finding(self._name, entry)
            settled.add((found.scope_der, signer[0].spki))
            if not signer[1]:
                self._complain("nobody says whether its signer is revoked")
                continue
            reasons |= speaks_of
            said.append(found)
            if reasons >= ALL_REASONS and clean is None:
                clean = self._clean(said)
        return clean

    def _clean(self, said: list[RevocationList]) -> Finding:
        """On none of them: holds from the newest on until the first of them is superseded."""
        until = min(_until(found) for found in said)
        return Finding(self._name, None, max(found.this_update for found in said), until)

    def _complain(self, why: str) -> None:
        self.obstacles.append(f"{self._name}: {why}")

    def _speaks_of(self, found: RevocationList) -> frozenset[int]:
        """For which reasons a list speaks; for none where it must not be used."""
        problem = _why_unusable(found, self.question.at, strict=self.question.strict)
        if problem:
            self._complain(problem)
            return frozenset()
        speaks_of = covered(found.scope, self.certificate, self.points)
        if not speaks_of:
            self._complain("it is for other certificates")
        return speaks_of

    def _lists(self) -> list[RevocationList]:
        """Lists under the issuer's name, the newest first."""
        wanted = self.certificate.issuer_key
        given = _given(self.question.known.crls)
        self.obstacles += [str(each) for each in given.unreadable]
        found = list(given.by_issuer.get(wanted, ()))
        for point in self.points:
            for url in point.urls[: bounds.SOURCES]:
                answer = self.question.known.answer_to(sources.list_of(url))
                if isinstance(answer, str):
                    self.obstacles.append(f"list from {printable(url)}: {answer}")
                elif answer is not None:
                    found += self._fetched(url, answer)
        return sorted(found, key=lambda each: each.this_update, reverse=True)

    def _fetched(self, url: str, answer: bytes) -> list[RevocationList]:
        try:
            found = read_list(answer)
        except Unreadable as problem:
            self.obstacles.append(f"list from {printable(url)}: {problem}")
            return []
        if found.issuer_key != self.certificate.issuer_key:
            self.obstacles.append(f"list from {printable(url)}: it is another authority's")
            return []
        return [found]

    def untried(self) -> tuple[Fetch, ...]:
        """For each distribution point the first place that was not asked yet."""
        needs = []
        for point in self.points:
            for url in point.urls[: bounds.SOURCES]:
                fetch = sources.list_of(url)
                if not point.indirect and self.question.known.answer_to(fetch) is None:
                    needs.append(fetch)
                    break
        return tuple(dict.fromkeys(needs))[: bounds.SOURCES]


def _until(found: RevocationList) -> float:
    if found.next_update is None:
        return found.this_update + bounds.AGE_WITHOUT_NEXT_UPDATE
    return found.next_update


def _why_unusable(found: RevocationList, at: float, *, strict: bool) -> str:
    """Why a list must not be used at all, before its signature is looked at; or ``""``."""
    if found.is_delta:
        return "a delta list, which only says what changed, and those are not combined here"
    if found.scope.indirect:
        return "an indirect list, which speaks for several authorities, and is not read here"
    if found.unknown_critical:
        return f"it has the critical extension {found.unknown_critical}"
    if strict and not found.well_numbered:
        return "its CRLNumber is missing, or critical (RFC 5280, 5.2.3)"
    if found.this_update > at + bounds.SKEW:
        return f"it is from the future, {moment(found.this_update)}"
    if _until(found) < at:
        return f"it was superseded {moment(_until(found))}"
    return ""


@value
class _Given:
    """Lists by their issuer's name, and why the others could not be read."""

    by_issuer: dict[Canonical, tuple[RevocationList, ...]]
    unreadable: tuple[Unreadable, ...]


_GIVEN_REMEMBERED = 8  # configurations whose lists are kept sorted
_given_remembered: Remembered[tuple[bytes, ...], _Given] = Remembered(_GIVEN_REMEMBERED)


def _given(crls: tuple[bytes, ...]) -> _Given:
    """The lists that the application gave, sorted once."""
    known = _given_remembered.get(crls)
    if known is None:
        by_issuer: dict[Canonical, tuple[RevocationList, ...]] = {}
        unreadable = []
        for der in crls:
            try:
                found = read_list(der)
            except Unreadable as problem:
                unreadable.append(problem)
                continue
            by_issuer[found.issuer_key] = (*by_issuer.get(found.issuer_key, ()), found)
        known = _Given(by_issuer, tuple(unreadable))
        _given_remembered.put(crls, known)
    return known

"""Whether a certificate on a path is revoked, from what is known; pure (RFC 5280, 6.3; RFC 6960).

Everything that is at hand is looked at, and one true "revoked" outweighs any number of good
answers. What has to be fetched is named in the order in which it is worth asking: OCSP, which
answers for this one certificate, before lists.
"""

from __future__ import annotations

from tlsee.identity.certificate import Unreadable, moment
from tlsee.identity.path.known import Fetch
from tlsee.identity.revocation import sources
from tlsee.identity.revocation.list_check import ListCheck, Signers, TooMuchWork
from tlsee.identity.revocation.ocsp import Answer, SingleResponse, read_response
from tlsee.identity.revocation.responder import NO_CHECK, NotBelieved, believe, good_until
from tlsee.identity.revocation.status import Question, State, Status
from tlsee.reasons import Reasons
from tlsee.text import printable

OBSTACLES_TOLD = 4


def status_of(question: Question) -> Status:
    """What is known of one certificate, and what to fetch to know more. Never raises."""
    return _Inquiry(question, Signers(question)).status()


class _Inquiry:
    """One question while it is being answered."""

    def __init__(self, question: Question, signers: Signers) -> None:
        self.question = question
        self.certificate = question.certificate
        self.signers = signers
        self.good: list[Status] = []
        self.revoked: list[Status] = []
        self.obstacles: list[str] = []
        self.bad_staple: Status | None = None

    def status(self) -> Status:
        """Ask everybody, then decide."""
        question = self.question
        if question.stapled is not None:
            self._staple(question.stapled)
        for der in question.known.ocsp:
            self._given_response(der)
        online = sources.responders(self.certificate, question.issuer)
        untried = self._fetched_responses(online)
        lists = ListCheck(question, self.signers, self.obstacles)
        self._lists(lists)
        if self.revoked:
            return self.revoked[0]
        if self.bad_staple is not None:
            return self.bad_staple
        if self.good:
            return self.good[0]
        if sources.says_never_revoked(self.certificate):
            detail = f"{self.certificate.subject}: its authority publishes nothing about it"
            return Status(State.GOOD, detail, "the certificate itself", "RFC 9608, 4")
        return self._unknown(untried or lists.untried())

    def _unknown(self, needs: tuple[Fetch, ...]) -> Status:
        told = list(dict.fromkeys(self.obstacles))[:OBSTACLES_TOLD]
        if not told and not needs:
            told = ["no list is given, and it does not say whom to ask"]
        detail = f"{self.certificate.subject}: {'; '.join(told)}" if told else ""
        return Status(State.UNKNOWN, detail, reason=Reasons.revocation_unknown, needs=needs)

    # ---- OCSP

    def _staple(self, der: bytes) -> None:
        """RFC 6066, 8: a response that does not satisfy ends the handshake, whatever the policy.

        One that only says that there is none just now says nothing about the certificate: it is
        as if it had not come.
        """
        source = "stapled OCSP response"
        try:
            response = read_response(der)
            if response.status != "successful":
                self.obstacles.append(f"{source}: the responder says {response.status}")
                return
            single = self._believed(der)
        except (Unreadable, NotBelieved, TooMuchWork) as problem:
            clause = problem.clause if isinstance(problem, NotBelieved) else "RFC 6066, 8"
            self.bad_staple = self._bad_staple(str(problem), clause)
            return
        if single.answer is Answer.UNKNOWN:
            found = "the responder does not know the certificate"
            self.bad_staple = self._bad_staple(found, "RFC 6960, 2.2")
            return
        self._note(single, source, stapled=True)

    def _bad_staple(self, found: str, clause: str) -> Status:
        detail = f"{self.certificate.subject}: {found}"
        reason = Reasons.bad_staple
        return Status(State.UNKNOWN, detail, clause=clause, reason=reason, fatal=True)

    def _given_response(self, der: bytes) -> None:
        """One of those given: for another certificate is no complaint."""
        try:
            response = read_response(der)
        except Unreadable as problem:
            self.obstacles.append(str(problem))
            return
        issuer = self.question.issuer
        if any(single.is_about(self.certificate, issuer) for single in response.singles):
            self._response(der, "given OCSP response")

    def _fetched_responses(self, online: tuple[Fetch, ...]) -> tuple[Fetch, ...]:
        """Look at what came; the first that was not asked yet, when none of them has told."""
        untried: list[Fetch] = []
        for fetch in online:
            answer = self.question.known.answer_to(fetch)
            who = f"OCSP from {printable(fetch.url)}"
            if answer is None:
                untried.append(fetch)
            elif isinstance(answer, str):
                self.obstacles.append(f"{who}: {answer}")
            else:
                self._response(answer, who)
        return tuple(untried[:1])

    def _response(self, der: bytes, source: str) -> None:
        try:
            single = self._believed(der)
        except (Unreadable, NotBelieved, TooMuchWork) as problem:
            self.obstacles.append(f"{source}: {problem}")
            return
        self._note(single, source)

    def _believed(self, der: bytes) -> SingleResponse:
        """A response that counts, its signer's certificate included.

        Raises:
            Unreadable, NotBelieved: it does not. TooMuchWork: a bound was reached.
        """
        question = self.question
        self.signers.spend()
        single, signer = believe(read_response(der), self.certificate, question.issuer, question.at)
        if signer is not question.issuer and NO_CHECK not in signer.extensions:
            found = self.signers.revoked_by_list(signer, question.path[question.place + 1 :])
            if found:
                raise NotBelieved(
                    f"the responder's certificate is revoked ({found})", "RFC 6960, 4.2.2.2.1"
                )
        return single

    def _note(self, single: SingleResponse, source: str, *, stapled: bool = False) -> None:
        subject, clause = self.certificate.subject, "RFC 6960, 2.2"
        if single.answer is Answer.UNKNOWN:
            self.obstacles.append(f"{source}: the responder does not know the certificate")
        elif single.answer is Answer.REVOKED:
            self.revoked.append(
                _revoked(subject, single.when, single.reason, source, clause, stapled=stapled)
            )
        else:
            until = good_until(single)
            detail = f"{subject}: good as of {moment(single.this_update)}"
            self.good.append(
                Status(State.GOOD, detail, source, clause, stapled=stapled, until=until)
            )

    # ---- lists

    def _lists(self, lists: ListCheck) -> None:
        finding = lists.run()
        if finding is None:
            return
        subject, source = self.certificate.subject, finding.source
        if finding.entry is not None:
            when, reason = finding.entry.when, finding.entry.reason
            self.revoked.append(_revoked(subject, when, reason, source, "RFC 5280, 6.3.3 (j)"))
        else:
            detail = f"{subject}: not listed as of {moment(finding.since)}"
            clause, until = "RFC 5280, 6.3.3", finding.until
            self.good.append(Status(State.GOOD, detail, source, clause, until=until))


def _revoked(
    subject: str, when: float, reason: str, source: str, clause: str, *, stapled: bool = False
) -> Status:
    why = "" if reason == "unspecified" else f" ({reason})"
    detail = f"{subject}, revoked {moment(when)}{why}, says the {source}"
    return Status(
        State.REVOKED, detail, source, clause, Reasons.certificate_revoked, stapled=stapled
    )

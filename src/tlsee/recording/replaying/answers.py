"""Whoever answered questions when it was recorded, made of what they answered.

They sit in the configuration where the judge, the chooser, the sessions and the fetcher were. What
nobody asked then is the business of ``Replay``'s beyond: a run that was changed may go on, one that
was not has gone another way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from tlsee.codes import SignatureScheme
from tlsee.config import ServerConfig
from tlsee.crypto.entries import Entry
from tlsee.crypto.provider import LATER, Later
from tlsee.crypto.public_keys import PublicKey, load_public_key
from tlsee.crypto.replay import Replay
from tlsee.crypto.schemes import schemes_for
from tlsee.deciders import CredentialRequest, JudgeRequest, default_chooser, default_judge
from tlsee.errors import ApiMisuse, LocalFailure, PeerMisbehaved, Reasons
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.path.judge import Verdict
from tlsee.identity.path.known import Fetch, FetchKind, Needs
from tlsee.identity.path.verdict import Path
from tlsee.identity.trust import Trust
from tlsee.offer import ClientOffer
from tlsee.recording.kept import Answered, Configuration, How, Moment
from tlsee.recording.seen import CredentialSeen
from tlsee.recording.watching import sessions_in
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.sessions.stores import ClientSessions, Found
from tlsee.trace import Deed, QuestionAsked
from tlsee.values import replace

_SOMETHING = Fetch(FetchKind.CRL, "recorded:")  # what a judge needed; what came is in its verdict


class Given:
    """How a question was answered: ``later``: by the application, after it had waited."""

    __slots__ = ("answered", "later")

    def __init__(self) -> None:
        self.answered: Answered | None = None
        self.later = False


class RecordedAnswers:
    """The answers of a recording, those to one kind of question in their order.

    Args:
        moments: the recording's.
        replay: its journal's; also told of what is asked and has no answer.
        changed: whether this run may ask what nobody had asked.
        config_of: makes a configuration that ``config_for_hello`` had given.
    """

    def __init__(
        self,
        moments: Iterable[Moment],
        replay: Replay,
        config_of: Callable[[Configuration], Any],
        *,
        changed: bool,
    ) -> None:
        self._replay = replay
        self._changed = changed
        self._config_of = config_of
        self._given: dict[str, deque[Given]] = {}
        self.verdicts: list[Verdict] = []
        self.credentials: tuple[Credential, ...] = ()
        self._collect(moments)

    def _collect(self, moments: Iterable[Moment]) -> None:
        waiting: list[tuple[str, Given]] = []
        for moment in moments:
            item = moment.item
            if isinstance(item, QuestionAsked):
                waiting.append((item.kind, Given()))
                self._given.setdefault(item.kind, deque()).append(waiting[-1][1])
            elif isinstance(item, Deed) and item.what == "answer":
                for _, given in waiting:
                    given.later = True
            elif isinstance(item, Answered):
                found = next((pair for pair in waiting if pair[0] == item.question), None)
                if found is not None:
                    waiting.remove(found)
                    found[1].answered = item
                if isinstance(item.thing, Verdict):
                    self.verdicts.append(item.thing)
        for _, given in waiting:
            given.later = True  # it was open when the recording ended

    @property
    def is_changed(self) -> bool:
        """Whether this run may ask what nobody had asked."""
        return self._changed

    # --- What was answered ----------------------------------------------------------------------

    def next(self, kind: str) -> Given | None:
        """How the next question of this kind was answered; ``None``: nobody asked again.

        Raises:
            ApiMisuse: that, where nothing was changed.
        """
        given = self._given.get(kind)
        if given:
            return given.popleft()
        if not self._changed:
            raise self.problem(f"the replay asks {kind} once more than was asked")
        return None

    def problem(self, text: str) -> ApiMisuse:
        """The replay went another way, in a sentence."""
        self._replay.problem = self._replay.problem or text
        return ApiMisuse(text)

    def value_of(self, answered: Answered) -> Any:
        """The answer itself: what the application gave, or raised.

        Raises:
            ApiMisuse: no recorder wrote this.
        """
        if answered.how is How.REFUSED:
            return answered.thing
        try:
            return _VALUES[answered.question](self, answered)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise self.problem(f"the answer to {answered.question} cannot be read") from None

    def ask(self, kind: str, otherwise: Callable[[], Any]) -> Any:
        """The answer, LATER, or its exception; ``otherwise`` where a changed run asks anew."""
        given = self.next(kind)
        if given is None:
            return otherwise()
        if given.later or given.answered is None:
            return LATER
        found = self.value_of(given.answered)
        if isinstance(found, BaseException):
            raise found
        return found

    # --- Those who sit in the configuration -----------------------------------------------------

    def judge(self, request: JudgeRequest) -> Verdict | Needs | Later:
        """The verdict of then. Where this is another chain or name now, it is judged anew."""
        found: Verdict | Needs | Later = self.ask("Judge", lambda: self._judged_now(request))
        if self._changed and isinstance(found, Verdict) and not _is_about(found, request):
            return self._judged_now(request)
        return found

    def _judged_now(self, request: JudgeRequest) -> Verdict:
        """By the anchors that the verdicts of then rest on; there are no others here."""
        for verdict in self.verdicts:
            if _is_about(verdict, request):
                return verdict
        paths = (path for verdict in self.verdicts for path in _paths_of(verdict))
        anchors = [path.anchor for path in paths if path.anchor is not None]
        if not anchors:
            raise LocalFailure(
                Reasons.local_failure,
                "the recording has no verdict on this chain for this name, and no anchors",
            )
        known = replace(request.known, offline=True)
        made = default_judge(replace(request, trust=Trust(anchors), known=known))
        if not isinstance(made, Verdict):
            raise LocalFailure(Reasons.local_failure, "the judge needs what nobody fetches")
        return made

    def choose(self, request: CredentialRequest) -> Selection | Later:
        """The credential of then, unless the peer of now could not verify its signature."""
        found: Selection | Later = self.ask("ChooseCredential", lambda: default_chooser(request))
        if (
            self._changed
            and isinstance(found, Selection)
            and found.scheme not in (None, *request.schemes)
        ):
            return default_chooser(request)
        return found

    def config_for_hello(self, _: ClientOffer) -> ServerConfig | Later | None:
        """The configuration of then."""
        found: ServerConfig | Later | None = self.ask("ConfigForHello", lambda: None)
        return found

    # --- Answers from values --------------------------------------------------------------------

    def config(self, answered: Answered) -> Any:
        """A configuration; ``None`` keeps the one that there is."""
        return self._config_of(answered.thing) if answered.thing is not None else None

    def selection(self, answered: Answered) -> Selection:
        """The credential that was chosen, and the others."""
        chosen, scheme, known, *rest = answered.values
        if scheme is not None and not isinstance(scheme, SignatureScheme):
            raise TypeError("a scheme that is none")
        pairs = zip(rest[::2], rest[1::2], strict=True)
        considered = tuple((self._credential(one), str(words)) for one, words in pairs)
        ours = self._credential(chosen) if chosen is not None else None
        return Selection(ours, scheme, considered, bool(known))

    def _credential(self, seen: Any) -> Credential:
        if not isinstance(seen, CredentialSeen):
            raise TypeError("a credential that is none")
        for credential in self.credentials:
            if credential.chain == seen.chain:
                return credential
        return credential_of(seen)

    def sessions(self, answered: Answered) -> tuple[Session | ExternalPsk | None, ...]:
        """What was found, an item for each identity."""
        if any(not isinstance(item, Session | ExternalPsk | None) for item in answered.values):
            raise TypeError("a session that is none")
        return answered.values


def _paths_of(verdict: Verdict) -> tuple[Path, ...]:
    return (*verdict.tried, *([verdict.peer.path] if verdict.peer is not None else []))


def _is_about(verdict: Verdict, request: JudgeRequest) -> bool:
    """Whether a verdict answers this request: the same chain, the same name."""
    chain = tuple(view.der for view in verdict.presented)
    return chain == request.chain and verdict.name == request.name


def credential_of(
    seen: CredentialSeen,
    schemes: tuple[SignatureScheme, ...] | None = None,
    schemes12: tuple[SignatureScheme, ...] | None = None,
) -> Credential:
    """A credential whose key is elsewhere: its signatures are in the journal.

    Raises:
        ApiMisuse: no certificate, or none that can be read.
    """
    if seen.raw:
        try:
            public = load_public_key(seen.chain[0])
        except (IndexError, PeerMisbehaved, ValueError):
            raise ApiMisuse("a raw public key that cannot be read") from None
        return Credential.raw_public_key(_Elsewhere(public, schemes, schemes12))
    leaf = seen.certificate
    if leaf is None or leaf.public_key is None:
        raise ApiMisuse("a credential's certificate cannot be read")
    signer = _Elsewhere(leaf.public_key, schemes, schemes12)
    return Credential(seen.chain, signer).despite_flaws()


class _Elsewhere:
    """Stands for a private key that is not here."""

    def __init__(
        self,
        public_key: PublicKey,
        schemes: tuple[SignatureScheme, ...] | None,
        schemes12: tuple[SignatureScheme, ...] | None,
    ) -> None:
        self.public_key = public_key
        self.schemes = schemes_for(public_key) if schemes is None else schemes
        self.schemes12 = self.schemes if schemes12 is None else schemes12

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        """There is no key."""
        del content
        raise ApiMisuse(f"the key for {scheme} is not in a recording")

    def decrypt(self, ciphertext: bytes) -> bytes | Later:
        """There is no key."""
        del ciphertext
        raise ApiMisuse("the key for RSA key exchange is not in a recording")


_VALUES: dict[str, Callable[[RecordedAnswers, Answered], Any]] = {
    "ConfigForHello": RecordedAnswers.config,
    "ChooseCredential": RecordedAnswers.selection,
    "Judge": lambda _, answered: (
        Needs((_SOMETHING,)) if answered.how is How.NEEDS else answered.thing
    ),
    "FetchAll": lambda *_: {},
    "FindSession": RecordedAnswers.sessions,
    "IsReplay": lambda _, answered: bool(answered.values[0]),
    "Sign": lambda _, answered: bytes(answered.values[0]),
    "Decrypt": lambda _, answered: bytes(answered.values[0]),
}


class RecordedFetcher:
    """Whoever fetched; what came of it is in the verdicts."""

    def __init__(self, answers: RecordedAnswers) -> None:
        self._answers = answers

    def __call__(self, fetch: Fetch) -> bytes:
        """Nothing is fetched again."""
        raise ApiMisuse(f"a replay does not fetch {fetch.url}")

    @property
    def at_hand(self) -> Callable[[Fetch], bytes | str | None]:
        """Where it was at hand then."""
        given = self._answers.next("FetchAll")
        if given is not None and given.later:
            raise AttributeError("at_hand")
        return lambda _: "in the verdict"


class RecordedClientSessions(ClientSessions):
    """A client's store that gives what was taken out of it then, and keeps what comes."""

    def __init__(self, replay: Replay) -> None:
        super().__init__()
        self._replay = replay

    def take(self, key: str, now: float, limit: int = 1) -> tuple[Session, ...]:
        """The sessions of the journal."""
        del now, limit
        entry = self._replay.find(("sessions",), 0, key.encode())
        if entry is None:
            self._replay.from_beyond("sessions")
            return ()
        try:
            return sessions_in(entry)
        except (ValueError, PeerMisbehaved):
            self._replay.problem = "a session of the journal cannot be read"
            raise ApiMisuse(self._replay.problem) from None


class RecordedSessions:
    """A server's store: what was found in it and what it gave out then."""

    def __init__(self, answers: RecordedAnswers, replay: Replay, *, keeps_ids: bool) -> None:
        self._answers = answers
        self._replay = replay
        self.keeps_ids = keeps_ids

    def issue(self, session: Session, random: Callable[[int], bytes], now: float) -> bytes | None:
        """The ticket of the journal."""
        del session, random, now
        return self._given("ticket")

    def issue_id(
        self, session: Session, random: Callable[[int], bytes], now: float
    ) -> bytes | None:
        """The session id of the journal."""
        del session, random, now
        return self._given("session_id")

    def keep(self, identity: bytes, session: Session, now: float) -> None:
        """Nothing is kept."""

    def find(self, identities: tuple[bytes, ...], now: float) -> Found | Later:
        """What was found then."""
        del now
        nothing = (None,) * len(identities)
        found: Any = self._answers.ask("FindSession", lambda: nothing)
        if not isinstance(found, Later) and len(found) != len(identities):
            if self._answers.is_changed:
                return nothing
            raise self._answers.problem("as many sessions were found then as are not asked for now")
        return found  # type: ignore[no-any-return]

    def find_blocking(self, identities: tuple[bytes, ...], now: float) -> Found:
        """Nobody waits in a replay."""
        del now
        return (None,) * len(identities)

    def spend(self, identity: bytes) -> None:
        """Nothing is spent."""

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """What the guard said then."""
        del token, until, now
        found: bool | Later = self._answers.ask("IsReplay", lambda: False)
        return found

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """Nobody waits in a replay."""
        del token, until, now
        return False

    def _given(self, kind: str) -> bytes | None:
        entry = self._replay.find((kind,), 0)
        if entry is None:
            return self._replay.from_beyond(Entry(kind, 1, b"").label).random(64, kind)
        return entry.data if entry.code else None

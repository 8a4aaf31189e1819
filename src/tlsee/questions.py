"""What the machine asks the world outside, as values.

A handler never calls a signer or a judge: it puts a question into the Flow and returns the state
that waits. The driver tries the question at once; only an answer that is ``LATER`` reaches the
application as an event, to be answered by ``connection.answer``. So there is one path, whether a
key lies in memory or in another building.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tlsee import defaults
from tlsee.codes import SignatureScheme
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.provider import LATER, Decrypter, Later, Provider, Signer
from tlsee.deciders import CredentialChooser, CredentialRequest, Fetcher, JudgeRequest
from tlsee.deciders import Judge as JudgeFunction
from tlsee.errors import ApiMisuse, LocalFailure, Reasons, TLSError
from tlsee.identity.index import Selection
from tlsee.identity.path.judge import Verdict
from tlsee.identity.path.known import Fetch, Known, Needs
from tlsee.offer import ClientOffer
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.sessions.stores import Found, ServerSessions
from tlsee.text import printable
from tlsee.values import replace, value


class Question:
    """Base of the questions. ``handler`` names the method of the state that takes the answer.

    A question may lead to another, asked in its place: a judge who needs something fetched is asked
    again with what came.
    """

    __slots__ = ()
    handler: ClassVar[str]
    answers: ClassVar[type]

    def attempt(self) -> Any:
        """The answer, or ``LATER``.

        Raises:
            TLSError: whoever was asked refused or failed.
        """
        raise NotImplementedError

    def resolve(self) -> Any:
        """The answer from whoever may wait for it, once ``attempt`` gave ``LATER``; it may block.

        Streams call this where the application gave them nobody else to ask.

        Raises:
            ApiMisuse: there is no such way.
            TLSError: whoever was asked refused or failed.
        """
        raise ApiMisuse(
            f"the answer to {type(self).__name__} was LATER, and there is nobody to ask for it",
            "pass on_question= a function that takes the question and returns its answer",
        )

    def then(self, _answer: Any) -> Question | None:
        """The question to which an answer leads, where it is not yet the state's."""
        return None

    def check(self, answer: object) -> Any:
        """The answer if it is of the right type.

        Raises:
            ApiMisuse: it is not.
        """
        if not isinstance(answer, self.answers):
            raise ApiMisuse(
                f"{type(self).__name__} was answered with {type(answer).__name__}",
                f"answer with {self.answers.__name__}, or with an exception to refuse",
            )
        return answer


@value
class ConfigForHello(Question):
    """Which configuration serves this client? ``config`` is the one that was to answer."""

    config: ServerConfig
    offer: ClientOffer
    handler: ClassVar[str] = "on_config"
    answers: ClassVar[type] = ServerConfig

    def attempt(self) -> ServerConfig | Later:
        """Ask ``config_for_hello``; ``None`` keeps the configuration."""
        choose = self.config.config_for_hello
        if choose is None:
            return self.config
        answer = _guarded("config_for_hello", choose, self.offer)
        return self.config if answer is None else answer

    def check(self, answer: object) -> Any:
        """The answer; where this configuration is watched, so is the one that takes its place."""
        other, watch = Question.check(self, answer), self.config.watcher
        return other if watch is None or other is self.config else watch(other)


@value
class ChooseCredential(Question):
    """With which certificate, and which scheme, does this side prove itself?"""

    request: CredentialRequest
    chooser: CredentialChooser
    handler: ClassVar[str] = "on_credential"
    answers: ClassVar[type] = Selection

    def attempt(self) -> Selection | Later:
        """Ask the configuration's chooser."""
        answer: Selection | Later = _guarded("choose_credential", self.chooser, self.request)
        return answer


@value
class Sign(Question):
    """A signature over ``content`` by ``scheme`` (RFC 9846, 4.5.2)."""

    signer: Signer
    scheme: SignatureScheme
    content: bytes
    provider: Provider
    handler: ClassVar[str] = "on_signature"
    answers: ClassVar[type] = bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"provider", "signer"})

    def attempt(self) -> bytes | Later:
        """Ask the signer, by way of the provider, whose journal may know the answer."""
        answer: bytes | Later = _guarded(
            "signer", self.provider.sign, self.signer, self.scheme, self.content
        )
        return answer

    def resolve(self) -> bytes:
        """From a signer with ``sign_blocking``, such as ``PKCS11Signer``."""
        blocking = getattr(self.signer, "sign_blocking", None)
        if blocking is None:
            return bytes(Question.resolve(self))
        answer: bytes = _guarded("signer", blocking, self.scheme, self.content)
        return answer


@value
class Decrypt(Question):
    """The plaintext of an EncryptedPreMasterSecret (RFC 5246, 7.4.7.1); any bytes will do.

    Whoever answers must not tell a badly padded plaintext from a good one: see
    ``crypto.rsa_exchange``.
    """

    decrypter: Decrypter
    ciphertext: bytes
    provider: Provider
    handler: ClassVar[str] = "on_plaintext"
    answers: ClassVar[type] = bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"provider", "decrypter"})

    def attempt(self) -> bytes | Later:
        """Ask the decrypter, by way of the provider, whose journal may know the answer."""
        answer: bytes | Later = _guarded(
            "decrypter", self.provider.decrypt, self.decrypter, self.ciphertext
        )
        return answer


@value
class Judge(Question):
    """Is the peer who its chain says it is? ``rounds``: how often something was fetched for it."""

    request: JudgeRequest
    judge: JudgeFunction
    fetcher: Fetcher | None = None
    rounds: int = 0
    handler: ClassVar[str] = "on_verdict"
    answers: ClassVar[type] = Verdict

    def attempt(self) -> Verdict | Needs | Later:
        """Ask the configuration's judge."""
        answer: Verdict | Needs | Later = _guarded("judge", self.judge, self.request)
        return answer

    def check(self, answer: object) -> Any:
        """The verdict, or what the judge needs to come to one.

        Raises:
            ApiMisuse: it is neither.
        """
        return answer if isinstance(answer, Needs) else Question.check(self, answer)

    def then(self, answer: Any) -> Question | None:
        """What the judge needs is fetched, a bounded number of times; then it must do without."""
        if not isinstance(answer, Needs):
            return None
        known = self.request.known
        if self.fetcher is not None and self.rounds < defaults.FETCH_ROUNDS:
            return FetchAll(answer.fetches, self.fetcher, self)
        if known.offline:
            raise LocalFailure(Reasons.local_failure, "the judge needs what nobody fetches")
        return self.with_known(replace(known, offline=True))

    def with_known(self, known: Known) -> Judge:
        """The same question with more that is known."""
        request = replace(self.request, known=known)
        return Judge(request, self.judge, self.fetcher, self.rounds + 1)


@value
class FetchAll(Question):
    """What is at these places? Answered with a mapping: bytes, or in a sentence why there are none.

    What the mapping does not have could not be had.
    """

    fetches: tuple[Fetch, ...]
    fetcher: Fetcher
    judge: Judge
    handler: ClassVar[str] = "on_verdict"
    answers: ClassVar[type] = Mapping
    _hidden: ClassVar[frozenset[str]] = frozenset({"judge"})

    def attempt(self) -> Mapping[Fetch, bytes | str] | Later:
        """What the fetcher has at hand, if that is everything; nobody waits here."""
        at_hand = getattr(self.fetcher, "at_hand", None)
        if at_hand is None:
            return LATER
        found = {fetch: _guarded("fetcher", at_hand, fetch) for fetch in self.fetches}
        return LATER if None in found.values() else found

    def resolve(self) -> Mapping[Fetch, bytes | str]:
        """Have the fetcher fetch, several at a time."""
        from concurrent.futures import ThreadPoolExecutor  # slow to import, seldom needed

        if len(self.fetches) == 1:
            return {self.fetches[0]: self._fetch(self.fetches[0])}
        with ThreadPoolExecutor(defaults.FETCHES_AT_A_TIME) as pool:
            return dict(zip(self.fetches, pool.map(self._fetch, self.fetches), strict=True))

    def _fetch(self, fetch: Fetch) -> bytes | str:
        try:
            return bytes(self.fetcher(fetch))
        except Exception as problem:  # noqa: BLE001 - whatever it is, there are no bytes
            return printable(str(problem)) or type(problem).__name__

    def then(self, answer: Any) -> Judge:
        """The judge is asked again, with what came."""
        got: dict[Fetch, bytes | str] = {}
        for fetch in self.fetches:
            found = answer.get(fetch)
            got[fetch] = found if isinstance(found, bytes | str) else "nobody fetched it"
        return self.judge.with_known(self.judge.request.known.plus(got))


@value
class FindSession(Question):
    """What is behind the identities that a client shows: sessions or external keys, or nothing.

    The answer is a tuple, one item for each identity: a ``Session``, an ``ExternalPsk``, ``None``.
    """

    identities: tuple[bytes, ...]
    now: float
    config: ServerConfig
    handler: ClassVar[str] = "on_session"
    answers: ClassVar[type] = tuple
    _hidden: ClassVar[frozenset[str]] = frozenset({"identities", "config"})

    def attempt(self) -> tuple[Session | ExternalPsk | None, ...] | Later:
        """Look among the configuration's keys, then ask its sessions."""
        sessions = self.config.sessions
        if sessions is None:
            return self._beside((None,) * len(self.identities))
        found: Found | Later = _guarded("sessions", sessions.find, self.identities, self.now)
        return found if isinstance(found, Later) else self._beside(found)

    def resolve(self) -> tuple[Session | ExternalPsk | None, ...]:
        """The same, waiting for a store that is elsewhere; it waits no longer than it was told."""
        sessions = self.config.sessions
        if sessions is None:
            return self._beside((None,) * len(self.identities))
        found: Found = _guarded("sessions", sessions.find_blocking, self.identities, self.now)
        return self._beside(found)

    def check(self, answer: object) -> Any:
        """One item for each identity, each of which could be one."""
        if not isinstance(answer, tuple) or len(answer) != len(self.identities):
            raise ApiMisuse(
                f"FindSession was answered with {type(answer).__name__}",
                f"answer with a tuple of {len(self.identities)}, one item per identity",
            )
        if any(not isinstance(item, Session | ExternalPsk | None) for item in answer):
            raise ApiMisuse("FindSession is answered with Session, ExternalPsk or None")
        return answer

    def _beside(self, found: Found) -> tuple[Session | ExternalPsk | None, ...]:
        keys = self.config.keys_by_identity
        return tuple(
            keys.get(identity, session)
            for identity, session in zip(self.identities, found, strict=True)
        )


@value
class IsReplay(Question):
    """Has this early data come before? ``token`` names the ticket; ``until`` bounds the memory."""

    token: bytes
    until: float
    now: float
    sessions: ServerSessions
    handler: ClassVar[str] = "on_replay"
    answers: ClassVar[type] = bool
    _hidden: ClassVar[frozenset[str]] = frozenset({"sessions"})

    def attempt(self) -> bool | Later:
        """Ask the server's sessions."""
        check = self.sessions.is_replay
        answer: bool | Later = _guarded("sessions", check, self.token, self.until, self.now)
        return answer

    def resolve(self) -> bool:
        """The same, waiting for a memory that is elsewhere."""
        check = self.sessions.is_replay_blocking
        answer: bool = _guarded("sessions", check, self.token, self.until, self.now)
        return answer


AnyConfig = ClientConfig | ServerConfig


_FAILED = {"signer": Reasons.signing_failed, "decrypter": Reasons.decryption_failed}


def _guarded(who: str, ask: Any, *arguments: object) -> Any:
    """Call what the application gave us; whatever it raises ends the handshake with an alert."""
    try:
        return ask(*arguments)
    except TLSError:
        raise
    except Exception as error:
        reason = _FAILED.get(who, Reasons.local_failure)
        raise LocalFailure(reason, f"{who} raised {type(error).__name__}") from error

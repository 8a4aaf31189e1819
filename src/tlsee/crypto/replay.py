"""A provider that gives the answers of a journal again.

A replay needs neither the keys nor the stores of the run that was written down, nor its clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.crypto.entries import STORES, Entry, about
from tlsee.crypto.journal import Journal, WrappedGroup
from tlsee.crypto.provider import (
    LATER,
    Decrypter,
    Group,
    Later,
    OwnShare,
    Provider,
    Response,
    Signer,
)
from tlsee.crypto.schemes import PublicKey
from tlsee.errors import ApiMisuse, LocalFailure, PeerMisbehaved, Reasons
from tlsee.text import printable
from tlsee.values import replace

__all__ = ["Replay", "replaying"]


class Replay:
    """One run through a journal; ``provider`` gives its answers, ``remaining`` counts the rest.

    An answer is found by its kind, what it is for and its place among those, so that a run which
    asks in another order, or one time more, finds what there is.

    Args:
        provider: whose algorithms these are.
        journal: the answers.
        beyond: who answers what the journal does not; ``None``: nobody, which is ApiMisuse.

    Attributes:
        problem: the first thing that was asked for and is not there, a sentence, or ``""``.
        made: labels of what came from ``beyond``, in order.
    """

    def __init__(
        self, provider: Provider, journal: Journal, beyond: Provider | None = None
    ) -> None:
        self._inner = provider
        self._beyond = beyond
        self._waiting: dict[tuple[str, int, str], deque[tuple[int, Entry]]] = {}
        # A journal written by hand, or long ago, does not say what its bytes are for.
        self._named = any(entry.purpose for entry in journal.entries)
        for place, entry in enumerate(journal.entries):
            code = 0 if entry.kind in STORES else int(entry.code)
            key = entry.kind, code, entry.purpose
            self._waiting.setdefault(key, deque()).append((place, entry))
        self._shown = 0.0  # what the clock showed last
        self.remaining = len(journal.entries)
        self.problem = self._last = ""
        self.made: list[str] = []
        self.provider = replace(
            provider,
            name=f"{provider.name}, replayed",
            random=self._random,
            now=self._now,
            groups={
                code: ReplayingGroup(row, self, _row_of(code))
                for code, row in provider.groups.items()
            },
            sign=self._sign,
            finite_field=self._finite_field,
            encrypt=self._encrypt,
            decrypt=self._decrypt,
        )

    def __repr__(self) -> str:
        return f"Replay({self.remaining} entries left)"

    def take(
        self, kinds: tuple[str, ...], code: int, answered: bytes = b"", purpose: str = ""
    ) -> Entry:
        """The next entry that answers this.

        Raises:
            ApiMisuse: there is none.
        """
        found = self.find(kinds, code, answered, purpose)
        if found is None:
            raise ApiMisuse(self._last)
        return found

    def find(
        self, kinds: tuple[str, ...], code: int, answered: bytes = b"", purpose: str = ""
    ) -> Entry | None:
        """The same, or ``None`` where nothing answers it: ``problem`` says what that was."""
        queues = self._queues(kinds, code, purpose if self._named else "")
        wanted = Entry(kinds[0], code, b"", b"", purpose).label
        if not queues:
            self._missing(f"the replay asks for {wanted}, which the journal does not have")
            return None
        queue = min(queues, key=lambda queue: queue[0][0])
        place, entry = queue[0]
        if entry.about and entry.about != about(answered):
            self._missing(
                f"the replay asks for {wanted}, and entry {place} of the journal answered "
                "something else"
            )
            return None
        queue.popleft()
        self.remaining -= 1
        return entry

    def _queues(
        self, kinds: tuple[str, ...], code: int, purpose: str
    ) -> list[deque[tuple[int, Entry]]]:
        keys = [(kind, int(code), purpose) for kind in kinds]
        return [queue for key in keys if (queue := self._waiting.get(key))]

    def _missing(self, problem: str) -> None:
        self._last = problem
        if self._beyond is None:
            self.problem = self.problem or problem

    def from_beyond(self, wanted: str) -> Provider:
        """Who answers what the journal does not.

        Raises:
            ApiMisuse: nobody does.
        """
        if self._beyond is None:
            raise ApiMisuse(self._last)
        self.made.append(wanted)
        return self._beyond

    def _random(self, count: int, purpose: str = "") -> bytes:
        entry = self.find(("random",), count, purpose=purpose)
        if entry is None:
            wanted = Entry.random(bytes(count), purpose).label
            return self.from_beyond(wanted).random(count, purpose)
        return entry.data

    def _now(self) -> float:
        entry = self.find(("clock",), 0)
        if entry is not None:
            self._shown = entry.seconds
        elif self._beyond is None:
            raise ApiMisuse(self._last)
        return self._shown  # beyond the journal time stands still

    def _sign(self, signer: Signer, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        entry = self.find(("signature", "later", "failed"), scheme, content)
        if entry is None:
            wanted = Entry("signature", scheme, b"").label
            return self.from_beyond(wanted).sign(signer, scheme, content)
        if entry.kind == "failed":
            raise LocalFailure(Reasons.signing_failed, f"signer raised {_text(entry)}")
        return LATER if entry.kind == "later" else entry.data

    def _finite_field(self, p: bytes, g: bytes) -> Group:
        inner = self._inner.finite_field(p, g)
        return ReplayingGroup(inner, self, lambda beyond: beyond.finite_field(p, g))

    def _encrypt(self, public_key: PublicKey, premaster: bytes) -> bytes:
        if not self._queues(("encrypted",), 0, ""):
            self._inner.encrypt(public_key, premaster)  # a key that nothing is encrypted for
        entry = self.find(("encrypted",), 0, premaster)
        if entry is None:
            return self.from_beyond("encrypted").encrypt(public_key, premaster)
        return entry.data

    def _decrypt(self, decrypter: Decrypter, ciphertext: bytes) -> bytes | Later:
        entry = self.find(("decrypted", "decrypts_later", "not_decrypted"), 0, ciphertext)
        if entry is None:
            return self.from_beyond("decrypted").decrypt(decrypter, ciphertext)
        if entry.kind == "not_decrypted":
            raise LocalFailure(Reasons.decryption_failed, f"decrypter raised {_text(entry)}")
        return LATER if entry.kind == "decrypts_later" else entry.data


def _text(entry: Entry) -> str:
    return printable(entry.data.decode("utf-8", "replace"), 60) or "something"


def _row_of(code: NamedGroup) -> Callable[[Provider], Group]:
    return lambda provider: provider.groups[code]


class ReplayingGroup(WrappedGroup):
    """Gives what a journal holds."""

    __slots__ = ("_of", "_replay")

    def __init__(self, inner: Group, replay: Replay, of: Callable[[Provider], Group]) -> None:
        super().__init__(inner)
        self._replay = replay
        self._of = of

    def generate(self) -> OwnShare:
        """The share with the private key of the journal."""
        entry = self._replay.find(("key_share",), self.code)
        if entry is None:
            wanted = Entry.key_share(self.code, b"").label
            return self._of(self._replay.from_beyond(wanted)).generate()
        return self._inner.from_private(entry.data)

    def respond(self, client_share: bytes) -> Response:
        """The answer of the journal; a private key there is used to compute it."""
        kinds = ("response", "key_share", "refused")
        entry = self._replay.find(kinds, self.code, client_share)
        if entry is None:
            wanted = Entry("response", self.code, b"").label
            return self._of(self._replay.from_beyond(wanted)).respond(client_share)
        if entry.kind == "refused":
            raise PeerMisbehaved(Reasons.bad_key_share, entry.data.decode("utf-8", "replace"))
        if entry.kind == "response":
            cut = self.server_share_length
            return Response(entry.data[:cut], entry.data[cut:])
        if self.post_quantum:
            raise ApiMisuse(
                f"{self.code} encapsulates: no private key leads to its answer",
                "write the share and the secret into the journal: Entry.response",
            )
        share = self._inner.from_private(entry.data)
        return Response(share.public, share.finish(client_share))


def replaying(provider: Provider, journal: Journal) -> Provider:
    """A provider that gives the answers of ``journal``, with ``provider``'s algorithms.

    Each call starts at the beginning; ``Replay`` is the same with a count of what remains. A
    question that the journal has no answer to is ApiMisuse.
    """
    return Replay(provider, journal).provider

"""What opens the protected records of an overheard connection, with keys that others have logged.

Nothing is believed of a key log but what a tag proves: a record opens or it does not. A key that
has opened nothing where it should have is said to be of another connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tlsee.codes import CipherSuite, ContentType
from tlsee.crypto.suites import Suite
from tlsee.keys.protection import BAD_TAG, MAX_CIPHERTEXT, Opener
from tlsee.keys.protection12 import EMPTY, MAX_CIPHERTEXT_12, Opener12, opener12
from tlsee.keys.schedule12 import MainSecret
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.trace import Epoch, Role
from tlsee.values import value

__all__ = ["LABELS", "Inside", "Openers", "Openers12", "Openers13"]

MAIN = "CLIENT_RANDOM"
# RFC 9850, 2: what each side protects with, in the order of the epochs.
LABELS: Mapping[Role, tuple[tuple[Epoch, str], ...]] = {
    Role.CLIENT: (
        (Epoch.EARLY, "CLIENT_EARLY_TRAFFIC_SECRET"),
        (Epoch.HANDSHAKE, "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
        (Epoch.APPLICATION, "CLIENT_TRAFFIC_SECRET_0"),
    ),
    Role.SERVER: (
        (Epoch.HANDSHAKE, "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
        (Epoch.APPLICATION, "SERVER_TRAFFIC_SECRET_0"),
    ),
}


@value
class Inside:
    """What a record held."""

    epoch: Epoch
    kind: ContentType
    content: bytes


class Openers(Protocol):
    """Both directions' keys, as far as they are known.

    Attributes:
        proved: the labels of secrets that have opened a record.
        failed: those that were tried and did not; one that has proved itself is not in it.
    """

    proved: set[str]
    failed: set[str]

    def open(self, sender: Role, raw: bytes) -> Inside | None:
        """What is in this side's next record; ``None`` where no key opens it."""
        ...

    def epoch(self, sender: Role) -> Epoch:
        """Whose keys protect this side's next record, as far as that is known."""
        ...


class _Rung:
    """A direction's keys in one epoch; several candidates until one has opened a record."""

    def __init__(self, epoch: Epoch, label: str, secrets: Sequence[TrafficSecret]) -> None:
        self.epoch = epoch
        self.label = label
        self.candidates = [(secret, Opener(secret)) for secret in secrets]

    def open(self, raw: bytes) -> bytes | None:
        """The TLSInnerPlaintext, its type without zeros behind it; ``None``: no key fits."""
        for secret, opener in self.candidates:
            inner, filled, odd = opener.open_one(memoryview(raw), MAX_CIPHERTEXT)
            if odd != BAD_TAG:
                self.candidates = [(secret, opener)]
                return inner if filled else inner.rstrip(b"\0")
        return None

    def update(self) -> None:
        """The next generation of keys (RFC 9846, 7.2)."""
        secrets = [secret.next() for secret, _ in self.candidates]
        self.candidates = [(secret, Opener(secret)) for secret in secrets]


class Openers13:
    """TLS 1.3: each direction climbs from epoch to epoch (RFC 9846, 7.1).

    A record that the present keys do not open may be the first under the next ones: the messages
    that would have said so are hidden where a key is missing, and a server says nothing before a
    client passes from rejected early data to its second flight.
    """

    def __init__(
        self,
        secrets: Mapping[str, bytes],
        suite: Suite | None,
        early: Sequence[Suite],
        *,
        early_data: bool,
    ) -> None:
        """``early``: the suites that early data may be under, where it was announced."""
        self.proved: set[str] = set()
        self.failed: set[str] = set()
        self._ladders: dict[Role, list[_Rung]] = {}
        self._places = dict.fromkeys(Role, 0)
        for role, labels in LABELS.items():
            rungs = []
            for epoch, label in labels:
                rows = early if epoch is Epoch.EARLY else [suite] if suite is not None else []
                secret = secrets.get(label, b"")
                fitting = [TrafficSecret(r, secret) for r in rows if r.hash_length == len(secret)]
                if epoch is not Epoch.EARLY or early_data:
                    rungs.append(_Rung(epoch, label, fitting))
            self._ladders[role] = rungs

    def epoch(self, sender: Role) -> Epoch:
        """The epoch of the present keys."""
        return self._ladders[sender][self._places[sender]].epoch

    def open(self, sender: Role, raw: bytes) -> Inside | None:
        """By the present keys, or by those of an epoch that begins here."""
        ladder = self._ladders[sender]
        for place in range(self._places[sender], len(ladder)):
            rung = ladder[place]
            inner = rung.open(raw)
            if inner is not None:
                self._places[sender] = place
                self.proved.add(rung.label)
                self.failed.discard(rung.label)
                return _inside(rung.epoch, inner)
        rung = ladder[self._places[sender]]
        if rung.candidates and rung.label not in self.proved:
            self.failed.add(rung.label)
        return None

    def advance(self, sender: Role, epoch: Epoch) -> None:
        """A message has said that this side's next record is of that epoch."""
        epochs = [rung.epoch for rung in self._ladders[sender]]
        if epoch in epochs:
            self._places[sender] = max(self._places[sender], epochs.index(epoch))

    def update(self, sender: Role) -> None:
        """This side has sent a KeyUpdate."""
        self._ladders[sender][-1].update()


def _inside(epoch: Epoch, inner: bytes) -> Inside:
    """``inner`` without a byte held zeros alone, which no sender may send (RFC 9846, 5.4)."""
    if not inner:
        return Inside(epoch, ContentType.of(0), b"")
    return Inside(epoch, ContentType.of(inner[-1]), inner[:-1])


class Openers12:
    """TLS 1.2: one main secret, whose keys hold from ChangeCipherSpec on."""

    def __init__(
        self, main: MainSecret, randoms: tuple[bytes, bytes], *, encrypt_then_mac: bool
    ) -> None:
        self.proved: set[str] = set()
        self.failed: set[str] = set()
        keys = main.keys(*randoms, encrypt_then_mac=encrypt_then_mac)
        self._openers: dict[Role, Opener12] = {
            role: opener12(key) for role, key in zip(Role, keys, strict=True)
        }
        self._opened: dict[Role, int] = dict.fromkeys(Role, 0)

    def epoch(self, sender: Role) -> Epoch:
        """There is no other."""
        del sender
        return Epoch.APPLICATION

    def open(self, sender: Role, raw: bytes) -> Inside | None:
        """The record's content, whose type the header says."""
        content, odd = self._openers[sender].open_one(memoryview(raw), MAX_CIPHERTEXT_12)
        if odd not in {0, EMPTY}:
            if MAIN not in self.proved:
                self.failed.add(MAIN)
            return None
        self.proved.add(MAIN)
        self.failed.discard(MAIN)
        return Inside(Epoch.APPLICATION, ContentType.of(raw[0]), bytes(content))


def early_suites(offered: Sequence[CipherSuite], rows: Mapping[CipherSuite, Suite]) -> list[Suite]:
    """Early data is under the suite of the key that it is under, which no hello names."""
    known: Callable[[CipherSuite], Suite | None] = rows.get
    return [row for code in dict.fromkeys(offered) if (row := known(code)) is not None]

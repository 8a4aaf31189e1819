"""What a changed run needs beyond its journal, made of a seed: for replays, and for nothing else.

Everything here is known to whoever knows the seed. It is reached from ``Fork`` alone, whose
connections have no way to the outside; nothing of it is in the public door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256, shake_256
from typing import Any

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.crypto.entries import Entry
from tlsee.crypto.journal import WrappedGroup
from tlsee.crypto.provider import Decrypter, Group, OwnShare, Provider, Response, Signer
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.schemes import PublicKey, Scheme
from tlsee.errors import ApiMisuse
from tlsee.values import replace

_ATTEMPTS = 64  # at a private key: of random bytes nearly all are one, on P-521 half of them
_SIGNATURE_LENGTH = 64  # bytes, where the journal has no signature of the kind


class Stage:
    """A seed and the provider made of it; both ends of a connection that is played share one.

    A signature or an encrypted premaster secret that is in no journal needs a private key that is
    elsewhere. A stand-in takes its place, which the other end of the same stage takes, because it
    was made here for these very bytes, and which nobody else would.

    Args:
        seed: any text.
        journals: what is known of the lengths of signatures.
    """

    def __init__(self, seed: str, journals: Iterable[Iterable[Entry]] = ()) -> None:
        self.seed = seed
        self._asked: dict[str, int] = {}
        self._signed: set[tuple[int, bytes, bytes]] = set()
        self._encrypted: dict[bytes, bytes] = {}
        self._lengths = {
            int(entry.code): len(entry.data)
            for entries in journals
            for entry in entries
            if entry.kind == "signature"
        }
        self.provider = replace(
            PROVIDER,
            name="made of a seed, for replays",
            random=self.random,
            now=self._now,
            groups={code: _SeededGroup(row, self) for code, row in PROVIDER.groups.items()},
            finite_field=lambda p, g: _SeededGroup(PROVIDER.finite_field(p, g), self),
            sign=self._sign,
            encrypt=self._encrypt,
            decrypt=self._decrypt,
        )

    def __repr__(self) -> str:
        return f"Stage(seed={self.seed!r})"

    def lenient(self, provider: Provider) -> Provider:
        """The same provider, which takes this stage's stand-ins for signatures too."""
        older = self._rows(provider.schemes12())
        return replace(provider, schemes=self._rows(provider.schemes), schemes12=lambda: older)

    def random(self, count: int, purpose: str = "") -> bytes:
        """Bytes by the seed, what they are for, and how many were asked for that before."""
        number = self._asked.get(purpose, 0)
        self._asked[purpose] = number + 1
        return shake_256(f"{self.seed}|{purpose}|{number}".encode()).digest(count)

    def _now(self) -> float:
        raise ApiMisuse("the clock of a replay is its journal's")

    def _rows(self, rows: Mapping[SignatureScheme, Scheme]) -> dict[SignatureScheme, Scheme]:
        return {code: self._row(row) for code, row in rows.items()}

    def _row(self, row: Scheme) -> Scheme:
        def verify(key: Any, signature: bytes, content: bytes) -> None:
            if (int(row.code), sha256(content).digest(), signature) not in self._signed:
                row._verify(key, signature, content)  # noqa: SLF001 - the row's own

        return replace(row, _verify=verify)

    def _sign(self, signer: Signer, scheme: SignatureScheme, content: bytes) -> bytes:
        del signer  # its key is elsewhere
        length = self._lengths.get(int(scheme), _SIGNATURE_LENGTH)
        made = self.random(length, f"stand-in for {scheme}")
        self._signed.add((int(scheme), sha256(content).digest(), made))
        return made

    def _encrypt(self, public_key: PublicKey, premaster: bytes) -> bytes:
        made = self.random((public_key.bits + 7) // 8, "stand-in for RSA")
        self._encrypted[made] = premaster
        return made

    def _decrypt(self, decrypter: Decrypter, ciphertext: bytes) -> bytes:
        del decrypter  # its key is elsewhere
        return self._encrypted.get(ciphertext, b"")


class _SeededGroup(WrappedGroup):
    """Private keys of a seed. What a lattice encapsulates is the library's to choose."""

    __slots__ = ("_stage",)

    def __init__(self, inner: Group, stage: Stage) -> None:
        super().__init__(inner)
        self._stage = stage

    def generate(self) -> OwnShare:
        """The share with the next private key."""
        length = len(self._inner.generate().private_bytes())
        name = str(NamedGroup.of(int(self.code)))
        for attempt in range(_ATTEMPTS):
            data = self._stage.random(length, f"{name} share")
            if attempt % 2:
                data = bytes(2) + data[2:]  # below the order of P-521
            try:
                return self._inner.from_private(data)
            except ApiMisuse:
                continue
        raise ApiMisuse(f"no private key of {name} came of the seed")

    def respond(self, client_share: bytes) -> Response:
        """The answer; where there is an encapsulation, of the system's randomness."""
        if self.post_quantum:
            return self._inner.respond(client_share)
        share = self.generate()
        return Response(share.public, share.finish(client_share))

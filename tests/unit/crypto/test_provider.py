"""The provider everybody gets: its sources and its signing."""

from __future__ import annotations

import time

from tlsee.codes import SignatureScheme
from tlsee.crypto.provider import LATER, Later
from tlsee.crypto.pyca import PROVIDER


def test_randomness_is_fresh() -> None:
    """As many bytes as asked for, and others each time."""
    assert [len(PROVIDER.random(count)) for count in (0, 1, 32)] == [0, 1, 32]
    assert PROVIDER.random(32) != PROVIDER.random(32)


def test_the_clock_is_the_systems() -> None:
    """Seconds since the epoch, between two readings of the system's own clock."""
    before = time.time()
    assert before <= PROVIDER.now() <= time.time()


def test_decrypt_asks_the_decrypter() -> None:
    """The decrypter gets the ciphertext as it is; its answer, LATER too, comes back."""

    class Decrypter:
        def decrypt(self, ciphertext: bytes) -> bytes | Later:
            return LATER if ciphertext == b"later" else ciphertext[::-1]

    assert PROVIDER.decrypt(Decrypter(), b"later") is LATER
    assert PROVIDER.decrypt(Decrypter(), b"abc") == b"cba"


def test_sign_asks_the_signer() -> None:
    """The signer gets scheme and content as they are; its answer, LATER too, comes back."""
    asked: list[tuple[SignatureScheme, bytes]] = []

    class Signer:
        schemes = (SignatureScheme.ed25519,)

        def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
            asked.append((scheme, content))
            return LATER

    assert PROVIDER.sign(Signer(), SignatureScheme.ed25519, b"content") is LATER
    assert asked == [(SignatureScheme.ed25519, b"content")]

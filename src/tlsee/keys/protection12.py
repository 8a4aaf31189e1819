"""Record protection of TLS 1.2: what a connection needs of a sealer and an opener.

Unlike in TLS 1.3 the header says the content type, and records of every type are protected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tlsee.codes import ContentType
from tlsee.crypto.suites12 import AeadCipher
from tlsee.keys.aead12 import EMPTY, MAX_CIPHERTEXT_12, TOO_LONG, AeadOpener12, AeadSealer12
from tlsee.keys.protection import BAD_TAG
from tlsee.keys.schedule12 import TrafficKeys12

__all__ = [
    "BAD_TAG",
    "EMPTY",
    "MAX_CIPHERTEXT_12",
    "TOO_LONG",
    "Opener12",
    "Sealer12",
    "opener12",
    "sealer12",
]


class Sealer12(Protocol):
    """One direction's sending keys.

    ``number`` counts the records sealed so far, ``limit`` is how many the keys may seal.
    ``overhead`` is the most bytes that a record has besides its header and its content.
    """

    number: int
    limit: int
    overhead: int

    def copy(self) -> Sealer12:
        """The same keys at the same number, for a forked connection that never meets ours."""
        ...

    def seal(self, content_type: ContentType, content: bytes | memoryview) -> bytes:
        """One record with its header. The caller keeps to the size limits."""
        ...

    def seal_data(self, data: memoryview, fragment: int, block: int = 0) -> bytes | bytearray:
        """Application data as records of at most ``fragment`` bytes each; ``block`` is ignored."""
        ...


class Opener12(Protocol):
    """One direction's receiving keys; ``number`` counts the records opened so far."""

    number: int
    limit: int
    overhead: int

    def copy(self) -> Opener12:
        """The same keys at the same number."""
        ...

    def open_one(self, record: memoryview, limit: int) -> tuple[bytes, int]:
        """Decrypt one whole record of any type, with at most ``limit`` bytes of content.

        Returns:
            ``(content, odd)``: ``odd`` is 0, or why there is no content: ``BAD_TAG``, ``EMPTY``
            (authentic, and counted), ``TOO_LONG``.
        """
        ...

    def open_run(
        self, source: memoryview, start: int, out: memoryview, limit: int
    ) -> tuple[int, int, int]:
        """Decrypt application data records from ``start`` on, each behind the one before.

        Stops behind a record without content, and before one that is not whole, of another type,
        too long, not authentic, or has no room in ``out``.

        Returns:
            ``(end, filled, odd)``: where the run ends in ``source``; how many bytes of data are in
            ``out``; and why it ended, as ``open_one`` says it (0: nothing is wrong).
        """
        ...


def sealer12(keys: TrafficKeys12, random: Callable[[int], bytes]) -> Sealer12:
    """What these keys seal with; ``random`` is the provider's, for the IVs of CBC alone."""
    if isinstance(keys.suite.cipher, AeadCipher):
        return AeadSealer12(keys)
    from tlsee.keys.cbc12 import CbcSealer12

    return CbcSealer12(keys, random)


def opener12(keys: TrafficKeys12) -> Opener12:
    """What these keys open."""
    if isinstance(keys.suite.cipher, AeadCipher):
        return AeadOpener12(keys)
    from tlsee.keys.cbc12 import CbcOpener12

    return CbcOpener12(keys)

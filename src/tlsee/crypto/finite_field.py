"""Diffie-Hellman over finite fields: RFC 7919's groups, and groups that a server of 1.2 describes.

``cryptography`` has deprecated it and says so whenever one of its names is touched. So they are
fetched in one place, with that one warning silenced, and where they are gone the groups are absent.

The library checks every group that it does not know by heart: p and (p-1)/2 are prime, the
generator is suitable. For a prime of 4096 bits that takes seconds, for a composite next to nothing.
All integers here are public; what is secret stays with the library or is moved as bytes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property, lru_cache
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.utils import CryptographyDeprecationWarning

from tlsee.crypto.exchanges import KeyExchange
from tlsee.errors import PeerMisbehaved, Reasons

__all__ = ["FiniteField", "checked_field", "known_prime", "padded", "premaster_of"]

# RFC 7919, 4 and RFC 9325, 4.1: less is within reach of who can afford it (Logjam).
MODULUS_MINIMUM = 2048

# The largest that RFC 7919 and RFC 3526 name, and OpenSSL's 10,000 is not far above.
MODULUS_LIMIT = 8192

# Groups that no RFC names are checked by the library each time, at 4096 bits for some seconds.
UNLISTED_MODULUS_LIMIT = 4096

# RFC 7919, A, and RFC 3526: by size, the X of their formulas. All have the generator 2.
_FFDHE = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}
_MODP = {2048: 124476, 3072: 1690314, 4096: 240904, 6144: 929484, 8192: 4743158}

_warnings_lock = Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's warning that this exchange is deprecated, the only one of its kind in
    what this surrounds.
    """
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


@cache
def _library() -> tuple[Any, Any] | None:
    """The library's classes for parameters and for public values, or None where they are gone."""
    with _quiet():
        try:
            from cryptography.hazmat.primitives.asymmetric import dh

            found = dh.DHParameterNumbers, dh.DHPublicNumbers
        except (ImportError, AttributeError):
            return None
    return found


@cache
def known_prime(family: str, bits: int) -> int:
    """The prime of ``ffdhe`` (RFC 7919, A, from e) or ``modp`` (RFC 3526, from pi) of this size."""
    ffdhe = family == "ffdhe"
    middle = _e(bits - 130) + _FFDHE[bits] if ffdhe else _pi(bits - 130) + _MODP[bits]
    return int((1 << bits) - (1 << bits - 64) + (middle << 64) - 1)


_GUARD = 64  # bits beyond those that are wanted, where the sums' roundings stay


def _e(bits: int) -> int:
    """The integer part of 2^bits e: the sum of 1/k!."""
    total = term = 1 << bits + _GUARD
    k = 1
    while term:
        term //= k
        total += term
        k += 1
    return total >> _GUARD


def _pi(bits: int) -> int:
    """The integer part of 2^bits pi: Machin's 16 arctan(1/5) - 4 arctan(1/239)."""

    def arctan_of_inverse(x: int) -> int:
        power = total = (1 << bits + _GUARD) // x
        k = 1
        while power:
            power //= -x * x
            k += 2
            total += power // k
        return total

    return 16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239) >> _GUARD


class FiniteField(KeyExchange):
    """One group. Shares and secrets are as long as p, zeros in front (RFC 9846, 4.3.8.1, 7.4.1)."""

    def __init__(self, name: str, bits: int, p: int = 0, g: int = 2) -> None:
        """``p`` 0 means RFC 7919's of this size, computed at first use."""
        length = (bits + 7) // 8
        super().__init__(name, length, length, length)
        self._bits = bits
        self._given = p
        self.g = g

    @cached_property
    def p(self) -> int:
        """The modulus."""
        return self._given or known_prime("ffdhe", self._bits)

    @property
    def parameters(self) -> tuple[bytes, bytes]:
        """dh_p and dh_g as a ServerKeyExchange has them."""
        return self.p.to_bytes(self.client_share_length), self.g.to_bytes(
            (self.g.bit_length() + 7) // 8
        )

    def is_available(self) -> bool:
        """Whether the library still has it."""
        return _library() is not None

    @cached_property
    def _numbers(self) -> Any:
        library = _library()
        assert library is not None
        return library[0](self.p, self.g)

    @cached_property
    def checked(self) -> Any:
        """The group as the library has it, after its checks; a ValueError where they fail."""
        return self._numbers.parameters()

    def new_private(self) -> Any:
        """An exponent."""
        return self.checked.generate_private_key()

    def private_bytes(self, private: Any) -> bytes:
        """The exponent, big-endian."""
        exponent: bytes = private.private_numbers().x.to_bytes(self.private_length)
        return exponent

    def load_private(self, private: bytes) -> Any:
        """The key with this exponent, through PKCS #8: so the library computes, not Python."""
        group = _der(0x30, _integer(self.parameters[0]), _integer(self.parameters[1]))
        algorithm = _der(0x30, _DH_KEY_AGREEMENT, group)
        key = _der(0x30, _integer(b""), algorithm, _der(0x04, _integer(private)))
        with _quiet():
            return load_der_private_key(key, None)

    def public_bytes(self, private: Any) -> bytes:
        """The public value, as long as p."""
        value: int = private.public_key().public_numbers().y
        return value.to_bytes(self.client_share_length)

    def agree(self, private: Any, server_share: bytes) -> bytes:
        """RFC 9846, 7.4.1: leading zeros are kept. Only 1 < Y < p-1 is a public value."""
        self.check_length(server_share, self.server_share_length)
        value = int.from_bytes(server_share)
        if not 1 < value < self.p - 1:
            raise PeerMisbehaved(Reasons.bad_key_share, f"{self.name}: a value out of range")
        library = _library()
        assert library is not None
        try:
            secret: bytes = private.exchange(library[1](value, self._numbers).public_key())
        except ValueError:
            raise PeerMisbehaved(Reasons.bad_key_share, f"{self.name}: no public value") from None
        return secret.rjust(self.server_share_length, b"\0")


def checked_field(p: bytes, g: bytes) -> FiniteField:
    """A group that a server describes (RFC 5246, 7.4.3).

    Raises:
        PeerMisbehaved: ``unacceptable_dh_group``: p is too small, too large, not prime or no safe
            prime; g is out of range or unsuitable.
    """
    prime, generator = int.from_bytes(p), int.from_bytes(g)
    bits = prime.bit_length()
    if not MODULUS_MINIMUM <= bits <= MODULUS_LIMIT:
        raise _unacceptable(f"{bits} bits, allowed are {MODULUS_MINIMUM} to {MODULUS_LIMIT}")
    listed = any(bits in sizes and known_prime(family, bits) == prime for family, sizes in _LISTS)
    if not listed and bits > UNLISTED_MODULUS_LIMIT:
        raise _unacceptable(
            f"{bits} bits, and a group that no RFC names has {UNLISTED_MODULUS_LIMIT} at most"
        )
    if not 1 < generator < prime - 1:
        raise _unacceptable("a generator out of range")
    return _checked(prime, generator)


_LISTS = (("ffdhe", _FFDHE), ("modp", _MODP))


@lru_cache(8)
def _checked(prime: int, generator: int) -> FiniteField:
    """A server shows the same group each time: the check is worth keeping."""
    made = FiniteField(
        f"a group of {prime.bit_length()} bits", prime.bit_length(), prime, generator
    )
    try:
        made.checked  # noqa: B018 - looking is checking
    except ValueError:
        raise _unacceptable("no safe prime, or a generator that does not suit it") from None
    return made


def padded(public: bytes, length: int) -> bytes:
    """A public value of TLS 1.2, whose length is free, as long as the group's shares.

    Raises:
        PeerMisbehaved: ``bad_key_share``: it is longer, leading zeros apart.
    """
    value = public.lstrip(b"\0")
    if len(value) > length:
        raise PeerMisbehaved(
            Reasons.bad_key_share, f"{len(value)} bytes, and {length} are the most"
        )
    return value.rjust(length, b"\0")


def premaster_of(secret: bytes) -> bytes:
    """The premaster secret of DHE in TLS 1.2: without leading zeros (RFC 5246, 8.1.2).

    How many there were shows in the time of what follows (the Raccoon attack): harmless as long as
    each private key is used once, and ours are.
    """
    return secret.lstrip(b"\0")


def _unacceptable(detail: str) -> PeerMisbehaved:
    return PeerMisbehaved(Reasons.unacceptable_dh_group, detail)


_DH_KEY_AGREEMENT = bytes.fromhex("06092a864886f70d010301")  # PKCS #3, 9


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes(math.ceil(len(body).bit_length() / 8))
    return bytes([tag, 0x80 | len(length)]) + length + body


def _integer(value: bytes) -> bytes:
    """INTEGER of an unsigned big-endian number."""
    value = value.lstrip(b"\0")
    return _der(0x02, value if value and value[0] < 0x80 else b"\0" + value)

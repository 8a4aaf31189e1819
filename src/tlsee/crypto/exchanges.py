"""Ways to agree on a secret: Diffie-Hellman, ML-KEM, and two of them side by side.

They differ in how a server answers: with a key of its own (Diffie-Hellman), or by encapsulating a
secret under the client's (ML-KEM). A private key is whatever an exchange's own methods make of it.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tlsee.crypto.support import is_supported
from tlsee.errors import PeerMisbehaved, Reasons

UNCOMPRESSED = 4  # RFC 9846, 4.3.8.2: the only form of a point that 1.3 knows


class KeyExchange:
    """Base. Lengths are bytes: of a stored private key, of what a client and a server send."""

    def __init__(
        self, name: str, private_length: int, client_share_length: int, server_share_length: int
    ) -> None:
        self.name = name
        self.private_length = private_length
        self.client_share_length = client_share_length
        self.server_share_length = server_share_length

    def is_available(self) -> bool:
        """Whether the installed library has it."""
        return is_supported(lambda: self.load_private(b""))

    def new_private(self) -> Any:
        """A fresh private key."""
        raise NotImplementedError

    def load_private(self, private: bytes) -> Any:
        """The private key in these bytes; a ValueError for others."""
        raise NotImplementedError

    def private_bytes(self, private: Any) -> bytes:
        """What ``load_private`` takes."""
        raise NotImplementedError

    def public_bytes(self, private: Any) -> bytes:
        """Its public half as a client sends it."""
        raise NotImplementedError

    def agree(self, private: Any, server_share: bytes) -> bytes:
        """A client's way to the secret.

        Raises:
            PeerMisbehaved: ``bad_key_share``.
        """
        raise NotImplementedError

    def encapsulate(self, client_share: bytes) -> tuple[bytes, bytes]:
        """A server's share and the secret; Diffie-Hellman answers with a fresh key of its own.

        Raises:
            PeerMisbehaved: ``bad_key_share``.
        """
        private = self.new_private()
        return self.public_bytes(private), self.agree(private, client_share)

    def check_length(self, share: bytes, expected: int) -> None:
        """PeerMisbehaved unless a share has the one length that it can have."""
        if len(share) != expected:
            raise _bad(f"{self.name}: {len(share)} bytes, and {expected} are due")


class Montgomery(KeyExchange):
    """x25519 and x448 (RFC 7748). The library refuses a result of zeros, as 7.4.2 asks for."""

    def __init__(self, name: str, length: int, private_type: Any, public_type: Any) -> None:
        super().__init__(name, length, length, length)
        self._private_type = private_type
        self._public_type = public_type

    def new_private(self) -> Any:
        """A scalar."""
        return self._private_type.generate()

    def load_private(self, private: bytes) -> Any:
        """The key with this scalar."""
        return self._private_type.from_private_bytes(private)

    def public_bytes(self, private: Any) -> bytes:
        """The u-coordinate."""
        public: bytes = private.public_key().public_bytes_raw()
        return public

    def private_bytes(self, private: Any) -> bytes:
        """The scalar as it was drawn."""
        scalar: bytes = private.private_bytes_raw()
        return scalar

    def agree(self, private: Any, server_share: bytes) -> bytes:
        """RFC 9846, 7.4.2."""
        self.check_length(server_share, self.server_share_length)
        try:
            peer = self._public_type.from_public_bytes(server_share)
            secret: bytes = private.exchange(peer)
        except ValueError:
            raise _bad(f"{self.name}: a point of small order") from None
        return secret


class Weierstrass(KeyExchange):
    """The NIST curves (RFC 9846, 4.3.8.2): uncompressed points, which must lie on the curve."""

    def __init__(self, name: str, curve: ec.EllipticCurve) -> None:
        coordinate = (curve.key_size + 7) // 8
        super().__init__(name, coordinate, 1 + 2 * coordinate, 1 + 2 * coordinate)
        self._curve = curve
        self._algorithm = ec.ECDH()

    def new_private(self) -> ec.EllipticCurvePrivateKey:
        """A scalar."""
        return ec.generate_private_key(self._curve)

    def public_bytes(self, private: ec.EllipticCurvePrivateKey) -> bytes:
        """0x04, X, Y."""
        return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def private_bytes(self, private: ec.EllipticCurvePrivateKey) -> bytes:
        """The scalar, big-endian."""
        return private.private_numbers().private_value.to_bytes(self.private_length, "big")

    def load_private(self, private: bytes) -> ec.EllipticCurvePrivateKey:
        """The key with this scalar."""
        return ec.derive_private_key(int.from_bytes(private, "big"), self._curve)

    def agree(self, private: ec.EllipticCurvePrivateKey, server_share: bytes) -> bytes:
        """RFC 9846, 7.4.2: the X coordinate, leading zeros kept."""
        self.check_length(server_share, self.server_share_length)
        if server_share[0] != UNCOMPRESSED:
            raise _bad(f"{self.name}: a point of form {server_share[0]}, and only 4 is allowed")
        try:
            peer = ec.EllipticCurvePublicKey.from_encoded_point(self._curve, server_share)
            return private.exchange(self._algorithm, peer)
        except ValueError:
            raise _bad(f"{self.name}: the point is not on the curve") from None


class Lattice(KeyExchange):
    """ML-KEM (FIPS 203), as a part of hybrids: a client sends a key, a server a ciphertext."""

    def __init__(
        self,
        name: str,
        key_length: int,
        ciphertext_length: int,
        private_type: Any,
        public_type: Any,
    ) -> None:
        super().__init__(name, 64, key_length, ciphertext_length)
        self._private_type = private_type
        self._public_type = public_type

    def new_private(self) -> Any:
        """A key pair."""
        return self._private_type.generate()

    def load_private(self, private: bytes) -> Any:
        """The key pair of this seed."""
        return self._private_type.from_seed_bytes(private)

    def public_bytes(self, private: Any) -> bytes:
        """The encapsulation key."""
        public: bytes = private.public_key().public_bytes_raw()
        return public

    def private_bytes(self, private: Any) -> bytes:
        """The seed d || z."""
        seed: bytes = private.private_bytes_raw()
        return seed

    def agree(self, private: Any, server_share: bytes) -> bytes:
        """Decapsulate: a forged ciphertext gives another secret, never an error."""
        self.check_length(server_share, self.server_share_length)
        secret: bytes = private.decapsulate(server_share)
        return secret

    def encapsulate(self, client_share: bytes) -> tuple[bytes, bytes]:
        """FIPS 203, 7.2: the key is checked, then a secret is sealed under it."""
        self.check_length(client_share, self.client_share_length)
        try:
            secret, ciphertext = self._public_type.from_public_bytes(client_share).encapsulate()
        except ValueError:
            raise _bad(f"{self.name}: the encapsulation key is not in range") from None
        return ciphertext, secret


class Hybrid(KeyExchange):
    """Two groups at once, safe while either is (RFC 10024, 3): everything is concatenated."""

    def __init__(self, name: str, first: KeyExchange, second: KeyExchange) -> None:
        super().__init__(
            name,
            first.private_length + second.private_length,
            first.client_share_length + second.client_share_length,
            first.server_share_length + second.server_share_length,
        )
        self._first = first
        self._second = second

    def is_available(self) -> bool:
        """Whether the installed library has both."""
        return self._first.is_available() and self._second.is_available()

    def new_private(self) -> tuple[Any, Any]:
        """Both private keys."""
        return self._first.new_private(), self._second.new_private()

    def public_bytes(self, private: tuple[Any, Any]) -> bytes:
        """Both client's shares."""
        return self._first.public_bytes(private[0]) + self._second.public_bytes(private[1])

    def private_bytes(self, private: tuple[Any, Any]) -> bytes:
        """Both, in the order of the shares."""
        return self._first.private_bytes(private[0]) + self._second.private_bytes(private[1])

    def load_private(self, private: bytes) -> tuple[Any, Any]:
        """Both, in the order of the shares."""
        cut = self._first.private_length
        return self._first.load_private(private[:cut]), self._second.load_private(private[cut:])

    def agree(self, private: tuple[Any, Any], server_share: bytes) -> bytes:
        """Both secrets, in the order of the shares."""
        self.check_length(server_share, self.server_share_length)
        cut = self._first.server_share_length
        return self._first.agree(private[0], server_share[:cut]) + self._second.agree(
            private[1], server_share[cut:]
        )

    def encapsulate(self, client_share: bytes) -> tuple[bytes, bytes]:
        """Both answers and both secrets."""
        self.check_length(client_share, self.client_share_length)
        cut = self._first.client_share_length
        share1, secret1 = self._first.encapsulate(client_share[:cut])
        share2, secret2 = self._second.encapsulate(client_share[cut:])
        return share1 + share2, secret1 + secret2


def _bad(detail: str) -> PeerMisbehaved:
    return PeerMisbehaved(Reasons.bad_key_share, detail)

"""Key exchange groups as rows (RFC 9846, 4.3.7; the hybrids: RFC 10024)."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x448, x25519

from tlsee.codes import NamedGroup
from tlsee.crypto.exchanges import Hybrid, KeyExchange, Lattice, Montgomery, Weierstrass
from tlsee.crypto.finite_field import FiniteField, checked_field
from tlsee.crypto.provider import Group, OwnShare, Response
from tlsee.errors import ApiMisuse

__all__ = ["EXPLICIT_GROUP", "field_parameters", "finite_field", "groups"]

# What a group that has no number is called in here: one that RFC 7919, 2 leaves to private use.
EXPLICIT_GROUP = NamedGroup.of(0x01FF)


class Share:
    """An ``OwnShare``: the private key is there until ``finish``."""

    __slots__ = ("_exchange", "_private", "public")

    def __init__(self, exchange: KeyExchange, private: Any, public: bytes) -> None:
        self._exchange = exchange
        self._private = private
        self.public = public

    def __repr__(self) -> str:
        return f"Share({self._exchange.name})"

    def finish(self, peer_share: bytes) -> bytes:
        """The shared secret; the private key is forgotten, also when this fails."""
        private = self._unused()
        self._private = None
        return self._exchange.agree(private, peer_share)

    def private_bytes(self) -> bytes:
        """The private key, for a journal alone."""
        return self._exchange.private_bytes(self._unused())

    def fork(self) -> OwnShare:
        """The same share again, used or not."""
        return Share(self._exchange, self._private, self.public)

    def _unused(self) -> Any:
        if self._private is None:
            raise ApiMisuse(
                f"this share of {self._exchange.name} has been used",
                "make a new one for each handshake",
            )
        return self._private


class NamedExchange:
    """A row: a ``Group``, which is a key exchange with a number in the registry."""

    __slots__ = (
        "client_share_length",
        "code",
        "exchange",
        "post_quantum",
        "server_share_length",
    )

    def __init__(self, code: NamedGroup, exchange: KeyExchange, *, post_quantum: bool) -> None:
        self.code = code
        self.exchange = exchange
        self.post_quantum = post_quantum
        self.client_share_length = exchange.client_share_length
        self.server_share_length = exchange.server_share_length

    def __repr__(self) -> str:
        return f"Group({self.code})"

    def generate(self) -> OwnShare:
        """A fresh share of a client."""
        private = self.exchange.new_private()
        return Share(self.exchange, private, self.exchange.public_bytes(private))

    def from_private(self, private: bytes) -> OwnShare:
        """The share with this private key: ML-KEM's is its seed, a hybrid's both in wire order.

        Raises:
            ApiMisuse: it is no private key of this group.
        """
        if len(private) == self.exchange.private_length:
            try:
                loaded = self.exchange.load_private(private)
            except ValueError:
                pass
            else:
                return Share(self.exchange, loaded, self.exchange.public_bytes(loaded))
        raise ApiMisuse(
            f"these {len(private)} bytes are no private key of {self.code}",
            f"give {self.exchange.private_length} bytes in its range",
        )

    def respond(self, client_share: bytes) -> Response:
        """A server's share and the secret.

        Raises:
            PeerMisbehaved: ``bad_key_share``.
        """
        share, secret = self.exchange.encapsulate(client_share)
        return Response(share, secret)


_x25519 = Montgomery("x25519", 32, x25519.X25519PrivateKey, x25519.X25519PublicKey)
_x448 = Montgomery("x448", 56, x448.X448PrivateKey, x448.X448PublicKey)
_secp256r1 = Weierstrass("secp256r1", ec.SECP256R1())
_secp384r1 = Weierstrass("secp384r1", ec.SECP384R1())
_secp521r1 = Weierstrass("secp521r1", ec.SECP521R1())
_mlkem768 = Lattice("ML-KEM-768", 1184, 1088, mlkem.MLKEM768PrivateKey, mlkem.MLKEM768PublicKey)
_mlkem1024 = Lattice("ML-KEM-1024", 1568, 1568, mlkem.MLKEM1024PrivateKey, mlkem.MLKEM1024PublicKey)


def _classical(exchange: KeyExchange) -> NamedExchange:
    return NamedExchange(NamedGroup.named(exchange.name), exchange, post_quantum=False)


def _ffdhe(bits: int) -> NamedExchange:
    return _classical(FiniteField(f"ffdhe{bits}", bits))


def _hybrid(code: NamedGroup, first: KeyExchange, second: KeyExchange) -> NamedExchange:
    return NamedExchange(code, Hybrid(code.name, first, second), post_quantum=True)


# RFC 10024 puts ML-KEM first with x25519 and second with the NIST curves: first stands what a
# FIPS 140 module would have to approve.
_ROWS = (
    _hybrid(NamedGroup.X25519MLKEM768, _mlkem768, _x25519),
    _hybrid(NamedGroup.SecP256r1MLKEM768, _secp256r1, _mlkem768),
    _hybrid(NamedGroup.SecP384r1MLKEM1024, _secp384r1, _mlkem1024),
    _classical(_x25519),
    _classical(_secp256r1),
    _classical(_secp384r1),
    _classical(_secp521r1),
    _classical(_x448),
    _ffdhe(2048),
    _ffdhe(3072),
    _ffdhe(4096),
)


def groups() -> dict[NamedGroup, Group]:
    """The rows that the installed library can serve, by their code point."""
    return {row.code: row for row in _ROWS if row.exchange.is_available()}


def finite_field(p: bytes, g: bytes) -> Group:
    """The group that a server of TLS 1.2 describes: a row if there is one, else one of its own.

    Raises:
        PeerMisbehaved: ``unacceptable_dh_group``.
    """
    field = checked_field(p, g)
    for row in _ROWS:
        if isinstance(row.exchange, FiniteField) and row.exchange.parameters == field.parameters:
            return row
    return NamedExchange(EXPLICIT_GROUP, field, post_quantum=False)


def field_parameters(code: NamedGroup) -> tuple[bytes, bytes]:
    """dh_p and dh_g of one of RFC 7919's groups, for a ServerKeyExchange (RFC 5246, 7.4.3).

    Raises:
        ApiMisuse: it is none of the rows here.
    """
    for row in _ROWS:
        if row.code == code and isinstance(row.exchange, FiniteField):
            return row.exchange.parameters
    raise ApiMisuse(f"{code} is no group over a finite field")

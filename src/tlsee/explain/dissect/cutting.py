"""Bytes of one value cut into the parts that its standard gives it: points, keys, signatures."""

from __future__ import annotations

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.explain.dissect.field import Field
from tlsee.explain.layout import short_hex
from tlsee.text import count
from tlsee.values import value


@value
class Piece:
    """One part: its name, its length, what it is, and where that stands."""

    name: str
    length: int
    about: str
    clause: str
    words: str = ""


def cut(data: bytes, *pieces: Piece) -> tuple[Field, ...]:
    """The pieces one after the other; nothing where they do not fill the data exactly."""
    if sum(piece.length for piece in pieces) != len(data):
        return ()
    found: list[Field] = []
    at = 0
    for piece in pieces:
        end = at + piece.length
        raw = data[at:end]
        words = piece.words or f"{count(len(raw), 'byte')}: {short_hex(raw)}"
        found.append(Field(piece.name, at, end, raw, words, piece.about, piece.clause))
        at = end
    return tuple(found)


FORMS = {2: "compressed, y even", 3: "compressed, y odd", 4: "uncompressed"}
POINT = "SEC 1, 2.3.3"


def point(data: bytes, clause: str = POINT) -> tuple[Field, ...]:
    """A point of a curve over a prime field: its form byte, x and y."""
    form = FORMS.get(data[0]) if data else None
    if form is None or len(data) < 3:
        return ()
    head = Piece("form", 1, "how the point is written", clause, f"{form} (0x{data[0]:02x})")
    if data[0] != 4:
        return cut(data, head, Piece("x", len(data) - 1, "the x-coordinate", clause))
    size = (len(data) - 1) // 2
    return cut(
        data,
        head,
        Piece("x", size, "the x-coordinate", clause),
        Piece("y", size, "the y-coordinate", clause),
    )


# RFC 10024: first and second part, by name and the lengths in a client's and a server's share.
_MLKEM768 = ("ML-KEM-768", 1184, 1088)
_MLKEM1024 = ("ML-KEM-1024", 1568, 1568)
_HYBRIDS = {
    NamedGroup.X25519MLKEM768: (_MLKEM768, ("X25519", 32, 32)),
    NamedGroup.SecP256r1MLKEM768: (("secp256r1", 65, 65), _MLKEM768),
    NamedGroup.SecP384r1MLKEM1024: (("secp384r1", 97, 97), _MLKEM1024),
}
_SEED = 32  # FIPS 203, 5.1: rho, at the end of an encapsulation key
_C2 = {1088: 128, 1568: 160}  # FIPS 203, table 2: 32 times d_v, at the end of a ciphertext
_CURVES = {NamedGroup.secp256r1: 65, NamedGroup.secp384r1: 97, NamedGroup.secp521r1: 133}
_MONTGOMERY = {NamedGroup.x25519: 32, NamedGroup.x448: 56}


def share(group: object, data: bytes, *, by_client: bool) -> tuple[Field, ...]:
    """A public value of a group in its parts; nothing for what has none or does not fit."""
    if not isinstance(group, NamedGroup):
        return ()
    if group in _HYBRIDS:
        return _hybrid(group, data, by_client)
    if group in _CURVES:
        return point(data, "RFC 9846, 4.3.8.2") if len(data) == _CURVES[group] else ()
    if group in _MONTGOMERY:
        return cut(data, Piece("u", _MONTGOMERY[group], "the u-coordinate", "RFC 7748, 5"))
    return ()


def _hybrid(group: NamedGroup, data: bytes, by_client: bool) -> tuple[Field, ...]:
    halves = [
        (name, from_client if by_client else from_server)
        for name, from_client, from_server in _HYBRIDS[group]
    ]
    if sum(length for _, length in halves) != len(data):
        return ()
    found: list[Field] = []
    at = 0
    for name, length in halves:
        raw = data[at : at + length]
        found.append(_half(name, raw, by_client).moved(at))
        at += length
    return tuple(found)


def _half(name: str, raw: bytes, by_client: bool) -> Field:
    if not name.startswith("ML-KEM"):
        parts = point(raw, "RFC 9846, 4.3.8.2") if name.startswith("secp") else ()
        about = "the half that an ordinary computer cannot break"
    else:
        parts = _encapsulation_key(raw) if by_client else _ciphertext(raw)
        about = "the half that a quantum computer cannot break either"
    kind = "public value"
    if name.startswith("ML-KEM"):
        kind = "encapsulation key" if by_client else "ciphertext"
    words = f"{name} {kind}, {count(len(raw), 'byte')}"
    return Field(name, 0, len(raw), raw, words, about, "RFC 10024, 3", None, parts)


def _encapsulation_key(raw: bytes) -> tuple[Field, ...]:
    clause = "FIPS 203, 5.1"
    return cut(
        raw,
        Piece("t", len(raw) - _SEED, "the vector t, 12 bits for each coefficient", clause),
        Piece("rho", _SEED, "the seed of the matrix A", clause),
    )


def _ciphertext(raw: bytes) -> tuple[Field, ...]:
    second = _C2[len(raw)]
    clause = "FIPS 203, 5.2"
    return cut(
        raw,
        Piece("c1", len(raw) - second, "the vector u, compressed", clause),
        Piece("c2", second, "the polynomial v, compressed", clause),
    )


# FIPS 204, table 2: c tilde, z and the hint, in bytes.
_MLDSA = {
    SignatureScheme.mldsa44: (32, 2304, 84),
    SignatureScheme.mldsa65: (48, 3200, 61),
    SignatureScheme.mldsa87: (64, 4480, 83),
}
_EDDSA = {SignatureScheme.ed25519: 32, SignatureScheme.ed448: 57}


def eddsa(data: bytes, half: int) -> tuple[Field, ...]:
    """An EdDSA signature: the point R and the number S."""
    clause = "RFC 8032, 5.1.6" if half == 32 else "RFC 8032, 5.2.6"
    return cut(
        data,
        Piece("R", half, "the point R", clause),
        Piece("S", half, "the number S", clause),
    )


def mldsa(data: bytes, scheme: SignatureScheme) -> tuple[Field, ...]:
    """An ML-DSA signature: commitment hash, response, hint."""
    challenge, response, hint = _MLDSA[scheme]
    clause = "FIPS 204, 7.2"
    return cut(
        data,
        Piece("c_tilde", challenge, "the commitment hash", clause),
        Piece("z", response, "the response", clause),
        Piece("h", hint, "the hint", clause),
    )


def rsa(data: bytes) -> tuple[Field, ...]:
    """An RSA signature: one number of the modulus's length."""
    bits = 8 * len(data)
    words = f"a number of {bits:,} bits: {short_hex(data)}"
    return cut(data, Piece("s", len(data), "the signature as a number", "RFC 8017, 4.1", words))


def fixed_signature(scheme: SignatureScheme, data: bytes) -> tuple[Field, ...]:
    """The parts of a signature that is no DER; ECDSA's is, and is not cut here."""
    if scheme in _EDDSA:
        return eddsa(data, _EDDSA[scheme])
    if scheme in _MLDSA:
        return mldsa(data, scheme)
    if scheme.name.startswith("rsa_"):
        return rsa(data)
    return ()


def mldsa_key(data: bytes) -> tuple[Field, ...]:
    """An ML-DSA public key: the seed of the matrix and t1."""
    clause = "FIPS 204, 7.2"
    return cut(
        data,
        Piece("rho", 32, "the seed of the matrix A", clause),
        Piece("t1", len(data) - 32, "the high bits of the vector t", clause),
    )

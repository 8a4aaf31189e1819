"""Private keys: read from PEM or DER, made for throw-away use, and the signer that holds one.

No repr, no exception and no log shows a key.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

from tlsee.codes import SignatureScheme
from tlsee.crypto.provider import Decrypter, Later
from tlsee.crypto.public_keys import PublicKey, load_public_key
from tlsee.crypto.schemes import SCHEMES, schemes_for
from tlsee.errors import ApiMisuse, PeerMisbehaved

__all__ = [
    "KEY_KINDS",
    "LocalSigner",
    "Password",
    "belongs_to",
    "certificate_der",
    "certificate_digest",
    "generate",
    "load_pkcs12",
    "load_private_key",
    "private_pem",
    "public_key_of",
]

Password: TypeAlias = bytes | str | Callable[[], bytes | str] | None

_PRIVATE_TYPES = (
    rsa.RSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
    mldsa.MLDSA44PrivateKey,
    mldsa.MLDSA65PrivateKey,
    mldsa.MLDSA87PrivateKey,
)

RSA_EXPONENT = 65537

# What an Authority makes keys of, by the name that options and tests use.
KEY_KINDS: dict[str, Callable[[], Any]] = {
    "ecdsa_secp256r1": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa_secp384r1": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ecdsa_secp521r1": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa2048": lambda: rsa.generate_private_key(RSA_EXPONENT, 2048),
    "rsa3072": lambda: rsa.generate_private_key(RSA_EXPONENT, 3072),
    "rsa4096": lambda: rsa.generate_private_key(RSA_EXPONENT, 4096),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "mldsa44": mldsa.MLDSA44PrivateKey.generate,
    "mldsa65": mldsa.MLDSA65PrivateKey.generate,
    "mldsa87": mldsa.MLDSA87PrivateKey.generate,
}


def generate(kind: str) -> Any:
    """A fresh private key of ``cryptography``; ``kind`` is one of ``KEY_KINDS``.

    Raises:
        ApiMisuse: no such kind, or this build of OpenSSL has it not.
    """
    make = KEY_KINDS.get(kind)
    if make is None:
        raise ApiMisuse(f"{kind!r} is no kind of key", f"choose from {', '.join(KEY_KINDS)}")
    try:
        return make()
    except UnsupportedAlgorithm:
        raise ApiMisuse(f"this build of cryptography cannot make {kind} keys") from None


def load_private_key(data: bytes | str, password: Password = None) -> Any:
    """The private key in PEM text or DER: a private key object of ``cryptography``.

    Args:
        data: PKCS#8, encrypted or not, or the older forms per algorithm.
        password: the pass phrase, or what gives it; it is asked for only when one is needed.

    Raises:
        ApiMisuse: no key in there, an encrypted one without its pass phrase, a wrong one, or a kind
            of key that TLS has no use for.
    """
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    if raw[:1] == b"\x30":
        read = load_der_private_key
    elif b"PRIVATE KEY-----" in raw:
        read = load_pem_private_key
    else:
        raise ApiMisuse(_what_instead(raw), "give a PEM file with a PRIVATE KEY block")
    key = _read(read, raw, password)
    _require_usable(key)
    return key


def _require_usable(key: object) -> None:
    if not isinstance(key, _PRIVATE_TYPES):
        raise ApiMisuse(
            "the private key is of a kind that TLS has no signature scheme for",
            "use P-256, RSA of 2048 bits or more, Ed25519 or ML-DSA",
        )


def _read(read: Callable[..., Any], raw: bytes, password: Password) -> Any:
    try:
        try:
            return read(raw, None)
        except TypeError:  # it is encrypted
            if password is None:
                fix = "give its pass phrase, or decrypt it: openssl pkey -in KEY -out NEW"
                raise ApiMisuse("the private key is encrypted", fix) from None
        secret = password() if callable(password) else password
        return read(raw, secret.encode() if isinstance(secret, str) else secret)
    except ApiMisuse:
        raise
    except UnsupportedAlgorithm:
        raise ApiMisuse("the private key is of a kind that is not supported here") from None
    except (ValueError, TypeError):
        if password is None:
            raise ApiMisuse("the private key cannot be read", "is the file damaged?") from None
        raise ApiMisuse(
            "the private key cannot be read", "is the pass phrase right and the file whole?"
        ) from None


def load_pkcs12(data: bytes, password: Password = None) -> tuple[Any, bytes, tuple[bytes, ...]]:
    """What a PKCS #12 file holds: the private key, its certificate, the others (DER, any order).

    Raises:
        ApiMisuse: it is none, its pass phrase is missing or wrong, or it has no key or no
            certificate for it.
    """
    raw = bytes(data)
    if raw[:1] != b"\x30":
        raise ApiMisuse("this is no PKCS #12", "give the bytes of a .p12 or .pfx file")
    found = _open_pkcs12(raw, password)
    if found.key is None:
        raise ApiMisuse("there is no private key in the PKCS #12", "export it with its key")
    if found.cert is None:
        raise ApiMisuse("the PKCS #12 has no certificate for its key", "export it with it")
    _require_usable(found.key)
    others = tuple(certificate_der(item.certificate) for item in found.additional_certs)
    return found.key, certificate_der(found.cert.certificate), others


def _open_pkcs12(raw: bytes, password: Password) -> Any:
    secret = password() if callable(password) else password
    phrase = secret.encode() if isinstance(secret, str) else secret
    # Without a pass phrase a file may be sealed with an empty one or with none: both are in use.
    for attempt in (phrase,) if phrase else (None, b""):
        try:
            return pkcs12.load_pkcs12(raw, attempt)
        except UnsupportedAlgorithm:
            raise ApiMisuse(
                "the PKCS #12 is sealed in a way that is not supported here",
                "make a new one: openssl pkcs12 -legacy -in OLD -nodes -out ALL.pem, then "
                "openssl pkcs12 -export -in ALL.pem -out NEW",
            ) from None
        except (ValueError, TypeError):
            continue
    if phrase:
        fix = "is the pass phrase right and the file whole?"
    else:
        fix = "give its pass phrase: password="
    raise ApiMisuse("the PKCS #12 cannot be opened", fix)


def _what_instead(raw: bytes) -> str:
    for mark, what in (
        (b"BEGIN CERTIFICATE", "a certificate was given where the private key belongs"),
        (b"BEGIN PUBLIC KEY", "a public key was given where the private key belongs"),
    ):
        if mark in raw:
            return what
    return "there is no private key in there"


def public_key_of(private_key: Any) -> PublicKey:
    """The public half.

    Raises:
        ApiMisuse: no private key, or of a kind that TLS has no use for.
    """
    if not isinstance(private_key, _PRIVATE_TYPES):
        raise ApiMisuse(f"{type(private_key).__name__} is no private key that TLS can use")
    spki = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        return load_public_key(spki)
    except PeerMisbehaved as problem:
        raise ApiMisuse(f"the private key belongs to {problem.detail}") from None


def belongs_to(private_key: Any, public_key: PublicKey) -> bool:
    """Whether the two are halves of one key, also where the public one is restricted to PSS."""
    try:
        return bool(private_key.public_key() == public_key.key)
    except AttributeError:
        return False


def certificate_der(certificate: Any) -> bytes:
    """The bytes of a certificate object of ``cryptography``."""
    found: bytes = certificate.public_bytes(Encoding.DER)
    return found


def private_pem(private_key: Any) -> bytes:
    """The key as unencrypted PKCS#8 PEM, for throw-away keys that go to other programs."""
    pem: bytes = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


class LocalSigner:
    """A signer whose key is in this process.

    ``public_key`` says what the certificate says about the key, so that one restricted to
    RSASSA-PSS signs with ``rsa_pss_pss_*`` alone.
    """

    def __init__(self, private_key: Any, public_key: PublicKey | None = None) -> None:
        self._key = private_key
        self._public_key = public_key or public_key_of(private_key)
        self._schemes = schemes_for(self._public_key)

    def __repr__(self) -> str:
        return "LocalSigner(<private key>)"

    def __reduce__(self) -> Any:
        raise TypeError("a private key is not copied around")

    def __deepcopy__(self, memo: object) -> LocalSigner:
        return self

    def __copy__(self) -> LocalSigner:
        return self

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        return self._public_key

    @property
    def schemes(self) -> tuple[SignatureScheme, ...]:
        """What the key can sign with in TLS 1.3, best first."""
        return self._schemes

    @cached_property
    def schemes12(self) -> tuple[SignatureScheme, ...]:
        """What the key can sign with in TLS 1.2, best first; SHA-1 stands last."""
        from tlsee.crypto.schemes12 import schemes12_for

        return schemes12_for(self._public_key, insecure=True)

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        """The signature over ``content``.

        Raises:
            ApiMisuse: the key does not fit the scheme.
        """
        if scheme in self._schemes:
            return SCHEMES[scheme].sign(self._key, content)
        if scheme not in self.schemes12:
            raise ApiMisuse(f"this key does not sign with {scheme}")
        from tlsee.crypto.schemes12 import schemes12

        return schemes12()[scheme].sign(self._key, content)

    def decrypt(self, ciphertext: bytes) -> bytes | Later:
        """The plaintext for TLS 1.2's RSA key exchange (``rsa_exchange.Decrypter``).

        Raises:
            ApiMisuse: the key is not RSA's, or restricted to RSASSA-PSS.
        """
        return self._decrypter.decrypt(ciphertext)

    @cached_property
    def _decrypter(self) -> Decrypter:
        from tlsee.crypto.rsa_exchange import LocalDecrypter

        if self._public_key.kind != "rsa":
            raise ApiMisuse(
                f"{self._public_key.label} does not decrypt", "use a certificate with an RSA key"
            )
        return LocalDecrypter(self._key)


def certificate_digest(private_key: Any) -> Any:
    """The hash with which this key signs certificates, or ``None`` where the algorithm has it."""
    if isinstance(private_key, rsa.RSAPrivateKey):
        return hashes.SHA256()
    if isinstance(private_key, ec.EllipticCurvePrivateKey):
        by_size = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
        return by_size[private_key.curve.key_size]
    return None

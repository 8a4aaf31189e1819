"""A signer whose key is in a token that speaks PKCS #11: an HSM, a smart card, SoftHSM.

The library is ``python-pkcs11`` (``pip install 'tlsee[pkcs11]'``), imported when a token is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tlsee.codes import SignatureScheme
from tlsee.crypto.private_keys import Password
from tlsee.crypto.provider import LATER, Later
from tlsee.crypto.public_keys import PublicKey, load_public_key
from tlsee.crypto.schemes import SCHEMES, schemes_for
from tlsee.crypto.schemes12 import schemes12_for
from tlsee.errors import ApiMisuse, LocalFailure, PeerMisbehaved, Reasons

__all__ = ["PKCS11Signer"]

# The curves of ECParameters (DER, an OBJECT IDENTIFIER); the token names them so.
_CURVES: dict[bytes, ec.EllipticCurve] = {
    bytes.fromhex("06082a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("06052b81040022"): ec.SECP384R1(),
    bytes.fromhex("06052b81040023"): ec.SECP521R1(),
}
_OCTET_STRING = 0x04

# What a token says when the session it gave is gone: it was pulled out, restarted, cut off.
_GONE = (
    "SessionHandleInvalid", "SessionClosed", "DeviceRemoved", "DeviceError", "TokenNotPresent",
    "UserNotLoggedIn", "ObjectHandleInvalid", "KeyHandleInvalid",
)  # fmt: skip


class PKCS11Signer:
    """Signs with a private key that does not leave its token.

    ``sign`` says ``LATER``, because a token may take its time: blocking streams then wait for it,
    asyncio streams let a thread wait, and without streams the question ``Sign`` is an event, which
    ``connection.answer(question, question.resolve())`` answers. One signature is made at a time.

    Args:
        module: the PKCS #11 library, such as ``/usr/lib/softhsm/libsofthsm2.so``.
        token: the token's label.
        pin: the user's PIN, or a callable that gives it.
        label, key_id: the private key's CKA_LABEL and CKA_ID; one of them, or both.
        public_key: its SubjectPublicKeyInfo, DER, for a token that keeps no public key object.

    Raises:
        ApiMisuse: the library, the token or the key is not there, the PIN is wrong, or TLS has no
            use for the key; in words, without the PIN.
    """

    def __init__(
        self,
        module: str | Path,
        *,
        token: str,
        pin: Password,
        label: str | None = None,
        key_id: bytes | None = None,
        public_key: bytes | None = None,
    ) -> None:
        if label is None and key_id is None:
            raise ApiMisuse("which key of the token?", "give label= or key_id=")
        self._module = str(module)
        self._token = token
        self._pin = pin
        self._named = {
            key: item for key, item in (("label", label), ("id", key_id)) if item is not None
        }
        self._lock = Lock()
        self._pkcs11 = _library()
        self._key = self._open()
        self.public_key = _loaded(public_key if public_key is not None else self._read_public())

    def __repr__(self) -> str:
        return f"PKCS11Signer({self._token!r}, {self.public_key.kind})"

    @property
    def schemes(self) -> tuple[SignatureScheme, ...]:
        """What the key signs with in TLS 1.3, best first."""
        return schemes_for(self.public_key)

    @property
    def schemes12(self) -> tuple[SignatureScheme, ...]:
        """What the key signs with in TLS 1.2, best first."""
        return schemes12_for(self.public_key)

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:  # noqa: ARG002
        """``LATER``: ask ``sign_blocking``."""
        return LATER

    def sign_blocking(self, scheme: SignatureScheme, content: bytes) -> bytes:
        """The signature, as soon as the token has made it.

        A session that the token has forgotten is opened anew, once.

        Raises:
            ApiMisuse: the key does not fit the scheme.
            LocalFailure: ``signing_failed``; the token's own error is the cause.
        """
        if scheme not in self.schemes and scheme not in self.schemes12:
            raise ApiMisuse(f"this key does not sign with {scheme}")
        with self._lock:
            try:
                try:
                    return self._sign(scheme, content)
                except self._pkcs11.PKCS11Error as error:
                    if type(error).__name__ not in _GONE:
                        raise
                    self._key = self._open()
                    return self._sign(scheme, content)
            except self._pkcs11.PKCS11Error as error:
                said = f"the token said {type(error).__name__}"
                raise LocalFailure(Reasons.signing_failed, said) from error

    def _sign(self, scheme: SignatureScheme, content: bytes) -> bytes:
        mechanism = self._pkcs11.Mechanism
        sign: Callable[..., bytes] = self._key.sign
        if self.public_key.kind in ("ed25519", "ed448"):
            return sign(content, mechanism=mechanism.EDDSA)
        name = SCHEMES[scheme].hash_name
        digest = hashlib.new(name, content).digest()
        if self.public_key.kind.startswith("ecdsa"):
            return _as_der(sign(digest, mechanism=mechanism.ECDSA))
        upper = name.upper()
        if scheme.name.startswith("rsa_pkcs1"):
            return sign(content, mechanism=mechanism[f"{upper}_RSA_PKCS"])
        # RFC 9846, 4.3.3: MGF1 with the same hash, and a salt of its length.
        own = mechanism[upper], self._pkcs11.MGF[upper], len(digest)
        return sign(digest, mechanism=mechanism.RSA_PKCS_PSS, mechanism_param=own)

    # --- The token ------------------------------------------------------------------------------

    def _open(self) -> Any:
        """Log in and find the private key."""
        pin = self._pin() if callable(self._pin) else self._pin
        try:
            found = self._pkcs11.lib(self._module).get_token(token_label=self._token)
            session = self._in_session(found, pin.decode() if isinstance(pin, bytes) else pin)
            private = self._pkcs11.ObjectClass.PRIVATE_KEY
            key = session.get_key(object_class=private, **self._named)
        except (RuntimeError, OSError) as error:  # PKCS11Error is the former
            name = type(error).__name__
            what, fix = _TROUBLE.get(name, (f"the token said {name}", "look at its log"))
            where = f"token {self._token!r} of {self._module}"
            raise ApiMisuse(f"{where}: {what}", fix) from None
        self._session = session
        return key

    def _in_session(self, token: Any, pin: str | None) -> Any:
        try:
            return token.open(user_pin=pin)
        except self._pkcs11.exceptions.UserAlreadyLoggedIn:
            return token.open()  # who is logged in is so for all sessions of the process

    def _read_public(self) -> bytes:
        """The SubjectPublicKeyInfo of the public key object that goes with the private key."""
        attribute, kinds = self._pkcs11.Attribute, self._pkcs11.KeyType
        try:
            of_class = self._pkcs11.ObjectClass.PUBLIC_KEY
            public = self._session.get_key(object_class=of_class, **self._named)
            if public.key_type is kinds.RSA:
                numbers = (public[attribute.PUBLIC_EXPONENT], public[attribute.MODULUS])
                exponent, modulus = (int.from_bytes(number, "big") for number in numbers)
                key: Any = rsa.RSAPublicNumbers(exponent, modulus).public_key()
            elif public.key_type in (kinds.EC, kinds.EC_EDWARDS):
                key = _on_curve(public[attribute.EC_PARAMS], public[attribute.EC_POINT])
            else:
                raise ApiMisuse("the token's key is of a kind that TLS has no signature scheme for")
        except (self._pkcs11.PKCS11Error, ValueError) as error:
            raise ApiMisuse(
                f"the token has no public key that can be read ({type(error).__name__})",
                "give it: public_key= the certificate's SubjectPublicKeyInfo",
            ) from None
        der: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return der


_TROUBLE = {
    "NoSuchToken": ("there is no such token", "look: pkcs11-tool --module MODULE --list-slots"),
    "NoSuchKey": ("there is no such private key", "look for its label: pkcs11-tool --list-objects"),
    "MultipleObjectsReturned": ("several keys have this name", "give both label= and key_id="),
    "MultipleTokensReturned": ("several tokens have this label", "rename one"),
    "PinIncorrect": ("the PIN is wrong", "mind that tokens lock themselves after a few attempts"),
    "PinLocked": ("the PIN is locked", "its security officer can set another"),
    "GeneralError": ("the library cannot be used", "is the path right, and its own configuration?"),
}


def _library() -> Any:
    try:
        import pkcs11
    except ImportError:
        raise ApiMisuse("python-pkcs11 is missing", "pip install 'tlsee[pkcs11]'") from None
    return pkcs11


def _loaded(spki: bytes) -> PublicKey:
    try:
        return load_public_key(spki)
    except PeerMisbehaved as problem:
        raise ApiMisuse(f"the token's key is {problem.detail}") from None


def _as_der(signature: bytes) -> bytes:
    """PKCS #11 gives both integers of an ECDSA signature one behind the other; TLS wants DER."""
    half = len(signature) // 2
    return encode_dss_signature(
        int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    )


_EDWARDS: dict[int, Callable[[bytes], Any]] = {
    32: ed25519.Ed25519PublicKey.from_public_bytes,
    57: ed448.Ed448PublicKey.from_public_bytes,
}


def _on_curve(parameters: bytes, point: bytes) -> Any:
    """The key at a point; the standard has it in an OCTET STRING, some tokens leave that out."""
    raw = point
    if len(point) > 2 and point[0] == _OCTET_STRING:
        octets = point[1] & 0x7F if point[1] >= 0x80 else 0
        length = int.from_bytes(point[2 : 2 + octets], "big") if octets else point[1]
        if 2 + octets + length == len(point):
            raw = point[2 + octets :]
    curve = _CURVES.get(parameters)
    if curve is not None:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, raw)
    make = _EDWARDS.get(len(raw))
    if make is None:
        raise ApiMisuse("the token's key is on a curve that TLS has no signature scheme for")
    return make(raw)

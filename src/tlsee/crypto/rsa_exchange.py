"""TLS 1.2's RSA key exchange (RFC 5246, 7.4.7.1): a premaster secret under the server's key.

A server must not tell a well-formed ciphertext from another one, in words or in time: who can is an
oracle that decrypts whatever was recorded (Bleichenbacher, ROBOT). The library helps: where the
padding is wrong it gives other bytes, which depend on key and ciphertext alone, instead of failing
(implicit rejection). Their length varies too, so that only a plaintext of exactly 48 bytes that
begins with the version of the ClientHello takes the place of random bytes drawn beforehand. Then
the keys differ, Finished is wrong, and that is all that anybody sees.

What Python cannot promise: that two runs of the same steps take the same time. What is promised is
that they are the same steps: no branch, no exception and no early end depends on the plaintext.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding

from tlsee.codes import ProtocolVersion
from tlsee.crypto.provider import Later
from tlsee.crypto.public_keys import PublicKey
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons

__all__ = ["PREMASTER_LENGTH", "LocalDecrypter", "encrypt", "new_premaster", "select_premaster"]

PREMASTER_LENGTH = 48  # RFC 5246, 7.4.7.1: a version, and 46 random bytes

_PKCS1 = padding.PKCS1v15()


def new_premaster(version: ProtocolVersion, random: Callable[[int], bytes]) -> bytes:
    """A client's fresh premaster secret; ``random`` is the provider's.

    ``version`` is legacy_version of our ClientHello, not what was selected, so that a rollback
    shows (RFC 5246, 7.4.7.1).
    """
    return version.to_bytes(2) + random(PREMASTER_LENGTH - 2)


def encrypt(public_key: PublicKey, premaster: bytes) -> bytes:
    """The premaster secret for the holder of a certificate's key, with PKCS #1 v1.5.

    Raises:
        PeerMisbehaved: ``key_not_for_suite``: no RSA key, or one for RSASSA-PSS; ``weak_key``.
    """
    if public_key.kind != "rsa":
        raise PeerMisbehaved(Reasons.key_not_for_suite, f"RSA key exchange, {public_key.label}")
    if public_key.weakness:
        raise PeerMisbehaved(Reasons.weak_key, public_key.weakness)
    ciphertext: bytes = public_key.key.encrypt(premaster, _PKCS1)
    return ciphertext


def select_premaster(plaintext: bytes, version: ProtocolVersion, fallback: bytes) -> bytes:
    """The premaster secret of a server: the plaintext if it is one, else the fallback.

    Args:
        plaintext: what a ``Decrypter`` gave.
        version: legacy_version of the ClientHello.
        fallback: 48 random bytes, drawn before the ciphertext was looked at.

    Raises:
        ApiMisuse: the fallback has another length.
    """
    if len(fallback) != PREMASTER_LENGTH:
        raise ApiMisuse(f"a fallback of {len(fallback)} bytes")
    candidate = (plaintext + bytes(PREMASTER_LENGTH))[:PREMASTER_LENGTH]
    good = (len(plaintext) == PREMASTER_LENGTH) & hmac.compare_digest(
        candidate[:2], version.to_bytes(2)
    )
    keep = -int(good) & 0xFF
    drop = keep ^ 0xFF
    return bytes(
        [one & keep | other & drop for one, other in zip(candidate, fallback, strict=True)]
    )


class LocalDecrypter:
    """A decrypter whose key is in this process.

    Raises:
        ApiMisuse: no RSA key, or the installed library has no implicit rejection: then it fails for
            wrong padding, and no care here could hide that.
    """

    def __init__(self, private_key: Any) -> None:
        if not hasattr(private_key, "decrypt") or not hasattr(private_key, "key_size"):
            raise ApiMisuse("only an RSA key decrypts", "use ECDHE, or a certificate with RSA")
        self._key = private_key
        self._length = (private_key.key_size + 7) // 8
        if not self._rejects_implicitly():
            raise ApiMisuse(
                "this build of cryptography tells wrong padding from right",
                "leave RSA key exchange out of the policy",
            )

    def __repr__(self) -> str:
        return "LocalDecrypter(<private key>)"

    def __reduce__(self) -> Any:
        raise TypeError("a private key is not copied around")

    def _rejects_implicitly(self) -> bool:
        """Whether two ciphertexts of nothing decrypt; one of 2^17 is well-formed by chance."""
        try:
            for number in (2, 3):
                self._key.decrypt(number.to_bytes(self._length), _PKCS1)
        except ValueError:
            return False
        return True

    def decrypt(self, ciphertext: bytes) -> bytes | Later:
        """The plaintext, or other bytes. Only what is no residue of the key, which anybody can see
        without the private one, gives none.
        """
        try:
            plaintext: bytes = self._key.decrypt(ciphertext, _PKCS1)
        except ValueError:
            return b""
        return plaintext

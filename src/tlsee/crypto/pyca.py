"""The provider that everybody gets: ``cryptography``, and the system's randomness and clock."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from tlsee.codes import SignatureScheme
from tlsee.crypto.groups import finite_field, groups
from tlsee.crypto.provider import Decrypter, Later, Provider, Signer
from tlsee.crypto.schemes import SCHEMES, PublicKey, Scheme
from tlsee.crypto.suites import suites


def _random(count: int, purpose: str = "") -> bytes:  # noqa: ARG001 - for journals alone
    return os.urandom(count)


def _sign(signer: Signer, scheme: SignatureScheme, content: bytes) -> bytes | Later:
    return signer.sign(scheme, content)


def _encrypt(public_key: PublicKey, premaster: bytes) -> bytes:
    from tlsee.crypto.rsa_exchange import encrypt

    return encrypt(public_key, premaster)


def _decrypt(decrypter: Decrypter, ciphertext: bytes) -> bytes | Later:
    return decrypter.decrypt(ciphertext)


def _schemes12() -> Mapping[SignatureScheme, Scheme]:
    from tlsee.crypto.schemes12 import schemes12

    return schemes12()


PROVIDER = Provider(
    "cryptography",
    _random,
    time.time,
    groups(),
    suites(),
    SCHEMES,
    _sign,
    finite_field,
    _encrypt,
    _decrypt,
    _schemes12,
)

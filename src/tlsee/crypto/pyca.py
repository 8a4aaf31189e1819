"""The provider that everybody gets: ``cryptography``, and the system's randomness and clock."""

from __future__ import annotations

import secrets
import time

from tlsee.codes import SignatureScheme
from tlsee.crypto.groups import groups
from tlsee.crypto.provider import Later, Provider, Signer
from tlsee.crypto.schemes import SCHEMES
from tlsee.crypto.suites import suites


def _sign(signer: Signer, scheme: SignatureScheme, content: bytes) -> bytes | Later:
    return signer.sign(scheme, content)


PROVIDER = Provider(
    "cryptography", secrets.token_bytes, time.time, groups(), suites(), SCHEMES, _sign
)

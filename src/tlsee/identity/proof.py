"""What a finished handshake proved about the peer, where no pre-shared key did."""

from __future__ import annotations

from typing import ClassVar

from tlsee.crypto.schemes import SignatureValid
from tlsee.identity.path.judge import Verdict, VerifiedPeer
from tlsee.identity.raw_key import KnownKey
from tlsee.keys.schedule13 import FinishedValid
from tlsee.values import value


@value
class ByCertificate:
    """The peer holds the key of a certificate that was judged and accepted."""

    peer: VerifiedPeer
    verdict: Verdict
    signature: SignatureValid
    _hidden: ClassVar[frozenset[str]] = frozenset({"verdict"})  # the search, too long to read


@value
class ByDecryption:
    """The peer could decrypt what only the certificate's key can (RSA key exchange, TLS 1.2)."""

    peer: VerifiedPeer
    verdict: Verdict
    finished: FinishedValid
    _hidden: ClassVar[frozenset[str]] = frozenset({"verdict"})


@value
class ByRawPublicKey:
    """The peer holds a key that stands in our list of raw public keys (RFC 7250)."""

    peer: KnownKey
    receipt: SignatureValid | FinishedValid


@value
class Anonymous:
    """No certificate was asked for, or an optional one was not given."""


@value
class Unverified:
    """The peer holds the key of a certificate that nobody vouches for (``insecure``)."""

    verdict: Verdict
    receipt: SignatureValid | FinishedValid

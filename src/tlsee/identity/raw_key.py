"""Keys without certificates (RFC 7250), and the judgement of those that peers show.

Nothing vouches for a raw public key but the list it stands in. So there is no path and no date, and
the judgement is one look-up.
"""

from __future__ import annotations

from hashlib import sha256

from tlsee.crypto.public_keys import PublicKey, load_public_key
from tlsee.errors import CertificateRejected, Reasons
from tlsee.identity.trust import Trust
from tlsee.values import value

__all__ = ["KnownKey", "known_key", "shown"]


def shown(spki: bytes) -> str:
    """A key as a person may compare it."""
    return f"raw public key sha256:{sha256(spki).hexdigest()}"


@value
class KnownKey:
    """A peer's raw public key that stands in the list of those that are believed.

    ``known_key`` alone makes it: the receipt of that judgement.
    """

    public_key: PublicKey

    @property
    def subject(self) -> str:
        """The key, by its digest."""
        return shown(self.public_key.spki)


def known_key(trust: Trust, spki: bytes) -> KnownKey:
    """Judge a peer's raw public key (RFC 7250, 5: by whatever the application knows).

    Raises:
        CertificateRejected: ``unknown_raw_key``.
        PeerMisbehaved: ``unusable_certificate``: it is no key that TLS can use.
    """
    if spki not in trust.raw_keys:
        raise CertificateRejected(Reasons.unknown_raw_key, shown(spki))
    return KnownKey(load_public_key(spki))

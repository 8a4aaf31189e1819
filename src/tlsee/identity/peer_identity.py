"""Who the peer is, in the words that an application decides by."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import ClassVar

from tlsee.identity.certificate import CertificateView
from tlsee.identity.names import identities_of
from tlsee.identity.raw_key import KnownKey
from tlsee.values import value

__all__ = ["PeerIdentity", "identity_of", "identity_of_key"]

# SPIFFE ID, 2: a trust domain in lower case and a path of plain segments; nothing else of a URI.
SPIFFE_ID_LENGTH = 2048
_SPIFFE_ID = re.compile(r"spiffe://[a-z0-9._-]{1,255}(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9._-]+)*")


@value
class PeerIdentity:
    """What a judged certificate says of its holder, who has shown to hold its key.

    Compare the names whole, and only those of a kind that your authority vouches for. They are as
    they stand in the certificate, not escaped.

    Attributes:
        subject: the common name, or what stands for it; escaped, for people.
        dns_names, ip_addresses, uris, emails: the subjectAltName.
        spiffe_id: the one URI, if it is a SPIFFE id; several URIs are none (X.509-SVID, 2).
        fingerprint: SHA-256 over the certificate, in hexadecimal; empty for a raw public key.
        key_fingerprint: SHA-256 over its SubjectPublicKeyInfo, in hexadecimal.
    """

    subject: str
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    uris: tuple[str, ...]
    emails: tuple[str, ...]
    fingerprint: str
    key_fingerprint: str
    _hidden: ClassVar[frozenset[str]] = frozenset({"key_fingerprint"})

    @property
    def spiffe_id(self) -> str | None:
        """Such as ``spiffe://mesh.example/ns/shop/sa/pay``, or ``None``."""
        if len(self.uris) != 1 or len(self.uris[0]) > SPIFFE_ID_LENGTH:
            return None
        return self.uris[0] if _SPIFFE_ID.fullmatch(self.uris[0]) else None

    @property
    def names(self) -> tuple[str, ...]:
        """All of the subjectAltName, of whatever kind."""
        return (*self.uris, *self.dns_names, *self.ip_addresses, *self.emails)


def identity_of(certificate: CertificateView) -> PeerIdentity:
    """The identity in a certificate; that somebody vouches for it is the caller's part."""
    found = identities_of(certificate)
    return PeerIdentity(
        certificate.subject,
        found.dns,
        found.addresses,
        found.uris,
        found.mails,
        certificate.fingerprint,
        sha256(certificate.spki).hexdigest(),
    )


def identity_of_key(known: KnownKey) -> PeerIdentity:
    """The identity of a raw public key: nothing but the key."""
    digest = known.public_key.fingerprint
    return PeerIdentity(known.subject, (), (), (), (), "", digest)

"""Chains made from a plan: a list of certificates as dictionaries, each of which may be spoiled."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.certificates import AT, DAY, HOST, Extension, alt_names, name_of
from tlsee.crypto import private_keys

KINDS = ("ecdsa_secp256r1", "ecdsa_secp384r1", "ed25519")
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@lru_cache
def key(kind: str, number: int) -> Any:
    """A key that is made once; ``number`` tells several of a kind apart."""
    return private_keys.generate(kind)


@lru_cache
def small_key(number: int) -> Any:
    """An RSA key that is too small for anything."""
    return rsa.generate_private_key(65537, 1024)


def usage(*allowed: str) -> x509.KeyUsage:
    """A keyUsage with these alone."""
    return x509.KeyUsage(**{name: name in allowed for name in _USAGES})


class Plan:
    """One certificate that is still to be made; ``extensions`` by their class, with criticality."""

    def __init__(self, subject: str, kind: str, own_key: Any) -> None:
        self.subject = subject
        self.kind = kind
        self.key = own_key
        self.not_before = AT - DAY
        self.not_after = AT + DAY
        self.extensions: dict[type, Extension] = {}
        self.issuer: str | None = None
        self.signing_key: Any = None
        self.serial = 4711
        self.digest: Any = None

    def put(self, extension: x509.ExtensionType, *, critical: bool) -> None:
        """Add an extension, in the place of one of its kind."""
        self.extensions[type(extension)] = (extension, critical)


def plans(kinds: list[str]) -> list[Plan]:
    """A good chain for these kinds of keys, the root first and the leaf last."""
    found: list[Plan] = []
    for place, kind in enumerate(kinds):
        is_leaf = place == len(kinds) - 1
        plan = Plan(HOST if is_leaf else f"Authority {place}", kind, key(kind, place))
        plan.serial = 100 + place
        public = plan.key.public_key()
        plan.put(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        plan.put(x509.BasicConstraints(ca=not is_leaf, path_length=None), critical=True)
        if is_leaf:
            plan.put(usage("digital_signature"), critical=True)
            plan.put(alt_names(HOST), critical=False)
            purposes = [ExtendedKeyUsageOID.SERVER_AUTH]
            plan.put(x509.ExtendedKeyUsage(purposes), critical=False)
        else:
            plan.put(usage("key_cert_sign", "crl_sign"), critical=True)
        if place:
            above = found[-1].key.public_key()
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(above)
            plan.put(identifier, critical=False)
        found.append(plan)
    return found


def make(chain: list[Plan]) -> list[bytes]:
    """The certificates in DER, the root first."""
    made = []
    for place, plan in enumerate(chain):
        above = chain[place - 1] if place else plan
        builder = (
            x509.CertificateBuilder()
            .subject_name(name_of(plan.subject))
            .issuer_name(name_of(above.subject if plan.issuer is None else plan.issuer))
            .public_key(plan.key.public_key())
            .serial_number(plan.serial)
            .not_valid_before(datetime.fromtimestamp(plan.not_before, UTC))
            .not_valid_after(datetime.fromtimestamp(plan.not_after, UTC))
        )
        for extension, critical in plan.extensions.values():
            builder = builder.add_extension(extension, critical)
        signer = plan.signing_key or above.key
        digest = plan.digest or private_keys.certificate_digest(signer)
        made.append(private_keys.certificate_der(builder.sign(signer, digest)))
    return made

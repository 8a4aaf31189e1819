"""The certificate that every contender serves and the authority that every client trusts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAME = "bench.example"
LIFETIME = dt.timedelta(days=2)  # longer than any run, also across midnight


@dataclass(frozen=True)
class Material:
    """PEM texts: the trust anchor, the chain the server sends (leaf alone) and the leaf's key."""

    anchor: bytes
    chain: bytes
    key: bytes

    def save(self, directory: Path) -> None:
        """Write the three files; child processes and path-only APIs read them."""
        (directory / "anchor.pem").write_bytes(self.anchor)
        (directory / "chain.pem").write_bytes(self.chain)
        (directory / "key.pem").write_bytes(self.key)

    @classmethod
    def load(cls, directory: Path) -> Material:
        """Read what ``save`` wrote."""
        names = ("anchor.pem", "chain.pem", "key.pem")
        return cls(*((directory / name).read_bytes() for name in names))


def create() -> Material:
    """A fresh ECDSA P-256 authority and one leaf for ``SERVER_NAME``, signed directly by it."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("tlsee benchmark authority")
    root = (
        _builder(root_name, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(_identifier(root_key), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = (
        _builder(_name(SERVER_NAME), root_name, leaf_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)]), critical=False)
        .add_extension(_identifier(leaf_key), critical=False)
        .add_extension(authority_id, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem: Callable[[x509.Certificate], bytes] = lambda c: c.public_bytes(  # noqa: E731
        serialization.Encoding.PEM
    )
    key = leaf_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Material(pem(root), pem(leaf), key)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LIFETIME)
        .not_valid_after(now + LIFETIME)
    )


def _identifier(key: ec.EllipticCurvePrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )

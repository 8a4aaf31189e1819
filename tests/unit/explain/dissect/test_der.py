"""Certificates, OCSP responses and CRLs down to each DER element, by the names of their modules."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import re
from functools import cache
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.support.fields import assert_explains
from tlsee.explain.dissect import CERTIFICATE, CERTIFICATE_LIST, OCSP_RESPONSE, Field, read_der

DAY = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
TIMESTAMPS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
        x509.NameAttribute(NameOID.COMMON_NAME, "a\u00e4\x1b[31m"),
    ]
)


def read(name: str, shape: object, data: bytes) -> Field:
    field = read_der(name, shape, data, "x", "x").filled()  # type: ignore[arg-type]
    assert_explains(field, data)
    return field


@cache
def certificate() -> bytes:
    """One with every extension that people meet."""
    stamp = bytes((0,)) + bytes(42) + bytes((4, 3, 0, 2)) + b"\x30\x00"
    listed = (len(stamp) + 2).to_bytes(2) + len(stamp).to_bytes(2) + stamp
    uri = x509.UniformResourceIdentifier("http://ca.example/x")
    builder = (
        x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 77)
        .not_valid_before(DAY)
        .not_valid_after(DAY + dt.timedelta(40_000))
    )
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(True, 3), True),
        (x509.KeyUsage(True, False, False, False, False, True, True, False, False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("server.example"),
                    x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
                    x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
                    x509.RFC822Name("joe@server.example"),
                    x509.DirectoryName(NAME),
                    uri,
                ]
            ),
            False,
        ),
        (x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), False),
        (x509.AuthorityKeyIdentifier(b"k" * 20, [x509.DirectoryName(NAME)], 77), False),
        (
            x509.NameConstraints(
                [x509.DNSName("example"), x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))], None
            ),
            True,
        ),
        (
            x509.CertificatePolicies(
                [x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), ["http://x"])]
            ),
            False,
        ),
        (x509.PolicyConstraints(0, 1), True),
        (x509.InhibitAnyPolicy(0), True),
        (x509.CRLDistributionPoints([x509.DistributionPoint([uri], None, None, None)]), False),
        (
            x509.AuthorityInformationAccess(
                [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, uri)]
            ),
            False,
        ),
        (x509.TLSFeature([x509.TLSFeatureType.status_request]), False),
        (x509.OCSPNoCheck(), False),
        (x509.UnrecognizedExtension(TIMESTAMPS, bytes((4, len(listed))) + listed), False),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False),
    ]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_every_extension_has_its_structure() -> None:
    """Each known extension is named and read inside; an unknown one keeps its number."""
    field = read("Certificate", CERTIFICATE, certificate())
    assert not [one.name for one in field.walk() if one.problem]
    names = [one.name for one in field.walk()]
    for name in (
        "tbsCertificate", "version", "serialNumber", "issuer", "notAfter", "basicConstraints", "cA",
        "pathLenConstraint", "keyUsage", "extKeyUsage", "subjectAltName", "generalName[0].dNSName",
        "generalName[1].iPAddress", "generalName[3].rfc822Name", "generalName[4].directoryName",
        "generalName[5].uniformResourceIdentifier", "keyIdentifier", "authorityCertIssuer",
        "authorityCertSerialNumber", "permittedSubtrees", "base.iPAddress", "policyIdentifier",
        "requireExplicitPolicy", "inhibitAnyPolicy", "distributionPoint[0]", "accessMethod",
        "feature[0]", "id-pkix-ocsp-nocheck", "log_id", "timestamp", "1.2.3.4", "signatureValue",
        "r", "s", "x", "y",
    ):  # fmt: skip
        assert name in names, name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("version", "v3 (2)"),
        ("validity", "2026-11-21 00:00:00 UTC to 2136-05-28 00:00:00 UTC"),
        ("subject", r'countryName: "CH", commonName: "a\xe4\x1b[31m"'),
        ("keyUsage", "digitalSignature, keyCertSign, cRLSign, critical"),
        ("generalName[1].iPAddress", "192.0.2.1"),
        ("generalName[2].iPAddress", "2001:0db8:0000:0000:0000:0000:0000:0001"),
        ("base.iPAddress", "10.0.0.0 mask 255.0.0.0"),
        ("policyIdentifier", "domain-validated (2.23.140.1.2.1)"),
        ("pathLenConstraint", "3"),
    ],
)
def test_values_in_words(name: str, words: str) -> None:
    """Times, names, addresses, bits and identifiers as people read them; text is escaped."""
    field = read("Certificate", CERTIFICATE, certificate()).find(name)
    assert field is not None
    assert field.words == words


def _signed_by(key: object) -> Field:
    builder = x509.CertificateBuilder(NAME, NAME, key.public_key(), 1, DAY, DAY)  # type: ignore[attr-defined]
    algorithm = hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey) else None
    made = builder.sign(key, algorithm)  # type: ignore[arg-type]
    return read("Certificate", CERTIFICATE, made.public_bytes(serialization.Encoding.DER))


def test_other_keys_and_signatures() -> None:
    """RSA is modulus and exponent, EdDSA R and S, ML-DSA its own three parts."""
    rsa_key = rsa.generate_private_key(65537, 2048)
    names = {one.name for one in _signed_by(rsa_key).leaves()}
    assert {"modulus.value", "publicExponent.value", "s"} <= names
    builder = x509.CertificateBuilder(NAME, NAME, rsa_key.public_key(), 1, DAY, DAY)
    pss = builder.sign(
        rsa_key, hashes.SHA256(), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    )
    field = read("Certificate", CERTIFICATE, pss.public_bytes(serialization.Encoding.DER))
    salt = field.find("saltLength")
    assert salt is not None
    assert salt.words == "32"
    assert {"R", "S"} <= {
        one.name for one in _signed_by(ed25519.Ed25519PrivateKey.generate()).leaves()
    }
    try:
        lattice = mldsa.MLDSA44PrivateKey.generate()
        found = _signed_by(lattice)
    except Exception:  # noqa: BLE001  an older OpenSSL
        return
    assert {"rho", "t1", "c_tilde", "z", "h"} <= {one.name for one in found.leaves()}


def test_every_root_of_the_store() -> None:
    """A hundred authorities and their habits: nothing in them is unreadable or out of place."""
    text = Path(certifi.where()).read_text(encoding="ascii")
    found = re.findall("-----BEGIN CERTIFICATE-----(.*?)-----END", text, re.DOTALL)
    assert len(found) > 100
    for pem in found:
        field = read("Certificate", CERTIFICATE, base64.b64decode(pem))
        assert not [(one.name, one.problem) for one in field.walk() if one.problem]


def test_an_ocsp_response() -> None:
    """Status, times, responder, and the certificate that it is about."""
    cert = x509.load_der_x509_certificate(certificate())
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert, cert, hashes.SHA1(), ocsp.OCSPCertStatus.REVOKED, DAY, DAY + dt.timedelta(7),
        DAY, x509.ReasonFlags.key_compromise,
    )  # fmt: skip
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, cert).certificates([cert])
    builder = builder.add_extension(x509.OCSPNonce(b"n" * 16), False)
    data = builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    field = read("OCSPResponse", OCSP_RESPONSE, data)
    assert not [one.name for one in field.walk() if one.problem]
    for name, words in (
        ("responseStatus", "successful (0)"),
        ("revocationTime", "2026-11-21 00:00:00 UTC"),
        ("revocationReason", "keyCompromise (1)"),
        ("nextUpdate", "2026-11-28 00:00:00 UTC"),
        ("serialNumber", "77"),
    ):
        found = field.find(name)
        assert found is not None, name
        assert found.words == words
    for name in ("responderID.byKey", "certStatus.revoked", "id-pkix-ocsp-nonce", "tbsCertificate"):
        assert field.find(name) is not None, name
    tried_later = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    data = tried_later.public_bytes(serialization.Encoding.DER)
    assert read("OCSPResponse", OCSP_RESPONSE, data).words == "tryLater (3)"


def test_a_revocation_list() -> None:
    """Who is revoked since when and why."""
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(77)
        .revocation_date(DAY)
        .add_extension(x509.CRLReason(x509.ReasonFlags.superseded), False)
        .build()
    )
    builder = x509.CertificateRevocationListBuilder(NAME, DAY, DAY).add_revoked_certificate(revoked)
    builder = builder.add_extension(x509.CRLNumber(5), False)
    data = builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    field = read("CertificateList", CERTIFICATE_LIST, data)
    assert not [one.name for one in field.walk() if one.problem]
    for name, words in (
        ("userCertificate", "77"),
        ("cRLReason", "superseded (4)"),
        ("cRLNumber", "5"),
    ):
        found = field.find(name)
        assert found is not None, name
        assert found.words == words


def test_damage_is_a_leaf() -> None:
    """What comes before the damage is read, what comes behind it too if it is known where."""
    data = certificate()
    cut = data[:200]
    assert read("Certificate", CERTIFICATE, cut).find("unreadable") is not None
    at = data.index(b"server.example")
    changed = data[: at - 1] + b"\x7f" + data[at:]
    field = read("Certificate", CERTIFICATE, changed)
    assert field.find("unreadable") is not None
    assert field.find("signatureValue") is not None
    deep = b"\x05\x00"
    for _ in range(100):
        deep = (
            b"\x30"
            + (bytes([len(deep)]) if len(deep) < 128 else b"\x81" + bytes([len(deep)]))
            + deep
        )
    assert any("within each other" in one.problem for one in read("x", CERTIFICATE, deep[:]).walk())

"""What private authorities issue by default is accepted as it is; what each leaves out is here.

The tools themselves are in tests/interop (openssl, trustme, mkcert); these are made in the shape of
those that run as a service.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.certificates import HOST, Extension, accepted, alt_names, forge, store
from tests.unit.identity.test_judge import usage
from tlsee.crypto.private_keys import generate
from tlsee.identity.path.judge import Purpose
from tlsee.identity.peer_identity import identity_of
from tlsee.identity.trust import Profile

AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
NO_AUTHORITY = x509.BasicConstraints(ca=False, path_length=None)
BOTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
SIGNS = (usage(key_cert_sign=True, crl_sign=True), True)
SERVES = (usage(digital_signature=True, key_encipherment=True), True)
SPIFFE_ID = "spiffe://mesh.test/ns/default/sa/web"
PROVISIONER = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.4.1.37476.9000.64.1"), bytes.fromhex("30030c0161")
)


class Shape(NamedTuple):
    """What an authority puts into its own certificate and into those it issues."""

    authority: str | x509.Name
    authority_extensions: list[Extension]
    subject: str | x509.Name
    extensions: list[Extension]
    identified: bool = True
    name: str = HOST


def organization(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])


SHAPES = {
    # Its root has subjectAltName and its own name in it; leaves allow key agreement too.
    "Vault": Shape(
        "vault.test",
        [(AUTHORITY, True), SIGNS, (alt_names("vault.test"), False)],
        HOST,
        [
            (usage(digital_signature=True, key_encipherment=True, key_agreement=True), True),
            (BOTH, False),
            (alt_names(HOST), False),
        ],
    ),
    # An extension of its own that says who asked, and no basicConstraints.
    "step-ca": Shape(
        "Smallstep Root CA",
        [(x509.BasicConstraints(ca=True, path_length=1), True), SIGNS],
        HOST,
        [
            (usage(digital_signature=True), True),
            (BOTH, False),
            (alt_names(HOST), False),
            (PROVISIONER, False),
        ],
    ),
    # No subject where only names were asked for, and no extendedKeyUsage by default.
    "cert-manager": Shape(
        "cluster",
        [(AUTHORITY, True), (usage(digital_signature=True, key_cert_sign=True), True)],
        "",
        [SERVES, (NO_AUTHORITY, True), (alt_names(HOST), True)],
    ),
    # An organization for a name, a URI for an identity.
    "a SPIFFE mesh": Shape(
        organization("SPIFFE"),
        [
            (AUTHORITY, True),
            SIGNS,
            (alt_names(x509.UniformResourceIdentifier("spiffe://mesh.test")), False),
        ],
        organization("SPIRE"),
        [
            (usage(digital_signature=True, key_encipherment=True, key_agreement=True), True),
            (BOTH, False),
            (NO_AUTHORITY, True),
            (alt_names(x509.UniformResourceIdentifier(SPIFFE_ID)), False),
        ],
        name=SPIFFE_ID,
    ),
    # The few lines that a search finds: names and one flag, nothing else.
    "a script": Shape(
        "My CA", [(AUTHORITY, False)], HOST, [(alt_names(HOST), False)], identified=False
    ),
}


def identifiers(key: Any, issuer: Any) -> list[Extension]:
    return [
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False),
    ]


@pytest.mark.parametrize("tool", SHAPES)
def test_what_it_issues_is_accepted(tool: str) -> None:
    """By name or URI, as a server and as a client, and nothing has to be switched off."""
    shape = SHAPES[tool]
    root_key, key = generate("ecdsa_secp256r1"), generate("ecdsa_secp256r1")
    more = identifiers(root_key, root_key)[:1] if shape.identified else []
    root = forge(None, [*shape.authority_extensions, *more], subject=shape.authority, key=root_key)
    issuer = x509.load_der_x509_certificate(root).subject
    leaf = forge(
        None,
        [*shape.extensions, *(identifiers(key, root_key) if shape.identified else [])],
        subject=shape.subject,
        key=key,
        signing_key=root_key,
        issuer_name=issuer,
    )
    for purpose, name in ((Purpose.SERVER, shape.name), (Purpose.CLIENT, None)):
        verdict = accepted([leaf], store(root), purpose=purpose, name=name)
        assert verdict.path is not None
        assert verdict.path.anchor is not None
        assert verdict.path.anchor.profile is Profile.PRIVATE


def test_who_a_meshs_peer_is() -> None:
    """The SPIFFE id is read off an accepted peer; two URIs or another scheme make none."""
    uris = [x509.UniformResourceIdentifier(text) for text in (SPIFFE_ID, "https://mesh.test/")]
    for names, expected in ((uris[:1], SPIFFE_ID), (uris, None), (uris[1:], None)):
        leaf = forge(None, [(alt_names(*names), False)])
        peer = accepted([leaf], store(leaf), name=None, purpose=Purpose.CLIENT).require()
        assert identity_of(peer.certificate).spiffe_id == expected

"""Keys and signatures of certificates: which count, and which are refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

from tests.support.certificates import (
    CA,
    HOST,
    VALID,
    accepted,
    alt_names,
    authority,
    forge,
    name_of,
    refused,
    store,
)
from tlsee.crypto.private_keys import KEY_KINDS
from tlsee.errors import Reasons
from tlsee.identity.authority import Authority

SAN = (alt_names(HOST), False)


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority()


# rsa4096 takes a second to make and proves what rsa3072 proves.
@pytest.mark.parametrize("kind", sorted(set(KEY_KINDS) - {"rsa4096"}))
def test_every_kind_of_key_in_both_places(kind: str) -> None:
    """Each kind of key signs certificates and is certified."""
    root = authority(key=kind)
    accepted(root.issue(HOST, key=kind, **VALID).chain, root)


SHA256_WITH_RSA = bytes.fromhex("2a864886f70d01010b")
SHA1_WITH_RSA = bytes.fromhex("2a864886f70d010105")


def test_weak_and_strange_hashes() -> None:
    """SHA-1 is refused by name; what nobody uses is refused as not supported."""
    key = KEY_KINDS["rsa2048"]()
    anchor = forge(None, [(CA, True)], subject="RSA", key=key)
    issued: dict[str, Any] = {"signing_key": key, "issuer_name": name_of("RSA")}
    # The library makes no SHA-1 signature any more: one that only claims to be must do.
    weak = forge(None, [SAN], **issued).replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
    strange = forge(None, [SAN], **issued, digest=hashes.SHA224())

    verdict = refused([weak], store(anchor), Reasons.weak_certificate_signature)
    assert verdict.detail == "server.test, sha1WithRSAEncryption"
    refused([strange], store(anchor), Reasons.unsupported_certificate_signature)


def test_an_anchor_may_be_signed_with_anything() -> None:
    """Its own signature proves nothing, so SHA-1 on it harms nobody."""
    key = KEY_KINDS["rsa2048"]()
    anchor = forge(None, [(CA, True)], subject="Old", key=key)
    anchor = anchor.replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of("Old"))

    accepted([leaf], store(anchor))


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_rsassa_pss_in_certificates(digest: hashes.HashAlgorithm) -> None:
    """PSS is verified with the parameters that the certificate gives."""
    key = KEY_KINDS["rsa2048"]()
    anchor = forge(None, [(CA, True)], subject="PSS", key=key)
    leaf = forge(
        None,
        [SAN],
        signing_key=key,
        issuer_name=name_of("PSS"),
        digest=digest,
        rsa_padding=padding.PSS(padding.MGF1(digest), digest.digest_size),
    )
    accepted([leaf], store(anchor))


def test_any_hash_goes_with_any_curve() -> None:
    """In certificates P-256 may sign a SHA-512 digest (RFC 9846, 4.3.3)."""
    key = KEY_KINDS["ecdsa_secp256r1"]()
    anchor = forge(None, [(CA, True)], subject="Mixed", key=key)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of("Mixed"), digest=hashes.SHA512())

    accepted([leaf], store(anchor))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), Reasons.weak_key),
        (lambda: ec.generate_private_key(ec.SECP256K1()), Reasons.unsupported_key),
        (lambda: dsa.generate_private_key(1024), Reasons.unsupported_key),
    ],
)
def test_small_and_strange_keys(root: Authority, make: Any, reason: Any) -> None:
    """RSA below 2048 bits and keys that no scheme is for are refused wherever they stand."""
    key = make()
    refused([forge(root, [SAN], key=key)], root, reason)

    if isinstance(key, dsa.DSAPrivateKey):
        return
    between = forge(root, [(CA, True)], subject="Between", key=key)
    leaf = forge(
        None, [SAN], signing_key=key, issuer_name=name_of("Between"), digest=hashes.SHA256()
    )
    refused([leaf, between], root, reason)

"""tls-server-end-point by each way to sign a certificate (RFC 5929, 4.1)."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, padding, rsa
from cryptography.x509.oid import NameOID

from tlsee.errors import ApiMisuse
from tlsee.identity.end_point import end_point_binding

RSA = rsa.generate_private_key(65537, 2048)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server.test")])
AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def certificate(key: Any, algorithm: Any, **options: Any) -> bytes:
    made = x509.CertificateBuilder(NAME, NAME, key.public_key(), 1, AT, AT + dt.timedelta(1)).sign(
        key, algorithm, **options
    )
    return made.public_bytes(serialization.Encoding.DER)


def pss(digest: Any, mask: Any) -> padding.PSS:
    return padding.PSS(padding.MGF1(mask), digest.digest_size)


@pytest.mark.parametrize(
    ("made", "name"),
    [
        pytest.param(lambda: certificate(RSA, hashes.SHA256()), "sha256", id="sha256"),
        pytest.param(lambda: certificate(RSA, hashes.SHA384()), "sha384", id="sha384"),
        pytest.param(lambda: certificate(RSA, hashes.SHA512()), "sha512", id="sha512"),
        pytest.param(lambda: certificate(RSA, hashes.SHA224()), "sha224", id="sha224"),
        pytest.param(lambda: certificate(RSA, hashes.SHA3_256()), "sha3_256", id="sha3"),
        pytest.param(
            lambda: certificate(ec.generate_private_key(ec.SECP256R1()), hashes.SHA512()),
            "sha512",
            id="the signature's hash, not the curve's",
        ),
        pytest.param(
            lambda: certificate(
                RSA, hashes.SHA384(), rsa_padding=pss(hashes.SHA384(), hashes.SHA384())
            ),
            "sha384",
            id="RSASSA-PSS",
        ),
    ],
)
def test_each_hash(made: Any, name: str) -> None:
    """The hash function of the signature, over the whole certificate."""
    der = made()
    assert end_point_binding(der) == hashlib.new(name, der).digest()


@pytest.mark.parametrize("name", ["md5", "sha1"])
def test_broken_hashes_are_replaced_by_sha256(name: str) -> None:
    """RFC 5929, 4.1 has SHA-256 stand in for these two.

    Nothing here makes such a signature any more, so the identifier is put into a certificate twice.
    """
    numbers = {"md5": 4, "sha1": 5, "sha256": 11}
    sha256_rsa = bytes.fromhex("2a864886f70d01010b")
    der = certificate(RSA, hashes.SHA256()).replace(
        sha256_rsa, sha256_rsa[:-1] + bytes([numbers[name]])
    )
    assert end_point_binding(der) == hashlib.sha256(der).digest()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        pytest.param(
            lambda: certificate(ed448.Ed448PrivateKey.generate(), None),
            "Ed448 has no hash function",
            id="none",
        ),
        pytest.param(
            lambda: certificate(
                RSA, hashes.SHA256(), rsa_padding=pss(hashes.SHA256(), hashes.SHA512())
            ),
            "or more than one",
            id="two",
        ),
        pytest.param(lambda: b"\x30\x00", "cannot be read", id="no certificate"),
        pytest.param(
            lambda: certificate(RSA, hashes.SHA256()).replace(
                bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d01017f")
            ),
            "no tls-server-end-point",
            id="unknown",
        ),
    ],
)
def test_what_is_not_defined_is_refused_with_the_reason(made: Any, said: str) -> None:
    """No hash function, two of them, or nothing that can be read."""
    with pytest.raises(ApiMisuse, match="use tls-exporter") as caught:
        end_point_binding(made())
    assert said in str(caught.value)

"""Cipher suites: the rows, and what an AEAD promises to the record layer."""

from __future__ import annotations

import hashlib

import pytest

from tlsee import defaults
from tlsee.codes import CipherSuite
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.suites import InvalidTag, Suite

ROWS = sorted(PROVIDER.suites.values(), key=lambda row: row.code)


def test_all_are_there() -> None:
    """RFC 9846, 9.1 and B.4: what must and what should be implemented, each under its code."""
    assert {row.code.name for row in ROWS} == {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    }
    assert not any("CCM" in code.name for code in defaults.SUITES)
    assert all(PROVIDER.suites[row.code] is row for row in ROWS)


@pytest.mark.parametrize("suite", ROWS, ids=repr)
def test_lengths(suite: Suite) -> None:
    """A row's numbers are those of its hash and its AEAD, which takes no other key."""
    assert suite.hash_length == hashlib.new(suite.hash_name).digest_size
    assert suite.iv_length == 12
    assert suite.tag_length == (8 if "CCM_8" in suite.code.name else 16)
    assert len(suite.aead(bytes(suite.key_length)).encrypt(bytes(12), b"", b"")) == suite.tag_length
    for length in (0, suite.key_length - 1, suite.key_length + 1):
        with pytest.raises(ValueError, match="key"):
            suite.aead(bytes(length))


def test_record_limits() -> None:
    """RFC 9846, 5.5: AES stays below 2^24.5 records, no sequence number wraps."""
    for suite in ROWS:
        aes = suite.code != CipherSuite.TLS_CHACHA20_POLY1305_SHA256
        assert suite.record_limit < (2**24.5 if aes else 2**64)


@pytest.mark.parametrize("suite", ROWS, ids=repr)
def test_what_was_sealed_opens_and_nothing_else_does(suite: Suite) -> None:
    """Any flipped bit, other data, nonce or key, and any cut is InvalidTag."""
    key, nonce = bytes(suite.key_length), bytes(12)
    aead = suite.aead(key)
    tag = suite.tag_length
    sealed = bytearray(5 + tag)
    assert aead.encrypt_into(nonce, b"hello", b"data", sealed) == 5 + tag
    plain = bytearray(5)
    assert aead.decrypt_into(nonce, sealed, b"data", plain) == 5
    assert plain == b"hello"

    def refused(nonce: bytes, body: bytes, data: bytes, key: bytes = key) -> None:
        with pytest.raises(InvalidTag):
            suite.aead(key).decrypt_into(nonce, body, data, bytearray(max(0, len(body) - tag)))

    for bit in range(8 * len(sealed)):
        forged = bytearray(sealed)
        forged[bit // 8] ^= 1 << bit % 8
        refused(nonce, bytes(forged), b"data")
    refused(nonce, bytes(sealed), b"Data")
    refused(b"\x01" + bytes(11), bytes(sealed), b"data")
    refused(nonce, bytes(sealed), b"data", b"\x01" + key[1:])
    for length in range(len(sealed)):
        refused(nonce, bytes(sealed[:length]), b"data")

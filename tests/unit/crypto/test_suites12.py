"""TLS 1.2's suites: the rows, typed again by hand, and what their ciphers promise."""

from __future__ import annotations

import hashlib

import pytest

from tlsee.codes import CipherSuite
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.suites12 import AES_BLOCK, AeadCipher, CbcCipher, Suite12, suites12

# Code, name, PRF's hash, then the cipher: key, IV of the key block, explicit part, tag; of CBC the
# key and the MAC. RFC 5246, A.5; 5288, 3; 5289, 3; 6655, 3 and 4; 7251, 2; 7905, 2; 8422, 6.
TABLE = """
C02B ECDHE_ECDSA_WITH_AES_128_GCM_SHA256        sha256 16  4 8 16
C02C ECDHE_ECDSA_WITH_AES_256_GCM_SHA384        sha384 32  4 8 16
CCA9 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256  sha256 32 12 0 16
C0AC ECDHE_ECDSA_WITH_AES_128_CCM               sha256 16  4 8 16
C0AD ECDHE_ECDSA_WITH_AES_256_CCM               sha256 32  4 8 16
C0AE ECDHE_ECDSA_WITH_AES_128_CCM_8             sha256 16  4 8  8
C0AF ECDHE_ECDSA_WITH_AES_256_CCM_8             sha256 32  4 8  8
C009 ECDHE_ECDSA_WITH_AES_128_CBC_SHA           sha256 16 sha1
C00A ECDHE_ECDSA_WITH_AES_256_CBC_SHA           sha256 32 sha1
C023 ECDHE_ECDSA_WITH_AES_128_CBC_SHA256        sha256 16 sha256
C024 ECDHE_ECDSA_WITH_AES_256_CBC_SHA384        sha384 32 sha384
C02F ECDHE_RSA_WITH_AES_128_GCM_SHA256          sha256 16  4 8 16
C030 ECDHE_RSA_WITH_AES_256_GCM_SHA384          sha384 32  4 8 16
CCA8 ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256    sha256 32 12 0 16
C013 ECDHE_RSA_WITH_AES_128_CBC_SHA             sha256 16 sha1
C014 ECDHE_RSA_WITH_AES_256_CBC_SHA             sha256 32 sha1
C027 ECDHE_RSA_WITH_AES_128_CBC_SHA256          sha256 16 sha256
C028 ECDHE_RSA_WITH_AES_256_CBC_SHA384          sha384 32 sha384
009E DHE_RSA_WITH_AES_128_GCM_SHA256            sha256 16  4 8 16
009F DHE_RSA_WITH_AES_256_GCM_SHA384            sha384 32  4 8 16
CCAA DHE_RSA_WITH_CHACHA20_POLY1305_SHA256      sha256 32 12 0 16
C09E DHE_RSA_WITH_AES_128_CCM                   sha256 16  4 8 16
C09F DHE_RSA_WITH_AES_256_CCM                   sha256 32  4 8 16
C0A2 DHE_RSA_WITH_AES_128_CCM_8                 sha256 16  4 8  8
C0A3 DHE_RSA_WITH_AES_256_CCM_8                 sha256 32  4 8  8
0033 DHE_RSA_WITH_AES_128_CBC_SHA               sha256 16 sha1
0039 DHE_RSA_WITH_AES_256_CBC_SHA               sha256 32 sha1
0067 DHE_RSA_WITH_AES_128_CBC_SHA256            sha256 16 sha256
006B DHE_RSA_WITH_AES_256_CBC_SHA256            sha256 32 sha256
009C RSA_WITH_AES_128_GCM_SHA256                sha256 16  4 8 16
009D RSA_WITH_AES_256_GCM_SHA384                sha384 32  4 8 16
C09C RSA_WITH_AES_128_CCM                       sha256 16  4 8 16
C09D RSA_WITH_AES_256_CCM                       sha256 32  4 8 16
C0A0 RSA_WITH_AES_128_CCM_8                     sha256 16  4 8  8
C0A1 RSA_WITH_AES_256_CCM_8                     sha256 32  4 8  8
002F RSA_WITH_AES_128_CBC_SHA                   sha256 16 sha1
0035 RSA_WITH_AES_256_CBC_SHA                   sha256 32 sha1
003C RSA_WITH_AES_128_CBC_SHA256                sha256 16 sha256
003D RSA_WITH_AES_256_CBC_SHA256                sha256 32 sha256
"""
LINES = [line.split() for line in TABLE.strip().splitlines()]
ROWS = sorted(suites12().values(), key=lambda row: row.code)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[1])
def test_every_row(line: list[str]) -> None:
    """A suite's code, name, hash and the lengths of its cipher are those of its RFC."""
    code, name, hash_name, key, *rest = line
    row = suites12()[CipherSuite.of(int(code, 16))]
    assert row.code.name == f"TLS_{name}"
    assert (row.hash_name, row.hash_length) == (hash_name, hashlib.new(hash_name).digest_size)
    exchange, _, authentication = name.partition("_WITH_")[0].partition("_")
    assert row.key_exchange is KeyExchangeAlgorithm[exchange.lower()]
    assert row.authentication == (authentication or exchange).lower()
    cipher = row.cipher
    assert cipher.key_length == int(key)
    if isinstance(cipher, AeadCipher):
        found = [cipher.iv_length, cipher.explicit_length, cipher.tag_length]
        assert found == [int(length) for length in rest]
        assert row.is_aead
    else:
        assert [cipher.mac_name] == rest
        assert cipher.mac_length == hashlib.new(rest[0]).digest_size
        assert not row.is_aead


def test_the_table_is_whole() -> None:
    """No row without a line, and only RSA key exchange lacks forward secrecy."""
    assert {int(line[0], 16) for line in LINES} == {int(row.code) for row in ROWS}
    static = {row.code.name for row in ROWS if not row.forward_secret}
    assert static == {f"TLS_{line[1]}" for line in LINES if line[1].startswith("RSA_")}


def test_record_limits() -> None:
    """RFC 9846, 5.5: GCM stays below 2^24.5 records; CCM below it; no number wraps."""
    for row in ROWS:
        chacha = "CHACHA20" in row.code.name
        assert row.record_limit < (2**64 if chacha else 2**24.5)


@pytest.mark.parametrize("suite", [row for row in ROWS if row.is_aead], ids=repr)
def test_an_aead_takes_its_own_lengths(suite: Suite12) -> None:
    """No other key; a tag as long as the row says; a nonce of twelve bytes."""
    cipher = suite.cipher
    assert isinstance(cipher, AeadCipher)
    for length in (0, cipher.key_length - 1, cipher.key_length + 1):
        with pytest.raises(ValueError, match="key"):
            cipher.aead(bytes(length))
    assert cipher.iv_length + cipher.explicit_length in {4 + 8, 12}
    assert len(cipher.aead(bytes(cipher.key_length)).encrypt(bytes(12), b"hello", b"")) == (
        5 + cipher.tag_length
    )


def test_cbc() -> None:
    """NIST SP 800-38A, F.2.1: AES-128 in CBC mode, there and back; half a block is no data."""
    cipher = suites12()[CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA].cipher
    assert isinstance(cipher, CbcCipher)
    cbc = cipher.cbc(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))
    iv = bytes(range(AES_BLOCK))
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    sealed = bytes.fromhex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
    assert cbc.encrypt(iv, plain) == sealed
    assert cbc.decrypt(iv, sealed) == plain
    assert repr(suites12()[CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA]) == (
        "Suite12(TLS_RSA_WITH_AES_128_CBC_SHA)"
    )

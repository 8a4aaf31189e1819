"""The transcript hash against RFC 8448's, and as a value."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsee.keys.transcript import Transcript

# RFC 8448, 3.
CLIENT_HELLO = bytes.fromhex(
    "010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302"
    "010000910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102010301"
    "0400230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c"
    "002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d0002"
    "0101001c00024001"
)
SERVER_HELLO = bytes.fromhex(
    "020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e003300"
    "24001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304"
)
DIGEST = bytes.fromhex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8")


def test_the_rfc_trace() -> None:
    """ClientHello and ServerHello of RFC 8448, 3 hash to the value printed there."""
    assert Transcript.start("sha256", CLIENT_HELLO).add(SERVER_HELLO).digest() == DIGEST


def test_adding_changes_no_earlier_value() -> None:
    """A transcript that was added to, digested or not, keeps its own digest."""
    first = Transcript.start("sha384", b"one")
    left, right = first.add(b"two"), first.add(b"three")
    first.digest()
    again = first.add(b"two")
    assert first.digest() == hashlib.sha384(b"one").digest()
    assert left.digest() == again.digest() == hashlib.sha384(b"onetwo").digest()
    assert right.digest() == hashlib.sha384(b"onethree").digest()
    assert left == again
    assert left != right


@given(st.lists(st.binary(max_size=200)), st.sampled_from(["sha256", "sha384"]))
def test_it_is_the_hash_of_the_concatenation(messages: list[bytes], hash_name: str) -> None:
    """However messages are added, the digest is that of their bytes in a row."""
    transcript = Transcript.start(hash_name)
    for message in messages:
        transcript = transcript.add(message)
    assert transcript.digest() == hashlib.new(hash_name, b"".join(messages)).digest()


@pytest.mark.parametrize(("hash_name", "length"), [("sha256", 32), ("sha384", 48)])
def test_a_retry_replaces_the_first_hello(hash_name: str, length: int) -> None:
    """RFC 9846, 4.1: message_hash (254), a length of three bytes, the digest so far."""
    digest = hashlib.new(hash_name, CLIENT_HELLO).digest()
    synthetic = b"\xfe\x00\x00" + bytes([length]) + digest
    retried = Transcript.start(hash_name, CLIENT_HELLO).retried().add(b"retry")
    assert retried.hash_name == hash_name
    assert retried.digest() == hashlib.new(hash_name, synthetic + b"retry").digest()

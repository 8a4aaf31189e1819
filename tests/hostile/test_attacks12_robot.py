"""Bleichenbacher's attack on TLS 1.2's RSA key exchange, asked as ROBOT asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.endpoints import client_credential, server_config, server_credential, trust
from tests.support.hostile import ALERT, CCS, HANDSHAKE, Heard
from tests.support.hostile12_client import HostileClient12
from tests.support.hostile12_server import TLS12
from tests.support.refusals import changed, instead, refused
from tlsee import policies
from tlsee.codes import CipherSuite
from tlsee.errors import Reasons
from tlsee.wire.messages12 import ClientKeyExchange

RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256

SIZE = 256  # bytes of the key
FILLING = b"\xa5" * 300


def key() -> Any:
    """The server's public numbers."""
    return server_credential("rsa2048").public_key.key.public_numbers()


def raw(block: bytes) -> bytes:
    """RSA without any padding but what the block has."""
    numbers = key()
    power: int = pow(int.from_bytes(block), numbers.e, numbers.n)
    return power.to_bytes(SIZE)


def block(content: bytes, *, head: bytes = b"\x00\x02", separator: bytes = b"\x00") -> bytes:
    """PKCS #1, 7.2.1, with these peculiarities."""
    filling = FILLING[: SIZE - len(head) - len(separator) - len(content)]
    return head + filling + separator + content


SECRET = b"\x03\x03" + bytes(range(46))

# With these the client can compute keys from what it sent, and a server that took it would go on.
KNOWN = {
    "SSL 3's version": b"\x03\x00" + SECRET[2:],
    "TLS 1.1's version": b"\x03\x02" + SECRET[2:],
    "TLS 1.3's version": b"\x03\x04" + SECRET[2:],
    "no version": b"\x00\x00" + SECRET[2:],
    "47 bytes": SECRET[:-1],
    "49 bytes": SECRET + b"\x00",
    "the version alone": b"\x03\x03",
    "no bytes": b"",
}

# What an oracle is asked; each is sent as pre_master_secret as it is.
QUERIES: dict[str, Callable[[], bytes]] = {
    **{name: partial(raw, block(secret)) for name, secret in KNOWN.items()},
    "one byte": lambda: raw(block(b"\x03")),
    "as many as fit": lambda: raw(block(b"\x03\x03" + bytes(SIZE - 13))),
    "block type 1": lambda: raw(block(SECRET, head=b"\x00\x01")),
    "block type 0": lambda: raw(block(SECRET, head=b"\x00\x00")),
    "no leading zero": lambda: raw(block(SECRET, head=b"\x01\x02")),
    "the first two bytes swapped": lambda: raw(block(SECRET, head=b"\x02\x00")),
    "no separator": lambda: raw(block(SECRET, separator=b"\x01")),
    "the separator within eight bytes": lambda: raw(block(SECRET, head=b"\x00\x02\x01\x00")),
    "eight bytes of zeros as filling": lambda: raw(block(SECRET, head=b"\x00\x02" + bytes(8))),
    "zero": lambda: bytes(SIZE),
    "one": lambda: bytes(SIZE - 1) + b"\x01",
    "n - 1": lambda: (key().n - 1).to_bytes(SIZE),
    "n": lambda: key().n.to_bytes(SIZE),
    "above n": lambda: b"\xff" * SIZE,
    "a ciphertext of no bytes": lambda: b"",
    "a ciphertext of one byte": lambda: b"\x00",
    "a ciphertext a byte short": lambda: raw(block(SECRET))[:-1],
    "a ciphertext a byte long": lambda: b"\x00" + raw(block(SECRET)),
    "a ciphertext of 65,000 bytes": lambda: bytes(65_000),
}


def oracle(
    query: bytes, script: str, *, certified: bool, secret: bytes = SECRET
) -> list[list[Heard]]:
    """What a server says to this ciphertext, step by step; ``secret`` is what the client has."""
    own = client_credential() if certified else None
    config = server_config(
        versions=[TLS12],
        policy=policies.legacy,
        suites=[RSA],
        credentials=[server_credential("rsa2048")],
        client_trust=trust() if certified else None,
    )
    content = ClientKeyExchange(len(query).to_bytes(2) + query)
    peer = HostileClient12(config, suite=RSA, credential=own, client_key_exchange=instead(content))
    peer.edits["premaster"] = instead(secret)
    before = list(peer.script)[:-2]
    said: list[list[Heard]] = []
    for name in (*before, *SCRIPTS[script]):
        seen = len(peer.heard)
        if name == "garbage":
            peer.record(HANDSHAKE, bytes(16))
        elif name == "alert":
            peer.record(ALERT, b"\x02\x28")
        elif not peer.stopped:
            peer.flight(name)
        said.append(peer.heard[seen:] if name != "client_hello" else [])
    return said


# ROBOT's: the whole flight, one that ends early, one whose Finished is none.
SCRIPTS = {
    "the whole flight": ("change_cipher_spec", "finished"),
    "nothing more": (),
    "without Finished": ("change_cipher_spec",),
    "garbage for Finished": ("change_cipher_spec", "garbage"),
    "an alert for Finished": ("change_cipher_spec", "alert"),
    "without ChangeCipherSpec": ("finished",),
}
AFTER: dict[str, list[list[Heard]]] = {
    "the whole flight": [[], [Heard(ALERT, b"\x02\x14", False)]],
    "nothing more": [],
    "without Finished": [[]],
    "garbage for Finished": [[], [Heard(ALERT, b"\x02\x14", False)]],
    "an alert for Finished": [[], [Heard(ALERT, b"\x02\x14", False)]],
    "without ChangeCipherSpec": [[Heard(ALERT, b"\x02\x0a", False)]],
}


@pytest.mark.parametrize("certified", [False, True], ids=["anonymous", "certified"])
@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("query", QUERIES)
def test_bleichenbacher(query: str, script: str, certified: bool) -> None:
    """ROBOT: whatever the ciphertext hides, the records are the same, one by one and byte by byte.

    Nothing comes before Finished, and then bad_record_mac, as for any Finished under other keys.
    """
    secrets = [KNOWN[query], SECRET] if query in KNOWN else [SECRET]
    answers = [oracle(QUERIES[query](), script, certified=certified, secret=s) for s in secrets]
    before = 4 if certified else 2
    assert all(said == [[]] * before + AFTER[script] for said in answers)


@pytest.mark.parametrize("certified", [False, True], ids=["anonymous", "certified"])
def test_bleichenbacher_without_a_flaw_goes_on(certified: bool) -> None:
    """The same construction, well-formed: what is refused above is refused for its flaw."""
    said = oracle(raw(block(SECRET)), "the whole flight", certified=certified)
    assert [(one.content_type, one.protected) for one in said[-1]] == [
        (CCS, False),
        (HANDSHAKE, True),
    ]


def test_bleichenbacher_by_rollback_of_the_version() -> None:
    """RFC 5246, 7.4.7.1: the version is the hello's, so that a hello rewritten on the way shows."""
    for offered, code in ((0x0303, b"\x03\x02"), (0x0303, b"\x03\x04"), (0x0304, b"\x03\x03")):
        edits: dict[str, Any] = {"premaster": instead(code + SECRET[2:])}
        if offered != 0x0303:
            edits["client_hello"] = changed(legacy_version=offered)
        peer = HostileClient12(suite=RSA, **edits).flight()
        refused(peer, Reasons.bad_record_mac)

"""Records that cannot be (RFC 9846, 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.hostile import (
    ALERT,
    CCS,
    CHANGE_CIPHER_SPEC,
    DATA,
    HANDSHAKE,
    Puppet,
    plain_record,
)
from tests.support.refusals import Misdeed, names
from tests.support.stages import ROLES, after_hellos, connected, fresh, speak
from tlsee.codes import KeyUpdateRequest
from tlsee.errors import Reasons
from tlsee.keys.protection import MAX_PLAINTEXT
from tlsee.wire.codec import encode
from tlsee.wire.messages13 import KeyUpdate

Attack = Callable[[], Puppet]

UPDATE = encode(KeyUpdate(KeyUpdateRequest.update_not_requested))
USER_CANCELED = b"\x01\x5a"
NOT_TLS = {
    "HTTP request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP response": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.9\r\n",
    "SMTP": b"220 mail.test ESMTP\r\n",
    "escape sequences": b"\x1b]0;pwned\x07\x1b[2J\n",
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
}


def sends(role: str, start: Callable[[str], Puppet], *records: tuple[int, bytes]) -> Attack:
    """These records under the keys of the moment."""

    def attack() -> Puppet:
        peer = start(role)
        for content_type, content in records:
            peer.record(content_type, content)
        return peer

    return attack


def raw(role: str, start: Callable[[str], Puppet], data: bytes) -> Attack:
    """These bytes."""

    def attack() -> Puppet:
        peer = start(role)
        peer.deliver(data)
        return peer

    return attack


def padded(role: str, content: bytes, padding: int, content_type: int = DATA) -> Attack:
    def attack() -> Puppet:
        peer = connected(role)
        peer.padding = padding
        peer.record(content_type, content)
        return peer

    return attack


def tampered(role: str, start: Callable[[str], Puppet], position: int) -> Attack:
    """A record of which one byte is another."""

    def attack() -> Puppet:
        peer = start(role)
        record = bytearray(peer.sealed(HANDSHAKE, b"\x08\x00\x00\x02\x00\x00"))
        record[position] ^= 1
        peer.deliver(bytes(record))
        return peer

    return attack


def first_bytes(data: bytes) -> Callable[[str], Attack]:
    return lambda role: raw(role, fresh, data)


def changed_byte(position: int) -> Callable[[str], Attack]:
    return lambda role: tampered(role, after_hellos, position)


def replayed(role: str) -> Attack:
    """A record that was right, once more."""

    def attack() -> Puppet:
        peer = connected(role)
        record = peer.sealed(DATA, b"pay 100")
        peer.deliver(record + record)
        return peer

    return attack


def hello_of(role: str, encoded: bytes) -> Attack:
    """The first message begins, and something comes in the middle."""

    def attack() -> Puppet:
        peer = fresh(role)
        peer.deliver(
            plain_record(
                HANDSHAKE, b"\x02\x00\x00\x50\x03" if role == "client" else b"\x01\x00\x00\x50\x03"
            )
        )
        peer.deliver(encoded)
        return peer

    return attack


def inside_a_message(role: str, content_type: int, content: bytes) -> Attack:
    return sends(role, after_hellos, (HANDSHAKE, b"\x08\x00"), (content_type, content))


def spanning_finished(role: str) -> Attack:
    """Finished, and the beginning of a KeyUpdate in the same record."""

    def attack() -> Puppet:
        peer = after_hellos(role)
        with peer.gathering() as said:
            speak(peer)
        peer.record(HANDSHAKE, b"".join(said) + b"\x18")
        return peer

    return attack


def spanning_update(role: str) -> Attack:
    """Two KeyUpdates in one record: the second is under keys that are gone."""
    return sends(role, connected, (HANDSHAKE, UPDATE * 2))


def many(role: str, content_type: int, content: bytes, count: int, padding: int = 0) -> Attack:
    """The same record again and again, as one piece."""

    def attack() -> Puppet:
        peer = connected(role)
        peer.padding = padding
        peer.deliver(b"".join(peer.sealed(content_type, content) for _ in range(count)))
        return peer

    return attack


def _then_raw(attack: Attack, data: bytes) -> Attack:
    def more() -> Puppet:
        peer = attack()
        peer.deliver(data)
        return peer

    return more


def both(name: str, reason: Any, make: Callable[[str], Attack], **more: Any) -> list[Misdeed]:
    """The same misdeed against either role."""
    return [Misdeed(f"{name}, to a {role}", reason, make(role), **more) for role in ROLES]


def in_all(tables: list[list[Misdeed]]) -> list[Misdeed]:
    return [misdeed for table in tables for misdeed in table]


TOO_LONG = bytes(MAX_PLAINTEXT + 1)

SSL2_ANSWER = b"\x80\x2e\x04\x00\x01\x00\x02"  # a client knows it, for what it is

MISDEEDS = in_all([
    # Headers
    *[both(name, Reasons.not_tls, first_bytes(data)) for name, data in NOT_TLS.items()],
    [Misdeed("SSL 2 answer, to a server", Reasons.not_tls, first_bytes(SSL2_ANSWER)("server"))],
    both("plaintext of 2^14+1", Reasons.record_overflow, lambda r: raw(r, fresh, b"\x16\x03\x01\x40\x01"), words="16,385"),
    both("garbage that looks like a handshake", Reasons.record_overflow, lambda r: raw(r, fresh, b"\x16\x03\x01\xff\xff")),
    both("ciphertext of 2^14+257", Reasons.record_overflow, lambda r: raw(r, connected, b"\x17\x03\x03\x41\x01"), words="16,641"),
    both("ciphertext of 2^14+257 in the handshake", Reasons.record_overflow, lambda r: raw(r, after_hellos, b"\x17\x03\x03\x41\x01")),
    both("content of 2^14+1", Reasons.record_overflow, lambda r: sends(r, connected, (DATA, TOO_LONG)), words="16,386"),
    both("handshake content of 2^14+1", Reasons.record_overflow, lambda r: sends(r, after_hellos, (HANDSHAKE, TOO_LONG))),
    both("padding beyond 2^14+1", Reasons.record_overflow, lambda r: padded(r, b"x", MAX_PLAINTEXT)),
    both("unknown type later", Reasons.unexpected_record, lambda r: raw(r, after_hellos, b"\x63\x03\x03\x00\x01\x00"), words="99"),
    both("heartbeat", Reasons.unexpected_record, lambda r: raw(r, connected, b"\x18\x03\x03\x00\x03\x01\xff\xff")),
    both("TLS in TLS", Reasons.message_too_long, lambda r: raw(r, fresh, plain_record(22, b"\x16\x03\x01\x02\x00\x01\x00\x01"))),
    # Protection
    *[both(f"byte {i} changed", Reasons.bad_record_mac, changed_byte(i)) for i in (1, 2, 5, 10, -1)],
    both("nothing but a header", Reasons.bad_record_mac, lambda r: raw(r, connected, b"\x17\x03\x03\x00\x00")),
    both("shorter than a tag", Reasons.bad_record_mac, lambda r: raw(r, connected, b"\x17\x03\x03\x00\x0f" + bytes(15))),
    both("a tag and no content", Reasons.bad_record_mac, lambda r: raw(r, connected, b"\x17\x03\x03\x00\x10" + bytes(16))),
    both("replayed", Reasons.bad_record_mac, replayed),
    both("handshake in the clear", Reasons.unprotected_record, lambda r: raw(r, after_hellos, plain_record(22, b"\x08\x00\x00\x02\x00\x00"))),
    both("Finished in the clear", Reasons.unprotected_record, lambda r: raw(r, after_hellos, plain_record(22, b"\x14\x00\x00\x20" + bytes(32)))),
    both("alert in the clear", Reasons.unprotected_record, lambda r: raw(r, connected, plain_record(21, b"\x01\x00")), words="alert"),
    both("handshake in the clear later", Reasons.unprotected_record, lambda r: raw(r, connected, plain_record(22, b"\x00"))),
    both("data in the clear", Reasons.plaintext_data, lambda r: raw(r, fresh, plain_record(23, b"hello")), protected=False),
    both("data before Finished", Reasons.plaintext_data, lambda r: sends(r, after_hellos, (DATA, b"early"))),
    # What is inside
    both("all zeros", Reasons.no_content_type, lambda r: sends(r, connected, (0, bytes(20)))),
    both("all zeros in the handshake", Reasons.no_content_type, lambda r: sends(r, after_hellos, (0, b""))),
    both("unknown type inside", Reasons.unexpected_record, lambda r: sends(r, connected, (99, b"x")), words="protected"),
    both("protected change_cipher_spec", Reasons.unexpected_record, lambda r: sends(r, after_hellos, (CCS, b"\x01")), words="change_cipher_spec"),
    both("protected change_cipher_spec later", Reasons.unexpected_record, lambda r: sends(r, connected, (CCS, b"\x01"))),
    both("empty handshake in the clear", Reasons.empty_fragment, lambda r: raw(r, fresh, plain_record(22, b""))),
    both("empty alert in the clear", Reasons.empty_fragment, lambda r: raw(r, fresh, plain_record(21, b""))),
    both("empty handshake", Reasons.empty_fragment, lambda r: sends(r, after_hellos, (HANDSHAKE, b""))),
    both("empty alert", Reasons.empty_fragment, lambda r: sends(r, after_hellos, (ALERT, b""))),
    both("padding and no alert", Reasons.empty_fragment, lambda r: padded(r, b"", 100, ALERT)),
    both("padding and no handshake", Reasons.empty_fragment, lambda r: padded(r, b"", 100, HANDSHAKE)),
    both("ten thousand empty records", Reasons.too_many_empty_records, lambda r: many(r, DATA, b"", 10_000)),
    both("empty records with padding", Reasons.too_many_empty_records, lambda r: many(r, DATA, b"", 33, padding=50)),
    both("alert in two records", Reasons.malformed_alert, lambda r: sends(r, connected, (ALERT, b"\x01"), (ALERT, b"\x00"))),
    both("two alerts in one record", Reasons.malformed_alert, lambda r: sends(r, connected, (ALERT, USER_CANCELED * 2))),
    both("half an alert in the clear", Reasons.malformed_alert, lambda r: raw(r, fresh, plain_record(21, b"\x02"))),
    # Order
    both("change_cipher_spec of 2", Reasons.bad_change_cipher_spec, lambda r: raw(r, after_hellos, plain_record(20, b"\x02"))),
    both("change_cipher_spec of two bytes", Reasons.bad_change_cipher_spec, lambda r: raw(r, after_hellos, plain_record(20, b"\x01\x01"))),
    both("empty change_cipher_spec", Reasons.bad_change_cipher_spec, lambda r: raw(r, after_hellos, plain_record(20, b""))),
    both("change_cipher_spec after Finished", Reasons.bad_change_cipher_spec, lambda r: raw(r, connected, CHANGE_CIPHER_SPEC)),
    [Misdeed("change_cipher_spec before the hello", Reasons.bad_change_cipher_spec, raw("server", fresh, CHANGE_CIPHER_SPEC), words="START")],
    both("flood of change_cipher_spec", Reasons.too_many_change_cipher_specs, lambda r: raw(r, after_hellos, CHANGE_CIPHER_SPEC * 40)),
    both("change_cipher_spec in a hello", Reasons.interleaved_handshake, lambda r: hello_of(r, CHANGE_CIPHER_SPEC)),
    both("alert in a hello", Reasons.interleaved_handshake, lambda r: hello_of(r, plain_record(21, b"\x01\x00"))),
    both("change_cipher_spec in a message", Reasons.interleaved_handshake, lambda r: _then_raw(inside_a_message(r, HANDSHAKE, b"\x00"), CHANGE_CIPHER_SPEC)),
    both("data in a message", Reasons.interleaved_handshake, lambda r: inside_a_message(r, DATA, b"x")),
    both("alert in a message", Reasons.interleaved_handshake, lambda r: inside_a_message(r, ALERT, b"\x02\x28")),
    both("data in a KeyUpdate", Reasons.interleaved_handshake, lambda r: sends(r, connected, (HANDSHAKE, b"\x18\x00"), (DATA, b"x"))),
    both("two KeyUpdates in a record", Reasons.misaligned_key_change, spanning_update),
    both("a message begun behind KeyUpdate", Reasons.misaligned_key_change, lambda r: sends(r, connected, (HANDSHAKE, UPDATE + b"\x18"))),
    both("a message begun behind Finished", Reasons.misaligned_key_change, spanning_finished),
])  # fmt: skip


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_a_bad_record_is_refused(misdeed: Misdeed) -> None:
    """By the alert of RFC 9846, 5, protected whenever the peer has keys."""
    misdeed.check()

"""Records of TLS 1.2: their bytes, runs of them, and that nothing else opens."""

from __future__ import annotations

import hashlib
import hmac
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsee.codes import CipherSuite, ContentType
from tlsee.crypto.suites12 import AeadCipher, CbcCipher, Suite12, suites12
from tlsee.errors import ApiMisuse
from tlsee.keys import cbc12
from tlsee.keys.aead12 import AeadOpener12, AeadSealer12
from tlsee.keys.protection12 import (
    BAD_TAG,
    EMPTY,
    MAX_CIPHERTEXT_12,
    TOO_LONG,
    Opener12,
    Sealer12,
    opener12,
    sealer12,
)
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12

LIMIT = 2**14
DATA, HANDSHAKE = ContentType.application_data, ContentType.handshake
GCM = suites12()[CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
CHACHA = suites12()[CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]
CBC = suites12()[CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]


def random(count: int) -> bytes:
    """Not random at all: the same bytes each time."""
    return hashlib.shake_128(b"iv").digest(count)


def keys_of(suite: Suite12, encrypt_then_mac: bool = False) -> TrafficKeys12:
    main = MainSecret(suite, bytes(range(48)), True)
    return main.keys(b"c" * 32, b"s" * 32, encrypt_then_mac=encrypt_then_mac)[0]


# Every way to protect a record, once.
WAYS = {
    (suite.cipher, etm): keys_of(suite, etm)
    for suite in suites12().values()
    for etm in ((False,) if suite.is_aead else (False, True))
}
KEYS = list(WAYS.values())
EVERY = pytest.mark.parametrize(
    "keys",
    KEYS,
    ids=lambda k: (
        k.suite.cipher.name
        + (
            ""
            if isinstance(k.suite.cipher, AeadCipher)
            else f"_{k.suite.cipher.mac_name}" + ("_etm" if k.encrypt_then_mac else "_mte")
        )
    ),
)


def pair(keys: TrafficKeys12) -> tuple[Sealer12, Opener12]:
    return sealer12(keys, random), opener12(keys)


def opened(
    opener: Opener12, records: bytes, limit: int = LIMIT, room: int = 2**18
) -> tuple[int, bytes, int]:
    out = bytearray(room)
    end, filled, odd = opener.open_run(memoryview(records), 0, memoryview(out), limit)
    return end, bytes(out[:filled]), odd


@EVERY
def test_one_record_of_each_type(keys: TrafficKeys12) -> None:
    """What was sealed opens, with its type and version in the header and its length there."""
    sealer, opener = pair(keys)
    for number, kind in enumerate((HANDSHAKE, ContentType.alert, DATA)):
        record = sealer.seal(kind, b"content")
        assert record[:3] == bytes((kind, 3, 3))
        assert int.from_bytes(record[3:5]) == len(record) - 5
        assert 7 < len(record) - 5 <= 7 + sealer.overhead
        assert b"content" not in record
        assert opener.open_one(memoryview(record), 7) == (b"content", 0)
        assert sealer.number == opener.number == number + 1


@EVERY
@pytest.mark.parametrize("length", [0, 1, 99, 100, 101, 1000, 1001])
def test_a_run(keys: TrafficKeys12, length: int) -> None:
    """Data comes out as one piece, whatever it was cut into; the rest waits for its record."""
    sealer, opener = pair(keys)
    data = hashlib.shake_128(b"data").digest(length)
    records = bytes(sealer.seal_data(memoryview(data), 100, 0))
    assert sealer.number == max(1, -(-length // 100))
    alert = sealer.seal(ContentType.alert, b"\x01\x00")
    odd = 0 if length else EMPTY
    assert opened(opener, records + alert) == (len(records), data, odd)
    assert opener.open_one(memoryview(alert), LIMIT) == (b"\x01\x00", 0)


@EVERY
def test_the_longest_records(keys: TrafficKeys12) -> None:
    """2^14 bytes fit within RFC 5246's bound on a ciphertext, and come back."""
    sealer, opener = pair(keys)
    data = hashlib.shake_128(b"long").digest(3 * LIMIT + 5)
    records = bytes(sealer.seal_data(memoryview(data), LIMIT, 0))
    assert int.from_bytes(records[3:5]) <= min(MAX_CIPHERTEXT_12, LIMIT + sealer.overhead)
    assert opened(opener, records) == (len(records), data, 0)


@EVERY
def test_a_run_ends_where_it_must(keys: TrafficKeys12) -> None:
    """Before what is not whole, not data, too long for its limit, or has no room; each is later."""
    sealer, opener = pair(keys)
    first, second = sealer.seal(DATA, b"one"), sealer.seal(DATA, b"second")
    both = first + second
    for cut in range(len(second)):
        assert opened(opener.copy(), both[: len(first) + cut]) == (len(first), b"one", 0)
    assert opened(opener.copy(), both, limit=5) == (len(first), b"one", TOO_LONG)
    if keys.suite.is_aead:  # of CBC nobody knows beforehand how much comes out
        assert opened(opener.copy(), both, room=8) == (len(first), b"one", 0)
        assert opened(opener.copy(), both, room=9) == (len(both), b"onesecond", 0)
    assert opened(opener.copy(), both, room=2) == (0, b"", 0)
    assert opened(opener.copy(), both, room=len(both)) == (len(both), b"onesecond", 0)
    huge = b"\x17\x03\x03" + (MAX_CIPHERTEXT_12 + 1).to_bytes(2) + bytes(MAX_CIPHERTEXT_12 + 1)
    assert opened(opener.copy(), first + huge) == (len(first), b"one", 0)
    assert opened(opener.copy(), sealer.seal(HANDSHAKE, b"x")) == (0, b"", 0)


@EVERY
def test_an_empty_record_ends_a_run(keys: TrafficKeys12) -> None:
    """It is counted, so that the next one opens, and told, so that somebody else can count."""
    sealer, opener = pair(keys)
    records = [sealer.seal(DATA, content) for content in (b"one", b"", b"two")]
    end, data, odd = opened(opener, b"".join(records))
    assert (end, data, odd) == (len(records[0] + records[1]), b"one", EMPTY)
    assert opened(opener, records[2]) == (len(records[2]), b"two", 0)
    assert opener.open_one(memoryview(sealer.seal(HANDSHAKE, b"")), LIMIT) == (b"", EMPTY)


@EVERY
def test_no_bit_can_change(keys: TrafficKeys12) -> None:
    """Any flipped bit outside the length, in a record or a run of it, is BAD_TAG alone."""
    sealer, opener = pair(keys)
    record = sealer.seal(DATA, b"data")
    for bit in range(8 * len(record)):
        at = bit // 8
        forged = bytearray(record)
        forged[at] ^= 1 << bit % 8
        if at in {3, 4}:
            continue
        assert opener.open_one(memoryview(forged), LIMIT) == (b"", BAD_TAG)
        if at:
            assert opened(opener, bytes(forged)) == (0, b"", BAD_TAG)
    assert opener.number == 0
    assert opener.open_one(memoryview(record), LIMIT) == (b"data", 0)


@EVERY
def test_no_length_opens_but_its_own(keys: TrafficKeys12) -> None:
    """A record cut anywhere, its header corrected, is BAD_TAG; so is one with bytes behind it."""
    sealer, opener = pair(keys)
    record = sealer.seal(DATA, b"d" * 40)
    others = [record[5:end] for end in range(5, len(record))]
    others += [record[5:] + bytes(more) for more in (1, 8, 15, 16, 17, 32)]
    for body in others:
        whole = record[:3] + len(body).to_bytes(2) + body
        assert opener.open_one(memoryview(whole), LIMIT) == (b"", BAD_TAG)
        assert opened(opener, whole) == (0, b"", BAD_TAG)


@EVERY
def test_order_matters(keys: TrafficKeys12) -> None:
    """A record that is repeated, dropped or swapped with the next does not open."""
    sealer, opener = pair(keys)
    first, second = sealer.seal(DATA, b"one"), sealer.seal(DATA, b"two")
    assert opened(opener.copy(), second) == (0, b"", BAD_TAG)
    assert opened(opener, first + first) == (len(first), b"one", BAD_TAG)
    assert opened(opener, second) == (len(second), b"two", 0)


@EVERY
def test_other_keys_do_not_open(keys: TrafficKeys12) -> None:
    """The server's keys do not open what the client sealed."""
    sealer, _ = pair(keys)
    main = MainSecret(keys.suite, bytes(range(48)), True)
    servers = main.keys(b"c" * 32, b"s" * 32, encrypt_then_mac=keys.encrypt_then_mac)[1]
    record = sealer.seal(DATA, b"data")
    assert opener12(servers).open_one(memoryview(record), LIMIT) == (b"", BAD_TAG)


@EVERY
def test_copies_go_their_own_way(keys: TrafficKeys12) -> None:
    """A fork goes on from the same number, and moves no number but its own."""
    sealer, opener = pair(keys)
    sealer.seal(DATA, b"x")
    twin, other = sealer.copy(), opener.copy()
    assert twin.number == 1
    assert twin.seal(DATA, b"y") == sealer.seal(DATA, b"y")
    assert (twin.limit, twin.overhead) == (sealer.limit, sealer.overhead)
    assert (other.limit, other.overhead) == (opener.limit, opener.overhead)
    twin.seal(DATA, b"z")
    assert (twin.number, sealer.number, other.number) == (3, 2, 0)


@given(st.sampled_from(KEYS), st.binary(max_size=300), st.integers(1, 120), st.data())
def test_any_data_any_fragment(
    keys: TrafficKeys12, data: bytes, fragment: int, more: st.DataObject
) -> None:
    """However it is fragmented, and wherever the stream is cut, the same data comes out."""
    sealer, opener = pair(keys)
    records = bytes(sealer.seal_data(memoryview(data), fragment, 0))
    cut = more.draw(st.integers(0, len(records)))
    end, before, _ = opened(opener, records[:cut])
    _, after, odd = opened(opener, records[end:])
    assert before + after == data
    assert odd == (EMPTY if not data and end < len(records) else 0)


@given(st.sampled_from(KEYS), st.binary(max_size=80))
def test_any_bytes_are_refused(keys: TrafficKeys12, body: bytes) -> None:
    """Whatever stands behind a header is BAD_TAG, in a run and alone."""
    record = b"\x17\x03\x03" + len(body).to_bytes(2) + body
    opener = opener12(keys)
    assert opener.open_one(memoryview(record), LIMIT) == (b"", BAD_TAG)
    assert opened(opener, record) == (0, b"", BAD_TAG)


def test_the_bytes_of_gcm() -> None:
    """RFC 5288, 3: salt and number are the nonce, the number is sent, the data is RFC 5246's."""
    keys = keys_of(GCM)
    sealer = sealer12(keys, random)
    sealer.number = 0x0102030405060708
    record = sealer.seal(DATA, b"data")
    number = bytes.fromhex("0102030405060708")
    assert record[:13] == bytes.fromhex("170303 001c") + number
    cipher = GCM.cipher
    assert isinstance(cipher, AeadCipher)
    about = number + bytes.fromhex("170303 0004")
    assert record[13:] == cipher.aead(keys.key).encrypt(keys.iv + number, b"data", about)


def test_the_bytes_of_chacha20() -> None:
    """RFC 7905, 2: the padded number xored with the IV is the nonce, and nothing of it is sent."""
    keys = keys_of(CHACHA)
    sealer = sealer12(keys, random)
    sealer.number = 0x0102030405060708
    record = sealer.seal(DATA, b"data")
    number = bytes.fromhex("0102030405060708")
    assert record[:5] == bytes.fromhex("170303 0014")
    nonce = bytes(a ^ b for a, b in zip(keys.iv, bytes(4) + number, strict=True))
    cipher = CHACHA.cipher
    assert isinstance(cipher, AeadCipher)
    about = number + bytes.fromhex("170303 0004")
    assert record[5:] == cipher.aead(keys.key).encrypt(nonce, b"data", about)


def test_an_explicit_nonce_of_the_peers_choice() -> None:
    """RFC 5288, 3 lets the sender choose it: a peer may send random ones."""
    keys = keys_of(GCM)
    cipher = GCM.cipher
    assert isinstance(cipher, AeadCipher)
    about = bytes(8) + bytes.fromhex("170303 0004")
    sealed = b"anything" + cipher.aead(keys.key).encrypt(keys.iv + b"anything", b"data", about)
    record = b"\x17\x03\x03" + len(sealed).to_bytes(2) + sealed
    assert opener12(keys).open_one(memoryview(record), LIMIT) == (b"data", 0)
    assert opened(opener12(keys), record) == (len(record), b"data", 0)


MAC_INSIDE, MAC_OUTSIDE = keys_of(CBC), keys_of(CBC, encrypt_then_mac=True)


def cbc_record(keys: TrafficKeys12, plain: bytes) -> bytes:
    """These blocks encrypted, whatever they are; with the MAC outside also authentic."""
    cipher = CBC.cipher
    assert isinstance(cipher, CbcCipher)
    iv = b"i" * 16
    body = iv + cipher.cbc(keys.key).encrypt(iv, plain)
    if keys.encrypt_then_mac:
        about = bytes(8) + bytes.fromhex("170303") + len(body).to_bytes(2)
        body += hmac.digest(keys.mac_key, about + body, "sha1")
    return b"\x17\x03\x03" + len(body).to_bytes(2) + body


def mac_inside(content: bytes) -> bytes:
    about = bytes(8) + bytes.fromhex("170303") + len(content).to_bytes(2)
    return hmac.digest(MAC_INSIDE.mac_key, about + content, "sha1")


@pytest.mark.parametrize("blocks", range(17))
def test_padding_of_any_length(blocks: int) -> None:
    """RFC 5246, 6.2.3.2: up to 255 bytes and the one that counts them, in both orders."""
    content = b"0123456789"
    for keys in (MAC_INSIDE, MAC_OUTSIDE):
        whole = content if keys.encrypt_then_mac else content + mac_inside(content)
        count = -len(whole) % 16 + 16 * blocks
        if not 0 < count <= 256:
            continue
        record = cbc_record(keys, whole + bytes([count - 1]) * count)
        assert opener12(keys).open_one(memoryview(record), LIMIT) == (content, 0)
        assert opened(opener12(keys), record) == (len(record), content, 0)


@pytest.mark.parametrize("at", range(16))
def test_every_byte_of_padding_counts(at: int) -> None:
    """POODLE: padding of other bytes is wrong in both orders, though no MAC covers it inside."""
    padding = bytearray([15] * 16)
    padding[at] ^= 0x40
    content = b"0123456789ab"  # with its MAC two blocks
    plain = content + mac_inside(content) + padding
    for keys, whole in ((MAC_INSIDE, plain), (MAC_OUTSIDE, b"0123456789abcdef" + padding)):
        record = cbc_record(keys, bytes(whole))
        assert opener12(keys).open_one(memoryview(record), LIMIT) == (b"", BAD_TAG)


MALFORMED = {
    "padding longer than the record": b"c" * 31 + b"\xff",
    "padding as long as the record": bytes([31] * 32),
    "padding that leaves no room for a MAC": b"c" * 16 + bytes([15] * 16),
    "wrong padding": b"c" * 30 + b"\x05\x01",
    "no padding at all": b"c" * 31 + b"\0",
    "a wrong MAC": b"c" * 63 + b"\0",
}


@pytest.mark.parametrize("plain", MALFORMED.values(), ids=MALFORMED)
def test_a_mac_is_computed_for_all(plain: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """One failure for every fault, and one MAC, also where the padding is already wrong."""
    computed = []

    def digest(key: bytes, message: bytes, name: str) -> bytes:
        computed.append(name)
        return hmac.digest(key, message, name)

    spied = SimpleNamespace(digest=digest, compare_digest=hmac.compare_digest)
    record = cbc_record(MAC_INSIDE, plain)
    monkeypatch.setattr(cbc12, "hmac", spied)
    assert opener12(MAC_INSIDE).open_one(memoryview(record), LIMIT) == (b"", BAD_TAG)
    assert computed == ["sha1"]


def test_the_bytes_of_encrypt_then_mac() -> None:
    """RFC 7366, 3: the MAC covers number, type, version, length without the MAC, IV, ciphertext."""
    sealer = sealer12(MAC_OUTSIDE, lambda count: b"i" * count)
    expected = cbc_record(MAC_OUTSIDE, b"data" + bytes([11] * 12))
    assert sealer.seal(DATA, b"data") == expected


def test_the_bytes_of_mac_then_encrypt() -> None:
    """RFC 5246, 6.2.3.1 and 6.2.3.2: content, MAC and the least padding, encrypted."""
    sealer = sealer12(MAC_INSIDE, lambda count: b"i" * count)
    expected = cbc_record(MAC_INSIDE, b"data" + mac_inside(b"data") + bytes([7] * 8))
    assert sealer.seal(DATA, b"data") == expected


def test_every_record_has_an_iv_of_its_own() -> None:
    """BEAST: no IV is known before its record; all are asked of the provider, at once."""
    asked: list[int] = []

    def numbered(count: int) -> bytes:
        asked.append(count)
        return bytes(range(count))

    records = bytes(sealer12(MAC_OUTSIDE, numbered).seal_data(memoryview(b"d" * 3), 1, 0))
    size = len(records) // 3
    ivs = [records[at + 5 : at + 21] for at in range(0, len(records), size)]
    assert ivs == [bytes(range(at, at + 16)) for at in (0, 16, 32)]
    assert asked == [48]


def test_what_is_no_cbc_is_refused() -> None:
    """Keys of an AEAD make none of these."""
    with pytest.raises(ApiMisuse, match="GCM"):
        cbc12.CbcSealer12(keys_of(GCM), random)
    with pytest.raises(ApiMisuse, match="GCM"):
        cbc12.CbcOpener12(keys_of(GCM))


def test_what_is_no_aead_is_refused() -> None:
    """Keys of a CBC suite make none of these."""
    for cls in (AeadSealer12, AeadOpener12):
        with pytest.raises(ApiMisuse, match="CBC"):
            cls(keys_of(CBC))

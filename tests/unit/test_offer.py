"""A client's offer: its values, and its fingerprints against those that their authors publish."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.endpoints import NAME, Pair, client_config, events_of
from tests.support.offers import listed, offer_of
from tlsee.codes import ExtensionType, NamedGroup, ProtocolVersion, PskKeyExchangeMode
from tlsee.errors import PeerMisbehaved
from tlsee.offer import ClientOffer
from tlsee.wire.codec import decode
from tlsee.wire.hellos import ClientHello

GREASE = 0x4A4A
# The example in JA4's technical details, in the order of the client, with GREASE put back in.
SUITES = [
    *(GREASE, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030),
    *(0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035),
]
SCHEMES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
HOST = listed(b"\0" + (9).to_bytes(2) + b"host.test", width=1)
HELLO = {
    0x1A1A: b"",
    0x001B: b"",
    0x0000: HOST,
    0x0033: listed(b"\x2a\x2a\0\1\0" + b"\0\x1d\0\1\0", width=1),
    0x0010: listed(b"\x02h2\x08http/1.1", width=1),
    0x4469: b"",
    0x0017: b"",
    0x002D: b"\x01\x01",
    0x000D: listed([*SCHEMES]),
    0x0005: b"\x01\0\0\0\0",
    0x0023: b"",
    0x0012: b"",
    0x002B: listed([0x3A3A, 0x0304, 0x0303], prefix=1),
    0xFF01: b"\0",
    0x000B: b"\x01\0",
    0x000A: listed([0x2A2A, 0x001D, 0x0017, 0x0018]),
    0x0015: b"",
    0x5A5A: b"\0",
}


def without(*kinds: int) -> dict[int, bytes]:
    return {kind: data for kind, data in HELLO.items() if kind not in kinds}


def test_ja4_is_the_published_one() -> None:
    """The example of JA4's authors gives their fingerprint; GREASE in it changes nothing."""
    offer = offer_of(SUITES, HELLO)
    assert offer.ja4 == "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert offer.ja4_r == (
        "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_"
        "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_"
        "0403,0804,0401,0503,0805,0501,0806,0601"
    )


def test_ja4_without_schemes_or_lists_is_the_published_one() -> None:
    """No underscore without schemes; zeros, and no hash of nothing, where a list is empty."""
    without_schemes = offer_of(SUITES, {**without(0x000D), 0x000D: listed([GREASE])})
    assert without_schemes.ja4.endswith("_6d807ffa2a79")
    assert offer_of([GREASE], None).ja4 == "t12i000000_000000000000_000000000000"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("68 32", "h2"),
        ("68", "hh"),
        ("ab", "ab"),
        ("20", "20"),
        ("ab cd", "ad"),
        ("20 61", "21"),
        ("30 ab", "3b"),
        ("61 20", "60"),
        ("30 31 ab cd", "3d"),
        ("30 ab cd 31", "01"),
    ],
)
def test_ja4_of_each_published_protocol_name(name: str, shown: str) -> None:
    """First and last character; of the hexadecimal form where one is no letter and no digit."""
    raw = bytes.fromhex(name)
    names = listed(bytes([len(raw)]) + raw, width=1)
    assert offer_of(SUITES, {0x0010: names}).ja4.split("_")[0] == f"t12i1501{shown}"


@pytest.mark.parametrize(
    ("versions", "shown"),
    [
        ([0x0304, 0x0303], "13"),
        ([0x0303, 0x0304], "13"),
        ([0xFAFA, 0x0302, 0x0301], "11"),
        ([0x7F1C], "00"),
        ([0xFAFA], "00"),
    ],
)
def test_ja4_of_versions(versions: list[int], shown: str) -> None:
    """The highest in supported_versions that is no GREASE; what has no name is 00."""
    assert offer_of(SUITES, {0x002B: listed(versions, prefix=1)}).ja4.startswith(f"t{shown}i")


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        (0x0303, "12"),
        (0x0301, "10"),
        (0x0300, "s3"),
        (0x0002, "s2"),
        (0x0304, "13"),
        (0x9999, "00"),
    ],
)
def test_ja4_of_legacy_version(version: int, shown: str) -> None:
    """Without supported_versions it is legacy_version as it stands."""
    assert offer_of(SUITES, {}, version=version).ja4.startswith(f"t{shown}i1500")


def test_ja4_counts_to_99() -> None:
    """The counts have two digits, whatever a client sends."""
    many = {0xE000 + number: b"" for number in range(200)}
    assert offer_of(range(0x2000, 0x2100), many).ja4.startswith("t12i999900")


def test_ja3_is_the_published_one() -> None:
    """The two examples of JA3's authors, with and without extensions."""
    extensions = {
        0: HOST,
        10: listed([23, 24, 25]),
        11: b"\x01\0",
    }
    suites = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]
    offer = offer_of([*suites[:3], GREASE, *suites[3:]], extensions, version=769)
    assert offer.ja3_full == (
        "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"
    )
    assert offer.ja3 == "ada70206e40642a3e4461f35503241d5"
    bare = offer_of([4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], None, version=769)
    assert bare.ja3_full == "769,4-5-10-9-100-98-3-6-19-18-99,,,"
    assert bare.ja3 == "de350869b8c85de67a350c8d186f11e6"


def test_every_value_of_a_full_hello() -> None:
    """In the client's order and without GREASE; ``hello`` keeps what was left out."""
    offer = offer_of(SUITES, {**HELLO, 0x001C: b"\x10\0", 0x0031: b"", 0x0001: b"\x02"})
    assert offer.server_name == "host.test"
    assert offer.alpn == (b"h2", b"http/1.1")
    assert offer.versions == (ProtocolVersion.TLS13, ProtocolVersion.TLS12)
    assert offer.suites == tuple(SUITES[1:])
    assert offer.groups == (NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1)
    assert offer.key_shares == (NamedGroup.x25519,)
    assert offer.schemes == offer.certificate_schemes == tuple(SCHEMES)
    assert offer.point_formats == (0,)
    assert offer.psk_modes == (PskKeyExchangeMode.psk_dhe_ke,)
    assert offer.extensions == tuple(
        k for k in (*HELLO, 28, 49, 1) if k & 0x0F0F != 0x0A0A or not k
    )
    assert (offer.record_size_limit, offer.max_fragment_length) == (4096, 1024)
    assert offer.post_handshake_auth
    assert offer.has_grease
    assert not offer.has_early_data
    assert offer.raw is offer.hello.raw
    assert offer.hello.cipher_suites[0] == GREASE


def test_every_value_of_a_bare_hello() -> None:
    """What was not sent is empty, and nothing is made up."""
    offer = offer_of([0x002F], None, version=0x0301)
    assert offer.versions == (ProtocolVersion.of(0x0301),)
    assert (offer.server_name, offer.record_size_limit, offer.max_fragment_length) == (None,) * 3
    empty = (offer.alpn, offer.groups, offer.key_shares, offer.schemes, offer.certificate_schemes)
    assert (*empty, offer.point_formats, offer.psk_modes, offer.extensions) == ((),) * 8
    assert not any([offer.has_session, offer.has_early_data, offer.post_handshake_auth])
    assert not offer.has_grease


def test_certificates_have_schemes_of_their_own() -> None:
    """signature_algorithms_cert is believed where it is there."""
    offer = offer_of([0x1301], {0x000D: listed([0x0403]), 0x0032: listed([GREASE, 0x0401])})
    assert (offer.schemes, offer.certificate_schemes) == ((0x0403,), (0x0401,))


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(b"\0\0\x04h\xfcst", id="not ASCII"),
        pytest.param(b"\0\0\x01a\0\0\x01b", id="two host names"),
        pytest.param(b"\x07\0\x01a", id="another kind of name"),
    ],
)
def test_a_name_that_nobody_would_go_by_is_none(names: bytes) -> None:
    """No configuration is chosen by a name that the handshake would refuse, and nothing raises."""
    offer = offer_of([0x1301], {0: listed(names, width=1)})
    assert offer.server_name is None
    assert offer.ja4.startswith("t12d0101")


def test_names_are_compared_in_lower_case_and_without_the_last_dot() -> None:
    """As the handshake reads them."""
    offer = offer_of([0x1301], {0: listed(b"\0\0\x0aHOST.Test.", width=1)})
    assert offer.server_name == "host.test"


TLS13_OFFERED = {0x002B: listed([0x0304], prefix=1)}
PSK = listed(b"\0\x01i\0\0\0\0", width=1) + listed(b"\x20" + bytes(32), width=1)


@pytest.mark.parametrize(
    ("extensions", "session_id", "has"),
    [
        pytest.param({0x0023: b""}, b"", False, id="a wish for a ticket"),
        pytest.param({0x0023: b"ticket"}, b"", True, id="a ticket"),
        pytest.param({}, b"id", True, id="a session id of 1.2"),
        pytest.param(TLS13_OFFERED, bytes(32), False, id="a session id for middleboxes"),
        pytest.param({**TLS13_OFFERED, 0x0029: PSK}, b"", True, id="a pre-shared key"),
    ],
)
def test_sessions_are_told_from_their_absence(
    extensions: dict[int, bytes], session_id: bytes, has: bool
) -> None:
    """Each version's way to resume counts, and what only looks like it does not."""
    assert offer_of([0x1301], extensions, session_id=session_id).has_session is has


def test_early_data_is_seen() -> None:
    """RFC 9846, 4.3.10."""
    assert offer_of([0x1301], {0x002A: b"", **TLS13_OFFERED}).has_early_data


def test_the_repr_is_short_and_names_the_client() -> None:
    """A hello can be 100 kB; a log line cannot."""
    shown = repr(offer_of(SUITES, HELLO))
    assert (
        shown == "ClientOffer(server_name='host.test', ja4='t13d1516h2_8daaf6152771_e5627efa2ab1')"
    )


PROPERTIES = [name for name, item in vars(ClientOffer).items() if isinstance(item, property)]


def _hello() -> bytes:
    pair = Pair(client_config(alpn=["h2"]))
    raw = pair.client.data_to_send()
    events_of(pair.client)
    return bytes(raw[5:])


HELLO_OF_OURS = _hello()


def test_our_own_hello() -> None:
    """What our client offers is read back."""
    offer = ClientOffer(decode(ClientHello, HELLO_OF_OURS))
    assert (offer.server_name, offer.alpn) == (NAME, (b"h2",))
    assert ExtensionType.key_share in offer.extensions


@settings(max_examples=400)
@given(st.data())
def test_nothing_raises_whatever_a_client_sends(data: st.DataObject) -> None:
    """Any hello that can be read has all its values; the client chooses every byte."""
    seed = data.draw(st.sampled_from([HELLO_OF_OURS, offer_of(SUITES, HELLO).raw]))
    raw = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        hello = decode(ClientHello, bytes(raw))
    except PeerMisbehaved:
        return
    offer = ClientOffer(hello)
    found = {name: getattr(offer, name) for name in PROPERTIES}
    assert len(found["ja4"]) == 36
    assert found["ja4"].isascii()
    assert repr(offer).isascii()

"""The hellos against the bytes of RFC 8448 and against what older versions send."""

from __future__ import annotations

import pytest

from tlsee.codes import (
    CipherSuite,
    ExtensionType,
    HandshakeType,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.errors import PeerMisbehaved
from tlsee.values import replace
from tlsee.wire.codec import decode, dissect_message, encode, write
from tlsee.wire.extensions import (
    Cookie,
    Extensions,
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
    RecordSizeLimit,
    ServerNameList,
    SignatureAlgorithms,
    SupportedVersionsClientHello,
    SupportedVersionsServerHello,
)
from tlsee.wire.framing import kind_of
from tlsee.wire.hellos import (
    HELLO_RETRY_REQUEST_RANDOM,
    ClientHello,
    HelloRetryRequest,
    ServerHello,
)

# RFC 8448, 3: the ClientHello and the ServerHello of the simple handshake.
CLIENT_HELLO = bytes.fromhex(
    "010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef"
    "6283024dece7000006130113031302010000910000000b000900000673657276"
    "6572ff01000100000a00140012001d0017001800190100010101020103010400"
    "230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e"
    "51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603"
    "020308040805080604010501060102010402050206020202002d00020101001c"
    "00024001"
)
SERVER_HELLO = bytes.fromhex(
    "020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155"
    "772ed3e2692800130100002e00330024001d0020c9828876112095fe66762bdb"
    "f7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304"
)


def test_client_hello_of_rfc_8448() -> None:
    """Every field has the value that the trace gives in words."""
    hello = decode(ClientHello, CLIENT_HELLO)
    assert hello.raw == CLIENT_HELLO
    assert hello.legacy_version is ProtocolVersion.TLS12
    assert hello.random.hex().startswith("cb34ecb1")
    assert hello.legacy_session_id == b""
    assert hello.cipher_suites == (
        CipherSuite.TLS_AES_128_GCM_SHA256,
        CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        CipherSuite.TLS_AES_256_GCM_SHA384,
    )
    assert hello.legacy_compression_methods == (0,)
    assert hello.has_extensions
    found = hello.extensions
    assert found.require(ServerNameList).server_name_list[0].name == b"server"
    assert found.require(SupportedVersionsClientHello).versions == (ProtocolVersion.TLS13,)
    assert found.require(RecordSizeLimit).record_size_limit == 16385
    assert found.require(KeyShareClientHello).client_shares[0].group is NamedGroup.x25519
    schemes = found.require(SignatureAlgorithms).supported_signature_algorithms
    assert schemes[0] is SignatureScheme.ecdsa_secp256r1_sha256
    assert schemes[-1] == SignatureScheme.of(0x0202)
    assert found.types[-1] is ExtensionType.record_size_limit


def test_client_hello_is_written_as_it_was_read() -> None:
    """From the values alone, without the bytes that came, the same bytes."""
    hello = decode(ClientHello, CLIENT_HELLO)
    again = replace(hello, extensions=Extensions.of(*hello.extensions))
    assert again.raw == b""
    assert encode(again) == CLIENT_HELLO


def test_server_hello_of_rfc_8448() -> None:
    """Read, compared, and built again from values."""
    hello = decode(ServerHello, SERVER_HELLO)
    share = hello.extensions.require(KeyShareServerHello).server_share
    assert share.group is NamedGroup.x25519
    built = ServerHello(
        ProtocolVersion.TLS12,
        hello.random,
        b"",
        CipherSuite.TLS_AES_128_GCM_SHA256,
        0,
        Extensions.of(
            KeyShareServerHello(KeyShareEntry(NamedGroup.x25519, share.key_exchange)),
            SupportedVersionsServerHello(ProtocolVersion.TLS13),
        ),
    )
    assert built == hello
    assert encode(built) == SERVER_HELLO


def test_a_hello_without_extensions() -> None:
    """TLS 1.2 and older may end after compression_methods; an empty block is another thing."""
    hello = decode(ClientHello, CLIENT_HELLO)
    bare = replace(hello, extensions=Extensions.ABSENT)
    raw = encode(bare)
    assert raw[4:] == CLIENT_HELLO[4 : 4 + 2 + 32 + 1 + 2 + 6 + 2]
    found = decode(ClientHello, raw)
    assert (found, found.has_extensions) == (bare, False)
    assert dissect_message(ClientHello, raw).value == bare
    empty = replace(hello, extensions=Extensions.of())
    assert empty.has_extensions
    assert write(empty) == raw[4:] + b"\0\0"


def test_a_server_hello_without_extensions() -> None:
    """As TLS 1.2's may be."""
    bare = replace(decode(ServerHello, SERVER_HELLO), extensions=Extensions.ABSENT)
    found = decode(ServerHello, encode(bare))
    assert (found, found.has_extensions) == (bare, False)


def test_hello_retry_request() -> None:
    """A message of its own here, a ServerHello with the fixed random on the wire."""
    retry = HelloRetryRequest(
        ProtocolVersion.TLS12,
        b"id",
        CipherSuite.TLS_AES_128_GCM_SHA256,
        0,
        Extensions.of(
            SupportedVersionsServerHello(ProtocolVersion.TLS13),
            KeyShareHelloRetryRequest(NamedGroup.secp256r1),
            Cookie(b"cookie"),
        ),
    )
    raw = encode(retry)
    assert raw[0] == HandshakeType.server_hello
    assert raw[6:38] == HELLO_RETRY_REQUEST_RANDOM == HelloRetryRequest.random
    assert HelloRetryRequest.msg_type is HandshakeType.hello_retry_request
    assert kind_of(raw) is HandshakeType.hello_retry_request
    assert decode(HelloRetryRequest, raw) == retry


def test_a_server_hello_is_no_hello_retry_request() -> None:
    """Another random is refused, should a caller not have asked kind_of."""
    with pytest.raises(PeerMisbehaved) as caught:
        decode(HelloRetryRequest, SERVER_HELLO)
    assert caught.value.name == "illegal_value"


@pytest.mark.parametrize("end", range(len(CLIENT_HELLO)))
def test_a_cut_hello_is_refused(end: int) -> None:
    """At every length, whether or not the header's length is made to fit.

    With a fitting header exactly one cut is a hello: that of an older version, without extensions.
    """
    cut = CLIENT_HELLO[:end]
    with pytest.raises(PeerMisbehaved):
        decode(ClientHello, cut)
    if end >= 4:
        fitting = cut[:1] + (end - 4).to_bytes(3) + cut[4:]
        if end == 4 + 45:
            assert not decode(ClientHello, fitting).has_extensions
        else:
            with pytest.raises(PeerMisbehaved):
                decode(ClientHello, fitting)

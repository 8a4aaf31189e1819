"""What a TLS 1.2 peer may not do, from the hellos to the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    events_of,
    server_config,
    server_credential,
    trust,
)
from tlsee import insecure, policies
from tlsee.codes import AlertDescription, CipherSuite, ExtensionType, ProtocolVersion
from tlsee.codes12 import ECPointFormat
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import AlertReceived, DataReceived
from tlsee.errors import AlertReceived as AlertOfThePeer
from tlsee.errors import ApiMisuse, PeerIncompatible, PeerMisbehaved, TLSError
from tlsee.handshake.compose import Agreement12, Composer
from tlsee.values import replace
from tlsee.wire.codec import encode
from tlsee.wire.extensions.block import AnyExtension, Extensions
from tlsee.wire.extensions.ec_point_formats import ECPointFormats
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import ClientKeyExchange

TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13
BOTH = [TLS13, TLS12]


def old_client(**changes: Any) -> ClientConfig:
    return client_config(**{"versions": [TLS12], **changes})


def server(**changes: Any) -> ServerConfig:
    return server_config(**{"versions": BOTH, **changes})


def without(message: Any, kind: ExtensionType) -> Any:
    """The hello without one extension."""
    items = [item for item in message.extensions if item.extension_type != kind]
    return replace(message, extensions=Extensions.of(*items))


def carrying(message: Any, item: AnyExtension) -> Any:
    """The hello with one extension of this type, and this one."""
    bare = without(message, item.extension_type)
    return replace(message, extensions=Extensions.of(*bare.extensions, item))


class EditedServer(Composer):
    """A server that words its hello as the test wants."""

    def __init__(self, edit: Callable[[ServerHello], ServerHello]) -> None:
        self.edit = edit

    def server_hello12(self, config: ServerConfig, agreement: Agreement12) -> ServerHello:
        return self.edit(super().server_hello12(config, agreement))


class EditedClient(Composer):
    """A client that words its hello as the test wants."""

    def __init__(self, edit: Callable[[ClientHello], ClientHello]) -> None:
        self.edit = edit

    def client_hello(self, config: Any, server_name: Any, entries: Any) -> ClientHello:
        return self.edit(super().client_hello(config, server_name, entries))


def refused(victim: Connection, name: str) -> TLSError:
    """What the victim says, whose alert is in what it sends."""
    with pytest.raises(TLSError) as caught:
        events_of(victim)
    assert caught.value.name == name
    sent = bytes(victim.data_to_send())
    assert sent.endswith(bytes((2, caught.value.alert)))
    return caught.value


def client_meets(edit: Callable[[ServerHello], ServerHello], **changes: Any) -> Connection:
    """A client of ours, and a server whose ServerHello is edited."""
    client = ClientConnection(old_client(**changes), NAME)
    peer = ServerConnection(server(), composer=EditedServer(edit))
    peer.receive_data(client.data_to_send())
    client.receive_data(peer.data_to_send())
    return client


def server_meets(edit: Callable[[ClientHello], ClientHello], **changes: Any) -> Connection:
    """A server of ours, and a client whose ClientHello is edited."""
    peer = ClientConnection(old_client(), NAME, composer=EditedClient(edit))
    victim = ServerConnection(server(**changes))
    victim.receive_data(peer.data_to_send())
    return victim


RENEGOTIATED = RenegotiationInfo(b"x" * 12)

AGAINST_CLIENTS: dict[str, Callable[[ServerHello], ServerHello]] = {
    "insecure_renegotiation": lambda h: without(h, ExtensionType.renegotiation_info),
    "renegotiation_info_wrong": lambda h: carrying(h, RENEGOTIATED),
    "extended_main_secret_missing": lambda h: without(h, ExtensionType.extended_main_secret),
    "suite_not_offered": lambda h: replace(
        h, cipher_suite=CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
    ),
    "illegal_compression": lambda h: replace(h, legacy_compression_method=1),
    "version_too_old": lambda h: replace(h, legacy_version=ProtocolVersion.TLS11),
    "key_not_for_suite": lambda h: replace(
        h, cipher_suite=CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    ),
}


@pytest.mark.parametrize("name", AGAINST_CLIENTS)
def test_a_client_refuses_a_bad_server_hello(name: str) -> None:
    """RFC 5246, 7.4.1.3, RFC 5746, 3.4 and RFC 7627, 5.3."""
    refused(client_meets(AGAINST_CLIENTS[name]), name)


AGAINST_SERVERS: dict[str, Callable[[ClientHello], ClientHello]] = {
    "insecure_renegotiation": lambda h: without(h, ExtensionType.renegotiation_info),
    "renegotiation_info_wrong": lambda h: carrying(h, RENEGOTIATED),
    "extended_main_secret_missing": lambda h: without(h, ExtensionType.extended_main_secret),
    "fallback": lambda h: replace(
        h, cipher_suites=(*h.cipher_suites, CipherSuite.TLS_FALLBACK_SCSV)
    ),
    "illegal_compression": lambda h: replace(h, legacy_compression_methods=(1,)),
    "point_format_missing": lambda h: carrying(
        h, ECPointFormats((ECPointFormat.ansiX962_compressed_prime,))
    ),
    "no_common_suite": lambda h: replace(
        h, cipher_suites=(CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,)
    ),
    "version_too_old": lambda h: replace(
        without(h, ExtensionType.supported_versions), legacy_version=ProtocolVersion.TLS11
    ),
}


@pytest.mark.parametrize("name", AGAINST_SERVERS)
def test_a_server_refuses_a_bad_client_hello(name: str) -> None:
    """RFC 5246, 7.4.1.2, RFC 5746, 3.6, RFC 7507, 3 and RFC 7627, 5.2."""
    refused(server_meets(AGAINST_SERVERS[name]), name)


def hello_of_old(legacy_version: int) -> bytes:
    """A ClientHello as clients wrote it before there were extensions, in its record."""
    body = legacy_version.to_bytes(2) + bytes(32) + b"\0" + b"\0\4\0\x0a\0\x2f" + b"\1\0"
    message = b"\1" + len(body).to_bytes(3) + body
    return b"\x16" + legacy_version.to_bytes(2) + len(message).to_bytes(2) + message


def hello_of_ssl2(version: int) -> bytes:
    """A ClientHello of SSL 2.0: a length with its highest bit set, and no record."""
    body = b"\1" + version.to_bytes(2) + b"\0\3\0\0\0\x10" + b"\1\0\x80" + bytes(16)
    return (0x8000 | len(body)).to_bytes(2) + body


OLD = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1"}


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    ("hello", "says"),
    [
        *(
            (hello_of_old(code), f"the client speaks {label} at most")
            for code, label in OLD.items()
        ),
        *(
            (hello_of_ssl2(code), f"in SSL 2.0's form and speaks {label} at most")
            for code, label in {0x0002: "SSL 2.0", **OLD}.items()
        ),
    ],
)
def test_a_server_names_a_client_of_old(hello: bytes, says: str, size: int) -> None:
    """SSL 2 to TLS 1.1 are recognised, and refused with protocol_version (RFC 9846, E.5)."""
    victim = ServerConnection(server())
    for start in range(0, len(hello), size):
        victim.receive_data(hello[start : start + size])
    error = refused(victim, "version_too_old")
    assert isinstance(error, PeerIncompatible)
    assert error.alert == AlertDescription.protocol_version
    assert says in str(error)
    assert "nothing older than TLS 1.2 is safe" in error.fix


@pytest.mark.parametrize("data", [b"\x80\x2e\1\xff\xff" + bytes(50), b"\x80\x2e\4\0\2" + bytes(50)])
def test_what_only_begins_like_ssl2_is_not_tls(data: bytes) -> None:
    """An unknown version, or another message: nobody knows what that is."""
    victim = ServerConnection(server())
    victim.receive_data(data)
    refused(victim, "not_tls")


@pytest.mark.parametrize("code", OLD)
@pytest.mark.parametrize("versions", [BOTH, [TLS12]])
def test_a_client_names_a_server_of_old(code: int, versions: list[ProtocolVersion]) -> None:
    """A ServerHello of SSL 3, TLS 1.0 or 1.1, without extensions as they were written."""
    client = ClientConnection(client_config(versions=versions), NAME)
    client.data_to_send()
    body = code.to_bytes(2) + bytes(32) + b"\0" + b"\0\x2f" + b"\0"
    message = b"\2" + len(body).to_bytes(3) + body
    client.receive_data(b"\x16" + code.to_bytes(2) + len(message).to_bytes(2) + message)
    error = refused(client, "version_too_old")
    assert error.alert == AlertDescription.protocol_version
    assert f"the server chose {OLD[code]}, this client speaks" in str(error)
    assert "nothing older than TLS 1.2 is safe" in error.fix


def test_a_servers_protocol_version_is_told_with_what_was_offered() -> None:
    """A server of old that cannot even say hello says this alert, in a record of its version."""
    client = ClientConnection(client_config(), NAME)
    client.data_to_send()
    client.receive_data(b"\x15\3\1\0\2\2\x46")
    with pytest.raises(AlertOfThePeer) as caught:
        events_of(client)
    assert "no version that we offered (TLS 1.3, TLS 1.2)" in str(caught.value)
    assert "its alert has the form of TLS 1.0" in str(caught.value)
    assert "nothing older than TLS 1.2 is safe" in caught.value.fix


def test_a_missing_client_certificate_is_told_with_who_is_accepted() -> None:
    """The request that is quoted is 1.2's, whose authorities stand in a field of their own."""
    with pytest.raises(AlertOfThePeer) as caught:
        Pair(old_client(), server(client_trust=trust())).run()
    asked, sent = caught.value.__notes__
    assert asked == 'asked  CertificateRequest; it accepts: "tlsee test authority"'
    assert sent.startswith("sent  Certificate with 0 entries")


def test_a_client_of_both_versions_sees_a_downgrade() -> None:
    """RFC 9846, 4.2.3: the server could do better, and its random says so."""
    client = ClientConnection(client_config(versions=BOTH), NAME)
    peer = ServerConnection(server())
    hello = ClientConnection(old_client(), NAME)
    peer.receive_data(hello.data_to_send())
    client.data_to_send()
    client.receive_data(peer.data_to_send())

    error = refused(client, "downgrade")
    assert error.alert == AlertDescription.illegal_parameter


def test_a_client_that_speaks_only_1_2_takes_the_sentinel_for_random() -> None:
    """It is no downgrade: the client offered nothing better."""
    assert Pair(old_client(), server()).run().done


class Resuming(Composer):
    """Echoes the session id, as a server does that resumes."""

    def __init__(self, session_id: bytes) -> None:
        self.session_id = session_id

    def server_hello12(self, config: ServerConfig, agreement: Agreement12) -> ServerHello:
        hello = super().server_hello12(config, agreement)
        return replace(hello, legacy_session_id_echo=self.session_id)


def test_a_server_may_not_resume_what_was_not_offered() -> None:
    """The session id of middlebox compatibility names no session."""
    client = ClientConnection(client_config(versions=BOTH), NAME)
    sent = bytes(client.data_to_send())
    session_id = sent[44:76]  # behind the headers, the version, the random and a length
    peer = ServerConnection(server_config(versions=[TLS12]), composer=Resuming(session_id))
    peer.receive_data(sent)
    client.receive_data(peer.data_to_send())

    refused(client, "session_not_offered")


def test_a_client_without_a_certificate_is_refused_where_one_is_required() -> None:
    """TLS 1.2 has no alert of that name: handshake_failure (RFC 5246, 7.4.6)."""
    pair = Pair(old_client(), server(client_trust=trust()))
    Pair.carry(pair.client, pair.server)
    Pair.carry(pair.server, pair.client)
    Pair.carry(pair.client, pair.server)

    error = refused(pair.server, "client_certificate_missing")
    assert error.alert == AlertDescription.handshake_failure


def test_an_optional_certificate_may_be_missing() -> None:
    """The client says so with an empty list."""
    pair = Pair(old_client(), server(client_trust=trust(), client_auth="optional")).run()

    assert pair.done
    assert type(pair.server.info.peer).__name__ == "Anonymous"


@pytest.mark.parametrize("key", ["ecdsa_secp256r1", "rsa2048", "ed25519"])
def test_both_sides_prove_themselves(key: str) -> None:
    """Each kind of key on both sides, data both ways."""
    pair = Pair(
        old_client(credentials=[client_credential(key)]),
        server(credentials=[server_credential(key)], client_trust=trust()),
    ).run()
    pair.client.write(b"from the client")
    pair.server.write(b"from the server" * 10_000)
    pair.run()
    data = b"".join(
        bytes(event.data) for event in pair.client_events if isinstance(event, DataReceived)
    )

    assert pair.done
    assert type(pair.server.info.peer).__name__ == "ByCertificate"
    assert data == b"from the server" * 10_000


def handshake_with(changed_at: int) -> tuple[Pair, int, bool]:
    """A handshake in which one byte on the wire is changed.

    Also how many bytes there were, and whether the byte is of a record's version, which means
    nothing (RFC 9846, 5.1).
    """
    pair = Pair(old_client(), server())
    position, ignored = 0, True  # signatures differ in length: it may lie behind the last byte
    for _ in range(3):
        for sender, receiver in ((pair.client, pair.server), (pair.server, pair.client)):
            data = bytearray(sender.data_to_send())
            if position <= changed_at < position + len(data):
                ignored = changed_at - position in versions_of(data)
                data[changed_at - position] ^= 1
            position += len(data)
            receiver.receive_data(data)
    return pair, position, ignored


def versions_of(data: bytearray) -> set[int]:
    """Where the versions of the records stand."""
    start, found = 0, set()
    while start < len(data):
        found |= {start + 1, start + 2}
        start += 5 + int.from_bytes(data[start + 3 : start + 5], "big")
    return found


def is_done(side: Connection) -> bool:
    try:
        return side.info is not None
    except ApiMisuse:
        return False


def test_a_changed_byte_anywhere_is_never_accepted_by_both() -> None:
    """Finished covers every message."""
    pair, total, _ = handshake_with(-1)
    assert is_done(pair.client)
    assert is_done(pair.server)
    for position in range(0, total, 5):
        pair, _, ignored = handshake_with(position)
        both = is_done(pair.client) and is_done(pair.server)
        assert not both or ignored, position


@pytest.mark.parametrize("suite", policies.legacy.suites[9:], ids=str)
def test_the_legacy_exchanges_prove_both_sides(suite: CipherSuite) -> None:
    """DHE, RSA key exchange and CCM, with certificates both ways; RSA proves by decrypting."""
    key = "ecdsa_secp256r1" if "ECDSA" in suite.name else "rsa2048"
    pair = Pair(
        old_client(policy=policies.legacy, suites=[suite], credentials=[client_credential()]),
        server(policy=policies.legacy, credentials=[server_credential(key)], client_trust=trust()),
    ).run()
    pair.client.write(b"x" * 50_000)
    pair.run()
    by = "ByDecryption" if suite.name.startswith("TLS_RSA") else "ByCertificate"

    assert pair.done
    assert type(pair.client.info.peer).__name__ == by
    assert type(pair.server.info.peer).__name__ == "ByCertificate"
    assert (pair.client.info.group is None) == (by == "ByDecryption")


def test_no_legacy_exchange_is_on_by_default() -> None:
    """Neither offered nor taken: RFC 9325, 4.1."""
    weak = policies.legacy.suites[9:]
    pair = Pair(
        old_client(policy=policies.legacy, suites=weak),
        server(credentials=[server_credential("rsa2048"), server_credential()]),
    )
    Pair.carry(pair.client, pair.server)

    refused(pair.server, "no_common_suite")
    assert not set(weak) & set(client_config(versions=BOTH).suites)


CBC = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256


def test_cbc_without_encrypt_then_mac_is_refused_by_a_client() -> None:
    """RFC 7366: POODLE's and Lucky 13's setting is in no policy but the insecure one."""
    client = ClientConnection(old_client(policy=policies.legacy, suites=[CBC]), NAME)
    peer = ServerConnection(
        server(versions=[TLS12], policy=policies.legacy, suites=[CBC]),
        composer=EditedServer(lambda h: without(h, ExtensionType.encrypt_then_mac)),
    )
    peer.receive_data(client.data_to_send())
    client.receive_data(peer.data_to_send())

    refused(client, "mac_then_encrypt")


def test_cbc_without_encrypt_then_mac_is_not_taken_by_a_server() -> None:
    """The client does not offer it, so no suite is left."""
    edit = EditedClient(lambda h: without(h, ExtensionType.encrypt_then_mac))
    settings = old_client(policy=policies.legacy, suites=[CBC])
    peer = ClientConnection(settings, NAME, composer=edit)
    victim = ServerConnection(server(versions=[TLS12], policy=policies.legacy, suites=[CBC]))
    victim.receive_data(peer.data_to_send())

    refused(victim, "no_common_suite")


def test_the_insecure_policy_takes_it_and_warns() -> None:
    """For machines that have to be looked at; whoever asks for it is told."""
    with pytest.warns(insecure.SecurityWarning):
        policy = insecure.old_machines()
    settings = old_client(policy=policy, suites=[CBC])
    edit = EditedClient(lambda h: without(h, ExtensionType.encrypt_then_mac))
    pair = Pair(
        settings,
        server(versions=[TLS12], policy=policy, suites=[CBC]),
        client_options={"composer": edit},
    ).run()
    pair.client.write(b"seen by whoever measures")
    pair.run()

    assert pair.done
    assert isinstance(pair.server_events[-1], DataReceived)


def malformed(kind: str, version: bytes) -> bytes:
    """What a Bleichenbacher oracle is asked: a premaster that is none, in one way or another."""
    return {
        "right": version + bytes(46),
        "wrong version": b"\x03\x01" + bytes(46),
        "too short": version + bytes(45),
        "too long": version + bytes(47),
        "empty": b"",
    }[kind]


@pytest.mark.parametrize("kind", ["wrong version", "too short", "too long", "empty", "no padding"])
def test_a_server_answers_every_bad_premaster_alike(kind: str) -> None:
    """ROBOT: nothing before Finished shows it, and Finished fails as any wrong one does."""
    suite = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
    credential = server_credential("rsa2048")
    victim = ServerConnection(
        server(versions=[TLS12], policy=policies.legacy, credentials=[credential], suites=[suite])
    )
    client = ClientConnection(old_client(policy=policies.legacy, suites=[suite]), NAME)
    victim.receive_data(client.data_to_send())
    assert victim.data_to_send()
    if kind == "no padding":
        encrypted = b"\x01" * 256
    else:
        key: Any = credential.public_key.key
        encrypted = key.encrypt(malformed(kind, b"\x03\x03"), PKCS1v15())
    exchange = encode(ClientKeyExchange(len(encrypted).to_bytes(2, "big") + encrypted))
    record = b"\x16\x03\x03" + len(exchange).to_bytes(2, "big") + exchange
    victim.receive_data(record + b"\x14\x03\x03\x00\x01\x01")
    assert victim.failure is None, "nothing shows before Finished"
    assert victim.data_to_send() == b""

    victim.receive_data(b"\x16\x03\x03\x00\x28" + bytes(40))
    error = refused(victim, "bad_record_mac")
    assert error.alert == AlertDescription.bad_record_mac


def test_warnings_are_no_end_within_a_bound() -> None:
    """RFC 5246, 7.2.2: four are let pass, and reported; a fifth in a row is too many."""
    pair = Pair(old_client(), server()).run()
    for _ in range(4):
        pair.server.warn(AlertDescription.no_renegotiation_RESERVED)
    pair.run()
    assert pair.client.failure is None
    assert sum(isinstance(event, AlertReceived) for event in pair.client_events) == 4

    pair.server.warn(AlertDescription.no_renegotiation_RESERVED)
    with pytest.raises(PeerMisbehaved, match="warning alerts"):
        pair.run()

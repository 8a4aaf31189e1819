"""TLS 1.2's lower floors against Python's own ``ssl``, in memory and without any state machine.

What is proved: keys, nonces, both orders of MAC, Finished, both main secrets and the secrets of the
three key exchanges are OpenSSL's too. One fixed order of messages, one client, no decisions.
"""

from __future__ import annotations

import base64
import contextlib
import ssl
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tlsee.codes import CipherSuite, ContentType, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.finite_field import _der, _integer, padded, premaster_of
from tlsee.crypto.groups import field_parameters, finite_field
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.rsa_exchange import new_premaster
from tlsee.crypto.schemes12 import schemes12
from tlsee.crypto.suites12 import Suite12, suites12
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import leaf_key
from tlsee.keys.protection12 import Opener12, Sealer12, opener12, sealer12
from tlsee.keys.schedule12 import MainSecret
from tlsee.keys.transcript import Transcript
from tlsee.wire.codec import Message, decode, encode, write
from tlsee.wire.extensions import (
    EncryptThenMac,
    ExtendedMainSecret,
    Extensions,
    SignatureAlgorithms,
    SupportedGroups,
)
from tlsee.wire.framing import HandshakeBuffer
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import (
    Certificate,
    ClientDiffieHellmanPublic,
    ClientECDiffieHellmanPublic,
    ClientKeyExchange,
    EncryptedPreMasterSecret,
    Finished,
    ServerHelloDone,
    ServerKeyExchange,
)

TLS12 = ProtocolVersion.TLS12
HANDSHAKE, DATA, ALERT = (ContentType.of(number) for number in (22, 23, 21))
CHANGE_CIPHER_SPEC = b"\x14\x03\x03\x00\x01\x01"
SUITES = sorted(suites12().values(), key=lambda row: row.code)


@cache
def authority() -> Authority:
    return Authority.create()


@cache
def _pem(kind: str) -> tuple[bytes, bytes]:
    return authority().issue_pem("server.test", key=kind)


def server_context(directory: Path, suite: Suite12) -> ssl.SSLContext:
    """An OpenSSL that takes this suite and no other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    chain, key = _pem("rsa2048" if suite.authentication == "rsa" else "ecdsa_secp384r1")
    (directory / "both.pem").write_bytes(chain + key)
    context.load_cert_chain(directory / "both.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    names = {row["id"] & 0xFFFF: row["name"] for row in context.get_ciphers()}
    context.set_ciphers(f"{names[int(suite.code)]}:@SECLEVEL=0")
    p, g = field_parameters(NamedGroup.ffdhe2048)
    encoded = base64.b64encode(_der(0x30, _integer(p), _integer(g))).decode()
    (directory / "dh.pem").write_text(
        f"-----BEGIN DH PARAMETERS-----\n{encoded}\n-----END DH PARAMETERS-----\n"
    )
    context.load_dh_params(str(directory / "dh.pem"))
    return context


class Client:
    """The messages of one full handshake, in their order, and data afterwards."""

    leading_zero = False

    def __init__(self, context: ssl.SSLContext, suite: Suite12, *also: Any) -> None:
        self.suite = suite
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.handshakes = HandshakeBuffer(lambda kind: 2**17)
        self.transcript = Transcript.start(suite.hash_name)
        self.sealer: Sealer12 | None = None
        self.opener: Opener12 | None = None
        self.received = b""
        self.random = PROVIDER.random(32)
        schemes = tuple(schemes12())
        groups = (NamedGroup.x25519, NamedGroup.secp384r1, NamedGroup.ffdhe2048)
        hello = Extensions.of(SignatureAlgorithms(schemes), SupportedGroups(groups), *also)
        self.say(ClientHello(TLS12, self.random, b"", (suite.code,), (0,), hello))
        self.hello = self.hear(ServerHello)
        assert self.hello.cipher_suite == suite.code

    def say(self, message: Message) -> None:
        raw = encode(message)
        self.transcript = self.transcript.add(raw)
        if self.sealer is not None:
            self.incoming.write(self.sealer.seal(HANDSHAKE, raw))
        else:
            self.incoming.write(b"\x16\x03\x03" + len(raw).to_bytes(2) + raw)

    def push(self) -> None:
        with contextlib.suppress(ssl.SSLWantReadError):
            self.server.do_handshake()

    def record(self) -> bytes:
        self.received += self.outgoing.read()
        end = 5 + int.from_bytes(self.received[3:5])
        found, self.received = self.received[:end], self.received[end:]
        assert len(found) == end > 5
        return found

    def hear(self, cls: type[Any]) -> Any:
        while (raw := self.handshakes.next()) is None:
            if not self.received:
                self.push()
            record = self.record()
            assert record[0] == HANDSHAKE, record.hex()
            content = record[5:]
            if self.opener is not None:
                content, odd = self.opener.open_one(memoryview(record), 2**14)
                assert odd == 0
            self.handshakes.append(content)
        if cls is not Finished:
            self.transcript = self.transcript.add(raw)
        return decode(cls, raw)

    def exchange(self) -> bytes:
        """From Certificate to ClientKeyExchange; gives the premaster secret."""
        key = leaf_key(self.hear(Certificate).certificate_list[0])
        kind = self.suite.key_exchange
        if kind is KeyExchangeAlgorithm.rsa:
            self.hear(ServerHelloDone)
            premaster = new_premaster(TLS12, PROVIDER.random)
            content: Any = EncryptedPreMasterSecret(PROVIDER.encrypt(key, premaster))
        elif kind is KeyExchangeAlgorithm.ecdhe:
            params = self.verified(key, "ecdh").params
            share = PROVIDER.groups[params.named_curve].generate()
            content = ClientECDiffieHellmanPublic(share.public)
            premaster = share.finish(params.public)
        else:
            params = self.verified(key, "dh").params
            group = finite_field(params.dh_p, params.dh_g)
            assert group.code == NamedGroup.ffdhe2048
            peer = padded(params.dh_Ys, group.server_share_length)
            share = group.generate()
            if self.leading_zero:  # one secret in 256 has one
                while share.fork().finish(peer)[0]:
                    share = group.generate()
            content = ClientDiffieHellmanPublic(share.public)
            premaster = premaster_of(share.finish(peer))
            assert not self.leading_zero or len(premaster) < len(peer)
        self.say(ClientKeyExchange(write(content)))
        return premaster

    def verified(self, key: Any, kind: str) -> Any:
        message: ServerKeyExchange = self.hear(ServerKeyExchange)
        found: Any = getattr(message, kind)()
        self.hear(ServerHelloDone)
        algorithm: SignatureScheme = found.signed_params.algorithm
        content = self.random + self.hello.random + message.params(found)
        schemes12()[algorithm].verify(key, found.signed_params.signature, content)
        return found

    def finish(self) -> MainSecret:
        """The rest of the handshake, both Finished checked."""
        premaster = self.exchange()
        answered = self.hello.extensions
        if answered.get(ExtendedMainSecret) is not None:
            main = MainSecret.of_session(self.suite, premaster, self.transcript.digest())
        else:
            main = MainSecret.of_randoms(self.suite, premaster, self.random, self.hello.random)
        etm = answered.get(EncryptThenMac) is not None
        client, server = main.keys(self.random, self.hello.random, encrypt_then_mac=etm)
        self.incoming.write(CHANGE_CIPHER_SPEC)
        self.sealer = sealer12(client, PROVIDER.random)
        self.say(Finished(main.client_finished(self.transcript.digest())))
        self.push()
        while (record := self.record())[0] == HANDSHAKE:
            self.transcript = self.transcript.add(record[5:])  # a ticket, which nobody asked for
        assert record == CHANGE_CIPHER_SPEC
        self.opener = opener12(server)
        main.check_server_finished(self.transcript.digest(), self.hear(Finished).verify_data)
        return main


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.code.name)
@pytest.mark.parametrize("also", [(), (ExtendedMainSecret(), EncryptThenMac())], ids=["old", "new"])
def test_handshake_and_data(tmp_path: Path, suite: Suite12, also: tuple[Any, ...]) -> None:
    """Each suite: both sides finish, and data of several records arrives in both directions."""
    client = Client(server_context(tmp_path, suite), suite, *also)
    answered = client.hello.extensions
    assert (answered.get(EncryptThenMac) is not None) is (bool(also) and not suite.is_aead)
    assert (answered.get(ExtendedMainSecret) is not None) is bool(also)
    client.finish()
    assert client.sealer is not None
    assert client.opener is not None
    data = bytes(range(256)) * 200
    client.incoming.write(bytes(client.sealer.seal_data(memoryview(data), 2**14, 0)))
    heard = b""
    while len(heard) < len(data):
        heard += client.server.read(2**16)
    assert heard == data
    client.server.write(data)
    records = client.outgoing.read()
    out = bytearray(len(records))
    end, filled, odd = client.opener.open_run(memoryview(records), 0, memoryview(out), 2**14)
    assert (end, bytes(out[:filled]), odd) == (len(records), data, 0)
    with pytest.raises(ssl.SSLWantReadError):
        client.server.unwrap()
    alert = client.opener.open_one(memoryview(client.outgoing.read()), 2**14)
    assert alert == (b"\x01\x00", 0)


@pytest.mark.parametrize("also", [(), (ExtendedMainSecret(),)], ids=["old", "new"])
def test_a_secret_with_a_leading_zero(tmp_path: Path, also: tuple[Any, ...]) -> None:
    """RFC 5246, 8.1.2: both sides strip it, or Finished would be wrong."""
    suite = suites12()[CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256]
    client = Client(server_context(tmp_path, suite), suite, *also)
    client.leading_zero = True
    client.finish()

"""A recording of TLS 1.2 and the server's private key, and nothing else: what can be read of it?

With RSA key exchange all of it: the premaster secret crossed the wire, encrypted to that key, and
everything else follows from it and from what was said in the clear (RFC 5246, 8.1 and 6.3). With
DHE and ECDHE nothing: the same attempt ends where a value is needed that no message carries.

Only bytes go in. No secret of an endpoint is known here, and no observer tells anything.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

from tlsee.codes import ContentType, ExtensionType, HandshakeType, ProtocolVersion
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.private_keys import belongs_to, public_key_of
from tlsee.crypto.rsa_exchange import PREMASTER_LENGTH, LocalDecrypter
from tlsee.crypto.suites12 import AeadCipher, Suite12, suites12
from tlsee.errors import ApiMisuse, TLSError
from tlsee.explain.halves12 import Half, Plain, open_half, read_half
from tlsee.explain.reading import finite_field, name_of, view_of
from tlsee.keys.protection12 import opener12
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12
from tlsee.text import count, printable
from tlsee.trace import Role
from tlsee.values import value
from tlsee.wire.codec import Message, decode
from tlsee.wire.extensions.supported_versions import SupportedVersionsServerHello
from tlsee.wire.framing import kind_of
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import Certificate, ClientKeyExchange, ServerKeyExchange

__all__ = ["NotOpened", "Opened", "Plain", "open_with_key"]

M = TypeVar("M", bound=Message)

PREMASTER = "premaster secret"


@value
class Opened:
    """A conversation that was opened.

    Attributes:
        suite: its cipher suite. extended: whether the main secret covers the handshake (RFC 7627).
        encrypted, premaster, main, key_block: how many bytes each of them has, in the order in
            which they came of one another; ``encrypted`` is what ClientKeyExchange carried.
        client, server: the records that each side protected, opened, in their order.
        stopped: why the rest of the recording was not read, or an empty text.
    """

    suite: Suite12
    extended: bool
    encrypted: int
    premaster: int
    main: int
    key_block: int
    client: tuple[Plain, ...]
    server: tuple[Plain, ...]
    stopped: str

    def data(self, sender: Role) -> bytes:
        """The application data of one side."""
        records = self.client if sender is Role.CLIENT else self.server
        return b"".join(
            r.content for r in records if r.content_type == ContentType.application_data
        )


@value
class NotOpened:
    """A conversation that stays closed: the value that is missing, and why it is."""

    missing: str
    sentence: str


class _Missing(Exception):
    """What ends an attempt."""

    def __init__(self, what: str, sentence: str) -> None:
        super().__init__(what, sentence)
        self.result = NotOpened(what, sentence)


def open_with_key(
    client_to_server: bytes, server_to_client: bytes, private_key: Any
) -> Opened | NotOpened:
    """Try to read a recorded connection.

    Args:
        client_to_server, server_to_client: all bytes of each direction, from the first one on.
        private_key: the server's, as ``private_keys.load_private_key`` gives it.

    Raises:
        ApiMisuse: that is no private key. No bytes of a recording raise.
    """
    public_key_of(private_key)  # says what is wrong with it
    try:
        client = read_half(Role.CLIENT, client_to_server)
        server = read_half(Role.SERVER, server_to_client)
        return _Attempt(client, server).with_key(private_key)
    except _Missing as missing:
        return missing.result
    except TLSError as error:  # a message that cannot be read
        detail = error.detail or error.reason.sentence
        return NotOpened("a message", f"the recording holds a message that is none: {detail}")


class _Attempt:
    """The two halves, with their hellos read."""

    def __init__(self, client: Half, server: Half) -> None:
        self._client = client
        self._server = server
        self._client_hello = _hello(client, ClientHello)
        self._server_hello = _hello(server, ServerHello)
        self._suite = self._negotiated()

    def _negotiated(self) -> Suite12:
        """The suite, if this is a version and a suite that can be read at all."""
        hello = self._server_hello
        if hello.extensions.get(SupportedVersionsServerHello) is not None:
            raise _no_key_transport()
        version = hello.legacy_version
        if version != ProtocolVersion.TLS12:
            raise _Missing("the key schedule", f"this is {version.label}, which is not spoken here")
        suite = suites12().get(hello.cipher_suite)
        if suite is None:
            raise _Missing("the cipher suite", f"{hello.cipher_suite} is not known here")
        return suite

    def with_key(self, private_key: Any) -> Opened:
        """The same steps for every key exchange, until one of them lacks something."""
        self._check_owner(private_key)
        exchange = _find(self._client, ClientKeyExchange)
        if exchange is None:
            raise self._no_exchange()
        if self._suite.forward_secret:
            raise self._ephemeral(exchange)
        encrypted = exchange.rsa().pre_master_secret
        premaster = _decrypted(private_key, encrypted)
        main = self._main_secret(premaster)
        keys = self._keys(main)
        (client, first), (server, second) = (
            open_half(half, opener12(key))
            for half, key in zip((self._client, self._server), keys, strict=True)
        )
        if not client and not server:
            nothing = "the recording ends before the first protected record"
            raise _Missing("protected records", first or second or nothing)
        return Opened(
            self._suite,
            main.extended,
            len(encrypted),
            len(premaster),
            len(main.secret),
            sum(len(k.mac_key) + len(k.key) + len(k.iv) for k in keys),
            client,
            server,
            first or second,
        )

    # --- From the premaster secret to keys ----------------------------------------------------

    def _main_secret(self, premaster: bytes) -> MainSecret:
        suite, hello = self._suite, self._server_hello
        if hello.extensions.has(ExtensionType.extended_main_secret):
            session_hash = hashlib.new(suite.hash_name, self._heard()).digest()
            return MainSecret.of_session(suite, premaster, session_hash)
        return MainSecret.of_randoms(suite, premaster, self._client_hello.random, hello.random)

    def _heard(self) -> bytes:
        """The transcript up to ClientKeyExchange: a hello, the server's flight, the answer."""
        hello, *answer = self._client.messages
        through = [kind_of(raw) for raw in answer].index(HandshakeType.client_key_exchange) + 1
        kinds = [kind_of(raw) for raw in self._server.messages]
        if HandshakeType.server_hello_done not in kinds:
            raise _Missing("ServerHelloDone", _cut(self._server))
        done = kinds.index(HandshakeType.server_hello_done) + 1
        return b"".join((hello, *self._server.messages[:done], *answer[:through]))

    def _keys(self, main: MainSecret) -> tuple[TrafficKeys12, TrafficKeys12]:
        agreed = self._server_hello.extensions.has(ExtensionType.encrypt_then_mac)
        return main.keys(
            self._client_hello.random,
            self._server_hello.random,
            encrypt_then_mac=agreed and not isinstance(self._suite.cipher, AeadCipher),
        )

    # --- What is missing ----------------------------------------------------------------------

    def _check_owner(self, private_key: Any) -> None:
        """Another key than the certificate's would fail later, with a worse sentence."""
        shown = _find(self._server, Certificate)
        leaf = view_of(shown.certificate_list[0]) if shown and shown.certificate_list else None
        if leaf is None or leaf.public_key is None:
            return
        if not belongs_to(private_key, leaf.public_key):
            who = printable(name_of(leaf), 64)
            raise _Missing(
                "the private key",
                f"the key that was given is not the one of the certificate for {who}",
            )

    def _no_exchange(self) -> _Missing:
        """Without a ClientKeyExchange: a recording that was cut, or a session that goes on."""
        if not _has(self._server, HandshakeType.server_hello_done) and self._server.protected:
            return _Missing(
                PREMASTER,
                "an earlier session goes on here: its premaster secret is in the recording of the "
                "connection that began it",
            )
        return _Missing("ClientKeyExchange", _cut(self._client))

    def _ephemeral(self, exchange: ClientKeyExchange) -> _Missing:
        """(EC)DHE: what was sent, and what was not."""
        offered = _find(self._server, ServerKeyExchange)
        if offered is None:
            return _Missing("ServerKeyExchange", _cut(self._server))
        if self._suite.key_exchange is KeyExchangeAlgorithm.ecdhe:
            params = offered.ecdh().params
            group = str(params.named_curve)
            sizes = [len(params.public), len(exchange.ecdh().ecdh_Yc)]
            size = f", {count(sizes[0], 'byte')} each" if sizes[0] == sizes[1] else ""
        else:
            exchange.dh()
            group, size = finite_field(offered.dh().params), ""  # leading zeros may be left out
        return _Missing(
            f"the two private halves of {group}",
            f"ServerKeyExchange and ClientKeyExchange carry only the public ones{size}; the "
            "premaster secret takes a private one, and neither crossed the wire",
        )


def _hello(half: Half, struct: type[M]) -> M:
    """A side's first message, which must be its hello."""
    name = struct.__name__
    if not half.messages:
        raise _Missing(name, _cut(half))
    first = half.messages[0]
    kind = kind_of(first)
    if kind == HandshakeType.hello_retry_request:
        raise _no_key_transport()
    if kind != struct.msg_type:
        raise _Missing(name, f"what the {half.sender.value} sent begins with {kind}")
    return decode(struct, first)


def _no_key_transport() -> _Missing:
    return _Missing(
        "the private halves of the key exchange",
        "this is TLS 1.3, where key_share carries only public halves and the certificate's key "
        "only signs (RFC 9846, 2)",
    )


def _find(half: Half, struct: type[M]) -> M | None:
    """A side's first message of this kind, read."""
    for raw in half.messages:
        if kind_of(raw) == struct.msg_type:
            return decode(struct, raw)
    return None


def _has(half: Half, kind: HandshakeType) -> bool:
    return any(kind_of(raw) == kind for raw in half.messages)


def _cut(half: Half) -> str:
    return half.stopped or f"the recording of what the {half.sender.value} sent does not have it"


def _decrypted(private_key: Any, encrypted: bytes) -> bytes:
    """The premaster secret.

    Nobody is told here whether it went well, so there is no oracle; that the right bytes came out
    is seen by the records, which open with no others.
    """
    try:
        plaintext = LocalDecrypter(private_key).decrypt(encrypted)
    except ApiMisuse as problem:
        raise _Missing(PREMASTER, problem.detail) from None
    if not isinstance(plaintext, bytes) or len(plaintext) != PREMASTER_LENGTH:
        raise _Missing(
            PREMASTER,
            f"the {count(len(encrypted), 'byte')} in ClientKeyExchange do not decrypt to a "
            "premaster secret with this key: they were changed, or it is another key",
        )
    return plaintext

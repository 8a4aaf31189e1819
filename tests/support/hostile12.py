"""TLS 1.2's peers made of parts, as ``tests.support.hostile`` has them for 1.3.

A script is a list of names in the order in which the messages are said; a test may leave one out,
double it or move it. ChangeCipherSpec is one of the names, and ``CHANGE_CIPHER_SPEC`` among what an
edit gives is said as the record that it is: from then on the peer's keys protect. Where no secret
was agreed on by then, they come from the empty main secret, as in the injection of a
ChangeCipherSpec.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Self

from tests.support.hostile import CCS, CHANGE_CIPHER_SPEC, Edit, Heard, Puppet, plain_record
from tlsee.codes import CipherSuite, ContentType, ExtensionType, HandshakeType, SignatureScheme
from tlsee.connection.connection import Connection
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.suites12 import suites12
from tlsee.errors import TLSError
from tlsee.keys.protection import MAX_PLAINTEXT
from tlsee.keys.protection12 import EMPTY, opener12, sealer12
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12
from tlsee.trace import Role
from tlsee.wire.codec import decode
from tlsee.wire.hellos import ServerHello

Sign = Callable[[SignatureScheme, bytes], bytes]


class Puppet12(Puppet):
    """What both roles do.

    Attributes:
        role: which one this peer plays.
        talk: every handshake message so far, as it was said.
        premaster, agreed: the premaster secret and the main secret, once both sides have them.
    """

    role: Role
    sealer: Any
    opener: Any

    def __init__(self, victim: Connection, edits: dict[str, Edit], suite: CipherSuite) -> None:
        super().__init__(victim, edits)
        self.suite12 = suites12()[suite]
        self.talk = b""
        self.client_random = self.server_random = bytes(32)
        self.extended = True
        self.encrypt_then_mac = False
        self.premaster = b""
        self.agreed: MainSecret | None = None

    def flight(self, *script: str) -> Self:
        """Say the messages of the script, or of the whole handshake; stops when the victim does."""
        for name in script or self.script:
            if self.stopped:
                break
            getattr(self, f"_{name}")()
        return self

    @property
    def script(self) -> Sequence[str]:
        """A role's own: the names of the messages of an honest handshake."""
        raise NotImplementedError

    # --- Speaking -----------------------------------------------------------------------------

    def edited(self, name: str, right: Any) -> Any:
        """What an edit makes of a part of a message, such as what is about to be signed."""
        self.used.add(name)
        return self.edits.get(name, lambda same: same)(right)

    def handshake(self, content: bytes) -> None:
        """A ChangeCipherSpec goes by itself, and this peer's keys with it."""
        if content != CHANGE_CIPHER_SPEC:
            super().handshake(content)
            return
        self.deliver(content)
        self.sealer = sealer12(self.keys(self.role), PROVIDER.random)

    def sealed(self, content_type: int, content: bytes) -> bytes:
        """A record under the keys of the moment, not sent."""
        if self.sealer is None:
            return plain_record(content_type, content)
        sealed: bytes = self.sealer.seal(ContentType.of(content_type), content)
        return sealed

    def remember(self, raw: bytes) -> None:
        """Add to the talk; the hellos tell the randoms."""
        if not raw or raw == CHANGE_CIPHER_SPEC:
            return
        self.talk += raw
        if raw[0] == HandshakeType.client_hello:
            self.client_random = raw[6:38]
        elif raw[0] == HandshakeType.server_hello:
            self.server_random = raw[6:38]
            with contextlib.suppress(TLSError):  # an edit may have spoilt it
                extensions = decode(ServerHello, raw).extensions
                self.extended = extensions.has(ExtensionType.extended_main_secret)
                self.encrypt_then_mac = extensions.has(ExtensionType.encrypt_then_mac)

    def _change_cipher_spec(self) -> None:
        self.say("change_cipher_spec", CHANGE_CIPHER_SPEC)

    # --- Listening ----------------------------------------------------------------------------

    def _opened(self, header: bytes, body: bytes) -> Heard:
        if self.opener is None:
            return Heard(ContentType.of(header[0]), body, False)
        content, odd = self.opener.open_one(memoryview(header + body), MAX_PLAINTEXT)
        assert odd in {0, EMPTY}, "the victim protects with keys that it should not use now"
        return Heard(ContentType.of(header[0]), content, True)

    def _hear(self, heard: Heard) -> None:
        if heard.content_type == CCS:
            other = Role.SERVER if self.role is Role.CLIENT else Role.CLIENT
            self.opener = opener12(self.keys(other))
        super()._hear(heard)

    # --- Keys ---------------------------------------------------------------------------------

    @property
    def main12(self) -> MainSecret:
        """The main secret, or the empty one where there is none."""
        return self.agreed or MainSecret(self.suite12, b"", True)

    def agree(self, premaster: bytes) -> None:
        """Both sides have the premaster secret; the talk ends with ClientKeyExchange."""
        self.premaster = premaster
        if self.extended:
            self.agreed = MainSecret.of_session(self.suite12, premaster, self.digest())
        else:
            randoms = self.client_random, self.server_random
            self.agreed = MainSecret.of_randoms(self.suite12, premaster, *randoms)

    def keys(self, role: Role) -> TrafficKeys12:
        """What this role writes with."""
        client, server = self.main12.keys(
            self.client_random, self.server_random, encrypt_then_mac=self.encrypt_then_mac
        )
        return client if role is Role.CLIENT else server

    def digest(self) -> bytes:
        """The transcript's hash."""
        return hashlib.new(self.suite12.hash_name, self.talk).digest()

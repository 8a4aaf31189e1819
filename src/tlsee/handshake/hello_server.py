"""The server reads the hello: which version, suite, group and name, or which retry.

One of the two places that know that there are several versions.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import (
    ProtocolVersion,
)
from tlsee.config import ServerConfig
from tlsee.errors import PeerIncompatible, PeerMisbehaved, Reasons
from tlsee.handshake.compose import LEGACY_VERSION, Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.hello_facts import told
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import choose_version
from tlsee.handshake.offer12 import AwaitSession as AwaitSession12
from tlsee.handshake.offer12 import negotiate12
from tlsee.handshake.offer13 import AwaitSession, Next, negotiate13
from tlsee.handshake.server12 import AwaitCredential as AwaitCredential12
from tlsee.handshake.server13 import ServerBasis
from tlsee.offer import ClientOffer
from tlsee.questions import ConfigForHello
from tlsee.reasons import TOO_OLD
from tlsee.trace import ExtensionsIgnored
from tlsee.values import value
from tlsee.wire.extensions.supported_versions import SupportedVersionsClientHello
from tlsee.wire.hellos import ClientHello


@value
class WaitClientHello(State):
    """Nothing was said yet."""

    config: ServerConfig
    composer: Composer
    rfc: ClassVar[str] = "START"
    allows_change_cipher_spec: ClassVar[bool] = False

    def on_client_hello(self, message: ClientHello, flow: Flow) -> AwaitConfig:
        """RFC 9846, 4.2.2: the hello before the configuration that answers it."""
        flow.ask(ConfigForHello(self.config, ClientOffer(message)))
        return AwaitConfig(self.composer, message)


@value
class AwaitConfig(State):
    """Which configuration serves this client?"""

    composer: Composer
    hello: ClientHello
    rfc: ClassVar[str] = "RECVD_CH"

    def on_config(
        self, answer: ServerConfig, flow: Flow
    ) -> AwaitSession | Next | AwaitSession12 | AwaitCredential12:
        """RFC 9846, 4.2.1: the version first, then its own parameters."""
        basis = ServerBasis(answer, self.composer, self.hello)
        version = _choose_version(answer, self.hello, flow)
        ignored = tuple(kind for kind in self.hello.extensions.types if not kind.is_known)
        if ignored:
            flow.note(ExtensionsIgnored, ignored)
        if version == ProtocolVersion.TLS12:
            return negotiate12(basis, flow)
        return negotiate13(basis, flow)


def _choose_version(config: ServerConfig, hello: ClientHello, flow: Flow) -> ProtocolVersion:
    """RFC 9846, 4.3.1: supported_versions decides, and its absence means 1.2 or older."""
    offered = hello.extensions.get(SupportedVersionsClientHello)
    if offered is not None:
        versions = offered.versions
    else:
        versions = (min(hello.legacy_version, ProtocolVersion.TLS12),)
    chosen: ProtocolVersion | None = told(choose_version(versions, config.versions), flow)
    if chosen is None:
        newest = max((v for v in versions if not v.is_grease), default=hello.legacy_version)
        ours = ", ".join(version.label for version in config.versions)
        raise PeerIncompatible(
            Reasons.version_too_old,
            f"the client speaks {newest.label} at most, this server {ours}",
            fix=TOO_OLD if newest < ProtocolVersion.TLS12 else None,
        )
    if chosen >= ProtocolVersion.TLS13 and hello.legacy_version != LEGACY_VERSION:
        raise PeerMisbehaved(Reasons.illegal_legacy_version, str(hello.legacy_version))
    return chosen

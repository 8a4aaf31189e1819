"""What a client of TLS 1.3 knows from state to state, and what it reads in answers."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import NamedGroup
from tlsee.config import ClientConfig
from tlsee.crypto.suites import Suite
from tlsee.deciders import CredentialRequest
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.certificate_types import ALL_X509, CertificateTypes, wanted_of_client
from tlsee.handshake.compose import Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.negotiate import NOTHING_OFFERED, peer_chose
from tlsee.handshake.outcome import EarlyData
from tlsee.handshake.psk13 import OfferedPsk
from tlsee.identity.path.judge import Verdict
from tlsee.keys.schedule13 import HandshakeStage, TrafficSecret
from tlsee.questions import ChooseCredential
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import (
    Choice,
    Role,
)
from tlsee.values import value
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms, SignatureAlgorithmsCert
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import (
    CertificateRequest,
)


@value
class Recalled:
    """A session of TLS 1.2 that the hello offers; ``verdict``: of its chain, judged anew."""

    session: Session
    verdict: Verdict | None
    _hidden: ClassVar[frozenset[str]] = frozenset({"session", "verdict"})


@value
class ClientBasis:
    """What a client knows before anybody answered; ``hello`` is the last one it sent."""

    config: ClientConfig
    identity: str | None
    server_name: str | None
    composer: Composer
    hello: ClientHello
    older: Recalled | None = None


@value
class Keys:
    """What ServerHello settled; ``early``: data may have been taken early, under ``psk``.

    ``beside``: the external key beside which the server shows a certificate (RFC 9973).
    """

    suite: Suite
    group: NamedGroup | None
    shared_secret: bytes
    psk: OfferedPsk | None
    early: bool
    beside: ExternalPsk | None = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"shared_secret", "psk"})


@value
class ClientSession:
    """What both sides know since ServerHello."""

    basis: ClientBasis
    keys: Keys
    retried: bool
    stage: HandshakeStage
    client: TrafficSecret
    server: TrafficSecret
    alpn: bytes | None
    early_data: EarlyData
    types: CertificateTypes = ALL_X509
    _hidden: ClassVar[frozenset[str]] = frozenset({"keys", "stage", "client", "server"})

    @property
    def suite(self) -> Suite:
        """The suite of the connection."""
        return self.keys.suite


def selected_protocol(
    config: ClientConfig, answer: ProtocolNameList | None, flow: Flow
) -> bytes | None:
    """RFC 7301, 3.1: one name, and one of ours."""
    if answer is None:
        if config.alpn:
            flow.tell(peer_chose("alpn", config.alpn, None))
        else:
            flow.tell(Choice("alpn", (), (), None, NOTHING_OFFERED, Role.SERVER))
        return None
    names = answer.protocol_name_list
    if len(names) != 1 or names[0] not in config.alpn:
        raise PeerMisbehaved(Reasons.alpn_not_offered)
    flow.tell(peer_chose("alpn", config.alpn, names[0]))
    return names[0]


def which_credential(
    config: ClientConfig, request: CertificateRequest, types: CertificateTypes
) -> ChooseCredential:
    """The question which of our certificates a request is for (RFC 9846, 4.4.2)."""
    schemes = request.extensions.require(SignatureAlgorithms).supported_signature_algorithms
    for_chain = request.extensions.get(SignatureAlgorithmsCert)
    authorities = request.extensions.get(CertificateAuthorities)
    wanted = CredentialRequest(
        config.credential_index,
        None,
        tuple(scheme for scheme in schemes if scheme in config.schemes),
        for_chain.supported_signature_algorithms if for_chain is not None else None,
        authorities.authorities if authorities is not None else (),
        types=wanted_of_client(types),
    )
    return ChooseCredential(wanted, config.choose_credential)

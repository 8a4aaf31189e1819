"""The server's TLS 1.2 handshake up to ServerHelloDone (RFC 5246, 7.3, figure 1)."""

from __future__ import annotations

from typing import Any, ClassVar

from tlsee.codes import CertificateStatusType, ExtensionType, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.config import ServerConfig
from tlsee.crypto.provider import Decrypter
from tlsee.crypto.suites12 import Suite12
from tlsee.deciders import CredentialRequest
from tlsee.errors import LocalFailure, PeerIncompatible, Reasons
from tlsee.handshake.authenticate import tell_selection, wants_staples
from tlsee.handshake.certificate_types import require_common, settle, wanted_of_server
from tlsee.handshake.compose import Agreement12
from tlsee.handshake.exchange12 import (
    FALLBACK_LENGTH,
    Ephemeral,
    KeyTransport,
    ephemeral,
    server_key_exchange,
    server_parameters,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate12 import choose_suite12, schemes_for_suites
from tlsee.handshake.record_limits import keep_to
from tlsee.handshake.server12_flight import (
    Before12,
    Shown,
    WaitCertificate,
    WaitClientKeyExchange,
    WaitRawPublicKey,
    ask_or_be_done,
)
from tlsee.handshake.server13 import ServerBasis
from tlsee.handshake.session12 import (
    Session12,
    certificate12,
)
from tlsee.identity.credentials import Credential
from tlsee.identity.fitness import ForSuites12
from tlsee.identity.index import Selection
from tlsee.questions import ChooseCredential, Sign
from tlsee.text import printable
from tlsee.trace import (
    Role,
)
from tlsee.values import replace, value
from tlsee.wire.extensions.status_request import OCSPResponse
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages12 import (
    CertificateStatus,
)

SESSION_ID_LENGTH = 32  # the longest (RFC 5246, 7.4.1.3)
_WORDS = 4  # of why credentials cannot serve: more tell no more


def choose_credential12(
    basis: ServerBasis,
    agreement: Agreement12,
    usable: tuple[Suite12, ...],
    offered: tuple[SignatureScheme, ...],
    flow: Flow,
) -> AwaitCredential:
    """First the certificate, for the suite's name says of which kind it must be."""
    config = basis.config
    accepted = tuple(scheme for scheme in offered if scheme in config.schemes12)
    schemes = schemes_for_suites(accepted, usable)
    listed = basis.hello.extensions.get(SupportedGroups)
    groups = listed.named_group_list if listed is not None else None
    request = CredentialRequest(
        config.credential_index,
        agreement.server_name,
        schemes,
        None,
        (),
        older=True,
        obstacle=ForSuites12(usable, schemes, groups),
        types=wanted_of_server(basis.hello),
    )
    flow.ask(ChooseCredential(request, config.choose_credential))
    return AwaitCredential(basis, agreement, usable, offered)


@value
class AwaitCredential(State):
    """The certificate is being chosen."""

    basis: ServerBasis
    agreement: Agreement12
    usable: tuple[Suite12, ...]
    offered: tuple[SignatureScheme, ...]
    rfc: ClassVar[str] = "1.2 NEGOTIATED"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_credential(
        self, answer: Selection, flow: Flow
    ) -> AwaitSignature | WaitCertificate | WaitRawPublicKey | WaitClientKeyExchange:
        """ServerHello, Certificate, and the parameters that are to be signed."""
        config, hello, agreement = self.basis.config, self.basis.hello, self.agreement
        names = (agreement.server_name,) if agreement.server_name is not None else ()
        tell_selection(answer, self.offered, names, Role.SERVER, flow, config.schemes12)
        if not answer.name_known and names and config.policy.strict_server_name:
            raise PeerIncompatible(Reasons.unrecognized_name, printable(names[0]))
        if answer.chosen is None or answer.scheme is None:
            require_common(config, hello)
            raise PeerIncompatible(Reasons.no_common_scheme, self._why_none(answer))
        able = tuple(config.suites12.values())
        suite, choice = choose_suite12(
            hello.cipher_suites, self.usable, able, answer.scheme, answer.chosen
        )
        flow.tell(choice)
        if suite is None:
            raise PeerIncompatible(Reasons.no_common_suite, "none for the certificate's key")
        late_mac = agreement.encrypt_then_mac and not suite.is_aead
        staple = _staple(hello, answer.chosen)
        types = settle(config, hello, answer.chosen)
        settled_hello = replace(
            agreement,
            suite=suite.code,
            encrypt_then_mac=late_mac,
            stapled=staple is not None,
            types=types,
            **({} if types.client_is_raw else _promises(config, hello)),
        )
        message = self.basis.composer.server_hello12(config, settled_hello)
        shown_chain = certificate12(answer.chosen.chain, raw=types.server_is_raw)
        heard = hello.raw + flow.send(message) + flow.send(shown_chain)
        if staple is not None:
            heard += flow.send(staple)
        keep_to(agreement.limits, config, flow, older=True)
        session = Session12(
            suite,
            hello.random,
            message.random,
            agreement.extended,
            late_mac,
            agreement.alpn,
            agreement.server_name,
            settled_hello.ticket,
            settled_hello.session_id,
            types,
        )
        shown = Shown(self.basis, session, answer.chosen, answer.scheme)
        if suite.key_exchange is KeyExchangeAlgorithm.rsa:
            fallback = config.provider.random(FALLBACK_LENGTH, "premaster instead")
            transport = KeyTransport(decrypter_of(answer.chosen), fallback)
            return ask_or_be_done(shown, transport, heard, flow)
        settled = agreement.groups[suite.key_exchange]
        flow.tell(settled)
        secret = ephemeral(config, settled.chosen)
        parameters = server_parameters(secret)
        content = session.client_random + session.server_random + parameters
        flow.ask(Sign(answer.chosen.signer, answer.scheme, content, config.provider))
        return AwaitSignature(shown, secret, heard, parameters)

    def _why_none(self, answer: Selection) -> str:
        """What stood in the way of each, if any was looked at, and what the client accepts."""
        whys = tuple(dict.fromkeys(why for _, why in answer.considered))[:_WORDS]
        listed = ", ".join(str(scheme) for scheme in self.offered[:12]) or "no signature scheme"
        return "; ".join((*whys, f"the client accepts {listed}"))


def _promises(config: ServerConfig, hello: ClientHello) -> dict[str, Any]:
    """What the hello says of the session: that a ticket comes, or its id (RFC 5077, 3.4)."""
    if config.sessions is None or not config.tickets:
        return {}
    if hello.extensions.has(ExtensionType.session_ticket):
        return {"ticket": True}
    named = config.sessions.keeps_ids
    return {"session_id": config.provider.random(SESSION_ID_LENGTH, "session_id") if named else b""}


def _staple(hello: ClientHello, credential: Credential) -> CertificateStatus | None:
    """RFC 6066, 8: the response for our own certificate, where the client asked and there is one.

    1.2 has no place for the others'.
    """
    if not wants_staples(hello):
        return None
    response = next(iter(credential.stapled()), None)
    if response is None:
        return None
    return CertificateStatus(CertificateStatusType.ocsp, OCSPResponse(response))


def decrypter_of(credential: Credential) -> Decrypter:
    """Who decrypts with the credential's key; the choice of the suite has seen to it."""
    signer: Any = credential.signer
    if not hasattr(signer, "decrypt"):
        raise LocalFailure(Reasons.decryption_failed, "the signer does not decrypt")
    decrypter: Decrypter = signer
    return decrypter


@value
class AwaitSignature(Before12):
    """Our key signs the parameters, wherever it is."""

    shown: Shown
    secret: Ephemeral
    heard: bytes
    parameters: bytes
    rfc: ClassVar[str] = "1.2 NEGOTIATED"

    def fork(self) -> AwaitSignature:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, secret=self.secret.fork())

    def on_signature(
        self, answer: bytes, flow: Flow
    ) -> WaitCertificate | WaitRawPublicKey | WaitClientKeyExchange:
        """ServerKeyExchange, the wish for a certificate, and ServerHelloDone."""
        message = server_key_exchange(self.parameters, self.shown.scheme, answer)
        heard = self.heard + flow.send(message)
        return ask_or_be_done(self.shown, self.secret, heard, flow)

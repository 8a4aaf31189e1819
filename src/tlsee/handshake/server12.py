"""The server's TLS 1.2 handshake, downwards in the order of the wire (RFC 5246, 7.3, figure 1)."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.codes12 import ClientCertificateType
from tlsee.config import CredentialRequest, JudgeRequest, ServerConfig
from tlsee.crypto.provider import OwnShare
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.suites12 import Suite12
from tlsee.errors import CertificateRejected, PeerIncompatible, Reasons
from tlsee.handshake.authenticate import tell_selection
from tlsee.handshake.compose import Agreement12
from tlsee.handshake.exchange12 import (
    finish_exchange,
    server_key_exchange,
    server_parameters,
    verify12,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.negotiate12 import choose_suite12, schemes_for_suites
from tlsee.handshake.post12 import ConnectedServer12
from tlsee.handshake.server13 import ServerBasis
from tlsee.handshake.session12 import (
    Session12,
    digest_of,
    main_secret,
    outcome12,
    tell_main_secret,
)
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.path.judge import Purpose, Verdict
from tlsee.identity.proof import Anonymous, ByCertificate, PeerProof, Unverified
from tlsee.keys.schedule12 import MainSecret
from tlsee.questions import ChooseCredential, Judge, Sign
from tlsee.text import printable
from tlsee.trace import (
    CertificateJudged,
    Direction,
    Epoch,
    FinishedChecked,
    HandshakeCompleted,
    Role,
    SignatureChecked,
)
from tlsee.values import replace, value
from tlsee.wire.messages12 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    ClientKeyExchange,
    Finished,
    ServerHelloDone,
)

CERTIFICATE_TYPES = (ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign)


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
    request = CredentialRequest(config.credential_index, agreement.server_name, schemes, None, ())
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

    def on_credential(self, answer: Selection, flow: Flow) -> AwaitSignature:
        """ServerHello, Certificate, and the parameters that are to be signed."""
        config, hello, agreement = self.basis.config, self.basis.hello, self.agreement
        names = (agreement.server_name,) if agreement.server_name is not None else ()
        tell_selection(answer, self.offered, names, Role.SERVER, flow)
        if not answer.name_known and names and config.policy.strict_server_name:
            raise PeerIncompatible(Reasons.unrecognized_name, printable(names[0]))
        if answer.chosen is None or answer.scheme is None:
            listed = ", ".join(str(scheme) for scheme in self.offered[:12])
            raise PeerIncompatible(Reasons.no_common_scheme, f"the client accepts {listed}")
        suite, choice = choose_suite12(
            hello.cipher_suites, self.usable, tuple(config.suites12.values()), answer.scheme
        )
        flow.tell(choice)
        if suite is None:
            raise PeerIncompatible(Reasons.no_common_suite, "none for the certificate's key")
        agreement = replace(agreement, suite=suite.code)
        message = self.basis.composer.server_hello12(config, agreement)
        heard = hello.raw + flow.send(message) + flow.send(Certificate(answer.chosen.chain))
        if agreement.record_size_limit is not None:
            flow.limit_records(config.record_size_limit, agreement.record_size_limit + 1)
        session = Session12(
            suite,
            hello.random,
            message.random,
            agreement.extended,
            agreement.encrypt_then_mac,
            agreement.alpn,
            agreement.server_name,
        )
        share = config.provider.groups[agreement.group].generate()
        parameters = server_parameters(agreement.group, share)
        content = session.client_random + session.server_random + parameters
        flow.ask(Sign(answer.chosen.signer, answer.scheme, content, config.provider))
        shown = Shown(self.basis, session, agreement.group, answer.chosen, answer.scheme, share)
        return AwaitSignature(shown, heard, parameters)


@value
class Shown:
    """What the server showed, and its ephemeral key, which is used once."""

    basis: ServerBasis
    session: Session12
    group: NamedGroup
    credential: Credential
    scheme: SignatureScheme
    share: OwnShare
    _hidden: ClassVar[frozenset[str]] = frozenset({"share"})

    def fork(self) -> Shown:
        """With a share of its own."""
        return replace(self, share=self.share.fork())


class _Before12(State):
    """What the states that hold the ephemeral key have in common."""

    __slots__ = ()
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True


@value
class AwaitSignature(_Before12):
    """Our key signs the parameters, wherever it is."""

    shown: Shown
    heard: bytes
    parameters: bytes
    rfc: ClassVar[str] = "1.2 NEGOTIATED"

    def fork(self) -> AwaitSignature:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, shown=self.shown.fork())

    def on_signature(self, answer: bytes, flow: Flow) -> WaitCertificate | WaitClientKeyExchange:
        """ServerKeyExchange, the wish for a certificate, and ServerHelloDone."""
        shown = self.shown
        config = shown.basis.config
        message = server_key_exchange(self.parameters, shown.scheme, answer)
        heard = self.heard + flow.send(message)
        if config.client_auth == "none":
            heard += flow.send(ServerHelloDone())
            return WaitClientKeyExchange(shown, heard)
        request = CertificateRequest(CERTIFICATE_TYPES, config.schemes12, config.client_authorities)
        heard += flow.send(request) + flow.send(ServerHelloDone())
        return WaitCertificate(shown, heard)


@value
class WaitCertificate(_Before12):
    """We asked for the client's certificate."""

    shown: Shown
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE"

    def fork(self) -> WaitCertificate:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, shown=self.shown.fork())

    def on_certificate(
        self, message: Certificate, flow: Flow
    ) -> AwaitVerdict | WaitClientKeyExchange:
        """RFC 5246, 7.4.6: an empty list is an answer where the certificate is optional."""
        config = self.shown.basis.config
        heard = self.heard + message.raw
        if not message.certificate_list or config.client_trust is None:
            if config.client_auth == "required":
                raise CertificateRejected(Reasons.client_certificate_missing)
            return WaitClientKeyExchange(self.shown, heard)
        chain = message.certificate_list
        key = leaf_key(chain[0])
        now = config.provider.now()
        request = JudgeRequest(chain, config.client_trust, Purpose.CLIENT, None, now)
        flow.ask(Judge(request, config.judge))
        return AwaitVerdict(self.shown, heard, key)


@value
class AwaitVerdict(_Before12):
    """The judge looks at the client's chain."""

    shown: Shown
    heard: bytes
    public_key: PublicKey
    rfc: ClassVar[str] = "1.2 WAIT_CLIENT_KEY_EXCHANGE"

    def fork(self) -> AwaitVerdict:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, shown=self.shown.fork())

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitClaimantsKeyExchange:
        """A certificate that was given must be good, also where it was optional."""
        flow.tell(CertificateJudged(answer))
        trust = self.shown.basis.config.client_trust
        if trust is None or not trust.insecure:
            answer.require()
        return WaitClaimantsKeyExchange(self.shown, self.heard, Claim(self.public_key, answer))


@value
class Claim:
    """Whom the client says it is; its signature is still to come."""

    public_key: PublicKey
    verdict: Verdict


@value
class WaitClientKeyExchange(_Before12):
    """The half of the key exchange of a client that shows no certificate."""

    shown: Shown
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CLIENT_KEY_EXCHANGE"

    def fork(self) -> WaitClientKeyExchange:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, shown=self.shown.fork())

    def on_client_key_exchange(
        self, message: ClientKeyExchange, flow: Flow
    ) -> WaitChangeCipherSpec:
        """RFC 8422, 5.7: both sides have the premaster secret, and from it the main secret."""
        heard = self.heard + message.raw
        keyed = _agree(self.shown, message, heard, flow)
        return WaitChangeCipherSpec(keyed, heard, Anonymous(), None)


@value
class WaitClaimantsKeyExchange(_Before12):
    """The half of the key exchange of a client whose signature is to come."""

    shown: Shown
    heard: bytes
    claim: Claim
    rfc: ClassVar[str] = "1.2 WAIT_CLIENT_KEY_EXCHANGE"

    def fork(self) -> WaitClaimantsKeyExchange:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, shown=self.shown.fork())

    def on_client_key_exchange(
        self, message: ClientKeyExchange, flow: Flow
    ) -> WaitCertificateVerify:
        """The same, and then the client proves that it holds the certificate's key."""
        heard = self.heard + message.raw
        return WaitCertificateVerify(_agree(self.shown, message, heard, flow), heard, self.claim)


def _agree(shown: Shown, message: ClientKeyExchange, heard: bytes, flow: Flow) -> Keyed:
    """The main secret; the ephemeral key is used up."""
    session = shown.session
    main = main_secret(session, finish_exchange(shown.share, message), heard)
    tell_main_secret(flow, session, main)
    config = shown.basis.config
    return Keyed(config, session, shown.group, shown.credential, shown.scheme, main)


@value
class Keyed:
    """The main secret is there; the ephemeral key is gone."""

    config: ServerConfig
    session: Session12
    group: NamedGroup
    credential: Credential
    scheme: SignatureScheme
    main: MainSecret


@value
class WaitCertificateVerify(_Before12):
    """Does the client hold the certificate's key?"""

    keyed: Keyed
    heard: bytes
    claim: Claim
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE_VERIFY"

    def on_certificate_verify(self, message: CertificateVerify, flow: Flow) -> WaitChangeCipherSpec:
        """RFC 5246, 7.4.8: a signature over all messages so far."""
        config = self.keyed.config
        receipt = verify12(
            config, self.claim.public_key, message.algorithm, message.signature, self.heard
        )
        flow.tell(SignatureChecked(message.algorithm))
        chosen = peer_chose("scheme", config.schemes12, message.algorithm)
        flow.tell(replace(chosen, by=Role.CLIENT))
        verdict = self.claim.verdict
        proof: PeerProof
        if (
            config.client_trust is not None
            and config.client_trust.insecure
            and (not verdict.accepted)
        ):
            proof = Unverified(verdict, receipt)
        else:
            proof = ByCertificate(verdict.require(), verdict, receipt)
        return WaitChangeCipherSpec(self.keyed, self.heard + message.raw, proof, message.algorithm)


@value
class WaitChangeCipherSpec(_Before12):
    """The client's keys change next, and by nothing but this."""

    keyed: Keyed
    heard: bytes
    proof: PeerProof
    client_scheme: SignatureScheme | None
    rfc: ClassVar[str] = "1.2 WAIT_CHANGE_CIPHER_SPEC"

    def on_change_cipher_spec(self, flow: Flow) -> WaitFinished:
        """RFC 5246, 7.1."""
        session = self.keyed.session
        client, _ = self.keyed.main.keys(
            session.client_random, session.server_random, encrypt_then_mac=session.encrypt_then_mac
        )
        flow.install(Direction.READ, Epoch.APPLICATION, client)
        return WaitFinished(self.keyed, self.heard, self.proof, self.client_scheme)


@value
class WaitFinished(_Before12):
    """The client's checksum; ours answers it."""

    keyed: Keyed
    heard: bytes
    proof: PeerProof
    client_scheme: SignatureScheme | None
    rfc: ClassVar[str] = "1.2 WAIT_FINISHED"

    def on_finished(self, message: Finished, flow: Flow) -> ConnectedServer12:
        """RFC 5246, 7.4.9: then ChangeCipherSpec, new keys, and Finished of our own."""
        keyed, session = self.keyed, self.keyed.session
        digest = digest_of(session.suite, self.heard)
        receipt = keyed.main.check_client_finished(digest, message.verify_data)
        flow.tell(FinishedChecked())
        _, server = keyed.main.keys(
            session.client_random, session.server_random, encrypt_then_mac=session.encrypt_then_mac
        )
        flow.change_cipher_spec(required=True)
        flow.install(Direction.WRITE, Epoch.APPLICATION, server)
        digest = digest_of(session.suite, self.heard + message.raw)
        flow.send(Finished(keyed.main.server_finished(digest)))
        flow.open(Direction.READ)
        flow.open(Direction.WRITE)
        flow.tell(HandshakeCompleted())
        outcome = outcome12(
            session,
            keyed.group,
            keyed.scheme,
            self.client_scheme,
            self.proof,
            keyed.credential,
            keyed.config.client_auth != "none",
        )
        return ConnectedServer12(
            outcome, receipt, keyed.main, session.client_random, session.server_random
        )

"""The server's TLS 1.2 handshake from ServerHelloDone on: what the client answers."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.codes12 import ClientCertificateType
from tlsee.config import ServerConfig
from tlsee.crypto.public_keys import PublicKey
from tlsee.errors import CertificateRejected, Reasons
from tlsee.handshake.authenticate import prove
from tlsee.handshake.certificate_types import Claimed, judge_raw
from tlsee.handshake.exchange12 import (
    Ephemeral,
    KeyTransport,
    finish_exchange,
    open_premaster,
    verify12,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.judging import ask_about_client
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.outcome import PeerProof
from tlsee.handshake.post12 import ConnectedServer12
from tlsee.handshake.server13 import ServerBasis
from tlsee.handshake.session12 import (
    Session12,
    digest_of,
    main_secret,
    outcome12,
    tell_main_secret,
)
from tlsee.handshake.tickets12 import clock_of, tell_kept, ticket_for
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import Verdict
from tlsee.identity.proof import Anonymous
from tlsee.keys.schedule12 import MainSecret
from tlsee.questions import Decrypt
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
    RawPublicKeyCertificate,
    ServerHelloDone,
)

CERTIFICATE_TYPES = (ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign)


@value
class Shown:
    """What the server showed."""

    basis: ServerBasis
    session: Session12
    credential: Credential
    scheme: SignatureScheme


Secret = Ephemeral | KeyTransport


class Before12(State):
    """What the states that hold the ephemeral key have in common."""

    __slots__ = ()
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True


def ask_or_be_done(
    shown: Shown, secret: Secret, heard: bytes, flow: Flow
) -> WaitCertificate | WaitRawPublicKey | WaitClientKeyExchange:
    """The wish for a certificate, if there is one, and ServerHelloDone."""
    config = shown.basis.config
    if config.client_auth == "none":
        heard += flow.send(ServerHelloDone())
        return WaitClientKeyExchange(shown, secret, heard)
    request = CertificateRequest(CERTIFICATE_TYPES, config.schemes12, config.client_authorities)
    heard += flow.send(request) + flow.send(ServerHelloDone())
    waits = WaitRawPublicKey if shown.session.types.client_is_raw else WaitCertificate
    return waits(shown, secret, heard)


@value
class WaitCertificate(Before12):
    """We asked for the client's certificate."""

    shown: Shown
    secret: Secret
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE"

    def fork(self) -> WaitCertificate:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, secret=self.secret.fork())

    def on_certificate(
        self, message: Certificate, flow: Flow
    ) -> AwaitVerdict | WaitClientKeyExchange:
        """RFC 5246, 7.4.6: an empty list is an answer where the certificate is optional."""
        config = self.shown.basis.config
        heard = self.heard + message.raw
        if not message.certificate_list or config.client_trust is None:
            if config.client_auth == "required":
                raise CertificateRejected(Reasons.client_certificate_missing)
            return WaitClientKeyExchange(self.shown, self.secret, heard)
        chain = message.certificate_list
        key = leaf_key(chain[0])
        ask_about_client(config, config.client_trust, chain, flow)
        return AwaitVerdict(self.shown, self.secret, heard, key)


@value
class WaitRawPublicKey(Before12):
    """We asked for the client's raw public key (RFC 7250, 4.3)."""

    shown: Shown
    secret: Secret
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE"

    def fork(self) -> WaitRawPublicKey:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, secret=self.secret.fork())

    def on_certificate(
        self, message: RawPublicKeyCertificate, _: Flow
    ) -> WaitClaimantsKeyExchange | WaitClientKeyExchange:
        """One that we know; an empty one is an answer where it is optional."""
        config = self.shown.basis.config
        heard = self.heard + message.raw
        if not message.subject_public_key_info:
            if config.client_auth == "required":
                raise CertificateRejected(Reasons.client_certificate_missing)
            return WaitClientKeyExchange(self.shown, self.secret, heard)
        known = judge_raw(config.client_trust, (message.subject_public_key_info,))
        claim = Claim(known.public_key, known)
        return WaitClaimantsKeyExchange(self.shown, self.secret, heard, claim)


@value
class AwaitVerdict(Before12):
    """The judge looks at the client's chain."""

    shown: Shown
    secret: Secret
    heard: bytes
    public_key: PublicKey
    rfc: ClassVar[str] = "1.2 WAIT_CLIENT_KEY_EXCHANGE"

    def fork(self) -> AwaitVerdict:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, secret=self.secret.fork())

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitClaimantsKeyExchange:
        """A certificate that was given must be good, also where it was optional."""
        flow.tell(CertificateJudged(answer))
        trust = self.shown.basis.config.client_trust
        if trust is None or not trust.insecure:
            answer.require()
        claim = Claim(self.public_key, answer)
        return WaitClaimantsKeyExchange(self.shown, self.secret, self.heard, claim)


@value
class Claim:
    """Whom the client says it is; its signature is still to come."""

    public_key: PublicKey
    verdict: Claimed


@value
class WaitClientKeyExchange(Before12):
    """The half of the key exchange of a client that shows no certificate."""

    shown: Shown
    secret: Secret
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CLIENT_KEY_EXCHANGE"

    def fork(self) -> WaitClientKeyExchange:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, secret=self.secret.fork())

    def on_client_key_exchange(
        self, message: ClientKeyExchange, flow: Flow
    ) -> WaitChangeCipherSpec | AwaitPlaintext:
        """RFC 5246, 7.4.7: both sides have the premaster secret, and from it the main secret."""
        heard = self.heard + message.raw
        if isinstance(self.secret, KeyTransport):
            _ask_to_decrypt(self.shown, self.secret, message, flow)
            return AwaitPlaintext(self.shown, self.secret, heard)
        keyed = _agree(self.shown, self.secret, finish_exchange(self.secret, message), heard, flow)
        return WaitChangeCipherSpec(keyed, heard, Anonymous(), None)


@value
class AwaitPlaintext(Before12):
    """RSA: our key decrypts, wherever it is. Whatever comes out, the handshake goes on."""

    shown: Shown
    secret: KeyTransport
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CHANGE_CIPHER_SPEC"

    def on_plaintext(self, answer: bytes, flow: Flow) -> WaitChangeCipherSpec:
        """RFC 5246, 7.4.7.1: only Finished will show whether it was a premaster secret."""
        keyed = _agree(
            self.shown, self.secret, _opened(self.shown, self.secret, answer), self.heard, flow
        )
        return WaitChangeCipherSpec(keyed, self.heard, Anonymous(), None)


@value
class WaitClaimantsKeyExchange(Before12):
    """The half of the key exchange of a client whose signature is to come."""

    shown: Shown
    secret: Secret
    heard: bytes
    claim: Claim
    rfc: ClassVar[str] = "1.2 WAIT_CLIENT_KEY_EXCHANGE"

    def fork(self) -> WaitClaimantsKeyExchange:
        """The ephemeral key is used once, so each copy has its own."""
        return replace(self, secret=self.secret.fork())

    def on_client_key_exchange(
        self, message: ClientKeyExchange, flow: Flow
    ) -> WaitCertificateVerify | AwaitClaimantsPlaintext:
        """The same, and then the client proves that it holds the certificate's key."""
        heard = self.heard + message.raw
        if isinstance(self.secret, KeyTransport):
            _ask_to_decrypt(self.shown, self.secret, message, flow)
            return AwaitClaimantsPlaintext(self.shown, self.secret, heard, self.claim)
        keyed = _agree(self.shown, self.secret, finish_exchange(self.secret, message), heard, flow)
        return WaitCertificateVerify(keyed, heard, self.claim)


@value
class AwaitClaimantsPlaintext(Before12):
    """RSA, and the client's signature is still to come."""

    shown: Shown
    secret: KeyTransport
    heard: bytes
    claim: Claim
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE_VERIFY"

    def on_plaintext(self, answer: bytes, flow: Flow) -> WaitCertificateVerify:
        """As without a certificate."""
        keyed = _agree(
            self.shown, self.secret, _opened(self.shown, self.secret, answer), self.heard, flow
        )
        return WaitCertificateVerify(keyed, self.heard, self.claim)


def _ask_to_decrypt(
    shown: Shown, secret: KeyTransport, message: ClientKeyExchange, flow: Flow
) -> None:
    encrypted = message.rsa().pre_master_secret
    flow.ask(Decrypt(secret.decrypter, encrypted, shown.basis.config.provider))


def _opened(shown: Shown, secret: KeyTransport, plaintext: bytes) -> bytes:
    return open_premaster(secret, plaintext, shown.basis.hello.legacy_version)


def _agree(shown: Shown, secret: Secret, premaster: bytes, heard: bytes, flow: Flow) -> Keyed:
    """The main secret; the ephemeral key is used up."""
    session = shown.session
    group, scheme = None, None
    if isinstance(secret, Ephemeral):
        group, scheme = secret.code, shown.scheme
    main = main_secret(session, premaster, heard)
    tell_main_secret(flow, session, main)
    return Keyed(shown.basis.config, session, shown.credential, group, scheme, main)


@value
class Keyed:
    """The main secret is there; the ephemeral key is gone."""

    config: ServerConfig
    session: Session12
    credential: Credential
    group: NamedGroup | None
    scheme: SignatureScheme | None
    main: MainSecret


@value
class WaitCertificateVerify(Before12):
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
        if config.client_trust is None:  # checked when the configuration was made
            raise CertificateRejected(Reasons.unknown_ca, "no client_trust")
        proof = prove(self.claim.verdict, receipt, config.client_trust)
        return WaitChangeCipherSpec(self.keyed, self.heard + message.raw, proof, message.algorithm)


@value
class WaitChangeCipherSpec(Before12):
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
class WaitFinished(Before12):
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
        outcome = outcome12(
            session,
            keyed.group,
            keyed.scheme,
            self.client_scheme,
            self.proof,
            keyed.credential,
            keyed.config.client_auth != "none",
            clock_of(keyed.config),
        )
        heard = self.heard + message.raw
        if session.ticket_follows:
            heard += flow.send(ticket_for(keyed.config, outcome, keyed.main))
        flow.change_cipher_spec(required=True)
        flow.install(Direction.WRITE, Epoch.APPLICATION, server)
        flow.send(Finished(keyed.main.server_finished(digest_of(session.suite, heard))))
        flow.open(Direction.READ)
        flow.open(Direction.WRITE)
        flow.tell(HandshakeCompleted())
        connected = ConnectedServer12(
            outcome,
            receipt,
            keyed.main,
            session.client_random,
            session.server_random,
            message.verify_data,
        )
        tell_kept(keyed.config, connected, session.session_id, flow)
        return connected

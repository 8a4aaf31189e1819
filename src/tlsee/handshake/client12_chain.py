"""The client's TLS 1.2 handshake from ServerHello to the verdict on the server's certificate.

What follows is ``client12``. Between Certificate and ServerKeyExchange a server that said so in its
hello may staple an OCSP response (RFC 6066, 8).
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ExtensionType
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.public_keys import PublicKey
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.certificate_types import judge_raw, selected
from tlsee.handshake.client12 import (
    Proving,
    WaitDone,
    WaitOurChange,
    WaitRequestOrDone,
    WaitServerKeyExchange,
)
from tlsee.handshake.client12_resumed import WaitRenewal, WaitResumedChangeCipherSpec, resume
from tlsee.handshake.client13_facts import ClientBasis, selected_protocol
from tlsee.handshake.flow import Flow
from tlsee.handshake.judging import ask_about_server
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.record_limits import keep_to, limits_of_server
from tlsee.handshake.session12 import Session12
from tlsee.identity.certificate import leaf_key
from tlsee.identity.path.judge import Verdict
from tlsee.trace import CertificateJudged
from tlsee.values import replace, value
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.extensions.status_request import OCSPResponse
from tlsee.wire.hellos import ServerHello
from tlsee.wire.messages12 import (
    Certificate,
    CertificateRequest,
    CertificateStatus,
    RawPublicKeyCertificate,
    ServerHelloDone,
    ServerKeyExchange,
)


def enter(basis: ClientBasis, hello_raw: bytes, message: ServerHello, flow: Flow) -> Entered:
    """ServerHello chose TLS 1.2; the hello module has checked that it may, and for a downgrade."""
    config, extensions = basis.config, message.extensions
    suite = config.suites12.get(message.cipher_suite)
    if suite is None:
        raise PeerMisbehaved(Reasons.suite_not_offered, str(message.cipher_suite))
    if message.legacy_compression_method != 0:
        raise PeerMisbehaved(
            Reasons.illegal_compression, f"method {message.legacy_compression_method}"
        )
    echo = message.legacy_session_id_echo
    resumed = bool(echo) and echo == basis.hello.legacy_session_id
    if resumed and basis.older is None:
        raise PeerMisbehaved(Reasons.session_not_offered)
    _check_renegotiation(message)
    extended = extensions.has(ExtensionType.extended_main_secret)
    if not extended and config.policy.require_extended_main_secret:
        raise PeerMisbehaved(Reasons.extended_main_secret_missing)
    encrypt_then_mac = extensions.has(ExtensionType.encrypt_then_mac)
    if not (suite.is_aead or encrypt_then_mac or config.policy.allow_mac_then_encrypt):
        raise PeerMisbehaved(Reasons.mac_then_encrypt, str(suite.code))
    keep_to(limits_of_server(basis.hello, extensions), config, flow, older=True)
    flow.tell(peer_chose("version", config.versions, message.legacy_version))
    flow.tell(peer_chose("suite", config.suites, suite.code))
    alpn = selected_protocol(config, extensions.get(ProtocolNameList), flow)
    session = Session12(
        suite,
        basis.hello.random,
        message.random,
        extended,
        encrypt_then_mac,
        alpn,
        basis.server_name,
        extensions.has(ExtensionType.session_ticket),
        echo,
    )
    if basis.older is not None:
        chosen = basis.older.session if resumed else None
        flow.tell(peer_chose("session", (basis.older.session,), chosen))
        if resumed:
            return resume(basis, basis.older, session, hello_raw + message.raw, flow)
    types = selected(basis.hello, extensions)
    session = replace(session, types=types)
    if types.server_is_raw:
        return WaitRawPublicKey(basis, session, hello_raw + message.raw)
    status_follows = extensions.has(ExtensionType.status_request)
    return WaitCertificate(basis, session, hello_raw + message.raw, status_follows)


def _check_renegotiation(message: ServerHello) -> None:
    """RFC 5746, 3.4: the server must know the indication, and it is empty the first time."""
    info = message.extensions.get(RenegotiationInfo)
    if info is None:
        raise PeerMisbehaved(Reasons.insecure_renegotiation)
    if info.renegotiated_connection:
        raise PeerMisbehaved(Reasons.renegotiation_info_wrong)


@value
class WaitCertificate(State):
    """ServerHello came; now the server says who it is, and then perhaps staples."""

    basis: ClientBasis
    session: Session12
    heard: bytes
    status_follows: bool
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_certificate(
        self, message: Certificate, flow: Flow
    ) -> AwaitVerdict | WaitStatusOrKeyExchange | WaitStatusOrRequest:
        """RFC 5246, 7.4.2."""
        if not message.certificate_list:
            raise PeerMisbehaved(Reasons.empty_certificate)
        chain = message.certificate_list
        key = leaf_key(chain[0])
        _check_fit(self.session, key)
        heard = self.heard + message.raw
        if self.status_follows:
            waits = (
                WaitStatusOrRequest
                if self.session.suite.key_exchange is KeyExchangeAlgorithm.rsa
                else WaitStatusOrKeyExchange
            )
            return waits(self.basis, self.session, heard, chain, key)
        _judge(self.basis, self.session, chain, None, flow)
        return AwaitVerdict(self.basis, self.session, heard, key)


@value
class WaitRawPublicKey(State):
    """ServerHello promised a raw public key, which is what Certificate holds then (RFC 7250, 3)."""

    basis: ClientBasis
    session: Session12
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_certificate(
        self, message: RawPublicKeyCertificate, _: Flow
    ) -> WaitServerKeyExchange | WaitRequestOrDone:
        """One that we know, and that fits the suite."""
        if not message.subject_public_key_info:
            raise PeerMisbehaved(Reasons.empty_certificate)
        known = judge_raw(self.basis.config.trust, (message.subject_public_key_info,))
        key, heard = known.public_key, self.heard + message.raw
        _check_fit(self.session, key)
        if self.session.suite.key_exchange is KeyExchangeAlgorithm.rsa:
            return WaitRequestOrDone(Proving(self.basis, self.session, key, known, None), heard)
        return WaitServerKeyExchange(self.basis, self.session, heard, key, known)


def _check_fit(session: Session12, key: PublicKey) -> None:
    if not session.fits(key):
        raise PeerMisbehaved(Reasons.key_not_for_suite, f"{key.kind} with {session.suite.code}")


def _judge(
    basis: ClientBasis,
    session: Session12,
    chain: tuple[bytes, ...],
    staple: bytes | None,
    flow: Flow,
) -> None:
    stapled = (staple,) if staple is not None else ()
    ask_about_server(
        basis.config, chain, basis.identity, flow, stapled=stapled, use=session.key_use
    )


@value
class AwaitVerdict(State):
    """The judge looks at the chain."""

    basis: ClientBasis
    session: Session12
    heard: bytes
    public_key: PublicKey
    rfc: ClassVar[str] = "1.2 WAIT_SERVER_KEY_EXCHANGE"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitServerKeyExchange | WaitRequestOrDone:
        """Refused chains end here, unless the trust is ``insecure``."""
        accept(answer, self.basis, flow)
        if self.session.suite.key_exchange is KeyExchangeAlgorithm.rsa:
            return _for_rsa(self, answer)
        return WaitServerKeyExchange(self.basis, self.session, self.heard, self.public_key, answer)


def accept(answer: Verdict, basis: ClientBasis, flow: Flow) -> None:
    """Tell the verdict; refused chains end here, unless the trust is ``insecure``."""
    flow.tell(CertificateJudged(answer))
    if not basis.config.trust.insecure:
        answer.require()


def _for_rsa(waiting: AwaitVerdict | AwaitVerdictBefore, verdict: Verdict) -> WaitRequestOrDone:
    key = waiting.public_key
    return WaitRequestOrDone(
        Proving(waiting.basis, waiting.session, key, verdict, None), waiting.heard
    )


# ---- The server has said that it staples; RFC 6066, 8 lets it change its mind. Then the judge is
# ---- asked without a response, and the message that came instead is taken after the verdict.


@value
class Stapling(State):
    """What the states that wait for a stapled response have in common."""

    basis: ClientBasis
    session: Session12
    heard: bytes
    chain: tuple[bytes, ...]
    public_key: PublicKey
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE_STATUS"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_certificate_status(self, message: CertificateStatus, flow: Flow) -> AwaitVerdict:
        """RFC 6066, 8: the response for the server's own certificate."""
        if not isinstance(message.response, OCSPResponse):
            raise PeerMisbehaved(Reasons.illegal_value, f"a status of type {message.status_type}")
        _judge(self.basis, self.session, self.chain, message.response.response, flow)
        heard = self.heard + message.raw
        return AwaitVerdict(self.basis, self.session, heard, self.public_key)


@value
class WaitStatusOrKeyExchange(Stapling):
    """(EC)DHE: the response, or already the server's ephemeral key."""

    def on_server_key_exchange(
        self, message: ServerKeyExchange, flow: Flow
    ) -> AwaitVerdictBeforeKeyExchange:
        """No response came."""
        _judge(self.basis, self.session, self.chain, None, flow)
        return AwaitVerdictBeforeKeyExchange(
            self.basis, self.session, self.heard, self.public_key, message
        )


@value
class WaitStatusOrRequest(Stapling):
    """RSA key exchange: the response, or what comes after the certificate."""

    def on_certificate_request(
        self, message: CertificateRequest, flow: Flow
    ) -> AwaitVerdictBeforeRequest:
        """No response came."""
        _judge(self.basis, self.session, self.chain, None, flow)
        return AwaitVerdictBeforeRequest(
            self.basis, self.session, self.heard, self.public_key, message
        )

    def on_server_hello_done(self, message: ServerHelloDone, flow: Flow) -> AwaitVerdictBeforeDone:
        """No response came."""
        _judge(self.basis, self.session, self.chain, None, flow)
        return AwaitVerdictBeforeDone(
            self.basis, self.session, self.heard, self.public_key, message
        )


@value
class AwaitVerdictBefore(State):
    """The judge looks at the chain, and a message waits that is taken afterwards."""

    basis: ClientBasis
    session: Session12
    heard: bytes
    public_key: PublicKey
    rfc: ClassVar[str] = "1.2 WAIT_SERVER_KEY_EXCHANGE"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True


@value
class AwaitVerdictBeforeKeyExchange(AwaitVerdictBefore):
    """The server's ephemeral key waits."""

    held: ServerKeyExchange

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitRequestOrDone:
        """The verdict first, then the signature."""
        accept(answer, self.basis, flow)
        waiting = WaitServerKeyExchange(
            self.basis, self.session, self.heard, self.public_key, answer
        )
        return waiting.on_server_key_exchange(self.held, flow)


@value
class AwaitVerdictBeforeRequest(AwaitVerdictBefore):
    """The wish for our certificate waits."""

    held: CertificateRequest

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitDone:
        """The verdict first."""
        accept(answer, self.basis, flow)
        return _for_rsa(self, answer).on_certificate_request(self.held, flow)


@value
class AwaitVerdictBeforeDone(AwaitVerdictBefore):
    """It is our turn as soon as the verdict is there."""

    held: ServerHelloDone

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitOurChange:
        """The verdict first: nothing is encrypted to a key that nobody vouches for."""
        accept(answer, self.basis, flow)
        return _for_rsa(self, answer).on_server_hello_done(self.held, flow)


# Where ServerHello leads: to a certificate, or with a session at once to the server's Finished.
Entered = WaitCertificate | WaitRawPublicKey | WaitRenewal | WaitResumedChangeCipherSpec

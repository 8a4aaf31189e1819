"""What both roles of TLS 1.2 know since ServerHello, and what they make of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from tlsee.codes import NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.schemes import SignatureValid
from tlsee.crypto.suites12 import Suite12
from tlsee.handshake.certificate_types import ALL_X509, CertificateTypes, Claimed
from tlsee.handshake.flow import Flow
from tlsee.handshake.outcome import Outcome, PeerProof
from tlsee.handshake.tickets13 import provenance
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import KeyUse
from tlsee.identity.proof import ByCertificate, ByDecryption, ByRawPublicKey, Unverified
from tlsee.identity.raw_key import KnownKey
from tlsee.identity.trust import Trust
from tlsee.keys.schedule12 import MainSecret
from tlsee.keys.schedule13 import FinishedValid
from tlsee.trace import SecretDerived
from tlsee.values import value
from tlsee.wire.codec import Message
from tlsee.wire.messages12 import Certificate, RawPublicKeyCertificate


@value
class Session12:
    """The hellos' result. ``extended``: the main secret covers the handshake (RFC 7627).

    ``ticket_follows``: the server has promised one (RFC 5077, 3.2). ``session_id``: the name that
    it gave to the session, or nothing.
    """

    suite: Suite12
    client_random: bytes
    server_random: bytes
    extended: bool
    encrypt_then_mac: bool
    alpn: bytes | None
    server_name: str | None
    ticket_follows: bool = False
    session_id: bytes = b""
    types: CertificateTypes = ALL_X509

    @property
    def key_use(self) -> KeyUse:
        """What the server's certificate must allow its key to do (RFC 5246, 7.4.2)."""
        return key_use_of(self.suite)

    def fits(self, key: PublicKey) -> bool:
        """Whether a server's key is of the kind that the suite's name says (RFC 5246, 7.4.2)."""
        if self.suite.authentication == "rsa":
            if self.suite.key_exchange is KeyExchangeAlgorithm.rsa:
                return key.kind == "rsa"
            return key.kind in ("rsa", "rsa-pss")
        return key.kind.startswith("ecdsa") or key.kind in ("ed25519", "ed448")


def key_use_of(suite: Suite12) -> KeyUse:
    """What a suite has the server's key do: decrypt, or sign."""
    if suite.key_exchange is KeyExchangeAlgorithm.rsa:
        return KeyUse.KEY_ENCIPHERMENT
    return KeyUse.SIGNING


def digest_of(suite: Suite12, heard: bytes) -> bytes:
    """The transcript's hash: 1.2's messages are few, so they are kept and hashed when asked."""
    return hashlib.new(suite.hash_name, heard).digest()


def main_secret(session: Session12, premaster: bytes, heard: bytes) -> MainSecret:
    """From the premaster secret; ``heard`` ends with ClientKeyExchange."""
    if session.extended:
        return MainSecret.of_session(session.suite, premaster, digest_of(session.suite, heard))
    return MainSecret.of_randoms(
        session.suite, premaster, session.client_random, session.server_random
    )


def tell_main_secret(flow: Flow, session: Session12, main: MainSecret) -> None:
    """For the key log (RFC 9850, 2.2)."""
    flow.note(SecretDerived, "CLIENT_RANDOM", session.client_random, main.secret)


def certificate12(chain: tuple[bytes, ...], *, raw: bool) -> Message:
    """Our certificates or our raw public key; empty where a client has none to show."""
    return RawPublicKeyCertificate(b"".join(chain)) if raw else Certificate(chain)


def prove12(
    verdict: Claimed, receipt: SignatureValid | None, finished: FinishedValid, trust: Trust
) -> PeerProof:
    """A signature over the parameters proves the key; without one, that it could decrypt.

    Raises:
        CertificateRejected: the verdict refuses and the trust is not ``insecure``.
    """
    if isinstance(verdict, KnownKey):
        return ByRawPublicKey(verdict, receipt if receipt is not None else finished)
    if trust.insecure and not verdict.accepted:
        return Unverified(verdict, receipt if receipt is not None else finished)
    if receipt is None:
        return ByDecryption(verdict.require(), verdict, finished)
    return ByCertificate(verdict.require(), verdict, receipt)


def outcome12(
    session: Session12,
    group: NamedGroup | None,
    scheme: SignatureScheme | None,
    client_scheme: SignatureScheme | None,
    peer: PeerProof,
    credential: Credential | None,
    asked: bool,
    now: Callable[[], float],
    identity: str | None = None,
) -> Outcome:
    """What was negotiated and proved; ``now`` tells when a session without certificates began."""
    return Outcome(
        ProtocolVersion.TLS12,
        session.suite.code,
        group,
        scheme,
        client_scheme,
        session.alpn,
        session.server_name,
        peer,
        credential,
        asked,
        False,
        *provenance(peer, now),
        identity,
    )

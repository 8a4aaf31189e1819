"""What the authentication messages of both roles have in common (RFC 9846, 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tlsee.codes import CertificateStatusType, ExtensionType, SignatureScheme
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.schemes import PublicKey, SignatureValid
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.certificate_types import Claimed
from tlsee.handshake.flow import Flow
from tlsee.handshake.negotiate import scheme_chosen
from tlsee.handshake.outcome import EarlyExporter, PeerProof
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.proof import ByCertificate, ByRawPublicKey, Unverified
from tlsee.identity.raw_key import KnownKey
from tlsee.identity.trust import Trust
from tlsee.keys.schedule13 import EarlyStage, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.trace import Choice, Role, SecretDerived
from tlsee.wire.codec import encode
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.status_request import CertificateStatus, OCSPResponse, StatusRequest
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateEntry,
    CertificateRequest,
    CertificateVerify,
)

# RFC 9846, 4.5.2: the pad keeps a signature from being one over a 1.2 ServerKeyExchange.
_PAD = b"\x20" * 64
SERVER_CONTEXT = _PAD + b"TLS 1.3, server CertificateVerify\x00"
CLIENT_CONTEXT = _PAD + b"TLS 1.3, client CertificateVerify\x00"

PREPARED_CHAINS = 256  # Certificate messages kept ready; a server seldom has more in use at once


Staples = tuple[bytes | None, ...]


def signed_content(context: bytes, transcript: Transcript) -> bytes:
    """What CertificateVerify signs."""
    return context + transcript.digest()


@lru_cache(maxsize=PREPARED_CHAINS)
def _prepared(chain: tuple[bytes, ...], stapled: Staples) -> Certificate:
    """The Certificate message for a chain, encoded once for all handshakes that send it."""
    responses = stapled or (None,) * len(chain)
    entries = tuple(
        CertificateEntry(der, _stapled(response))
        for der, response in zip(chain, responses, strict=True)
    )
    message = Certificate(b"", entries)
    message.raw = encode(message)
    return message


def _stapled(response: bytes | None) -> Extensions:
    if response is None:
        return Extensions.of()
    return Extensions.of(CertificateStatus(CertificateStatusType.ocsp, OCSPResponse(response)))


def certificate_message(
    credential: Credential | None, request: ClientHello | CertificateRequest
) -> Certificate:
    """Our chain, or the empty list of a client that has none to show (RFC 9846, 4.5.1).

    Each certificate has its OCSP response beside it where the peer asked and there is one.
    """
    if credential is None:
        return _prepared((), ())
    return _prepared(credential.chain, credential.stapled() if wants_staples(request) else ())


def wants_staples(request: ClientHello | CertificateRequest) -> bool:
    """Whether the peer asked for OCSP responses (RFC 6066, 8; RFC 9846, 4.5.1.1)."""
    asked = request.extensions.get(StatusRequest)
    if asked is not None:
        return asked.status_type == CertificateStatusType.ocsp
    return request.extensions.has(ExtensionType.status_request)


def check_signature(
    config: ClientConfig | ServerConfig,
    public_key: PublicKey,
    message: CertificateVerify,
    content: bytes,
) -> SignatureValid:
    """The peer's CertificateVerify: offered by us, fit for its key, and true.

    Raises:
        PeerMisbehaved: scheme_not_offered, scheme_not_for_key or bad_signature.
    """
    if message.algorithm not in config.schemes:
        raise PeerMisbehaved(Reasons.scheme_not_offered, str(message.algorithm))
    scheme = config.provider.schemes[message.algorithm]
    if not scheme.fits(public_key):
        raise PeerMisbehaved(
            Reasons.scheme_not_for_key, f"{message.algorithm} with a key of kind {public_key.kind}"
        )
    return scheme.verify(public_key, message.signature, content)


def prove(verdict: Claimed, receipt: SignatureValid, trust: Trust) -> PeerProof:
    """From the two receipts to what they prove.

    Raises:
        CertificateRejected: the verdict refuses and the trust is not ``insecure``.
    """
    if isinstance(verdict, KnownKey):
        return ByRawPublicKey(verdict, receipt)
    if trust.insecure and not verdict.accepted:
        return Unverified(verdict, receipt)
    return ByCertificate(verdict.require(), verdict, receipt)


def check_solicited(
    message: Certificate, request: ClientHello | CertificateRequest, where: str
) -> None:
    """RFC 9846, 4.5.1: extensions of entries answer ones that we sent."""
    for entry in message.certificate_list:
        for kind in entry.extensions.types:
            if kind.is_grease or not request.extensions.has(kind):
                raise PeerMisbehaved(Reasons.unsolicited_extension, f"{kind} in {where}")


def tell_secret(
    flow: Flow, label: str, client_random: bytes, secret: TrafficSecret | bytes
) -> None:
    """For the key log (RFC 9850, 2)."""
    raw = secret if isinstance(secret, bytes) else secret.secret
    flow.note(SecretDerived, label, client_random, raw)


def tell_early_exporter(stage: EarlyStage, digest: bytes, client_random: bytes, flow: Flow) -> None:
    """For ``connection.export_early`` and the key log; ``digest`` is the ClientHello's."""
    secret = stage.early_exporter(digest)
    tell_secret(flow, "EARLY_EXPORTER_SECRET", client_random, secret)
    flow.tell(EarlyExporter(stage.suite.hash_name, secret))


def tell_selection(
    selection: Selection,
    offered: tuple[SignatureScheme, ...],
    names: tuple[str, ...],
    by: Role,
    flow: Flow,
    schemes12: Sequence[SignatureScheme] = (),
) -> None:
    """The certificate and the scheme as Choices, with why the others lost.

    ``schemes12``: for TLS 1.2, what the configuration signs with there.
    """
    considered = tuple(credential for credential, _ in selection.considered)
    why = "; ".join(reason for _, reason in selection.considered) or "no credential is configured"
    flow.tell(Choice("certificate", names, considered, selection.chosen, why, by))
    chosen = selection.chosen
    able: Sequence[SignatureScheme] = chosen.schemes if chosen is not None else ()
    if schemes12 and chosen is not None:
        able = [scheme for scheme in chosen.schemes12 if scheme in schemes12]
    flow.tell(scheme_chosen(offered, tuple(able), selection.scheme, by))

"""Asking who the peer is: what both roles and both versions have in common."""

from __future__ import annotations

from tlsee.config import ClientConfig, ServerConfig
from tlsee.deciders import JudgeRequest
from tlsee.handshake.authenticate import Staples
from tlsee.handshake.flow import Flow
from tlsee.identity.path.judge import KeyUse, Purpose
from tlsee.identity.trust import Trust
from tlsee.questions import Judge
from tlsee.wire.extensions.status_request import CertificateStatus, OCSPResponse
from tlsee.wire.messages13 import Certificate, CertificateEntry


def staples_in(message: Certificate) -> Staples:
    """The OCSP response in each entry (RFC 9846, 4.5.1.1); of another type, or none: ``None``."""
    return tuple(_staple_in(entry) for entry in message.certificate_list)


def _staple_in(entry: CertificateEntry) -> bytes | None:
    found = entry.extensions.get(CertificateStatus)
    if found is None or not isinstance(found.response, OCSPResponse):
        return None
    return found.response.response


def ask_about_server(
    config: ClientConfig,
    chain: tuple[bytes, ...],
    identity: str | None,
    flow: Flow,
    *,
    stapled: Staples = (),
    use: KeyUse = KeyUse.SIGNING,
) -> None:
    """Whether a server is who it has to be; ``stapled`` as in ``JudgeRequest``."""
    _ask(config, chain, config.trust, Purpose.SERVER, identity, stapled, use, flow)


def ask_about_client(
    config: ServerConfig,
    trust: Trust,
    chain: tuple[bytes, ...],
    flow: Flow,
    *,
    stapled: Staples = (),
    aside: bytes | None = None,
) -> None:
    """Whether a client may be here; ``aside``: for the exchange of this context alone."""
    _ask(config, chain, trust, Purpose.CLIENT, None, stapled, KeyUse.SIGNING, flow, aside)


def _ask(
    config: ClientConfig | ServerConfig,
    chain: tuple[bytes, ...],
    trust: Trust,
    purpose: Purpose,
    name: str | None,
    stapled: Staples,
    use: KeyUse,
    flow: Flow,
    aside: bytes | None = None,
) -> None:
    judging = config.judging
    request = JudgeRequest(
        chain,
        trust,
        purpose,
        name,
        config.provider.now(),
        use,
        stapled,
        judging.revocation,
        judging.known,
        judging.fetch_issuers,
        judging.intermediates,
    )
    question = Judge(request, config.judge, judging.fetcher)
    if aside is None:
        flow.ask(question)
    else:
        flow.ask_aside(question, aside)

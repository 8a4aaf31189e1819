"""Who decides for a connection: the judge of certificates and the chooser of our own.

Each is asked with a value and answers at once or ``LATER``; the built-in ones are functions, which
one of your own may call.
"""

from __future__ import annotations

from typing import Protocol

from tlsee.codes import SignatureScheme
from tlsee.crypto.provider import Later
from tlsee.identity.fitness import Obstacle, cannot_sign
from tlsee.identity.index import CredentialIndex, Selection
from tlsee.identity.path.judge import KeyUse, Purpose, Verdict, judge
from tlsee.identity.trust import Trust
from tlsee.values import value


@value
class JudgeRequest:
    """What a judge is asked: the chain as it came (DER, leaf first) and what it is to prove.

    ``name`` is the identity the peer must have, or ``None`` for a client; ``at`` is the moment of
    the judgement in seconds since the epoch; ``use`` is what the handshake does with the key.
    """

    chain: tuple[bytes, ...]
    trust: Trust
    purpose: Purpose
    name: str | None
    at: float
    use: KeyUse = KeyUse.SIGNING


class Judge(Protocol):
    """Whoever decides on a certificate: at once, or later through the question Judge."""

    def __call__(self, request: JudgeRequest) -> Verdict | Later:
        """The verdict, or ``LATER``."""
        ...


def default_judge(request: JudgeRequest) -> Verdict:
    """The judgement of ``identity.path``: path, dates, name, usage, constraints."""
    return judge(
        request.chain,
        request.trust,
        purpose=request.purpose,
        name=request.name,
        at=request.at,
        use=request.use,
    )


@value
class CredentialRequest:
    """What a chooser of credentials is asked: whom the peer wants and what it can verify.

    ``older``: the signature is for TLS 1.2. ``obstacle`` says of a credential why it cannot serve
    all the same, or ``""``: a curve that the peer does not list, a key usage.
    """

    index: CredentialIndex
    server_name: str | None
    schemes: tuple[SignatureScheme, ...]
    certificate_schemes: tuple[SignatureScheme, ...] | None
    authorities: tuple[bytes, ...]
    older: bool = False
    obstacle: Obstacle = cannot_sign


class CredentialChooser(Protocol):
    """Whoever picks a credential: at once, or later through the question ChooseCredential."""

    def __call__(self, request: CredentialRequest) -> Selection | Later:
        """The selection, or ``LATER``."""
        ...


def default_chooser(request: CredentialRequest) -> Selection:
    """By name, then by what the peer can verify, in the order of the configuration."""
    return request.index.select(
        request.server_name,
        request.schemes,
        request.certificate_schemes,
        request.authorities,
        older=request.older,
        obstacle=request.obstacle,
    )

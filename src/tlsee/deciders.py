"""Who decides for a connection: the judge of certificates, with what it may look at and whoever
fetches for it, and the chooser of our own.

Each is asked with a value and answers at once or ``LATER``; the built-in ones are functions, which
one of your own may call.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

from tlsee.codes import CertificateType, SignatureScheme
from tlsee.crypto.provider import Later
from tlsee.errors import ApiMisuse
from tlsee.identity.certificate import Unreadable, read_certificate
from tlsee.identity.fitness import Obstacle, cannot_sign
from tlsee.identity.index import CredentialIndex, Selection
from tlsee.identity.path.judge import KeyUse, Purpose, Verdict, judge
from tlsee.identity.path.known import NOTHING_KNOWN, Fetch, Known, Needs, Revocation
from tlsee.identity.pem import certificates_in
from tlsee.identity.revocation.lists import lists_in
from tlsee.identity.trust import Trust
from tlsee.values import value


@value
class JudgeRequest:
    """What a judge is asked: the chain as it came (DER, leaf first) and what it is to prove.

    ``name`` is the identity the peer must have, or ``None`` for a client; ``at`` is the moment of
    the judgement in seconds since the epoch; ``use`` is what the handshake does with the key.
    ``stapled`` has an OCSP response or ``None`` for each certificate of the chain, as the peer sent
    them; ``revocation``, ``known`` and ``fetch_issuers`` are the configuration's, ``known`` with
    what was fetched since. ``intermediates`` may stand between, DER.
    """

    chain: tuple[bytes, ...]
    trust: Trust
    purpose: Purpose
    name: str | None
    at: float
    use: KeyUse = KeyUse.SIGNING
    stapled: tuple[bytes | None, ...] = ()
    revocation: Revocation = Revocation.OFF
    known: Known = NOTHING_KNOWN
    fetch_issuers: bool = False
    intermediates: tuple[bytes, ...] = ()
    _hidden: ClassVar[frozenset[str]] = frozenset({"stapled", "known"})


class Judge(Protocol):
    """Whoever decides on a certificate: at once, or later through the question Judge."""

    def __call__(self, request: JudgeRequest) -> Verdict | Needs | Later:
        """The verdict; what has to be fetched before there can be one; or ``LATER``.

        With ``known.offline`` there is no more to be had: ``Needs`` is then no answer.
        """
        ...


def default_judge(request: JudgeRequest) -> Verdict | Needs:
    """The judgement of ``identity.path``: path, dates, name, usage, constraints, revocation."""
    return judge(
        request.chain,
        request.trust,
        purpose=request.purpose,
        name=request.name,
        at=request.at,
        use=request.use,
        known=request.known,
        revocation=request.revocation,
        stapled=request.stapled,
        fetch_issuers=request.fetch_issuers,
        intermediates=request.intermediates,
    )


class Fetcher(Protocol):
    """Whoever fetches lists, OCSP responses and issuers: ``streams.fetching.HTTPFetcher``.

    It is called in a thread of its own or where waiting harms nobody, and may be called from
    several at once. One with a method ``at_hand(fetch) -> bytes | str | None`` is asked that first,
    wherever the connection happens to be: it must not wait.
    """

    def __call__(self, fetch: Fetch) -> bytes:
        """What is there. Raising anything says that it cannot be had; its text is told."""
        ...


@value
class Judging:
    """The settings, checked.

    Attributes:
        revocation: whether it is asked, and what not knowing means.
        known: the lists that were given. ``fetcher``: or ``None``, and nothing is fetched.
        fetch_issuers: whether missing issuers are looked for where certificates say.
        intermediates: what may stand between, DER.
    """

    revocation: Revocation = Revocation.OFF
    known: Known = NOTHING_KNOWN
    fetcher: Fetcher | None = None
    fetch_issuers: bool = False
    intermediates: tuple[bytes, ...] = ()
    _hidden: ClassVar[frozenset[str]] = frozenset({"known"})

    @property
    def wants_staples(self) -> bool:
        """Whether to ask the peer for OCSP responses; it costs bytes, so not where nobody looks."""
        return self.revocation is not Revocation.OFF


def judging_of(
    revocation: Revocation | str,
    crls: Iterable[bytes],
    fetcher: Fetcher | None,
    *,
    fetch_issuers: bool,
    intermediates: Iterable[bytes] = (),
) -> Judging:
    """Check what a configuration was given.

    Args:
        crls: revocation lists, each PEM (perhaps several) or DER; read here, once.
        intermediates: certificates, in the same forms.

    Raises:
        ApiMisuse: no such policy, a list or a certificate that cannot be read, lists and nobody
            to look at them, or something to fetch and nobody who does.
    """
    try:
        policy = Revocation(revocation)
    except ValueError:
        raise ApiMisuse(f"revocation={revocation!r}", 'use "off", "soft" or "hard"') from None
    found: list[bytes] = []
    for number, data in enumerate(crls, 1):
        try:
            found += lists_in(bytes(data))
        except Unreadable as problem:
            raise ApiMisuse(f"crls: number {number}: {problem}", "give PEM or DER") from None
    if found and policy is Revocation.OFF:
        raise ApiMisuse('crls= with revocation="off"', 'add revocation="soft" or "hard"')
    if fetch_issuers and fetcher is None:
        raise ApiMisuse("fetch_issuers=True and nobody to fetch", "add fetcher=HTTPFetcher()")
    if fetcher is not None and policy is Revocation.OFF and not fetch_issuers:
        raise ApiMisuse("fetcher= and nothing to fetch", 'add revocation="soft" or "hard"')
    known = Known(crls=tuple(found), offline=fetcher is None)
    return Judging(policy, known, fetcher, fetch_issuers, _between(intermediates))


def _between(intermediates: Iterable[bytes]) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for number, data in enumerate(intermediates, 1):
        try:
            some = certificates_in(data) or (bytes(data),)
            found += [read_certificate(der).der for der in some]
        except ValueError as problem:
            text = f"intermediates: number {number}: {problem}"
            raise ApiMisuse(text, "give PEM or DER") from None
    return tuple(found)


@value
class CredentialRequest:
    """What a chooser of credentials is asked: whom the peer wants and what it can verify.

    ``types``: certificates or raw public keys, the preferred kind first. ``older``: the signature
    is for TLS 1.2. ``obstacle`` says of a credential why it cannot serve
    all the same, or ``""``: a curve that the peer does not list, a key usage.
    """

    index: CredentialIndex
    server_name: str | None
    schemes: tuple[SignatureScheme, ...]
    certificate_schemes: tuple[SignatureScheme, ...] | None
    authorities: tuple[bytes, ...]
    older: bool = False
    obstacle: Obstacle = cannot_sign
    types: tuple[CertificateType, ...] = (CertificateType.X509,)


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
        types=request.types,
    )

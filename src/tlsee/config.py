"""Configurations: frozen, checked once, when they are made.

What a thousand handshakes have in common is prepared here: the order of groups, the index of
credentials. A configuration never changes and may be shared between threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeVar

from tlsee import defaults, policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.provider import Later, Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.schemes12 import INSECURE_SCHEMES12, schemes12
from tlsee.crypto.suites12 import Suite12, suites12
from tlsee.errors import ApiMisuse
from tlsee.identity.credentials import Credential
from tlsee.identity.index import CredentialIndex, Selection
from tlsee.identity.path.judge import Purpose, Verdict, judge
from tlsee.identity.trust import Trust
from tlsee.policies import Policy
from tlsee.values import value

VERSIONS = (ProtocolVersion.TLS13, ProtocolVersion.TLS12)  # all that there are

# What 1.2 signs with besides; in 1.3 they are for certificates only (RFC 9846, 4.3.3).
PKCS1 = (
    SignatureScheme.rsa_pkcs1_sha256,
    SignatureScheme.rsa_pkcs1_sha384,
    SignatureScheme.rsa_pkcs1_sha512,
)

ClientAuth = Literal["none", "optional", "required"]
T = TypeVar("T")


@value
class JudgeRequest:
    """What a judge is asked: the chain as it came (DER, leaf first) and what it is to prove.

    ``name`` is the identity the peer must have, or ``None`` for a client; ``at`` is the moment of
    the judgement in seconds since the epoch.
    """

    chain: tuple[bytes, ...]
    trust: Trust
    purpose: Purpose
    name: str | None
    at: float


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
    )


@value
class CredentialRequest:
    """What a chooser of credentials is asked: whom the peer wants and what it can verify.

    ``older``: the signature is for TLS 1.2.
    """

    index: CredentialIndex
    server_name: str | None
    schemes: tuple[SignatureScheme, ...]
    certificate_schemes: tuple[SignatureScheme, ...] | None
    authorities: tuple[bytes, ...]
    older: bool = False


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
    )


class _Config:
    """What both roles configure."""

    def __init__(
        self,
        *,
        versions: Sequence[ProtocolVersion] | None,
        groups: Sequence[NamedGroup] | None,
        suites: Sequence[CipherSuite] | None,
        schemes: Sequence[SignatureScheme] | None,
        alpn: Sequence[str | bytes],
        credentials: Iterable[Credential],
        policy: Policy,
        provider: Provider,
        record_size_limit: int,
        judge: Judge,
        choose_credential: CredentialChooser,
    ) -> None:
        self.policy = policy
        self.provider = provider
        self.group_tiers = _tiers(groups, policy, provider)
        self.groups = tuple(group for tier in self.group_tiers for group in tier)
        in_handshake = {code for code, row in provider.schemes.items() if row.in_handshake13}
        self.schemes = _known(schemes, policy.schemes, in_handshake, "schemes", "scheme")
        self._settle_versions(versions, suites)
        self.certificate_schemes = tuple(
            scheme for scheme in policy.certificate_schemes if scheme in provider.schemes
        )
        self.alpn = _protocol_names(alpn)
        self.credentials = tuple(credentials)
        for credential in self.credentials:
            if not isinstance(credential, Credential):
                raise ApiMisuse("credentials= takes Credential values", "Credential.from_pem(...)")
        self.credential_index = CredentialIndex(self.credentials)
        if not 64 <= record_size_limit <= defaults.RECORD_SIZE_LIMIT:
            raise ApiMisuse(
                f"record_size_limit is {record_size_limit}", "give 64 to 16385 (RFC 8449, 4)"
            )
        self.record_size_limit = record_size_limit
        self.judge = judge
        self.choose_credential = choose_credential

    def _settle_versions(
        self, versions: Sequence[ProtocolVersion] | None, suites: Sequence[CipherSuite] | None
    ) -> None:
        """Versions, the suites of each, and what 1.2 signs and exchanges keys with.

        A version that nothing serves falls away, or is refused if it was asked for by name.
        """
        policy, provider = self.policy, self.provider
        rows12 = suites12()
        able = {*provider.suites, *rows12}
        chosen = _known(suites, policy.suites, able, "suites", "cipher suite")
        wanted = _known(versions, policy.versions, VERSIONS, "versions", "version")
        self.fields12 = tuple(g for g in self.groups if g.is_finite_field)
        self.groups12 = tuple(
            g for g in self.groups if not (provider.groups[g].post_quantum or g.is_finite_field)
        )
        sha1 = INSECURE_SCHEMES12 if policy.allow_sha1_signatures else ()
        wanted12 = (*self.schemes, *PKCS1, *sorted(sha1))
        self.schemes12 = tuple(scheme for scheme in wanted12 if scheme in schemes12())
        served = {
            ProtocolVersion.TLS13: any(suite in provider.suites for suite in chosen),
            ProtocolVersion.TLS12: any(
                suite in rows12 and self._has_group_for(rows12[suite]) for suite in chosen
            ),
        }
        for version in wanted:
            if versions is not None and not served[version]:
                raise ApiMisuse(
                    f"versions: {version.label} has no cipher suite or no group that works here",
                    "allow one of its suites and one of its groups, or leave the version out",
                )
        self.versions = tuple(version for version in wanted if served[version])
        if not self.versions:
            raise ApiMisuse("no version has a cipher suite and a group", "allow more of them")
        tls13, tls12 = (v in self.versions for v in (ProtocolVersion.TLS13, ProtocolVersion.TLS12))
        self.suites13 = tuple(s for s in chosen if tls13 and s in provider.suites)
        self.suites12 = {
            s: rows12[s] for s in chosen if tls12 and s in rows12 and self._has_group_for(rows12[s])
        }
        self.suites = tuple(s for s in chosen if s in self.suites13 or s in self.suites12)
        self.offered_schemes = (*self.schemes, *PKCS1, *sorted(sha1)) if tls12 else self.schemes

    def _has_group_for(self, suite: Suite12) -> bool:
        """Whether a suite of 1.2 finds a group for its key exchange."""
        if suite.key_exchange is KeyExchangeAlgorithm.ecdhe:
            return bool(self.groups12)
        return suite.key_exchange is KeyExchangeAlgorithm.rsa or bool(self.fields12)

    def __setattr__(self, name: str, item: Any) -> None:
        if getattr(self, "_frozen", False):
            raise ApiMisuse(f"a {type(self).__name__} does not change", "make another one")
        object.__setattr__(self, name, item)

    def _freeze(self) -> None:
        object.__setattr__(self, "_frozen", True)


class ClientConfig(_Config):
    """How a client connects.

    Args:
        trust: whom to believe; ``None`` means ``Trust.system()``.
        versions, groups, suites, schemes: what to offer, in order of preference; ``None`` means
            the policy's. Groups are sorted into the policy's tiers.
        key_shares: the groups to send a share of in the first hello; ``None`` means the first of
            each tier, ``()`` none at all, which asks for a HelloRetryRequest.
        alpn: protocol names to offer; ``str`` is encoded as ASCII.
        credentials: what to show to a server that asks for a certificate.
        record_size_limit: the longest protected record we accept, content type included (bytes).
        judge, choose_credential: replace the built-in ones; may return ``LATER``.

    Raises:
        ApiMisuse: a value that cannot be, such as a group that nothing here implements.
    """

    def __init__(
        self,
        *,
        trust: Trust | None = None,
        versions: Sequence[ProtocolVersion] | None = None,
        groups: Sequence[NamedGroup] | None = None,
        key_shares: Sequence[NamedGroup] | None = None,
        suites: Sequence[CipherSuite] | None = None,
        schemes: Sequence[SignatureScheme] | None = None,
        alpn: Sequence[str | bytes] = (),
        credentials: Iterable[Credential] = (),
        policy: Policy = policies.default,
        provider: Provider = PROVIDER,
        record_size_limit: int = defaults.RECORD_SIZE_LIMIT,
        judge: Judge = default_judge,
        choose_credential: CredentialChooser = default_chooser,
    ) -> None:
        super().__init__(
            versions=versions,
            groups=groups,
            suites=suites,
            schemes=schemes,
            alpn=alpn,
            credentials=credentials,
            policy=policy,
            provider=provider,
            record_size_limit=record_size_limit,
            judge=judge,
            choose_credential=choose_credential,
        )
        self.trust = Trust.system() if trust is None else trust
        if ProtocolVersion.TLS13 not in self.versions:
            self.key_shares: tuple[NamedGroup, ...] = ()
        elif key_shares is None:
            self.key_shares = tuple(tier[0] for tier in self.group_tiers)
        else:
            shares = set(_known(key_shares, (), self.groups, "key_shares", "group", empty=True))
            self.key_shares = tuple(group for group in self.groups if group in shares)
        self._freeze()


class ServerConfig(_Config):
    """How a server answers.

    Args:
        credentials: certificates with their keys, in order of preference.
        client_trust: whom to believe about clients.
        client_auth: whether to ask for a certificate: ``"none"``, ``"optional"``, ``"required"``.
            ``None`` means required when ``client_trust`` is given.
        config_for_hello: given the ``ClientHello``, another configuration for this connection (or
            ``LATER``, or ``None`` to keep this one).

    In TLS 1.3 a client is done before the server has judged its certificate: a refusal reaches the
    client in its first read.

    Raises:
        ApiMisuse: no credential, a client_auth without client_trust, or values that cannot be.
    """

    def __init__(
        self,
        *,
        credentials: Iterable[Credential],
        client_trust: Trust | None = None,
        client_auth: ClientAuth | None = None,
        versions: Sequence[ProtocolVersion] | None = None,
        groups: Sequence[NamedGroup] | None = None,
        suites: Sequence[CipherSuite] | None = None,
        schemes: Sequence[SignatureScheme] | None = None,
        alpn: Sequence[str | bytes] = (),
        policy: Policy = policies.default,
        provider: Provider = PROVIDER,
        record_size_limit: int = defaults.RECORD_SIZE_LIMIT,
        judge: Judge = default_judge,
        choose_credential: CredentialChooser = default_chooser,
        config_for_hello: Callable[[Any], ServerConfig | Later | None] | None = None,
    ) -> None:
        super().__init__(
            versions=versions,
            groups=groups,
            suites=suites,
            schemes=schemes,
            alpn=alpn,
            credentials=credentials,
            policy=policy,
            provider=provider,
            record_size_limit=record_size_limit,
            judge=judge,
            choose_credential=choose_credential,
        )
        if not self.credentials:
            raise ApiMisuse(
                "a server needs a certificate",
                "ServerConfig(credentials=[Credential.from_pem(chain, key)])",
            )
        if client_auth is None:
            client_auth = "none" if client_trust is None else "required"
        if client_auth not in ("none", "optional", "required"):
            raise ApiMisuse(f"client_auth={client_auth!r}", 'use "none", "optional" or "required"')
        if client_auth != "none" and client_trust is None:
            raise ApiMisuse(
                f"client_auth={client_auth!r} and nobody to trust",
                "client_trust=Trust.from_file(...)",
            )
        self.client_auth: ClientAuth = client_auth
        self.client_trust = client_trust
        self.client_authorities = _worth_naming(client_trust)
        self.config_for_hello = config_for_hello
        self._freeze()


def _worth_naming(trust: Trust | None) -> tuple[bytes, ...]:
    """The authorities for CertificateRequest: all of them, or none where there are too many."""
    names = trust.names() if trust is not None else ()
    total = sum(2 + len(name) for name in names)
    return names if total <= defaults.AUTHORITIES_LIMIT else ()


def _protocol_names(names: Iterable[str | bytes]) -> tuple[bytes, ...]:
    found = tuple(_protocol_name(name) for name in names)
    length = sum(1 + len(name) for name in found)
    if length > 0xFFFF:
        raise ApiMisuse(f"alpn names of {length:,} bytes", "65,535 at most (RFC 7301, 3.1)")
    return found


def _protocol_name(name: str | bytes) -> bytes:
    try:
        raw = name.encode("ascii") if isinstance(name, str) else bytes(name)
    except UnicodeEncodeError:
        raise ApiMisuse(f"alpn name {name!r} is not ASCII", "give bytes for other names") from None
    if not 1 <= len(raw) <= 255:
        raise ApiMisuse(f"alpn name of {len(raw)} bytes", "a name has 1 to 255 (RFC 7301, 3.1)")
    return raw


def _known(
    wanted: Sequence[T] | None,
    standard: Sequence[T],
    able: Iterable[T],
    keyword: str,
    noun: str,
    *,
    empty: bool = False,
) -> tuple[T, ...]:
    """The wanted ones, or the standard ones that we are able to do."""
    can = set(able)
    if wanted is None:
        return tuple(item for item in standard if item in can)
    for item in wanted:
        if item not in can:
            choices = ", ".join(str(one) for one in standard if one in can)
            hint = f"choose from {choices}" if choices else "see the provider's rows"
            raise ApiMisuse(f"{keyword}: {item} is no {noun} that works here", hint)
    if len(set(wanted)) != len(wanted):
        raise ApiMisuse(f"{keyword} names the same {noun} twice", "name each once")
    if not wanted and not empty:
        raise ApiMisuse(f"{keyword} is empty", f"name one {noun} at least, or leave it out")
    return tuple(wanted)


def _tiers(
    groups: Sequence[NamedGroup] | None, policy: Policy, provider: Provider
) -> tuple[tuple[NamedGroup, ...], ...]:
    """The groups in tiers: the policy's tiers, and within each the order that was asked for."""
    standard = [group for tier in policy.group_tiers for group in tier]
    wanted = _known(groups, standard, provider.groups, "groups", "group")
    placed = [tuple(group for group in wanted if group in tier) for tier in policy.group_tiers]
    others = tuple(group for group in wanted if group not in standard)
    if groups is None:
        placed = [tuple(group for group in tier if group in wanted) for tier in policy.group_tiers]
    return tuple(tier for tier in (*placed, others) if tier)

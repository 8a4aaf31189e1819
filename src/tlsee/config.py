"""Configurations: frozen, checked once, when they are made.

What a thousand handshakes have in common is prepared here: the order of groups, the index of
credentials. A configuration never changes and may be shared between threads.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Literal, Self, TypeVar

from tlsee import defaults, policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.config_checks import (
    check_usable,
    checked_size_limit,
    fragment_length,
    known,
    protocol_names,
    psks_by_identity,
    tiers,
    worth_naming,
)
from tlsee.crypto.provider import Later, Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.deciders import (
    CredentialChooser,
    Fetcher,
    Judge,
    Judging,
    default_chooser,
    default_judge,
    judging_of,
)
from tlsee.errors import ApiMisuse
from tlsee.identity.credentials import Credential
from tlsee.identity.index import CredentialIndex
from tlsee.identity.path.known import Revocation
from tlsee.identity.shelf import CredentialSource, Shelf
from tlsee.identity.trust import Trust
from tlsee.negotiable import Wishes, negotiable
from tlsee.offer import ClientOffer
from tlsee.policies import Policy
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.stores import ClientSessions, ServerSessions, TicketSessions

ClientAuth = Literal["none", "optional", "required"]


class _Config:
    """What both roles configure."""

    _serves: ClassVar[bool] = False
    watcher: Callable[[Any], Any] | None = None

    def __init__(
        self,
        *,
        versions: Sequence[ProtocolVersion] | None,
        groups: Sequence[NamedGroup] | None,
        suites: Sequence[CipherSuite] | None,
        schemes: Sequence[SignatureScheme] | None,
        alpn: Sequence[str | bytes],
        credentials: Iterable[Credential | CredentialSource],
        policy: Policy,
        provider: Provider,
        record_size_limit: int | None,
        judging: Judging,
        judge: Judge,
        choose_credential: CredentialChooser,
        psks: Iterable[ExternalPsk],
    ) -> None:
        self.policy = policy
        self.provider = provider
        self.group_tiers = tiers(groups, policy, provider)
        self.groups = tuple(group for tier in self.group_tiers for group in tier)
        in_handshake = {code for code, row in provider.schemes.items() if row.in_handshake13}
        self.schemes = known(schemes, policy.schemes, in_handshake, "schemes", "scheme")
        self.shelf = Shelf(credentials, provider.now)
        must_serve = self._serves and choose_credential is default_chooser
        found = negotiable(
            policy,
            provider,
            Wishes(versions, suites, groups, schemes),
            self.groups,
            self.schemes,
            (self.credentials or None) if must_serve else None,
        )
        self.versions = found.versions
        self.suites, self.suites13, self.suites12 = found.suites, found.suites13, found.suites12
        self.groups12, self.fields12 = found.groups12, found.fields12
        self.schemes12, self.offered_schemes = found.schemes12, found.offered_schemes
        self.certificate_schemes = tuple(
            scheme for scheme in policy.certificate_schemes if scheme in provider.schemes
        )
        self.alpn = protocol_names(alpn)
        check_usable(self.credentials, self.versions, self.schemes, self.schemes12)
        self.record_size_limit = checked_size_limit(record_size_limit)
        self.judging = judging
        self.judge = judge
        self.choose_credential = choose_credential
        self.keys_by_identity = psks_by_identity(psks)
        self.psks = tuple(self.keys_by_identity.values())
        if self.psks and ProtocolVersion.TLS13 not in self.versions:
            raise ApiMisuse("psks: TLS 1.2 has none here", "allow TLS 1.3, or leave them out")

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Our credentials as they are now, in order of preference."""
        return self.shelf.index().credentials

    @property
    def credential_index(self) -> CredentialIndex:
        """The same by name; sources are asked, so once in a handshake."""
        return self.shelf.index()

    def with_provider(self, provider: Provider) -> Self:
        """The same configuration, asking a provider with the same rows that watches this one."""
        other = copy.copy(self)
        object.__setattr__(other, "provider", provider)
        return other

    def watched(
        self, provider: Provider, sessions: Any, watcher: Callable[[Any], Any] | None
    ) -> Self:
        """The same with others in the place of its provider and its sessions, which watch them.

        ``watcher`` does that to a configuration that ``config_for_hello`` puts in its place.
        """
        other = self.with_provider(provider)
        object.__setattr__(other, "sessions", sessions)
        object.__setattr__(other, "watcher", watcher)
        return other

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
        credentials: what to show to a server that asks for a certificate: credentials, or sources
            of them such as ``FileCredentials``, which are asked in every handshake.
        post_handshake_auth: whether a server of TLS 1.3 may ask for one later, too.
        record_size_limit: the longest protected record we accept, content type included (bytes);
            ``None`` does not say.
        max_fragment_length: ask for records of at most this many bytes of content in both
            directions, 512, 1024, 2048 or 4096 (RFC 6066, 4). A server that knows
            record_size_limit goes by that, which is then no longer either.
        revocation: ``"off"``, ``"soft"`` or ``"hard"``: whether it is asked if a certificate was
            taken back, and whether not knowing refuses; see docs/revocation.md.
        crls: revocation lists, PEM or DER. fetcher: who fetches lists, OCSP responses and, with
            ``fetch_issuers``, missing intermediates; nobody unless given.
        intermediates: certificates that may stand between a peer's and an anchor where the peer
            forgets to send them, PEM or DER; they are believed no more than what a peer sends.
        judge, choose_credential: replace the built-in ones; may return ``LATER``.
        sessions: where to keep what servers give for the next connection; ``True`` is in memory
            with this configuration, ``False`` nowhere.
        psks: external pre-shared keys to offer. With these and without ``trust`` no certificate
            is believed at all.

    Raises:
        ApiMisuse: a value that cannot be, such as a group that nothing here implements, or a
            credential that has expired (``Credential.flaws``).
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
        credentials: Iterable[Credential | CredentialSource] = (),
        policy: Policy = policies.default,
        provider: Provider = PROVIDER,
        record_size_limit: int | None = defaults.RECORD_SIZE_LIMIT,
        max_fragment_length: int | None = None,
        revocation: Revocation | str = Revocation.OFF,
        crls: Iterable[bytes] = (),
        fetcher: Fetcher | None = None,
        fetch_issuers: bool = False,
        intermediates: Iterable[bytes] = (),
        judge: Judge = default_judge,
        choose_credential: CredentialChooser = default_chooser,
        sessions: ClientSessions | bool = True,
        psks: Iterable[ExternalPsk] = (),
        post_handshake_auth: bool = False,
    ) -> None:
        self.post_handshake_auth = post_handshake_auth
        self.max_fragment_length = fragment_length(max_fragment_length)
        if max_fragment_length is not None and record_size_limit is not None:
            record_size_limit = min(record_size_limit, max_fragment_length + 1)
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
            judging=judging_of(
                revocation, crls, fetcher, fetch_issuers=fetch_issuers, intermediates=intermediates
            ),
            judge=judge,
            choose_credential=choose_credential,
            psks=psks,
        )
        if trust is None:
            trust = Trust.nobody() if self.psks else Trust.system()
        self.trust = trust
        self.sessions = _made(sessions, ClientSessions)
        if ProtocolVersion.TLS13 not in self.versions:
            self.key_shares: tuple[NamedGroup, ...] = ()
        elif key_shares is None:
            self.key_shares = tuple(tier[0] for tier in self.group_tiers)
        else:
            shares = set(known(key_shares, (), self.groups, "key_shares", "group", empty=True))
            self.key_shares = tuple(group for group in self.groups if group in shares)
        self._freeze()


class ServerConfig(_Config):
    """How a server answers.

    Args:
        credentials: certificates with their keys, in order of preference; or sources of them such
            as ``FileCredentials``, which are asked in every handshake.
        client_trust: whom to believe about clients.
        client_auth: whether to ask for a certificate: ``"none"``, ``"optional"``, ``"required"``.
            ``None`` means required when ``client_trust`` is given; ``"none"`` beside that leaves
            it to ``request_certificate``, after the handshake.
        revocation, crls, fetcher, fetch_issuers, intermediates: as ``ClientConfig``'s, for clients'
            certificates.
        config_for_hello: given the ``ClientOffer``, another configuration for this connection (or
            ``LATER``, or ``None`` to keep this one).
        sessions: who names and finds sessions; ``True`` is tickets under keys in memory, ``False``
            is none.
        tickets: how many a client gets after a full handshake.
        early_data: bytes of early data that a ticket allows; 0 declines it. What comes early can
            be replayed by others: see docs/sessions.md.
        psks: external pre-shared keys; with them a server may do without certificates.
        insecure_accept_own_hellos: whether a client in this very process may use one of them; else
            that is refused as the Selfie attack (RFC 9257, 4.1). For tests.

    In TLS 1.3 a client is done before the server has judged its certificate: a refusal reaches the
    client in its first read.

    Raises:
        ApiMisuse: no credential, one that has expired or whose chain is out of order
            (``Credential.flaws``), a client_auth without client_trust, or values that cannot be.
    """

    _serves: ClassVar[bool] = True

    def __init__(
        self,
        *,
        credentials: Iterable[Credential | CredentialSource],
        client_trust: Trust | None = None,
        client_auth: ClientAuth | None = None,
        versions: Sequence[ProtocolVersion] | None = None,
        groups: Sequence[NamedGroup] | None = None,
        suites: Sequence[CipherSuite] | None = None,
        schemes: Sequence[SignatureScheme] | None = None,
        alpn: Sequence[str | bytes] = (),
        policy: Policy = policies.default,
        provider: Provider = PROVIDER,
        record_size_limit: int | None = defaults.RECORD_SIZE_LIMIT,
        revocation: Revocation | str = Revocation.OFF,
        crls: Iterable[bytes] = (),
        fetcher: Fetcher | None = None,
        fetch_issuers: bool = False,
        intermediates: Iterable[bytes] = (),
        judge: Judge = default_judge,
        choose_credential: CredentialChooser = default_chooser,
        config_for_hello: Callable[[ClientOffer], ServerConfig | Later | None] | None = None,
        sessions: ServerSessions | bool = True,
        tickets: int = defaults.TICKETS,
        early_data: int = 0,
        psks: Iterable[ExternalPsk] = (),
        insecure_accept_own_hellos: bool = False,
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
            judging=judging_of(
                revocation, crls, fetcher, fetch_issuers=fetch_issuers, intermediates=intermediates
            ),
            judge=judge,
            choose_credential=choose_credential,
            psks=psks,
        )
        if not self.credentials and not self.psks:
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
        self.client_authorities = worth_naming(client_trust)
        self.config_for_hello = config_for_hello
        if not 0 <= tickets <= defaults.TICKETS_LIMIT:
            raise ApiMisuse(f"tickets={tickets}", f"0 to {defaults.TICKETS_LIMIT} are possible")
        if not 0 <= early_data < 1 << 32:
            raise ApiMisuse(f"early_data={early_data}", "bytes; 0 declines it; below 2^32")
        if early_data and sessions is False:
            raise ApiMisuse("early_data without sessions", "a ticket is what allows it")
        self.sessions: ServerSessions | None = _made(sessions, TicketSessions)
        self.tickets = tickets
        self.early_data = early_data
        self.insecure_accept_own_hellos = insecure_accept_own_hellos
        self._freeze()


T = TypeVar("T")


def _made(given: T | bool, make: Callable[[], T]) -> T | None:
    """What was given, also if it is empty; for ``True`` a new one, for ``False`` none."""
    if isinstance(given, bool):
        return make() if given else None
    return given

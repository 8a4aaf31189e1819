"""Which of our certificates to show: found by name in a dictionary, not by looking at each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tlsee.codes import CertificateType, SignatureScheme
from tlsee.identity.credentials import Credential
from tlsee.identity.fitness import Obstacle, cannot_sign, permits
from tlsee.identity.names import as_address
from tlsee.identity.path.verdict import KeyUse
from tlsee.text import printable
from tlsee.values import value

_CHOSEN = "chosen"


@value
class Selection:
    """The outcome: what was chosen, the scheme to sign with, and why the others lost.

    Attributes:
        chosen, scheme: both ``None`` when the peer can verify none of them.
        considered: each candidate with what became of it, in the order of preference.
        name_known: whether some credential is for the name that was asked for; true without one.
    """

    chosen: Credential | None
    scheme: SignatureScheme | None
    considered: tuple[tuple[Credential, str], ...]
    name_known: bool


class CredentialIndex:
    """Credentials in order of preference, by the names they are for."""

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self.credentials = tuple(credentials)
        self._raw = tuple(item for item in self.credentials if not item.certificates)
        named = [item for item in self.credentials if item.certificates]
        self._exact: dict[str, list[Credential]] = {}
        self._wildcards: dict[str, list[Credential]] = {}
        for credential in named:
            for name in dict.fromkeys(map(str.lower, credential.dns_names)):
                where = self._exact
                if name.startswith("*."):
                    where, name = self._wildcards, name[2:]  # noqa: PLW2901
                where.setdefault(name, []).append(credential)
            for address in credential.ip_addresses:
                self._exact.setdefault(address, []).append(credential)
        self._places = {id(item): place for place, item in enumerate(self.credentials)}
        self._first = _first_of_each_sort(named)
        by_issuer: dict[bytes, list[Credential]] = {}
        for credential in self.credentials:
            for issuer in credential.issuers:
                by_issuer.setdefault(issuer, []).append(credential)
        self._by_issuer = {
            issuer: _first_of_each_sort(issued) for issuer, issued in by_issuer.items()
        }

    def __repr__(self) -> str:
        return f"CredentialIndex({len(self.credentials)} credentials)"

    def serving(self, server_name: str) -> tuple[Credential, ...]:
        """Those for a name: exact ones first, then wildcards, each in order of preference.

        A name that is none is simply served by nobody.
        """
        address = as_address(server_name)
        name = str(address) if address is not None else server_name.lower().removesuffix(".")
        parent = name.partition(".")[2]
        exact = self._exact.get(name, ())
        wild = self._wildcards.get(parent, ()) if parent and address is None else ()
        return tuple(dict.fromkeys((*exact, *wild)))

    def _standing_in(self, wanted: frozenset[bytes]) -> Sequence[Credential]:
        """Candidates where no name decides, in order of preference, and not all ten thousand."""
        if not wanted:
            return self._first
        named = [item for issuer in wanted for item in self._by_issuer.get(issuer, ())]
        return sorted({*named, *self._first}, key=lambda item: self._places[id(item)])

    def _of_types(
        self, types: Sequence[CertificateType], certified: Sequence[Credential]
    ) -> Sequence[Credential]:
        """The candidates of each kind that may be shown; raw public keys have no names."""
        if types == (CertificateType.X509,):
            return certified
        of_kind = {CertificateType.X509: certified, CertificateType.RawPublicKey: self._raw}
        return [item for kind in dict.fromkeys(types) for item in of_kind.get(kind, ())]

    def select(
        self,
        server_name: str | None,
        schemes: Sequence[SignatureScheme],
        cert_schemes: Sequence[SignatureScheme] | None = None,
        authorities: Sequence[bytes] = (),
        *,
        older: bool = False,
        obstacle: Obstacle = cannot_sign,
        types: Sequence[CertificateType] = (CertificateType.X509,),
    ) -> Selection:
        """Pick by name, then by what the peer can verify, in the order of the configuration.

        Args:
            server_name: what SNI asks for, or ``None``; a client's choice has none.
            schemes: the peer's signature_algorithms. One of them must fit the key.
            cert_schemes: the peer's signature_algorithms_cert, or ``None``. RFC 9846, 4.5.1.2,
                would rather have a chain that does not fit than none: a preference.
            authorities: DER names from certificate_authorities, a preference too.
            older: the scheme is for TLS 1.2.
            obstacle: says why a credential whose key fits cannot serve all the same.
            types: what may be shown, the preferred kind first (RFC 7250, 4.2).

        Without a credential for the name any will do: an older client sends no name, and one that
        is sent may be an alias. ``name_known`` lets a strict policy refuse. Of credentials with
        the same sort of key and chain the first stands for all.
        """
        candidates = self.serving(server_name) if server_name is not None else ()
        name_known = server_name is None or bool(candidates)
        considered: list[tuple[Credential, str]] = []
        fitting: list[tuple[int, Credential, SignatureScheme]] = []
        accepted = frozenset(schemes)
        for_chain = frozenset(cert_schemes) if cert_schemes is not None else accepted
        wanted = frozenset(authorities)
        for credential in self._of_types(types, candidates or self._standing_in(wanted)):
            able = credential.schemes12 if older else credential.schemes
            scheme = next((one for one in able if one in accepted), None)
            if scheme is None:
                considered.append((credential, _unfit(credential)))
                continue
            hindered = obstacle(credential)
            if hindered:
                considered.append((credential, hindered))
                continue
            fitting.append((_flaws(credential, for_chain, wanted), credential, scheme))
            if fitting[-1][0] == 0:
                break  # the first without a flaw wins; what follows in the order is not looked at
        best = min(fitting, key=lambda row: row[0], default=None)
        if best is None:
            return Selection(None, None, tuple(considered), name_known)
        considered += [(row[1], _CHOSEN if row is best else _why_not(row[0])) for row in fitting]
        known = name_known or not best[1].certificates  # a raw public key is for no name, or any
        return Selection(best[1], best[2], tuple(considered), known)


def _first_of_each_sort(credentials: Iterable[Credential]) -> tuple[Credential, ...]:
    """Those that can make a difference: the first with each kind of key, of use and of chain."""
    found: dict[object, Credential] = {}
    for credential in credentials:
        uses = tuple(permits(credential, use) for use in KeyUse)
        found.setdefault((credential.schemes, credential.chain_schemes, uses), credential)
    return tuple(found.values())


def _flaws(
    credential: Credential, for_chain: frozenset[SignatureScheme], wanted: frozenset[bytes]
) -> int:
    """2 for an issuer that the peer does not name, 1 for a chain it may not be able to verify."""
    flaws = 0
    if not credential.certificates:
        return flaws  # it has neither an issuer nor a chain
    if wanted and not any(issuer in wanted for issuer in credential.issuers):
        flaws += 2
    if any(for_chain.isdisjoint(alternatives) for alternatives in credential.chain_schemes):
        flaws += 1
    return flaws


def _why_not(flaws: int) -> str:
    if flaws >= 2:
        return "no authority of its chain is one that the peer names"
    return "its chain is signed in a way that the peer does not list" if flaws else "later in order"


def _unfit(credential: Credential) -> str:
    listed = ", ".join(str(scheme) for scheme in credential.schemes)
    name = printable(credential.subject)
    return f"the peer accepts no signature by {name}'s key ({listed})"

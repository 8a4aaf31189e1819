"""What a configuration can negotiate: the versions that work, and what each of them has.

A version needs more than its name: a suite, a group for the suite's key exchange, a scheme for its
signature, and in a server a certificate that serves it. Found once, when the configuration is made:
what cannot work is refused there and in words, and not in the first handshake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tlsee import defaults
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.config_checks import known
from tlsee.crypto.provider import Provider
from tlsee.crypto.schemes12 import INSECURE_SCHEMES12, authentication_of, schemes12
from tlsee.crypto.suites12 import Suite12, suites12
from tlsee.errors import ApiMisuse
from tlsee.identity.credentials import Credential
from tlsee.identity.fitness import cannot_sign, serves12
from tlsee.policies import Policy
from tlsee.values import value

TLS13, TLS12 = VERSIONS = (ProtocolVersion.TLS13, ProtocolVersion.TLS12)  # all that there are

# What 1.2 signs with besides; in 1.3 they are for certificates only (RFC 9846, 4.3.3).
PKCS1 = (
    SignatureScheme.rsa_pkcs1_sha256,
    SignatureScheme.rsa_pkcs1_sha384,
    SignatureScheme.rsa_pkcs1_sha512,
)


@value
class Wishes:
    """What was asked for by name; ``None`` means the policy's, of which some may fall away."""

    versions: Sequence[ProtocolVersion] | None
    suites: Sequence[CipherSuite] | None
    groups: Sequence[NamedGroup] | None
    schemes: Sequence[SignatureScheme] | None


LEGACY = frozenset(defaults.LEGACY_SUITES)


@value
class Negotiable:
    """The outcome, each list in order of preference.

    Attributes:
        suites: of all versions. ``suites13`` and ``suites12`` are those of one, the latter with
            their rows.
        groups12, fields12: the curves for ECDHE and the fields for DHE.
        schemes12: what 1.2 signs with. ``offered_schemes``: what signature_algorithms lists.
    """

    versions: tuple[ProtocolVersion, ...]
    suites: tuple[CipherSuite, ...]
    suites13: tuple[CipherSuite, ...]
    suites12: Mapping[CipherSuite, Suite12]
    groups12: tuple[NamedGroup, ...]
    fields12: tuple[NamedGroup, ...]
    schemes12: tuple[SignatureScheme, ...]
    offered_schemes: tuple[SignatureScheme, ...]


def negotiable(
    policy: Policy,
    provider: Provider,
    wishes: Wishes,
    groups: tuple[NamedGroup, ...],
    schemes: tuple[SignatureScheme, ...],
    credentials: tuple[Credential, ...] | None,
) -> Negotiable:
    """Settle what can be negotiated.

    Args:
        wishes: a version that does not work falls away, or is refused if it was asked for by name;
            so is a suite, a group or a scheme that was asked for and no version can use.
        groups, schemes: those of the configuration, implemented here.
        credentials: of which one must serve; ``None`` for a client, and for a server that has a
            chooser of its own, which may know more of them.

    Raises:
        ApiMisuse: nothing works, or something that was asked for by name does not; it says why.
    """
    _check_schemes(wishes.schemes, credentials)
    rows = suites12()
    chosen = known(
        wishes.suites, policy.suites, {*provider.suites, *rows}, "suites", "cipher suite"
    )
    _check_policy(wishes.suites or (), policy)
    wanted = known(wishes.versions, policy.versions, VERSIONS, "versions", "version")
    fields = tuple(g for g in groups if g.is_finite_field)
    curves = tuple(g for g in groups if not (provider.groups[g].post_quantum or g.is_finite_field))
    sha1 = sorted(INSECURE_SCHEMES12) if policy.allow_sha1_signatures else ()
    wanted12 = (*schemes, *PKCS1, *sha1)
    signing12 = tuple(scheme for scheme in wanted12 if scheme in schemes12())
    suites13 = tuple(s for s in chosen if s in provider.suites)
    older = _Older(curves, fields, signing12)
    usable12 = {s: rows[s] for s in chosen if s in rows and not older.lacks(rows[s])}
    faults = {
        TLS13: _fault13(suites13, schemes, credentials),
        TLS12: _fault12(tuple(rows[s] for s in chosen if s in rows), older, credentials),
    }
    found = tuple(version for version in wanted if not faults[version])
    for version in wanted:
        if faults[version] and (wishes.versions is not None or not found):
            every = wanted if not found else (version,)
            words = "; ".join(f"{one.label} cannot work: {faults[one]}" for one in every)
            raise ApiMisuse(f"versions: {words}", "allow what it lacks, or leave the version out")
    suites13 = suites13 if TLS13 in found else ()
    usable12 = usable12 if TLS12 in found else {}
    offers = Negotiable(
        found,
        tuple(s for s in chosen if s in usable12 or s in suites13),
        suites13,
        usable12,
        curves,
        fields,
        signing12,
        wanted12 if TLS12 in found else schemes,
    )
    _check_wishes(wishes, offers)
    return offers


def _check_policy(suites: Sequence[CipherSuite], policy: Policy) -> None:
    """What the modern policy leaves out of TLS 1.2 has a reason to be left out: say its name.

    Some suites are in no policy's list, being of no use to anybody but a test; those need one that
    has given up as much.
    """
    rows = suites12()
    if not LEGACY.isdisjoint(policy.suites):
        return
    for suite in suites:
        if suite in rows and suite not in policy.suites:
            raise ApiMisuse(
                f"suites: {suite} is not in the policy {policy.name!r}",
                "policy=tlsee.policies.legacy has it; docs/policies.md says what that gives up",
            )


@value
class _Older:
    """What TLS 1.2's suites find: curves, fields, and schemes to sign with."""

    curves: tuple[NamedGroup, ...]
    fields: tuple[NamedGroup, ...]
    schemes: tuple[SignatureScheme, ...]

    def lacks(self, suite: Suite12) -> str:
        """What the suite would need and does not find, or ``""``."""
        exchange = suite.key_exchange
        if exchange is KeyExchangeAlgorithm.rsa:
            return ""
        if not (self.curves if exchange is KeyExchangeAlgorithm.ecdhe else self.fields):
            return f"no group for {exchange.value}"
        if not any(authentication_of(scheme) == suite.authentication for scheme in self.schemes):
            return f"no signature scheme for {suite.authentication.upper()} keys"
        return ""


def _fault13(
    suites: tuple[CipherSuite, ...],
    schemes: tuple[SignatureScheme, ...],
    credentials: tuple[Credential, ...] | None,
) -> str:
    """Why TLS 1.3 does not work, or ``""``; every group that is implemented is for it."""
    if not suites:
        return "none of its cipher suites is allowed"
    if credentials is None or any(
        not cannot_sign(credential) and not set(schemes).isdisjoint(credential.schemes)
        for credential in credentials
    ):
        return ""
    return f"it has no signature scheme for {_keys(credentials)}"


def _fault12(
    suites: tuple[Suite12, ...], older: _Older, credentials: tuple[Credential, ...] | None
) -> str:
    """Why TLS 1.2 does not work, or ``""``."""
    if not suites:
        return "none of its cipher suites is allowed"
    usable = [suite for suite in suites if not older.lacks(suite)]
    if not usable:
        lacking = dict.fromkeys(older.lacks(suite) for suite in suites)
        return f"its cipher suites find {' and '.join(lacking)}"
    if credentials is None or any(
        serves12(credential, suite, scheme)
        for credential in credentials
        for suite in usable
        for scheme in credential.schemes12
        if scheme in older.schemes
    ):
        return ""
    kinds = dict.fromkeys(f"{s.key_exchange.value}-{s.authentication.upper()}" for s in usable)
    return f"its cipher suites ({', '.join(kinds)}) do not go with {_keys(credentials)}"


def _keys(credentials: Iterable[Credential]) -> str:
    """The certificates by their keys, a few of them."""
    shown = [f"{one.subject} ({one.key_label})" for one in credentials]
    return ", ".join(shown[:3]) + (" and others" if len(shown) > 3 else "") or "no certificate"


def _check_schemes(
    wished: Sequence[SignatureScheme] | None, credentials: tuple[Credential, ...] | None
) -> None:
    """Some certificate must be able to sign with the schemes that were asked for by name.

    Raises:
        ApiMisuse: none can, although what TLS 1.2 adds to the list might do.
    """
    if wished is None or credentials is None:
        return
    if all(set(wished).isdisjoint((*one.schemes, *one.schemes12)) for one in credentials):
        listed = ", ".join(map(str, wished))
        raise ApiMisuse(
            f"schemes: none of {listed} is for {_keys(credentials)}",
            "allow one that the key can sign with, or give another certificate",
        )


def _check_wishes(wishes: Wishes, offers: Negotiable) -> None:
    """What was asked for by name must be of use in some version.

    Raises:
        ApiMisuse: it is not.
    """
    spoken = " and ".join(version.label for version in offers.versions)
    for suite in wishes.suites or ():
        if suite not in offers.suites:
            raise _useless("suites", suite, spoken, "its version, or a group for its key exchange")
    if TLS13 in offers.versions:
        return
    exchanges = {row.key_exchange for row in offers.suites12.values()}
    of_use = {
        *(offers.groups12 if KeyExchangeAlgorithm.ecdhe in exchanges else ()),
        *(offers.fields12 if KeyExchangeAlgorithm.dhe in exchanges else ()),
    }
    for group in wishes.groups or ():
        if group not in of_use:
            raise _useless("groups", group, spoken, "a cipher suite that uses it")
    for scheme in wishes.schemes or ():
        if scheme not in offers.schemes12:
            raise _useless("schemes", scheme, spoken, "its version")


def _useless(keyword: str, item: object, spoken: str, needed: str) -> ApiMisuse:
    return ApiMisuse(
        f"{keyword}: {item} is of no use to a configuration that speaks {spoken}",
        f"leave it out, or allow {needed}",
    )

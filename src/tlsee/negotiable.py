"""What a configuration can negotiate: the versions that work, and what each of them has.

A version needs more than its name: a suite, a group for the suite's key exchange. Found once, when
the configuration is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.config_checks import known
from tlsee.crypto.provider import Provider
from tlsee.crypto.schemes12 import INSECURE_SCHEMES12, schemes12
from tlsee.crypto.suites12 import Suite12, suites12
from tlsee.errors import ApiMisuse
from tlsee.policies import Policy
from tlsee.values import value

VERSIONS = (ProtocolVersion.TLS13, ProtocolVersion.TLS12)  # all that there are

# What 1.2 signs with besides; in 1.3 they are for certificates only (RFC 9846, 4.3.3).
PKCS1 = (
    SignatureScheme.rsa_pkcs1_sha256,
    SignatureScheme.rsa_pkcs1_sha384,
    SignatureScheme.rsa_pkcs1_sha512,
)


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
    versions: Sequence[ProtocolVersion] | None,
    suites: Sequence[CipherSuite] | None,
    groups: tuple[NamedGroup, ...],
    schemes: tuple[SignatureScheme, ...],
) -> Negotiable:
    """Settle what can be negotiated.

    Args:
        versions, suites: as they were asked for; ``None`` means the policy's. A version that
            nothing serves falls away, or is refused if it was asked for by name.
        groups, schemes: those of the configuration, known to work.

    Raises:
        ApiMisuse: nothing can, or something that was asked for by name cannot.
    """
    rows12 = suites12()
    chosen = known(suites, policy.suites, {*provider.suites, *rows12}, "suites", "cipher suite")
    wanted = known(versions, policy.versions, VERSIONS, "versions", "version")
    fields = tuple(g for g in groups if g.is_finite_field)
    curves = tuple(g for g in groups if not (provider.groups[g].post_quantum or g.is_finite_field))
    usable12 = {
        s: rows12[s] for s in chosen if s in rows12 and _has_group(rows12[s], curves, fields)
    }
    served = {
        ProtocolVersion.TLS13: any(suite in provider.suites for suite in chosen),
        ProtocolVersion.TLS12: bool(usable12),
    }
    for version in wanted:
        if versions is not None and not served[version]:
            raise ApiMisuse(
                f"versions: {version.label} has no cipher suite or no group that works here",
                "allow one of its suites and one of its groups, or leave the version out",
            )
    found = tuple(version for version in wanted if served[version])
    if not found:
        raise ApiMisuse("no version has a cipher suite and a group", "allow more of them")
    tls13, tls12 = (version in found for version in VERSIONS)
    suites13 = tuple(s for s in chosen if tls13 and s in provider.suites)
    if not tls12:
        usable12 = {}
    sha1 = sorted(INSECURE_SCHEMES12) if policy.allow_sha1_signatures else ()
    wanted12 = (*schemes, *PKCS1, *sha1)
    return Negotiable(
        found,
        tuple(s for s in chosen if s in suites13 or s in usable12),
        suites13,
        usable12,
        curves,
        fields,
        tuple(scheme for scheme in wanted12 if scheme in schemes12()),
        wanted12 if tls12 else schemes,
    )


def _has_group(
    suite: Suite12, curves: tuple[NamedGroup, ...], fields: tuple[NamedGroup, ...]
) -> bool:
    """Whether a suite of 1.2 finds a group for its key exchange."""
    if suite.key_exchange is KeyExchangeAlgorithm.ecdhe:
        return bool(curves)
    return suite.key_exchange is KeyExchangeAlgorithm.rsa or bool(fields)

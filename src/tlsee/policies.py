"""Named sets of what is allowed. A configuration starts from one and may narrow it.

A policy that weakens has ``legacy`` or ``insecure`` in its name; none exists yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from tlsee import defaults
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme

__all__ = ["Policy", "default"]


@dataclass(frozen=True)
class Policy:
    """What a connection may negotiate, in order of preference.

    Attributes:
        group_tiers: a higher tier wins even at the price of a HelloRetryRequest; within a tier a
            share that is there wins.
        padding_block: protected records of application data are padded to a multiple of this many
            bytes; 0 pads nothing (RFC 9846, 5.4).
        grease: whether a client offers values that nobody may react to (RFC 8701).
        strict_server_name: whether a server refuses a name that none of its certificates is for
            (unrecognized_name) instead of showing its first.
        require_extended_main_secret: whether TLS 1.2 without RFC 7627 is refused; where it is not,
            such connections have no exporters.
        cookie: whether a server's HelloRetryRequest carries a cookie (RFC 9846, 4.3.2).
    """

    name: str
    versions: tuple[ProtocolVersion, ...] = defaults.VERSIONS
    suites: tuple[CipherSuite, ...] = defaults.SUITES
    group_tiers: tuple[tuple[NamedGroup, ...], ...] = defaults.GROUP_TIERS
    schemes: tuple[SignatureScheme, ...] = defaults.SCHEMES
    certificate_schemes: tuple[SignatureScheme, ...] = defaults.CERTIFICATE_SCHEMES
    padding_block: int = 0
    grease: bool = True
    cookie: bool = False
    middlebox_compatibility: bool = True
    strict_server_name: bool = False
    require_extended_main_secret: bool = True


default = Policy("default")

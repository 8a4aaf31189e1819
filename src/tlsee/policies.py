"""Named sets of what is allowed. A configuration starts from one and may narrow it.

A policy that weakens has ``legacy`` or ``insecure`` in its name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tlsee import defaults
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme

__all__ = ["Policy", "default", "insecure_old_machines", "legacy"]


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
        allow_mac_then_encrypt: whether CBC without RFC 7366 is taken (Lucky 13; never constant time
            here).
        allow_sha1_signatures: whether SHA-1 may be in a signature of TLS 1.2 (SLOTH).
        cookie: whether a server's HelloRetryRequest carries a cookie (RFC 9846, 4.3.2).
        legacy_psk_alone: whether a pre-shared key may do without a key exchange (psk_ke); what is
            recorded then is opened by whoever gets the key later (RFC 9846, 2.2).
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
    allow_mac_then_encrypt: bool = False
    allow_sha1_signatures: bool = False
    legacy_psk_alone: bool = False


default = Policy("default")

# For peers that have nothing better. RSA key exchange has no forward secrecy: who gets the server's
# key later opens what was recorded. DHE has it, but its groups are large and slow, and a server's
# own may be badly made. CCM is slow; CBC is taken with encrypt_then_mac alone. Without
# extended_main_secret two connections may be made to share their secrets: such ones have no
# exporters.
legacy = Policy(
    "legacy",
    suites=(*defaults.SUITES, *defaults.LEGACY_SUITES),
    group_tiers=(*defaults.GROUP_TIERS, defaults.FINITE_FIELDS),
    require_extended_main_secret=False,
)

# For machines that have to be looked at and cannot be helped: reached through ``tlsee.insecure``.
insecure_old_machines = replace(
    legacy,
    name="insecure_old_machines",
    allow_mac_then_encrypt=True,
    allow_sha1_signatures=True,
)

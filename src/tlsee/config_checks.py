"""What a configuration is given, looked at when it is made: lists, names, tiers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from tlsee import defaults
from tlsee.codes import NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.codes12 import MaxFragmentLength
from tlsee.crypto.provider import Provider
from tlsee.errors import ApiMisuse
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust
from tlsee.policies import Policy
from tlsee.sessions.psk import ExternalPsk

T = TypeVar("T")


def worth_naming(trust: Trust | None) -> tuple[bytes, ...]:
    """The authorities for CertificateRequest: all of them, or none where there are too many."""
    names = trust.names() if trust is not None else ()
    total = sum(2 + len(name) for name in names)
    return names if total <= defaults.AUTHORITIES_LIMIT else ()


def check_usable(
    credentials: Iterable[Credential],
    versions: Sequence[ProtocolVersion],
    schemes13: Sequence[SignatureScheme],
    schemes12: Sequence[SignatureScheme],
) -> None:
    """Every credential must be able to sign in one of the versions.

    Raises:
        ApiMisuse: one cannot; it says what its key signs with.
    """
    tls13 = ProtocolVersion.TLS13 in versions
    tls12 = ProtocolVersion.TLS12 in versions
    for credential in credentials:
        able13 = tls13 and not set(schemes13).isdisjoint(credential.schemes)
        if not able13 and not (tls12 and not set(schemes12).isdisjoint(credential.schemes12)):
            able = ", ".join(map(str, dict.fromkeys((*credential.schemes, *credential.schemes12))))
            spoken = " and ".join(version.label for version in versions)
            raise ApiMisuse(
                f"the key of {credential.subject} signs with {able}, and this configuration, "
                f"which speaks {spoken}, with none of them",
                "allow one: schemes=, versions=; or give a certificate with another kind of key",
            )


def checked_size_limit(limit: int | None) -> int | None:
    """A record_size_limit that may be announced, or none."""
    if limit is not None and not 64 <= limit <= defaults.RECORD_SIZE_LIMIT:
        raise ApiMisuse(f"record_size_limit is {limit}", "give 64 to 16385 (RFC 8449, 4), or None")
    return limit


def fragment_length(length: int | None) -> MaxFragmentLength | None:
    """The number for a max_fragment_length of so many bytes."""
    if length is None:
        return None
    for number in MaxFragmentLength.members():
        if number.length == length:
            return number
    raise ApiMisuse(
        f"max_fragment_length is {length}", "give 512, 1024, 2048 or 4096 (RFC 6066, 4), or None"
    )


def protocol_names(names: Iterable[str | bytes]) -> tuple[bytes, ...]:
    """The names for ALPN as bytes (RFC 7301, 3.1)."""
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


def known(
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


def tiers(
    groups: Sequence[NamedGroup] | None, policy: Policy, provider: Provider
) -> tuple[tuple[NamedGroup, ...], ...]:
    """The groups in tiers: the policy's tiers, and within each the order that was asked for."""
    standard = [group for tier in policy.group_tiers for group in tier]
    wanted = known(groups, standard, provider.groups, "groups", "group")
    placed = [tuple(group for group in wanted if group in tier) for tier in policy.group_tiers]
    others = tuple(group for group in wanted if group not in standard)
    if groups is None:
        placed = [tuple(group for group in tier if group in wanted) for tier in policy.group_tiers]
    return tuple(tier for tier in (*placed, others) if tier)


def psks_by_identity(psks: Iterable[ExternalPsk]) -> dict[bytes, ExternalPsk]:
    """External keys by the name that goes over the wire.

    Raises:
        ApiMisuse: two have one name, or something else is among them.
    """
    found: dict[bytes, ExternalPsk] = {}
    for psk in psks:
        if not isinstance(psk, ExternalPsk):
            raise ApiMisuse("psks= takes ExternalPsk values", "ExternalPsk(identity, key)")
        if psk.identity in found:
            raise ApiMisuse("psks: two keys have one identity", "give each a name of its own")
        found[psk.identity] = psk
    return found

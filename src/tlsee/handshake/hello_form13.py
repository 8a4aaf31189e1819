"""What a hello of TLS 1.3 must look like, the first one and the second (RFC 9846, 4.2.2)."""

from __future__ import annotations

from tlsee.codes import ExtensionType, NamedGroup
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.key_share import KeyShareClientHello
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.hellos import ClientHello


def check_form(hello: ClientHello) -> None:
    """What every 1.3 hello must look like (RFC 9846, 4.2.2 and 9.2)."""
    if tuple(hello.legacy_compression_methods) != (0,):
        raise PeerMisbehaved(Reasons.illegal_compression)
    if not hello.extensions.has(ExtensionType.pre_shared_key):
        hello.extensions.require(SignatureAlgorithms)
    elif not hello.extensions.has(ExtensionType.psk_key_exchange_modes):
        raise PeerMisbehaved(Reasons.psk_modes_missing)
    if hello.extensions.has(ExtensionType.tls_cert_with_extern_psk):
        for kind in (ExtensionType.pre_shared_key, ExtensionType.key_share):
            if not hello.extensions.has(kind):
                raise PeerMisbehaved(Reasons.extern_psk_misused, f"without {kind}")
        hello.extensions.require(SignatureAlgorithms)


def groups_and_shares(
    hello: ClientHello,
) -> tuple[tuple[NamedGroup, ...], dict[NamedGroup, bytes]]:
    """RFC 9846, 4.3.8: no group twice, and none that supported_groups does not list."""
    groups = hello.extensions.require(SupportedGroups).named_group_list
    entries = hello.extensions.require(KeyShareClientHello).client_shares
    listed = set(groups)
    shares: dict[NamedGroup, bytes] = {}
    for entry in entries:
        if entry.group in shares:
            raise PeerMisbehaved(Reasons.duplicate_share, str(entry.group))
        if entry.group not in listed:
            raise PeerMisbehaved(Reasons.share_without_group, str(entry.group))
        shares[entry.group] = entry.key_exchange
    return groups, shares


# RFC 9846, 4.2.2: what a second hello may change.
_CHANGEABLE = frozenset(
    {
        ExtensionType.key_share,
        ExtensionType.early_data,
        ExtensionType.cookie,
        ExtensionType.pre_shared_key,
        ExtensionType.padding,
    }
)


def check_unchanged(first: ClientHello, second: ClientHello) -> None:
    """The second hello is the first but for what it may change.

    Raises:
        PeerMisbehaved: ``hello_changed``.
    """
    same = (
        first.legacy_version == second.legacy_version
        and first.random == second.random
        and first.legacy_session_id == second.legacy_session_id
        and first.cipher_suites == second.cipher_suites
        and first.legacy_compression_methods == second.legacy_compression_methods
    )
    if not same:
        raise PeerMisbehaved(Reasons.hello_changed, "outside its extensions")
    before, after = _fixed_extensions(first.extensions), _fixed_extensions(second.extensions)
    if before != after:
        changed = {kind for kind, _ in before ^ after}
        raise PeerMisbehaved(Reasons.hello_changed, ", ".join(sorted(map(str, changed))))


def _fixed_extensions(extensions: Extensions) -> set[tuple[ExtensionType, bytes]]:
    return {
        (kind, extensions.data_of(kind)) for kind in extensions.types if kind not in _CHANGEABLE
    }

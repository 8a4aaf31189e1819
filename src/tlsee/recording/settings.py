"""A configuration as values: code points, names and numbers, for a recording that keeps all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from tlsee.config import ClientConfig, ServerConfig
from tlsee.recording.kept import Configuration
from tlsee.recording.seen import seen
from tlsee.trace import Role

_BOTH = (
    "versions",
    "suites",
    "groups",
    "schemes",
    "certificate_schemes",
    "alpn",
    "record_size_limit",
    "credentials",
    "psks",
)
_CLIENT = ("key_shares", "max_fragment_length", "post_handshake_auth")
_SERVER = (
    "client_auth",
    "client_authorities",
    "tickets",
    "early_data",
    "insecure_accept_own_hellos",
)


def configuration_of(config: ClientConfig | ServerConfig) -> Configuration:
    """What can be said of a configuration in values.

    External keys are among them, whole. Callables, stores of sessions and the anchors of a trust
    are not: a recording has what came of them. Of each credential, by its place, there are the
    schemes that its key signs with and the OCSP responses beside its chain.
    """
    role = Role.SERVER if isinstance(config, ServerConfig) else Role.CLIENT
    names = (*_BOTH, *(_SERVER if role is Role.SERVER else _CLIENT))
    settings = {name: _values(getattr(config, name)) for name in names}
    for field in fields(config.policy):
        item = getattr(config.policy, field.name)
        if field.name == "group_tiers":
            item = _flat(item)
        settings[f"policy.{field.name}"] = _values(item)
    settings["group_tiers"] = _flat(config.group_tiers)
    settings["revocation"] = (config.judging.revocation.value,)
    settings["fetcher"] = (config.judging.fetcher is not None,)
    settings["sessions"] = (config.sessions is not None,)
    trust = config.trust if isinstance(config, ClientConfig) else config.client_trust
    if trust is not None:
        settings["trust.insecure"] = (bool(trust.insecure),)
        settings["trust.anchors"] = (len(trust.anchors),)
        settings["trust.raw_keys"] = tuple(sorted(trust.raw_keys))
    if isinstance(config, ServerConfig):
        settings["config_for_hello"] = (config.config_for_hello is not None,)
        if config.sessions is not None:
            settings["sessions.keeps_ids"] = (bool(config.sessions.keeps_ids),)
    for place, credential in enumerate(config.credentials):
        settings[f"credentials.{place}.schemes"] = credential.schemes
        settings[f"credentials.{place}.schemes12"] = credential.schemes12
        settings[f"credentials.{place}.staples"] = credential.stapled()
    return Configuration(role, settings)


def _flat(tiers: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
    """Which group stands in which tier: ``None`` ends each."""
    return tuple(part for tier in tiers for part in (*tier, None))


def _values(item: Any) -> tuple[Any, ...]:
    items: Iterable[Any] = item if isinstance(item, tuple) else (item,)
    return tuple(seen(each, in_full=True) for each in items)

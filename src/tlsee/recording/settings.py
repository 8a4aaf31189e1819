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
_CLIENT = ("key_shares", "max_fragment_length")
_SERVER = ("client_auth", "tickets", "early_data", "insecure_accept_own_hellos")


def configuration_of(config: ClientConfig | ServerConfig) -> Configuration:
    """What can be said of a configuration in values.

    External keys are among them, whole. Callables, stores of sessions and the anchors of a trust
    are not: a recording has what came of them.
    """
    role = Role.SERVER if isinstance(config, ServerConfig) else Role.CLIENT
    names = (*_BOTH, *(_SERVER if role is Role.SERVER else _CLIENT))
    settings = {name: _values(getattr(config, name)) for name in names}
    for field in fields(config.policy):
        item = getattr(config.policy, field.name)
        if field.name == "group_tiers":  # which group stands in which tier
            item = tuple(part for tier in item for part in (*tier, None))
        settings[f"policy.{field.name}"] = _values(item)
    settings["revocation"] = (config.judging.revocation.value,)
    if isinstance(config, ClientConfig):
        settings["trust.insecure"] = (bool(config.trust.insecure),)
    return Configuration(role, settings)


def _values(item: Any) -> tuple[Any, ...]:
    items: Iterable[Any] = item if isinstance(item, tuple) else (item,)
    return tuple(seen(each, in_full=True) for each in items)

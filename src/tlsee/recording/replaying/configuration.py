"""A recording's configuration made into one again: the values, and those who remember the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tlsee import policies
from tlsee.codes12 import MaxFragmentLength
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.provider import Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.replay import Replay
from tlsee.errors import ApiMisuse
from tlsee.identity.credentials import Credential
from tlsee.identity.path.known import Revocation
from tlsee.identity.trust import Trust
from tlsee.policies import Policy
from tlsee.recording.kept import Configuration
from tlsee.recording.replaying.answers import (
    RecordedAnswers,
    RecordedClientSessions,
    RecordedFetcher,
    RecordedSessions,
    credential_of,
)
from tlsee.recording.replaying.changing import Changes
from tlsee.recording.seen import CredentialSeen
from tlsee.trace import Role

Settings = Mapping[str, tuple[Any, ...]]


UNCHANGED = Changes.nothing()


class RememberedTrust(Trust):
    """A trust whose anchors are elsewhere: how many there were decides what is asked of a peer."""

    def __init__(self, anchors: int, *, insecure: bool, raw_keys: frozenset[bytes]) -> None:
        empty = Trust.nobody()
        self.__dict__.update(empty.__dict__)
        self.anchors = (None,) * anchors  # type: ignore[assignment]  # counted, and never read
        self.insecure = insecure
        self.raw_keys = raw_keys

    def __repr__(self) -> str:
        return f"RememberedTrust({len(self.anchors)} anchors)"

    def names(self) -> tuple[bytes, ...]:
        """Those that went over the wire are in the configuration."""
        return ()


def configured(
    recorded: Configuration,
    answers: RecordedAnswers,
    replay: Replay,
    provider: Provider,
    changes: Changes = UNCHANGED,
) -> ClientConfig | ServerConfig:
    """The configuration, asking ``provider`` and the ``answers``, with these changes.

    Raises:
        ApiMisuse: no recorder wrote this.
    """
    try:
        if recorded.role is Role.CLIENT:
            return _client(recorded.settings, answers, replay, provider, changes)
        return _server(recorded.settings, answers, replay, provider, changes)
    except ApiMisuse as problem:
        if changes is not UNCHANGED:
            raise
        raise ApiMisuse(f"its configuration does not work here: {problem.detail}") from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        kind = type(problem).__name__
        raise ApiMisuse(f"its configuration cannot be read ({kind})") from None


def policy_of(settings: Settings, *, whole: bool = False) -> Policy:
    """The policy, narrowed to what the configuration had of it, unless it is wanted ``whole``."""
    found: dict[str, Any] = {}
    for field in fields(Policy):
        item = settings.get(f"policy.{field.name}")
        if item is None:
            continue
        standard = getattr(policies.default, field.name)
        if isinstance(standard, tuple):
            found[field.name] = item
        else:
            (found[field.name],) = item
            if type(found[field.name]) is not type(standard):
                raise TypeError(field.name)
    if not whole:
        for name in ("versions", "suites", "schemes", "certificate_schemes"):
            found[name] = settings[name]
    tiers = "policy.group_tiers" if whole else "group_tiers"
    found["group_tiers"] = _tiers(settings[tiers])
    return Policy(**found)


def _tiers(flat: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
    tiers: list[tuple[Any, ...]] = []
    tier: list[Any] = []
    for item in flat:
        if item is None:
            tiers.append(tuple(tier))
            tier = []
        else:
            tier.append(item)
    return tuple(tiers)


def _common(settings: Settings, answers: RecordedAnswers, changes: Changes) -> dict[str, Any]:
    answers.credentials = _credentials(settings)
    whole = "versions" in changes.keywords  # another one has other suites, groups and schemes
    fetcher = RecordedFetcher(answers) if _one(settings, "fetcher", bool) else None
    return {
        "policy": changes.policy_from(policy_of(settings, whole=whole)),
        "alpn": settings["alpn"],
        "credentials": answers.credentials,
        "record_size_limit": settings["record_size_limit"][0],
        "revocation": Revocation(_one(settings, "revocation", str)),
        "fetcher": fetcher,
        "fetch_issuers": fetcher is not None,
        "judge": answers.judge,
        "choose_credential": answers.choose,
        "psks": settings["psks"],
        "provider": PROVIDER,  # while it is made; nothing of this is in the journal
    }


def _client(
    settings: Settings,
    answers: RecordedAnswers,
    replay: Replay,
    provider: Provider,
    changes: Changes,
) -> ClientConfig:
    fragment = settings["max_fragment_length"][0]
    keywords = {
        **_common(settings, answers, changes),
        "trust": _trust(settings) or Trust.nobody(),
        # Of other groups there are other shares.
        "key_shares": None if "groups" in changes.keywords else settings["key_shares"],
        "max_fragment_length": None if fragment is None else MaxFragmentLength.of(fragment).length,
        "post_handshake_auth": _one(settings, "post_handshake_auth", bool),
        "sessions": False,
    }
    made = ClientConfig(**{**keywords, **changes.keywords})
    sessions = RecordedClientSessions(replay) if _one(settings, "sessions", bool) else None
    return made.watched(provider, sessions, None)


def _server(
    settings: Settings,
    answers: RecordedAnswers,
    replay: Replay,
    provider: Provider,
    changes: Changes,
) -> ServerConfig:
    sessions = None
    if _one(settings, "sessions", bool):
        keeps = _one(settings, "sessions.keeps_ids", bool)
        sessions = RecordedSessions(answers, replay, keeps_ids=keeps)
    chooses = _one(settings, "config_for_hello", bool)
    keywords = {
        **_common(settings, answers, changes),
        "client_trust": _trust(settings),
        "client_auth": _one(settings, "client_auth", str),
        "tickets": _one(settings, "tickets", int),
        "early_data": _one(settings, "early_data", int),
        "sessions": sessions if sessions is not None else False,
        "insecure_accept_own_hellos": _one(settings, "insecure_accept_own_hellos", bool),
        "config_for_hello": answers.config_for_hello if chooses else None,
    }
    made = ServerConfig(**{**keywords, **changes.keywords})
    watched = made.watched(provider, sessions, None)
    authorities = settings["client_authorities"]
    object.__setattr__(watched, "client_authorities", tuple(map(bytes, authorities)))
    return watched


def _trust(settings: Settings) -> Trust | None:
    if "trust.insecure" not in settings:
        return None
    return RememberedTrust(
        min(_one(settings, "trust.anchors", int), 1),
        insecure=_one(settings, "trust.insecure", bool),
        raw_keys=frozenset(settings["trust.raw_keys"]),
    )


def _credentials(settings: Settings) -> tuple[Credential, ...]:
    made: list[Credential] = []
    for place, seen in enumerate(settings["credentials"]):
        if not isinstance(seen, CredentialSeen):
            raise TypeError("credentials")
        about = f"credentials.{place}"
        schemes, older = settings[f"{about}.schemes"], settings[f"{about}.schemes12"]
        credential = credential_of(seen, schemes, older)
        staples = settings[f"{about}.staples"]
        if any(staple is not None for staple in staples):
            credential = credential.with_staples(staples)
        made.append(credential)
    return tuple(made)


def _one(settings: Settings, name: str, kind: type) -> Any:
    (item,) = settings[name]
    if not isinstance(item, kind) or (kind is int and isinstance(item, bool)):
        raise TypeError(name)
    return item

"""Changing one value of a recorded configuration, or of how its connection began."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from dataclasses import replace as with_fields
from typing import Any

from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.errors import ApiMisuse
from tlsee.policies import Policy
from tlsee.recording.replaying.editing import MESSAGES, NOTHING, code_point, no_code
from tlsee.recording.replaying.spelling import meant
from tlsee.text import printable
from tlsee.trace import Role
from tlsee.values import replace, value

_POLICIES = {
    "default": policies.default,
    "legacy": policies.legacy,
    "insecure_old_machines": policies.insecure_old_machines,
}


@value
class Changes:
    """What is changed of a configuration.

    Attributes:
        keywords: for its constructor. ``arguments``: of the connection.
        policy: what changes the recorded policy, in order.
    """

    keywords: dict[str, Any]
    arguments: dict[str, Any]
    policy: tuple[Callable[[Policy], Policy], ...]

    @classmethod
    def nothing(cls) -> Changes:
        """None yet."""
        return cls({}, {}, ())

    def plus(self, role: Role, name: str, item: Any) -> Changes:
        """These and one more.

        Raises:
            ApiMisuse: there is nothing of this name, or the item does not fit it.
        """
        if name == "policy":
            chosen = _policy(item)
            return replace(self, policy=(*self.policy, lambda _: chosen))
        if name.startswith("policy."):
            return replace(self, policy=(*self.policy, _field(name[len("policy.") :], item)))
        row = _ROWS.get(name)
        if row is None or role not in row.roles:
            raise _no_name(role, name)
        made = row.parse(item) if isinstance(item, str) else item
        if row.is_argument:
            if not isinstance(made, str | None):
                raise ApiMisuse(f"{name} is a text or None, and no {type(made).__name__}")
            return replace(self, arguments={**self.arguments, name: made})
        return replace(self, keywords={**self.keywords, name: made})

    def policy_from(self, recorded: Policy) -> Policy:
        """The recorded policy, changed."""
        for change in self.policy:
            recorded = change(recorded)
        return recorded


def _no_name(role: Role, name: str) -> ApiMisuse:
    """What to say of a name that nothing has."""
    known = sorted(setting for setting, row in _ROWS.items() if role in row.roles)
    fix = (
        f"settings are {', '.join(known)}, policy and policy.FIELD; fields are such as "
        "client_hello.extensions.server_name"
    )
    first, dot, rest = name.partition(".")
    near = meant(first, [*MESSAGES, "policy"] if dot else [*known, "policy"])
    if near:
        fix = f"did you mean {near}{dot}{printable(rest, 60)}?"
    return ApiMisuse(
        f"{printable(name, 60)!r} is neither a message's field nor a setting of a {role.value}",
        fix,
    )


@value
class _Row:
    """A setting: how text is read, whose it is, whether it is the connection's."""

    parse: Callable[[str], Any]
    roles: tuple[Role, ...] = (Role.CLIENT, Role.SERVER)
    is_argument: bool = False


def _codes(registry: Any) -> Callable[[str], list[Any]]:
    def parse(text: str) -> list[Any]:
        found = []
        for word in filter(None, (part.strip() for part in text.split(","))):
            code = code_point(registry, word)
            if code is None:
                raise no_code(registry, word)
            found.append(code)
        return found

    return parse


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str) -> int | None:
    if text == NOTHING:
        return None
    try:
        return int(text, 0)
    except ValueError:
        raise ApiMisuse(f"{printable(text, 40)!r} is no number") from None


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTHS:
        raise ApiMisuse(f"{printable(text, 40)!r} is neither true nor false")
    return _TRUTHS[text.lower()]


_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _text(text: str) -> str | None:
    return None if text == NOTHING else text


_CLIENT, _SERVER = (Role.CLIENT,), (Role.SERVER,)
_ROWS: Mapping[str, _Row] = {
    "versions": _Row(_codes(ProtocolVersion)),
    "groups": _Row(_codes(NamedGroup)),
    "suites": _Row(_codes(CipherSuite)),
    "schemes": _Row(_codes(SignatureScheme)),
    "alpn": _Row(_names),
    "record_size_limit": _Row(_number),
    "key_shares": _Row(_codes(NamedGroup), _CLIENT),
    "max_fragment_length": _Row(_number, _CLIENT),
    "post_handshake_auth": _Row(_truth, _CLIENT),
    "server_name": _Row(_text, _CLIENT, True),
    "identity": _Row(_text, _CLIENT, True),
    "client_auth": _Row(_text, _SERVER),
    "tickets": _Row(_number, _SERVER),
    "early_data": _Row(_number, _SERVER),
}


def _policy(item: Any) -> Policy:
    if isinstance(item, Policy):
        return item
    if item not in _POLICIES:
        raise ApiMisuse(
            f"{printable(str(item), 40)!r} is no policy", f"there are {', '.join(_POLICIES)}"
        )
    return _POLICIES[item]


def _field(name: str, item: Any) -> Callable[[Policy], Policy]:
    """A change to one field of the policy."""
    standard = getattr(policies.default, name, None)
    if name not in {field.name for field in fields(Policy)} or isinstance(standard, str | tuple):
        known = ", ".join(
            field.name
            for field in fields(Policy)
            if isinstance(getattr(policies.default, field.name), bool | int)
        )
        near = meant(name, known.split(", "))
        raise ApiMisuse(
            f"policy.{printable(name, 40)} cannot be set",
            f"did you mean policy.{near}?"
            if near
            else f"these can: {known}; versions, groups, suites and schemes without policy.",
        )
    made = item
    if isinstance(item, str):
        made = _truth(item) if isinstance(standard, bool) else _number(item)
    if not isinstance(standard, bool) and (not isinstance(made, int) or made < 0):
        raise ApiMisuse(f"policy.{name} is {printable(str(item), 40)}", "give a number from 0 on")
    return lambda policy: with_fields(policy, **{name: made})

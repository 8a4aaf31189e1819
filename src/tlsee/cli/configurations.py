"""A configuration in a file: the options of ``connect`` and ``serve``, written down as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from tlsee.cli import lists, stores
from tlsee.cli.exit_codes import Usage
from tlsee.cli.judging import manner_of
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import ApiMisuse
from tlsee.explain.against.credential import chain_alone
from tlsee.identity.credentials import Credential
from tlsee.identity.pem import certificates_in
from tlsee.identity.trust import Trust
from tlsee.text import printable
from tlsee.trace import Role
from tlsee.values import value

__all__ = ["Written", "read_configuration"]

C = TypeVar("C", ClientConfig, ServerConfig)

FILE_LIMIT = 1 << 20  # bytes
_BOTH = frozenset(
    {"tls", "policy", "groups", "suites", "alpn", "cert", "profile", "revocation", "crl"}
)
_KNOWN = {
    Role.CLIENT: _BOTH | {"ca"},
    Role.SERVER: _BOTH | {"client_ca", "client_auth"},
}
_LISTS = frozenset({"ca", "cert", "client_ca", "crl"})
_EXAMPLE = 'a file is such as: [server] and, in the next line, groups = "X25519MLKEM768,x25519"'


@value
class Written:
    """What a file says of each role; ``None`` for one that it does not mention."""

    client: Mapping[str, Any] | None
    server: Mapping[str, Any] | None

    def roles(self) -> tuple[Role, ...]:
        """Whose configuration the file has."""
        both = ((Role.CLIENT, self.client), (Role.SERVER, self.server))
        return tuple(role for role, options in both if options is not None)

    @property
    def names_authorities(self) -> bool:
        """Whether the file says whom the client trusts."""
        return self.client is not None and "ca" in self.client

    def client_config(self, recorded: Trust | None) -> ClientConfig:
        """The client's; without ``ca`` it trusts whom the recorded one did.

        Where that is not known either it accepts anyone: nobody judges then.

        Raises:
            Usage: it cannot be, or a file that it names cannot be read.
        """
        options = self.client or {}
        manner = _manner(options)
        if "ca" in options:
            recorded = stores.trusted(options["ca"], {}).trust
        trust = recorded if recorded is not None else Trust.insecure_accept_anyone()
        chain = _chain(options)
        return _made(
            ClientConfig,
            trust=manner.under_profile(trust),
            credentials=[chain] if chain is not None else [],
            **_shared(options),
            **manner.settings,
        )

    def server_config(self, recorded: Credential | None) -> ServerConfig | None:
        """The server's; without ``cert`` it has the certificate that was recorded.

        ``None``: there is neither.

        Raises:
            Usage: as ``client_config``.
        """
        options = self.server or {}
        credential = _chain(options) or recorded
        if credential is None:
            return None
        manner = _manner(options)
        trust: Trust | None = None
        for path in options.get("client_ca", ()):
            one = stores.authorities(path)
            trust = one if trust is None else trust.plus(one)
        if trust is None and "client_auth" in options:
            raise Usage("client_auth, and nobody to trust", "say whom to believe with client_ca")
        return _made(
            ServerConfig,
            credentials=[credential],
            client_trust=manner.under_profile(trust) if trust is not None else None,
            client_auth=options.get("client_auth"),
            **_shared(options),
            **manner.settings,
        )


def read_configuration(path: str) -> Written:
    """The configuration in a file.

    Raises:
        Usage: it cannot be read, or says something that is no option.
    """
    shown = printable(path, 60)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        why = stores.reason_of(error)
        raise Usage(f"cannot read {shown}: {why}", "check the path") from None
    if len(data) > FILE_LIMIT:
        raise Usage(f"{shown} is too long for a configuration", _EXAMPLE)
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Usage(f"{shown} is no TOML: {printable(str(problem), 80)}", _EXAMPLE) from None
    known = {role.value for role in Role}
    unknown = [name for name in tables if name not in known]
    if unknown or not tables:
        what = f"has [{printable(unknown[0], 30)}]" if unknown else "is empty"
        raise Usage(f"{shown} {what}, and the tables are [client] and [server]", _EXAMPLE)
    found = {role: _options(shown, role, tables.get(role.value)) for role in Role}
    return Written(found[Role.CLIENT], found[Role.SERVER])


def _options(shown: str, role: Role, table: Any) -> Mapping[str, Any] | None:
    if table is None:
        return None
    if not isinstance(table, dict):
        raise Usage(f"{shown}: {role.value} is no table", f"write [{role.value}]")
    found: dict[str, Any] = {}
    for name, item in table.items():
        option = name.replace("-", "_")
        if option not in _KNOWN[role]:
            known = ", ".join(sorted(_KNOWN[role]))
            raise Usage(f"{shown}: {printable(name, 30)} is no option of a {role.value}", known)
        found[option] = _texts(shown, name, item) if option in _LISTS else _text(shown, name, item)
    return found


def _texts(shown: str, name: str, item: Any) -> tuple[str, ...]:
    items = item if isinstance(item, list) else [item]
    return tuple(_text(shown, name, each) for each in items)


def _text(shown: str, name: str, item: Any) -> str:
    """A text, or a list of them with commas between, as on the command line."""
    if isinstance(item, list) and all(isinstance(each, str) for each in item):
        return ",".join(item)
    if not isinstance(item, str):
        raise Usage(f"{shown}: {printable(name, 30)} is no text", f'write {name} = "..."')
    return item


def _shared(options: Mapping[str, Any]) -> dict[str, Any]:
    policy = options.get("policy", "default")
    if policy not in ("default", "legacy"):
        raise Usage(f"policy = {printable(policy, 30)}", "it is default or legacy")
    return {
        "versions": lists.versions(options.get("tls")),
        "policy": lists.policy(policy),
        "groups": lists.groups(options.get("groups")),
        "suites": lists.suites(options.get("suites")),
        "alpn": lists.protocols(options.get("alpn")),
    }


def _manner(options: Mapping[str, Any]) -> Any:
    given = {"crl": (), "ocsp": (), "revocation": None, "at": None, "profile": None}
    given |= {name: options[name] for name in given if name in options}
    try:
        manner = manner_of(given)
    except ValueError as problem:  # a name that no option of the command line lets through
        raise Usage(printable(str(problem), 80), "see tlsee connect --help") from None
    if manner.fetcher is not None:
        raise Usage("revocation without crl", "nothing is fetched here: name the lists with crl")
    return manner


def _chain(options: Mapping[str, Any]) -> Credential | None:
    """The certificates alone: nothing is signed here, so no key is asked for."""
    paths = options.get("cert", ())
    if not paths:
        return None
    chain: list[bytes] = []
    for path in paths:
        try:
            found = certificates_in(Path(path).read_bytes())
        except OSError as error:
            why = stores.reason_of(error)
            raise Usage(f"cannot read {printable(path, 60)}: {why}", "check the path") from None
        except ValueError as problem:
            raise Usage(f"{printable(path, 60)}: {problem}", "give PEM") from None
        if not found:
            raise Usage(f"{printable(path, 60)} has no certificate in it", "give PEM")
        chain += found
    try:
        return chain_alone(chain)
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None


def _made(make: type[C], **arguments: Any) -> C:
    try:
        return make(**arguments)
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None

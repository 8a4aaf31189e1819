"""What ``tlsee connect`` was asked to do, checked before anything is sent."""

from __future__ import annotations

import enum
import os
import stat
import sys
from collections.abc import Mapping
from typing import Any

from tlsee.cli import lists, stores
from tlsee.cli.exit_codes import Usage
from tlsee.cli.extras import Extras, extras_of
from tlsee.cli.judging import manner_of
from tlsee.cli.keylogs import keylog_files
from tlsee.cli.meant import no_file
from tlsee.cli.output import is_terminal
from tlsee.cli.proxy import Proxy, choose_proxy
from tlsee.cli.recalling import Again, again_of, psks_of
from tlsee.cli.recordings import RecordWish, record_wish
from tlsee.cli.targets import Target, parse_target
from tlsee.config import ClientConfig
from tlsee.errors import ApiMisuse
from tlsee.text import printable
from tlsee.values import value


class Exchange(enum.Enum):
    """What is said once the handshake is done."""

    NOTHING = "nothing"
    HTTP = "http"
    PIPE = "pipe"  # standard input to its end
    TERMINAL = "terminal"  # standard input as it is typed

    @property
    def has_data(self) -> bool:
        """Whether standard output belongs to the peer's bytes."""
        return self is not Exchange.NOTHING


@value
class Wish:
    """Everything about one connection.

    ``server_name`` is what SNI asks for, ``None`` for none; ``identity`` what the certificate must
    be for; ``timeout`` seconds for TCP, proxy and handshake together, and for any silence later;
    ``keylogs`` pairs of a file and how it came to be named.
    """

    target: Target
    server_name: str | None
    identity: str
    config: ClientConfig
    proxy: Proxy | None
    timeout: float
    exchange: Exchange
    path: str
    keylogs: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    extras: Extras
    record: RecordWish | None
    again: Again


def wish_of(options: Mapping[str, Any], environ: Mapping[str, str]) -> Wish:
    """Check the options and read the files that they name.

    Raises:
        Usage: something cannot be meant or read.
    """
    no_file(options["target"])
    record = record_wish(options)
    target = parse_target(options["target"])
    name = options["server_name"]
    named = parse_target(name).host if name is not None else target.host
    if options["no_sni"] and name is not None:
        raise Usage("--no-sni and --server-name contradict each other", "use --identity NAME")
    identity = options["identity"]
    exchange = _exchange(options)
    extras = extras_of(options)
    psks, again = psks_of(options), again_of(options)
    believed = stores.trusted(options["ca"], environ, insecure=options["insecure"], needed=not psks)
    manner = manner_of(options)
    alpn = lists.protocols(options["alpn"])
    if exchange is Exchange.HTTP and not alpn:
        alpn = ["http/1.1"]
    mine = stores.credential(options["cert"], options["key"])
    try:
        config = ClientConfig(
            trust=manner.under_profile(believed.trust),
            **manner.settings,
            sessions=bool(again.times),
            psks=psks,
            versions=lists.versions(options["tls"]),
            policy=lists.policy(options["policy"]),
            groups=lists.groups(options["groups"]),
            suites=lists.suites(options["suites"]),
            alpn=alpn,
            credentials=[mine] if mine is not None else [],
        )
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None
    return Wish(
        target,
        None if options["no_sni"] else named,
        parse_target(identity).host if identity is not None else named,
        config,
        choose_proxy(target, options["proxy"], environ),
        _timeout(options["timeout"]),
        exchange,
        _path(options["http"]),
        keylog_files(options["keylog"], environ),
        believed.notes,
        extras,
        record,
        again,
    )


def _timeout(seconds: float) -> float:
    if not 0 < seconds < 86_400:
        raise Usage(f"--timeout {seconds:g}", "give seconds, more than 0 and less than a day")
    return seconds


def _path(path: str | None) -> str:
    """The request's path; it goes into a request line, so nothing may break out of one."""
    if path is None:
        return ""
    if not path.isascii() or any(c <= " " or c == "\x7f" for c in path):
        raise Usage(f"--http {printable(path, 40)}: no path", "percent-encode spaces and others")
    return path if path.startswith("/") else f"/{path}"


def _exchange(options: Mapping[str, Any]) -> Exchange:
    if options["http"] is not None:
        if options["interactive"]:
            raise Usage("--http and --interactive contradict each other", "use one of them")
        return Exchange.HTTP
    if options["no_stdin"]:
        if options["interactive"]:
            raise Usage("-n and --interactive contradict each other", "use one of them")
        return Exchange.NOTHING
    if has_input():
        return Exchange.PIPE
    if options["interactive"]:
        if sys.stdin is None:
            raise Usage("--interactive without standard input", "run it at a terminal")
        return Exchange.TERMINAL
    return Exchange.NOTHING


def has_input() -> bool:
    """Whether standard input is a pipe, a socket or a file. A terminal is none of them, and
    neither is ``/dev/null``, which cron and CI put there.
    """
    if sys.stdin is None or is_terminal(sys.stdin):
        return False
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)

"""``tlsee serve``: a server that tells each client what was negotiated with it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import click

from tlsee import policies
from tlsee.cli import lists, stores
from tlsee.cli.exit_codes import CommandError, NotTried, Usage
from tlsee.cli.judging import JUDGING, judging_options, manner_of
from tlsee.cli.keylogs import keylog_files, open_keylogs
from tlsee.cli.lists import LEGACY_WARNING
from tlsee.cli.live.board import Board
from tlsee.cli.output import BAD, OK, Screen
from tlsee.cli.output import command as wrapped_command
from tlsee.cli.recalling import is_away, serve_options, server_settings
from tlsee.cli.recordings import ManyRecordings, record_options, record_wish
from tlsee.cli.served import Manner
from tlsee.cli.server import HANDSHAKE_SECONDS, Server
from tlsee.cli.stores import reason_of
from tlsee.cli.targets import host_and_port
from tlsee.cli.throwaway import ThrowAway, throw_away
from tlsee.config import ServerConfig
from tlsee.errors import ApiMisuse
from tlsee.identity.credentials import Credential
from tlsee.identity.file_credentials import FileCredentials
from tlsee.streams.blocking import Listener, listen
from tlsee.text import printable


@click.command("serve", short_help="run a server that tells what was negotiated")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8443,
    show_default=True,
    help="0 takes a free one and prints it.",
)
@click.option(
    "--bind", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen."
)
@click.option("--cert", metavar="FILE", help="Our certificate, with its chain; else a throw-away.")
@click.option("--key", metavar="FILE", help="Its private key, if that is not in the same file.")
@click.option("--ca-out", metavar="FILE", help="Where the throw-away authority's certificate goes.")
@click.option(
    "--client-ca",
    multiple=True,
    metavar="FILE",
    help="Ask clients for a certificate of these authorities.",
)
@click.option(
    "--client-auth",
    type=click.Choice(["required", "optional"]),
    help="Required unless told otherwise.",
)
@judging_options
@serve_options
@click.option("--alpn", metavar="LIST", help="Application protocols; http/1.1 unless given.")
@click.option(
    "--policy",
    type=click.Choice(["default", "legacy"]),
    default="default",
    help="legacy adds DHE, RSA key exchange, CCM and CBC, for peers that have nothing better.",
)
@click.option("--tls", metavar="VERSION", help="Speak this version and no other: 1.3 or 1.2.")
@record_options
@click.option("--echo", is_flag=True, help="Send back what comes, instead of answering HTTP.")
@click.option(
    "--live",
    is_flag=False,
    flag_value=0,
    type=click.IntRange(0, 65535),
    metavar="[PORT]",
    help="Show connections as they happen, on a page of this machine; needs tlsee[live].",
)
@click.option("--json", "as_json", is_flag=True, help="One object a line, a connection each.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after N connections.")
def command(**options: Any) -> int:
    """Run a server that tells each client what was negotiated with it.

    Without --cert a throw-away authority vouches for localhost: it lives a day, may vouch for the
    loopback alone, and its key never leaves memory. The files of --cert and --key are read anew
    when they have changed.

    \b
    Examples:
      tlsee serve                     then the curl line it prints
      tlsee serve --port 0 --echo
      tlsee serve --client-ca mesh.pem --client-auth optional
      tlsee serve --early-data 16384
      tlsee serve --live              then open the page it names
    """  # noqa: D301 - click wants the backspace itself
    with contextlib.ExitStack() as cleanup:
        made: ThrowAway | None = None
        screens = Screen(sys.stdout), Screen(sys.stderr)
        printing = threading.Lock()

        def say(text: str) -> None:
            with printing, contextlib.suppress(CommandError):
                screens[1].line(text)
                screens[1].flush()

        credential: Credential | FileCredentials | None
        credential = stores.renewed_credential(options["cert"], options["key"], say)
        if credential is None:
            made = cleanup.enter_context(throw_away(options["ca_out"]))
            credential = made.credential
        elif options["ca_out"] is not None:
            raise Usage("--ca-out is for the throw-away authority", "leave out --cert, or --ca-out")
        config = _config(options, credential)
        cleanup.callback(getattr(config.sessions, "close", lambda: None))
        listener = cleanup.enter_context(_listen(options, config))
        introduction = screens[1] if options["as_json"] else screens[0]
        named = keylog_files(None, os.environ)
        keylogs = cleanup.enter_context(open_keylogs(named))
        recordings = ManyRecordings(record_wish(options, shown=options["live"] is not None), say)
        board, address = cleanup.enter_context(_live(options, _url(listener, config, made), say))
        introduce(introduction, listener, config, made, {**options, "live": address})
        manner = Manner(options["echo"], options["as_json"])
        return Server(listener, manner, keylogs, recordings, *screens, printing, board).run(
            options["count"]
        )


@contextlib.contextmanager
def _live(
    options: dict[str, Any], url: str, say: Callable[[str], None]
) -> Iterator[tuple[Board | None, str]]:
    """What the live page shows, and its address, where that page is wished for."""
    if options["live"] is None:
        yield None, ""
        return
    from tlsee.cli.live.web import live_page  # an extra's

    board = Board(
        reveal_secrets=options["reveal_secrets"],
        pseudonyms=options["pseudonyms"],
    )
    with live_page(board, options["live"], url, say) as address:
        yield board, address


def _config(options: dict[str, Any], credential: Credential | FileCredentials) -> ServerConfig:
    trust = None
    for path in options["client_ca"]:
        one = stores.authorities(path)
        trust = one if trust is None else trust.plus(one)
    if options["client_auth"] is not None and trust is None:
        raise Usage("--client-auth without --client-ca", "say whom to believe: --client-ca FILE")
    manner = manner_of(options)
    if trust is None and any(options[name] for name in JUDGING):
        raise Usage(
            "--at, --crl, --ocsp, --revocation and --profile are about clients' certificates",
            "ask for those: --client-ca FILE",
        )
    alpn = lists.protocols(options["alpn"])
    if not alpn and not options["echo"]:
        alpn = ["http/1.1"]
    try:
        return ServerConfig(
            credentials=[credential],
            **server_settings(options, os.environ),
            client_trust=manner.under_profile(trust) if trust is not None else None,
            **manner.settings,
            client_auth=options["client_auth"],
            versions=lists.versions(options["tls"]),
            policy=lists.policy(options["policy"]),
            alpn=alpn,
        )
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None


def _listen(options: dict[str, Any], config: ServerConfig) -> Listener:
    bind, port = options["bind"].strip("[]"), options["port"]
    where = host_and_port(printable(bind, 60), port)
    try:
        return listen((bind, port), config, handshake_timeout=HANDSHAKE_SECONDS)
    except OSError as error:
        raise NotTried(
            f"cannot listen on {where}: {reason_of(error)}",
            _elsewhere(error.errno),
            stage="listen",
            name="cannot_listen",
        ) from None


def _elsewhere(number: int | None) -> str:
    if number in (errno.EADDRINUSE, None):
        return "choose another: --port 0 takes a free one"
    if number in (errno.EACCES, errno.EPERM):
        return "ports below 1024 may be the system's: choose a higher one, or 0 for a free one"
    return "--bind takes an address of this machine, such as 127.0.0.1, ::1 or 0.0.0.0"


def introduce(
    screen: Screen,
    listener: Listener,
    config: ServerConfig,
    made: ThrowAway | None,
    options: dict[str, Any],
) -> None:
    """Say where it listens and how to reach it."""
    host, port = listener.address
    name, url = _name(listener, config, made), _url(listener, config, made)
    versions = ", ".join(version.label for version in config.versions)
    screen.verdict("serving", f"{url} at {host_and_port(host, port)}, {versions}", OK)
    if config.policy is policies.legacy:
        screen.row("policy", LEGACY_WARNING, BAD)
    if made is not None:
        screen.row("identity", made.description)
        screen.row("authority", f"{made.shown_path} ({made.fate})")
    else:
        screen.row("identity", config.credentials[0].certificate.subject)
    for path, source in keylog_files(None, os.environ):
        screen.row("key log", f"{printable(path, 100)} ({source}): whoever has it can read all")
    if options["sessions"] != "memory":
        where = printable(options["sessions"].rpartition("@")[2], 60)
        away = is_away(config.sessions)
        note = ": away; full handshakes alone until it is there" if away else ""
        screen.row("sessions", f"{where}{note}", BAD if away else None)
    if config.early_data:
        screen.row("early data", f"{config.early_data:,} bytes; somebody may send them again")
    for psk in config.psks:
        screen.row("key", f"'{printable(psk.identity, 60)}': no certificate needed")
    if config.client_auth != "none":
        screen.row("clients", f"a certificate is {config.client_auth}")
    if options["live"]:
        screen.row("live", "connections as they happen; whoever knows this address sees them:")
        screen.line(f"    {options['live']}")
    if made is not None:
        _how_to_reach(screen, url, name, port, made.shown_path, options)
    screen.line("Ctrl-C ends it")
    screen.flush()


def _name(listener: Listener, config: ServerConfig, made: ThrowAway | None) -> str:
    return "localhost" if made is not None else _name_of(config.credentials[0], listener.address[0])


def _url(listener: Listener, config: ServerConfig, made: ThrowAway | None) -> str:
    return f"https://{host_and_port(_name(listener, config, made), listener.address[1])}/"


def _name_of(credential: Credential, host: str) -> str:
    for name in (*credential.dns_names, *credential.ip_addresses):
        return printable(name.replace("*", "www"), 100)
    return host


def _how_to_reach(
    screen: Screen, url: str, name: str, port: int, ca: str, options: dict[str, Any]
) -> None:
    client = " --cert ME.pem --key ME.key" if options["client_ca"] else ""
    screen.line("try:")
    if not options["echo"]:
        screen.lines(wrapped_command(f"curl --cacert {ca}{client} {url}", screen.width))
        screen.lines(
            wrapped_command(f"tlsee connect {name}:{port} --ca {ca}{client} --http /", screen.width)
        )
        screen.line("  python:")
        screen.lines(
            (
                "    import ssl, urllib.request",
                f'    trust = ssl.create_default_context(cafile="{ca}")',
                f'    page = urllib.request.urlopen("{url}", context=trust)',
                "    print(page.read().decode())",
            )
        )
        screen.paragraph(
            "A browser warns, and rightly: it does not know this authority. Go on for this once, "
            "or use curl; do not make a browser trust it."
        )
    else:
        screen.lines(
            wrapped_command(
                f"echo hello | tlsee connect {name}:{port} --ca {ca}{client}", screen.width
            )
        )

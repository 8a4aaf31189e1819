"""``tlsee serve``: a server that tells each client what was negotiated with it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import click

from tlsee.cli import lists, stores
from tlsee.cli.exit_codes import ExitCode, NotTried, Usage
from tlsee.cli.keylogs import keylog_files, open_keylogs
from tlsee.cli.output import OK, Screen
from tlsee.cli.output import command as wrapped_command
from tlsee.cli.served import Manner, Served
from tlsee.cli.stores import reason_of
from tlsee.cli.targets import host_and_port
from tlsee.cli.throwaway import ThrowAway, throw_away
from tlsee.config import ServerConfig
from tlsee.errors import ApiMisuse
from tlsee.explain.story import Collector
from tlsee.identity.credentials import Credential
from tlsee.recording.keylog import KeyLog
from tlsee.streams.blocking import Listener, Stream, listen
from tlsee.text import count, printable
from tlsee.trace import Role

CONNECTIONS_AT_ONCE = 64  # threads; a further client waits in the kernel's queue
FAREWELL_SECONDS = 5.0  # for connections that are still open when the server is told to stop

# accept() on Windows does not notice Ctrl-C; there it looks up this often, in seconds.
LOOK_UP = 0.5 if os.name == "nt" else None


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
@click.option("--alpn", metavar="LIST", help="Application protocols; http/1.1 unless given.")
@click.option("--tls", metavar="VERSION", help="The version to speak: 1.3.")
@click.option("--echo", is_flag=True, help="Send back what comes, instead of answering HTTP.")
@click.option("--json", "as_json", is_flag=True, help="One object a line, a connection each.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after N connections.")
def command(**options: Any) -> int:
    """Run a server that tells each client what was negotiated with it.

    Without --cert a throw-away authority vouches for localhost: it lives a day, may vouch for the
    loopback alone, and its key never leaves memory.

    \b
    Examples:
      tlsee serve                     then the curl line it prints
      tlsee serve --port 0 --echo
      tlsee serve --client-ca mesh.pem --client-auth optional
    """  # noqa: D301 - click wants the backspace itself
    with contextlib.ExitStack() as cleanup:
        made: ThrowAway | None = None
        credential = stores.credential(options["cert"], options["key"])
        if credential is None:
            made = cleanup.enter_context(throw_away(options["ca_out"]))
            credential = made.credential
        elif options["ca_out"] is not None:
            raise Usage("--ca-out is for the throw-away authority", "leave out --cert, or --ca-out")
        config = _config(options, credential)
        listener = cleanup.enter_context(_listen(options, config))
        screens = Screen(sys.stdout), Screen(sys.stderr)
        introduction = screens[1] if options["as_json"] else screens[0]
        named = keylog_files(None, os.environ)
        keylogs = cleanup.enter_context(open_keylogs(named))
        introduce(introduction, listener, config, made, options)
        manner = Manner(options["echo"], options["as_json"])
        return Server(listener, manner, keylogs, *screens).run(options["count"])


def _config(options: dict[str, Any], credential: Credential) -> ServerConfig:
    trust = None
    for path in options["client_ca"]:
        one = stores.authorities(path)
        trust = one if trust is None else trust.plus(one)
    if options["client_auth"] is not None and trust is None:
        raise Usage("--client-auth without --client-ca", "say whom to believe: --client-ca FILE")
    alpn = lists.protocols(options["alpn"])
    if not alpn and not options["echo"]:
        alpn = ["http/1.1"]
    try:
        return ServerConfig(
            credentials=[credential],
            client_trust=trust,
            client_auth=options["client_auth"],
            versions=lists.versions(options["tls"]),
            alpn=alpn,
        )
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None


def _listen(options: dict[str, Any], config: ServerConfig) -> Listener:
    bind, port = options["bind"].strip("[]"), options["port"]
    where = host_and_port(printable(bind, 60), port)
    try:
        return listen((bind, port), config)
    except OSError as error:
        raise NotTried(
            f"cannot listen on {where}: {reason_of(error)}",
            "choose another: --port 0 takes a free one",
            stage="listen",
            name="cannot_listen",
        ) from None


def introduce(
    screen: Screen,
    listener: Listener,
    config: ServerConfig,
    made: ThrowAway | None,
    options: dict[str, Any],
) -> None:
    """Say where it listens and how to reach it."""
    host, port = listener.address
    name = "localhost" if made is not None else _name_of(config.credentials[0], host)
    url = f"https://{host_and_port(name, port)}/"
    versions = ", ".join(version.label for version in config.versions)
    screen.verdict("serving", f"{url} at {host_and_port(host, port)}, {versions}", OK)
    if made is not None:
        screen.row("identity", made.description)
        screen.row("authority", f"{made.shown_path} ({made.fate})")
    else:
        screen.row("identity", config.credentials[0].certificate.subject)
    for path, source in keylog_files(None, os.environ):
        screen.row("key log", f"{printable(path, 100)} ({source}): whoever has it can read all")
    if config.client_auth != "none":
        screen.row("clients", f"a certificate is {config.client_auth}")
    if made is not None:
        _how_to_reach(screen, url, name, port, made.shown_path, options)
    screen.line("Ctrl-C ends it")
    screen.flush()


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


class Server:
    """Accepts, and serves each client in a thread of its own."""

    def __init__(
        self,
        listener: Listener,
        manner: Manner,
        keylogs: Sequence[KeyLog],
        out: Screen,
        err: Screen,
    ) -> None:
        self._listener = listener
        self._keylogs = tuple(keylogs)
        self._manner = manner
        self._out = out
        self._err = err
        self._room = threading.BoundedSemaphore(CONNECTIONS_AT_ONCE)
        self._printing = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self.served = 0

    def run(self, limit: int | None) -> int:
        """Serve until told to stop, or until ``limit`` connections have come and gone."""
        with _stoppable():
            try:
                self._accept_all(limit)
                self._wait_for_all(None)
            except KeyboardInterrupt:
                self._listener.close()
                with contextlib.suppress(KeyboardInterrupt):
                    self._wait_for_all(FAREWELL_SECONDS)
        closing = self._err if self._manner.as_json else self._out
        closing.line(f"stopped after {count(self.served, 'connection')}")
        closing.flush()
        return ExitCode.WORKED

    def _accept_all(self, limit: int | None) -> None:
        self._listener.settimeout(LOOK_UP)
        accepted = 0
        while limit is None or accepted < limit:
            self._room.acquire()
            collector = Collector(Role.SERVER)
            try:
                stream = self._listener.accept(observers=[collector, *self._keylogs])
            except TimeoutError:
                self._room.release()
                continue
            except OSError as error:
                self._room.release()
                self._complain(f"accept: {reason_of(error)}")
                threading.Event().wait(LOOK_UP or 0.1)  # out of file handles: let some go
                continue
            accepted += 1
            thread = threading.Thread(target=self._serve, args=(stream, collector), daemon=True)
            self._threads.add(thread)
            thread.start()

    def _wait_for_all(self, seconds: float | None) -> None:
        for thread in list(self._threads):
            thread.join(seconds)

    def _serve(self, stream: Stream, collector: Collector) -> None:
        try:
            served = Served(stream, collector, self._manner)
            served.run()
            with self._printing:
                self.served += 1
                self._report(served)
        finally:
            self._threads.discard(threading.current_thread())
            self._room.release()

    def _report(self, served: Served) -> None:
        if self._manner.as_json:
            self._out.line(served.as_json())
        elif served.error is None:
            self._out.line(served.as_line())
        self._out.flush()
        if served.error is not None:
            self._err.line(served.as_complaint())
            self._err.flush()

    def _complain(self, text: str) -> None:
        with self._printing:
            self._err.line(text)
            self._err.flush()


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM, where there is such a thing, ends the server as Ctrl-C does."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.signal(number, stop)) for number in _stop_signals()]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _stop_signals() -> list[int]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]

"""``tlsee demo``: two endpoints of ours shake hands over TCP on this machine, and it is told."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import click

from tlsee.cli import lists
from tlsee.cli.exit_codes import NotTried
from tlsee.cli.output import Screen, is_terminal
from tlsee.cli.stores import reason_of
from tlsee.cli.styles import show
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.provider import Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.explain import summary
from tlsee.explain.collector import Collector
from tlsee.explain.narrate import narrate
from tlsee.explain.story import Story
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.streams.blocking import Listener, connect, listen
from tlsee.trace import Role

SERVER_NAME = "demo.test"
CLIENT_NAME = "client.test"
PATIENCE = 30.0  # seconds: on the loopback, more than enough for the slowest machine
HELLO_SERVER = b"hello, server"
HELLO_CLIENT = b"hello, client"


class Cast:
    """Who takes part: an authority, a server, a client, each with what it needs."""

    def __init__(
        self,
        *,
        mutual: bool,
        versions: Sequence[ProtocolVersion] | None = None,
        provider: Provider = PROVIDER,
    ) -> None:
        authority = Authority.create()
        mine: list[Credential] = []
        if mutual:
            mine = [authority.issue(CLIENT_NAME, server=False, client=True)]
        self.server = ServerConfig(
            credentials=[authority.issue(SERVER_NAME)],
            client_trust=authority.trust if mutual else None,
            versions=versions,
            provider=provider,
        )
        self.client = ClientConfig(
            trust=authority.trust, credentials=mine, versions=versions, provider=provider
        )


class Performance:
    """One conversation over a real TCP connection, with an observer at each end.

    Attributes:
        client, server: the stories of the two ends.

    Raises:
        NotTried: this machine's loopback does not work.
        TLSError: the handshake failed, which would be a bug here.
    """

    def __init__(self, cast: Cast, clock: Callable[[], float] | None = None) -> None:
        options = {} if clock is None else {"clock": clock}
        self._client = Collector(Role.CLIENT, **options)
        self._server = Collector(Role.SERVER, **options)
        self._failure: BaseException | None = None
        try:
            listener = listen(("127.0.0.1", 0), cast.server, handshake_timeout=PATIENCE)
        except OSError as error:
            raise NotTried(
                f"nothing can listen on 127.0.0.1 ({reason_of(error)})",
                "the demo needs the loopback interface",
                stage="listen",
            ) from None
        with listener:
            listener.settimeout(PATIENCE)
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            self._speak(listener.address, cast.client)
            thread.join(PATIENCE)
        if self._failure is not None:
            raise self._failure
        self.client: Story = Story.of(self._client)
        self.server: Story = Story.of(self._server)

    def _serve(self, listener: Listener) -> None:
        try:
            with listener.accept(observers=[self._server]) as tls:
                tls.settimeout(PATIENCE)
                heard = tls.recv()
                self._server.spoken(False, heard)
                tls.sendall(HELLO_CLIENT)
                while tls.recv():
                    pass
        except Exception as error:  # noqa: BLE001 - it is raised again in the main thread
            self._failure = error

    def _speak(self, address: tuple[str, int], config: ClientConfig) -> None:
        with connect(
            address,
            config,
            server_name=SERVER_NAME,
            timeout=PATIENCE,
            observers=[self._client],
        ) as tls:
            tls.settimeout(PATIENCE)
            tls.sendall(HELLO_SERVER)
            self._client.spoken(True, HELLO_SERVER)
            heard = tls.recv()
            self._client.spoken(False, heard)
            tls.send_eof()
            while tls.recv():
                pass


def tell(
    performance: Performance, screen: Screen, *, step: bool = False, verbose: bool = False
) -> None:
    """Print the whole story."""
    screen.line("A client and a server, both tlsee, shake hands over TCP on this machine.")
    screen.line("Nothing is staged: every value below was read from their bytes.")
    client, server = performance.client, performance.server
    for block in narrate(client, server, detail=verbose, width=screen.width):
        show(screen, block.lines)
        if step:
            _pause(screen)
    screen.line()
    show(screen, summary.choices(client, server, screen.width))
    screen.line()
    show(screen, summary.summary(client, server, screen.width))


def _pause(screen: Screen) -> None:
    """Wait for Enter; at the end of a pipe nobody will press it, so go on."""
    screen.flush()
    if is_terminal(sys.stdin):
        prompt = Screen(sys.stderr)
        prompt.line("      (Enter for the next)")
        prompt.flush()
    sys.stdin.readline()


@click.command("demo", short_help="watch a handshake on this machine")
@click.option("--step", is_flag=True, help="Wait for Enter after each message.")
@click.option("--mutual", is_flag=True, help="The server asks for the client's certificate too.")
@click.option("--tls", metavar="VERSION", help="Speak this version and no other: 1.3 or 1.2.")
@click.option("-v", "--verbose", is_flag=True, help="Every field of every message, with its bytes.")
def command(**options: Any) -> None:
    """Watch a client and a server shake hands on this machine: no set-up, no network.

    \b
    Examples:
      tlsee demo
      tlsee demo --mutual       the client shows a certificate as well
      tlsee demo --tls 1.2      the handshake that the textbooks draw
      tlsee demo --step         one message at a time
      tlsee demo -v             every field of every message
    """  # noqa: D301 - click wants the backspace itself
    cast = Cast(mutual=options["mutual"], versions=lists.versions(options["tls"]))
    screen = Screen(sys.stdout)
    performance = Performance(cast)
    tell(performance, screen, step=options["step"], verbose=options["verbose"])
    other = "1.3" if performance.client.is_older else "1.2"
    mutual = "tlsee connect www.python.org" if options["mutual"] else "tlsee demo --mutual"
    others = [f"tlsee demo --tls {other}", "tlsee demo -v", mutual]
    screen.line("next:  " + "    ".join(others))
    screen.flush()

"""``tlsee demo``: two endpoints of ours shake hands over TCP on this machine, and it is told."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import click

from tlsee import policies
from tlsee.cli import lists
from tlsee.cli.exit_codes import NotTried, Usage
from tlsee.cli.output import Screen, is_terminal
from tlsee.cli.overheard import Wire
from tlsee.cli.recordings import open_recorder, record_options, record_wish, watched
from tlsee.cli.stores import reason_of
from tlsee.cli.styles import show
from tlsee.codes import ProtocolVersion
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto import private_keys
from tlsee.crypto.provider import Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.suites12 import suites12
from tlsee.explain import summary
from tlsee.explain.collector import Collector
from tlsee.explain.layout import listed
from tlsee.explain.narrate import narrate
from tlsee.explain.passive12 import NotOpened, Opened, open_with_key
from tlsee.explain.story import Story
from tlsee.explain.summary_sessions import reunion
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.recording.recorder import Recorder
from tlsee.streams.blocking import Listener, connect, listen
from tlsee.text import count, printable
from tlsee.trace import Role
from tlsee.values import replace

Recorders = tuple[Recorder | None, Recorder | None]  # the client's and the server's

SERVER_NAME = "demo.test"
CLIENT_NAME = "client.test"
PATIENCE = 30.0  # seconds: on the loopback, more than enough for the slowest machine
HELLO_SERVER = b"hello, server"
HELLO_CLIENT = b"hello, client"
EARLY_LIMIT = 1024  # bytes that the server takes early where it is asked to


# What the demo says of the policy that it sets, for itself alone.
_SETTING = (
    '{} is not on by default. For this demo alone both sides take the policy "legacy", its '
    "suites with {} only, and the server an RSA certificate."
)
_MEETING = (
    "A client and a server, both tlsee, shake hands over TCP on this machine.",
    "Nothing is staged: every value below was read from their bytes.",
)
_REUNION = (
    "A client and a server, both tlsee, have met here: {}, {}.",
    "Now they meet again, over TCP; every value below was read from their bytes.",
)
_LISTENER = "Somebody listens between them and keeps every byte: see the end."
_OTHERWISE = {
    True: "With --key-exchange ecdhe or dhe the same attempt fails: there the certificate's key "
    "only signs, it never carries the secret.",
    False: "With --key-exchange rsa the same attempt works: there the key carries the secret.",
}


class Cast:
    """Who takes part: an authority, a server, a client, each with what it needs.

    Attributes:
        server_key: the private key of the server's certificate, which a thief may get one day.
        overheard: whether somebody listens on the wire: where that key could tell something.
        early: whether the client, when it comes again, speaks before the handshake is done.
    """

    def __init__(
        self,
        *,
        mutual: bool,
        versions: Sequence[ProtocolVersion] | None = None,
        key_exchange: KeyExchangeAlgorithm | None = None,
        resume: bool = False,
        early: bool = False,
        provider: Provider = PROVIDER,
    ) -> None:
        authority = Authority.create()
        mine: list[Credential] = []
        if mutual:
            mine = [authority.issue(CLIENT_NAME, server=False, client=True)]
        older = versions is not None and ProtocolVersion.TLS13 not in versions
        self.overheard = older and not resume
        self.resume, self.early = resume, early
        self.needs_legacy = key_exchange in {KeyExchangeAlgorithm.dhe, KeyExchangeAlgorithm.rsa}
        self.key_exchange = key_exchange
        kind, settings = "ecdsa_secp256r1", {}
        if self.needs_legacy:
            kind, settings = "rsa2048", _legacy(key_exchange, provider)
        self.server_key = private_keys.generate(kind)
        self.server = ServerConfig(
            credentials=[authority.issue(SERVER_NAME, private_key=self.server_key)],
            client_trust=authority.trust if mutual else None,
            versions=versions,
            sessions=resume,
            early_data=EARLY_LIMIT if early else 0,
            provider=provider,
            **settings,
        )
        self.client = ClientConfig(
            trust=authority.trust,
            credentials=mine,
            versions=versions,
            sessions=resume,
            provider=provider,
            **settings,
        )


def _legacy(exchange: KeyExchangeAlgorithm | None, provider: Provider) -> dict[str, Any]:
    """What a configuration needs for an exchange that is not on by default."""
    fields = [group for group in provider.groups if group.is_finite_field]
    if exchange is KeyExchangeAlgorithm.dhe and not fields:
        raise NotTried(
            "the installed cryptography has no Diffie-Hellman over finite fields any more",
            "tlsee demo --key-exchange ecdhe",
        )
    rows, policy = suites12(), policies.legacy
    suites = [s for s in policy.suites if s in rows and rows[s].key_exchange is exchange]
    return {"policy": policy, "suites": suites}


class Performance:
    """One conversation over a real TCP connection, with an observer at each end.

    Attributes:
        client, server: the stories of the two ends. first: the meeting before, if it is told of.
        wire: what was between them, where it was overheard.
        attempt: what came of opening the recording with the server's key, where one was made.

    Raises:
        NotTried: this machine's loopback does not work.
        TLSError: the handshake failed, which would be a bug here.
    """

    def __init__(
        self,
        cast: Cast,
        clock: Callable[[], float] | None = None,
        first: Performance | None = None,
        recorders: Recorders = (None, None),
    ) -> None:
        self.first = first
        self._observers = [tuple(filter(None, (recorder,))) for recorder in recorders]
        speaks, serves = watched(recorders[0], cast.client), watched(recorders[1], cast.server)
        self._early = cast.early and first is not None
        options = {} if clock is None else {"clock": clock}
        self._client = Collector(Role.CLIENT, **options)
        self._server = Collector(Role.SERVER, **options)
        self._failure: BaseException | None = None
        self.wire: Wire | None = None
        try:
            listener = listen(("127.0.0.1", 0), serves, handshake_timeout=PATIENCE)
            if cast.overheard:
                self.wire = Wire(listener.address, PATIENCE)
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
            if self.wire is None:
                self._speak(listener.address, speaks)
            else:
                with self.wire:
                    self._speak(self.wire.address, speaks)
            thread.join(PATIENCE)
        if self._failure is not None:
            raise self._failure
        self.client: Story = Story.of(self._client)
        self.server: Story = Story.of(self._server)
        self.attempt: Opened | NotOpened | None = None
        if self.wire is not None:
            heard = self.wire.client_to_server, self.wire.server_to_client
            self.attempt = open_with_key(*heard, cast.server_key)

    def _serve(self, listener: Listener) -> None:
        try:
            with listener.accept(observers=[self._server, *self._observers[1]]) as tls:
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
            observers=[self._client, *self._observers[0]],
            early_data=HELLO_SERVER if self._early else b"",
        ) as tls:
            tls.settimeout(PATIENCE)
            if tls.unsent_early_data or not self._early:
                tls.sendall(HELLO_SERVER)
            self._client.spoken(True, HELLO_SERVER)
            heard = tls.recv()
            self._client.spoken(False, heard)
            tls.send_eof()
            while tls.recv():
                pass


def tell(
    performance: Performance,
    screen: Screen,
    cast: Cast,
    *,
    step: bool = False,
    verbose: bool = False,
) -> None:
    """Print the whole story."""
    first = performance.first
    if first is None:
        screen.lines(_MEETING)
    else:
        met = first.client
        trips = count(met.round_trips, "round trip")
        screen.line(_REUNION[0].format(count(met.handshake_wire, "byte"), trips))
        screen.line(_REUNION[1])
    if cast.overheard:
        screen.line(_LISTENER)
    if cast.needs_legacy and cast.key_exchange is not None:
        name = cast.key_exchange.value
        screen.paragraph(_SETTING.format(f"{name} key exchange", name))
    client, server = performance.client, performance.server
    for block in narrate(client, server, detail=verbose, width=screen.width):
        show(screen, block.lines)
        if step:
            _pause(screen)
    screen.line()
    show(screen, summary.choices(client, server, screen.width))
    screen.line()
    if first is not None:
        show(screen, reunion(first.client, client, screen.width))
    attempt = performance.attempt
    lines = summary.summary(
        client,
        server,
        screen.width,
        attempt=attempt,
        otherwise=_OTHERWISE[isinstance(attempt, Opened)],
        joined=True,
    )
    show(screen, lines)


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
@click.option(
    "--key-exchange",
    metavar="NAME",
    help="For TLS 1.2: ecdhe (as always), dhe, or rsa, which has no forward secrecy.",
)
@click.option("--resume", is_flag=True, help="They meet a second time: told is how that is short.")
@click.option(
    "--early-data", is_flag=True, help="With --resume: the client speaks at once (0-RTT)."
)
@record_options
@click.option("-v", "--verbose", is_flag=True, help="Every field of every message, with its bytes.")
def command(**options: Any) -> None:
    """Watch a client and a server shake hands on this machine: no set-up, no network.

    \b
    Examples:
      tlsee demo
      tlsee demo --mutual                 the client shows a certificate as well
      tlsee demo --tls 1.2                the handshake that the textbooks draw
      tlsee demo --key-exchange rsa       the same without forward secrecy
      tlsee demo --resume                 the second meeting of the two
      tlsee demo --resume --early-data    the same, with data in the first flight
      tlsee demo --step                   one message at a time
      tlsee demo -v                       every field of every message
      tlsee demo --record a.tlsrec        and a-server.tlsrec: for tlsee explain
      tlsee demo --html a.html            the same as a page
    """  # noqa: D301 - click wants the backspace itself
    versions, exchange = _wanted(options["tls"], options["key_exchange"])
    resume, early = options["resume"], options["early_data"]
    _check_reunion(versions, exchange, resume=resume, early=early)
    cast = Cast(
        mutual=options["mutual"],
        versions=versions,
        key_exchange=exchange,
        resume=resume,
        early=early,
    )
    screen = Screen(sys.stdout)
    first = Performance(cast) if resume else None
    wish = record_wish(options)
    beside = replace(wish.beside("server"), html=None) if wish is not None else None
    peer: list[Recorder] = []
    with open_recorder(wish, peer) as ours, open_recorder(beside) as theirs:
        peer += filter(None, (theirs,))
        performance = Performance(cast, first=first, recorders=(ours, theirs))
    tell(performance, screen, cast, step=options["step"], verbose=options["verbose"])
    if wish is not None:
        wish.tell(screen, summary.LABEL - 2)
    screen.line("next:  " + "    ".join(_others(performance, exchange, options["mutual"])))
    screen.flush()


def _wanted(
    tls: str | None, name: str | None
) -> tuple[Sequence[ProtocolVersion] | None, KeyExchangeAlgorithm | None]:
    """The versions and the key exchange that were asked for; an exchange means TLS 1.2.

    Raises:
        Usage: they do not go together, or are not known here.
    """
    versions = lists.versions(tls)
    if name is None:
        return versions, None
    known = {exchange.name: exchange for exchange in KeyExchangeAlgorithm}
    exchange = known.get(name.lower())
    if exchange is None:
        raise Usage(
            f"--key-exchange {printable(name, 20)}: there is none of this name in TLS 1.2",
            f"use {listed(list(known), 'or')}",
        )
    if versions is not None and versions != [ProtocolVersion.TLS12]:
        raise Usage(
            "--key-exchange chooses among those of TLS 1.2, and TLS 1.3 has none of them",
            "use --tls 1.2, or leave --tls out",
        )
    return [ProtocolVersion.TLS12], exchange


def _check_reunion(
    versions: Sequence[ProtocolVersion] | None,
    exchange: KeyExchangeAlgorithm | None,
    *,
    resume: bool,
    early: bool,
) -> None:
    """What goes with a second meeting.

    Raises:
        Usage: the options do not go together.
    """
    if resume and exchange is not None:
        raise Usage(
            "--key-exchange and --resume: a resumed handshake of TLS 1.2 exchanges no keys",
            "use one of them",
        )
    if early and not resume:
        raise Usage("--early-data needs a session from before", "use --resume --early-data")
    if early and versions is not None and ProtocolVersion.TLS13 not in versions:
        raise Usage("TLS 1.2 has no early data", "use --tls 1.3, or leave out --early-data")


def _others(
    performance: Performance, exchange: KeyExchangeAlgorithm | None, mutual: bool
) -> list[str]:
    """What to look at next; no longer than a line."""
    if performance.first is not None:
        if performance.client.is_older:
            return ["tlsee demo --resume", "tlsee demo --tls 1.2", "tlsee demo --resume -v"]
        other = " --tls 1.2" if performance.client.early_data_accepted else " --early-data"
        return [f"tlsee demo --resume{other}", "tlsee demo", "tlsee demo --resume -v"]
    if not performance.client.is_older:
        after = "tlsee connect www.python.org" if mutual else "tlsee demo --mutual"
        return ["tlsee demo --tls 1.2", "tlsee demo -v" if mutual else "tlsee demo --resume", after]
    rsa = exchange is KeyExchangeAlgorithm.rsa
    other = "tlsee demo --tls 1.2" if rsa else "tlsee demo --key-exchange rsa"
    return [other, "tlsee demo --tls 1.3", "tlsee demo -v"]

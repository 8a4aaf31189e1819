"""Early data in both kinds of streams: accepted, refused, sent again or told, read early or not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.endpoints import NAME, client_config, server_config
from tests.support.resuming import resumable
from tests.support.streams import PATIENCE, tcp, threads
from tlsee.codes import NamedGroup
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import ApiMisuse, TLSError
from tlsee.handshake.outcome import EarlyData
from tlsee.streams import asyncio as streams
from tlsee.streams.blocking import Stream, connect, listen, wrap_client
from tlsee.streams.early import EarlyWords, IfRefused

LIMIT = 1000  # bytes that tickets allow here
SECONDS = 30.0
Configs = tuple[ClientConfig, ServerConfig]


@pytest.fixture
def met() -> Configs:
    """Both configurations after a first connection whose tickets allow early data."""
    return resumable({"alpn": ["one", "two"]}, early_data=LIMIT, alpn=["one"])


def _changed(server: ServerConfig, **changes: Any) -> ServerConfig:
    options = {"sessions": server.sessions, "early_data": LIMIT, "alpn": ["one"], **changes}
    return server_config(**options)


class Told:
    """What both sides of one conversation found."""

    def __init__(self, client: Stream, heard: bytes, early: int) -> None:
        self.info = client.info
        self.unsent = client.unsent_early_data
        self.heard, self.early = heard, early


def _blocking(
    client: ClientConfig, server: ServerConfig, data: bytes, refused: IfRefused = "tell"
) -> Told:
    """Say it early, then ``late``; the server reads to the end."""

    def serve() -> tuple[bytes, int]:
        with listener.accept() as tls:
            parts = list(iter(tls.recv, b""))
            return b"|".join(parts), tls.early_data_length

    with listen(("127.0.0.1", 0), server) as listener, threads() as submit:
        served = submit(serve)
        with connect(
            listener.address,
            client,
            server_name=NAME,
            timeout=PATIENCE,
            early_data=data,
            early_data_refused=refused,
        ) as tls:
            tls.sendall(b"late")
        heard, early = served.result(PATIENCE)
        return Told(tls, heard, early)


def test_accepted(met: Configs) -> None:
    """It comes first, in reads of its own, and the server knows how much of it there was."""
    told = _blocking(*met, b"early")
    assert (told.heard, told.early, told.unsent) == (b"early|late", 5, b"")
    assert told.info.early_data is EarlyData.ACCEPTED


@pytest.mark.parametrize("change", [{"early_data": 0}, {"groups": [NamedGroup.secp384r1]}])
@pytest.mark.parametrize("refused", ["tell", "resend"])
def test_refused(met: Configs, change: dict[str, Any], refused: IfRefused) -> None:
    """By a server that takes none, and by a HelloRetryRequest: told, or sent when all is done."""
    client, server = met
    told = _blocking(client, _changed(server, **change), b"early", refused)
    assert told.info.early_data is EarlyData.REFUSED
    assert (told.early, told.unsent) == (0, b"early" if refused == "tell" else b"")
    said = told.heard.replace(b"|", b"")
    assert said == (b"late" if refused == "tell" else b"earlylate")


def test_refused_with_a_full_handshake(met: Configs) -> None:
    """The keys of the tickets are gone: no session, and the data is sent again if so wanted."""
    client, server = met
    told = _blocking(client, _changed(server, sessions=True), b"early", "resend")
    assert (told.info.early_data, told.info.resumed) == (EarlyData.REFUSED, False)
    assert told.heard.replace(b"|", b"") == b"earlylate"


@pytest.mark.parametrize("protocols", [["two"], []])
def test_never_sent_again_for_another_protocol(met: Configs, protocols: list[str]) -> None:
    """What meant one thing in one protocol may mean another in the next."""
    client, server = met
    told = _blocking(client, _changed(server, alpn=protocols), b"early", "resend")
    assert told.info.early_data is EarlyData.REFUSED
    assert (told.heard, told.unsent) == (b"late", b"early")


def test_all_or_nothing(met: Configs) -> None:
    """One byte more than the ticket allows, and none of it goes early."""
    told = _blocking(*met, bytes(LIMIT + 1))
    assert (told.heard, told.early, len(told.unsent)) == (b"late", 0, LIMIT + 1)
    client, server = met
    told = _blocking(client, server, bytes(LIMIT), "resend")
    assert (told.early, told.unsent) == (LIMIT, b"")


@pytest.mark.parametrize(("protocols", "sent"), [(["one"], True), (["two"], False)])
def test_without_a_session(protocols: list[str], sent: bool) -> None:
    """Nothing to say it under: it is told, or sent to a server of the first protocol."""
    client = client_config(sessions=True, alpn=["one", "two"])
    server = server_config(sessions=True, alpn=protocols)
    told = _blocking(client, server, b"early")
    assert (told.info.early_data, told.unsent) == (EarlyData.NOT_OFFERED, b"early")
    fresh = client_config(sessions=True, alpn=["one", "two"])
    told = _blocking(fresh, server, b"early", "resend")
    assert told.heard.replace(b"|", b"") == (b"earlylate" if sent else b"late")


def test_a_wish_that_cannot_be() -> None:
    """Neither word: misuse, before anything is sent."""
    with pytest.raises(ApiMisuse):
        EarlyWords(b"", "drop")  # type: ignore[arg-type]


def test_reading_and_answering_early(met: Configs) -> None:
    """A server that asks for it answers before the client's Finished, which it holds back here."""
    client, server = met
    with listen(("127.0.0.1", 0), server) as listener, threads() as submit:
        sock = socket.create_connection(listener.address)
        tls = wrap_client(sock, client, server_name=NAME, early_data=b"question")
        serving = listener.accept()
        asked = submit(serving.recv_early, 5)
        with tls.connection._lock:  # the client says its first flight, and nothing else
            assert tls._early_words is not None
            tls._early_words.say(tls.connection)
        tls._transport.push()
        assert asked.result(PATIENCE) == b"quest"
        assert serving.recv_early() == b"ion"
        with pytest.raises(ApiMisuse, match="not done"):
            _ = serving.info
        serving.sendall(b"answer")
        reading = submit(serving.recv)
        assert tls.recv() == b"answer"
        tls.sendall(b"thanks")
        assert reading.result(PATIENCE) == b"thanks"
        assert serving.recv_early() == b""
        assert serving.info.early_data is EarlyData.ACCEPTED
        closing = submit(serving.close)
        tls.close()
        closing.result(PATIENCE)


def test_no_early_data_to_read(met: Configs) -> None:
    """Then the handshake is done. A client has none to read."""
    with listen(("127.0.0.1", 0), met[1]) as listener, threads() as submit:
        connecting = submit(connect, listener.address, met[0], server_name=NAME)
        with listener.accept() as serving:
            assert serving.recv_early() == b""
            assert serving.info.resumed
            with connecting.result(PATIENCE) as tls:
                with pytest.raises(ApiMisuse):
                    tls.recv_early()
                serving.send_eof()


def test_a_handshake_that_fails_says_what_came_early(met: Configs) -> None:
    """The client is gone after its first flight: what it said is not dropped without a word."""
    with listen(("127.0.0.1", 0), met[1]) as listener, threads() as submit:
        sock = socket.create_connection(listener.address)
        tls = wrap_client(sock, met[0], server_name=NAME, early_data=b"question")
        assert tls._early_words is not None
        tls._early_words.say(tls.connection)
        tls._transport.push()
        sock.shutdown(socket.SHUT_WR)
        with pytest.raises(TLSError) as caught:
            submit(listener.accept().recv).result(PATIENCE)
        assert "8 bytes of early data had come and were not read" in caught.value.__notes__
        tls.abort()


def test_a_client_that_fails_says_what_it_said_early(met: Configs) -> None:
    """The server hangs up: whether it has taken the early data nobody knows, and that is said."""
    with tcp() as (sock, other):
        tls = wrap_client(sock, met[0], server_name=NAME, early_data=b"question")
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(TLSError) as caught:
            tls.handshake()
        assert any(note.startswith("8 bytes of early data") for note in caught.value.__notes__)
        assert tls.unsent_early_data == b"question"


def test_a_stream_knows_the_newest_session(met: Configs) -> None:
    """The tickets that a server sent are kept, and the last of them is at hand."""
    with listen(("127.0.0.1", 0), met[1]) as listener, threads() as submit:
        connecting = submit(connect, listener.address, met[0], server_name=NAME)
        with listener.accept() as serving:
            serving.sendall(b"x")
            with connecting.result(PATIENCE) as tls:
                assert tls.recv() == b"x"
                assert tls.last_session is not None
                assert tls.last_session.max_early_data == LIMIT
                serving.send_eof()


# --- asyncio --------------------------------------------------------------------------------------

Handler = Callable[[streams.Reader, streams.Writer], Awaitable[None]]


def _meet(
    configs: Configs, handler: Handler, talk: Callable[..., Awaitable[Any]], **how: Any
) -> Any:
    """Serve and talk within one loop; what ``talk`` returns."""

    async def main() -> Any:
        client, config = configs
        server = await streams.serve(
            handler, "127.0.0.1", 0, config, wait_for_finished=how.pop("wait", True)
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await streams.connect(
                "127.0.0.1", port, client, server_name=NAME, identity=NAME, **how
            )
            found = await talk(reader, writer)
            writer.close()
            await writer.wait_closed()
            return found

    return asyncio.run(asyncio.wait_for(main(), SECONDS))


async def _tell(reader: streams.Reader, writer: streams.Writer) -> None:
    """Send back what came, and how much of it came early."""
    data = await reader.readexactly(9)
    writer.write(data + b" %d" % writer.early_data_length)


async def _say(reader: streams.Reader, writer: streams.Writer) -> Any:
    writer.write(writer.unsent_early_data + b"late")
    heard = await reader.read()
    return heard, writer.info.early_data, writer.unsent_early_data, writer.last_session


@pytest.mark.parametrize("wait", [True, False])
def test_accepted_in_asyncio(met: Configs, wait: bool) -> None:
    """As in blocking streams; a handler that does not ask for it early reads the same."""
    heard, early, unsent, newest = _meet(met, _tell, _say, early_data=b"early", wait=wait)
    assert (heard, early, unsent) == (b"earlylate 5", EarlyData.ACCEPTED, b"")
    assert newest.max_early_data == LIMIT


@pytest.mark.parametrize("refused", ["tell", "resend"])
def test_refused_in_asyncio(met: Configs, refused: str) -> None:
    """Told, and the application sends it; or sent again."""
    client, server = met
    configs = client, _changed(server, early_data=0)
    found = _meet(configs, _tell, _say, early_data=b"early", early_data_refused=refused)
    unsent = b"early" if refused == "tell" else b""
    assert found[:3] == (b"earlylate 0", EarlyData.REFUSED, unsent)


def test_answering_early_in_asyncio(met: Configs) -> None:
    """``read_early`` returns before the handshake is done, and what is written goes out then."""
    states: list[bool] = []

    async def answer(reader: streams.Reader, writer: streams.Writer) -> None:
        parts = []
        while part := await reader.read_early(3):
            states.append(writer._protocol.done.done())
            parts.append(part)
            writer.write(part.upper())
        states.append(writer._protocol.done.done())
        assert await reader.readexactly(4) == b"late"

    async def say(reader: streams.Reader, writer: streams.Writer) -> Any:
        heard = await reader.readexactly(5)
        writer.write(b"late")
        return heard + await reader.read()

    assert _meet(met, answer, say, early_data=b"early", wait=False) == b"EARLY"
    assert states == [False, False, True]


def test_a_flood_of_early_data_is_bounded_in_asyncio(met: Configs) -> None:
    """More than the ticket allows ends the connection; the listener is told, with what came."""
    failures: list[BaseException] = []

    async def main() -> None:
        failed = asyncio.Event()

        def fail(error: BaseException, _address: Any) -> None:
            failures.append(error)
            failed.set()

        async def never(reader: streams.Reader, writer: streams.Writer) -> None:
            await reader.read()

        server = await streams.serve(
            never,
            "127.0.0.1",
            0,
            met[1],
            on_failure=fail,
            wait_for_finished=False,
        )
        async with server:
            sock = socket.create_connection(server.sockets[0].getsockname())
            tls = wrap_client(sock, met[0], server_name=NAME, early_data=bytes(LIMIT))
            tls.connection._early_room = 2 * LIMIT
            tls.connection.write_early_data(bytes(LIMIT))
            tls.connection.write_early_data(b"x")
            tls._transport.push()
            await failed.wait()
            tls.abort()

    asyncio.run(asyncio.wait_for(main(), SECONDS))
    (failure,) = failures
    assert isinstance(failure, TLSError)
    assert failure.name == "early_data_over_limit"

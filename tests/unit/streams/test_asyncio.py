"""asyncio streams: the same conversation without a thread, questions answered by awaiting."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from tests.support.endpoints import (
    NAME,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.provider import LATER, Later
from tlsee.deciders import JudgeRequest, default_judge
from tlsee.errors import (
    AlertReceived,
    ApiMisuse,
    CertificateRejected,
    HandshakeTimeout,
    LocalFailure,
    PeerMisbehaved,
    TLSError,
    Truncation,
)
from tlsee.questions import Judge, Question
from tlsee.streams import asyncio as tls
from tlsee.streams.protocol import READ_AHEAD
from tlsee.streams.transport import LARGE_READ

PATIENCE = 60.0  # seconds until a test that hangs fails
MEGABYTE = bytes(range(256)) * 4096
Result = TypeVar("Result")
Handler = Callable[[tls.Reader, tls.Writer], Awaitable[None]]


def run(main: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(asyncio.wait_for(main, PATIENCE))


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, config: ServerConfig | None = None, **options: Any
) -> AsyncIterator[int]:
    """A server on the loopback; its port."""
    server = await tls.serve(handler, "127.0.0.1", 0, config or server_config(), **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def join(port: int, config: ClientConfig | None = None, **options: Any) -> Any:
    """Connect to it."""
    return await tls.connect(
        "127.0.0.1", port, config or client_config(), **{"server_name": NAME, **options}
    )


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something inside is so that tells nobody."""
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)


async def echo(reader: tls.Reader, writer: tls.Writer) -> None:
    while data := await reader.read(65_536):
        await writer.sendall(data)


def test_there_and_back() -> None:
    """A megabyte goes there and back; both ends end in order."""

    async def main() -> None:
        async with serving(echo) as port:
            reader, writer = await join(port)
            assert writer.info.server_name == NAME
            assert writer.get_extra_info("peername")[1] == port
            sending = asyncio.create_task(writer.sendall(MEGABYTE))
            assert await reader.readexactly(len(MEGABYTE)) == MEGABYTE
            await sending
            writer.write_eof()
            assert await reader.read() == b""
            assert reader.at_eof()
            writer.close()
            await writer.wait_closed()
            assert writer.is_closing()

    run(main())


def test_nodelay() -> None:
    """Small records are not held back, on either side."""

    async def main() -> None:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def look(_: tls.Reader, writer: tls.Writer) -> None:
            seen.set_result(_nodelay(writer))

        async with serving(look) as port:
            _, writer = await join(port)
            assert _nodelay(writer)
            assert await seen
            writer.close()
            await writer.wait_closed()

    run(main())


def _nodelay(writer: tls.Writer) -> int:
    sock = writer.get_extra_info("socket")
    return int(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def test_lines() -> None:
    """Lines, separators, iteration and what is left at the end, however it was sent."""

    async def say(_: tls.Reader, writer: tls.Writer) -> None:
        for part in (b"one\ntw", b"o\r", b"\n\r\nthree", b"\nfour"):
            await writer.sendall(part)

    async def main() -> None:
        async with serving(say) as port:
            reader, writer = await join(port)
            assert await reader.readline() == b"one\n"
            assert await reader.readuntil(b"\r\n\r\n") == b"two\r\n\r\n"
            assert [line async for line in reader] == [b"three\n", b"four"]
            with pytest.raises(asyncio.IncompleteReadError):
                await reader.readexactly(1)
            writer.close()
            await writer.wait_closed()

    run(main())


def test_a_line_without_an_end_is_bounded() -> None:
    """``readuntil`` gives up within a bound and loses nothing."""

    async def say(_: tls.Reader, writer: tls.Writer) -> None:
        await writer.sendall(MEGABYTE)

    async def main() -> None:
        async with serving(say) as port:
            reader, writer = await join(port)
            with pytest.raises(asyncio.LimitOverrunError):
                await reader.readuntil(b"no such thing")
            assert await reader.read() == MEGABYTE
            writer.close()
            await writer.wait_closed()

    run(main())


def test_who_does_not_read_is_not_flooded() -> None:
    """The server does not read: the client's writer waits, and the server keeps a bound."""

    async def main() -> None:
        reading, arrived = asyncio.Event(), asyncio.Event()
        total = 0

        async def slow(reader: tls.Reader, _: tls.Writer) -> None:
            nonlocal total
            protocol = reader._protocol
            await until(lambda: protocol._reading_paused)
            assert protocol.buffered <= READ_AHEAD + LARGE_READ
            arrived.set()
            await reading.wait()
            assert protocol.buffered <= READ_AHEAD + LARGE_READ
            while data := await reader.read(65_536):
                total += len(data)

        async with serving(slow) as port:
            _, writer = await join(port)
            sending = asyncio.create_task(writer.sendall(MEGABYTE * 32))
            await arrived.wait()
            assert not sending.done(), "nobody reads 32 MiB"
            reading.set()
            await sending
            writer.close()
            await writer.wait_closed()
        assert total == 32 * len(MEGABYTE)

    run(main())


def _later(_: JudgeRequest) -> Later:
    return LATER


async def _judge(question: Question) -> object:
    assert isinstance(question, Judge)
    await asyncio.sleep(0)
    return default_judge(question.request)


def test_questions_are_awaited_in_both_roles() -> None:
    """A judge that answers later is asked by awaiting, here by client and server."""

    async def main() -> None:
        server = server_config(client_trust=trust(), judge=_later)
        client = client_config(judge=_later, credentials=[client_credential()])
        async with serving(echo, server, on_question=_judge) as port:
            reader, writer = await join(port, client, on_question=_judge)
            await writer.sendall(b"hello")
            assert await reader.read(100) == b"hello"
            writer.close()
            await writer.wait_closed()

    run(main())


def test_an_answer_that_fails_refuses() -> None:
    """An exception from the coroutine ends the handshake; without one to ask, so does misuse."""

    async def refuse(_: Question) -> object:
        raise PermissionError("not today")

    async def main() -> None:
        failures: list[BaseException] = []
        note = lambda error, _: failures.append(error)  # noqa: E731 - a list that is called
        async with serving(echo, on_failure=note) as port:
            with pytest.raises(LocalFailure) as caught:
                await join(port, client_config(judge=_later), on_question=refuse)
            assert isinstance(caught.value.__cause__, PermissionError)
            with pytest.raises(ApiMisuse, match="on_question="):
                await join(port, client_config(judge=_later))
            await until(lambda: len(failures) == 2)
        assert [error.name for error in failures if isinstance(error, TLSError)] == [
            "access_denied",
            "internal_error",
        ]

    run(main())


def test_a_refused_certificate(caplog: pytest.LogCaptureFixture) -> None:
    """The client raises once its alert is delivered; the server's log gets one line."""

    async def main() -> None:
        async with serving(echo) as port:
            with pytest.raises(CertificateRejected):
                await join(port, server_name="other.test")
            await until(lambda: bool(caplog.records))

    run(main())
    [record] = caplog.records
    line = record.getMessage()
    assert (record.name, record.levelname) == ("tlsee.server", "WARNING")
    assert line.startswith("127.0.0.1:")
    assert "bad_certificate (42): the client refused our certificate" in line
    assert "\n" not in line


def test_the_refusal_of_a_client_comes_in_its_first_read() -> None:
    """As with blocking streams: TLS 1.3 judges a client after the client is done."""

    async def main() -> None:
        ignore = lambda *_: None  # noqa: E731
        async with serving(echo, server_config(client_trust=trust()), on_failure=ignore) as port:
            reader, writer = await join(port)
            with pytest.raises(AlertReceived, match="got none"):
                await reader.read(1)
            with pytest.raises(AlertReceived):
                await writer.drain()
            await writer.wait_closed()

    run(main())


def test_a_silent_client_meets_the_deadline() -> None:
    """The server gives up on a client that says nothing, and tells nobody but its log."""

    async def main() -> BaseException:
        failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        async with serving(
            echo, handshake_timeout=0.0, on_failure=lambda error, _: failed.set_result(error)
        ) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            error = await failed
            assert await reader.read(100) != b"", "user_canceled and close_notify, in the clear"
            writer.close()
            await writer.wait_closed()
            return error

    error = run(main())
    assert isinstance(error, HandshakeTimeout)
    assert str(error).startswith("timeout: ")


def test_a_cancelled_connect_hangs_up() -> None:
    """Whoever stops waiting for a handshake leaves no connection behind."""

    async def main() -> None:
        hung_up = asyncio.Event()
        greeted = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(5)
            greeted.set()
            with contextlib.suppress(ConnectionResetError):
                while await reader.read(65_536):
                    pass
            hung_up.set()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            connecting = asyncio.create_task(join(port))
            await greeted.wait()
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            await hung_up.wait()

    run(main())


@pytest.mark.parametrize(
    ("words", "kind"),
    [(b"SSH-2.0-OpenSSH_9.6\r\n", PeerMisbehaved), (b"", Truncation)],
    ids=["ssh", "nothing"],
)
def test_no_tls(words: bytes, kind: type[TLSError]) -> None:
    """A peer that speaks something else, or hangs up, ends ``connect`` with one line."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        writer.write(words)
        writer.write_eof()
        await reader.read()
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            with pytest.raises(kind) as caught:
                await join(server.sockets[0].getsockname()[1])
            assert "\n" not in str(caught.value)

    run(main())


def test_a_reset_says_what_the_transport_said() -> None:
    """In the handshake it is a cut, with the transport's own word as cause and note."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            joining = asyncio.ensure_future(join(listener.getsockname()[1]))
            loop = asyncio.get_running_loop()
            peer, _ = await loop.sock_accept(listener)
            assert await loop.sock_recv(peer, 1)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            with pytest.raises(Truncation) as caught:
                await joining
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        (note,) = caught.value.__notes__
        assert note.startswith("the transport said: ")

    run(main())


def test_truncation_and_abort() -> None:
    """A handler that raises aborts: its client sees a truncation, unless it said it may."""

    async def fail(_: tls.Reader, writer: tls.Writer) -> None:
        await writer.sendall(b"half")
        raise RuntimeError("on purpose")

    async def main() -> None:
        contexts: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: contexts.append(context))
        async with serving(fail) as port:
            reader, writer = await join(port)
            assert await reader.read(100) == b"half"
            for _ in range(2):
                with pytest.raises(Truncation):
                    await reader.read(100)
            writer.close()
            await writer.wait_closed()
            reader, writer = await join(port, insecure_accept_truncation=True)
            assert await reader.read() == b"half"
            writer.close()
            await writer.wait_closed()
        assert [type(context["exception"]) for context in contexts] == [RuntimeError] * 2

    run(main())


def test_half_close_and_key_updates() -> None:
    """After our close_notify the peer's megabyte still comes, under changing keys."""

    async def answer(reader: tls.Reader, writer: tls.Writer) -> None:
        assert await reader.read() == b"question"
        for start in range(0, len(MEGABYTE), 65_536):
            writer.update_keys(request=True)
            await writer.sendall(MEGABYTE[start : start + 65_536])

    async def main() -> None:
        async with serving(answer) as port:
            reader, writer = await join(port)
            writer.write(b"question")
            writer.write_eof()
            assert await reader.read() == MEGABYTE
            with pytest.raises(ApiMisuse):
                writer.write(b"more")
            writer.close()
            await writer.wait_closed()

    run(main())


def test_two_readers_are_misuse() -> None:
    """Two tasks that wait for data at once would tear it apart."""

    async def main() -> None:
        async with serving(echo) as port:
            reader, writer = await join(port)
            first = asyncio.create_task(reader.read(1))
            await asyncio.sleep(0)
            with pytest.raises(ApiMisuse, match="two tasks"):
                await reader.read(1)
            writer.write(b"x")
            assert await first == b"x"
            writer.close()
            await writer.wait_closed()

    run(main())

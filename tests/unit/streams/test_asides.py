"""What is asked after the handshake is answered by streams while data flows (RFC 9846, 4.7.2)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.machine.test_questions import later, patient, remote
from tests.support.endpoints import (
    NAME,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tests.support.streams import PATIENCE, streams, threads
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import ApiMisuse, TLSError
from tlsee.handshake.outcome import ClientAuthenticated, ClientDeclined
from tlsee.questions import Question
from tlsee.streams import asyncio as aio


def willing() -> ClientConfig:
    """A client that chooses and signs late."""
    return client_config(
        credentials=[remote(client_credential())],
        choose_credential=later,
        post_handshake_auth=True,
    )


def asking() -> ServerConfig:
    """A server that judges late, and asks nothing in the handshake."""
    return server_config(client_trust=trust(), client_auth="none", judge=later)


def test_a_blocking_stream_answers_while_it_waits_for_data() -> None:
    """Two questions at the client and one at the server, answered by whoever reads."""
    asked: list[str] = []
    judging = threading.Event()  # all of the client's answer has come

    def answer(question: Question) -> object:
        asked.append(type(question).__name__)
        if asked[-1] == "Judge":
            judging.set()
        return patient(question)

    options = {"on_question": answer}
    with (
        streams(willing(), asking(), client_options=options, server_options=options) as (one, two),
        threads() as submit,
    ):
        asked.clear()
        judging.clear()
        context = two.request_certificate()
        two.sendall(b"who are you?")
        assert one.recv() == b"who are you?"
        reading = submit(two.recv)
        waiting = submit(one.recv)  # finds no data, and answers
        assert judging.wait(PATIENCE)
        one.sendall(b"that was me")
        assert reading.result(PATIENCE) == b"that was me"
        two.sendall(b"well met")
        assert waiting.result(PATIENCE) == b"well met"
        assert isinstance(two.client_answer(context), ClientAuthenticated)
        assert sorted(asked) == ["ChooseCredential", "Judge", "Sign"]
        assert two.info.peer_identity is not None


def test_whoever_writes_does_not_wait_for_an_answer() -> None:
    """While one thread thinks about a question the other one writes, and is heard."""
    thinking, known, judging = threading.Event(), threading.Event(), threading.Event()

    def answer(question: Question) -> object:
        if type(question).__name__ == "Judge":
            judging.set()
        if type(question).__name__ == "ChooseCredential":
            thinking.set()
            assert known.wait(PATIENCE)
        return patient(question)

    options = {"on_question": answer}
    with (
        streams(willing(), asking(), client_options=options, server_options=options) as (one, two),
        threads() as submit,
    ):
        judging.clear()
        context = two.request_certificate()
        waiting = submit(one.recv)
        assert thinking.wait(PATIENCE)
        one.sendall(b"a moment")
        assert two.recv() == b"a moment"
        assert two.client_answer(context) is None
        reading = submit(two.recv)
        known.set()
        assert judging.wait(PATIENCE)
        one.sendall(b"done")
        assert reading.result(PATIENCE) == b"done"
        two.sendall(b"thanks")
        assert waiting.result(PATIENCE) == b"thanks"
        assert isinstance(two.client_answer(context), ClientAuthenticated)


def test_an_answer_that_fails_ends_the_stream_in_the_next_read() -> None:
    """Whatever ``on_question`` raises refuses, and the peer is told."""
    cause = OSError("no card in the reader")

    def answer(question: Question) -> object:
        if type(question).__name__ == "Sign":
            raise cause
        return patient(question)

    options = {"on_question": answer}
    with (
        streams(willing(), asking(), client_options=options, server_options=options) as (one, two),
    ):
        two.request_certificate()
        with pytest.raises(TLSError) as caught:
            one.recv()
        assert caught.value.__cause__ is cause
        with pytest.raises(TLSError) as heard:
            two.recv()
        assert heard.value.name == "access_denied"


def test_where_nobody_can_be_asked_the_stream_says_so() -> None:
    """And goes on."""
    with streams() as (one, two):
        with pytest.raises(ApiMisuse, match="did not say"):
            two.request_certificate()
        with pytest.raises(ApiMisuse, match="a client asks"):
            one.request_certificate()
        one.sendall(b"unharmed")
        assert two.recv() == b"unharmed"


def test_asyncio_reads_on_while_a_question_is_open() -> None:
    """A task waits for the answer; the reader, the writer and the loop do not."""
    found = asyncio.run(asyncio.wait_for(_talk_while_asked(), PATIENCE))

    assert found == [b"while you think", b"done"]


async def _talk_while_asked() -> list[bytes]:
    heard: list[bytes] = []
    thinking, known, judging = asyncio.Event(), asyncio.Event(), asyncio.Event()
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def answer(question: Question) -> object:
        if type(question).__name__ == "ChooseCredential":
            thinking.set()
            await known.wait()
        if type(question).__name__ == "Judge" and thinking.is_set():
            judging.set()
        return patient(question)

    async def handle(reader: aio.Reader, writer: aio.Writer) -> None:
        context = writer.request_certificate()
        await thinking.wait()
        writer.write(b"while you think")
        assert await reader.readexactly(5) == b"heard"
        assert writer.client_answer(context) is None
        known.set()
        assert await reader.readexactly(4) == b"done"
        answered.set_result(writer.client_answer(context))
        writer.write(b"done")

    server = await aio.serve(handle, "127.0.0.1", 0, asking(), on_question=answer)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await aio.connect(
        "127.0.0.1", port, willing(), server_name=NAME, on_question=answer
    )
    heard.append(await reader.read(100))
    writer.write(b"heard")
    await judging.wait()
    writer.write(b"done")
    heard.append(await reader.read(100))
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    assert isinstance(await answered, ClientAuthenticated | ClientDeclined)
    return heard

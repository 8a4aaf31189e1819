"""One thread reads while another writes: neither waits for the other, no byte loses its place."""

from __future__ import annotations

import hashlib

from tests.support.streams import PATIENCE, receive_all, streams, threads
from tlsee.connection.events import DataReceived, KeysUpdated, NeedData
from tlsee.errors import ApiMisuse
from tlsee.streams.deadline import Deadline
from tlsee.streams.stream import Stream

PIECE = b"0123456789abcdef" * 4096
ROUNDS = 100  # of 64 KiB: far more than the sockets' buffers hold


def _write_with_updates(stream: Stream, requests: bool = True) -> str:
    digest = hashlib.sha256()
    for number in range(ROUNDS):
        data = b"%d:" % number + PIECE
        stream.sendall(data)
        digest.update(data)
        if number % 7 == 0:
            stream.update_keys(request=requests)
    stream.send_eof()
    return digest.hexdigest()


def test_reading_goes_on_while_the_writer_is_blocked() -> None:
    """The peer reads nothing, so our writer is stuck; our reader still gets all the peer says,
    KeyUpdates that ask for ours among it, and their answers go out in order later.
    """
    with streams() as (client, server), threads() as submit:
        writing = submit(_write_with_updates, client)
        for number in range(20):
            server.update_keys(request=True)
            server.sendall(b"word %d." % number)
        server.send_eof()
        heard = submit(receive_all, client).result(PATIENCE)
        assert heard == b"".join(b"word %d." % n for n in range(20))
        assert not writing.done(), "the writer is blocked as long as nobody reads"
        got = submit(receive_all, server).result(PATIENCE)
        assert hashlib.sha256(got).hexdigest() == writing.result(PATIENCE)


def test_both_ways_at_once_with_key_updates() -> None:
    """Two readers, two writers, KeyUpdates asked for by both: everything arrives as it was."""
    with streams() as (client, server), threads() as submit:
        writers = [submit(_write_with_updates, side) for side in (client, server)]
        readers = [submit(receive_all, side) for side in (server, client)]
        for writer, reader in zip(writers, readers, strict=True):
            got = reader.result(PATIENCE)
            assert hashlib.sha256(got).hexdigest() == writer.result(PATIENCE)


def test_an_answer_that_got_stuck_leaves_without_a_writer() -> None:
    """Our KeyUpdate found the socket full; once there is room the waiting reader sends it."""
    with streams() as (client, server), threads() as submit:
        transport = client._transport
        while not transport._outgoing.stuck:
            client.connection.write(PIECE)  # nobody flushes: a writer that went away
            transport.push()
        server.update_keys(request=True)
        server.sendall(b"x")
        assert client.recv() == b"x"
        reading = submit(client.recv)  # the only one who could send the rest
        assert _seen_until_update(server) % len(PIECE) == 0
        server.sendall(b"y")
        assert reading.result(PATIENCE) == b"y"


def _seen_until_update(stream: Stream) -> int:
    """Read until the peer's new keys: how many bytes of data came before."""
    seen = 0
    deadline = Deadline(PATIENCE)
    while True:
        event = stream.connection.next_event()
        if isinstance(event, NeedData):
            stream._transport.fill(deadline)
        elif isinstance(event, DataReceived):
            seen += len(event.data)
        elif isinstance(event, KeysUpdated) and not event.requested:
            return seen


def test_closing_wakes_a_reader() -> None:
    """A thread that waits in ``recv`` learns that another one closed the stream."""
    with streams() as (client, server), threads() as submit:
        reading = submit(client.recv)
        server.sendall(b"x")
        assert reading.result(PATIENCE) == b"x"
        reading = submit(client.recv)
        client.close(timeout=0)
        error = reading.exception(PATIENCE)
        assert isinstance(error, ApiMisuse), error
        assert "closed" in str(error)

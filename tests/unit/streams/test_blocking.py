"""Blocking streams: what goes in comes out, the handshake happens once, limits hold."""

from __future__ import annotations

import socket

import pytest

from tests.support.endpoints import NAME, client_config, server_config
from tests.support.streams import (
    PATIENCE,
    numbered,
    receive_all,
    send_and_end,
    send_for_ever,
    streams,
    tcp,
    threads,
    ticking,
)
from tlsee.codes import NamedGroup, ProtocolVersion
from tlsee.connection.connection import ClientConnection
from tlsee.errors import ApiMisuse, HandshakeTimeout, TLSError
from tlsee.streams.blocking import connect, listen, wrap_client, wrap_server
from tlsee.streams.stream import PIECE, Stream

MEGABYTE = bytes(range(256)) * 4096


def test_connect_and_listen() -> None:
    """The paved path: a line each way, an orderly end both ways, and what was negotiated."""

    def serve() -> bytes:
        with listener.accept() as tls:
            got = tls.recv()
            tls.sendall(b"hello, client")
            return got + tls.recv()

    with listen(("127.0.0.1", 0), server_config()) as listener, threads() as submit:
        served = submit(serve)
        with connect(listener.address, client_config(), server_name=NAME, timeout=PATIENCE) as tls:
            tls.sendall(b"hello, server")
            assert tls.recv(100) == b"hello, client"
            assert tls.info.version is ProtocolVersion.TLS13
            assert tls.info.group is NamedGroup.X25519MLKEM768
            assert tls.getpeername() == listener.address
        assert served.result(PATIENCE) == b"hello, server"


@pytest.mark.parametrize("size", [1, 16_384, 16_385, PIECE, PIECE + 1, len(MEGABYTE)])
def test_every_byte_arrives(size: int) -> None:
    """Any number of bytes, around the bounds of records and pieces, arrives as it was."""
    with streams() as (client, server), threads() as submit:
        sending = submit(send_and_end, client, MEGABYTE[:size])
        assert receive_all(server) == MEGABYTE[:size]
        sending.result(PATIENCE)


def test_recv_into_and_small_reads() -> None:
    """Reads of any size take what is there in order; ``pending`` says how much is left over."""
    with streams() as (client, server):
        client.sendall(b"abcdefgh")
        assert server.recv(0) == b""
        assert server.recv(3) == b"abc"
        assert server.pending == 5
        buffer = bytearray(4)
        assert server.recv_into(buffer, 2) == 2
        assert bytes(buffer) == b"de\0\0"
        assert server.pending == 3
        assert server.recv_into(memoryview(buffer)) == 3
        assert buffer == b"fgh\0"
        assert server.recv_into(bytearray()) == 0


def test_nothing_is_sent_for_nothing() -> None:
    """``sendall(b"")`` sends no record; a negative size and a timeout of zero are misuse."""
    with streams() as (client, server):
        client.sendall(b"")
        client.sendall(b"x")
        assert server.recv() == b"x"
        with pytest.raises(ApiMisuse):
            server.recv(-1)
        with pytest.raises(ApiMisuse):
            server.settimeout(0)


def test_first_use_shakes_hands_once() -> None:
    """Two threads that read and write at once before the handshake share one."""
    with streams(shaken=False) as (client, server), threads() as submit:
        reading, writing = submit(client.recv), submit(client.sendall, b"question")
        assert server.recv() == b"question"
        server.sendall(b"answer")
        assert reading.result(PATIENCE) == b"answer"
        writing.result(PATIENCE)


def test_a_silent_client_stops_nobody() -> None:
    """``accept()`` returns before the handshake: a client that says nothing delays no other."""
    with (
        listen(("127.0.0.1", 0), server_config()) as listener,
        socket.create_connection(listener.address),
        threads() as submit,
    ):
        silent = listener.accept()
        talking = submit(connect, listener.address, client_config(), server_name=NAME)
        with listener.accept() as served:
            served.sendall(b"welcome")
            with talking.result(PATIENCE) as client:
                assert client.recv() == b"welcome"
                silent.abort()
                served.send_eof()


def test_one_deadline_covers_the_whole_handshake() -> None:
    """A peer whose next bytes are always there cannot stretch the handshake beyond its limit.

    Each look at the clock finds it five seconds later, and a reader that takes a record at a time
    looks more than six times before the server's flight of six records is through.
    """
    limits = {"handshake_timeout": 30.0, "record_exact": True}
    slow = {**limits, "clock": ticking(5.0)}
    with streams(shaken=False, client_options=slow) as (client, server), threads() as submit:
        serving = submit(server.handshake)
        with pytest.raises(HandshakeTimeout) as caught:
            client.handshake()
        assert isinstance(serving.exception(PATIENCE), TLSError)
    text = str(caught.value)
    assert text.startswith("timeout: the handshake was not done in time")
    assert "\n" not in text
    with pytest.raises(HandshakeTimeout):
        client.recv()
    with streams(client_options={**limits, "clock": ticking(0.0)}) as (client, _):
        assert client.info.resumed is False


def test_a_handshake_that_nobody_answers_ends() -> None:
    """Silence ends with the deadline, and the socket is closed."""
    with tcp() as (sock, _):
        connection = ClientConnection(client_config(), NAME)
        stream = Stream(sock, connection, handshake_timeout=30.0, clock=ticking(31.0))
        with pytest.raises(HandshakeTimeout):
            stream.handshake()
        assert stream.fileno() == -1
        assert sock.fileno() == -1


def test_an_operation_has_its_own_limit() -> None:
    """``settimeout`` limits one operation; the stream works on after a timeout."""
    with streams(server_options={"clock": ticking(1.0)}) as (client, server):
        server.settimeout(0.5)
        with pytest.raises(TimeoutError):
            server.recv()
        server.settimeout(None)
        client.sendall(b"late")
        assert server.recv() == b"late"


def test_a_write_that_timed_out_goes_on() -> None:
    """What was sealed before a timeout goes out first with the next write: no byte is lost."""
    with streams(client_options={"clock": ticking(1.0)}) as (client, server), threads() as submit:
        client.settimeout(0.5)
        written = send_for_ever(client)  # until the sockets' buffers are full
        client.settimeout(None)
        sending = submit(send_and_end, client, b"the end")
        got = receive_all(server)
        sending.result(PATIENCE)
        assert got == b"".join(map(numbered, range(1, written + 1))) + b"the end"


def test_tcp_nodelay_and_the_sockets_own_timeout() -> None:
    """A wrapped socket gets TCP_NODELAY, lends its timeout, and is refused when non-blocking."""
    with tcp() as (one, other):
        one.settimeout(7.0)
        client = wrap_client(one, client_config(), server_name=NAME)
        assert client.gettimeout() == 7.0
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        other.setblocking(False)
        with pytest.raises(ApiMisuse, match="non-blocking"):
            wrap_server(other, server_config())


def test_the_wrong_configuration_is_misuse() -> None:
    """A client's configuration for a server, and the reverse, is said so at once."""
    with tcp() as (one, other):
        with pytest.raises(ApiMisuse, match="ServerConfig"):
            wrap_server(other, client_config())  # type: ignore[arg-type]
        with pytest.raises(ApiMisuse, match="ClientConfig"):
            wrap_client(one, server_config(), server_name=NAME)  # type: ignore[arg-type]
        with pytest.raises(ApiMisuse, match="ServerConfig"):
            listen(("127.0.0.1", 0), client_config())  # type: ignore[arg-type]


def test_info_before_the_handshake_is_misuse() -> None:
    """Nothing is negotiated yet, and asking does not start the handshake."""
    with streams(shaken=False) as (client, _), pytest.raises(ApiMisuse):
        print(client.info)


def test_a_port_in_use() -> None:
    """The operating system's own error passes through: no TLS happened."""
    with (
        listen(("127.0.0.1", 0), server_config()) as listener,
        pytest.raises(OSError, match="in use"),
    ):
        listen(listener.address, server_config())


def test_nobody_listens() -> None:
    """No TCP, no TLS: an OSError, and no byte of TLS was sent."""
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        address = placeholder.getsockname()
    with pytest.raises(ConnectionRefusedError):
        connect(address, client_config(), server_name=NAME)
    with pytest.raises(TimeoutError, match="took too long"):
        connect(address, client_config(), server_name=NAME, timeout=0.0)

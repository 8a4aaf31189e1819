"""How a stream ends: close_notify, half close, truncation, reset, and TLS left behind."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.support.endpoints import server_config
from tests.support.streams import PATIENCE, raw_socket, receive_all, send_and_end, streams, threads
from tlsee.errors import ApiMisuse, CertificateRejected, Truncation
from tlsee.streams.stream import Stream

MEGABYTE = b"0123456789abcdef" * 65_536


def test_half_close_then_a_megabyte() -> None:
    """After our close_notify the peer's data still comes, a megabyte of it, and its end."""
    with streams() as (client, server), threads() as submit:
        client.send_eof()
        assert server.recv() == b""
        sending = submit(send_and_end, server, MEGABYTE)
        assert receive_all(client) == MEGABYTE
        sending.result(PATIENCE)
        assert client.recv() == b"", "the end stays the end"
        with pytest.raises(ApiMisuse):
            client.sendall(b"more")


def test_a_key_update_after_our_close_notify_is_not_answered() -> None:
    """Nothing may follow a close_notify, an answer to KeyUpdate neither (RFC 9846, 6.1)."""
    with streams() as (client, server):
        client.send_eof()
        assert server.recv() == b""
        server.update_keys(request=True)
        server.sendall(b"under new keys")
        assert client.recv() == b"under new keys"
        assert client.connection.data_to_send() == b""


def test_truncation_is_raised_each_time() -> None:
    """The transport's end without close_notify is no end of the data, however often one asks."""
    with streams() as (client, server):
        server.sendall(b"half a")
        raw_socket(server).shutdown(socket.SHUT_WR)
        assert client.recv() == b"half a"
        with pytest.raises(Truncation):
            client.recv()
        with pytest.raises(Truncation) as caught:
            client.recv()
        assert caught.value.name == "truncated"
        text = str(caught.value)
        assert text.startswith("truncated: the connection was cut without close_notify")
        assert "\n" not in text
        assert caught.value.evidence.role == "client"


def test_truncation_can_be_accepted() -> None:
    """Only where the program says so, by a word that one can search for."""
    with streams(client_options={"insecure_accept_truncation": True}) as (client, server):
        server.sendall(b"all of it")
        raw_socket(server).shutdown(socket.SHUT_WR)
        assert receive_all(client) == b"all of it"


def test_a_reset_is_a_truncation() -> None:
    """A connection that is reset ends as one that is cut, whatever the socket calls it."""
    with streams() as (client, server):
        sock = raw_socket(server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        with pytest.raises(Truncation) as caught:
            client.recv()
        (note,) = caught.value.__notes__
        assert note.startswith("the transport said: ")


def test_an_exception_inside_the_block_does_not_look_complete() -> None:
    """A sender that fails half-way must not say close_notify: the peer sees a truncation."""
    with streams() as (client, server):
        with pytest.raises(ZeroDivisionError):
            _fail_inside(server)
        assert client.recv() == b"half"
        with pytest.raises(Truncation):
            client.recv()


def _fail_inside(stream: Stream) -> None:
    with stream:
        stream.sendall(b"half")
        raise ZeroDivisionError


def test_close_waits_for_the_peers_word() -> None:
    """``close`` reads on until the peer's close_notify; what comes meanwhile is dropped."""
    with streams() as (client, server), threads() as submit:
        closing = submit(client.close)
        assert server.recv() == b""
        assert not closing.done(), "it waits for our close_notify"
        server.sendall(b"too late")
        server.close()
        closing.result(PATIENCE)
        assert client.fileno() == -1
        for use in (client.recv, client.send_eof, client.unwrap, lambda: client.sendall(b"x")):
            with pytest.raises(ApiMisuse, match="closed"):
                use()
        client.close()


def test_close_without_waiting() -> None:
    """With a timeout of zero the close_notify is sent, and nothing is waited for."""
    with streams() as (client, server):
        client.close(timeout=0)
        assert server.recv() == b""


def _burst(server: Stream, *parts: bytes) -> list[bytes]:
    """Records for these, then close_notify, then plain text, in one packet; each one's bytes."""
    records = []
    for part in parts:
        server.connection.write(part)
        records.append(bytes(server.connection.data_to_send()))
    server.connection.close_write()
    records.append(bytes(server.connection.data_to_send()))
    raw_socket(server).sendall(b"".join(records) + b"220 plain again\r\n")
    return records


def test_a_record_exact_reader_takes_no_byte_too_many() -> None:
    """After each record the socket begins with the next one, whatever had arrived with it."""
    with streams(client_options={"record_exact": True}) as (client, server):
        raw_client = client._transport.sock
        one, two, bye = _burst(server, b"one", b"two")
        assert client.recv() == b"one"
        rest = two + bye + b"220 plain again\r\n"
        assert raw_client.recv(4096, socket.MSG_PEEK) == rest
        assert client.recv() == b"two"
        assert raw_client.recv(4096, socket.MSG_PEEK) == bye + b"220 plain again\r\n"
        sock, leftover = client.unwrap()
        assert leftover == b""
        assert sock.recv(4096) == b"220 plain again\r\n"
        sock.close()
        assert one


@pytest.mark.parametrize("exact", [True, False])
def test_unwrap_hands_over_what_follows(exact: bool) -> None:
    """Leftover and socket together are what the peer said after its close_notify."""
    with streams(client_options={"record_exact": exact}) as (client, server):
        _burst(server, b"data")
        with pytest.raises(ApiMisuse, match="left to read"):
            client.unwrap()
        assert client.recv() == b"data"
        sock, leftover = client.unwrap()
        assert sock.gettimeout() is None
        with sock:
            missing = len(b"220 plain again\r\n") - len(leftover)
            assert leftover + (sock.recv(missing) if missing else b"") == b"220 plain again\r\n"
        assert (leftover == b"") is exact
        with pytest.raises(ApiMisuse, match="closed"):
            client.recv()


def test_the_alert_arrives_although_much_is_unread() -> None:
    """A client that refuses the certificate closes so that its alert is not reset away.

    The server has sent data behind its Finished that the client never reads.
    """
    with streams(shaken=False) as (client, server), threads() as submit:
        sock, connection = raw_socket(server), server.connection
        shaking = submit(_wrong_name, client)
        while not connection._may_write:
            connection.receive_data(sock.recv(65_536))
        connection.write(bytes(100_000))
        sock.sendall(connection.data_to_send())
        while connection.failure is None and (data := sock.recv(65_536)):
            connection.receive_data(data)
        sock.close()
        assert shaking.result(PATIENCE) == "name_mismatch"
        assert connection.failure is not None
        assert connection.failure.name == "bad_certificate"


def _wrong_name(client: Stream) -> str:
    from tests.support.endpoints import client_config
    from tlsee.connection.connection import ClientConnection

    sock = client._transport.sock
    sock.setblocking(True)
    other = Stream(sock, ClientConnection(client_config(), "other.test"))
    with pytest.raises(CertificateRejected) as caught:
        other.handshake()
    assert other.fileno() == -1
    return caught.value.name


def test_server_config_is_shared() -> None:
    """One configuration serves many connections."""
    config = server_config()
    for _ in range(2):
        with streams(server=config) as (client, server):
            server.sendall(b"x")
            assert client.recv() == b"x"

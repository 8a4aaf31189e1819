"""Peers that speak no TLS, or stop in the middle: one line that says so, and an end."""

from __future__ import annotations

import socket

import pytest

from tests.support.endpoints import NAME, client_config, server_config
from tests.support.streams import tcp
from tlsee.errors import PeerMisbehaved, Truncation
from tlsee.streams.blocking import wrap_client, wrap_server

HTTP_ANSWER = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html>"
HTTP_QUESTION = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.6\r\n"
ESCAPES = b"\x1b[31mred\x07\xff\x00"

WORDS = {
    "http answer": (
        HTTP_ANSWER,
        PeerMisbehaved,
        "not_tls",
        "HTTP/1.1 400 Bad': it speaks HTTP; fix",
    ),
    "http question": (
        HTTP_QUESTION,
        PeerMisbehaved,
        "not_tls",
        r"HTTP/1.1\x0d\x0a': it speaks HTTP",
    ),
    "ssh": (SSH, PeerMisbehaved, "not_tls", "SSH-2.0-OpenSSH_': it speaks SSH; fix"),
    "escapes": (ESCAPES, PeerMisbehaved, "not_tls", r"are '\x1b[31mred\x07\xff\x00'; fix"),
    "nothing": (b"", Truncation, "cut_in_handshake", "nothing came"),
    "half": (b"\x16\x03\x01\x02\x00half", Truncation, "cut_in_handshake", "in the middle"),
    "too long": (b"\x16\x03\x03\xff\xff", PeerMisbehaved, "record_overflow", "65,535 bytes"),
    "goodbye": (b"\x15\x03\x03\x00\x02\x01\x00", Truncation, "cut_in_handshake", "close_notify"),
    "data": (b"\x17\x03\x03\x00\x01x", PeerMisbehaved, "plaintext_data", "before"),
    "empty": (b"\x16\x03\x03\x00\x00", PeerMisbehaved, "empty_fragment", "handshake"),
}


@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize("what", WORDS)
def test_no_tls(role: str, what: str) -> None:
    """Whatever it is, the error has a class, a name and one line of printable ASCII."""
    words, kind, name, part = WORDS[what]
    with tcp() as (one, other):
        stream = (
            wrap_client(one, client_config(), server_name=NAME)
            if role == "client"
            else wrap_server(one, server_config())
        )
        other.sendall(words)
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(kind) as caught:
            stream.handshake()
        assert caught.value.name == name
        text = str(caught.value)
        assert part in text
        assert "fix: " in text
        assert text.isascii()
        assert text.isprintable()
        assert stream.fileno() == -1, "the socket is closed"
        with pytest.raises(kind):
            stream.recv()


def test_a_peer_that_hangs_up_on_our_hello() -> None:
    """A reset in the middle is told as a cut, with the socket's own word as the cause."""
    with tcp() as (one, other):
        stream = wrap_client(one, client_config(), server_name=NAME)
        stream._transport.push()
        assert other.recv(1)  # the rest stays unread, so closing resets
        other.close()
        with pytest.raises(Truncation) as caught:
            stream.handshake()
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        (note,) = caught.value.__notes__
        assert note.startswith("the transport said: ")


def test_a_server_that_is_cut_says_no_alert() -> None:
    """A cut leaves nobody to tell: no byte is sent after it."""
    with tcp() as (one, other):
        stream = wrap_server(one, server_config())
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(Truncation):
            stream.handshake()
        assert other.recv(100) == b""

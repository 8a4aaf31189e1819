"""The little HTTP that serve needs, and the much that it refuses."""

from __future__ import annotations

import pytest

from tlsee.cli.http_request import HEAD_LIMIT, read_request, response

HEAD = b"GET /x?y HTTP/1.1\r\nHost: a\r\nACCEPT:  text/html \r\n\r\n"


def _read(*pieces: bytes) -> tuple[object, bytes]:
    waiting = [*pieces, b""]
    return read_request(lambda: waiting.pop(0))


@pytest.mark.parametrize("cut", range(1, len(HEAD)))
def test_a_head_in_pieces(cut: int) -> None:
    """Wherever it is cut, the same request comes out."""
    request, came = read_request(iter([HEAD[:cut], HEAD[cut:]]).__next__)
    assert request is not None
    assert (request.method, request.path, request.wants_html) == ("GET", "/x?y", True)
    assert came == HEAD


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"hello\n",),
        (b"GET / HTTP/2\r\n\r\n",),
        (b"GET /\r\n\r\n",),
        (b"GET / HTTP/1.1\r\n",),
        (b"\x16\x03\x01",),
        (b"A" * 16,),
    ],
)
def test_what_is_no_request(pieces: tuple[bytes, ...]) -> None:
    """Other protocols, half a head and nothing at all are no request; the bytes are kept."""
    assert _read(*pieces) == (None, b"".join(pieces))


def test_a_head_without_end() -> None:
    """It is given up at a bound."""
    taken = 0

    def receive() -> bytes:
        nonlocal taken
        taken += 1000
        return b"GET / HTTP/1.1\r\nx: " if taken == 1000 else b"x" * 1000

    assert read_request(receive)[0] is None
    assert taken <= HEAD_LIMIT + 2000


def test_a_response() -> None:
    """Length and end of connection are told; HEAD gets no body."""
    whole = response("200 OK", "text/plain", b"body")
    head, _, body = whole.partition(b"\r\n\r\n")
    assert body == b"body"
    assert b"\r\nContent-Length: 4\r\n" in head
    assert b"\r\nConnection: close\r\n" in head
    assert response("200 OK", "text/plain", b"body", with_body=False) == head + b"\r\n\r\n"

"""As much HTTP/1.1 as the matrix needs, over anything with ``recv`` and ``sendall``.

A client puts the payload, gets it back over the same connection and asks for its end; so the
server closes first.
"""

from __future__ import annotations

from typing import Protocol

from tests.interop.peers.spec import PAYLOAD, PeerFailed

PAGE = b"""<!doctype html>
<title>tlsee</title>
<p id="result">nothing yet</p>
<script>
const sent = Array.from({length: 100}, (_, number) =>
    String(number).padStart(3, "0").repeat(333) + "\\n").join("");
fetch("/echo", {method: "POST", body: sent})
    .then((response) => response.text())
    .then((text) => { document.getElementById("result").textContent =
        text === sent ? text.length + " bytes came back" : "other bytes came back"; });
</script>
"""


RETURNING = b"""<!doctype html>
<title>tlsee</title>
<p id="result">nothing yet</p>
<script>
(async () => {
    for (let visit = 1; visit <= 3; visit++) await (await fetch("/?" + visit)).text();
    document.getElementById("result").textContent = "came back 3 times";
})();
</script>
"""


class Channel(Protocol):
    def recv(self, size: int = 65536) -> bytes: ...

    def sendall(self, data: bytes) -> None: ...


class _Reader:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._left = b""

    def head(self) -> tuple[str, dict[str, str]] | None:
        """The first line and the fields, lower-cased; ``None`` at an orderly end."""
        while b"\r\n\r\n" not in self._left:
            chunk = self._channel.recv()
            if not chunk and not self._left:
                return None
            if not chunk:
                raise PeerFailed(f"the end in the middle of {self._left!r}")
            self._left += chunk
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        return first, {name.lower(): value.strip() for name, _, value in fields}

    def body(self, length: int) -> bytes:
        while len(self._left) < length:
            chunk = self._channel.recv()
            if not chunk:
                raise PeerFailed(f"the end after {len(self._left)} of {length} bytes")
            self._left += chunk
        body, self._left = self._left[:length], self._left[length:]
        return body


def put_and_get(channel: Channel) -> int:
    """The client's side: how many bytes came back right.

    Raises:
        PeerFailed: the server said no, or gave other bytes.
    """
    reader = _Reader(channel)
    length = f"Content-Length: {len(PAYLOAD)}\r\n"
    channel.sendall(f"PUT /data HTTP/1.1\r\nHost: server.test\r\n{length}\r\n".encode() + PAYLOAD)
    _answer(reader, "201")
    channel.sendall(b"GET /data HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n")
    body = _answer(reader, "200")
    if body != PAYLOAD:
        raise PeerFailed(f"{len(body)} other bytes came back")
    return len(body)


def _answer(reader: _Reader, status: str) -> bytes:
    head = reader.head()
    if head is None or head[0].split()[1] != status:
        raise PeerFailed(f"expected {status}, got {head}")
    return reader.body(int(head[1].get("content-length", "0")))


def keep_and_give(channel: Channel) -> int:
    """The server's side: how many bytes were put. Ends when asked to, or when the client ends.

    ``GET /`` gives a page that posts the payload from within a browser and looks at the answer.
    """
    reader, kept = _Reader(channel), b""
    while (head := reader.head()) is not None:
        method, path = head[0].split()[:2]
        if method == "PUT":
            kept = reader.body(int(head[1]["content-length"]))
            _respond(channel, "201 Created", b"")
        elif method == "POST":
            kept = reader.body(int(head[1]["content-length"]))
            _respond(channel, "200 OK", kept)
        elif path == "/data" and head[1].get("connection") == "close":
            # Without a length: the end of the connection, close_notify, is the end of the body.
            channel.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + kept)
        elif path == "/data":
            _respond(channel, "200 OK", kept)
        elif path == "/":
            _respond(channel, "200 OK", PAGE)
        else:
            _respond(channel, "404 Not Found", b"")
        if head[1].get("connection") == "close":
            break
    if kept not in {b"", PAYLOAD}:
        raise PeerFailed(f"{len(kept)} other bytes were put")
    return len(kept)


def give_once(channel: Channel) -> None:
    """The server's side: one answer, ``RETURNING``, and the end; for more one has to come back."""
    if _Reader(channel).head() is not None:
        _respond(channel, "200 OK", RETURNING, "Connection: close\r\n")


def _respond(channel: Channel, status: str, body: bytes, fields: str = "") -> None:
    kind = "text/html" if body in {PAGE, RETURNING} else "text/plain"
    fields += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    channel.sendall(f"HTTP/1.1 {status}\r\n{fields}\r\n".encode() + body)

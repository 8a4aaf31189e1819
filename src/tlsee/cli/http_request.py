"""Just enough HTTP/1.1 to answer one request: a bounded head in, one response out."""

from __future__ import annotations

from collections.abc import Callable

from tlsee.values import value

HEAD_LIMIT = 16_384  # bytes; browsers send one to three thousand
SECURITY_HEADERS = (
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Cache-Control: no-store",
)


@value
class Request:
    """The head of a request; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def wants_html(self) -> bool:
        """Whether a browser asks; curl and Python take anything and get text."""
        return "text/html" in self.headers.get("accept", "")


def read_request(receive: Callable[[], bytes]) -> tuple[Request | None, bytes]:
    """The request, or ``None`` if what came is none, and all bytes that came.

    ``receive`` gives some bytes, ``b""`` at the end.
    """
    came = bytearray()
    while b"\r\n\r\n" not in came:
        data = receive()
        came += data
        if not data or len(came) > HEAD_LIMIT or not _may_be_http(came):
            return None, bytes(came)
    head = bytes(came.split(b"\r\n\r\n", 1)[0])
    return _parse(head), bytes(came)


def _may_be_http(came: bytearray) -> bool:
    """Whether this can still become a request: a method in capitals, then a space."""
    method = came[:16].split(b" ", 1)[0]
    return method.isalpha() and method.isupper() and (len(came) < 16 or b" " in came[:16])


def _parse(head: bytes) -> Request | None:
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        return None
    headers = {}
    for line in lines[1:]:
        name, colon, content = line.partition(":")
        if colon:
            headers[name.strip().lower()] = content.strip()
    return Request(parts[0], parts[1], headers)


def response(status: str, content_type: str, body: bytes, *, with_body: bool = True) -> bytes:
    """A whole response that ends the connection."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *SECURITY_HEADERS,
    ]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
    return head + body if with_body else head

"""A way through an HTTP proxy: CONNECT (RFC 9110, 9.3.6), and when to take it."""

from __future__ import annotations

import base64
import ipaddress
import socket
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from tlsee.cli.exit_codes import NotTried, Usage
from tlsee.cli.stores import reason_of
from tlsee.cli.targets import Target, host_and_port
from tlsee.streams.deadline import Deadline
from tlsee.text import printable
from tlsee.values import value

PROXY_PORT = 8080  # where a proxy's URL names none
ANSWER_LIMIT = 65_536  # bytes of a proxy's answer; a page of excuses follows a refusal


@value
class Proxy:
    """An HTTP proxy; ``authorization`` is the header's value or empty, and never shown."""

    host: str
    port: int
    authorization: str
    source: str
    _hidden: ClassVar[frozenset[str]] = frozenset({"authorization"})

    def __str__(self) -> str:
        text = host_and_port(printable(self.host, 60), self.port)
        return f"{text} ({self.source})" if self.source else text

    def tunnel(self, sock: socket.socket, target: Target, deadline: Deadline) -> None:
        """Ask for a tunnel to the target.

        Raises:
            NotTried: the proxy refuses, hangs up, or is none.
        """
        try:
            sock.settimeout(_left(deadline))
            sock.sendall(self._request(target))
            head = _read_head(sock, deadline)
            sock.settimeout(None)
        except OSError as error:
            raise _broken(self, f"did not answer CONNECT ({reason_of(error)})") from None
        _check_answer(self, head)

    def _request(self, target: Target) -> bytes:
        where = str(target)
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _left(deadline: Deadline) -> float | None:
    remaining = deadline.remaining
    if remaining == 0.0:
        raise TimeoutError("timed out")
    return remaining


def _read_head(sock: socket.socket, deadline: Deadline) -> bytes:
    """The answer's head and not a byte more: what follows is the peer's TLS."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        sock.settimeout(_left(deadline))
        byte = sock.recv(1)
        if not byte:
            raise ConnectionResetError("it hung up")
        head += byte
        if len(head) > ANSWER_LIMIT:
            raise ConnectionResetError("its answer has no end")
    return bytes(head)


def _check_answer(proxy: Proxy, head: bytes) -> None:
    status = head.split(b"\r\n", 1)[0]
    parts = status.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
        raise _broken(proxy, f"answers {printable(status, 40)!r}, which is not HTTP")
    if not 200 <= int(parts[1]) <= 299:
        said = printable(b" ".join(parts[1:]), 60)
        fix = "give user and password in --proxy" if parts[1] == b"407" else "ask who runs it"
        raise NotTried(
            f"the proxy {proxy} refused: {said}", fix, stage="proxy", name="proxy_refused"
        )


def _broken(proxy: Proxy, what: str) -> NotTried:
    return NotTried(
        f"the proxy {proxy} {what}", "check --proxy", stage="proxy", name="proxy_failed"
    )


def parse_proxy(text: str, source: str) -> Proxy:
    """Read a proxy's URL, or HOST:PORT.

    Raises:
        Usage: it cannot be used; what it says of user and password is not repeated.
    """
    what = source or "--proxy"
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise Usage(f"{what} cannot be read", "write http://HOST:PORT") from None
    if parts.scheme.lower() != "http":
        scheme = printable(parts.scheme, 20)
        raise Usage(f"{what}: {scheme}:// proxies are not built in", "use an http:// proxy")
    if not host or not host.isascii():
        raise Usage(f"{what} names no host", "write http://HOST:PORT")
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    return Proxy(host, port or PROXY_PORT, authorization, source)


def choose_proxy(target: Target, given: str | None, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for this target: ``--proxy``, else HTTPS_PROXY where the target is https.

    An empty ``--proxy ""`` takes none, whatever the environment says.
    """
    if given is not None:
        return parse_proxy(given, "") if given else None
    if not target.is_https:
        return None
    for name in ("https_proxy", "HTTPS_PROXY"):
        text = environ.get(name, "")
        if text:
            excluded = environ.get("no_proxy", "") or environ.get("NO_PROXY", "")
            return None if is_excluded(target, excluded) else parse_proxy(text, name)
    return None


def is_excluded(target: Target, no_proxy: str) -> bool:
    """Whether NO_PROXY takes this target out: ``*``, names with their subdomains, addresses,
    networks, each with or without a port.
    """
    return any(_matches(target, item.strip().lower()) for item in no_proxy.split(","))


def _matches(target: Target, item: str) -> bool:
    if not item:
        return False
    if item == "*":
        return True
    host = target.host.lower().removesuffix(".")
    if target.is_address:
        return _covers_address(host, item, target.port)
    name, _, port = item.partition(":")
    if port and port != str(target.port):
        return False
    name = name.removeprefix("*").removeprefix(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _covers_address(host: str, item: str, port: int) -> bool:
    address = ipaddress.ip_address(host.partition("%")[0])
    for text in (item, item.removesuffix(f":{port}").strip("[]")):
        try:
            if address in ipaddress.ip_network(text, strict=False):
                return True
        except ValueError:
            continue
    return False

"""The road through an HTTP proxy."""

from __future__ import annotations

import socket

import pytest

from tests.support.command import plain_server
from tlsee.cli.dialing import reach
from tlsee.cli.exit_codes import NotTried, Usage
from tlsee.cli.proxy import Proxy, choose_proxy, is_excluded, parse_proxy
from tlsee.cli.targets import parse_target
from tlsee.streams.deadline import Deadline

PROXY = {"HTTPS_PROXY": "http://proxy.example:3128"}


def _chosen(target: str, environ: dict[str, str], given: str | None = None) -> str:
    return str(choose_proxy(parse_target(target), given, environ))


def test_when_the_environment_counts() -> None:
    """HTTPS_PROXY is for https targets; the option comes first, an empty one takes none."""
    assert _chosen("h.example", PROXY) == "proxy.example:3128 (HTTPS_PROXY)"
    assert _chosen("smtps://h.example", PROXY) == "None"
    assert _chosen("h.example", PROXY, "other.example:1") == "other.example:1"
    assert _chosen("h.example", PROXY, "") == "None"
    assert _chosen("h.example", {**PROXY, "NO_PROXY": "a.example, h.example"}) == "None"


@pytest.mark.parametrize(
    ("target", "no_proxy", "excluded"),
    [
        ("h.example", "*", True),
        ("h.example", "example", True),
        ("h.example", ".example", True),
        ("h.example", "*.example", True),
        ("h.example", "h.example:443", True),
        ("h.example", "h.example:444", False),
        ("h.example", "x.example", False),
        ("sh.example", "h.example", False),
        ("h.example", "", False),
        ("192.0.2.7", "192.0.2.0/24", True),
        ("192.0.2.7", "192.0.2.7:443", True),
        ("192.0.2.7", "192.0.3.0/24", False),
        ("[2001:db8::1]:443", "2001:db8::/32", True),
        ("[2001:db8::1]:443", "[2001:db8::1]:443", True),
    ],
)
def test_no_proxy(target: str, no_proxy: str, excluded: bool) -> None:
    """Names with their subdomains, addresses, networks, each with or without a port."""
    assert is_excluded(parse_target(target), no_proxy) is excluded


def test_a_password_is_used_and_not_shown() -> None:
    """User and password become the header; neither text nor repr repeats them."""
    proxy = parse_proxy("http://joe:s%40cret@p.example:1", "HTTPS_PROXY")
    assert proxy.authorization == "Basic am9lOnNAY3JldA=="
    assert "cret" not in f"{proxy}{proxy!r}"
    assert "am9l" not in f"{proxy}{proxy!r}"


@pytest.mark.parametrize("text", ["socks5://p:1", "https://p:1", "http://", "http://p:x"])
def test_proxies_that_cannot_be_used(text: str) -> None:
    """Other kinds of proxies, and what is none, are wrong usage."""
    with pytest.raises(Usage, match="--proxy"):
        parse_proxy(text, "")


def _reach(proxy_port: int) -> socket.socket:
    proxy = Proxy("127.0.0.1", proxy_port, "Basic eA==", "")
    return reach(parse_target("h.example:8443"), proxy, Deadline(30.0)).sock


def test_a_tunnel() -> None:
    """CONNECT names the target; not a byte behind the proxy's answer is swallowed."""
    heard = bytearray()

    def talk(client: socket.socket) -> None:
        while not heard.endswith(b"\r\n\r\n"):
            heard.extend(client.recv(4096))
        client.sendall(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\nfirst words")
        client.recv(1)

    with plain_server(talk) as port, _reach(port) as sock:
        assert sock.recv(11) == b"first words"
    assert heard.startswith(b"CONNECT h.example:8443 HTTP/1.1\r\nHost: h.example:8443\r\n")
    assert b"\r\nProxy-Authorization: Basic eA==\r\n" in heard


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 407 Proxy \x1b[31mAuth\r\n\r\n", r"refused: 407 Proxy \x1b[31mAuth"),
        (b"HTTP/1.0 503 no\r\n\r\n", "refused: 503 no"),
        (b"SSH-2.0\r\n\r\n", "not HTTP"),
        (b"", "hung up"),
        (b"HTTP/1.1 200 " + b"x" * 70_000, "has no end"),
    ],
)
def test_a_proxy_that_does_not(answer: bytes, says: str) -> None:
    """A refusal, another protocol and a hang-up each become one escaped sentence."""

    def talk(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(answer)

    with plain_server(talk) as port, pytest.raises(NotTried) as caught:
        _reach(port)
    assert says in str(caught.value)
    assert caught.value.stage == "proxy"

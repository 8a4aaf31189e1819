"""The road to the peer: name, TCP, and a proxy where there is one. No byte of TLS here."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from tlsee.cli.exit_codes import NotTried
from tlsee.cli.proxy import Proxy
from tlsee.cli.stores import reason_of
from tlsee.cli.targets import Target, host_and_port
from tlsee.streams.deadline import Deadline
from tlsee.text import printable
from tlsee.values import value

Clock = Callable[[], float]


@value
class Road:
    """A connected socket and how it came about; times in milliseconds.

    ``text`` is the address reached, or the proxy's.
    """

    sock: socket.socket
    text: str
    timings: dict[str, float]


def reach(
    target: Target, proxy: Proxy | None, deadline: Deadline, clock: Clock = time.perf_counter
) -> Road:
    """Connect over TCP, through a proxy if there is one.

    Raises:
        NotTried: stage ``name``, ``tcp`` or ``proxy``.
    """
    timings: dict[str, float] = {}
    began = clock()
    host, port = (target.host, target.port) if proxy is None else (proxy.host, proxy.port)
    stage = "" if proxy is None else "proxy"
    addresses = _resolve(host, port, stage)
    timings["resolve_ms"] = _since(began, clock)
    began = clock()
    sock = _connect(host, port, addresses, deadline, stage)
    timings["tcp_ms"] = _since(began, clock)
    reached = sock.getpeername()
    text = host_and_port(reached[0], reached[1])
    if proxy is not None:
        began = clock()
        try:
            proxy.tunnel(sock, target, deadline)
        except BaseException:
            sock.close()
            raise
        timings["proxy_ms"] = _since(began, clock)
        text = f"through the proxy {proxy}"
    return Road(sock, text, timings)


def _since(began: float, clock: Clock) -> float:
    return round((clock() - began) * 1000, 3)


def _resolve(host: str, port: int, stage: str) -> list[tuple[int, int, int, tuple[object, ...]]]:
    what = printable(host, 80)
    name = f"the proxy's name {what}" if stage else f"the name {what}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = reason_of(error) if isinstance(error, OSError) else "it is no host name"
        raise NotTried(
            f"{name} does not resolve ({said})",
            "check the spelling, then this machine's DNS",
            stage=stage or "name",
            name="name_not_found",
        ) from None
    return [(family, kind, protocol, where) for family, kind, protocol, _, where in found]


def _connect(
    host: str,
    port: int,
    addresses: list[tuple[int, int, int, tuple[object, ...]]],
    deadline: Deadline,
    stage: str,
) -> socket.socket:
    """The first address that answers."""
    failure: OSError = OSError("no address")
    for family, kind, protocol, where in addresses:
        remaining = deadline.remaining
        if remaining == 0.0:
            failure = TimeoutError()
            break
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            failure = error
            continue
        try:
            sock.settimeout(remaining)
            sock.connect(where)
        except OSError as error:
            failure = error
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            sock.settimeout(None)
            return sock
    raise _unreachable(host_and_port(printable(host, 80), port), failure, stage) from None


def _unreachable(where: str, error: OSError, stage: str) -> NotTried:
    who = f"the proxy {where}" if stage else where
    if isinstance(error, ConnectionRefusedError):
        what, fix = f"nobody listens at {who} (connection refused)", "check host and port"
        name = "connection_refused"
    elif isinstance(error, TimeoutError):
        what = f"{who} did not answer in time (TCP)"
        fix = "check host, port and firewalls; --timeout SECONDS waits longer"
        name = "tcp_timeout"
    else:
        what, fix = f"no TCP connection to {who} ({reason_of(error)})", "check the network"
        name = "unreachable"
    return NotTried(what, fix, stage=stage or "tcp", name=name)

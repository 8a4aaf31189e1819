"""Fetching revocation lists, OCSP responses and missing issuers over HTTP, for whoever asks for it.

A certificate says where to fetch, and a certificate is an attacker's input before it is judged. So
this goes to public addresses only, by plain HTTP (what comes is signed; RFC 5280, 8), within bounds
of size and time, follows nothing, and connects to the very address that it has looked at. Nothing
here is used unless a configuration is given it: ``ClientConfig(fetcher=HTTPFetcher())``.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tlsee import defaults
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.identity.path.known import Fetch, FetchKind
from tlsee.streams.deadline import MONOTONIC, Clock, Deadline
from tlsee.streams.fetched import FetchCache
from tlsee.text import printable

__all__ = ["FetchFailed", "HTTPFetcher"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Iterable[str]]

_LIMITS = {
    FetchKind.CRL: defaults.FETCHED_LIST_LIMIT,
    FetchKind.OCSP: defaults.FETCHED_LIMIT,
    FetchKind.ISSUER: defaults.FETCHED_LIMIT,
}
_OCSP_REQUEST = "application/ocsp-request"  # RFC 6960, A.1
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


class FetchFailed(Exception):
    """Nothing came, or nothing was asked; the text is one sentence without a peer's bytes."""


class _Place(NamedTuple):
    host: str
    port: int
    path: str


class HTTPFetcher:
    """Fetches by HTTP, and remembers what it fetched until it is superseded. Safe for threads.

    Args:
        timeout: seconds for one fetch, from connecting to the last byte. Looking the name up is the
            operating system's and is not within it.
        allow: addresses or networks that may be asked although they are not public, such as
            ``"10.0.0.0/8"`` for a company's own responder.
        beside: the address of the peer whose certificates are judged. Where it is not public
            itself, others of its kind (loopback, private, link-local) may be asked too.
        ports: those that may be asked; ``None`` means any.
        list_limit: the longest revocation list that is read, bytes.
        cache: where answers are kept; ``None`` keeps none.
        resolve, clock: for tests: from a host name and port to addresses; seconds that only grow.

    Raises:
        ApiMisuse: one of the addresses or networks is none.
    """

    def __init__(
        self,
        *,
        timeout: float = defaults.FETCH_TIMEOUT,
        allow: Iterable[str] = (),
        beside: str | None = None,
        ports: Collection[int] | None = defaults.FETCH_PORTS,
        list_limit: int = defaults.FETCHED_LIST_LIMIT,
        cache: FetchCache | None = None,
        resolve: Resolve | None = None,
        clock: Clock = MONOTONIC,
    ) -> None:
        self.timeout = timeout
        self.ports = ports
        self.cache = FetchCache() if cache is None else cache
        try:
            self._allowed: tuple[Network, ...] = tuple(ip_network(each) for each in allow)
            self._beside = _kind(_plain(ip_address(_no_zone(beside)))) if beside else ""
        except ValueError as problem:
            raise ApiMisuse(f"fetcher: {problem}", "give addresses or networks") from None
        self._limits = {**_LIMITS, FetchKind.CRL: list_limit}
        self._resolve = resolve or _addresses
        self._clock = clock

    def __call__(self, fetch: Fetch) -> bytes:
        """What is there, from the cache while it holds.

        Raises:
            FetchFailed: it cannot be had.
        """
        now = PROVIDER.now()
        kept = self.cache.get(fetch, now)
        if isinstance(kept, bytes):
            return kept
        if kept is not None:
            raise FetchFailed(kept)
        try:
            found = self._fetch(fetch)
        except FetchFailed as problem:
            self.cache.put_failure(fetch, str(problem), now)
            raise
        self.cache.put(fetch, found, now)
        return found

    def at_hand(self, fetch: Fetch) -> bytes | str | None:
        """What the cache has: bytes, a failure's sentence, or ``None``. Asks nobody."""
        return self.cache.get(fetch, PROVIDER.now())

    def _fetch(self, fetch: Fetch) -> bytes:
        place = _place(fetch.url)
        if self.ports is not None and place.port not in self.ports:
            raise FetchFailed(f"port {place.port} is none that is asked")
        deadline = Deadline(self.timeout, self._clock)
        with contextlib.closing(self._connect(place, deadline)) as connected:
            return self._exchange(fetch, place, connected, deadline)

    def _connect(self, place: _Place, deadline: Deadline) -> socket.socket:
        """To an address that was looked at: a name that changes its mind gains nothing."""
        refused = ""
        failed = ""
        for text in self._look_up(place)[: defaults.FETCH_ADDRESSES]:
            address = ip_address(_no_zone(text))
            if not self.may_ask(address):
                refused = f"{place.host} is at {address}, which is not public"
                continue
            try:
                return socket.create_connection((text, place.port), timeout=deadline.left())
            except OSError as problem:
                failed = f"{place.host} cannot be reached ({_words(problem)})"
        raise FetchFailed(failed or refused or f"{place.host} has no address")

    def _look_up(self, place: _Place) -> list[str]:
        try:
            return list(self._resolve(place.host, place.port))
        except (OSError, UnicodeError) as problem:
            words = f"{place.host} does not resolve ({_words(problem)})"
            raise FetchFailed(words) from None

    def may_ask(self, address: Address) -> bool:
        """Whether an address may be connected to."""
        plain = _plain(address)
        if any(plain in network for network in self._allowed if network.version == plain.version):
            return True
        kind = _kind(plain)
        return not kind or (kind == self._beside and kind in _KINDS_BESIDE)

    def _exchange(
        self, fetch: Fetch, place: _Place, connected: socket.socket, deadline: Deadline
    ) -> bytes:
        connection = http.client.HTTPConnection(place.host, place.port)
        connection.sock = _Wire(connected, deadline)
        headers = {"Connection": "close", "User-Agent": "tlsee", "Accept": "*/*"}
        try:
            if fetch.body:
                headers["Content-Type"] = _OCSP_REQUEST
                connection.request("POST", place.path, fetch.body, headers)
            else:
                connection.request("GET", place.path, headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                raise FetchFailed(_not_ok(response.status))
            limit = self._limits[fetch.kind]
            found = response.read(limit + 1)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise FetchFailed(f"{place.host} answered badly ({_words(problem)})") from None
        if len(found) > limit:
            raise FetchFailed(f"more than {limit:,} bytes came")
        if response.length:
            raise FetchFailed(f"{place.host} answered badly (the end is missing)")
        return found


class _Wire:
    """A socket of which each read and write ends at one common deadline; others close it."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._socket, self._deadline))

    def close(self) -> None:
        """The connection thinks that it is done as soon as it knows that nothing follows."""


class _Reader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


def _place(url: str) -> _Place:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        raise FetchFailed("the URL is none") from None
    if parts.scheme != "http" or not host or "@" in parts.netloc:
        raise FetchFailed("the URL is none that is fetched: http://host/path")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise FetchFailed("the URL has characters that have no place there")
    path = parts.path or "/"
    return _Place(printable(host), port, f"{path}?{parts.query}" if parts.query else path)


def _addresses(host: str, port: int) -> Iterable[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return dict.fromkeys(str(item[4][0]) for item in found)


def _no_zone(text: str) -> str:
    return text.partition("%")[0]


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does: that is where the packets go."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and any(address in network for network in _NAT64):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is None and int(address) >> 32 == 0 and int(address) > 1:
        inner = IPv4Address(int(address))  # the deprecated compatible form
    return inner if inner is not None else address


_KINDS_BESIDE = frozenset({"loopback", "link-local", "private"})


def _kind(address: Address) -> str:
    """Why an address is not public, or ``""``."""
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified:
        return "unspecified"
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if isinstance(address, IPv6Address) and address.is_site_local:
        return "private"
    if address.is_reserved:
        return "reserved"
    return "" if address.is_global else "private"


def _not_ok(status: int) -> str:
    if 300 <= status < 400:
        return f"it sends elsewhere (HTTP {status}), and that is not followed"
    return f"it answers HTTP {status}"


def _words(problem: BaseException) -> str:
    """The system's words for its own errors; of anything else the kind, never a peer's bytes."""
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return type(problem).__name__

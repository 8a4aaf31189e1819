"""The fetcher: what it asks, what it refuses to ask, its bounds, and what it remembers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest

from tests.support import endpoints
from tests.support.certificates import AT, DAY, authority
from tests.support.revocation import HOUR, ocsp_response, points_to, revocation_list
from tests.support.streams import PATIENCE, streams
from tlsee import defaults
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.identity.path.known import Fetch, FetchKind
from tlsee.streams import asyncio as tls
from tlsee.streams.fetched import FetchCache, superseded
from tlsee.streams.fetching import FetchFailed, HTTPFetcher

ROOT = authority()
LEAF = ROOT.issue("server.test", not_before=AT - DAY, not_after=AT + DAY).chain[0]
LOOPBACK = ("127.0.0.0/8", "::1/128")


class Server:
    """An HTTP server on the loopback that says what it is told to, and notes what it was asked."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.asked: list[bytes] = []
        self._answer = answer
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/some/ca.crl?x=1"

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = self._listening.accept()
                with connected, contextlib.suppress(OSError):
                    self.asked.append(_request(connected))
                    self._answer(connected)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


def _request(connected: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connected.recv(4096)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connected.recv(4096)
    return head + b"\r\n\r\n" + body


Serve = Callable[[bytes | Callable[[socket.socket], None]], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that give these bytes, or do this, to whoever asks."""
    started = []

    def start(answer: bytes | Callable[[socket.socket], None]) -> Server:
        told = answer if callable(answer) else lambda connected: connected.sendall(answer)
        started.append(Server(told))
        return started[-1]

    yield start
    for server in started:
        server.close()


def ok(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def fetcher(**options: object) -> HTTPFetcher:
    """One that may ask the loopback, on any port, and remembers nothing."""
    values: dict[str, object] = {
        "allow": LOOPBACK,
        "ports": None,
        "cache": FetchCache(size=0, failures=0),
        **options,
    }
    return HTTPFetcher(**values)  # type: ignore[arg-type]


def crl(url: str) -> Fetch:
    return Fetch(FetchKind.CRL, url)


def test_a_list_is_got_and_a_response_is_posted(serve: Serve) -> None:
    """GET with path and query; POST with the media type of RFC 6960, A.1."""
    server = serve(ok(b"what there is"))
    assert fetcher()(crl(server.url)) == b"what there is"
    assert server.asked[0].startswith(b"GET /some/ca.crl?x=1 HTTP/1.1\r\n")
    assert fetcher()(Fetch(FetchKind.OCSP, server.url, b"request")) == b"what there is"
    assert server.asked[1].startswith(b"POST /some/ca.crl?x=1 HTTP/1.1\r\n")
    assert b"Content-Type: application/ocsp-request" in server.asked[1]
    assert server.asked[1].endswith(b"\r\n\r\nrequest")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ok(b"", "302 Found", "Location: http://127.0.0.1:1/"), "not followed"),
        (ok(b"", "404 Not Found"), "HTTP 404"),
        (ok(b"x" * (defaults.FETCHED_LIMIT + 1)), "more than 65,536 bytes"),
        (b"no HTTP at all\r\n", "answered badly"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "answered badly"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "answered badly"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, "answered badly"),
        (b"", "answered badly"),
    ],
    ids=["redirect", "missing", "long", "garbage", "cut", "chunk", "header", "nothing"],
)
def test_whatever_comes_instead_is_a_failure(serve: Serve, answer: bytes, why: str) -> None:
    """One exception, one sentence, and none of the server's bytes in it."""
    server = serve(answer)
    with pytest.raises(FetchFailed, match=why):
        fetcher()(Fetch(FetchKind.ISSUER, server.url))


def test_one_byte_more_each_time_does_not_outlast_the_deadline(serve: Serve) -> None:
    """The limit is for the whole fetch: this clock jumps with each look at it."""
    now = [0.0]

    def clock() -> float:
        now[0] += 0.5
        return now[0]

    def drip(connected: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connected.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connected.sendall(b"x")

    server = serve(drip)
    with pytest.raises(FetchFailed, match=r"TimeoutError|timed out"):
        fetcher(clock=clock, timeout=20.0, list_limit=1 << 24)(crl(server.url))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "fe80::1",
        "fd00::1", "fec0::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "240.0.0.1",
        "255.255.255.255", "100.64.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "::7f00:1", "2001:db8::1", "192.0.2.1",
    ],
)  # fmt: skip
def test_what_is_not_public_is_not_asked(address: str) -> None:
    """Also where an IPv4 address hides in an IPv6 one."""
    assert not HTTPFetcher().may_ask(ip_address(address))
    with pytest.raises(FetchFailed, match="not public"):
        HTTPFetcher(resolve=lambda *_: [address])(crl("http://lists.test/"))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_what_is_public_may_be_asked(address: str) -> None:
    """Without any option."""
    assert HTTPFetcher().may_ask(ip_address(address))


def test_a_peer_that_is_not_public_itself_opens_its_own_kind() -> None:
    """A company's server names its company's responder; not the cloud's, and not this machine."""
    inside = HTTPFetcher(beside="10.1.2.3")
    assert inside.may_ask(ip_address("192.168.7.7"))
    assert not inside.may_ask(ip_address("127.0.0.1"))
    assert not inside.may_ask(ip_address("169.254.169.254"))
    assert HTTPFetcher(beside="::1").may_ask(ip_address("127.0.0.1"))
    assert not HTTPFetcher(beside="93.184.215.14").may_ask(ip_address("10.0.0.1"))
    assert not HTTPFetcher(beside="224.0.0.1").may_ask(ip_address("224.0.0.2"))


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(serve: Serve) -> None:
    """A name that resolves to something else the second time gains nothing: it is asked once."""
    server = serve(ok(b"here"))
    lookups = []

    def changing(host: str, port: int) -> list[str]:
        lookups.append((host, port))
        return ["127.0.0.1"] if len(lookups) == 1 else ["10.0.0.1"]

    fetch = crl(f"http://rebinding.test:{server.port}/")
    assert fetcher(resolve=changing)(fetch) == b"here"
    assert lookups == [("rebinding.test", server.port)]
    assert f"Host: rebinding.test:{server.port}".encode() in server.asked[0]


def test_a_refused_address_is_passed_over_for_a_good_one(serve: Serve) -> None:
    """A name may have several."""
    server = serve(ok(b"here"))
    found = fetcher(resolve=lambda *_: ["10.0.0.1", "127.0.0.1"], allow=["127.0.0.1"])
    assert found(crl(f"http://lists.test:{server.port}/")) == b"here"


@pytest.mark.parametrize(
    "url",
    ["https://lists.test/", "ftp://lists.test/", "file:///etc/passwd", "http:///x",
     "http://user@lists.test/", "http://lists.test:99999/", "http://lists.test/\r\nX: y",
     "http://lists.test/a b", "http://[::1", "lists.test", ""],
)  # fmt: skip
def test_a_url_that_is_none_is_not_fetched(url: str) -> None:
    """Nobody is even looked up."""

    def resolve(*_: object) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(FetchFailed):
        fetcher(resolve=resolve)(crl(url))


def test_ports_of_other_services_are_not_asked() -> None:
    """Mail, and whatever else listens."""
    with pytest.raises(FetchFailed, match="port 25"):
        HTTPFetcher()(crl("http://lists.test:25/"))


def test_a_name_that_does_not_resolve_is_a_failure() -> None:
    """With the system's words."""

    def resolve(*_: object) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(FetchFailed, match="does not resolve"):
        HTTPFetcher(resolve=resolve)(crl("http://lists.test/"))
    with pytest.raises(FetchFailed, match="has no address"):
        HTTPFetcher(resolve=lambda *_: [])(crl("http://lists.test/"))


def test_nobody_listening_is_a_failure() -> None:
    """A port that was just closed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(FetchFailed, match="cannot be reached"):
        fetcher()(crl(f"http://127.0.0.1:{port}/"))


def test_an_option_that_is_no_network_is_refused() -> None:
    """When the fetcher is made, not when it is needed."""
    for options in ({"allow": ["10.0.0.1/8"]}, {"beside": "example.com"}):
        with pytest.raises(ApiMisuse, match="addresses or networks"):
            HTTPFetcher(**options)


# ---- what is remembered

FETCH = crl("http://lists.test/ca.crl")
LIST = revocation_list(ROOT, until=AT + HOUR / 2)


def test_a_list_is_kept_until_its_next_update() -> None:
    """And not a second longer; the longest bound cuts what claims to hold for years."""
    cache = FetchCache()
    cache.put(FETCH, LIST, AT)
    assert cache.get(FETCH, AT + HOUR / 2 - 1) == LIST
    assert cache.get(FETCH, AT + HOUR / 2) is None
    assert len(cache) == 0
    cache.put(FETCH, revocation_list(ROOT, until=AT + 9 * DAY), AT)
    assert cache.get(FETCH, AT + HOUR - 1) is not None
    assert cache.get(FETCH, AT + HOUR) is None


def test_what_says_no_date_or_is_none_is_not_kept() -> None:
    """Nobody knows for how long it would hold."""
    ocsp = Fetch(FetchKind.OCSP, "http://ocsp.test/", b"request")
    cache = FetchCache()
    cache.put(FETCH, b"no list", AT)
    cache.put(ocsp, ocsp_response(LEAF, ROOT, until=None), AT)
    cache.put(FETCH, revocation_list(ROOT, until=AT - 1), AT)
    assert len(cache) == 0
    assert superseded(ocsp, ocsp_response(LEAF, ROOT, until=AT + 60)) == AT + 60


def test_a_failure_is_kept_for_a_while(serve: Serve) -> None:
    """A dead responder costs one wait, and is asked again later."""
    cache = FetchCache(failures=60.0)
    server = serve(ok(b"", "503 Service Unavailable"))
    asking = fetcher(cache=cache)
    for _ in range(3):
        with pytest.raises(FetchFailed, match="HTTP 503"):
            asking(crl(server.url))
    assert len(server.asked) == 1
    cache.clear()
    with pytest.raises(FetchFailed):
        asking(crl(server.url))
    assert len(server.asked) == 2


def test_what_is_kept_is_not_asked_for_again(serve: Serve) -> None:
    """The true clock is used: the list is of today."""
    now = PROVIDER.now()
    server = serve(ok(revocation_list(ROOT, since=now - HOUR, until=now + HOUR)))
    asking = fetcher(cache=FetchCache())
    assert asking(crl(server.url)) == asking(crl(server.url))
    assert len(server.asked) == 1


def test_the_cache_is_bounded() -> None:
    """In bytes; the oldest goes first, and what alone exceeds it is not kept."""
    cache = FetchCache(size=3 * len(LIST))
    for number in range(10):
        cache.put(crl(f"http://lists.test/{number}"), LIST, AT)
    assert len(cache) == 3
    assert cache.get(crl("http://lists.test/9"), AT) == LIST
    assert cache.get(crl("http://lists.test/0"), AT) is None
    small = FetchCache(size=10)
    small.put(FETCH, LIST, AT)
    assert len(small) == 0
    with pytest.raises(ApiMisuse):
        FetchCache(size=-1)


# ---- in the handshake


def fetching(url: str) -> tuple[ClientConfig, ServerConfig]:
    """A client that fetches lists, and a server whose certificate says that there is one."""
    credential = endpoints.authority().issue(endpoints.NAME, extensions=[points_to(url)])
    client = endpoints.client_config(revocation="hard", fetcher=fetcher())
    return client, endpoints.server_config(credentials=[credential])


def todays_list() -> bytes:
    """Of the tests' authority, with nothing on it."""
    now = PROVIDER.now()
    return revocation_list(endpoints.authority(), since=now - HOUR, until=now + HOUR)


def test_a_blocking_stream_fetches(serve: Serve) -> None:
    """In the handshake, without anybody being asked."""
    server = serve(ok(todays_list()))
    with streams(*fetching(server.url)):
        assert len(server.asked) == 1


def test_an_asyncio_stream_fetches_while_the_loop_runs(serve: Serve) -> None:
    """The list is only given out once the loop has come round: nothing blocks it."""
    came_round = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def answer(connected: socket.socket) -> None:
        loops[0].call_soon_threadsafe(came_round.set)
        assert came_round.wait(PATIENCE)
        connected.sendall(ok(todays_list()))

    server = serve(answer)
    client, serving = fetching(server.url)

    async def greet(_: tls.Reader, writer: tls.Writer) -> None:
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        listening = await tls.serve(greet, "127.0.0.1", 0, serving)
        port = listening.sockets[0].getsockname()[1]
        _, writer = await tls.connect("127.0.0.1", port, client, server_name=endpoints.NAME)
        writer.close()
        await writer.wait_closed()
        listening.close()

    asyncio.run(main())
    assert came_round.is_set()

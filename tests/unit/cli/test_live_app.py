"""What the live listener answers, over HTTP on the loopback: to whom, what, and until when."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.endpoints import Pair
from tests.support.recordings import converse
from tlsee.cli.exit_codes import NotTried
from tlsee.cli.live.app import _Waker
from tlsee.cli.live.board import Board, Shown
from tlsee.cli.live.bounds import REQUESTS_AT_ONCE, WATCHERS
from tlsee.cli.live.rows import Row, row_of
from tlsee.cli.live.web import live_page
from tlsee.recording.recording import Recording

pytestmark = pytest.mark.long

LONGEST = 60  # seconds until a test gives up; nothing is measured
HOSTILE = b"</script><img src=x onerror=alert(1)>\x1b[31m\xe2\x80\xae"


class Site:
    """A live page and its address."""

    def __init__(self, board: Board, address: str, complaints: list[str]) -> None:
        self.board = board
        self.address = address
        self.complaints = complaints
        _, _, host, self.base, _ = address.split("/")
        self.port = int(host.partition(":")[2])

    @contextlib.contextmanager
    def ask(
        self, path: str, method: str = "GET", **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """An answer; its body is still to be read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            with connection.getresponse() as answer:
                yield answer

    def get(self, path: str = "", **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
        """Status, body and headers of what lies below the address."""
        with self.ask(f"/{self.base}/{path}", **headers) as answer:
            return answer.status, answer.read().decode("latin-1"), answer.headers

    @contextlib.contextmanager
    def follow(self, last: str | None = None) -> Iterator[Iterator[dict[str, Any]]]:
        """The events, as they come; ``last`` is what a browser says that comes again."""
        headers = {"Last-Event-ID": last} if last is not None else {}
        with self.ask(f"/{self.base}/events?since=0", **headers) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            yield _events(answer)


def _events(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    fields: dict[str, Any] = {}
    while line := answer.readline():
        name, _, text = line.decode("ascii").rstrip("\n").partition(": ")
        if name:
            fields[name] = text
        elif "data" in fields:
            yield {**fields, "data": json.loads(fields["data"])}
            fields = {}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Board()) as found:
        yield found


@contextlib.contextmanager
def serving(board: Board) -> Iterator[Site]:
    complaints: list[str] = []
    with live_page(board, 0, "https://localhost:8443/", complaints.append) as address:
        yield Site(board, address, complaints)


def shake(board: Board, **options: Any) -> Shown:
    shown = Shown(board)
    shown.arrive("127.0.0.1:4711")
    pair = Pair(server_options={"observers": [shown]}, **options).run()
    converse(pair)
    shown.close(None, "GET /")
    return shown


def test_the_page_as_it_is_without_a_script(site: Site) -> None:
    """All connections are in it, newest first, with links to each one's page and files."""
    shake(site.board)
    shake(site.board)
    status, page, headers = site.get()
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 0 < page.index('id="c2"') < page.index('id="c1"')
    assert 'href="connection/1"' in page
    assert "Look again" in page
    assert page.isascii()


def test_its_policy_lets_nothing_else_run(site: Site) -> None:
    """No inline script or style, no frame around it, no trace of the address for anybody."""
    _, page, headers = site.get()
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<style" not in page
    assert page.count("<script") == page.count('<script src="live.js" defer>') == 1
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Server" not in headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.2", ""]
)
def test_a_name_bent_to_the_loopback_is_refused(site: Site, host: str) -> None:
    """DNS rebinding: the right address and token, and somebody else's name."""
    shake(site.board)
    for path in ("", "events", "connection/1", "live.js"):
        status, body, _ = site.get(path, Host=host)
        assert status == 400
        assert "connection" not in body
    assert site.get(Host="localhost:9999")[0] == 200  # a tunnel that ends elsewhere


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/events", "/{0}/events", "/{1}", "//{2}/"])
def test_whoever_does_not_know_the_token_finds_nothing(site: Site, path: str) -> None:
    """Another user of the machine learns no more than that somebody listens."""
    token = site.base
    wrong = ("0" * len(token), token[:-1], f"x{token}")
    with site.ask(path.format(*wrong)) as answer:
        assert (answer.status, answer.read()) == (404, b"nothing is here\n")


def test_it_listens_on_the_loopback_alone(site: Site) -> None:
    """Whatever the watched server is bound to."""
    assert site.address.startswith("http://127.0.0.1:")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", site.port))


def test_two_pages_have_two_addresses() -> None:
    """Nobody learns one from the other."""
    with serving(Board()) as one, serving(Board()) as other:
        assert one.base != other.base
        assert len(one.base) == 32


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(site: Site, method: str) -> None:
    """There is nothing to send here."""
    with site.ask(f"/{site.base}/", method) as answer:
        assert answer.status == 405


def test_events_tell_of_connections_while_they_happen(site: Site) -> None:
    """A watcher hears of the arrival, of what is said, and of the end, in that order."""
    with site.follow() as events:
        shown = Shown(site.board)
        shown.arrive("127.0.0.1:4711")
        first = next(events)
        assert [row["number"] for row in first["data"]["rows"]] == [1]
        assert "nothing was said yet" in first["data"]["rows"][0]["html"]
        Pair(server_options={"observers": [shown]}).run()
        _until(events, "ClientHello")
        shown.close(OSError("it broke"), "")
        last = _until(events, "It broke.")
        assert last["data"]["status"] == "1 connection, 1 failed."
        assert last["data"]["kept"] == [1]


def _until(events: Iterator[dict[str, Any]], text: str) -> dict[str, Any]:
    return next(e for e in events if any(text in row["html"] for row in e["data"]["rows"]))


def test_one_that_cannot_be_told_hides_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug about one connection is said in its place, in the page and in events, and once more."""
    shake(site.board)
    shake(site.board)

    def broken(shown: Shown) -> Row:
        if shown.number == 1:
            raise ZeroDivisionError
        return row_of(shown)

    monkeypatch.setattr("tlsee.cli.live.app.row_of", broken)
    status, body, _ = site.get()
    assert status == 200
    assert "Not shown: a bug of this page" in body
    assert "Connected: TLS 1.3" in body
    with site.follow() as events:
        rows = next(events)["data"]["rows"]
    assert [row["number"] for row in rows] == [1, 2]
    assert "Not shown" in rows[0]["html"]
    assert "Connected" in rows[1]["html"]
    assert set(site.complaints) == {"the live page has a bug: connection 1, ZeroDivisionError"}


def test_a_watcher_that_comes_again_gets_what_it_has_missed(site: Site) -> None:
    """Last-Event-ID, as a browser sends it, counts more than where it once began."""
    shake(site.board)
    with site.follow() as events:
        number = next(events)["id"]
    shake(site.board)
    with site.follow(number) as events:
        assert [row["number"] for row in next(events)["data"]["rows"]] == [2]
    with site.follow("no number") as events:
        assert [row["number"] for row in next(events)["data"]["rows"]] == [1, 2]


def test_a_note_from_another_thread_wakes_again_and_again() -> None:
    """One note lies with the loop at a time; once it was read the next change leaves another."""

    async def watch() -> int:
        news = asyncio.Event()
        wake = _Waker(news)
        loop = asyncio.get_running_loop()
        for _ in range(3):
            for _ in range(5):
                await loop.run_in_executor(None, wake)
            await asyncio.wait_for(news.wait(), LONGEST)
            news.clear()
        return 3

    assert asyncio.run(watch()) == 3


def test_so_many_watchers_and_no_more(site: Site) -> None:
    """The next one is told to come later; the others go on."""
    with contextlib.ExitStack() as watching:
        following = [watching.enter_context(site.follow()) for _ in range(WATCHERS)]
        shake(site.board)
        for events in following:
            next(events)
        status, body, headers = site.get("events")
        assert (status, headers["Retry-After"]) == (503, "10")
        assert "close one" in body
        assert site.get()[0] == 200


def test_a_watcher_that_does_not_read_holds_nobody_up(site: Site) -> None:
    """The server goes on, and so do other watchers; nothing is kept for the one that is slow."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=LONGEST) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = f"GET /{site.base}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        slow.sendall(request.encode("ascii"))
        with site.follow() as events:
            for number in range(1, 40):
                shake(site.board)
                assert any(row["number"] == number for e in [next(events)] for row in _rows(e))


def _rows(event: dict[str, Any]) -> list[dict[str, Any]]:
    return list(event["data"]["rows"])


def test_who_only_connects_keeps_nobody_out(site: Site) -> None:
    """Beyond the bound the oldest idle connection goes; a watcher stays, a page is answered."""
    with contextlib.ExitStack() as held, site.follow() as events:
        idle = []
        for _ in range(REQUESTS_AT_ONCE + 8):
            idle.append(held.enter_context(socket.create_connection(("127.0.0.1", site.port))))
            idle[-1].sendall(b"GET /")
        assert site.get()[0] == 200
        for gone in idle[:8]:
            gone.settimeout(LONGEST)
            with contextlib.suppress(ConnectionResetError):
                assert gone.recv(1) == b""
        shake(site.board)
        assert next(events)["data"]["rows"]


def test_when_the_server_stops_watchers_are_told() -> None:
    """What is new is told first, then the end; the listener is gone."""
    board = Board()
    with serving(board) as site, site.follow() as events:
        shake(board)
        board.close()
        names = [event.get("event", "news") for event in events]
        assert names == ["news"] * (len(names) - 1) + ["stopped"]
        assert len(names) > 1
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", site.port))


def test_each_connection_has_a_page_and_files(site: Site) -> None:
    """The page of its recording, in an origin of its own; files that can be read again."""
    shake(site.board)
    status, page, headers = site.get("connection/1")
    assert status == 200
    assert "server.test" in page
    assert headers["Content-Security-Policy"].startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in headers["Content-Security-Policy"]
    status, content, headers = site.get("connection/1.tlsrec")
    assert headers["Content-Disposition"] == 'attachment; filename="connection-1.tlsrec"'
    recording = Recording.from_bytes(content.encode("latin-1"))
    assert not recording.damage
    assert not recording.reveals_secrets
    status, content, _ = site.get("connection/1.pcapng")
    assert content.startswith("\x0a\x0d\x0d\x0a")
    for path in ("connection/2", "connection/2.tlsrec", "connection/x", "connection/1.zip"):
        assert site.get(path)[0] == 404
    assert site.complaints == []


def test_secrets_are_given_to_those_who_asked_for_them() -> None:
    """With --reveal-secrets the files have what was said, and the page says that they do."""
    for reveal in (False, True):
        with serving(Board(reveal_secrets=reveal)) as site:
            shake(site.board)
            content = site.get("connection/1.tlsrec")[1].encode("latin-1")
            assert Recording.from_bytes(content).reveals_secrets is reveal
            page = site.get("connection/1")[1]
            assert ("said by the client" in page) is reveal
            assert ("whoever gets one can read it all" in site.get()[1]) is reveal


def test_a_port_that_is_taken_is_said(site: Site) -> None:
    """In a sentence, with what to do."""
    with (
        pytest.raises(NotTried, match="--live 0 takes a free one"),
        live_page(Board(), site.port, "", lambda text: None),
    ):
        pass

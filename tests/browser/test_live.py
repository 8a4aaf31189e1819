"""The live page in a real browser, while clients of all kinds come to the server it shows."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.driving import Browser
from tests.browser.pages import HOSTILE
from tests.support.command import tlsee
from tests.support.endpoints import events_of
from tests.support.missing import missing
from tests.support.serving import LONGEST, Running, serving
from tlsee.cli.live.bounds import WATCHERS
from tlsee.config import ClientConfig
from tlsee.connection.connection import ClientConnection
from tlsee.connection.events import HandshakeDone
from tlsee.identity.trust import Trust
from tlsee.streams.blocking import connect as tls_connect

pytestmark = pytest.mark.peers

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_HEADLINES = "return [...document.querySelectorAll('article h2')].map(h => h.textContent)"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path, "--live") as found:
        yield found


def connect(server: Running, *options: str) -> int:
    """A client of ours that believes the server."""
    ours = ("--ca", str(server.ca), "--http", "/", *options)
    return tlsee("connect", f"localhost:{server.port}", *ours).code


def say(server: Running, said: bytes) -> None:
    """A client that is none: what it says, and then it goes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONGEST) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass


def program(name: str, package: str, *arguments: str) -> None:
    """Somebody else's client, whatever becomes of it."""
    path = shutil.which(name)
    if path is None:
        missing(name, package)
    subprocess.run(
        [path, *arguments], input=b"Q\n", capture_output=True, timeout=LONGEST, check=False
    )


def settled(browser: Browser, number: int) -> list[str]:
    """The headlines once so many connections are over, the oldest first."""
    browser.until(
        "return document.querySelectorAll('article:not(.open)').length === arguments[0]", number
    )
    found: list[str] = browser.run(_HEADLINES)
    return found[::-1]


def test_connections_appear_as_they_happen(server: Running, browser: Browser) -> None:
    """Opened before anybody came, the page shows each client and how it ended, untouched."""
    browser.open(server.live)
    browser.until("return document.getElementById('following').textContent === 'Following.'")
    assert browser.all("article") == []
    assert connect(server) == 0
    here = f"localhost:{server.port}"
    program("curl", "curl", "--silent", "--insecure", f"https://{here}/")
    program("curl", "curl", "--silent", f"https://{here}/")
    program("curl", "curl", "--silent", f"http://{here}/")
    program("openssl", "openssl", "s_client", "-connect", here, "-tls1_2")
    say(server, b"")
    told = settled(browser, 6)
    for line, words in zip(
        told,
        (
            "Connected: TLS 1.3",
            "Connected: TLS 1.3",
            "Refused by the client: unknown_ca (48)",
            "Refused here: the peer does not speak TLS",
            "Connected: TLS 1.2",
            "Cut off: the peer closed the connection",
        ),
        strict=True,
    ):
        assert words in line
    assert browser.one("#status").text == "6 connections, 3 failed."
    assert browser.console() == []
    foreign = [url for url in browser.requests() if not url.startswith(server.live)]
    assert [url for url in foreign if not url.startswith("data:")] == []


def test_a_page_that_may_not_follow_says_so(server: Running, browser: Browser) -> None:
    """Where as many follow as may, it does not say that the server does not answer."""
    with contextlib.ExitStack() as watching:
        for _ in range(WATCHERS):
            watching.enter_context(urlopen(f"{server.live}events?since=0", timeout=LONGEST))
        browser.open(server.live)
        browser.until(
            "return document.getElementById('following').textContent.startsWith('Not followed')"
        )
        assert "too many pages follow" in browser.one("#following").text
    browser.console()  # the browser says there that it was refused


def test_steps_appear_while_the_client_waits(server: Running, browser: Browser) -> None:
    """A connection that is open says so and grows; what was unfolded, and the focus, stay."""
    browser.open(server.live)
    config = ClientConfig(trust=Trust.from_pem(server.ca.read_bytes()))
    slow = ClientConnection(config, "localhost")
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONGEST) as client:
        browser.until("return document.querySelector('article.open') !== null")
        assert "nothing was said yet" in browser.one("article h2").text
        client.sendall(slow.data_to_send())
        browser.until("return document.querySelectorAll('#c1 li').length >= 6")
        browser.one("#c1 summary").send_keys(Keys.ENTER)
        browser.run("window.before = document.getElementById('c1')")
        while not any(isinstance(event, HandshakeDone) for event in events_of(slow)):
            slow.receive_data(client.recv(65_536))
        client.sendall(slow.data_to_send())
        browser.until("return document.querySelector('#c1 h2').textContent.includes('Open: TLS')")
        assert browser.run("return document.getElementById('c1') !== window.before")
        assert browser.run("return document.querySelector('#c1 details').open")
        assert browser.run(
            "return document.activeElement === document.querySelector('#c1 summary')"
        )


def test_what_a_client_says_is_never_markup(server: Running, browser: Browser) -> None:
    """Bytes instead of TLS, and names of protocols: text, in the list and behind the link."""
    browser.open(server.live)
    say(server, b"GET /" + HOSTILE + b"\r\n\r\n")
    config = ClientConfig(trust=Trust.from_pem(server.ca.read_bytes()), alpn=[HOSTILE, b"http/1.1"])
    with tls_connect(("127.0.0.1", server.port), config, server_name="localhost") as stream:
        stream.close()
    settled(browser, 2)
    for path in ("", "connection/2", ""):
        assert browser.text().count("<img src=x") >= 1
        assert "\u202e" not in browser.text()
        assert browser.all("img") == []
        browser.open(server.live + path)
    assert browser.console() == []


def test_without_scripts_it_is_a_list(server: Running, browser: Browser) -> None:
    """What there was, links that work, and one that looks again."""
    browser.without_scripts()
    assert connect(server) == 0
    browser.open(server.live)
    assert len(browser.all("article.good")) == 1
    assert not browser.one("#tools").is_displayed()
    say(server, b"")
    browser.one("#refresh").send_keys(Keys.ENTER)
    assert len(browser.all("article")) == 2
    browser.one("#c1-page").send_keys(Keys.ENTER)
    assert browser.one("h1").text == "localhost"


def test_pausing_and_failures_alone(server: Running, browser: Browser) -> None:
    """Paused, nothing moves; going on shows what came meanwhile; a filter leaves the failures."""
    browser.open(server.live)
    assert connect(server) == 0
    settled(browser, 1)
    browser.one("#pause").send_keys(Keys.ENTER)
    say(server, b"")
    assert len(browser.all("article")) == 1
    browser.requests()
    browser.one("#pause").send_keys(Keys.ENTER)
    settled(browser, 2)
    (followed,) = browser.requests()
    assert re.search(r"since=[1-9]", followed)  # and not all of it again
    browser.one("#failures").send_keys(Keys.SPACE)
    shown = [each.get_attribute("id") for each in browser.all("article") if each.is_displayed()]
    assert shown == ["c2"]


def test_a_connections_own_page_opens_quietly(server: Running, browser: Browser) -> None:
    """In an origin of its own, with its script: nothing in the console, nothing else fetched."""
    assert connect(server) == 0
    url = f"{server.live}connection/1"
    browser.open(url)
    browser.press("j")
    browser.until("return location.hash !== ''")
    assert browser.run("return origin") == "null"
    assert browser.console() == []
    assert [asked for asked in browser.requests() if not asked.startswith("data:")] == [url]


def test_the_page_says_when_the_server_has_stopped(server: Running, browser: Browser) -> None:
    """It keeps what it has, and does not knock again."""
    browser.open(server.live)
    browser.until("return document.getElementById('following').textContent === 'Following.'")
    assert connect(server) == 0
    code, _, _ = server.stop(signal.SIGINT)
    assert code == 0
    browser.until("return document.getElementById('following').textContent.includes('has stopped')")
    assert len(browser.all("article.good")) == 1
    assert browser.run("return source.readyState") == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_access_is_measured(scheme: str, server: Running, browser: Browser) -> None:
    """axe-core finds nothing, wide or narrow, and 320 pixels are wide enough."""
    connect(server)
    say(server, b"GET / HTTP/1.1\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONGEST):
        browser.prefer(scheme)
        browser.open(server.live)
        browser.until("return document.querySelectorAll('article').length === 3")
        for fold in browser.all("summary"):
            fold.send_keys(Keys.ENTER)
        assert browser.complaints(*RULES) == []
        browser.resize(320)
        assert browser.run("return document.documentElement.scrollWidth") <= 320
        links = browser.all("#c1 a")
        assert len({link.get_attribute("href") for link in links}) == len(links) == 3
        assert all(link.find_element(By.XPATH, ".").accessible_name for link in links)

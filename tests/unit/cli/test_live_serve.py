"""``tlsee serve --live`` as a program: two listeners, one end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.support.command import tlsee
from tests.support.serving import LONGEST, Running, serving

pytestmark = pytest.mark.long


def look(server: Running, path: str = "") -> str:
    """What the live page says, without a script."""
    with urllib.request.urlopen(server.live + path, timeout=LONGEST) as answer:
        return str(answer.read().decode("latin-1"))


@pytest.mark.skipif(os.name == "nt", reason="other signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_listeners_end_together(tmp_path: Path, number: signal.Signals) -> None:
    """With a watcher that follows: code 0, nothing on standard error, nobody listens any more."""
    with serving(tmp_path, "--live") as server:
        page = look(server)
        assert "No connection yet." in page
        with urllib.request.urlopen(f"{server.live}events", timeout=LONGEST) as events:
            assert events.readline().startswith(b"retry: ")
            code, out, err = server.stop(number)
            assert b"event: stopped" in events.read()
    assert (code, err) == (0, "")
    assert "stopped after 0 connections" in out
    for port in (server.port, int(server.live.split(":")[2].split("/")[0])):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port))


def test_clients_are_shown_however_they_end(tmp_path: Path) -> None:
    """Ours, one that distrusts, one that speaks HTTP, one that goes at once: each in its row."""
    with serving(tmp_path, "--live", "--count", "5") as server:
        target = f"localhost:{server.port}"
        assert tlsee("connect", target, "--ca", server.ca, "--http", "/").code == 0
        assert tlsee("connect", target).code == 1
        _say(server.port, b"GET / HTTP/1.1\r\n\r\n")
        _say(server.port, b"")
        page = look(server)
        for number, words in enumerate(
            ("Connected: ", "Refused by the client: ", "does not speak TLS", "Cut off: "), 1
        ):
            row = page.partition(f'id="c{number}"')[2].partition("</article>")[0]
            assert words in row, row
        assert "localhost" in look(server, "connection/2")
        with contextlib.suppress(OSError):
            _say(server.port, b"")
        code, _, _ = server.wait()
    assert code == 0


def _say(port: int, said: bytes) -> None:
    """Say it, and wait until the server has closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass


def test_secrets_and_pseudonyms_are_about_the_page_too(tmp_path: Path) -> None:
    """Without --record they belong to the page's files; together they contradict one another."""
    with serving(tmp_path, "--live", "--reveal-secrets") as server:
        assert "whoever gets one can read it all" in look(server)
    ran = tlsee("serve", "--port", "0", "--live", "--reveal-secrets", "--pseudonyms")
    assert ran.code == 2
    assert "contradict" in ran.err
    assert "--reveal-secrets is about a recording" in tlsee("serve", "--reveal-secrets").err


def test_a_port_can_be_chosen_and_a_taken_one_is_said(tmp_path: Path) -> None:
    """``--live PORT``; a second server there is refused in a sentence, with code 3."""
    with serving(tmp_path, "--live") as server:
        port = server.live.split(":")[2].split("/")[0]
        ran = tlsee("serve", "--port", "0", "--live", port)
        assert ran.code == 3
        assert f"cannot listen on 127.0.0.1:{port} (--live)" in ran.err.replace("\n", " ")
        with pytest.raises(HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=LONGEST)


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, no traceback."""
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    monkeypatch.delitem(__import__("sys").modules, "tlsee.cli.live.web", raising=False)
    ran = tlsee("serve", "--port", "0", "--live", "--ca-out", tmp_path / "ca.pem")
    assert ran.code == 2
    assert "pip install 'tlsee[live]'" in ran.err

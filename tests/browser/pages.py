"""Recordings of connections of ours, and the pages that are made of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.support.endpoints import NAME, Pair, client_config, server_config
from tests.support.recordings import converse, record, reread
from tlsee.errors import TLSError
from tlsee.explain.account import Account
from tlsee.explain.report.html.page import page
from tlsee.identity.authority import Authority
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording

__all__ = ["HOSTILE", "PAGES", "markup_of", "page_file", "recording_of"]

RECORDS = 200  # of the long session, at least
# What a name or a protocol may say: markup, a way out of a script, and what turns text around.
HOSTILE = b"</script><img src=x onerror=alert(1)>\x1b[31m\xe2\x80\xae"


def _distrusting() -> Recording:
    """A client that does not know the server's authority, as it saw it."""
    recorder = Recorder()
    pair = Pair(
        client_config(trust=Authority.create("another").trust),
        server_config(),
        client_options={"observers": [recorder]},
    )
    try:
        pair.run()
    except TLSError:
        return recorder.recording
    raise AssertionError("the certificate was believed")


def _long() -> Recording:
    """A session of many records, with all that was said in them."""
    recorder = Recorder(reveal_secrets=True)
    pair = Pair(
        recorder.watched(client_config()),
        server_config(),
        name=NAME,
        client_options={"observers": [recorder]},
    )
    pair.run()
    for _ in range(RECORDS // 2):
        converse(pair)
    return recorder.recording


def _hostile() -> Recording:
    """A server that offers what nobody should: names of protocols that are markup."""
    recorder = Recorder()
    Pair(
        client_config(alpn=[HOSTILE, b"h2"]),
        server_config(alpn=[HOSTILE]),
        client_options={"observers": [recorder]},
    ).run()
    return recorder.recording


PAGES: dict[str, Callable[[], Recording]] = {
    "1.3 with all secrets": lambda: record("1.3").full_client.recording,
    "1.3 without secrets": lambda: record("1.3").client.recording,
    "1.2, client certificate": lambda: record("1.2, client certificate").full_server.recording,
    "refused certificate": _distrusting,
    "early data": lambda: record("1.3, early data").full_client.recording,
    "retried": lambda: record("1.3, retried").full_client.recording,
    "200 records": _long,
    "pseudonyms": lambda: with_pseudonyms(record("1.3, client certificate").client.recording),
    "hostile names": _hostile,
}


@cache
def recording_of(name: str) -> Recording:
    """A recording as its file has it."""
    return reread(PAGES[name]())


@cache
def markup_of(name: str) -> str:
    """The page of a recording."""
    return page(Account.of(recording_of(name)))


def page_file(name: str, directory: Path) -> str:
    """The page as a file; its address."""
    path = directory / "page.html"
    path.write_text(markup_of(name), encoding="ascii")
    return path.as_uri()

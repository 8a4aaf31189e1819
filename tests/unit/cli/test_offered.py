"""What ``tlsee serve`` tells of a client's offer, and that a hello cannot flood its log."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.support.command import tlsee
from tests.support.offers import listed, offer_of
from tests.support.schemas import complaints, schema
from tests.support.serving import serving
from tlsee.cli.offered import offer_object


def test_a_client_reads_its_own_fingerprints(tmp_path: Path) -> None:
    """On the page and in the log, and they are the same; the log keeps to its schema."""
    with serving(tmp_path, "--json", "--count", "1") as server:
        url = f"localhost:{server.port}"
        page = tlsee("connect", url, "--ca", server.ca, "--http", "/").out
        _, out, _ = server.wait()
    (item,) = map(json.loads, out.splitlines())
    assert complaints(item, schema("tlsee.serve/1")) == []
    offer = item["offer"]
    rows = dict(line.split(maxsplit=1) for line in page.splitlines() if line[2:4] == "JA")
    assert rows == {"JA4": offer["ja4"], "JA3": offer["ja3"]}
    made = hashlib.md5(offer["ja3_full"].encode(), usedforsecurity=False).hexdigest()
    assert made == offer["ja3"]
    assert (offer["server_name"], offer["alpn"]) == ("localhost", ["http/1.1"])
    assert offer["versions"] == ["TLS 1.3", "TLS 1.2"]
    assert set(offer["key_shares"]) < set(offer["groups"])
    assert not offer["session"]


def test_a_hello_of_any_size_is_a_line_of_bounded_size() -> None:
    """32,000 suites and as many schemes and groups: some of each are told, and the rest counted in
    the fingerprints' hashes alone.
    """
    many = listed(range(0x1000, 0x8000))
    names = b"\x20" + b"\x1b" * 32
    offer = offer_of(
        range(0x1000, 0x8000),
        {13: many, 16: listed(names, width=1)},
    )
    found = offer_object(offer)
    assert found is not None
    assert len(json.dumps(found)) < 10_000
    assert (found["ja3_full"], found["ja4_r"]) == (None, None)
    assert found["alpn"] == [r"\x1b" * 32]
    assert found["ja4"].startswith("t12i9902")


def test_no_hello_is_no_offer() -> None:
    """A client that says nothing offers nothing."""
    assert offer_object(None) is None

"""``tlsee explain``: its screens, its JSON, and what it says to hosts and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import ENCODINGS, looks_good, tlsee
from tests.support.schemas import complaints, schema
from tests.support.snapshots import matches_snapshot
from tlsee.explain.dictionary import entries, kinds

SCREENS = {
    "alert": ["certificate_required"],
    "number": ["0x1301"],
    "older": ["master", "secret"],
    "extension": ["SNI"],
    "suite": ["TLS_RSA_WITH_AES_128_CBC_SHA"],
    "attack": ["Lucky", "13"],
    "list": ["alerts"],
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_screens(name: str) -> None:
    """One for each kind of answer, line by line."""
    result = tlsee("explain", *SCREENS[name])
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    matches_snapshot(f"explain-{name}", result.out)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_entry_fits(encoding: str) -> None:
    """Each entry keeps to the columns and the encoding, also where a terminal is narrow."""
    for entry in entries():
        for columns in ("80", "40"):
            result = tlsee("explain", entry.name, encoding=encoding, environ={"COLUMNS": columns})
            assert (result.code, result.err) == (0, ""), entry.name
            looks_good(result.out)


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds() if kind not in {"field value", "alert level"}]
)
def test_every_kind_is_listed(kind: str) -> None:
    """The plural of a kind is a list of all its entries, a line each."""
    result = tlsee("explain", f"{kind}s")
    assert result.code == 0
    looks_good(result.out)
    assert len(result.out.splitlines()) == sum(entry.kind == kind for entry in entries())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["certifcate"], "did you mean Certificate"),
        (["qqqqqqqq"], "tlsee explain --help lists the kinds of words"),
        (["example.com"], "looks like a host; to connect, type: tlsee connect example.com"),
        (["example.com:8443"], "type: tlsee connect example.com:8443"),
        (["https://u:secret@h.example/secret"], "type: tlsee connect h.example"),
        (["[2001:db8::1]"], "type: tlsee connect"),
        (["handshake.tlsrec"], "handshake.tlsrec is a file"),
        (["x\x1b[31m"], r"'x\x1b[31m' is not in the dictionary"),
        ([], "Missing argument"),
    ],
)
def test_what_is_no_word(words: list[str], says: str) -> None:
    """Exit code 2, nothing on standard output, and what to type instead."""
    result = tlsee("explain", *words)
    assert (result.code, result.out) == (2, "")
    text = " ".join(result.err.split())
    assert says in text
    assert "secret" not in text
    looks_good(result.err)


def test_a_file_that_is_there(tmp_path: Path) -> None:
    """A file given to explain, and a file given to connect."""
    file = tmp_path / "chain.pem"
    file.write_bytes(b"x")
    problem = " ".join(tlsee("explain", file).err.split())
    assert "is a file, and this is no recording" in problem
    refused = tlsee("connect", file)
    assert (refused.code, refused.out) == (2, "")
    assert "to explain it, type: tlsee explain" in " ".join(refused.err.split())


@pytest.mark.parametrize("name", ["handshake.tlsrec", "capture.pcapng", "capture.PCAP"])
def test_a_recording_given_to_connect(name: str) -> None:
    """Also where it is not here: no host is named like that."""
    result = tlsee("connect", name)
    assert (result.code, result.out) == (2, "")
    assert f"type: tlsee explain {name}" in " ".join(result.err.split())
    found = json.loads(tlsee("connect", name, "--json").out)
    assert (found["ok"], found["stage"]) == (False, "usage")


def test_a_host_whose_certificate_lies_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is named like a host does not keep anybody from connecting to it."""
    monkeypatch.chdir(tmp_path)
    Path("localhost.invalid").write_bytes(b"x")
    result = tlsee("connect", "localhost.invalid", "--timeout", "5")
    assert "is a file" not in result.err


@pytest.mark.parametrize("word", ["unknown_ca", "48", "certifcate", "example.com", "alerts"])
def test_json(word: str) -> None:
    """One object that keeps to the published schema, found or not."""
    result = tlsee("explain", word, "--json")
    found = json.loads(result.out)
    assert complaints(found, schema("tlsee.explain/1")) == []
    assert result.code == (0 if found["ok"] else 2)
    assert found["ok"] == bool(found["entries"])
    if word == "unknown_ca":
        assert found["entries"][0]["number"] == 48
    if word == "certifcate":
        assert "Certificate" in found["suggestions"]

"""``tlsee replay FILE... --against CONFIG``: its words, its object, its exit codes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import looks_good, tlsee
from tests.support.endpoints import authority, server_credential
from tests.support.recordings import record
from tests.support.schemas import complaints, schema
from tlsee.recording.recorder import Recorder


@cache
def recorded(name: str) -> tuple[bytes, bytes]:
    """What the client and the server of a scenario wrote, redacted."""
    made = record(name)
    return made.client.recording.to_bytes(), made.server.recording.to_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four recordings: of a 1.3 and of a 1.2 connection, by each side."""
    for name in ("1.3", "1.2"):
        for who, data in zip(("client", "server"), recorded(name), strict=True):
            (tmp_path / f"{name}-{who}.tlsrec").write_bytes(data)
    (tmp_path / "ca.pem").write_text(authority().pem.decode(), encoding="ascii")
    return tmp_path


def judged(folder: Path, toml: str, *more: str) -> Any:
    """The command on all of them; the configuration's files are in the folder."""
    config = folder / "new.toml"
    config.write_text(toml.replace("$", f"{folder}/"), encoding="utf-8")
    files = sorted(str(path) for path in folder.glob("*.tlsrec"))
    return tlsee("replay", *files, "--against", str(config), *more)


def fits(folder: Path, toml: str) -> dict[str, str]:
    """What becomes of each recording, by its file's name."""
    result = judged(folder, toml, "--json")
    told = json.loads(result.out)
    assert complaints(told, schema("tlsee.against/1")) == []
    assert told["ok"]
    assert sum(told["total"].values()) == len(told["recordings"])
    assert result.code == bool(told["total"]["breaks"])
    return {Path(item["file"]).stem: item["fit"] for item in told["recordings"]}


def test_a_server_without_12(folder: Path) -> None:
    """A client that speaks 1.2 alone breaks, whichever side recorded it."""
    assert fits(folder, '[server]\ntls = "1.3"') == {
        "1.3-client": "same",
        "1.3-server": "same",
        "1.2-client": "breaks",
        "1.2-server": "breaks",
    }


def test_a_client_without_12(folder: Path) -> None:
    """Of a server that chose 1.2 nobody knows whether it has more; whom to trust is as it was."""
    found = fits(folder, '[client]\ntls = "1.3"')
    assert (found["1.3-client"], found["1.2-client"]) == ("same", "may_break")
    assert found["1.3-server"] == "unknown"  # whom the client trusted is in its own recording
    named = fits(folder, '[client]\ntls = "1.3"\nca = "$ca.pem"')
    assert named["1.3-server"] == "same"


def test_each_side_has_its_own_table(folder: Path) -> None:
    """A recording of a server is judged by [server], one of a client by [client]."""
    both = '[server]\ngroups = ["P-384"]\n[client]\nalpn = ["h2"]'
    found = fits(folder, both)
    assert found["1.3-server"] == "changes"
    assert found["1.3-client"] == "unknown"


def test_certificates_at_another_moment(folder: Path) -> None:
    """A certificate that has run out by then breaks the client's connections."""
    result = judged(folder, '[client]\nca = "$ca.pem"', "--at", "+40000d")
    assert result.code == 1
    assert "has expired" in result.out
    assert "4 recordings: 4 breaks" in result.out


def test_a_certificate_without_its_key(folder: Path) -> None:
    """The server's next certificate is enough: nothing is signed."""
    leaf = server_credential("rsa2048")
    (folder / "next.pem").write_text(_pem(leaf.chain), encoding="ascii")
    result = judged(folder, '[server]\ncert = "$next.pem"')
    assert result.code == 0
    assert "rsa_pss_rsae_sha256 instead of ecdsa_secp256r1_sha256" in result.out


def _pem(chain: Any) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    made = (x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain)
    return b"".join(made).decode()


def test_the_screen(folder: Path) -> None:
    """Verdict first, within 80 columns."""
    result = judged(folder, '[server]\ntls = "1.3"\ngroups = ["x25519"]')
    looks_good(result.out)
    assert result.out.startswith("breaks ")
    assert "4 recordings: 2 breaks, 2 changes" in result.out


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("", "is empty"),
        ("[serve]\n", "the tables are [client] and [server]"),
        ("[server]\nkey = 1", "key is no option of a server"),
        ("[server]\ntls = 1.3", "tls is no text"),
        ('[server]\ntls = "1.1"', "not spoken here"),
        ('[server]\npolicy = "lax"', "it is default or legacy"),
        ('[server]\nclient_auth = "required"', "nobody to trust"),
        ('[client]\nca = "$nowhere.pem"', "no such file"),
        ('[client]\ncert = "$new.toml"', "has no certificate in it"),
        ('[client]\nrevocation = "soft"', "name the lists with crl"),
        ('[client]\nprofile = "lax"', "lax"),
        ("server = 1", "is no table"),
        ("[server", "is no TOML"),
    ],
)
def test_a_configuration_that_cannot_be(folder: Path, toml: str, says: str) -> None:
    """Each in a sentence, with the exit code of wrong usage; with --json the object has it."""
    result = judged(folder, toml)
    assert result.code == 2
    assert says in " ".join(result.err.split())
    looks_good(result.err)
    result = judged(folder, toml, "--json")
    told = json.loads(result.out)
    assert complaints(told, schema("tlsee.against/1")) == []
    assert (result.code, told["ok"], told["recordings"]) == (2, False, [])
    assert says in f"{told['sentence']}; {told['fix']}"


def test_a_file_that_is_none(folder: Path) -> None:
    """With --json the object has what was judged before it, and why no more."""
    (folder / "1.3-more.tlsrec").write_bytes(b"nothing of the kind")
    result = judged(folder, '[server]\ntls = "1.3"', "--json")
    told = json.loads(result.out)
    assert complaints(told, schema("tlsee.against/1")) == []
    assert (result.code, told["ok"], len(told["recordings"])) == (2, False, 3)
    assert "this is no recording" in told["sentence"]
    result = judged(folder, '[server]\ntls = "1.3"', "--json", "--at", "never")
    assert (result.code, json.loads(result.out)["ok"]) == (2, False)


def test_a_recording_without_a_certificate(folder: Path) -> None:
    """The server's certificate is not in it: said, not guessed."""
    for path in folder.glob("*.tlsrec"):
        path.unlink()
    Recorder().recording.save(folder / "empty.tlsrec")
    result = judged(folder, '[server]\ntls = "1.3"')
    assert result.code == 0
    assert "name one with cert" in " ".join(result.out.split())

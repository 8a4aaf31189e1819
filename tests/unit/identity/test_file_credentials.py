"""Credentials in files that are renewed: taken when they are whole, and never before."""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.certificates import HOST
from tlsee.errors import ApiMisuse
from tlsee.identity import file_credentials
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.file_credentials import FileCredentials


class Files:
    """A certificate and its key on disk, and what was told of them."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority.create()
        self.cert, self.key = directory / "tls.crt", directory / "tls.key"
        self.changes: list[Credential] = []
        self.problems: list[str] = []
        self.renew()

    def renew(self, **options: float) -> None:
        chain, key = self.authority.issue_pem(HOST, **options)
        self.cert.write_bytes(chain)
        self.key.write_bytes(key)

    def source(self) -> FileCredentials:
        return FileCredentials(
            self.cert,
            self.key,
            on_change=self.changes.append,
            on_problem=lambda problem: self.problems.append(str(problem)),
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_new_files_are_taken(files: Files) -> None:
    """Without a restart and without a timer; and the same object as long as nothing changes."""
    source = files.source()
    first = source.current()
    assert source.current() is first
    files.renew()
    second = source.current()
    assert second is not first
    assert second.chain != first.chain
    assert source.current() is second
    assert files.changes == [second]
    assert files.problems == []


def test_half_of_a_renewal_changes_nothing(files: Files) -> None:
    """A new certificate with the old key, a cut file, no file: the old one stays, told once."""
    source = files.source()
    first = source.current()
    chain, key = files.authority.issue_pem(HOST)

    files.cert.write_bytes(chain)
    assert source.current() is first
    assert source.current() is first
    assert len(files.problems) == 1
    assert "is not the one of the certificate" in files.problems[0]

    files.key.write_bytes(key[:40])
    assert source.current() is first
    files.key.unlink()
    assert source.current() is first
    assert source.current() is first
    assert len(files.problems) == 3
    assert files.changes == []

    files.key.write_bytes(key)
    assert source.current().chain == Credential.from_pem(chain, key).chain
    assert len(files.changes) == 1


def test_an_expired_renewal_is_not_taken(files: Files) -> None:
    """A certificate out of date does not replace one that is good."""
    source = files.source()
    first = source.current()
    files.renew(not_before=1e9, not_after=1.1e9)
    assert source.current() is first
    assert "has expired" in files.problems[0]
    with pytest.raises(ApiMisuse, match="has expired"):
        files.source()


def test_touched_is_not_changed(files: Files) -> None:
    """Another date on the same content tells nobody anything."""
    source = files.source()
    first = source.current()
    os.utime(files.cert, (1e9, 1e9))
    assert source.current() is first
    assert files.changes == []


def test_a_swapped_symbolic_link(tmp_path: Path) -> None:
    """Kubernetes: both files are links through ..data, which is replaced by one rename."""
    authority = Authority.create()

    def version(name: str) -> bytes:
        chain, key = authority.issue_pem(HOST)
        (tmp_path / name).mkdir()
        (tmp_path / name / "tls.crt").write_bytes(chain)
        (tmp_path / name / "tls.key").write_bytes(key)
        (tmp_path / "next").symlink_to(name)
        (tmp_path / "next").rename(tmp_path / "..data")
        return Credential.from_pem(chain, key).chain[0]

    before = version("..2026_01")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    source = FileCredentials(tmp_path / "tls.crt", tmp_path / "tls.key")
    assert source.current().chain[0] == before
    after = version("..2026_02")
    assert source.current().chain[0] == after != before


def test_a_change_within_one_tick_of_the_clock(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same status, other content: fresh files are compared by what is in them."""
    source = files.source()
    first = source.current()
    stat = files.cert.stat()
    monkeypatch.setattr(os, "stat", lambda _: stat)
    files.renew()
    assert source.current() is not first


def test_settled_files_are_not_read(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual handshake costs the status of two files and no reading."""
    monkeypatch.setattr(file_credentials, "SETTLED", -1.0)
    source = files.source()
    source.current()
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read"))
    assert source.current().serves(HOST)


def test_threads_get_one_or_the_other(files: Files) -> None:
    """While files are replaced, each thread gets a whole credential, and at the end the new one."""
    source = files.source()
    seen = {source.current().chain}
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            files.renew()
            seen |= {credential.chain for credential in pool.map(_ask, [source] * 20)}
    source.current()
    seen.add(source.current().chain)
    assert {source.current().chain} == {Credential.from_files(files.cert, files.key).chain}
    assert seen == {*seen, *(item.chain for item in files.changes)}


def _ask(source: FileCredentials) -> Credential:
    return source.current()


def test_nobody_listens(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    """Without a callback the log warns, without a word of the key."""
    source = FileCredentials(files.cert, files.key)
    files.key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n")
    with caplog.at_level(logging.WARNING, "tlsee.identity"):
        source.current()
    assert "stays in use" in caplog.text
    assert "U0VDUkVU" not in caplog.text


def test_a_pass_phrase_that_raises_ends_no_service(files: Files, tmp_path: Path) -> None:
    """Whoever is asked for the pass phrase may fail: told, and the old credential stays."""
    problems: list[Exception] = []
    source = FileCredentials(files.cert, files.key, _locked, on_problem=problems.append)
    first = source.current()
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    files.renew()
    key = load_pem_private_key(files.key.read_bytes(), None)
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    files.key.write_bytes(sealed)
    assert source.current() is first
    assert isinstance(problems[0], PermissionError)


def _locked() -> bytes:
    raise PermissionError("the safe is locked")

"""The documents on mutual TLS and on keys elsewhere do what they say, line by line."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

import pytest

from tests.docs.test_commands import Reader, environment
from tests.support.documents import blocks, loose_commands
from tests.support.house import REPOSITORY
from tests.support.missing import missing
from tests.support.softhsm import module
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import Purpose, judge
from tlsee.identity.peer_identity import identity_of
from tlsee.identity.trust import Trust

__all__ = ["environment"]

DOCS = REPOSITORY / "docs"


def _follow(document: Path, environment: dict[str, str], desk: Path) -> None:
    desk.mkdir()
    with contextlib.ExitStack() as cleanup:
        reader = Reader(document, desk, environment, cleanup)
        for block in blocks(document):
            reader.follow(block)


@pytest.mark.peers
def test_mutual_tls(environment: dict[str, str], tmp_path: Path) -> None:
    """Certificates, two services that know each other, and a refusal with its real cause.

    What it makes with OpenSSL is as good as what it makes itself.
    """
    if shutil.which("openssl") is None:
        missing("openssl", "openssl")
    desk = tmp_path / "desk"
    _follow(DOCS / "mutual-tls.md", environment, desk)
    made = Credential.from_files(desk / "o-pay.pem", desk / "o-pay.key")
    assert identity_of(made.certificate).spiffe_id == "spiffe://mesh.example/pay"
    trust = Trust.from_file(desk / "o-ca.pem")
    for purpose in Purpose:
        judge(made.chain, trust, purpose=purpose, name=None, at=time.time()).require()


@pytest.mark.peers
@pytest.mark.xdist_group("softhsm")
def test_keys_elsewhere(environment: dict[str, str], tmp_path: Path) -> None:
    """A token of SoftHSM's signs, and so does a service that answers later."""
    found = module()
    text = (DOCS / "keys-elsewhere.md").read_text(encoding="utf-8")
    here = tmp_path / "keys-elsewhere.md"
    here.write_text(text.replace("/usr/lib/softhsm/libsofthsm2.so", found), encoding="utf-8")
    _follow(here, environment, tmp_path / "desk")


@pytest.mark.parametrize("name", ["mutual-tls.md", "keys-elsewhere.md"])
def test_no_command_escapes(name: str) -> None:
    """Every command is in a fence, where it is run."""
    assert not loose_commands(DOCS / name)

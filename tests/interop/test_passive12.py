"""Conversations of OpenSSL with OpenSSL, overheard on the wire and opened with the server's key.

Nothing of ours takes part: whether keys, transcript and records are understood is for the bytes of
two programs of somebody else to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.processes import Program
from tests.interop.pki import Pki
from tests.support.missing import missing
from tlsee.cli.overheard import Wire
from tlsee.crypto.private_keys import load_private_key
from tlsee.explain.passive12 import NotOpened, Opened, open_with_key
from tlsee.trace import Role

pytestmark = pytest.mark.peers

PATIENCE = 30.0
SAID = b"the premaster secret crossed the wire\n"
HEARD = SAID.rstrip()[::-1] + b"\n"

RSA = [
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-CCM",
    "AES256-CCM8",
    "AES128-SHA",
    "AES256-SHA256",
    "AES128-SHA -no_etm",
    "AES256-SHA256 -no_etm",
    # The server's flight, and its data, in many records.
    "AES128-GCM-SHA256 -max_send_frag 512",
    # CertificateRequest, and the client's answer to it, are part of what the secret covers.
    "AES128-GCM-SHA256 -verify 3",
]
FORWARD_SECRET = {
    "ECDHE-RSA-AES128-GCM-SHA256 -groups X25519": "the two private halves of x25519",
    "ECDHE-RSA-AES128-SHA -groups P-256": "the two private halves of secp256r1",
    "DHE-RSA-AES128-GCM-SHA256": "the two private halves of ",
}


@pytest.fixture(autouse=True)
def _openssl() -> None:
    if OpenSslCli().missing():
        missing("openssl", "openssl")


@contextmanager
def server(pki: Pki, *options: str) -> Iterator[int]:
    """OpenSSL's server, which answers a line with the same backwards: its port."""
    mine = pki.server("rsa2048")
    argv = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev", "-tls1_2"]
    argv += ["-cert", str(mine.leaf), "-key", str(mine.key), "-CAfile", str(pki.ca), *options]
    argv += ["-cert_chain", str(mine.intermediates)]
    with Program(argv) as program:
        yield int(program.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])


def overheard(port: int, *options: str) -> tuple[bytes, bytes]:
    """One conversation with OpenSSL's client: all bytes of each direction."""
    with Wire(("127.0.0.1", port), PATIENCE) as wire:
        argv = ["openssl", "s_client", "-quiet", "-tls1_2", "-no_ign_eof", *options]
        with Program([*argv, "-connect", f"127.0.0.1:{wire.address[1]}"]) as client:
            client.write(SAID)
            assert client.stdout.wait_for_length(len(HEARD)) == HEARD
            client.close_stdin()
            client.wait()
    return wire.client_to_server, wire.server_to_client


def tried(pki: Pki, recording: tuple[bytes, bytes]) -> Opened | NotOpened:
    return open_with_key(*recording, load_private_key(pki.server("rsa2048").key.read_bytes()))


@pytest.mark.parametrize("how", RSA)
def test_rsa_key_exchange_opens(pki: Pki, how: str) -> None:
    """Each protection of records; what both programs said comes out of the bytes and the key."""
    cipher, *extra = how.split()
    level = f"{cipher}:@SECLEVEL=0"
    shown = pki.client("ecdsa_secp256r1")
    certificate = ["-cert", str(shown.leaf), "-key", str(shown.key)] if "-verify" in extra else []
    certificate += ["-cert_chain", str(shown.intermediates)] if certificate else []
    both = ["-no_etm"] if "-no_etm" in extra else []
    with server(pki, "-cipher", level, *extra) as port:
        recording = overheard(port, "-cipher", level, *both, *certificate)
    assert (b"client.test" in recording[0]) == bool(certificate)
    result = tried(pki, recording)
    assert isinstance(result, Opened), result
    assert (result.data(Role.CLIENT), result.data(Role.SERVER)) == (SAID, HEARD)
    assert (result.extended, result.encrypted, result.stopped) == (True, 256, "")


@pytest.mark.parametrize("how", FORWARD_SECRET)
def test_forward_secrecy_holds(pki: Pki, how: str) -> None:
    """The same key, the same attempt: it names what never crossed the wire."""
    cipher, *extra = how.split()
    with server(pki, "-cipher", cipher, *extra) as port:
        recording = overheard(port, "-cipher", cipher)
    result = tried(pki, recording)
    assert isinstance(result, NotOpened)
    assert result.missing.startswith(FORWARD_SECRET[how])


def test_a_session_that_goes_on_says_so(pki: Pki, tmp_path: Path) -> None:
    """A resumed session carries no premaster secret: the first one's recording has it."""
    session = str(tmp_path / "session")
    with server(pki, "-cipher", "AES128-GCM-SHA256") as port:
        first = overheard(port, "-cipher", "AES128-GCM-SHA256", "-sess_out", session)
        second = overheard(port, "-cipher", "AES128-GCM-SHA256", "-sess_in", session)
    assert isinstance(tried(pki, first), Opened)
    result = tried(pki, second)
    assert isinstance(result, NotOpened)
    assert result.sentence.startswith("an earlier session goes on here")

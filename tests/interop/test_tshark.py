"""Our dissection and tshark's agree, field by field, on what foreign programs say to us.

Connections are recorded whole, written as captures with their secrets, and read by tshark. Compared
are the bytes of each field down to the elements of certificates, per direction and in order, and
the names of numbers. What only one of the two has is listed in ``tests/support/tshark_fields.py``
and ``tshark_certificates.py``, each with its reason: a field of either without a row there fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.interop.cells import Cell, run
from tests.interop.cells12 import Cell12, run12
from tests.interop.matrix import OURS, need
from tests.interop.peers.gnutls import GnuTls
from tests.interop.peers.json_lines import Go, Rustls
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.spec import Peer
from tests.interop.pki import Pki
from tests.support.house import REPOSITORY
from tests.support.recordings import SCENARIOS, record
from tests.support.tshark_compare import Comparison
from tests.support.tshark_recording import EveryConnection
from tlsee.codes import CipherSuite
from tlsee.explain.dissect.registered import registered_name
from tlsee.recording.recording import Recording

pytestmark = pytest.mark.peers

BATCH = 100  # recordings in one capture: some 15 MB
# Each of these has connections in the whole, or the whole is not what it says.
PEOPLE = ("openssl", "pyopenssl", "go", "rustls", "gnutls", "java", "curl", "nginx", "browser")


def agree(named: Sequence[tuple[str, Recording]], capture: Path) -> int:
    """Hold all of them against tshark; how many values were compared."""
    found = Comparison([recording for _, recording in named], capture)
    told = [
        f"{named[number][0]}, {sender}, {name}: ours {mine}, tshark's {other}"
        for number, sender, name, mine, other in found.differences
    ]
    assert not told, "\n".join(told[:20])
    assert not found.other_names
    assert not found.strangers
    for line in sorted(found.unnamed):
        print(f"tshark has no name for {line}")
    return found.values


@pytest.mark.parametrize("side", ["full_client", "full_server"])
def test_connections_of_ours(side: str, tmp_path: Path) -> None:
    """Every kind of connection that there is, as each side recorded it."""
    named = [(name, getattr(record(name), side).recording) for name in SCENARIOS]
    assert agree(named, tmp_path / "ours.pcapng") > 2000


def _cells() -> Iterator[tuple[Peer, Peer, Cell | Cell12]]:
    """A few of the matrix, so that each subject is touched in each version."""
    key = "ecdsa_secp384r1"
    new = Cell("13", group="secp256r1", alpn=True, client_auth="required", client_key=key)
    old = Cell12("12", alpn=True, client_auth="required", client_key=key)
    for peer in (OpenSslCli(), Go(), Rustls(), GnuTls()):
        for client, server in ((OURS, peer), (peer, OURS)):
            yield client, server, new
            yield client, server, old
    for client, server in ((OURS, OpenSslCli()), (OpenSslCli(), OURS)):
        yield client, server, Cell("retry", group="secp384r1", decoy="x25519", key="rsa2048")
        suite = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"
        yield client, server, Cell12("dhe", suite, "ffdhe2048", "rsa2048")
        yield client, server, Cell12("rsa", "TLS_RSA_WITH_AES_256_GCM_SHA384", "", "rsa2048")


def test_some_of_the_matrix(pki: Pki, tmp_path: Path) -> None:
    """Both roles, both versions, with four programs of others."""
    named: list[tuple[str, Recording]] = []
    with EveryConnection() as every:
        for client, server, cell in _cells():
            need(client, server)
            if isinstance(cell, Cell):
                run(client, server, cell, pki)
            else:
                run12(client, server, cell, pki)
            name = f"{client.name} to {server.name}, {cell.name}"
            named += ((name, recorder.recording) for recorder in every.taken())
    assert len(named) == len(list(_cells()))
    assert agree(named, tmp_path / "some.pcapng") > 2000


@pytest.mark.slow
def test_all_that_the_interop_tests_say(tmp_path: Path) -> None:
    """The whole matrix' quick half, sessions, refusals, a browser: every connection of them all."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow"]
    argv += ["-n", "2", "--dist", "loadgroup"]
    argv += ["-p", "tests.support.tshark_recording", "--record-into", str(recordings)]
    argv += ["tests/interop", "--deselect=tests/interop/test_tshark.py"]
    argv += ["--deselect=tests/interop/test_tshark_pcapng.py"]
    ran = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    # Whether they pass is theirs to say; here it matters that they were run.
    assert ran.returncode in {0, 1}, ran.stdout[-4000:] + ran.stderr[-4000:]
    files = sorted(recordings.iterdir())
    values = 0
    for start in range(0, len(files), BATCH):
        named = [(path.name, Recording.load(path)) for path in files[start : start + BATCH]]
        values += agree(named, tmp_path / "part.pcapng")
    print(f"{len(files)} connections, {values} values")
    found = Counter(who for path in files for who in PEOPLE if who in path.name)
    assert not set(PEOPLE) - set(found)
    assert len(files) > 1000
    assert values > 200_000


def test_names_of_suites() -> None:
    """OpenSSL and the table of those that nobody here speaks give a number the same name."""
    need(OpenSslCli())
    argv = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    rows: Iterable[tuple[str, str, str]] = re.findall(r"0x(..),0x(..) - (\S+)", told)
    suites = {CipherSuite.of(int(high + low, 16)): name for high, low, name in rows}
    assert len(suites) > 100
    for suite, name in suites.items():
        assert (suite.name if suite.is_known else registered_name(suite)) == name

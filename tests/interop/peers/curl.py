"""curl as a client that speaks HTTP/1.1: it puts 100 kB, gets them back, and closes.

``--trace`` holds every handshake message where curl was built with OpenSSL, as distributions do.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.peers.messages import Logged, facts
from tests.interop.peers.older import SUITES12, curves_of, openssl_ciphers
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import (
    CLASSIC_GROUPS,
    CLASSIC_KEYS,
    FINITE_FIELDS,
    PAYLOAD,
    Peer,
    PeerFailed,
    Report,
    Spec,
)

_GROUPS = {"x25519": "X25519", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_CONTENT_TYPES = {b"handshake": 22, b"alert": 21}


class Curl(Peer):
    """curl with OpenSSL beneath."""

    name = "curl"
    application = "http"
    roles = frozenset({"client"})
    groups = CLASSIC_GROUPS
    keys = (*CLASSIC_KEYS, "rsa_pss", "ed448")
    client_wants_close_from = "server"
    suites12 = SUITES12
    fields12 = FINITE_FIELDS

    def missing(self) -> str | None:
        if shutil.which("curl") is None:
            return "curl"
        told = subprocess.run(["curl", "--version"], capture_output=True, check=True).stdout
        return None if b"OpenSSL" in told else "curl (built with OpenSSL)"

    def connect(self, spec: Spec, port: int) -> Report:
        with TemporaryDirectory() as name:
            directory = Path(name)
            sent, answer, trace = (directory / name for name in ("sent", "answer", "trace"))
            sent.write_bytes(PAYLOAD)
            url = f"https://{spec.server_name}:{port}/data"
            common = [*_common(spec, port), "--trace", trace, url]
            argv = ["curl", "--upload-file", sent, "--output", directory / "put", *common]
            argv += ["--header", "Expect:"]  # else it waits a second for 100 Continue
            argv += ["--next", "--header", "Connection: close", "--output", answer]
            argv += ["--write-out", "%{json}", *common]
            with Program(argv) as client:
                client.wait()
                told = json.loads(client.stdout.all())
                if answer.read_bytes() != spec.answer or told["num_connects"] != 0:
                    raise PeerFailed(client.describe())
            text = trace.read_bytes()
            said = re.search(rb"^== Info:  subject: .*CN=(.+)$", text, re.MULTILINE)
            return Report(
                **asdict(facts(read_trace(text))),
                identity=said[1].decode() if said else "",
                received=told["size_download"],
            )


def _common(spec: Spec, port: int) -> Iterator[str | Path]:
    yield from ("--silent", "--show-error", "--fail", "--http1.1", "--no-sessionid")
    older = spec.version == "TLS12"
    yield "--tlsv1.2" if older or spec.also_older else "--tlsv1.3"
    yield from ("--tls-max", "1.2") if older else ()
    yield from ("--cacert", spec.ca, "--noproxy", "*", "--max-time", "20")
    yield from ("--connect-to", f"{spec.server_name}:{port}:127.0.0.1:{port}")
    if spec.identity is not None:
        yield from ("--cert", spec.identity.chain, "--key", spec.identity.key)
    if spec.suites and older:
        yield from ("--ciphers", openssl_ciphers(spec.suites))
    elif spec.suites:
        yield from ("--tls13-ciphers", ":".join(spec.suites))
    if curves := curves_of(spec.groups):
        yield from ("--curves", ":".join(_GROUPS.get(name, name) for name in curves))


def read_trace(text: bytes) -> Iterator[Logged]:
    """The handshake messages and alerts in a file that ``--trace`` wrote."""
    entries = re.split(rb"^(?=== Info|[<=>]{2} )", text, flags=re.MULTILINE)
    content_type = 0
    for entry in entries:
        heading, _, dump = entry.partition(b"\n")
        announced = re.match(rb"== Info: TLS\S+ \((?:IN|OUT)\), TLS (\w+)", heading)
        if announced is not None:
            content_type = _CONTENT_TYPES.get(announced[1], 0)
        elif b"SSL data" in heading and content_type:
            rows = (row[6:54] for row in dump.splitlines())
            yield Logged(
                heading.startswith(b"=>"), content_type, bytes.fromhex(b"".join(rows).decode())
            )
            content_type = 0

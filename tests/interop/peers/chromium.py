"""Headless Chromium as a client: it opens a page, and what it saw stands in its network log.

The throw-away root is put into a certificate store that only this run of the browser uses, so the
browser judges the chain as it would judge anybody's. A browser opens as many connections as it
likes and leaves them without close_notify; its server must take that.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from tests.interop.peers.json_lines import common_name
from tests.interop.peers.messages import Logged, facts
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import EVERYTHING, PAYLOAD, Peer, PeerFailed, Report, Role, Spec
from tlsee.codes import CipherSuite, NamedGroup, SignatureScheme

# A browser starts a dozen processes; this only ends one that hangs. Seconds.
BROWSER_DEADLINE = 120.0
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--no-proxy-server",
    "--virtual-time-budget=20000",  # run the page's scripts to their end, then print
)


class Chromium(Peer):
    """Chromium or Chrome; its groups cannot be chosen, so the server decides."""

    name = "chromium"
    roles = frozenset({"client"})
    application = "http"
    groups = ("X25519MLKEM768", "x25519", "secp256r1", "secp384r1")
    keys = ("ecdsa_secp256r1", "ecdsa_secp384r1", "rsa2048")

    def missing(self) -> str | None:
        if _program() is None:
            return "chromium"
        return None if shutil.which("certutil") else "libnss3-tools (for certutil)"

    def tells(self, role: Role) -> frozenset[str]:
        return EVERYTHING - {"closed"}

    def connect(self, spec: Spec, port: int) -> Report:
        report, page = self.open(spec, f"https://{spec.server_name}:{port}/")
        if f"{len(PAYLOAD)} bytes came back" not in page:
            raise PeerFailed(page)
        return Report(**{**vars(report), "received": len(PAYLOAD)})

    def open(self, spec: Spec, url: str) -> tuple[Report, str]:
        """Load a page, run its scripts to the end; the report and the page as it is then.

        Raises:
            PeerFailed: the browser ended otherwise, or did not like the connection.
        """
        log, page = self._browse(spec, url)
        return _report(log, page), page

    def handshakes(self, spec: Spec, url: str) -> tuple[list[tuple[str, bool]], str]:
        """Load a page: each connection's version and whether it was resumed, in order; the page.

        Raises:
            PeerFailed: the browser ended otherwise.
        """
        log, page = self._browse(spec, url)
        told = [params for kind, _, params in _events(log) if _is_done(kind, params)]
        return [(_version(params), params["is_resumed"]) for params in told], page

    def _browse(self, spec: Spec, url: str) -> tuple[dict[str, Any], str]:
        """One run of the browser: its network log, and the page after its scripts ran."""
        with TemporaryDirectory(ignore_cleanup_errors=True) as name:
            home, log = Path(name), Path(name, "network.json")
            _believe(home, spec.ca)
            argv = [str(_program()), *_QUIET, f"--user-data-dir={home}/profile"]
            argv += ["--host-resolver-rules=MAP * 127.0.0.1, EXCLUDE 127.0.0.1"]
            argv += [f"--log-net-log={log}", "--dump-dom", url]
            with Program(argv, env={**os.environ, "HOME": str(home)}) as browser:
                browser.wait(within=BROWSER_DEADLINE)
                page = browser.stdout.all().decode()
            return json.loads(log.read_text()), page


def _program() -> str | None:
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def _believe(home: Path, ca: Path) -> None:
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for words in (["-N", "--empty-password"], ["-A", "-n", "tlsee", "-t", "C,,", "-i", ca]):
        with Program(["certutil", *words, "-d", f"sql:{store}"]) as certutil:
            certutil.wait()


_Event = tuple[str, int, dict[str, Any]]  # its kind, its source, what it says


def _events(log: dict[str, Any]) -> list[_Event]:
    kinds = {number: name for name, number in log["constants"]["logEventTypes"].items()}
    return [
        (kinds[event["type"]], event["source"]["id"], event["params"])
        for event in log["events"]
        if "params" in event
    ]


def _is_done(kind: str, params: dict[str, Any]) -> bool:
    """Whether an event is the good end of a handshake."""
    return kind == "SSL_CONNECT" and "cipher_suite" in params


def _version(params: dict[str, Any]) -> str:
    name: str = params["version"]
    return name.replace("TLS 1.", "TLS1")


def _report(log: dict[str, Any], page: str) -> Report:
    """What the first connection was; the log is kept apart by the sources of its events."""
    events = _events(log)
    done = [(source, params) for kind, source, params in events if _is_done(kind, params)]
    judged = [
        params
        for kind, _, params in events
        if kind == "CERT_VERIFIER_JOB" and "verified_cert" in params
    ]
    if not done or not judged or judged[0]["cert_status"] != 0:
        errors = [entry for entry in events if "ERROR" in entry[0] or "net_error" in entry[2]]
        raise PeerFailed(f"no good connection: {errors[:5]} {page[:500]}")
    source, told = done[0]
    leaf = judged[0]["verified_cert"]["certificates"][0].encode()
    return Report(
        version=_version(told),
        suite=CipherSuite.of(told["cipher_suite"]).name,
        group=NamedGroup.of(told["key_exchange_group"]).name,
        scheme=SignatureScheme.of(told["peer_signature_algorithm"]).name,
        identity=common_name(load_pem_x509_certificate(leaf).public_bytes(Encoding.DER)),
        alpn=re.sub("^unknown$", "", told["next_proto"]),
        retried=facts(_messages(events, source)).retried,
    )


def _messages(events: list[_Event], source: int) -> Iterator[Logged]:
    for kind, number, params in events:
        # The log leaves out the bytes of a client's certificate.
        if number == source and kind.startswith("SSL_HANDSHAKE_MESSAGE_") and "bytes" in params:
            yield Logged(kind.endswith("SENT"), 22, base64.b64decode(params["bytes"]))

"""Foreign peers that are small programs of our own: JSON requests in, JSON reports out.

One process serves a whole session of tests; each request names its connection by a number, and a
thread sorts the answers. The programs are built once, into a directory that git ignores.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.x509 import load_der_x509_certificate
from cryptography.x509.oid import NameOID

from tests.interop.peers.older import AEAD_SUITES12, SUITES12
from tests.interop.peers.spec import (
    CLASSIC_GROUPS,
    CLASSIC_KEYS,
    DEADLINE,
    EVERYTHING,
    FINITE_FIELDS,
    HYBRID_GROUPS,
    ML_DSA_KEYS,
    PAYLOAD,
    UNSAID,
    Peer,
    PeerFailed,
    Report,
    Role,
    Spec,
)
from tlsee.codes import CipherSuite, NamedGroup, OpenEnum, ProtocolVersion, SignatureScheme

_HERE = Path(__file__).parent
_BUILD = _HERE / "build"

# rustls and its cryptography take half a minute on two cores; a bound for slow machines, seconds.
BUILD_DEADLINE = 900


class Process:
    """A running peer program; ``ask`` gives a queue of the answers to one request."""

    def __init__(self, *argv: str | Path) -> None:
        self._popen = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self.stop)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._reader = threading.Thread(target=self._sort, daemon=True)
        self._reader.start()

    def ask(self, request: dict[str, Any]) -> queue.SimpleQueue[dict[str, Any]]:
        answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = answers
            assert self._popen.stdin is not None
            self._popen.stdin.write(json.dumps({"id": number, **request}) + "\n")
            self._popen.stdin.flush()
        return answers

    def _sort(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            answer = json.loads(line)
            self._waiting[answer["id"]].put(answer)

    def stop(self) -> None:
        """End the program: it stops by itself when its standard input does."""
        self._popen.kill()
        self._popen.wait(DEADLINE)
        self._reader.join(DEADLINE)
        for pipe in (self._popen.stdin, self._popen.stdout):
            assert pipe is not None
            pipe.close()


class JsonLinesPeer(Peer):
    """What Go's and rustls' programs have in common."""

    name: str
    tool: str
    package: str

    def build_command(self, target: Path) -> Sequence[str | Path]:
        raise NotImplementedError

    def built(self, target: Path) -> None:
        """Whatever is left to do after a build."""

    @property
    def program(self) -> Path:
        raise NotImplementedError

    @cached_property
    def _trouble(self) -> str | None:
        """Build the program; the reason why that is not possible here, or ``None``."""
        if shutil.which(self.tool) is None:
            return self.package
        target = _BUILD / self.name
        built = subprocess.run(
            self.build_command(target),
            cwd=_HERE / self.name,
            env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"},
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_DEADLINE,
        )
        if built.returncode == 0:
            self.built(target)
            return None
        return f"{self.package} ({self.tool} could not build the peer: {built.stderr[-400:]})"

    def missing(self) -> str | None:
        return self._trouble

    @cached_property
    def _process(self) -> Process:
        return Process(*self.command)

    @property
    def command(self) -> Sequence[str | Path]:
        """What starts the program."""
        return (self.program,)

    def _ask(self, spec: Spec, **more: Any) -> queue.SimpleQueue[dict[str, Any]]:
        identity = spec.identity
        return self._process.ask(
            {
                "ca": str(spec.ca),
                "chain": "" if identity is None else str(identity.chain),
                "key": "" if identity is None else str(identity.key),
                "groups": [NamedGroup.named(name) for name in spec.groups],
                "suites": [CipherSuite.named(name) for name in spec.suites],
                "version": ProtocolVersion.named(spec.version),
                "also_older": spec.also_older,
                "client_auth": spec.client_auth,
                "alpn": spec.alpn,
                "server_name": spec.server_name,
                "closes_first": spec.closes_first,
                "key_updates": spec.key_updates,
                "payload": PAYLOAD.decode(),
                "answer": spec.answer.decode(),
                "deadline": DEADLINE,
                **more,
            }
        )

    def resume(self, spec: Spec, **more: Any) -> queue.SimpleQueue[dict[str, Any]]:
        """The answers to a request that names its ``sessions``; a client's has a ``port``."""
        return self._ask(spec, **more)

    def serve(self, spec: Spec) -> JsonLinesServer:
        return JsonLinesServer(self._ask(spec, role="server"))

    def connect(self, spec: Spec, port: int) -> Report:
        return _report(next_answer(self._ask(spec, role="client", port=port)))


class JsonLinesServer:
    """One listening request within the running program."""

    def __init__(self, answers: queue.SimpleQueue[dict[str, Any]]) -> None:
        self._answers = answers
        self.port: int = next_answer(answers)["port"]

    def report(self) -> Report:
        return _report(next_answer(self._answers))

    def close(self) -> None:
        """Nothing is left: a server that nobody calls ends at its own deadline."""


def next_answer(answers: queue.SimpleQueue[dict[str, Any]]) -> dict[str, Any]:
    try:
        answer = answers.get(timeout=DEADLINE)
    except queue.Empty:
        raise PeerFailed("the peer said nothing within the deadline") from None
    if "error" in answer:
        raise PeerFailed(answer["error"])
    return answer


def _report(answer: dict[str, Any]) -> Report:
    told = answer["report"]
    return Report(
        version=ProtocolVersion.of(told["version"]).name,
        suite=_named(CipherSuite, told["suite"]),
        group=_named(NamedGroup, told.get("group")),
        scheme=_named(SignatureScheme, told.get("scheme")),
        identity=common_name(bytes.fromhex(told["certificate"])),
        alpn=told["alpn"],
        retried=told.get("retried"),
        received=told["received"],
        closed=told["closed"],
    )


def _named(registry: type[OpenEnum], told: int | str | None) -> str:
    """A name, of a name or of a code point; 0 stands for what there was none of."""
    if told is None:
        return UNSAID
    if isinstance(told, str):
        return told
    return registry.of(told).name if told else ""


def common_name(certificate: bytes) -> str:
    """The subject's common name in a DER certificate; ``""`` without a certificate."""
    if not certificate:
        return ""
    subject = load_der_x509_certificate(certificate).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


class Go(JsonLinesPeer):
    """Go's crypto/tls. It has no list of 1.3's suites: it takes what the other side leaves it."""

    name = "go"
    tool = "go"
    package = "Go 1.26 or later (golang-go)"
    groups = (*HYBRID_GROUPS, *CLASSIC_GROUPS)
    keys = CLASSIC_KEYS
    keeps_own_order = True
    suites12 = (
        *AEAD_SUITES12,
        *(
            f"TLS_{exchange}_WITH_{cipher}"
            for exchange in ("ECDHE_ECDSA", "ECDHE_RSA", "RSA")
            for cipher in ("AES_128_CBC_SHA", "AES_256_CBC_SHA", "AES_128_CBC_SHA256")
        ),
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
    )
    encrypts_then_macs = False
    macs_then_encrypts = True

    def build_command(self, target: Path) -> Sequence[str | Path]:
        # By way of another name: a second process of tests may be running the first one's.
        return ("go", "build", "-buildvcs=false", "-o", target / f"peer.{os.getpid()}", ".")

    def built(self, target: Path) -> None:
        (target / f"peer.{os.getpid()}").replace(self.program)

    @property
    def program(self) -> Path:
        return _BUILD / self.name / "peer"


class Rustls(JsonLinesPeer):
    """rustls on aws-lc-rs. It has no secp521r1 for key exchange."""

    name = "rustls"
    tool = "cargo"
    package = "Rust 1.85 or later (cargo)"
    groups = ("x25519", "secp256r1", "secp384r1", "X25519MLKEM768", "SecP256r1MLKEM768")
    keys = (*CLASSIC_KEYS, *ML_DSA_KEYS)
    suites12 = AEAD_SUITES12

    def build_command(self, target: Path) -> Sequence[str | Path]:
        return ("cargo", "build", "--quiet", "--release", "--target-dir", target)

    @property
    def program(self) -> Path:
        return _BUILD / self.name / "release" / "tlsee-interop-rustls"


class Java(JsonLinesPeer):
    """The JDK's JSSE, 17 or later, run from its source.

    It tells neither group nor scheme, and before Java 20 no connection chooses its groups: the
    other side leaves it one. It has no encrypt_then_mac and no CCM.
    """

    name = "java"
    tool = "java"
    package = "a JDK, 17 or later (default-jdk-headless)"
    groups = (*CLASSIC_GROUPS, "x448")
    keys = (*CLASSIC_KEYS, "rsa_pss", "ed448")
    suites12 = tuple(suite for suite in SUITES12 if "_CCM" not in suite)
    fields12 = FINITE_FIELDS
    encrypts_then_macs = False
    macs_then_encrypts = True

    def tells(self, role: Role) -> frozenset[str]:
        return EVERYTHING - {"group", "scheme", "retried"}

    def build_command(self, target: Path) -> Sequence[str | Path]:
        # Nothing is built, but a compiler must be there: a runtime alone does not run a source.
        return ("java", "--describe-module", "jdk.compiler")

    @property
    def command(self) -> Sequence[str | Path]:
        return ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", _HERE / "java" / "Peer.java")

    def _ask(self, spec: Spec, **more: Any) -> queue.SimpleQueue[dict[str, Any]]:
        return super()._ask(spec, suite_names=spec.suites, **more)

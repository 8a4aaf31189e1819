"""GnuTLS as commands: ``gnutls-cli`` and ``gnutls-serv --echo``.

What they negotiated is read from the libraries' own debug log (``-d 5``). ``gnutls-serv`` cannot
be bound to one address nor told to find a port by itself; it never ends by itself either.
"""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.peers.older import SUITES12, exchange_of
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import (
    CLASSIC_GROUPS,
    CLASSIC_KEYS,
    EVERYTHING,
    FINITE_FIELDS,
    PAYLOAD,
    Peer,
    PeerFailed,
    Report,
    Role,
    Spec,
)

_SUITES = {
    "TLS_AES_128_GCM_SHA256": "AES-128-GCM",
    "TLS_AES_256_GCM_SHA384": "AES-256-GCM",
    "TLS_CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
}
_SUITES12 = {
    "GNUTLS_"
    + suite.removeprefix("TLS_")
    .replace("WITH_", "")
    .replace("1305_SHA256", "1305")
    .replace("CBC_SHA", "CBC_SHA1" if suite.endswith("_SHA") else "CBC_SHA"): suite
    for suite in SUITES12
}
# In 1.2 the hash is all that an ECDSA scheme means; the curves of 1.3's names are not in it.
_SCHEMES12 = {
    f"{old}-SHA{size}": new.format(size)
    for size, curve in (("256", "secp256r1"), ("384", "secp384r1"), ("512", "secp521r1"))
    for old, new in (("RSA", "rsa_pkcs1_sha{}"), ("ECDSA", f"ecdsa_{curve}_sha{{}}"))
}
_SCHEMES = {
    **_SCHEMES12,
    "ECDSA-SECP256R1-SHA256": "ecdsa_secp256r1_sha256",
    "ECDSA-SECP384R1-SHA384": "ecdsa_secp384r1_sha384",
    "ECDSA-SECP521R1-SHA512": "ecdsa_secp521r1_sha512",
    "RSA-PSS-RSAE-SHA256": "rsa_pss_rsae_sha256",
    "RSA-PSS-RSAE-SHA384": "rsa_pss_rsae_sha384",
    "RSA-PSS-RSAE-SHA512": "rsa_pss_rsae_sha512",
    "RSA-PSS-SHA256": "rsa_pss_pss_sha256",
    "RSA-PSS-SHA384": "rsa_pss_pss_sha384",
    "RSA-PSS-SHA512": "rsa_pss_pss_sha512",
    "EdDSA-Ed25519": "ed25519",
    "EdDSA-Ed448": "ed448",
}


class GnuTls(Peer):
    """GnuTLS 3.7 or later."""

    name = "gnutls"
    groups = (*CLASSIC_GROUPS, "x448")
    keys = (*CLASSIC_KEYS, "rsa_pss", "ed448")
    client_wants_close_from = "client"
    server_wants_close_from = "client"
    suites12 = SUITES12
    fields12 = FINITE_FIELDS
    macs_then_encrypts = True

    def missing(self) -> str | None:
        found = shutil.which("gnutls-cli") and shutil.which("gnutls-serv")
        return None if found else "gnutls-bin"

    def tells(self, role: Role) -> frozenset[str]:
        return EVERYTHING - ({"received"} if role == "server" else set())

    def serve(self, spec: Spec) -> _Server:
        return _Server(spec)

    def connect(self, spec: Spec, port: int) -> Report:
        with TemporaryDirectory() as directory:
            story = Path(directory, "story")
            argv: list[str | Path] = ["gnutls-cli", "--single-key-share", "--logfile", story]
            argv += ["--sni-hostname", spec.server_name, "--verify-hostname", spec.server_name]
            argv += [*_common(spec), "--port", str(port), "127.0.0.1"]
            with Program(argv) as client:
                client.write(PAYLOAD)
                answer = client.stdout.wait_for_length(len(spec.answer))
                client.close_stdin()
                client.wait()
                if answer != spec.answer:
                    raise PeerFailed(client.describe())
                return _report(client.stderr.all(), story.read_bytes(), len(answer))


class _Server:
    def __init__(self, spec: Spec) -> None:
        self.port = free_port()
        argv: list[str | Path] = ["gnutls-serv", "--echo", "--port", str(self.port)]
        argv += _common(spec)
        if spec.client_auth == "none":
            argv += ["--disable-client-cert"]
        else:
            argv += ["--verify-client-cert"]
            argv += ["--require-client-cert"] if spec.client_auth == "required" else []
        self._program = Program(argv)
        self._program.stderr.wait_for(rb"listening on IPv4 .*done$")

    def report(self) -> Report:
        log = self._program.stderr
        ended = log.wait_for(rb"Sent Packet\[\d+\] Alert|Error in handshake.*|.*rror while rec.*")
        self._program.terminate()
        self._program.wait(expected=None)
        if b"rror" in ended[0] or b"Sending Alert[2|" in log.all():
            raise PeerFailed(self._program.describe())
        return _report(log.all(), self._program.stdout.all(), None)

    def close(self) -> None:
        self._program.close()


def _common(spec: Spec) -> Iterator[str | Path]:
    yield from ("-d", "5", "--x509cafile", spec.ca, "--priority", _priority(spec))
    if spec.identity is not None:
        yield from ("--x509certfile", spec.identity.chain, "--x509keyfile", spec.identity.key)
    for name in spec.alpn:
        yield from ("--alpn", name)


def _priority(spec: Spec) -> str:
    older = spec.version == "TLS12"
    words = ["NORMAL", "-VERS-ALL", "+VERS-TLS1.2" if older else "+VERS-TLS1.3"]
    words += ["+VERS-TLS1.2"] * spec.also_older
    if older and spec.suites:
        words += ["-KX-ALL", "-CIPHER-ALL", "-MAC-ALL"]
        words += [word for suite in spec.suites for word in _words12(suite)]
    elif spec.suites:
        words += ["-CIPHER-ALL", *(f"+{_SUITES[name]}" for name in spec.suites)]
    if older and not spec.encrypt_then_mac:
        words += ["%NO_ETM"]
    if spec.groups:
        words += ["-GROUP-ALL", *(f"+GROUP-{name.upper()}" for name in spec.groups)]
    return ":".join(words)


def _words12(suite: str) -> Iterator[str]:
    """Key exchange, cipher and MAC, which GnuTLS chooses one by one."""
    yield "+" + exchange_of(suite).replace("_", "-")
    cipher, _, mac = suite.partition("_WITH_")[2].partition("_CBC_")
    if mac:
        yield from (f"+{cipher}-CBC".replace("_", "-"), "+SHA1" if mac == "SHA" else f"+{mac}")
    else:
        name = re.sub("_SHA[0-9]+$", "", cipher)
        yield from ("+" + name.replace("_", "-"), "+AEAD")


def _report(log: bytes, story: bytes, received: int | None) -> Report:
    def last(pattern: bytes, text: bytes = log) -> str:
        found = re.findall(pattern, text, re.MULTILINE)
        return found[-1].decode() if found else ""

    subject = re.search(rb"ubject:? `?(?:.*,)?CN=([^,'\n]+)", story)
    scheme = last(
        rb"verify(?:ing TLS 1.3 handshake data| TLS 1.2 handshake data:| cert vrfy:) using (\S+)"
    )
    suite = last(rb"Selected cipher suite: (\S+)")
    options = last(rb"^- Options: (.*)", story)
    older = suite in _SUITES12
    return Report(
        version=last(rb"^- Description: \((TLS1\.[23])-", story).replace(".", ""),
        suite=_SUITES12.get(suite, suite.replace("GNUTLS_", "TLS_")),
        group=last(rb"Selected group (\S+)").lower(),
        scheme=_SCHEMES.get(scheme, scheme),
        identity=subject[1].decode() if subject else "",
        alpn=last(rb"^- Application protocol: (\S+)", story),
        retried=b"HELLO RETRY REQUEST" in log,
        received=received,
        closed=b"Alert[1|0] - Close notify - was received" in log,
        encrypt_then_mac="EtM" in options if older else None,
        extended_main_secret="extended master secret" in options if older else None,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port

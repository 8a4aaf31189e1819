"""Client certificates that are not taken, with foreign peers: each refusal, both roles, versions.

That good ones are taken is in the matrices; that revoked ones are not, in ``test_revocation``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.interop.matrix import FOREIGN, OURS, need
from tests.interop.peers.curl import Curl
from tests.interop.peers.json_lines import Java
from tests.interop.peers.nginx import Nginx
from tests.interop.peers.spec import Identity, Peer, Spec
from tests.interop.quarrels import quarrel, says, sent
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig
from tlsee.crypto.private_keys import generate, private_pem
from tlsee.errors import AlertReceived, TLSError
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.pem import to_pem
from tlsee.identity.trust import Trust
from tlsee.streams.blocking import connect

pytestmark = pytest.mark.peers

_TALKERS = [*(peer for peer in FOREIGN if peer.application == "echo"), Java()]
_VERSIONS = ("TLS13", "TLS12")
_FLAWS = ("expired", "early", "of-a-server", "damaged", "stranger")

# What we send for each, and how the foreign programs spell that, or its number.
_EXPIRED = r"certificate.?(has)?.?expired|expired.?certificate"
_SENT = {
    "expired": ("certificate_expired", rf"{_EXPIRED}|\[2\|45\]"),
    "early": ("certificate_expired", rf"{_EXPIRED}|\[2\|45\]"),
    "of-a-server": ("unsupported_certificate", r"unsupported.?certificate|\[2\|43\]"),
    "damaged": ("bad_certificate", r"bad.?certificate|\[2\|42\]"),
    "stranger": ("unknown_ca", r"unknown.?ca|unknown.?certificate.?authority|\[2\|48\]"),
}
# What the others send; all that they have in common is that it is about the certificate. GnuTLS's
# program says access_denied whatever is wrong.
_HEARD = {
    "access_denied",
    "bad_certificate",
    "unsupported_certificate",
    "certificate_expired",
    "certificate_unknown",
    "unknown_ca",
    "decrypt_error",
    "handshake_failure",
}
# They show no certificate that none of the named authorities issued, or that is out of date.
_CHOOSY = {("go", "stranger"), ("java", "stranger"), ("java", "expired"), ("java", "early")}
_CHOOSY |= {("java", "of-a-server"), ("gnutls", "stranger")}

_LENIENT = {("gnutls", "of-a-server")}  # gnutls-serv does not look at the purpose


class Wrong:
    """Certificates that something is wrong with, as files, and a good server's."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        root = Authority.create("interop root")
        self.ca = directory / "root.pem"
        self.ca.write_bytes(root.pem)
        self.between = root.issue_intermediate("interop intermediate")
        self.server = self._write("server", self.between, names=("server.test",))
        dates: dict[str, dict[str, Any]] = {
            "expired": {"not_before": 1.6e9, "not_after": 1.7e9},
            "early": {"not_before": 4.0e9, "not_after": 4.1e9},
            "of-a-server": {"client": False},
        }
        self.clients = {
            name: self._write(name, self.between, **options) for name, options in dates.items()
        }
        self.clients["damaged"] = self._damaged()
        self.clients["stranger"] = self._write(
            "stranger", Authority.create("somebody else").issue_intermediate()
        )

    def _write(
        self,
        name: str,
        authority: Authority,
        *,
        names: tuple[str, ...] = ("client.test",),
        client: bool = True,
        **options: Any,
    ) -> Identity:
        key = generate("ecdsa_secp256r1")
        credential = authority.issue(
            *names, private_key=key, client=client, common_name=name, **options
        )
        return self._keep(name, *credential.chain, key=private_pem(key))

    def _damaged(self) -> Identity:
        key = generate("ecdsa_secp256r1")
        options: dict[str, Any] = {"private_key": key, "client": True}
        good = self.between.issue("client.test", common_name="damaged", **options)
        other = self.between.issue("client.test", common_name="damagEd", **options)
        tail = other.certificate.signature
        leaf = good.chain[0][: -len(good.certificate.signature)]
        if len(tail) != len(good.certificate.signature):
            return self._damaged()  # the lengths of two ECDSA signatures are seldom different
        return self._keep("damaged", leaf + tail, *good.chain[1:], key=private_pem(key))

    def _keep(self, name: str, *chain: bytes, key: bytes) -> Identity:
        leaf, above = to_pem(chain[0]), b"".join(map(to_pem, chain[1:]))
        contents = {"leaf": leaf, "intermediates": above, "chain": leaf + above, "key": key}
        paths = {part: self.directory / f"{name}.{part}.pem" for part in contents}
        for part, content in contents.items():
            paths[part].write_bytes(content)
        return Identity(name=name, key_type="ecdsa_secp256r1", **paths)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Wrong:
    return Wrong(tmp_path_factory.mktemp("wrong"))


def _specs(wrong: Wrong, flaw: str, version: str) -> tuple[Spec, Spec]:
    both: dict[str, Any] = {"ca": wrong.ca, "version": version}
    client = Spec(identity=wrong.clients[flaw], **both)
    return client, Spec(identity=wrong.server, client_auth="required", **both)


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("flaw", _FLAWS)
@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_refuse(peer: Peer, flaw: str, version: str, wrong: Wrong) -> None:
    """Our server says what is wrong by the alert that RFC 9846 has for it; the client is told."""
    need(peer)
    client, server = _specs(wrong, flaw, version)
    theirs, ours = quarrel(peer, OURS, client, server)
    alert, words = _SENT[flaw]
    if (peer.name, flaw) in _CHOOSY:
        error = ours.__cause__
        assert isinstance(error, TLSError), ours
        assert error.alert.name in {alert, "certificate_required", "handshake_failure"}, ours
        return
    sent(ours, alert)
    says(theirs, words)


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("flaw", _FLAWS)
@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_they_refuse(peer: Peer, flaw: str, version: str, wrong: Wrong) -> None:
    """Their server refuses: our client names the certificate, its issuer and what to do."""
    need(peer)
    if (peer.name, flaw) in _LENIENT:
        return
    client, server = _specs(wrong, flaw, version)
    ours, _ = quarrel(OURS, peer, client, server)
    error = ours.__cause__
    assert isinstance(error, AlertReceived), ours
    assert error.alert.name in _HEARD, error
    shown = wrong.clients[flaw].name
    if error.alert.name != "handshake_failure":
        assert f'the server refused our certificate ("{shown}", issued by ' in str(error)
    later = [note for note in error.__notes__ if note.startswith("why here")]
    assert bool(later) == (version == "TLS13")


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("flaw", _FLAWS)
def test_we_refuse_curl(flaw: str, version: str, wrong: Wrong) -> None:
    """curl prints OpenSSL's name of the alert that our server sent, or words of its own for it."""
    curl = Curl()
    need(curl)
    client, server = (replace(spec, application="http") for spec in _specs(wrong, flaw, version))
    theirs, ours = quarrel(curl, OURS, client, server)
    alert, words = _SENT[flaw]
    sent(ours, alert)
    says(theirs, rf"{words}|certificate verification failed")


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("flaw", _FLAWS)
def test_nginx_refuses(flaw: str, version: str, wrong: Wrong) -> None:
    """nginx lets every certificate into the handshake and refuses in HTTP: nothing of ours hides
    that, and the proof of who it is is there.
    """
    nginx = Nginx()
    need(nginx)
    client, server = _specs(wrong, flaw, version)
    running = nginx.serve(replace(server, application="http"))
    assert client.identity is not None
    own = Credential.from_files(client.identity.chain, client.identity.key).despite_flaws()
    config = ClientConfig(
        trust=Trust.from_file(client.ca),
        credentials=[own],
        versions=[ProtocolVersion.named(version)],
    )
    try:
        with connect(("127.0.0.1", running.port), config, server_name="server.test") as tls:
            tls.sendall(b"GET /x HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n")
            answer = b""
            while data := tls.recv():
                answer += data
            assert tls.info.own_credential is own
    finally:
        running.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"The SSL certificate error" in answer

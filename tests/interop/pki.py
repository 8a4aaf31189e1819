"""Certificates for the matrix: a throw-away root and intermediate, and a leaf of each key type."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.interop.peers.spec import Identity
from tests.support.missing import missing
from tlsee.crypto.private_keys import private_pem
from tlsee.identity.authority import Authority

_PSS_EXTENSIONS = """\
subjectAltName = {names}
extendedKeyUsage = serverAuth, clientAuth
basicConstraints = critical, CA:FALSE
authorityKeyIdentifier = keyid
"""


class Pki:
    """Files in one directory, each made when it is first asked for."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        root = Authority.create("tlsee interop root")
        self._authority = root.issue_intermediate("tlsee interop intermediate")
        self.ca = directory / "root.pem"
        self.ca.write_bytes(root.pem)
        self._made: dict[str, Identity] = {}

    def server(self, key_type: str) -> Identity:
        """A server's identity for ``server.test`` and ``localhost``."""
        return self._identity(key_type, "server", "server.test", "localhost")

    def client(self, key_type: str) -> Identity:
        """A client's identity, for no other name than its own."""
        return self._identity(key_type, "client")

    def _identity(self, key_type: str, role: str, *hosts: str) -> Identity:
        """Its common name says role and key type, so that no report confuses two."""
        name = f"{key_type.replace('_', '-')}.{role}.test"
        if name not in self._made:
            make = self._issue_pss if key_type == "rsa_pss" else self._issue
            self._made[name] = make(name, key_type, hosts or (name,))
        return self._made[name]

    def _issue(self, name: str, key_type: str, hosts: tuple[str, ...]) -> Identity:
        chain, key = self._authority.issue_pem(*hosts, key=key_type, client=True, common_name=name)
        return self._write(name, key_type, chain, key)

    def _issue_pss(self, name: str, key_type: str, hosts: tuple[str, ...]) -> Identity:
        """With a key that the certificate restricts to RSASSA-PSS: only OpenSSL makes these."""
        if shutil.which("openssl") is None:
            missing("openssl, which makes RSASSA-PSS certificates,", "openssl")
        key, request, extensions, issuer, issuer_key = (
            self._directory / f"pss-{name}.{suffix}"
            for suffix in ("key", "request", "extensions", "issuer", "issuer-key")
        )
        names = ",".join(f"DNS:{host}" for host in hosts)
        extensions.write_text(_PSS_EXTENSIONS.format(names=names))
        issuer.write_bytes(self._authority.pem)
        issuer_key.write_bytes(private_pem(self._authority._key))
        new = ["req", "-new", "-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-noenc"]
        _openssl(*new, "-keyout", key, "-subj", f"/CN={name}", "-out", request)
        signed = _openssl(
            *("x509", "-req", "-in", request, "-days", "1", "-extfile", extensions),
            *("-CA", issuer, "-CAkey", issuer_key),
        )
        return self._write(name, key_type, signed + self._authority.pem, key.read_bytes())

    def _write(self, name: str, key_type: str, chain: bytes, key: bytes) -> Identity:
        leaf, _, intermediates = chain.partition(b"-----END CERTIFICATE-----\n")
        contents = {
            "leaf": leaf + b"-----END CERTIFICATE-----\n",
            "intermediates": intermediates,
            "chain": chain,
            "key": key,
        }
        paths = {part: self._directory / f"{name}.{part}.pem" for part in contents}
        for part, content in contents.items():
            paths[part].write_bytes(content)
        return Identity(name=name, key_type=key_type, **paths)


def _openssl(*arguments: str | Path) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout

"""Certificates as people's tools make them are accepted under the anchor that was given."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.missing import missing
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import Purpose, Verdict, judge
from tlsee.identity.trust import Trust

pytestmark = pytest.mark.peers

NEW = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=localhost -days 2"
REQUEST = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc"
PSS_KEY = "-newkey rsa-pss -pkeyopt rsa_keygen_bits:2048"


def openssl(*arguments: str | Path, cwd: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        missing("openssl", "openssl")
    subprocess.run([program, *map(str, arguments)], cwd=cwd, check=True, capture_output=True)


def judged(credential: Credential, trust: Trust, name: str = "localhost") -> Verdict:
    # A certificate that a tool made just now begins with the running second.
    at = time.time() + 1
    return judge(credential.chain, trust, purpose=Purpose.SERVER, name=name, at=at)


@pytest.mark.parametrize(
    "extra",
    [
        "-addext subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE",
        "-addext subjectAltName=DNS:localhost -addext extendedKeyUsage=serverAuth",
        "-addext subjectAltName=DNS:localhost -sha512",
    ],
)
def test_openssl_self_signed(tmp_path: Path, extra: str) -> None:
    """``openssl req -x509``, which makes an authority unless told otherwise."""
    openssl(*NEW.split(), *extra.split(), "-keyout", "key", "-out", "cert", cwd=tmp_path)
    credential = Credential.from_files(tmp_path / "cert", tmp_path / "key")

    judged(credential, Trust.from_file(tmp_path / "cert")).require()
    assert not judged(credential, Trust.from_file(tmp_path / "cert"), "other.test").accepted


def test_openssl_without_a_name_says_what_to_do(tmp_path: Path) -> None:
    """Without a subjectAltName it is refused for that, and the common name is not looked at."""
    openssl(*NEW.split(), "-keyout", "key", "-out", "cert", cwd=tmp_path)
    credential = Credential.from_files(tmp_path / "cert", tmp_path / "key")

    verdict = judged(credential, Trust.from_file(tmp_path / "cert"))

    assert verdict.reason is not None
    assert verdict.reason.name == "no_subject_alt_name"
    assert "subjectAltName" in verdict.reason.fix


def test_openssl_explicit_curve(tmp_path: Path) -> None:
    """P-256 written out instead of named is refused: its parameters could be anybody's."""
    made = f"{NEW} -pkeyopt ec_param_enc:explicit -addext subjectAltName=DNS:localhost"
    openssl(*made.split(), "-keyout", "key", "-out", "cert", cwd=tmp_path)
    trust = Trust.from_file(tmp_path / "cert")
    chain = (trust.anchors[0].der,)

    verdict = judge(chain, trust, purpose=Purpose.SERVER, name="localhost", at=time.time() + 1)

    assert verdict.reason is not None
    assert verdict.reason.name == "unsupported_key"


def test_openssl_rsassa_pss(tmp_path: Path) -> None:
    """A key restricted to PSS: the certificate is read, judged, and signs with rsa_pss_pss_*."""
    arguments = NEW.replace("-newkey ec -pkeyopt ec_paramgen_curve:P-256", PSS_KEY).split()
    name = ("-addext", "subjectAltName=DNS:localhost")
    openssl(*arguments, *name, "-keyout", "key", "-out", "cert", cwd=tmp_path)
    credential = Credential.from_files(tmp_path / "cert", tmp_path / "key")

    judged(credential, Trust.from_file(tmp_path / "cert")).require()
    assert all(scheme.name.startswith("rsa_pss_pss_") for scheme in credential.schemes)


def test_openssl_version_1_root(tmp_path: Path) -> None:
    """An authority of the first version has no way to say that it is one, and may be an anchor."""
    for subject, key, request in (("Old", "ca.key", "ca.csr"), ("x", "key", "csr")):
        made = f"{REQUEST} -subj /CN={subject} -keyout {key} -out {request}"
        openssl(*made.split(), cwd=tmp_path)
    signing = "x509 -req -in ca.csr -signkey ca.key -days 2 -out ca"
    openssl(*signing.split(), cwd=tmp_path)
    (tmp_path / "ext").write_text("subjectAltName=DNS:localhost\n")
    issuing = "x509 -req -in csr -CA ca -CAkey ca.key -days 2 -extfile ext -out cert"
    openssl(*issuing.split(), cwd=tmp_path)
    credential = Credential.from_files(tmp_path / "cert", tmp_path / "key")

    judged(credential, Trust.from_file(tmp_path / "ca")).require()


def test_trustme() -> None:
    """Its leaves have a critical subjectAltName and its authority no key identifier of its own."""
    try:
        import trustme
    except ImportError:
        missing("trustme", "trustme")
    authority = trustme.CA()
    between = authority.create_child_ca()
    for issuer in (authority, between):
        leaf = issuer.issue_cert("localhost", "127.0.0.1", "*.svc.test")
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        credential = Credential.from_pem(chain, leaf.private_key_pem.bytes())
        trust = Trust.from_pem(authority.cert_pem.bytes())
        for name in ("localhost", "127.0.0.1", "a.svc.test"):
            judged(credential, trust, name).require()
        assert not judged(credential, trust, "a.b.svc.test").accepted


def test_mkcert(tmp_path: Path) -> None:
    """Its authority stays in a directory of this test's."""
    program = shutil.which("mkcert")
    if program is None:
        missing("mkcert", "mkcert")
    environment = {"CAROOT": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    arguments = ["-cert-file", "cert", "-key-file", "key", "localhost", "127.0.0.1"]
    subprocess.run(
        [program, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    credential = Credential.from_files(tmp_path / "cert", tmp_path / "key")

    judged(credential, Trust.from_file(tmp_path / "rootCA.pem")).require()

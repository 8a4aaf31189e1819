"""Where operating systems keep the certificates they believe."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tlsee.errors import ApiMisuse
from tlsee.identity.pem import certificates_in

# One file per distribution family, in the order in which they are looked for.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/pki/tls/cacert.pem",  # OpenELEC
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # CentOS, newer
    "/etc/ssl/cert.pem",  # the BSDs, Alpine, macOS
    "/usr/local/share/certs/ca-root-nss.crt",  # FreeBSD
)
DIRECTORIES = ("/etc/ssl/certs", "/etc/pki/tls/certs", "/system/etc/security/cacerts")

MACOS_KEYCHAINS = (
    "/System/Library/Keychains/SystemRootCertificates.keychain",
    "/Library/Keychains/System.keychain",
)
MACOS_TIMEOUT = 20.0  # seconds for the keychain tool, which takes well under one


def system_certificates() -> list[bytes]:
    """The DER of every certificate in the operating system's store.

    Raises:
        ApiMisuse: none was found; the text says where this looked.
    """
    if sys.platform == "win32":
        return _windows()
    keychains: tuple[str, ...] = ()
    if sys.platform == "darwin":
        found = _macos()
        if found:
            return found
        keychains = MACOS_KEYCHAINS
    bundles, directories = map(Path, BUNDLES), map(Path, DIRECTORIES)
    return _from_files(bundles, directories, keychains)


def _from_files(
    bundles: Iterable[Path], directories: Iterable[Path], looked_at: Iterable[str] = ()
) -> list[bytes]:
    looked = [*looked_at]
    for bundle in bundles:
        looked.append(str(bundle))
        found = _in_file(bundle)
        if found:
            return found
    for directory in directories:
        looked.append(str(directory))
        if directory.is_dir():
            every = [der for file in sorted(directory.iterdir()) for der in _in_file(file)]
            if every:
                return list(dict.fromkeys(every))
    raise ApiMisuse(
        f"the operating system has no trusted certificates; looked at {', '.join(looked)}",
        "install the ca-certificates package, or use Trust.certifi() or Trust.from_file(...)",
    )


def _in_file(file: Path) -> list[bytes]:
    try:
        return list(certificates_in(file.read_bytes())) if file.is_file() else []
    except (OSError, ValueError):
        return []


def _macos() -> list[bytes]:
    tool = shutil.which("security")
    if tool is None:
        return []
    chains = [name for name in MACOS_KEYCHAINS if Path(name).exists()]
    try:
        done = subprocess.run(  # noqa: S603
            [tool, "find-certificate", "-a", "-p", *chains],
            capture_output=True,
            timeout=MACOS_TIMEOUT,
            check=True,
        )
        return list(certificates_in(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def _windows() -> list[bytes]:
    import ssl

    enumerate_store = getattr(ssl, "enum_certificates", None)
    rows = enumerate_store("ROOT") if enumerate_store is not None else []
    usage = "1.3.6.1.5.5.7.3.1"
    found = [
        der
        for der, encoding, purposes in rows
        if encoding == "x509_asn" and (purposes is True or usage in purposes)
    ]
    if not found:
        raise ApiMisuse(
            "Windows has no trusted certificates in its ROOT store",
            "use Trust.certifi() or Trust.from_file(...)",
        )
    return found

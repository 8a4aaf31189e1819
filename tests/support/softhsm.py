"""A token of SoftHSM's, made for a test: a real PKCS #11 library with its keys in a directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.support.missing import missing

__all__ = ["LABEL", "PIN", "Token", "module"]

PIN = "2468"
LABEL = "tlsee test"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


def module() -> str:
    """The path of the library; skips the test where there is none."""
    found = next((path for path in _MODULES if Path(path).exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        missing("SoftHSM", "softhsm2")
    if find_spec("pkcs11") is None:
        missing("python-pkcs11", "python-pkcs11")
    return found


class Token:
    """A token in ``directory``; the library reads where it is from the environment, once."""

    def __init__(self, directory: Path) -> None:
        self.module = module()
        self._environment = {**os.environ, "SOFTHSM2_CONF": str(directory / "softhsm2.conf")}
        (directory / "tokens").mkdir()
        settings = f"directories.tokendir = {directory / 'tokens'}\nlog.level = ERROR\n"
        (directory / "softhsm2.conf").write_text(settings)
        self._directory = directory
        self._run("--init-token", "--free", "--label", LABEL, "--so-pin", "1357", "--pin", PIN)

    @property
    def configuration(self) -> str:
        """For ``SOFTHSM2_CONF``."""
        return self._environment["SOFTHSM2_CONF"]

    def put(self, label: str, key_id: str, key_pem: bytes) -> None:
        """Move a private key (PKCS #8) into the token, with its public half."""
        path = self._directory / f"{label}.key"
        path.write_bytes(key_pem)
        named = ("--token", LABEL, "--label", label, "--id", key_id, "--pin", PIN)
        self._run("--import", str(path), *named)
        path.unlink()

    def _run(self, *arguments: str) -> None:
        ran = subprocess.run(
            ["softhsm2-util", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

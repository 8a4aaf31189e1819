"""The certificate of ``tlsee serve`` when nobody gave one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tlsee.cli.exit_codes import Usage
from tlsee.cli.stores import reason_of
from tlsee.explain.layout import safe
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.text import printable
from tlsee.values import value

NAMES = ("localhost", "127.0.0.1", "::1")
# What the authority may vouch for: if its certificate were trusted by mistake, no more is lost.
PERMITTED = ("localhost", "127.0.0.0/8", "::1/128")


@value
class ThrowAway:
    """A credential for localhost, and the file with the certificate of who vouches for it."""

    credential: Credential
    path: Path
    fate: str

    @property
    def shown_path(self) -> str:
        """The file as a command may name it."""
        text = safe(str(self.path))
        return f"'{text}'" if " " in text else text

    @property
    def description(self) -> str:
        """What it is."""
        return (
            f"{', '.join(NAMES)}, by a throw-away authority: it lives a day, may vouch for the "
            "loopback alone, and its key never leaves memory"
        )


@contextlib.contextmanager
def throw_away(where: str | None) -> Iterator[ThrowAway]:
    """Make one; its authority's certificate goes to ``where``, else to a file that is removed.

    Raises:
        Usage: the file cannot be written.
    """
    authority = Authority.create(permitted=PERMITTED, path_length=0)
    credential = authority.issue(*NAMES)
    if where is not None:
        _write(Path(where), authority.pem)
        yield ThrowAway(credential, Path(where), "its certificate; no secret")
        return
    directory = Path(tempfile.mkdtemp(prefix="tlsee-"))
    try:
        path = directory / "ca.pem"
        _write(path, authority.pem)
        yield ThrowAway(credential, path, "its certificate; removed when this ends")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        name = printable(os.fspath(path))
        raise Usage(f"cannot write {name}: {reason_of(error)}", "name another file") from None

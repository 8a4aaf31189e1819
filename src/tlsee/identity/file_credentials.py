"""A certificate and its key in files that somebody renews while we run: certbot, Kubernetes, cron.

There is no thread and no timer. Whoever needs the credential asks for it, in every handshake; then
the files' status is looked at, two calls to the system, and they are read when it has changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from tlsee.crypto.private_keys import Password
from tlsee.errors import ApiMisuse
from tlsee.identity.credentials import Credential, Staples

__all__ = ["FileCredentials"]

# A file that was written this recently (seconds) may be written again without a trace in its
# status, whose clock is coarse: its content is compared until it is older.
SETTLED = 2.0


class _Look(NamedTuple):
    """The files' status, and a digest of their content while the status alone tells too little."""

    status: tuple[object, ...]
    content: bytes


class FileCredentials:
    """The credential in two files, as they are now; a source for ``credentials=[...]``.

    New files are taken when they are whole, fit each other and are in date. Until then, and
    whenever they are not, what was there before stays: a renewal that is half done, or wrong, ends
    no service. It may be shared by configurations and threads.

    Args:
        cert, key: the files, PEM; without ``key`` the key is in the chain's file.
        password: the key's pass phrase, or a callable that gives it, asked at each change.
        staples: as for ``Credential``.
        on_change: told the new credential. on_problem: told why new files were not taken, once for
            each state of the files; without it the ``tlsee.identity`` logger warns. Both are
            called by the thread that shook hands, and what they raise is that handshake's end.
        now: the clock for the certificates' dates.

    Raises:
        ApiMisuse: the files do not make a credential, in words. OSError: they cannot be read.
    """

    def __init__(
        self,
        cert: str | Path,
        key: str | Path | None = None,
        password: Password = None,
        *,
        staples: Staples = None,
        on_change: Callable[[Credential], object] | None = None,
        on_problem: Callable[[Exception], object] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cert = Path(cert)
        self._key = Path(key) if key is not None else self._cert
        self._password = password
        self._staples = staples
        self._on_change = on_change
        self._on_problem = on_problem
        self._clock = now
        self._lock = Lock()
        self._told = ""  # the last problem, so that it is told once
        self._seen = self._look()
        self._credential = self._load()

    def __repr__(self) -> str:
        return f"FileCredentials({str(self._cert)!r}, {str(self._key)!r})"

    def current(self) -> Credential:
        """The credential for now. While one thread reads new files, the others get the old one."""
        if not self._lock.acquire(blocking=False):
            return self._credential
        try:
            told = self._refresh()
        finally:
            self._lock.release()
        if isinstance(told, Credential):
            if self._on_change is not None:
                self._on_change(told)
        elif told is not None:
            self._complain(told)
        return self._credential

    def _refresh(self) -> Credential | Exception | None:
        """Look, and read where something has changed; what there is to tell."""
        seen = self._seen
        try:
            seen = self._look(self._seen)
            if seen == self._seen:
                return None
            made = self._load()
            if self._look(seen) != seen:
                return None  # they changed while they were read: the next handshake looks again
        except Exception as problem:  # noqa: BLE001 - the application is asked for its pass phrase
            self._seen = seen
            told, self._told = self._told, f"{seen.status} {problem}"
            return problem if told != self._told else None
        self._seen, self._told = seen, ""
        if made.chain == self._credential.chain:
            return None  # touched, and not changed
        self._credential = made
        return made

    def _load(self) -> Credential:
        made = Credential.from_files(self._cert, self._key, self._password)
        for what, fix in made.flaws(self._clock()):
            raise ApiMisuse(f"{self._cert}: {what}", fix)
        return made.with_staples(self._staples)

    def _look(self, before: _Look | None = None) -> _Look:
        """The status of both files; the content as well while it is new (see ``SETTLED``)."""
        files = tuple(dict.fromkeys((self._cert, self._key)))
        stats = [os.stat(file) for file in files]  # noqa: PTH116 - cheaper, and this is asked often
        status = tuple(
            (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            for stat in stats
        )
        settled = time.time() - max(max(stat.st_mtime, stat.st_ctime) for stat in stats) > SETTLED
        if settled and before is not None and before.status == status and not before.content:
            return before
        return _Look(status, b"" if settled else _digest(files))

    def _complain(self, problem: Exception) -> None:
        if self._on_problem is not None:
            self._on_problem(problem)
            return
        import logging

        log = logging.getLogger("tlsee.identity")
        log.warning("%s; the certificate from before stays in use", problem)


def _digest(files: tuple[Path, ...]) -> bytes:
    found = sha256()
    for file in files:
        content = file.read_bytes()
        found.update(len(content).to_bytes(8, "big") + content)
    return found.digest()

"""How a verb ends: the exit codes, the same for all, and the errors that lead to them."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What the shell is told; public and stable."""

    WORKED = 0
    REFUSED = 1  # TLS said no: from the first byte sent on, whoever refused, cut or timed out
    USAGE = 2  # wrong usage, or a file that cannot be read or written
    NOT_TRIED = 3  # no TLS could be tried: name, TCP, proxy, port in use
    BUG = 70  # EX_SOFTWARE of BSD's sysexits
    INTERRUPTED = 130  # 128 and SIGINT's number


class CommandError(Exception):
    """A verb that cannot go on, in one sentence: what is wrong; what to do.

    ``stage`` is how far it came: ``usage``, ``name``, ``tcp``, ``proxy``, ``listen``; ``name`` a
    stable word for the cause, for JSON.
    """

    code = ExitCode.USAGE

    def __init__(self, what: str, fix: str = "", *, stage: str = "usage", name: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.stage = stage
        self.name = name or stage

    def __str__(self) -> str:
        return f"{self.what}; {self.fix}" if self.fix else self.what


class Usage(CommandError):
    """The command cannot be what was meant, or a file it names cannot be used."""


class NotTried(CommandError):
    """There was nobody to speak TLS with."""

    code = ExitCode.NOT_TRIED

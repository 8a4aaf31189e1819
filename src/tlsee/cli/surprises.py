"""Ends that nobody planned, as errors with an exit code: Ctrl-C, and a bug of ours."""

from __future__ import annotations

import os
import traceback

from tlsee.cli.exit_codes import CommandError, ExitCode
from tlsee.text import printable


class Interrupted(CommandError):
    """Ctrl-C."""

    code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("interrupted", name="interrupted")


class Bug(CommandError):
    """Something here is wrong, and its user is not to blame."""

    code = ExitCode.BUG


def confession(error: Exception) -> Bug:
    """A bug of ours: say so, and how to report it. The traceback is printed on request only."""
    if os.environ.get("TLSEE_TRACEBACK"):
        traceback.print_exception(error)
    where = traceback.extract_tb(error.__traceback__)
    last = f", {os.path.basename(where[-1].filename)} line {where[-1].lineno}" if where else ""  # noqa: PTH119
    what = printable(f"{type(error).__name__}: {error}", 200)
    return Bug(
        f"this is a bug in tlsee ({what}{last})",
        "please report it with the output of tlsee --version and of the same command run with "
        "TLSEE_TRACEBACK=1 set",
        name="bug",
    )

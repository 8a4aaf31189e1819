"""What a test says when something it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

__all__ = ["missing", "skips_are_forbidden"]


def skips_are_forbidden() -> bool:
    """Whether this run promised to skip nothing (``TLSEE_NO_SKIPS=1``, as CI does)."""
    return os.environ.get("TLSEE_NO_SKIPS", "") not in {"", "0"}


def missing(what: str, package: str) -> NoReturn:
    """Skip the test, or the module, because `what` is absent; `package` is what to install.

    Where skips are forbidden it fails instead: a matrix that shrank unseen proves nothing.
    """
    text = f"{what} is not on this machine; install {package}"
    if skips_are_forbidden():
        pytest.fail(text, pytrace=False)
    pytest.skip(text, allow_module_level=True)

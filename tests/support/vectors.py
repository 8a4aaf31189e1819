"""Published test vectors: where they are, and what a test says when they are not."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.support.house import REPOSITORY
from tests.support.missing import missing

__all__ = ["load", "vectors_directory"]

VARIABLE = "TLSEE_VECTORS"


def vectors_directory() -> Path:
    """The directory that ``TLSEE_VECTORS`` names, or ``../shared/vectors``; skips without it."""
    named = os.environ.get(VARIABLE)
    found = Path(named) if named else REPOSITORY.parent / "shared" / "vectors"
    if not found.is_dir():
        missing(
            f"the directory of test vectors ({found})", f"them and name the place in {VARIABLE}"
        )
    return found


@lru_cache(maxsize=4)
def load(name: str) -> Any:
    """A JSON file of vectors, such as ``wycheproof/x25519_test.json``; skips without it."""
    path = vectors_directory() / name
    if not path.is_file():
        missing(f"the file of test vectors {name}", f"it into {path.parent}")
    return json.loads(path.read_text(encoding="utf-8"))

"""A host where a word belongs, a file where a host belongs: the command that was meant."""

from __future__ import annotations

from pathlib import Path

from tlsee.cli.exit_codes import Usage
from tlsee.cli.targets import HTTPS_PORT, parse_target
from tlsee.text import printable

# Endings that no top-level domain has, so that a name with one is a file even where it is not here.
RECORDINGS = (".tlsrec", ".pcap", ".pcapng")


def shown_target(word: str) -> str:
    """The target without what a pasted URL has and nobody needs: user, path, query."""
    try:
        target = parse_target(word)
    except Usage:
        return "HOST"
    return target.host if target.port == HTTPS_PORT and ":" not in target.host else str(target)


def looks_like_a_host(word: str) -> bool:
    """Whether somebody means a host: it has a dot or a port, or is this machine."""
    if " " in word or not (any(mark in word for mark in ".:[") or word == "localhost"):
        return False
    try:
        parse_target(word)
    except Usage:
        return False
    return True


def is_a_file(word: str) -> bool:
    """Whether it names a file: one that is there, or one of a kind that no host is named like."""
    if word.lower().endswith(RECORDINGS):
        return "://" not in word
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def odd_file(word: str) -> Usage | None:
    """What to say of something that is there and is no ordinary file; ``None`` of all else."""
    if word == "-":
        return Usage("files are not read from standard input", "write it to a file, and name that")
    try:
        path = Path(word)
        if path.is_dir():
            return Usage(f"{printable(word, 60)} is a directory", "name a file in it")
        if path.exists():
            return Usage(
                f"{printable(word, 60)} is no ordinary file", "copy what it has to one, and name it"
            )
    except (OSError, ValueError):
        pass
    return None


def no_file(word: str) -> None:
    """Refuse a file where a host is wanted.

    A file that is there and is named like a host is taken for the host: people keep certificates
    under such names.

    Raises:
        Usage: it names a file, and the command that was meant is in the text.
    """
    if not is_a_file(word):
        return
    if looks_like_a_host(word) and not word.lower().endswith(RECORDINGS) and "/" not in word:
        return
    name = printable(word, 60)
    raise Usage(f"{name} is a file, and no host", f"to explain it, type: tlsee explain {name}")

"""Running tshark on a capture: what it reads in it, and what it finds wrong with it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.support.missing import missing

__all__ = ["complaints", "fields", "run", "streams", "version"]

_PACKAGE = "tshark (Debian, Ubuntu) or wireshark-cli"
# Off by default, because captures are taken before the network's hardware fills them in.
_CHECKS = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
# What a capture of ours is allowed to have pointed out: how connections begin and end.
_FINE = (
    "Connection establish",
    "Connection finish",
    "This frame initiates the connection closing",
    "This frame undergoes the connection closing",
    "This session reuses previously negotiated keys",
    "Connection reset",
)


@cache
def version() -> str:
    """Its two first numbers, such as ``4.0``."""
    told = subprocess.run(
        [_found("tshark"), "--version"], capture_output=True, text=True, check=True
    )
    found = re.search(r"\d+\.\d+", told.stdout)
    return found[0] if found is not None else ""


def _found(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        missing(tool, _PACKAGE)
    return found


def run(capture: Path, *options: str, tool: str = "tshark") -> str:
    """What it prints; the test is skipped where there is none."""
    found = _found(tool)
    argv = [found, str(capture)] if tool == "capinfos" else [found, "-r", str(capture)]
    ran = subprocess.run([*argv, *options], capture_output=True, text=True, check=True)
    return ran.stdout


def fields(capture: Path, *names: str, only: str = "") -> list[list[str]]:
    """For each packet, or those that a display filter leaves, the values of these fields."""
    options = ["-T", "fields", "-E", "separator=;", "-2", *_CHECKS]
    for name in names:
        options += ["-e", name]
    if only:
        options += ["-Y", only]
    return [line.split(";") for line in run(capture, *options).splitlines()]


def complaints(capture: Path) -> list[str]:
    """What its experts say, but for comments of ours and what is as it should be."""
    said = run(capture, "-q", "-z", "expert", *_CHECKS).splitlines()
    return [line.strip() for line in said if _is_complaint(line)]


def _is_complaint(line: str) -> bool:
    first = line.split()[:1]
    if not first or not first[0].isdigit() or line.split()[1] == "Comment":
        return False
    return not any(fine in line for fine in _FINE)


def streams(capture: Path, numbers: Iterable[int], client: str) -> dict[int, dict[bool, bytes]]:
    """The application's bytes in connections, decrypted; ``True`` are those of ``client``."""
    options = [option for number in numbers for option in ("-z", f"follow,tls,raw,{number}")]
    found: dict[int, dict[bool, bytes]] = {}
    told, first = {True: b"", False: b""}, True
    for line in run(capture, "-q", *options).splitlines():
        if line.startswith("Filter: tcp.stream eq "):
            told, first = {True: b"", False: b""}, True
            found[int(line.rpartition(" ")[2])] = told
        elif line.startswith("Node 0: "):
            first = line.startswith(f"Node 0: {client}:")
        elif re.fullmatch(r"\t?[0-9a-f]+", line):
            told[first is not line.startswith("\t")] += bytes.fromhex(line.strip())
    return found

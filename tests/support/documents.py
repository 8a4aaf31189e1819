"""What a document asks its reader to type, taken out of its Markdown.

Only fenced blocks count, and only these:

* ``console`` or ``sh``: a line that begins with ``$ `` is a command (a backslash at its end
  continues it); the lines below it, up to the next command, are what the reader should see;
* ``python``: a program of its own. ``python watch.py`` as the fence's words means: this is the
  file watch.py, which a later command runs.

A comment on the line above the fence says what is different about a block:

* ``<!-- not run: reason -->``
* ``<!-- continues -->``: this Python goes on where the Python block before it ended
* ``<!-- exit: 1 -->``: the status that every command of the block ends with
* ``<!-- output not compared: reason -->``
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "Command", "blocks", "loose_commands"]

_FENCE = re.compile(
    r"^(?:<!-- *(?P<remark>[^\n]*?) *-->\n)?```(?P<words>[^\n`]*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_NEEDS_REASON = ("not run", "output not compared")


@dataclass(frozen=True)
class Command:
    """A command line as typed, and the lines that should be seen after it."""

    line: int
    typed: str
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A fenced block that is to be run; `line` is the fence's, counted from one."""

    line: int
    language: str
    filename: str
    body: str
    status: int = 0
    continues: bool = False
    compared: bool = True

    @property
    def commands(self) -> tuple[Command, ...]:
        """The block's commands, in order."""
        found: list[Command] = []
        lines = self.body.splitlines()
        at = 0
        while at < len(lines):
            if not lines[at].startswith("$ "):
                msg = f"line {self.line + 1 + at}: output before any command: {lines[at]!r}"
                raise ValueError(msg)
            start, typed = at, lines[at][2:]
            while typed.endswith("\\"):
                at += 1
                typed = typed[:-1] + lines[at].removeprefix("> ").lstrip()
            at += 1
            shown = []
            while at < len(lines) and not lines[at].startswith("$ "):
                shown.append(lines[at])
                at += 1
            found.append(Command(self.line + 1 + start, typed, tuple(shown)))
        return tuple(found)


def blocks(document: Path) -> list[Block]:
    """The blocks of `document` that are to be run, in its order.

    Raises ``ValueError`` for a remark that is not understood or lacks its reason.
    """
    text = document.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, _, filename = match["words"].strip().partition(" ")
        if language not in {"console", "sh", "python"}:
            continue
        line = text.count("\n", 0, match.start("words")) + 1
        remark, _, said = (match["remark"] or "").partition(":")
        said = said.strip()
        if remark in _NEEDS_REASON and not said:
            msg = f"{document.name}:{line}: {remark!r} needs a reason"
            raise ValueError(msg)
        if remark == "not run":
            continue
        if remark not in {"", "continues", "exit", "output not compared"}:
            msg = f"{document.name}:{line}: remark not understood: {remark!r}"
            raise ValueError(msg)
        found.append(
            Block(
                line=line,
                language=language,
                filename=filename.strip(),
                body=match["body"],
                status=int(said) if remark == "exit" else 0,
                continues=remark == "continues",
                compared=remark != "output not compared",
            )
        )
    return found


def loose_commands(document: Path) -> list[str]:
    """Commands that stand outside any fence, where nothing would run them."""
    text = document.read_text(encoding="utf-8")
    outside = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    outside = re.sub(r"^```.*?^```$", "", outside, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^(?: {4}|\t)(?:\$ |uvx |import tlsee).*$", outside, re.MULTILINE)
    inline = re.findall(r"`((?:\$ |uvx |pip install )[^`\n]*)`", outside)
    return [command.strip() for command in (*indented, *inline)]

"""What the lines that open records have in common: values with their names, the record itself."""

from __future__ import annotations

from htpy import Node, a, span

from tlsee.explain.keytree import ABSENT
from tlsee.explain.report.html.sheet import Sheet

__all__ = ["link", "number_words", "record_line", "value_of"]

RECORD_SHOWN = 2_048  # bytes of a record that stand in its recipe


def link(sheet: Sheet, name: str) -> Node:
    """A value's name, leading to its row among the keys."""
    target = sheet.key_ids.get(name)
    return a(href=f"#{target}")[name] if target else span[name]


def number_words(number: int) -> str:
    """What a record's number is."""
    return f"{number}: so many records of this side were under this key before it"


def value_of(sheet: Sheet, name: str) -> str:
    """A value as Python, or what to fill in."""
    found = sheet.key_value(name)
    if found is None:
        return f'bytes.fromhex("...")  {ABSENT}: {name}'
    return f'bytes.fromhex("{found.hex()}")  # {name}'


def record_line(sheet: Sheet, raw: bytes, key: str) -> str:
    """The record as Python, where it is short and its key is known."""
    if sheet.key_value(key) is not None and len(raw) <= RECORD_SHOWN:
        return f'record = bytes.fromhex("{raw.hex()}")'
    return 'record = bytes.fromhex("...")  # as it travelled, above'

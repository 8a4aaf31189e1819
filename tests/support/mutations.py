"""Damage: to bytes, to records, to handshake messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st


class Damage(NamedTuple):
    """One change; ``where`` and ``value`` are taken modulo whatever they are for."""

    kind: str
    where: int
    value: int


def flip(data: bytes, where: int, value: int) -> bytes:
    at = where % len(data)
    return data[:at] + bytes((data[at] ^ 1 << value % 8,)) + data[at + 1 :]


def overwrite(data: bytes, where: int, value: int) -> bytes:
    at = where % len(data)
    return data[:at] + bytes((value & 0xFF,)) + data[at + 1 :]


def insert(data: bytes, where: int, value: int) -> bytes:
    at = where % (len(data) + 1)
    return data[:at] + bytes((value & 0xFF,)) * (1 + value % 5) + data[at:]


def delete(data: bytes, where: int, value: int) -> bytes:
    at = where % len(data)
    return data[:at] + data[at + 1 + value % 5 :]


def duplicate(data: bytes, where: int, value: int) -> bytes:
    at = where % len(data)
    return data[: at + 1 + value % 40] + data[at:]


def truncate(data: bytes, where: int, value: int) -> bytes:
    return data[: where % len(data)]


BYTES: dict[str, Callable[[bytes, int, int], bytes]] = {
    "flip": flip,
    "overwrite": overwrite,
    "insert": insert,
    "delete": delete,
    "duplicate": duplicate,
    "truncate": truncate,
}


def split(data: bytes) -> list[bytes]:
    """The records; what is left over is the last one."""
    records = []
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        records.append(data[:end])
        data = data[end:]
    return records


def drop(records: list[bytes], where: int, value: int) -> list[bytes]:
    at = where % len(records)
    return records[:at] + records[at + 1 :]


def repeat(records: list[bytes], where: int, value: int) -> list[bytes]:
    at = where % len(records)
    return records[: at + 1] + records[at:]


def swap(records: list[bytes], where: int, value: int) -> list[bytes]:
    one, other = where % len(records), value % len(records)
    changed = list(records)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def halve(records: list[bytes], where: int, value: int) -> list[bytes]:
    """One record in the clear becomes two, which is no damage at all."""
    at = where % len(records)
    header, content = records[at][:3], records[at][5:]
    if len(content) < 2 or header[0] != 22:
        return records
    cut = 1 + value % (len(content) - 1)
    parts = [
        header + len(part).to_bytes(2, "big") + part for part in (content[:cut], content[cut:])
    ]
    return records[:at] + parts + records[at + 1 :]


def inject(records: list[bytes], where: int, value: int) -> list[bytes]:
    """A record of the attacker's own."""
    at = where % (len(records) + 1)
    own = (
        b"\x14\x03\x03\x00\x01\x01",
        b"\x15\x03\x03\x00\x02\x01\x5a",
        b"\x15\x03\x03\x00\x02\x01\x00",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x16\x03\x03\x00\x04\x14\x00\x00\x00",
        b"\x17\x03\x03\x00\x00",
        b"\x17\x03\x03\x00\x11" + bytes(17),
        b"\x16\x03\x03\x00\x00",
    )
    return [*records[:at], own[value % len(own)], *records[at:]]


RECORDS: dict[str, Callable[[list[bytes], int, int], list[bytes]]] = {
    "drop": drop,
    "repeat": repeat,
    "swap": swap,
    "halve": halve,
    "inject": inject,
}


def damaged(data: bytes, damage: Damage) -> bytes:
    """The bytes of a flight, changed."""
    if not data:
        return data
    if damage.kind in RECORDS:
        return b"".join(RECORDS[damage.kind](split(data), damage.where, damage.value))
    return BYTES[damage.kind](data, damage.where, damage.value)


def damages(*kinds: str) -> st.SearchStrategy[Damage]:
    """Any damage of these kinds; the beginning is hit more often than the rest."""
    where = st.one_of(st.integers(0, 120), st.integers(0, 1 << 16))
    return st.builds(Damage, st.sampled_from(kinds), where, st.integers(0, 1 << 16))

"""Whether a value is as a published schema says: the part of JSON Schema 2020-12 that ours use."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.support.house import REPOSITORY

__all__ = ["complaints", "schema"]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_UNDERSTOOD = {
    "$schema", "$defs", "$ref", "title", "description", "type", "required", "properties",
    "additionalProperties", "items", "enum", "const", "anyOf",
}  # fmt: skip


@cache
def schema(name: str) -> Any:
    """A schema of docs/schemas, such as ``tlsee.connect/1``."""
    path = REPOSITORY / "docs" / "schemas" / f"{name.replace('/', '-')}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def complaints(item: Any, rules: Any, root: Any = None, where: str = "$") -> list[str]:
    """What is wrong with a value; empty where it keeps to the schema.

    Members that no schema names are complained about too: whoever adds one publishes it.
    """
    root = rules if root is None else root
    assert set(rules) <= _UNDERSTOOD, f"{where}: {set(rules) - _UNDERSTOOD} is not understood here"
    if "$ref" in rules:
        return complaints(item, root["$defs"][rules["$ref"].rpartition("/")[2]], root, where)
    if "anyOf" in rules:
        found = [complaints(item, one, root, where) for one in rules["anyOf"]]
        return [] if [] in found else found[-1]
    if "const" in rules and item != rules["const"]:
        return [f"{where} is {item!r}, not {rules['const']!r}"]
    if "enum" in rules and item not in rules["enum"]:
        return [f"{where} is {item!r}, not one of {rules['enum']}"]
    if "type" in rules and not _is(item, rules["type"]):
        return [f"{where} is {type(item).__name__}, not {rules['type']}"]
    if isinstance(item, dict):
        return _members(item, rules, root, where)
    if isinstance(item, list) and "items" in rules:
        each = [complaints(one, rules["items"], root, f"{where}[]") for one in item]
        return [line for lines in each for line in lines]
    return []


def _is(item: Any, wanted: str | list[str]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(item, bool):
        return "boolean" in names
    return isinstance(item, tuple(kind for name in names for kind in _TYPES[name]))


def _members(item: dict[str, Any], rules: Any, root: Any, where: str) -> list[str]:
    found = [f"{where} lacks {name}" for name in rules.get("required", []) if name not in item]
    known = rules.get("properties", {})
    for name, member in item.items():
        inner = known.get(name, rules.get("additionalProperties"))
        if inner is None:
            found.append(f"{where}.{name} is not in the schema")
        else:
            found += complaints(member, inner, root, f"{where}.{name}")
    return found

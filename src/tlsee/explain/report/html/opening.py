"""How a protected record is opened by hand: which key, which nonce, and the lines that do it."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import Node, a, button, code, dd, details, div, dl, dt, pre, span, summary

from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.crypto.suites12 import AeadCipher, suites12
from tlsee.explain.account import RecordView
from tlsee.explain.keytree import ABSENT
from tlsee.explain.report.html.markup import clause_of
from tlsee.explain.report.html.sheet import Sheet
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.values import value

__all__ = ["opening"]

RECORD_SHOWN = 2_048  # bytes of a record that stand in its recipe
_CLASSES = (("CHACHA20", "ChaCha20Poly1305"), ("CCM", "AESCCM"), ("GCM", "AESGCM"))


@value
class _Rule:
    """How a suite's AEAD makes its nonce; ``explicit`` bytes of it travel in each record."""

    aead: str
    arguments: str
    explicit: int
    clause: str


def opening(sheet: Sheet, view: RecordView) -> Node:
    """What it takes to open a record; ``None`` for one in the clear, or with CBC.

    CBC's order of MAC and padding is no one-liner, and the page does not pretend that it is.
    """
    protection = view.seen.protection
    if protection is None or view.seen.left_out or not sheet.amounts.openings:
        return None
    rule = _rule(protection.suite, protection.version)
    if rule is None:
        return None
    key = sheet.key_name(protection.key)
    text = "\n".join(_lines(sheet, view, rule, key)) + "\n"
    return details(".fold")[
        summary["How it is opened"],
        dl[[(dt[term], dd[words]) for term, words in _facts(sheet, view, rule, key)]],
        div(".recipe")[
            button(".copy", type="button", hidden=True)["Copy"],
            pre(tabindex="0", role="group", aria_label=f"Python for record {view.number}")[
                code[text]
            ],
        ],
    ]


def _rule(suite: CipherSuite, version: ProtocolVersion) -> _Rule | None:
    aead = next((name for part, name in _CLASSES if part in suite.name), "")
    arguments = "key, tag_length=8" if "CCM_8" in suite.name else "key"
    if not aead:
        return None
    if version >= ProtocolVersion.TLS13:
        return _Rule(aead, arguments, 0, "RFC 9846, 5.3")
    row = suites12().get(suite)
    if row is None or not isinstance(row.cipher, AeadCipher):
        return None
    clause = "RFC 5246, 6.2.3.3" if row.cipher.explicit_length else "RFC 7905, 2"
    return _Rule(aead, arguments, row.cipher.explicit_length, clause)


def _iv_of(key: str) -> str:
    return key.replace("_write_key", "_write_iv" if "(" in key else "_write_IV")


def _facts(sheet: Sheet, view: RecordView, rule: _Rule, key: str) -> Iterator[tuple[str, Node]]:
    protection = view.seen.protection
    assert protection is not None
    number = sheet.sequence_number(view)
    yield "Key", _link(sheet, key)
    yield "Number", f"{number}: so many records of this side were under this key before it"
    how = " XOR the number, as long as it is"
    if rule.explicit:
        how = f" and the {rule.explicit} bytes that begin the record"
    yield "Nonce", [_link(sheet, _iv_of(key)), how, " ", clause_of(rule.clause)]
    if protection.version >= ProtocolVersion.TLS13:
        words = "the header, so that nobody can change it "
        yield "Additional data", [words, code[view.seen.raw[:HEADER_LENGTH].hex(" ")]]
        yield "Inside", "the content, its type in one byte, and zeros as padding"
    else:
        yield "Additional data", "the number, and the header with the length of the content"


def _link(sheet: Sheet, name: str) -> Node:
    target = sheet.key_ids.get(name)
    return a(href=f"#{target}")[name] if target else span[name]


def _lines(sheet: Sheet, view: RecordView, rule: _Rule, key: str) -> Iterator[str]:
    protection = view.seen.protection
    assert protection is not None
    number = sheet.sequence_number(view)
    raw = view.seen.raw
    known = sheet.key_value(key) is not None and len(raw) <= RECORD_SHOWN
    yield f"from cryptography.hazmat.primitives.ciphers.aead import {rule.aead}"
    yield f"key = {_value(sheet, key)}"
    yield f"iv = {_value(sheet, _iv_of(key))}"
    octets = f'"{raw.hex()}"' if known else '"..."'
    yield f"record = bytes.fromhex({octets})" + ("" if known else "  # as it travelled, above")
    if rule.explicit:
        start = HEADER_LENGTH + rule.explicit
        yield f"nonce, sealed = iv + record[5:{start}], record[{start}:]"
    else:
        yield f'nonce = (int.from_bytes(iv, "big") ^ {number}).to_bytes(12, "big")'
        yield "sealed = record[5:]"
    if protection.version >= ProtocolVersion.TLS13:
        yield "additional = record[:5]"
    else:
        tag = 8 if "8" in rule.arguments else 16
        yield f'length = (len(sealed) - {tag}).to_bytes(2, "big")'
        yield f'additional = ({number}).to_bytes(8, "big") + record[:3] + length'
    yield f"print({rule.aead}({rule.arguments}).decrypt(nonce, sealed, additional).hex())"


def _value(sheet: Sheet, name: str) -> str:
    found = sheet.key_value(name)
    if found is None:
        return f'bytes.fromhex("...")  {ABSENT}: {name}'
    return f'bytes.fromhex("{found.hex()}")  # {name}'

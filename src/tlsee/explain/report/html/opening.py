"""How a protected record is opened by hand: which key, which nonce, and the lines that do it."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import Node, button, code, dd, details, div, dl, dt, pre, summary

from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.crypto.suites12 import AeadCipher, suites12
from tlsee.explain.account import RecordView
from tlsee.explain.report.html.markup import clause_of
from tlsee.explain.report.html.opening_cbc import cbc_facts, cbc_lines, cbc_of
from tlsee.explain.report.html.opening_values import link, number_words, record_line, value_of
from tlsee.explain.report.html.sheet import Sheet
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.values import value

__all__ = ["opening"]

_CLASSES = (("CHACHA20", "ChaCha20Poly1305"), ("CCM", "AESCCM"), ("GCM", "AESGCM"))


@value
class _Rule:
    """How a suite's AEAD makes its nonce; ``explicit`` bytes of it travel in each record."""

    aead: str
    arguments: str
    explicit: int
    clause: str


def opening(sheet: Sheet, view: RecordView) -> Node:
    """What it takes to open a record; ``None`` for one in the clear."""
    protection = view.seen.protection
    if protection is None or view.seen.left_out or not sheet.amounts.openings:
        return None
    key = sheet.key_name(protection.key)
    cbc = cbc_of(protection)
    rule = _rule(protection.suite, protection.version)
    if cbc is not None:
        program, facts = cbc_lines(sheet, view, cbc, key), cbc_facts(sheet, view, cbc, key)
    elif rule is not None:
        program, facts = _lines(sheet, view, rule, key), _facts(sheet, view, rule, key)
    else:
        return None
    text = "\n".join(program) + "\n"
    return details(".fold")[
        summary["How it is opened"],
        dl[[(dt[term], dd[words]) for term, words in facts]],
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
    yield "Key", link(sheet, key)
    yield "Number", number_words(number)
    how = " XOR the number, as long as it is"
    if rule.explicit:
        how = f" and the {rule.explicit} bytes that begin the record"
    yield "Nonce", [link(sheet, _iv_of(key)), how, " ", clause_of(rule.clause)]
    if protection.version >= ProtocolVersion.TLS13:
        words = "the header, so that nobody can change it "
        yield "Additional data", [words, code[view.seen.raw[:HEADER_LENGTH].hex(" ")]]
        yield "Inside", "the content, its type in one byte, and zeros as padding"
    else:
        yield "Additional data", "the number, and the header with the length of the content"


def _lines(sheet: Sheet, view: RecordView, rule: _Rule, key: str) -> Iterator[str]:
    protection = view.seen.protection
    assert protection is not None
    number = sheet.sequence_number(view)
    raw = view.seen.raw
    yield f"from cryptography.hazmat.primitives.ciphers.aead import {rule.aead}"
    yield f"key = {value_of(sheet, key)}"
    yield f"iv = {value_of(sheet, _iv_of(key))}"
    yield record_line(sheet, raw, key)
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

"""How a record with CBC is opened by hand: encryption, padding and MAC, in either order."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import Node

from tlsee.crypto.suites12 import CbcCipher, suites12
from tlsee.explain.account import RecordView
from tlsee.explain.dissect.protection import Protection
from tlsee.explain.report.html.markup import clause_of
from tlsee.explain.report.html.opening_values import link, number_words, record_line, value_of
from tlsee.explain.report.html.sheet import Sheet
from tlsee.values import value

__all__ = ["Cbc", "cbc_facts", "cbc_lines", "cbc_of"]


@value
class Cbc:
    """What protects a record.

    Attributes:
        mac_name: the hash of its MAC, as hashlib calls it. mac_length: of the MAC in bytes.
        late: whether the MAC is over what was encrypted (RFC 7366).
    """

    mac_name: str
    mac_length: int
    late: bool


def cbc_of(protection: Protection) -> Cbc | None:
    """``None`` for all other protections."""
    row = suites12().get(protection.suite)
    if row is None or not isinstance(row.cipher, CbcCipher):
        return None
    return Cbc(row.cipher.mac_name, row.cipher.mac_length, protection.encrypt_then_mac)


def _mac_key(key: str) -> str:
    return key.replace("_write_key", "_write_MAC_key")


def cbc_facts(sheet: Sheet, view: RecordView, cbc: Cbc, key: str) -> Iterator[tuple[str, Node]]:
    """What goes into it, in words."""
    yield "Key", link(sheet, key)
    yield "Key of the MAC", link(sheet, _mac_key(key))
    yield "Number", number_words(sheet.sequence_number(view))
    if cbc.late:
        order = "encrypted first: the MAC is over the IV and what is encrypted, and comes last "
    else:
        order = "MAC first: content, MAC and padding are encrypted together "
    yield "Order", [order, clause_of("RFC 7366, 3" if cbc.late else "RFC 5246, 6.2.3.2")]
    yield "IV", "the block that begins the record"
    yield "Padding", "its last byte says how many come before it"


def cbc_lines(sheet: Sheet, view: RecordView, cbc: Cbc, key: str) -> Iterator[str]:
    """Python that opens the record. It is no way to do so while a peer waits: times would tell."""
    raw, number = view.seen.raw, sheet.sequence_number(view)
    yield "import hmac"
    yield "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes"
    yield f"key = {value_of(sheet, key)}"
    yield f"mac_key = {value_of(sheet, _mac_key(key))}"
    yield record_line(sheet, raw, key)
    if cbc.late:
        yield f"sealed, mac = record[5:-{cbc.mac_length}], record[-{cbc.mac_length}:]"
    else:
        yield "sealed = record[5:]"
    yield "opener = Cipher(algorithms.AES(key), modes.CBC(sealed[:16])).decryptor()"
    yield "inner = opener.update(sealed[16:]) + opener.finalize()"
    yield "content = inner[: -1 - inner[-1]]  # without padding"
    over = "sealed"
    if not cbc.late:
        yield f"content, mac = content[:-{cbc.mac_length}], content[-{cbc.mac_length}:]"
        over = "content"
    yield f'number = ({number}).to_bytes(8, "big")'
    yield f'over = number + record[:3] + len({over}).to_bytes(2, "big") + {over}'
    yield f'assert hmac.compare_digest(mac, hmac.digest(mac_key, over, "{cbc.mac_name}"))'
    yield "print(content.hex())"

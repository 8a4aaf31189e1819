"""How protected records are laid out: where nonces, MACs, tags and padding stand."""

from __future__ import annotations

from tlsee.codes import CipherSuite, ContentType, ProtocolVersion
from tlsee.crypto.suites12 import AES_BLOCK, CbcCipher, suites12
from tlsee.explain.dissect.field import Field
from tlsee.explain.dissect.meaning import code_words
from tlsee.explain.layout import short_hex
from tlsee.text import count
from tlsee.values import value


@value
class Protection:
    """Which keys protected a record.

    ``key`` is the name of the key in words, such as ``client handshake traffic key``.
    """

    key: str
    version: ProtocolVersion
    suite: CipherSuite
    encrypt_then_mac: bool = False


@value
class Opened:
    """What was found inside a protected record.

    ``content`` is without type, padding, MAC and tag; ``None`` where only its length is known, as
    in a redacted recording.
    """

    content_type: ContentType
    content: bytes | None
    length: int


@value
class Layout:
    """A protected fragment: lengths in bytes of what stands before and behind the content.

    ``inner`` is the length of type and zeros in TLS 1.3, or of CBC's padding with its length.
    """

    nonce: int
    nonce_name: str
    content: int
    inner: int
    mac: int
    mac_name: str
    mac_first: bool
    clause: str


def tag_length(suite: CipherSuite) -> int:
    """An AEAD's tag: CCM_8 suites have half of one (RFC 6655, 4)."""
    return 8 if "CCM_8" in suite.name else 16


def layout(protection: Protection, fragment: int, content: int) -> Layout | None:
    """The layout of a fragment of this length with content of that; ``None`` if it does not fit."""
    if protection.version >= ProtocolVersion.TLS13:
        tag = tag_length(protection.suite)
        found = Layout(0, "", content, fragment - content - tag, tag, "tag", False, "RFC 9846, 5.2")
        return found if found.inner >= 1 else None
    row = suites12().get(protection.suite)
    if row is None:
        return None
    if isinstance(row.cipher, CbcCipher):
        mac, etm = row.cipher.mac_length, protection.encrypt_then_mac
        inner = fragment - AES_BLOCK - content - mac
        clause = "RFC 7366, 3" if etm else "RFC 5246, 6.2.3.2"
        found = Layout(AES_BLOCK, "IV", content, inner, mac, "MAC", not etm, clause)
        return found if 1 <= inner <= 256 else None
    explicit, tag = row.cipher.explicit_length, row.cipher.tag_length
    found = Layout(explicit, "nonce_explicit", content, 0, tag, "tag", False, "RFC 5246, 6.2.3.3")
    return found if fragment == explicit + content + tag else None


def before(found: Layout, fragment: bytes) -> list[Field]:
    """What stands before the content."""
    if not found.nonce:
        return []
    data = fragment[: found.nonce]
    about = "unpredictable, so that equal blocks look different"
    if found.nonce_name != "IV":
        about = "the sender's part of the nonce; it must never repeat under a key"
    words = f"{count(len(data), 'byte')}: {short_hex(data)}"
    return [Field(found.nonce_name, 0, found.nonce, data, words, about, found.clause)]


def behind(
    found: Layout, fragment: bytes, protection: Protection, opened: Opened, at: int
) -> list[Field]:
    """What stands behind the content, which ends at ``at``."""
    fields: list[Field] = []
    mac = _mac(found, fragment, protection)
    if found.mac_first and found.mac:
        fields.append(mac.moved(at))
        at += found.mac
    if protection.version >= ProtocolVersion.TLS13:
        fields += _inner_end(opened, found.inner, at)
        at += found.inner
    elif found.inner:
        fields += _cbc_padding(found, at)
        at += found.inner
    if not found.mac_first and found.mac:
        fields.append(mac.moved(at))
    return fields


def _mac(found: Layout, fragment: bytes, protection: Protection) -> Field:
    """Tag or MAC; where it stands before the padding it is encrypted, and stays so here."""
    start = len(fragment) - found.mac
    if found.mac_first:
        start -= found.inner
    data = fragment[start : start + found.mac]
    words = f"{count(found.mac, 'byte')}: {short_hex(data)}"
    about = "proves that header and content come from who has the key, unchanged"
    if found.mac_first:
        words = f"{count(found.mac, 'byte')}, encrypted: {short_hex(data)}"
        about = "HMAC over number, header and content, under the encryption"
    elif found.mac_name == "MAC":
        about = "HMAC over number, header, IV and ciphertext"
    return Field(found.mac_name, 0, found.mac, data, words, about, found.clause, protection.key)


def _inner_end(opened: Opened, length: int, at: int) -> list[Field]:
    kind = bytes([opened.content_type])
    clause = "RFC 9846, 5.4"
    about = "what the content is; the header says application_data for all"
    fields = [Field("type", at, at + 1, kind, code_words(opened.content_type), about, clause)]
    if length > 1:
        zeros = bytes(length - 1)
        about = "padding: hides how long the content is"
        words = count(length - 1, "zero byte")
        fields.append(Field("zeros", at + 1, at + length, zeros, words, about, clause))
    return fields


def _cbc_padding(found: Layout, at: int) -> list[Field]:
    """Each byte is the number of padding bytes before the last one (RFC 5246, 6.2.3.2)."""
    number = found.inner - 1
    last = at + number
    fields: list[Field] = []
    if number:
        words = f"{count(number, 'byte')} of {number}"
        about = "fills the last block"
        data = bytes([number]) * number
        fields.append(Field("padding", at, last, data, words, about, found.clause))
    about = "how many bytes of padding stand before this one"
    data = bytes([number])
    fields.append(Field("padding_length", last, last + 1, data, f"{number}", about, found.clause))
    return fields

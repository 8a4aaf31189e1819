"""What a redacted recording leaves out, before anything is kept.

The handshake's messages stay in clear, and their records whole. A record of any other content (the
application's, a heartbeat's, one of a type that nobody knows) keeps its header: its ciphertext is
left out too, for keys can be lost later. Secrets and the provider's journal are not kept at all.

A ticket stays: it is opaque to whoever lacks the server's key, and useless without the secret that
was agreed on beside it. What a session or an external key holds stays in the program.
"""

from __future__ import annotations

from typing import Any

from tlsee.codes import ContentType
from tlsee.crypto.entries import Entry
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.recording.kept import Configuration
from tlsee.recording.seen import seen_choice
from tlsee.trace import CertificateJudged, Choice, RecordReceived, RecordSent, SecretDerived
from tlsee.values import replace

# What is told in messages, alerts and lengths anyhow; a content type not named here goes.
KEPT_WHOLE = frozenset((ContentType.handshake, ContentType.alert, ContentType.change_cipher_spec))
_NEVER = (SecretDerived, Entry, Configuration)


def redacted(item: Any) -> Any:
    """What to keep of a trace event or another item; ``None`` for nothing."""
    if isinstance(item, RecordSent | RecordReceived):
        if item.content_type in KEPT_WHOLE:
            return item
        return replace(item, raw=item.raw[:HEADER_LENGTH])
    if isinstance(item, _NEVER):
        return None
    return without_world(item, in_full=False)


def without_world(item: Any, *, in_full: bool) -> Any:
    """A choice or a verdict without what it holds of the program around it."""
    if isinstance(item, Choice):
        return seen_choice(item, in_full=in_full)
    if isinstance(item, CertificateJudged):
        return CertificateJudged(replace(item.verdict, asked=None, explore=None))
    return item


def wire_length(raw: bytes) -> int:
    """How long a record was on the wire, also where its body was not kept; bytes."""
    if len(raw) != HEADER_LENGTH:
        return len(raw)
    return HEADER_LENGTH + int.from_bytes(raw[3:HEADER_LENGTH])

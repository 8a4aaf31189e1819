"""Our own tickets in their parts, and what they hold for who has the ticket keys.

The bytes shown are always those that travelled: a session's secret is in no field.
"""

from __future__ import annotations

from tlsee.explain.dissect.converting import Content, Reading, reads, struct_field
from tlsee.explain.dissect.cutting import Piece, cut
from tlsee.explain.dissect.der.pkix import CERTIFICATE
from tlsee.explain.dissect.der.walking import read_der
from tlsee.explain.dissect.field import Field
from tlsee.sessions.keyring import ID_LENGTH
from tlsee.sessions.session import TicketContent
from tlsee.sessions.tickets import OVERHEAD, SALT_LENGTH
from tlsee.text import count
from tlsee.values import replace
from tlsee.wire import extensions as ext
from tlsee.wire import messages12, messages13

CLAUSE = "RFC 5077, 4"
KEY = "the server's ticket key"
_TAG_LENGTH = OVERHEAD - ID_LENGTH - SALT_LENGTH


@reads((TicketContent, "secret"), (TicketContent, "psk_fingerprint"))
def _secret(content: Content) -> Reading:
    return f"{count(len(content.data), 'byte')}, secret and not shown", ()


@reads((TicketContent, "peer_chain"))
def _peer(content: Content) -> Reading:
    found = read_der("Certificate", CERTIFICATE, content.data)
    return found.words, (found,)


@reads(
    (messages13.NewSessionTicket, "ticket"),
    (messages12.NewSessionTicket, "ticket"),
    (ext.PskIdentity, "identity"),
    (ext.SessionTicket12, "ticket"),
)
def _ticket(content: Content) -> Reading:
    data, opener = content.data, content.context.open_ticket
    opened = opener(data) if opener is not None else None
    size = len(data) - OVERHEAD
    if size <= 0 or (opened is None and not content.context.own_tickets):
        return "", ()
    parts = cut(
        data,
        Piece("key_name", ID_LENGTH, "which of the server's ticket keys sealed it", CLAUSE),
        Piece("salt", SALT_LENGTH, "makes this ticket's own key of that one", CLAUSE),
        Piece("encrypted_state", size, "the session, for the server's eyes", CLAUSE),
        Piece("tag", _TAG_LENGTH, "proves that the server made it", CLAUSE),
    )
    if opened is not None and len(opened) == size:
        parts = tuple(_opened(p, opened) if p.name == "encrypted_state" else p for p in parts)
    return f"a ticket of ours, {count(len(data), 'byte')}", parts


def _opened(sealed: Field, opened: bytes) -> Field:
    inside = struct_field(TicketContent, opened)
    found = _as_it_travelled(inside, sealed.raw).moved(sealed.start).protected(KEY)
    return replace(sealed, words=found.words, children=found.children, protected_by=KEY)


def _as_it_travelled(field: Field, sealed: bytes) -> Field:
    """The same words over the ciphertext, which is as long as what is in it."""
    children = tuple(_as_it_travelled(child, sealed) for child in field.children)
    return replace(field, raw=sealed[field.start : field.end], children=children)

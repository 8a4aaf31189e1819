"""What a client offered, for ``tlsee serve``'s page and its JSON log.

A hello can name tens of thousands of values: a log line has room for some of each.
"""

from __future__ import annotations

from typing import Any

from tlsee.explain.story import Story
from tlsee.offer import ClientOffer
from tlsee.text import printable
from tlsee.wire.hellos import ClientHello

LISTED = 100  # values of one list; clients that are meant seriously offer some thirty at most
LONGEST = 4096  # characters of a fingerprint's raw form; theirs have some 300
NAME_LENGTH = 255  # characters of a host or protocol name


def offer_in(story: Story) -> ClientOffer | None:
    """The offer of the first hello, if one came."""
    hello = story.first(ClientHello)
    return ClientOffer(hello) if hello is not None else None


def fingerprint_rows(offer: ClientOffer) -> list[tuple[str, str]]:
    """The fingerprints as pairs of label and text."""
    return [("JA4", offer.ja4), ("JA3", offer.ja3)]


def offer_object(offer: ClientOffer | None) -> dict[str, Any] | None:
    """The offer for JSON, or ``None`` where no hello came."""
    if offer is None:
        return None
    name = offer.server_name
    return {
        "server_name": printable(name, NAME_LENGTH) if name is not None else None,
        "alpn": [printable(protocol, NAME_LENGTH) for protocol in offer.alpn[:LISTED]],
        "versions": [version.label for version in offer.versions],
        "suites": _names(offer.suites),
        "groups": _names(offer.groups),
        "key_shares": _names(offer.key_shares),
        "schemes": _names(offer.schemes),
        "extensions": _names(offer.extensions),
        "grease": offer.has_grease,
        "session": offer.has_session,
        "early_data": offer.has_early_data,
        "post_handshake_auth": offer.post_handshake_auth,
        "record_size_limit": offer.record_size_limit,
        "max_fragment_length": offer.max_fragment_length,
        "ja3": offer.ja3,
        "ja3_full": _short(offer.ja3_full),
        "ja4": offer.ja4,
        "ja4_r": _short(offer.ja4_r),
    }


def _names(codes: tuple[object, ...]) -> list[str]:
    return [str(code) for code in codes[:LISTED]]


def _short(text: str) -> str | None:
    return text if len(text) <= LONGEST else None

"""What every refusal must look like, and edits that provoke them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.support.endpoints import events_of
from tests.support.hostile import ALERT, Edit, Heard, Puppet
from tlsee.codes import AlertLevel, ExtensionType
from tlsee.connection.events import HandshakeDone
from tlsee.errors import PeerMisbehaved, Reason, TLSError
from tlsee.values import replace
from tlsee.wire.codec import encode
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.block import AnyExtension, UnknownExtension


class Misdeed(NamedTuple):
    """One thing that a peer does wrong, and what becomes of it.

    ``protected`` says under what the alert leaves: ``None`` means under keys whenever the peer
    could have them. ``words`` must stand in the text.
    """

    name: str
    reason: Reason
    attack: Callable[[], Puppet]
    kind: type[TLSError] = PeerMisbehaved
    words: str = ""
    protected: bool | None = None

    def check(self) -> TLSError:
        """Do it, and look at the refusal."""
        peer = self.attack()
        left = set(peer.edits) - peer.used
        assert not left, f"edits of messages that were never said: {left}"
        return refused(peer, self.reason, self.kind, self.words, self.protected)


def names(misdeed: Misdeed) -> str:
    """For test ids."""
    return misdeed.name


def refused(
    peer: Puppet,
    reason: Reason,
    kind: type[TLSError] = PeerMisbehaved,
    words: str = "",
    protected: bool | None = None,
) -> TLSError:
    """The victim refuses for this reason, says so in one line, and told the peer."""
    error = raised_again_and_again(peer)
    assert error.reason == reason, error
    assert type(error) is kind
    check_text(error, words)
    assert reason.sentence in str(error)
    under_keys = peer.opener is not None if protected is None else protected
    level_and_description = bytes((AlertLevel.fatal, reason.alert))
    assert peer.heard[-1] == Heard(ALERT, level_and_description, under_keys)
    assert sum(one.content_type == ALERT for one in peer.heard) == 1
    assert error.evidence.alert_sent == reason.alert
    return error


def raised_again_and_again(peer: Puppet) -> TLSError:
    """The error of a connection that failed: the same one on each call, and no way to go on."""
    with pytest.raises(TLSError) as first:
        events_of(peer.victim)
    with pytest.raises(TLSError) as second:
        peer.victim.next_event()
    assert first.value is second.value is peer.victim.failure
    with pytest.raises(TLSError):
        peer.victim.write(b"more")
    before = len(peer.heard)
    peer.deliver(peer.sealed(23, b"more"))
    assert len(peer.heard) == before, "a connection that failed says nothing more"
    return first.value


def check_text(error: TLSError, words: str = "") -> None:
    """One line of printable ASCII."""
    text = str(error)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 600
    assert words in text, text


def done(peer: Puppet) -> bool:
    """Whether the victim believes that the handshake is complete; it has not failed."""
    return any(isinstance(event, HandshakeDone) for event in events_of(peer.victim))


# --- Edits ------------------------------------------------------------------------------------


def changed(**fields: Any) -> Edit:
    """Other values in these fields."""
    return lambda message: replace(message, **fields)


def without(*types: ExtensionType) -> Edit:
    """These extensions are left out."""

    def edit(message: Any) -> Any:
        kept = [item for item in message.extensions if item.extension_type not in types]
        return replace(message, extensions=Extensions.of(*kept))

    return edit


def carrying(*added: AnyExtension) -> Edit:
    """These extensions in the place of those of their types, or at the end."""

    def edit(message: Any) -> Any:
        new = {item.extension_type: item for item in added}
        kept = [new.pop(item.extension_type, item) for item in message.extensions]
        return replace(message, extensions=Extensions.of(*kept, *new.values()))

    return edit


def bearing(kind: int, data: bytes = b"") -> Edit:
    """An extension with any type and any data."""
    return carrying(UnknownExtension(ExtensionType.of(kind), data))


def repeated(item: UnknownExtension | None = None) -> Edit:
    """A second extension of a type that is there already: ``item``, or the first one again."""

    def edit(message: Any) -> bytes:
        raw = encode(message)
        bare = len(encode(replace(message, extensions=Extensions.of())))
        block = raw[bare:]
        more = block[: 4 + int.from_bytes(block[2:4], "big")]
        if item is not None:
            more = item.extension_type.to_bytes(2, "big") + len(item.data).to_bytes(2, "big")
            more += item.data
        length = (len(block) + len(more)).to_bytes(2, "big")
        body = raw[4 : bare - 2] + length + block + more
        return raw[:1] + len(body).to_bytes(3, "big") + body

    return edit


def cut(count: int = 1) -> Edit:
    """The message ends too early; its header says so."""

    def edit(message: Any) -> bytes:
        body = encode(message)[4:-count]
        return encode(message)[:1] + len(body).to_bytes(3, "big") + body

    return edit


def longer(more: bytes = b"\x00") -> Edit:
    """The message has bytes that belong to nothing; its header counts them."""

    def edit(message: Any) -> bytes:
        body = encode(message)[4:] + more
        return encode(message)[:1] + len(body).to_bytes(3, "big") + body

    return edit


def omitted(_: Any) -> None:
    """The message is left out."""
    return


def twice(message: Any) -> list[Any]:
    """The message is said again."""
    return [message, message]


def also(*more: Any) -> Edit:
    """More messages follow."""
    return lambda message: [message, *more]


def before(*more: Any) -> Edit:
    """Other messages come first."""
    return lambda message: [*more, message]


def instead(other: Any) -> Edit:
    """Another message altogether."""
    return lambda _: other

"""How long records may be: record_size_limit (RFC 8449) or max_fragment_length (RFC 6066, 4).

With the former each side says what it accepts, and it holds for protected records. With the latter
the client says one length for both directions, and it holds for every record, also before there
are keys. A server that has the former ignores the latter (RFC 8449, 5).
"""

from __future__ import annotations

from tlsee import defaults
from tlsee.codes12 import MaxFragmentLength
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.flow import Flow
from tlsee.values import value
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.max_fragment_length import MaxFragmentLengthNegotiation
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit
from tlsee.wire.hellos import ClientHello

SMALLEST = 64  # RFC 8449, 4: of a record_size_limit


@value
class RecordLimits:
    """What both sides agreed on: the peer's record_size_limit, or a fragment length, or nothing."""

    size_limit: int | None = None
    fragment: MaxFragmentLength | None = None


def limits_of_client(config: ServerConfig, hello: ClientHello) -> RecordLimits:
    """What a server takes of a client's wishes.

    Raises:
        PeerMisbehaved: ``record_size_limit_too_small``.
    """
    size_limit = _size_limit(hello.extensions)
    if size_limit is not None and config.record_size_limit is not None:
        return RecordLimits(size_limit=size_limit)
    wish = hello.extensions.get(MaxFragmentLengthNegotiation)
    return RecordLimits(fragment=wish.max_fragment_length if wish is not None else None)


def limits_of_server(hello: ClientHello, answers: Extensions) -> RecordLimits:
    """What a client learns from the server's answers to its hello.

    Raises:
        PeerMisbehaved: ``record_size_limit_too_small``, ``two_record_limits`` or
            ``max_fragment_length_changed``.
    """
    size_limit = _size_limit(answers)
    answer = answers.get(MaxFragmentLengthNegotiation)
    if answer is None:
        return RecordLimits(size_limit=size_limit)
    if size_limit is not None:
        raise PeerMisbehaved(Reasons.two_record_limits)
    wish = hello.extensions.get(MaxFragmentLengthNegotiation)
    if wish is None or answer.max_fragment_length != wish.max_fragment_length:
        detail = f"{answer.max_fragment_length.length:,} bytes"
        raise PeerMisbehaved(Reasons.max_fragment_length_changed, detail)
    return RecordLimits(fragment=answer.max_fragment_length)


def keep_to(
    limits: RecordLimits, config: ClientConfig | ServerConfig, flow: Flow, *, older: bool
) -> None:
    """Records of both directions are as short as agreed from here on.

    The flow counts as TLS 1.3 does, content type included; in TLS 1.2 (``older``) there is none
    inside, and a limit is for the content alone (RFC 8449, 4).
    """
    if limits.fragment is not None:
        longest = limits.fragment.length + 1
        flow.limit_records(longest, longest, in_the_clear=True)
    elif limits.size_limit is not None:
        ours = announced(config, older=older) or defaults.RECORD_SIZE_LIMIT
        ours = min(ours + older, defaults.RECORD_SIZE_LIMIT)
        flow.limit_records(ours, limits.size_limit + older)


def announced(config: ClientConfig | ServerConfig, *, older: bool) -> int | None:
    """Our record_size_limit as it goes over the wire; a client's hello is for both versions.

    A server knows the version: in TLS 1.2 one byte less says the same, and 64 is the least.
    """
    limit = config.record_size_limit
    if limit is None or isinstance(config, ClientConfig) or not older:
        return limit
    return max(limit - 1, SMALLEST)


def _size_limit(extensions: Extensions) -> int | None:
    """RFC 8449, 4."""
    found = extensions.get(RecordSizeLimit)
    if found is None:
        return None
    if found.record_size_limit < SMALLEST:
        raise PeerMisbehaved(Reasons.record_size_limit_too_small)
    return found.record_size_limit

"""A recording as a capture: pcapng that Wireshark and its kin open, decrypted where they may.

A recording holds the records of TLS and no packets. They are put into a TCP connection that is made
up and says so in the capture's comments; times are those of the recording. A record whose body the
recording has not kept is a packet that was captured up to the record's header.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator

from tlsee.codes import AlertDescription, AlertLevel
from tlsee.errors import Truncation
from tlsee.explain.report import pcapng_blocks as blocks
from tlsee.explain.report.pcapng_tcp import Conversation, Packet
from tlsee.recording.recording import Recording
from tlsee.recording.redact import wire_length
from tlsee.text import count
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    Failed,
    RecordReceived,
    RecordSent,
    Role,
    SecretDerived,
)

__all__ = ["key_log", "to_pcapng"]

PROGRAM = "tlsee"
MADE_UP = (
    "Made from a recording of TLS by tlsee. Recorded: the records of TLS, their order and times. "
    "Made up: everything of IP and TCP (addresses, ports, numbers, acknowledgements, how it begins "
    "and ends), one packet for each record. A packet that was captured short is a record whose "
    "content was left out of the recording; its checksum is 0."
)
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_RANDOM = 32  # bytes
_LONGEST_SECRET = 64  # bytes: the longest hash there is


def to_pcapng(recording: Recording, *others: Recording) -> bytes:
    """One recording as a capture in pcapng, or several, each with a port of its client's own.

    The secrets are in it, as a block of its own before the packets, where a recording reveals
    them; otherwise never.
    """
    recordings = (recording, *others)
    lines = "".join(key_log(one) for one in recordings)
    made = [blocks.section_header(PROGRAM, MADE_UP), blocks.interface_description(PROGRAM)]
    if lines:
        made.append(blocks.decryption_secrets(lines.encode("ascii")))
    conversations = [_packets(one, number) for number, one in enumerate(recordings)]
    packets = heapq.merge(*conversations, key=lambda packet: packet.at)
    made += (_block(packet) for packet in packets)
    return b"".join(made)


def key_log(recording: Recording) -> str:
    """The secrets that a recording reveals, a line for each (RFC 9850, 2); of others ``""``."""
    if not recording.reveals_secrets:
        return ""
    secrets = (event for event in recording.events() if isinstance(event, SecretDerived))
    lines = (
        f"{event.label} {event.client_random.hex()} {event.secret.hex()}\n"
        for event in secrets
        if _is_a_line(event)
    )
    return "".join(dict.fromkeys(lines))


def _block(packet: Packet) -> bytes:
    return blocks.enhanced_packet(packet.at, packet.captured, packet.length, packet.comment)


def _is_a_line(event: SecretDerived) -> bool:
    """Whether it is what RFC 9850 has lines for; a file may have been made by anybody."""
    fits = len(event.client_random) == _RANDOM and 0 < len(event.secret) <= _LONGEST_SECRET
    return fits and _LABEL.fullmatch(event.label) is not None


def _packets(recording: Recording, number: int) -> Iterator[Packet]:
    """The connection's packets, from the moment of its first record on."""
    ours = (recording.role or Role.SERVER) is Role.CLIENT
    conversation = Conversation(number)
    opened = False
    ending = _Ending(ours)
    at = recording.header.began
    for moment in recording.moments:
        item = moment.item
        at = max(at, recording.header.began + moment.at)  # whoever made the file: never backwards
        if isinstance(item, RecordSent | RecordReceived):
            if not opened:
                yield from conversation.open(at, _about(recording))
            opened = True
            from_client = ours is isinstance(item, RecordSent)
            length = wire_length(item.raw)
            words = _left_out(length - len(item.raw))
            yield from conversation.say(from_client, item.raw, length, at, words)
        else:
            ending.take(item)
    if opened:
        yield from ending.packets(conversation, at)


class _Ending:
    """How the connection ended, as far as the recording tells."""

    def __init__(self, ours: bool) -> None:
        self._ours = ours  # whether it is the client's recording
        self._closed: dict[bool, None] = {}  # who closed, in order: whether it was the client
        self._failed = False

    def take(self, item: object) -> None:
        """One of the recording's events."""
        if isinstance(item, AlertSent | AlertArrived):
            mine = isinstance(item, AlertSent)
            if item.description == AlertDescription.close_notify:
                self._close(mine)
            elif item.level == AlertLevel.fatal:  # RFC 9846, 6.2: then both do
                self._close(mine)
                self._close(not mine)
        elif isinstance(item, Failed):
            self._failed = True
            if isinstance(item.error, Truncation):
                self._close(False)

    def _close(self, mine: bool) -> None:
        self._closed.setdefault(self._ours is mine)

    def packets(self, conversation: Conversation, at: int) -> Iterator[Packet]:
        """FIN from whoever closed; RST where one side gave up without a word."""
        if self._failed and self._closed:
            self._close(True)
        for from_client in self._closed:
            yield from conversation.finish(from_client, at)
        if self._failed and not self._closed:
            yield from conversation.abort(self._ours, at)


def _about(recording: Recording) -> str:
    """What there is to say about one connection."""
    whose = recording.role
    lines = [recording.header.note]
    if whose is not None and not recording.header.overheard:
        lines.append(f"Recorded at the {whose.value}: times are those at that end.")
    if recording.lost:
        lines.append(
            f"The recording had no room for {count(recording.lost, 'event')}: records may be "
            "missing, and what follows them cannot be decrypted."
        )
    if recording.damage:
        lines.append(f"The recording could not be read to its end: {recording.damage}.")
    return " ".join(lines)


def _left_out(size: int) -> str:
    """What a packet says whose record the recording has not kept whole."""
    return f"{count(size, 'byte')} of this record were left out of the recording" if size else ""

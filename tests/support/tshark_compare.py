"""Recordings in our dissection and in tshark's: the same bytes in the same fields, in order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from html import unescape
from pathlib import Path

from tests.support import tshark
from tests.support.tshark_certificates import (
    ALSO_DER,
    MADE_BY_TSHARK_DER,
    ONLY_OURS_DER,
    SAME_DER,
)
from tests.support.tshark_fields import (
    ALSO,
    BYTES,
    MADE_BY_TSHARK,
    NAMED,
    ONLY_OURS,
    OTHER_NAMES,
    SAME,
    SAME_LENGTH,
    VERSION,
)
from tlsee.codes import ContentType, HandshakeType
from tlsee.explain.account.account import Account
from tlsee.explain.dissect import Field, dissect_connection
from tlsee.explain.dissect.tickets import KEY as TICKET_KEY
from tlsee.explain.report.pcapng import to_pcapng
from tlsee.explain.report.pcapng_tcp import FIRST_CLIENT_PORT, SERVER_PORT
from tlsee.recording.recording import Recording
from tlsee.trace import Role

__all__ = ["Comparison", "Reading"]

Values = dict[Role, dict[str, list[str]]]

# What the application said is compared by the lengths of its records alone.
_SHOWN = (ContentType.change_cipher_spec, ContentType.alert, ContentType.handshake)
_FILTER = f"tls.record.content_type in {{{', '.join(str(int(kind)) for kind in _SHOWN)}}}"
_FIELD = re.compile(
    r'<field name="((?:tls|x509[a-z]*|pkcs1|pkix1[a-z]*|ocsp)\.[^"]*|tcp\.srcport|tcp\.dstport)"'
    r'(?: showname="([^"]*)")?( hide="yes")? size="(\d+)" pos="\d+"(?: show="([^"]*)")?'
    r'(?: value="([0-9a-f]*)")?'
)
_NUMBER = re.compile(r"\[[0-9]+\]")
_CODE = re.compile(r" \((0x[0-9a-f]+|\d+)\)(, .*)?$")  # behind a name; and a remark of ours
# Where DER begins, which tshark has dissectors of their own for.
_DER = frozenset(("Certificate", "OCSPResponse", "SubjectPublicKeyInfo", "DistinguishedName"))
_PSS = "1.2.840.113549.1.1.10"
_SAME = SAME | SAME_DER


class Reading:
    """What one of the two reads in one connection.

    Attributes:
        values: by sender and tshark's name, the fields' bytes in hexadecimal, in order.
        names: of numbers: the field, the number and its name.
        strangers: fields that no table has a row for.
    """

    def __init__(self) -> None:
        self.values: Values = {role: defaultdict(list) for role in Role}
        self.names: set[tuple[str, str, str]] = set()
        self.strangers: set[str] = set()

    def keep(self, sender: Role, name: str, value: str, words: str) -> None:
        """One more value."""
        self.values[sender][name].append(value)
        if name in NAMED:
            self.names.add((name, value, _CODE.sub("", words)))


class Comparison:
    """A set of recordings, read by both.

    Args:
        recordings: of any connections. ``capture``: where to write them for tshark.

    Attributes:
        differences: for each field that is not the same: the recording's place, the sender,
            tshark's name, our values and tshark's.
        other_names: numbers that have two names.
        unnamed: numbers that tshark's version has no name for, with ours.
        strangers: fields of either side that no table has a row for.
        values: how many were compared.
    """

    def __init__(self, recordings: Sequence[Recording], capture: Path) -> None:
        capture.write_bytes(to_pcapng(*recordings))
        self.differences: list[tuple[int, str, str, list[str], list[str]]] = []
        self.other_names: set[tuple[str, str, str, str]] = set()
        self.unnamed: set[str] = set()
        self.strangers: set[str] = set()
        self.values = 0
        theirs = _theirs(capture)
        for number, recording in enumerate(recordings):
            self._compare(number, _ours(Account.of(recording)), theirs.get(number, Reading()))

    def _compare(self, number: int, ours: Reading, theirs: Reading) -> None:
        later = _shows_itself_later(ours)
        for role in Role:
            for name in _compared():
                mine, other = ours.values[role][name], theirs.values[role][name]
                if later and role is Role.CLIENT:
                    mine = mine[: len(other)]
                if mine != other:
                    self.differences.append((number, role.value, name, mine, other))
                self.values += len(other)
        self.strangers |= ours.strangers
        if tshark.version() == VERSION:  # another may have more fields
            self.strangers |= theirs.strangers
        names = {(name, value): words for name, value, words in theirs.names}
        for name, value, words in ours.names:
            other_name = names.get((name, value), words)
            if _same_name(other_name, words):
                continue
            if other_name.startswith("Unknown"):
                self.unnamed.add(f"{name} {value}, {words}")
            else:
                self.other_names.add((name, value, other_name, words))


@cache
def _compared() -> tuple[str, ...]:
    """What any version takes apart; a newer one shows less as mere bytes."""
    names = (*_SAME, *SAME_LENGTH)
    return names if tshark.version() == VERSION else tuple(n for n in names if n not in BYTES)


def _shows_itself_later(ours: Reading) -> bool:
    """Whether a client showed a certificate after the handshake (RFC 9846, 4.7.2).

    At its second Finished tshark 4.0 begins again with the first record's number, and can open
    nothing more from that side.
    """
    types = ours.values[Role.CLIENT]["tls.handshake.type"]
    return types.count(f"{int(HandshakeType.finished):02x}") > 1


def _same_name(theirs: str, ours: str) -> bool:
    if theirs.startswith("Reserved (GREASE)"):
        return ours == "GREASE"
    if (theirs, ours) in OTHER_NAMES or (theirs.startswith("Unknown") and ours == "unknown"):
        return True
    return _letters(theirs) == _letters(ours)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _theirs(capture: Path) -> dict[int, Reading]:
    """tshark's reading of each connection, by the recording's place."""
    found: dict[int, Reading] = defaultdict(Reading)
    sender, reading = Role.CLIENT, Reading()
    pdml = tshark.run(capture, "-2", "-T", "pdml", "-J", "tls tcp", "-Y", _FILTER)
    for match in _FIELD.finditer(pdml):
        name, words, hidden, size, show, value = match.groups()
        if name.startswith("tcp."):
            if int(show) != SERVER_PORT:
                sender = Role.CLIENT if name == "tcp.srcport" else Role.SERVER
                reading = found[int(show) - FIRST_CLIENT_PORT]
        elif not hidden and size != "0":
            if name == "tls.record.content_type":
                value = f"{int(show):02x}"  # what is inside; the byte that stands there is another
            name = ALSO.get(name) or ALSO_DER.get(name, name)
            _take(reading, sender, name, size, value, words or "")
    return found


def _take(reading: Reading, sender: Role, name: str, size: str, value: str, words: str) -> None:
    if name in _SAME:
        reading.keep(sender, name, value, unescape(words).partition(": ")[2])
    elif name in SAME_LENGTH:
        reading.keep(sender, name, size, "")
    elif name not in MADE_BY_TSHARK and not _is_a_heading(name):
        reading.strangers.add(f"tshark's {name}: {words}")


def _is_a_heading(name: str) -> bool:
    whole = name.split(".")
    bit = name.startswith("x509ce.KeyUsage.") and len(whole) == 3
    return name in MADE_BY_TSHARK_DER or name.endswith("_element") or bit


def _ours(account: Account) -> Reading:
    """Our reading of a connection."""
    found = Reading()
    views = {role: [one for one in account.records if one.sender is role] for role in Role}
    client, server = ([view.seen for view in views[role]] for role in (Role.CLIENT, Role.SERVER))
    both = dissect_connection(client, server, account.context)
    for role, dissection in zip((Role.CLIENT, Role.SERVER), both, strict=True):
        for view, field in zip(views[role], dissection.records, strict=True):
            if view.content in _SHOWN:
                for child in _around_messages(field):
                    _sort(found, role, "record", child)
        for message in dissection.messages:
            for child in message.children:
                _sort(found, role, message.name, child)
    return found


def _around_messages(record: Field) -> Iterator[Field]:
    """A record's fields but for handshake messages, which may begin or end in another record."""
    for field in record.children:
        if not field.children or field.name in {"Alert", "ChangeCipherSpec"}:
            yield field


def _sort(found: Reading, role: Role, way: str, field: Field, *, known: bool = False) -> None:
    """Put the field's bytes, and those of all within it, under tshark's names."""
    if field.name in _DER:
        way, known = "DER", False
    way = f"{way}/{_NUMBER.sub('[]', field.name)}"
    if field.name == "subjectPublicKeyInfo" and _PSS in field.words:
        way += "(PSS)"
    names, ours_alone = _names(way)
    for name, by_length in names:
        found.keep(role, name, str(len(field)) if by_length else field.raw.hex(), field.words)
    known = known or bool(names) or ours_alone
    if not field.children and not known:
        found.strangers.add(f"ours: {way}")
    if field.protected_by == TICKET_KEY:
        return  # what the server alone opens is opaque to tshark
    for child in field.children:
        _sort(found, role, way, child, known=known)


@cache
def _names(way: str) -> tuple[tuple[tuple[str, bool], ...], bool]:
    """tshark's names for a field of ours, each with whether lengths are compared; and whether it
    is known that tshark has none.
    """
    der = way.startswith("DER/")
    same = [SAME_DER] if der else [SAME, SAME_LENGTH]
    names = tuple(
        (name, table is SAME_LENGTH)
        for table in same
        for name, pattern in table.items()
        if re.fullmatch(pattern, way)
    )
    alone = ONLY_OURS_DER if der else ONLY_OURS
    return names, any(re.fullmatch(pattern, way) for pattern in alone)

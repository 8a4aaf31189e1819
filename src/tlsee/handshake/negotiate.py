"""The pure choices: from two lists to a ``Choice``, losers included.

Nothing here sends, raises or remembers, so a recorded offer can be judged again under another
policy by calling the same functions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.trace import Choice, Role

FIRST_OF_SERVER = "the first of the server's list that the client offers"
PEER_DECIDED = "the server decided and does not say what else it could do"
NOTHING_OFFERED = "the client offered none"
NOTHING_WANTED = "the server is configured for none"
NOTHING_COMMON = "nothing in common"


def first_common(
    what: str, offered: Sequence[object], able: Sequence[object], rule: str = FIRST_OF_SERVER
) -> Choice:
    """The server's favourite among what the client offers."""
    there = set(offered)
    for item in able:
        if item in there:
            return Choice(what, tuple(offered), tuple(able), item, rule, Role.SERVER)
    return Choice(what, tuple(offered), tuple(able), None, NOTHING_COMMON, Role.SERVER)


def choose_version(offered: Sequence[ProtocolVersion], able: Sequence[ProtocolVersion]) -> Choice:
    """RFC 9846, 4.3.1: the newest that both have, whatever the order of the lists."""
    newest = sorted(able, reverse=True)
    return first_common("version", offered, newest, "the newest version that both have")


def choose_suite(offered: Sequence[CipherSuite], able: Sequence[CipherSuite]) -> Choice:
    """RFC 9846, 4.2.1."""
    return first_common("suite", offered, able)


def choose_group(
    offered: Sequence[NamedGroup],
    shares: Collection[NamedGroup],
    tiers: Sequence[Sequence[NamedGroup]],
) -> Choice:
    """RFC 9846, 4.3.8: by tiers, and within a tier a share that is there saves a round trip."""
    able = tuple(group for tier in tiers for group in tier)
    there = set(offered)
    for tier in tiers:
        common = [group for group in tier if group in there]
        ready = [group for group in common if group in shares]
        if ready:
            rule = "the best tier that both have; its share was already there"
            return Choice("group", tuple(offered), able, ready[0], rule, Role.SERVER)
        if common:
            rule = "the best tier that both have; worth a HelloRetryRequest for its share"
            return Choice("group", tuple(offered), able, common[0], rule, Role.SERVER)
    return Choice("group", tuple(offered), able, None, NOTHING_COMMON, Role.SERVER)


def choose_alpn(offered: Sequence[bytes], able: Sequence[bytes]) -> Choice:
    """RFC 7301, 3.2: the server's favourite; no choice where either side has no wish."""
    if not offered or not able:
        rule = NOTHING_WANTED if offered else NOTHING_OFFERED
        return Choice("alpn", tuple(offered), tuple(able), None, rule, Role.SERVER)
    return first_common("alpn", offered, able)


def peer_chose(what: str, offered: Sequence[object], chosen: object) -> Choice:
    """What a client learns: the winner among its own offers, and no reason."""
    return Choice(what, tuple(offered), (), chosen, PEER_DECIDED, Role.SERVER)


def scheme_chosen(
    offered: Sequence[SignatureScheme],
    able: Sequence[SignatureScheme],
    chosen: SignatureScheme | None,
    by: Role,
) -> Choice:
    """The scheme for our own CertificateVerify."""
    rule = "the first that the certificate's key can do and the peer accepts"
    return Choice("scheme", tuple(offered), tuple(able), chosen, rule, by)

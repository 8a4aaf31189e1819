"""What-ifs about TLS 1.2's suites: group and certificate have a say in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tlsee.codes import CipherSuite, ExtensionType, NamedGroup, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.suites12 import Suite12, suites12
from tlsee.explain.why.facts import Facts, without
from tlsee.explain.why.values import WhatIf
from tlsee.explain.why.words import name_of
from tlsee.handshake.negotiate12 import choose_suite12, usable_suites
from tlsee.identity.credentials import Credential
from tlsee.recording.seen import CredentialSeen
from tlsee.trace import Role

__all__ = ["ours12"]


class _Shown:
    """A certificate that was shown, as far as ``choose_suite12`` looks at a credential."""

    def __init__(self, seen: CredentialSeen) -> None:
        view = seen.certificate
        self.public_key = view.public_key if view is not None else None
        self.key_usage = view.key_usage if view is not None else None
        self.signer = _Decrypts()


class _Decrypts:
    """Our keys can; that a token's perhaps cannot is why such a result is not certain."""

    def decrypt(self) -> None:
        """Only looked for."""


def ours12(facts: Facts, chosen: CipherSuite, able: tuple[CipherSuite, ...]) -> list[WhatIf | None]:
    """The choice made again without the winner, and by the client's order."""
    rows = suites12()
    seen = facts.decision("certificate", CredentialSeen)
    scheme = facts.decision("scheme", SignatureScheme)
    if seen is None or seen.chosen is None or scheme is None or scheme.chosen is None:
        return []
    shown, signs = _Shown(seen.chosen), scheme.chosen
    if chosen not in rows or shown.public_key is None:
        return []

    def choose(offered: Sequence[CipherSuite], order: Sequence[Suite12]) -> CipherSuite | None:
        usable = usable_suites(offered, order, _groups(facts))
        credential = cast("Credential", shown)
        choice = choose_suite12(offered, usable, order, signs, credential)[1]
        found: CipherSuite | None = choice.chosen
        return found

    order = [rows[suite] for suite in able if suite in rows]
    if choose(facts.suites, order) != chosen:
        return []  # something had a say that is not in the recording
    change = f"the client had not offered {name_of(chosen)}"
    theirs = [rows[suite] for suite in facts.suites if suite in rows and suite in able]
    by_client = choose(facts.suites, theirs)
    return [
        _told(facts, change, chosen, choose(without(facts.suites, chosen), order)),
        _told(
            facts,
            "the server had gone by the client's order and not by its own",
            chosen,
            by_client,
        )
        if by_client is not None
        else None,
    ]


def _groups(facts: Facts) -> dict[KeyExchangeAlgorithm, NamedGroup]:
    """Which key exchanges have a group: what was told, and any for what was not."""
    told = facts.decision("group", NamedGroup)
    group = told.chosen if told is not None and told.chosen is not None else NamedGroup.secp256r1
    return {KeyExchangeAlgorithm.ecdhe: group, KeyExchangeAlgorithm.dhe: group}


def _told(facts: Facts, change: str, chosen: CipherSuite, found: CipherSuite | None) -> WhatIf:
    """What is certain: the next with the same key exchange, certificate and kind of cipher."""
    if found is None:
        result = "only another certificate could have served one of the others, if there is one"
        return WhatIf(change, f"{result}; else handshake_failure (40)", certain=False)
    name = name_of(found)
    rows: dict[CipherSuite, Any] = dict(suites12())
    was, now = rows[chosen], rows[found]
    has_mac = facts.first is not None and facts.first.extensions.has(ExtensionType.encrypt_then_mac)
    certain = was.key_exchange is now.key_exchange and (now.is_aead or has_mac or not was.is_aead)
    result = f"{name} would have been chosen" + (" all the same" if found == chosen else "")
    if not certain:
        result += f", if this {Role.SERVER.value} has what its key exchange needs"
    return WhatIf(change, result, certain, name)

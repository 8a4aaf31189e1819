"""Everything that a judgement depends on, as one value: the same gives the same verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tlsee.identity.path.known import NOTHING_KNOWN, Known, Revocation
from tlsee.identity.path.policies import ANY, PolicySettings
from tlsee.identity.path.purpose import KeyUse, Purpose
from tlsee.identity.trust import Profile, Trust
from tlsee.values import value


@value
class Asked:
    """The arguments of ``judge``, where they are described."""

    chain: Sequence[bytes]
    trust: Trust
    purpose: Purpose
    name: str | None
    at: float
    use: KeyUse | None = KeyUse.SIGNING
    intermediates: Sequence[bytes] = ()
    known: Known = NOTHING_KNOWN
    revocation: Revocation = Revocation.OFF
    stapled: Sequence[bytes | None] = ()
    fetch_issuers: bool = False
    profile: Profile | None = None
    policies: PolicySettings = ANY
    path_limit: int | None = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"chain", "known", "stapled"})

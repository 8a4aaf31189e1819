"""From the secret of a direction to what seals and opens with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tlsee.keys.protection import Opener, Sealer
from tlsee.keys.protection12 import Opener12, Sealer12, opener12, sealer12
from tlsee.keys.schedule12 import TrafficKeys12
from tlsee.keys.schedule13 import TrafficSecret

DirectionSecret: TypeAlias = TrafficSecret | TrafficKeys12


def sealer_of(secret: DirectionSecret, random: Callable[[int], bytes]) -> Sealer | Sealer12:
    """What writes under this secret; ``random`` is the provider's, for the IVs of CBC."""
    if isinstance(secret, TrafficSecret):
        return Sealer(secret)
    return sealer12(secret, random)


def opener_of(secret: DirectionSecret) -> Opener | Opener12:
    """What reads under this secret."""
    return Opener(secret) if isinstance(secret, TrafficSecret) else opener12(secret)

"""Why this and not that: each thing that was negotiated, with its losers and its what-ifs.

What this side decided is decided again by the very functions of ``tlsee.handshake.negotiate``, on
an input in which one thing is different. What the peer decided is not guessed.
"""

from __future__ import annotations

from tlsee.explain.why.reasons import reasons_of
from tlsee.explain.why.values import Candidate, WhatIf, Why

__all__ = ["Candidate", "WhatIf", "Why", "reasons_of"]

"""The other door: what weakens a connection. Whoever comes through it is warned on each use.

For looking at a peer, for tests and for teaching; never for data that matters. Each name here can
be found by searching a code base for ``insecure``.
"""

from __future__ import annotations

import warnings

from tlsee import policies
from tlsee.identity.trust import Trust
from tlsee.policies import Policy

__all__ = ["SecurityWarning", "accept_anyone", "old_machines"]


class SecurityWarning(UserWarning):
    """Something was switched off that protects; ``-W error`` turns it into an exception."""


def accept_anyone() -> Trust:
    """A trust that refuses nobody. The peer is still judged, and the verdict is in its proof.

    ``connection.info.peer`` is then ``Unverified``: anybody on the way may be the peer.
    """
    warnings.warn(
        "the peer's identity is not verified: anybody on the way may read and change everything",
        SecurityWarning,
        stacklevel=2,
    )
    return Trust.insecure_accept_anyone()


def old_machines() -> Policy:
    """A policy for looking at machines that nobody can update.

    Beyond ``policies.legacy`` it takes CBC without encrypt_then_mac (Lucky 13: how long a refusal
    takes tells of the plaintext, and nothing here is constant time) and SHA-1 in signatures
    (SLOTH).
    """
    warnings.warn(
        "CBC without encrypt_then_mac and SHA-1 signatures are allowed: both are broken",
        SecurityWarning,
        stacklevel=2,
    )
    return policies.insecure_old_machines

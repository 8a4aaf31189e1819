"""Sessions for tests: one with values in every field, and any that there can be."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.sessions.session import Session
from tlsee.values import replace

__all__ = ["NOW", "Random", "session", "sessions"]

NOW = 1_800_000_000.0  # a whole number of seconds, in 2027


def session(**changes: Any) -> Session:
    """A session of TLS 1.3 that was just made."""
    made = Session(
        version=ProtocolVersion.TLS13,
        suite=CipherSuite.TLS_AES_128_GCM_SHA256,
        secret=b"s" * 32,
        issued_at=NOW,
        lifetime=3600,
        established_at=NOW,
        server_name="server.example",
        alpn=b"h2",
        group=NamedGroup.x25519,
        scheme=SignatureScheme.ed25519,
        peer_chain=(b"leaf", b"issuer"),
        judged_at=NOW,
        max_early_data=16_384,
        age_add=0x12345678,
    )
    return replace(made, **changes)


class Random:
    """Bytes that differ from call to call and are the same in each run."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, length: int) -> bytes:
        self.calls += 1
        return self.calls.to_bytes(8, "big").rjust(length, b"r")[-length:]


_times = st.integers(0, 2**32 * 1_000_000 - 1).map(lambda ticks: ticks / 1e6)
_names = st.none() | st.text(min_size=1, max_size=40)

_drawn = st.builds(
    Session,
    version=st.sampled_from([ProtocolVersion.TLS12, ProtocolVersion.TLS13]),
    suite=st.integers(0, 0xFFFF).map(CipherSuite.of),
    secret=st.binary(min_size=1, max_size=255),
    issued_at=_times,
    lifetime=st.integers(0, 2**32 - 1),
    established_at=st.just(0.0),
    server_name=_names,
    alpn=st.none() | st.binary(min_size=1, max_size=255),
    group=st.none() | st.integers(1, 0xFFFF).map(NamedGroup.of),
    scheme=st.none() | st.integers(1, 0xFFFF).map(SignatureScheme.of),
    client_scheme=st.none() | st.integers(1, 0xFFFF).map(SignatureScheme.of),
    peer_chain=st.lists(st.binary(min_size=1, max_size=60), max_size=3).map(tuple),
    judged_at=_times,
    extended_main_secret=st.booleans(),
    max_early_data=st.integers(0, 2**32 - 1),
    age_add=st.integers(0, 2**32 - 1),
    ticket=st.binary(max_size=300),
    session_id=st.binary(max_size=32),
    identity=_names,
)

# Most of them alive when they are issued: the full handshake was at most eight days before.
sessions = st.builds(
    lambda one, before: replace(one, established_at=round(max(0.0, one.issued_at - before), 6)),
    _drawn,
    st.integers(0, 691_200),
)

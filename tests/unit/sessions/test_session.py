"""Sessions as values and as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sessions import NOW, session, sessions
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.errors import ApiMisuse
from tlsee.sessions.bounds import SKEW_LIMIT, TOTAL_LIFETIME_LIMIT
from tlsee.sessions.session import Session, TicketContent, decode_session, encode_session
from tlsee.values import replace
from tlsee.wire.codec import dissect


@given(sessions)
def test_bytes_and_back(one: Session) -> None:
    """What was encoded is decoded to the same session, each field of it."""
    assert decode_session(encode_session(one)) == one


@given(st.binary(max_size=200))
def test_other_bytes_are_no_session(data: bytes) -> None:
    """Whatever bytes a store gives back: a session or none, and no exception."""
    found = decode_session(data)
    assert found is None or encode_session(found)


@given(st.data())
def test_parts_are_no_session(data: st.DataObject) -> None:
    """An encoded session that was cut, or that has more behind it, is none."""
    encoded = encode_session(session())
    cut = data.draw(st.integers(0, len(encoded) - 1))
    assert decode_session(encoded[:cut]) is None
    assert decode_session(encoded + b"\0") is None


def test_another_format_is_no_session() -> None:
    """The first byte says how it is written; another release's is not guessed at."""
    assert decode_session(b"\xff" + encode_session(session())[1:]) is None


def test_it_can_be_dissected() -> None:
    """Our own tickets' content can be shown field by field, with nothing left over."""
    encoded = encode_session(session())
    span = dissect(TicketContent, encoded)
    assert (span.start, span.end) == (0, len(encoded))
    assert "extended_main_secret" in [child.name for child in span.children]


@pytest.mark.parametrize(
    ("after", "alive"),
    [(-SKEW_LIMIT - 1, False), (-SKEW_LIMIT, True), (0, True), (99, True), (100, False)],
)
def test_life(after: float, alive: bool) -> None:
    """A session lives from its making, some skew before it included, to the end of its lifetime."""
    one = session(issued_at=NOW, lifetime=100, established_at=NOW)
    assert one.is_alive(NOW + after) is alive


def test_a_lifetime_has_a_limit() -> None:
    """No ticket is used after seven days, whatever it says (RFC 9846, 4.7.1)."""
    one = session(issued_at=NOW, lifetime=2**32 - 1, established_at=NOW)
    assert one.is_alive(NOW + 604_799)
    assert not one.is_alive(NOW + 604_800)


def test_renewing_has_a_limit() -> None:
    """A fresh ticket does not help a session whose full handshake is too long ago."""
    one = session(issued_at=NOW, lifetime=100, established_at=NOW - TOTAL_LIFETIME_LIMIT + 1)
    assert one.is_alive(NOW)
    assert not one.is_alive(NOW + 1)


def test_nothing_shows_a_secret() -> None:
    """Neither the secret nor the ticket is in the repr, in any form."""
    shown = repr(session(secret=b"S" * 48, ticket=b"T" * 48))
    assert "SSSS" not in shown
    assert "5353" not in shown
    assert "TTTT" not in shown
    assert "server.example" in shown


def test_sessions_compare() -> None:
    """Two sessions are the same if each field is; equal ones have one hash."""
    assert session() == session()
    assert hash(session()) == hash(session())
    assert session() != session(secret=b"t" * 32)
    assert session() != session(alpn=b"http/1.1")
    assert session() != b"session"


@pytest.mark.parametrize("field", ["issued_at", "established_at", "judged_at"])
@pytest.mark.parametrize("time", [-1.0, float("nan"), float("inf")])
def test_times_that_are_none(field: str, time: float) -> None:
    """A clock that gives nonsense is told so, and writes nothing."""
    with pytest.raises(ApiMisuse):
        encode_session(replace(session(), **{field: time}))


def test_what_is_missing_comes_back_missing() -> None:
    """``None`` stays ``None``; nothing of it turns into a name of zero length or a group 0."""
    bare = Session(ProtocolVersion.TLS12, CipherSuite.TLS_AES_128_GCM_SHA256, b"s", NOW, 1, NOW)
    found = decode_session(encode_session(bare))
    assert found is not None
    fields = (found.server_name, found.alpn, found.group, found.scheme, found.identity)
    assert fields == (None,) * 5
    assert session().group == NamedGroup.x25519
    assert session().scheme == SignatureScheme.ed25519

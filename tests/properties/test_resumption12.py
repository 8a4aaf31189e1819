"""A resumption of TLS 1.2 that is damaged on the way, or by a peer with keys: no false accept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.test_handshake_mutations import (
    Attacked,
    check_failure,
    damage_message,
    outcome,
)
from tests.support.endpoints import Pair, client_config
from tests.support.hostile12_resuming import ResumingClient12, ResumingServer12, kept, remembered
from tests.support.mutations import BYTES, RECORDS, Damage, damages
from tlsee.config import ClientConfig, ServerConfig
from tlsee.handshake.post12 import ConnectedClient12, ConnectedServer12
from tlsee.sessions.stores import ClientSessions

plans = st.dictionaries(
    st.integers(0, 3),
    st.lists(damages(*BYTES, *RECORDS), min_size=1, max_size=2),
    min_size=1,
    max_size=2,
)
changes = st.lists(damages(*BYTES), min_size=1, max_size=3)


@lru_cache(1)
def _made() -> tuple[ClientConfig, ServerConfig, str]:
    visiting, serving = remembered()
    assert isinstance(visiting.sessions, ClientSessions)
    return visiting, serving, next(iter(visiting.sessions._sessions))


def fresh() -> tuple[ClientConfig, ServerConfig]:
    """The same session in a store of its own, for each example."""
    visiting, serving, key = _made()
    sessions = ClientSessions()
    sessions.put(key, _made_session())
    copy = client_config(
        versions=visiting.versions,
        policy=visiting.policy,
        suites=visiting.suites,
        sessions=sessions,
    )
    return copy, serving


@lru_cache(1)
def _made_session() -> Any:
    (session,) = kept(_made()[0])
    return session


def test_what_nobody_damages_is_resumed() -> None:
    """The control."""
    attacked = Attacked(*fresh())
    attacked.run({})
    assert outcome(attacked.client)[0]
    assert attacked.client.info.resumed
    assert attacked.server.info.resumed


@given(plans)
def test_a_damaged_resumption(plan: dict[int, list[Damage]]) -> None:
    """ClientHello; ServerHello to Finished; the client's end: who is done heard what was said.

    And a client that failed does a full handshake next, which goes well.
    """
    client, server = fresh()
    attacked = Attacked(client, server)
    attacked.run(plan)
    client_done, client_error = outcome(attacked.client)
    server_done, server_error = outcome(attacked.server)
    for done, error in ((client_done, client_error), (server_done, server_error)):
        check_failure(error)
        assert done or error is not None
    ours, theirs = attacked.client_spy, attacked.server_spy
    if client_done and attacked.client.info.resumed:
        assert ours.received == theirs.sent
        assert ours.sent[:1] == theirs.received[:1]
    if server_done:
        assert client_done
        assert theirs.received == ours.sent
        assert theirs.sent == ours.received
    if not client_done and client_error is not None and attacked.client_spy.sent:
        again = Pair(client, server).run()
        assert again.done


@given(st.sampled_from(["server_hello", "new_session_ticket", "finished"]), changes, st.booleans())
def test_a_server_that_damages_what_it_resumes(
    name: str, change: list[Damage], keep_length: bool
) -> None:
    """It has the session's secret, and computes Finished over what it really said."""
    client, _ = fresh()
    edits: Any = {name: damage_message(change, keep_length)}
    peer = ResumingServer12(client, promises=True, **edits)
    peer.flight()
    peer.victim.receive_eof()
    done, error = outcome(peer.victim)
    check_failure(error)
    assert done or error is not None
    if done:
        state = peer.victim._driver.state
        assert isinstance(state, ConnectedClient12)
        assert state.main.secret == _made_session().secret


@given(st.sampled_from(["client_hello", "finished"]), changes, st.booleans())
def test_a_client_that_damages_what_it_shows(
    name: str, change: list[Damage], keep_length: bool
) -> None:
    """The same against a server: a damaged ticket is none, a damaged Finished is the end."""
    client, server = fresh()
    edits: Any = {name: damage_message(change, keep_length)}
    peer = ResumingClient12(server, client, **edits)
    peer.flight("client_hello")
    if peer.resumed and not peer.stopped:
        peer.flight("change_cipher_spec", "finished")
    peer.victim.receive_eof()
    done, error = outcome(peer.victim)
    check_failure(error)
    assert done or error is not None
    if done:
        assert peer.resumed
        state = peer.victim._driver.state
        assert isinstance(state, ConnectedServer12)
        assert state.main.secret == _made_session().secret

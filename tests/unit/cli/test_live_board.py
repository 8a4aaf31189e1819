"""What a live page remembers: within bounds, followed by number of change, never waited for."""

from __future__ import annotations

import pytest

from tests.support.endpoints import Pair
from tests.support.recordings import ANSWERED, SAID, converse
from tlsee.cli.live import board as room
from tlsee.cli.live.board import Board, Shown, TooManyWatchers
from tlsee.cli.live.bounds import KEPT_CONNECTIONS, RECORDING_LIMIT, WATCHERS


def arrive(board: Board, address: str = "127.0.0.1:1") -> Shown:
    shown = Shown(board)
    shown.arrive(address)
    return shown


def shake(board: Board) -> Shown:
    """A whole connection, seen from the server."""
    shown = arrive(board)
    pair = Pair(server_options={"observers": [shown]}).run()
    converse(pair)
    return shown


def test_nothing_is_shown_before_a_client_is_there() -> None:
    """An observer is made before ``accept`` returns; what it hears is nobody's."""
    board = Board()
    shown = Shown(board)
    Pair(server_options={"observers": [shown]}).run()
    assert board.since(0).rows == ()
    shown.arrive("127.0.0.1:1")
    assert [item.number for item in board.since(0).rows] == [1]
    assert not shown.recording.moments


def test_a_watcher_hears_of_each_change_once() -> None:
    """With the number that it has seen a watcher gets what changed later, and nothing twice."""
    board = Board()
    first, second = arrive(board), arrive(board)
    seen = board.since(0)
    assert [item.number for item in seen.rows] == [1, 2]
    assert board.since(seen.upto).rows == ()
    first.close(None, "")
    later = board.since(seen.upto)
    assert later.rows == (first,)
    second.close(OSError(), "")
    assert board.since(later.upto).rows == (second,)
    assert (board.since(0).begun, board.since(0).failed) == (2, 1)


def test_many_changes_come_in_portions_without_a_gap() -> None:
    """However small the portions, each connection is told of."""
    board = Board()
    for _ in range(7):
        arrive(board)
    told: list[int] = []
    changes = board.since(0, limit=3)
    while changes.rows:
        told += [item.number for item in changes.rows]
        changes = board.since(changes.upto, limit=3)
    assert told == [1, 2, 3, 4, 5, 6, 7]


def test_the_oldest_that_are_over_are_forgotten() -> None:
    """Beyond the bound the oldest goes; one that goes on stays, however old."""
    board = Board()
    lasting = arrive(board)
    for _ in range(KEPT_CONNECTIONS + 4):
        arrive(board).close(None, "")
    changes = board.since(0, limit=10_000)
    assert len(changes.kept) == KEPT_CONNECTIONS
    assert (changes.forgotten, changes.begun) == (5, KEPT_CONNECTIONS + 5)
    assert board.get(1) is lasting
    assert board.get(2) is None


def test_finished_recordings_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their bytes are counted, those of a forgotten one no more."""
    board = Board()
    size = shake(board)
    size.close(None, "")
    monkeypatch.setattr(room, "KEPT_BYTES", 3 * size.size)
    for _ in range(6):
        shake(board).close(None, "")
    kept = board.since(0).rows
    assert 2 <= len(kept) <= 3
    assert sum(item.size for item in kept) <= 3 * size.size


def test_a_connection_that_goes_on_is_bounded_too() -> None:
    """A client that talks for ever fills no memory; what was left out is counted."""
    board = Board()
    shown = arrive(board)
    pair = Pair(server_options={"observers": [shown]}).run()
    for _ in range(RECORDING_LIMIT // 64):
        pair.client.write(b"more")
        pair.run()
    recording = shown.recording
    assert recording.lost > 0
    assert sum(len(getattr(m.item, "raw", b"")) for m in recording.moments) < RECORDING_LIMIT


def test_it_is_kept_as_its_file_would_be() -> None:
    """After the end the same can be read as before it; neither holds what was said."""
    board = Board()
    shown = shake(board)
    before = shown.recording
    shown.close(None, "GET /")
    after = shown.recording
    assert [type(m.item) for m in after.moments] == [type(m.item) for m in before.moments]
    for said in (SAID, ANSWERED):
        assert said not in after.to_bytes()
    assert not after.reveals_secrets


def test_what_is_given_away_has_pseudonyms_where_they_are_wished_for() -> None:
    """The list shows names, the files that leave do not."""
    shown = shake(Board(pseudonyms=True))
    shown.close(None, "")
    hellos = [getattr(m.item, "raw", b"") for m in shown.given_away.moments]
    assert not any(b"server.test" in raw for raw in hellos)
    assert any(b"server.test" in getattr(m.item, "raw", b"") for m in shown.recording.moments)
    again = [getattr(m.item, "raw", b"") for m in shown.given_away.moments]
    assert again[:3] == hellos[:3]  # the same names for the page and for each file


def test_watchers_are_woken_and_counted() -> None:
    """Each change wakes each watcher; beyond the bound they are refused; who leaves makes room."""
    board = Board()
    woken: list[int] = []
    wakes = [lambda n=n: woken.append(n) for n in range(WATCHERS)]
    watching = [board.watched(wake) for wake in wakes]
    for each in watching:
        each.__enter__()
    with pytest.raises(TooManyWatchers), board.watched(lambda: None):
        pass
    arrive(board)
    assert sorted(woken) == list(range(WATCHERS))
    watching[0].__exit__(None, None, None)
    woken.clear()
    with board.watched(lambda: woken.append(-1)):
        board.close()
    assert sorted(woken) == [-1, *range(1, WATCHERS)]

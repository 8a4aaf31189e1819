"""A connection that nobody holds any more is gone at once, and its secrets with it."""

from __future__ import annotations

import gc
import weakref

from tests.support.endpoints import Pair


def test_no_cycle_keeps_a_connection_alive() -> None:
    """Not the cyclic collector, which may come late, but the last reference frees it."""
    pair = Pair().run()
    ends = [weakref.ref(pair.client), weakref.ref(pair.server)]
    gc.collect()
    gc.disable()
    try:
        del pair
        assert [end() for end in ends] == [None, None]
    finally:
        gc.enable()

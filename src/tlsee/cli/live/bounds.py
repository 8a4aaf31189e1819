"""The live page's bounds: what it remembers, what it shows, whom it serves."""

from __future__ import annotations

__all__ = [
    "BREATH",
    "FAREWELL_SECONDS",
    "HEADER_LIMIT",
    "HEARTBEAT",
    "KEPT_BYTES",
    "KEPT_CONNECTIONS",
    "RECORDING_LIMIT",
    "REQUESTS_AT_ONCE",
    "RETRY_MILLISECONDS",
    "ROWS_AT_ONCE",
    "STEPS_SHOWN",
    "TEXT_SHOWN",
    "TOKEN_BYTES",
    "WATCHERS",
]

# --- What is remembered ---------------------------------------------------------------------------

# Connections that are kept; the oldest that is over goes first. Those that are open are kept in any
# case: the server bounds them.
KEPT_CONNECTIONS = 200
# Bytes of finished recordings, compressed: a handshake takes some 10 kB.
KEPT_BYTES = 16 << 20
# Bytes of one connection while it goes on. A handshake takes some 20 kB, and a page of 256 kB of
# records is as much as anybody reads.
RECORDING_LIMIT = 256 << 10

# --- What is shown --------------------------------------------------------------------------------

STEPS_SHOWN = 40  # of one connection, in the list; its own page has more
TEXT_SHOWN = 400  # characters of a sentence

# --- Who watches ----------------------------------------------------------------------------------

WATCHERS = 16  # pages that follow at the same time
# Connections of HTTP, the watchers' among them; for one more an idle one goes.
REQUESTS_AT_ONCE = 64
HEADER_LIMIT = 16 << 10  # bytes of a request that is not complete
ROWS_AT_ONCE = 50  # in one event; the next event has more
BREATH = 0.1  # seconds between two events to one watcher: what changes twice in it is told once
HEARTBEAT = 15.0  # seconds of silence until a watcher is asked whether it is still there
RETRY_MILLISECONDS = 2000  # after which a browser tries again when it has lost the server
FAREWELL_SECONDS = 3  # for watchers, when the server stops

TOKEN_BYTES = 16  # of the address: as hard to guess as a key

"""What is measured; one function a scenario."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.material import Material
from benchmarks.measure import Effort
from benchmarks.results import Outcome
from benchmarks.scenarios import (
    cost,
    judging,
    memory,
    page,
    process,
    recording,
    resuming,
    sessions,
    sockets,
)

Scenario = Callable[[Material, Effort], Outcome]

SCENARIOS: dict[str, Scenario] = {
    "handshake": memory.handshake,
    "handshake-hybrid": memory.handshake_hybrid,
    "handshake12": memory.handshake12,
    "resumed13": resuming.resumed13,
    "resumed12": resuming.resumed12,
    "bulk": memory.bulk,
    "round-trip": memory.round_trip,
    "bulk-socket": sockets.bulk,
    "bulk-asyncio": sockets.bulk_asyncio,
    "round-trip-socket": sockets.round_trip,
    "serving": process.serving,
    "sessions": sessions.finding,
    "judge": judging.judging,
    "recording": recording.recording,
    "page": page.pages,
    "idle-memory": cost.idle_memory,
    "import": cost.import_time,
    "command": cost.command_start,
}

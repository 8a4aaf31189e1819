"""What it costs to record a handshake, and what a handshake allocates with and without."""

from __future__ import annotations

import gc
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders.base import X25519
from benchmarks.contenders.with_tlsee import configurations
from benchmarks.material import SERVER_NAME, Material
from benchmarks.measure import Effort, in_turn
from benchmarks.results import SUBJECT, Case, Outcome
from tlsee import ClientConnection, Recorder, ServerConnection

MEMORY = "recorded in memory"
KEPT = "and then encoded"
FILE = "recorded to a file"
ROUNDS = {"full": 15, "quick": 5, "smoke": 1}

Make = Callable[[], Sequence[Recorder]]


def recording(material: Material, effort: Effort) -> Outcome:
    """A client's and a server's handshake in memory; recorders listen at both ends, or nobody."""
    client, server = configurations(material, X25519)

    def shake(recorders: Sequence[Recorder]) -> tuple[Any, ...]:
        ours = ClientConnection(client, SERVER_NAME, observers=recorders[:1])
        theirs = ServerConnection(server, observers=recorders[1:])
        theirs.receive_data(ours.data_to_send())
        ours.receive_data(theirs.data_to_send())
        theirs.receive_data(ours.data_to_send())
        return ours, theirs, ours.info, theirs.info

    with tempfile.TemporaryDirectory() as directory:
        paths = [Path(directory, name) for name in ("client.tlsrec", "server.tlsrec")]

        def to_files() -> None:
            recorders = [Recorder(path) for path in paths]
            shake(recorders)
            for recorder in recorders:
                recorder.close()

        def encoded() -> None:
            recorders = _in_memory()
            shake(recorders)
            for recorder in recorders:
                recorder.recording.to_bytes()

        work = {
            SUBJECT: lambda: shake(()),
            MEMORY: lambda: shake(_in_memory()),
            KEPT: encoded,
            FILE: to_files,
        }
        seconds = in_turn(work, effort)
        size = sum(path.stat().st_size for path in paths)
    makes: dict[str, Make] = {SUBJECT: tuple, MEMORY: _in_memory}
    rounds = ROUNDS[effort.name]
    blocks = {name: _blocks(shake, make, rounds) for name, make in makes.items()}
    peaks = {name: _peaks(shake, make, rounds) for name, make in makes.items()}
    cases = [
        Case("a handshake, both ends", "s", seconds),
        Case("memory blocks that it leaves, both ends", "blocks", blocks),
        Case("most memory during it, both ends", "B", peaks),
    ]
    notes = [f"the two files have {size:,} bytes together", "x below 1: what recording adds"]
    return Outcome("recording", "Recording a handshake", cases, notes)


def _in_memory() -> Sequence[Recorder]:
    return (Recorder(), Recorder())


def _blocks(shake: Callable[[Any], Any], make: Make, rounds: int) -> list[float]:
    """Blocks of Python's allocator that are still in use when it is done."""
    figures = []
    for _ in range(rounds):
        shake(make())
        gc.collect()
        before = sys.getallocatedblocks()
        recorders = make()
        kept = shake(recorders)
        figures.append(float(sys.getallocatedblocks() - before))
        del kept, recorders
    return figures


def _peaks(shake: Callable[[Any], Any], make: Make, rounds: int) -> list[float]:
    """Bytes, counted by tracemalloc, which slows it down: not timed."""
    figures = []
    tracemalloc.start()
    try:
        for _ in range(rounds):
            gc.collect()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            shake(make())
            figures.append(float(tracemalloc.get_traced_memory()[1] - before))
    finally:
        tracemalloc.stop()
    return figures

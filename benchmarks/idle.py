"""What a connection keeps while nothing happens, measured in a process of its own."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from pathlib import Path

from benchmarks.contenders import contender
from benchmarks.contenders.base import X25519
from benchmarks.material import Material

WARM = 20  # pairs made and dropped first: caches, arenas, compiled readers


def bytes_per_end(name: str, directory: Path, how: str, count: int) -> float:
    """Bytes per end: half of what a connected pair takes, one byte having gone each way.

    ``how`` is ``traced`` (what Python allocated, by tracemalloc) or ``resident`` (the growth of
    the process, which also sees what OpenSSL allocated).
    """
    adapter = contender(name)
    handshake = adapter.memory(Material.load(directory), X25519)

    def pairs(number: int) -> list[object]:
        made: list[object] = []
        for _ in range(number):
            pair = handshake()
            if adapter.bulk:
                pair.to_server(b"x")
                pair.to_client(b"x")
            made.append(pair)
        return made

    pairs(WARM)
    gc.collect()
    if how == "traced":
        tracemalloc.start()
    before = _now(how)
    held = pairs(count)
    gc.collect()
    return (_now(how) - before) / len(held) / 2


def _now(how: str) -> float:
    if how == "traced":
        return tracemalloc.get_traced_memory()[0]
    import resource  # POSIX only, as this one figure is

    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # no /proc: the highest so far, which only grows while pairs are made
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
    return pages * resource.getpagesize()

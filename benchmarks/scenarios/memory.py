"""Both sides in one thread, the bytes carried by hand: no system call in the interval."""

from __future__ import annotations

from benchmarks import contenders
from benchmarks.contenders.base import (
    HYBRID,
    SUITE12,
    X25519,
    Contender,
    MemoryPair,
    OlderContender,
    demand,
)
from benchmarks.material import Material
from benchmarks.measure import Effort, Work, in_turn
from benchmarks.results import SUBJECT, Case, Goal, Outcome

REMEMBERING = "tlsee remembering"
SIZES = {"16 KiB": 1 << 14, "64 KiB": 1 << 16, "1 MiB": 1 << 20}
BULK_GOALS = {
    "16 KiB": {"ssl": Goal(1.1)},
    "64 KiB": {"ssl": Goal(1.1, project=1.5)},
    "1 MiB": {"ssl": Goal(1.3, project=1.5)},
}


def handshake(material: Material, effort: Effort) -> Outcome:
    """A full handshake: new connections, until both ends are done."""
    goals = {"ssl": Goal(1.6, project=1.0), "tlslite-ng": Goal(1 / 15, project=1 / 15)}
    return _handshake("handshake", X25519, goals, material, effort)


def handshake_hybrid(material: Material, effort: Effort) -> Outcome:
    """The same with X25519MLKEM768, among those whose OpenSSL has it."""
    return _handshake("handshake-hybrid", HYBRID, {}, material, effort)


def handshake12(material: Material, effort: Effort) -> Outcome:
    """A full handshake of TLS 1.2, beside ``ssl`` pinned to it."""
    title = f"Full TLS 1.2 handshake in memory: P-256, {X25519}, ECDHE_ECDSA, AES_128_GCM"
    found, notes = _found(X25519)
    work: dict[str, Work] = {}
    for each in found.values():
        if isinstance(each, OlderContender):
            run = each.memory12(material)
            demand(run(), each.name, X25519, SUITE12)
            work[each.name] = run
    goals = {"ssl": Goal(1.6, project=1.0)}
    return Outcome("handshake12", title, _remembering_or_not(work, goals, effort), notes)


def _handshake(
    name: str, group: str, goals: dict[str, Goal], material: Material, effort: Effort
) -> Outcome:
    title = f"Full handshake in memory: ECDSA P-256, {group}, TLS_AES_128_GCM_SHA256"
    found, notes = _found(group)
    work: dict[str, Work] = {}
    for each in found.values():
        run = each.memory(material, group)
        demand(run(), each.name, group)
        work[each.name] = run
    return Outcome(name, title, _remembering_or_not(work, goals, effort), notes)


def _remembering_or_not(
    work: dict[str, Work], goals: dict[str, Goal], effort: Effort
) -> list[Case]:
    """tlsee as it is by default, and with each signature of each chain checked anew."""
    switches: dict[str, Work] = {}
    if SUBJECT in work:
        from benchmarks.contenders import with_tlsee

        work[REMEMBERING] = work[SUBJECT]
        switches[SUBJECT] = with_tlsee.forget_signatures
        switches[REMEMBERING] = with_tlsee.remember_signatures
    figures = in_turn(work, effort, switches)
    cases = [Case("every signature checked anew", "s", figures, goals=goals)]
    if SUBJECT in work:
        cases.append(Case("signatures remembered", "s", figures, subject=REMEMBERING))
    return cases


def bulk(material: Material, effort: Effort) -> Outcome:
    """Both directions: one write each way a call, read to the last byte."""
    found, notes = _found(X25519)
    cases = []
    for label, size in SIZES.items():
        pairs = {
            each.name: each.memory(material, X25519)()
            for each in found.values()
            if each.bulk >= size
        }
        data = bytes(size)
        work = {name: _both_ways(pair, data) for name, pair in pairs.items()}
        seconds = in_turn(work, effort)
        figures = {name: [2 * size / each for each in seconds[name]] for name in seconds}
        cases.append(
            Case(f"writes of {label}", "B/s", figures, more_is_better=True, goals=BULK_GOALS[label])
        )
    return Outcome("bulk", "Bulk data in memory, both directions", cases, notes)


def round_trip(material: Material, effort: Effort) -> Outcome:
    """A byte there and a byte back."""
    found, notes = _found(X25519)
    work = {
        each.name: _both_ways(each.memory(material, X25519)(), b"x")
        for each in found.values()
        if each.bulk
    }
    cases = [Case("one byte each way", "s", in_turn(work, effort))]
    return Outcome("round-trip", "One-byte round trips in memory", cases, notes)


def _both_ways(pair: MemoryPair, data: bytes) -> Work:
    to_server, to_client = pair.to_server, pair.to_client

    def work() -> None:
        to_server(data)
        to_client(data)

    if to_server(data) + to_client(data) != 2 * len(data):
        raise AssertionError("not all of it arrived")
    return work


def _found(group: str) -> tuple[dict[str, Contender], list[str]]:
    found, missing = contenders.available()
    notes = [f"{name} is not installed" for name in missing]
    return {name: each for name, each in found.items() if group in each.groups}, notes

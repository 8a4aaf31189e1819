"""Forged recordings and overheard ones: nothing raises, nothing is guessed."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.support.captures_made import pcap
from tests.support.captures_told import key_log_of, wire
from tests.support.recordings import SCENARIOS, record
from tests.support.whys import (
    NEW,
    OLD,
    meeting,
    well_formed,
    why,
)
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.explain.capture import read_capture
from tlsee.explain.cost import cost_of
from tlsee.explain.machine_view import machine_of
from tlsee.explain.why import reasons_of
from tlsee.explain.why.values import CANDIDATES_SHOWN
from tlsee.recording.format import Header
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.trace import Choice, Failed, MessageReceived, MessageSent, Role
from tlsee.values import replace

ODD: list[Any] = [
    None,
    True,
    -1,
    1 << 60,
    "x\x1b[2J",
    b"\xff\n" * 40,
    NamedGroup.of(0xABCD),
    CipherSuite.of(0x1301),
    CipherSuite.of(0xC02B),
    ProtocolVersion.of(0x0300),
    ProtocolVersion.of(0x0304),
    SignatureScheme.of(0x0804),
]


def _forged(choose: random.Random, choice: Choice) -> Choice:
    def some() -> tuple[Any, ...]:
        return tuple(choose.choices(ODD, k=choose.randrange(5)))

    return Choice(
        choose.choice([choice.what, "suite", "group", "session", "certificate", "nonsense"]),
        choose.choice([choice.offered, some()]),
        choose.choice([choice.able, some()]),
        choose.choice([choice.chosen, *ODD]),
        choose.choice([choice.rule, "\u202e; ; \n", ""]),
        choose.choice(list(Role)),
    )


@pytest.mark.parametrize("seed", range(60))
def test_a_forged_recording_raises_nothing_and_shows_nothing_dangerous(seed: int) -> None:
    """Choices of wrong types, messages cut off, changed bytes, moments missing or doubled."""
    choose = random.Random(seed)
    made = record(choose.choice(list(SCENARIOS)))
    whole = choose.choice(made.recorders).recording
    moments: list[Moment] = []
    for moment in whole.moments:
        item = moment.item
        if isinstance(item, Choice) and choose.random() < 0.6:
            item = _forged(choose, item)
        elif isinstance(item, MessageSent | MessageReceived) and choose.random() < 0.2:
            raw = bytearray(item.raw)
            for _ in range(choose.randrange(4)):
                raw[choose.randrange(len(raw))] = choose.randrange(256)
            item = type(item)(item.epoch, bytes(raw[: choose.randrange(len(raw) + 1)] or raw))
        copies = choose.choices((0, 1, 2), (1, 18, 1))[0]
        moments += [Moment(moment.at, moment.cpu, item)] * copies
    well_formed(reasons_of(Recording(whole.header, moments)))


@pytest.mark.parametrize("name", ["1.3", "1.2", "1.3, resumed"])
@pytest.mark.parametrize("recorder", [1, 3])
def test_lists_of_nothing_that_belongs_there(name: str, recorder: int) -> None:
    """Values of other kinds in the lists of every choice: they are passed over."""
    whole = record(name).recorders[recorder].recording
    moments = [
        Moment(m.at, m.cpu, replace(m.item, offered=(*m.item.offered, *ODD), able=(*ODD,)))
        if isinstance(m.item, Choice)
        else m
        for m in whole.moments
    ]
    reasons = reasons_of(Recording(whole.header, moments))

    well_formed(reasons)
    for reason in reasons:
        if reason.what in ("version", "suite", "group"):
            assert not any(one.name in ("None", "-1", "True") for one in reason.candidates)


def test_a_refusal_in_odd_words_is_read_as_far_as_it_goes() -> None:
    """The lists of a refusal come out of its text, and an attacker's text has none."""
    theirs = meeting(OLD, NEW)[1]
    for item in [moment.item for moment in theirs.moments]:
        if isinstance(item, Failed):
            item.error.detail = "this server \x1b[2J, TLS 1.3, " + "," * 9999  # type: ignore[attr-defined]
    reasons = reasons_of(theirs)

    well_formed(reasons)
    assert [one.name for one in why(theirs, "version").candidates if one.able] == ["TLS 1.3"]


def test_an_empty_recording_has_no_reasons() -> None:
    """Nor has one that ends before the hello."""
    assert reasons_of(Recording(Header(0), ())) == ()


def test_endless_lists_are_bounded() -> None:
    """A hello of thousands of suites is shown up to a bound, the winner always."""
    theirs = record("1.3").server.recording
    many = tuple(CipherSuite.of(number) for number in range(0x2000, 0x6000))
    moments = [
        Moment(m.at, m.cpu, Choice("suite", many, many, many[-1], m.item.rule, Role.SERVER))
        if isinstance(m.item, Choice) and m.item.what == "suite"
        else m
        for m in theirs.moments
    ]
    reason = why(Recording(theirs.header, moments), "suite")

    assert len(reason.candidates) <= CANDIDATES_SHOWN + 1
    assert any(one.chosen for one in reason.candidates)


# --- Overheard ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1.3", "1.2", "1.3, retried", "1.2, resumed", "1.3, early data"])
@pytest.mark.parametrize("keys", [True, False])
def test_a_listener_says_what_it_heard_and_speaks_of_neither_side_as_its_own(
    name: str, keys: bool
) -> None:
    """A capture's winners are those of the endpoint that it is of, as far as it could be read."""
    own = record(name).full_client.recording
    (found,) = read_capture(
        pcap(wire(own, 300).packets), key_log_of((own,)) if keys else None
    ).connections
    reasons = reasons_of(found.recording)
    winners = {(one.what, one.by): one.chosen for one in reasons}
    known = {(one.what, one.by): one.chosen for one in reasons_of(own)}

    well_formed(reasons)
    assert machine_of(found.recording) is None
    for what in ("version", "suite"):
        assert winners[what, Role.SERVER] == known[what, Role.SERVER]
    for reason in reasons:
        assert all(candidate.able is not False for candidate in reason.candidates)
        assert not any("this " in item.change for item in reason.what_ifs), reason
    heard, told = cost_of(found.recording), cost_of(own)
    if keys:
        assert heard.round_trips == told.round_trips
        assert heard.certificate_bytes == told.certificate_bytes
        assert heard.client_bytes + heard.server_bytes == told.client_bytes + told.server_bytes
    assert heard.cpu_us is None
    assert all(step.cpu_us is None for step in heard.steps)

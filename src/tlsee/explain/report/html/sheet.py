"""What the sections of a page share: the account, what is bounded, and how they name each other."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property

from tlsee.codes import ContentType
from tlsee.explain.account import Account, RecordView, StepView
from tlsee.explain.keytree import KeyGraph, key_graph
from tlsee.explain.report.html.bounds import (
    ALL,
    NODES_SHOWN,
    STEPS_FIRST,
    STEPS_LAST,
    WHYS_SHOWN,
    Amounts,
    Budget,
)
from tlsee.explain.story import Kind
from tlsee.explain.why import Why, reasons_of
from tlsee.trace import Epoch, Role

__all__ = ["Sheet", "content_name", "epoch_class", "is_bad", "slug"]

# The account's name of a key in TLS 1.3; in 1.2 it is the schedule's own.
_TRAFFIC = re.compile(r"(client|server) (\w+) traffic key(?:, update (\d+))?")
_EPOCHS = {
    Epoch.INITIAL: "clear",
    Epoch.EARLY: "early",
    Epoch.HANDSHAKE: "hs",
    Epoch.APPLICATION: "ap",
}


def slug(text: str) -> str:
    """A name as part of an identifier: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Sheet:
    """An account on its way to a page.

    Attributes:
        steps: those that are shown. left_out: how many between them are not.
        evidence: the numbers of the steps that a failure is about.
    """

    def __init__(self, account: Account, amounts: Amounts = ALL) -> None:
        self.account = account
        self.amounts = amounts
        self.budget = Budget(octets=amounts.octets)
        steps = account.steps
        self.left_out = max(0, len(steps) - STEPS_FIRST - STEPS_LAST)
        self.steps = steps
        if self.left_out:
            self.steps = (*steps[:STEPS_FIRST], *steps[-STEPS_LAST:])
        self.gap_before = self.steps[STEPS_FIRST].step.number if self.left_out else 0
        self.numbers = frozenset(view.step.number for view in self.steps)
        outcome = account.outcome
        self.evidence = frozenset(() if outcome.good else outcome.evidence)
        self._messages = {
            role: [
                view
                for view in account.steps
                if view.step.sender is role and view.step.kind is Kind.MESSAGE
            ]
            for role in Role
        }
        self.record_ids: frozenset[int] = frozenset()  # records with a row of their own
        self.rows: dict[int, frozenset[int]] = {}  # of each step, the fields that have a row

    def message(self, sender: Role, place: int) -> StepView | None:
        """The sender's message with this place among its messages, from 0."""
        found = self._messages[sender]
        return found[place] if place < len(found) else None

    def href(self, number: int) -> str | None:
        """The address of a step, if it is on the page."""
        return f"#m{number}" if number in self.numbers else None

    def field_href(self, number: int, place: int) -> str | None:
        """The address of a step's field, by its place in ``Field.walk``, if it is on the page."""
        return f"#m{number}.f{place}" if place in self.rows.get(number, ()) else None

    @cached_property
    def graph(self) -> KeyGraph | None:
        """The key schedule, if keys were agreed on."""
        found = key_graph(self.account.recording)
        return found if found is not None and found.nodes else None

    @cached_property
    def whys(self) -> tuple[Why, ...]:
        """What was negotiated, as far as it is shown; the n-th is ``#cn``, from 1."""
        return reasons_of(self.account.recording)[:WHYS_SHOWN]

    @cached_property
    def key_ids(self) -> dict[str, str]:
        """The identifiers of the key schedule's values that are shown, by their names."""
        graph = self.graph
        if graph is None:
            return {}
        ids = {node.name: f"k{place}" for place, node in enumerate(graph.nodes[:NODES_SHOWN], 1)}
        return ids | {node.name: f"h{place}" for place, node in enumerate(graph.transcripts, 1)}

    @staticmethod
    def key_name(key: str) -> str:
        """What the key schedule calls what protects a record, by its name in the account."""
        found = _TRAFFIC.fullmatch(key)
        if found is None:
            return key
        side, epoch, update = found.groups()
        number = f" {update or 0}" if epoch == "application" else ""
        return f"{side}_write_key ({epoch}{number})"

    def key_href(self, key: str) -> str | None:
        """The address of what protects a record, by its name in the account."""
        target = self.key_ids.get(self.key_name(key))
        return f"#{target}" if target is not None else None

    def key_value(self, name: str) -> bytes | None:
        """A value of the key schedule, where the recording has it."""
        node = self.graph.node(name) if self.graph is not None else None
        return node.output if node is not None else None

    @cached_property
    def _sequence(self) -> dict[int, int]:
        counted: Counter[tuple[Role, str]] = Counter()
        found = {}
        for view in self.account.records:
            if view.seen.protection is not None:
                under = view.sender, view.seen.protection.key
                found[view.number] = counted[under]
                counted[under] += 1
        return found

    def sequence_number(self, view: RecordView) -> int:
        """How many records of its sender were under its key before it."""
        return self._sequence.get(view.number, 0)

    def name_of(self, role: Role) -> str:
        """What a side is called."""
        heading = self.account.heading
        return heading.left if role is Role.CLIENT else heading.right

    def way(self, sender: Role) -> str:
        """Who speaks to whom, in words."""
        return f"{self.name_of(sender)} to {self.name_of(sender.other)}"


def epoch_class(epoch: Epoch) -> str:
    """The class of what is protected by the keys of an epoch."""
    return _EPOCHS[epoch]


def is_bad(view: StepView) -> bool:
    """Whether a step is an alert that says something went wrong."""
    return view.step.is_refusal


def content_name(content: ContentType) -> str:
    """A record's content in words."""
    return str(content).replace("_", " ")

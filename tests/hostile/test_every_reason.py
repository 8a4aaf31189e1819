"""The catalogue of reasons is complete and nothing in it is dead."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from tests.hostile import (
    test_authentication,
    test_client_hellos,
    test_closing,
    test_early_data,
    test_key_exchange,
    test_key_updates,
    test_later_authentication,
    test_own_failures,
    test_records,
    test_retry,
    test_server_hellos,
)
from tests.support.refusals import Misdeed
from tlsee.reasons import Reason, catalogue

TABLES: list[list[Misdeed]] = [
    test_authentication.MISDEEDS,
    test_client_hellos.MISDEEDS,
    test_closing.MISDEEDS,
    test_early_data.MISDEEDS,
    test_key_exchange.MISDEEDS,
    test_key_updates.MISDEEDS,
    test_later_authentication.MISDEEDS,
    test_own_failures.MISDEEDS,
    test_records.MISDEEDS,
    test_retry.AGAINST_CLIENTS + test_retry.AGAINST_SERVERS,
    test_server_hellos.MISDEEDS,
]
TESTS = Path(__file__).parent.parent

# Where a reason is named that no table here provokes: certificates are judged one by one, streams
# have ends of their own, and what is computed is refused where it is computed.
ELSEWHERE = ("hostile", "unit", "machine", "vectors")


def provoked() -> set[str]:
    """The names of the reasons that the tables provoke."""
    return {misdeed.reason.name for table in TABLES for misdeed in table}


@lru_cache(1)
def words_of_other_tests() -> str:
    """The source of the tests outside of this file."""
    files = [file for place in ELSEWHERE for file in sorted((TESTS / place).glob("**/*.py"))]
    here = Path(__file__).name
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.name != here)


@pytest.mark.parametrize("reason", catalogue(), ids=lambda reason: str(reason.name))
def test_every_reason_is_provoked(reason: Reason) -> None:
    """A row that nobody can cause is removed; one that somebody can has a test."""
    words = words_of_other_tests()
    named = f'"{reason.name}"' in words or re.search(rf"Reasons\.{reason.name}\b", words)
    assert reason.name in provoked() or named, "no test provokes it"


def test_the_tables_name_their_misdeeds_apart() -> None:
    """A failing test says by its id what was done."""
    for table in TABLES:
        seen = [misdeed.name for misdeed in table]
        doubled = {name for name in seen if seen.count(name) > 1}
        # Tables of two messages have the same misdeed for both.
        assert len(doubled) < len(seen) / 2

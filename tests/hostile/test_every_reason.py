"""The catalogue of reasons is complete and nothing in it is dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import (
    test_authentication,
    test_client_hellos,
    test_closing,
    test_early_data,
    test_key_exchange,
    test_key_updates,
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
    test_own_failures.MISDEEDS,
    test_records.MISDEEDS,
    test_retry.AGAINST_CLIENTS + test_retry.AGAINST_SERVERS,
    test_server_hellos.MISDEEDS,
]
TESTS = Path(__file__).parent.parent

# What no message of a peer's provokes: certificates are judged in tests/unit/identity, one by one;
# the rest has its own tests, each of which says the reason's name.
ELSEWHERE = {
    "malformed_certificate": "unit/identity",
    "no_subject_alt_name": "unit/identity",
    "not_a_ca": "unit/identity",
    "path_too_long": "unit/identity",
    "wrong_key_usage": "unit/identity",
    "name_constraints": "unit/identity",
    "bad_certificate_signature": "unit/identity",
    "weak_certificate_signature": "unit/identity",
    "weak_key": "unit/identity",
    "unsupported_key": "unit/identity",
    "unsupported_certificate_signature": "unit/identity",
    "unknown_critical_extension": "unit/identity",
    "judgement_exhausted": "unit/identity",
    "session_not_offered": "hostile/test_tls12.py",
    "insecure_renegotiation": "hostile/test_tls12.py",
    "renegotiation_info_wrong": "hostile/test_tls12.py",
    "extended_main_secret_missing": "hostile/test_tls12.py",
    "fallback": "hostile/test_tls12.py",
    "certificate_not_for_suite": "hostile/test_tls12.py",
    "point_format_missing": "hostile/test_tls12.py",
    "client_certificate_missing": "hostile/test_tls12.py",
    "unacceptable_dh_group": "unit/crypto",
    "key_limit_reached": "hostile/test_key_updates.py",
    "cut_in_handshake": "hostile/test_closing.py",
    "truncated": "unit/streams",
    "handshake_timeout": "unit/streams",
}


def provoked() -> set[str]:
    """The names of the reasons that the tables provoke."""
    return {misdeed.reason.name for table in TABLES for misdeed in table}


def text_of(place: str) -> str:
    """The source of the tests at a place."""
    path = TESTS / place
    files = sorted(path.glob("**/*.py")) if path.is_dir() else [path]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("reason", catalogue(), ids=lambda reason: str(reason.name))
def test_every_reason_is_provoked(reason: Reason) -> None:
    """A row that nobody can cause is removed; one that somebody can has a test."""
    place = ELSEWHERE.get(reason.name)
    if place is None:
        assert reason.name in provoked(), "no table provokes it"
        return
    assert reason.name not in provoked(), "a table provokes it: take it out of ELSEWHERE"
    words = text_of(place)
    assert f"Reasons.{reason.name}" in words or f'"{reason.name}"' in words, place


def test_nothing_is_expected_elsewhere_that_is_no_reason() -> None:
    """ELSEWHERE follows the catalogue."""
    assert set(ELSEWHERE) <= {reason.name for reason in catalogue()}


def test_the_tables_name_their_misdeeds_apart() -> None:
    """A failing test says by its id what was done."""
    for table in TABLES:
        seen = [misdeed.name for misdeed in table]
        doubled = {name for name in seen if seen.count(name) > 1}
        # Tables of two messages have the same misdeed for both.
        assert len(doubled) < len(seen) / 2

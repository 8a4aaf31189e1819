"""docs/sessions.md says figures; the code has them."""

from __future__ import annotations

import re

import pytest

from tests.support.house import REPOSITORY
from tlsee.sessions import bounds

TEXT = " ".join((REPOSITORY / "docs" / "sessions.md").read_text(encoding="utf-8").split())
DAY = 86_400


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("100 ms at most", bounds.REDIS_TIMEOUT * 1000),
        ("tries again each second", bounds.REDIS_PAUSE),
        ("declined for 25 seconds", bounds.REPLAY_SPAN + bounds.FLEET_SKEW),
        ("agree to five seconds", bounds.FLEET_SKEW),
        ("one each twelve hours", bounds.KEY_PERIOD / 3600),
        ("(a day if nobody says otherwise, seven at most)", bounds.LIFETIME / DAY),
        ("end seven days after it", bounds.TOTAL_LIFETIME_LIMIT / DAY),
    ],
)
def test_figures(said: str, seconds: float) -> None:
    """Each sentence with a figure in it stands there, and the figure is the code's."""
    words = {"a day": 1, "each second": 1, "five": 5, "twelve": 12, "seven days": 7}
    digits = re.search(r"\d+", said)
    figure = int(digits[0]) if digits else next(n for w, n in words.items() if w in said)
    assert said in TEXT
    assert figure == seconds

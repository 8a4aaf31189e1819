"""The screen of every case of x509-limbo: any chain can be shown, any refusal is explained."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from tests.support.command import looks_good
from tests.support.schemas import complaints, schema
from tests.support.vectors import load
from tlsee.cli.verdict_json import verify_object
from tlsee.errors import ApiMisuse
from tlsee.explain.verdicts import CONNECTED, screen
from tlsee.identity.path.verdict import Verdict
from tlsee.lab import limbo


@lru_cache
def verdicts() -> dict[str, Verdict]:
    """Those of all cases that can be judged."""
    found = {}
    for case in load("limbo-dev.json")["testcases"]:
        expected: Any = case["expected_peer_name"]
        try:
            found[case["id"]] = limbo.verdict(case, expected["value"] if expected else None)
        except ApiMisuse:  # an anchor or a name that no caller may give
            continue
    return found


def test_every_verdict_fits_its_screen() -> None:
    """80 columns of ASCII, the verdict first; whoever is refused hears why, and of the alert."""
    assert len(verdicts()) > 150
    for verdict in verdicts().values():
        lines = [line.text for line in screen(verdict)]
        text = "\n".join(lines)
        looks_good(text)
        assert lines[0].startswith("ACCEPTED" if verdict.accepted else "REFUSED")
        assert ("FAIL" in text) is any(path.failures for path in verdict.tried[:8])
        if not verdict.accepted:
            assert lines[1].startswith("  cause     ")
            assert str(verdict.alert) in text.replace("\n", " ")


def test_narrow() -> None:
    """The narrowest terminal gets its lines, too."""
    for verdict in verdicts().values():
        for line in screen(verdict, CONNECTED, 40):
            assert len(line.text) <= 40, line.text


def test_every_verdict_keeps_to_the_schema() -> None:
    """And goes through JSON."""
    for verdict in verdicts().values():
        item = json.loads(json.dumps(verify_object(verdict, CONNECTED, "cert.pem")))
        assert complaints(item, schema("tlsee.verify/1")) == []

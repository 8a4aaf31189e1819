"""``python -m benchmarks``: measure, print ratios, and on request write them down."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run the scenarios that were asked for; 0 when all of them ran."""
    # Before anything loads an OpenSSL, which reads its configuration once; and for a checkout
    # whose package is not installed.
    os.environ["OPENSSL_CONF"] = str(HERE / "openssl.cnf")
    sys.path.append(str(HERE.parent / "src"))
    from benchmarks import measure, report
    from benchmarks.material import create
    from benchmarks.scenarios import SCENARIOS

    options = _parser(list(SCENARIOS)).parse_args()
    effort = {"quick": measure.QUICK, "smoke": measure.SMOKE}.get(options.mode, measure.FULL)
    material = create()
    outcomes = []
    for name in options.scenario or SCENARIOS:
        outcome = SCENARIOS[name](material, effort)
        outcomes.append(outcome)
        print(report.table(outcome), flush=True)
    print(
        "\nx is tlsee divided by the other: median and quartiles of pairs taken in turn."
        "\nOnly the ratios carry over to another machine, and only from a quiet one."
    )
    if options.json:
        text = json.dumps(report.as_json(outcomes, effort.name), indent=1)
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    if options.write_results:
        (HERE / "RESULTS.md").write_text(report.markdown(outcomes, effort.name), encoding="utf-8")
    return 0


def _parser(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "scenario", nargs="*", choices=[*names, []], help="default: all of " + ", ".join(names)
    )
    parser.add_argument(
        "--quick", dest="mode", action="store_const", const="quick", help="below a minute"
    )
    parser.add_argument(
        "--smoke", dest="mode", action="store_const", const="smoke", help="one iteration of each"
    )
    parser.add_argument("--json", metavar="FILE", help="also write everything as JSON")
    parser.add_argument("--write-results", action="store_true", help="renew benchmarks/RESULTS.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""What holds for every test: the environment, no skip where none is allowed, the profiles.

Profiles, chosen by ``TLSEE_HYPOTHESIS``: ``dev`` searches anew each time; ``ci`` (the default where
``CI`` is set) is the same search on every run; ``thorough`` is that with many more examples, for
``make test-slow``. None has a deadline: no test is timed.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.missing import skips_are_forbidden

# What the command reads of its environment, a test sets itself or does not have.
for _name in ("SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(_name, None)

_slow_machines = [HealthCheck.too_slow]
settings.register_profile("dev", deadline=None, suppress_health_check=_slow_machines)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=_slow_machines,
)
settings.register_profile("thorough", settings.get_profile("ci"), max_examples=2000)
settings.load_profile(
    os.environ.get("TLSEE_HYPOTHESIS") or ("ci" if os.environ.get("CI") else "dev")
)


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not skips_are_forbidden() or not report.skipped or hasattr(report, "wasxfail"):
        return
    report.outcome = "failed"
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.longrepr = f"{report.nodeid} was skipped where skips are forbidden: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report

"""A recording as every view shows it: one value, so that no two views can disagree.

``Account.of(recording)`` reads the recording once. Whatever shows a connection (the terminal, the
page, JSON, Mermaid) takes an account and nothing else.
"""

from __future__ import annotations

from tlsee.explain.account.account import Account, StepView
from tlsee.explain.account.heading import Heading
from tlsee.explain.account.outcome import Ending, Outcome
from tlsee.explain.account.records import RecordView

__all__ = ["Account", "Ending", "Heading", "Outcome", "RecordView", "StepView"]

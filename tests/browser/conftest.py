"""The browser is everybody's here."""

from __future__ import annotations

from tests.browser.driving import browser, browser_process

__all__ = ["browser", "browser_process"]

"""The page of a recording: one HTML file that needs nothing else, for people to look at.

``page(account)`` makes it. A module per section; ``page.css`` and ``page.js`` go into it as they
are. What a peer sent reaches the page through ``htpy`` alone, which escapes it.
"""

from __future__ import annotations

from tlsee.explain.report.html.page import page

__all__ = ["page"]

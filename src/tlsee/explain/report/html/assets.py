"""The page's style and script, and the policy that lets a browser run these and nothing else."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

__all__ = ["policy", "script", "style"]


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text("ascii")


def style() -> str:
    """The text of the page's one style element."""
    return _text("page.css")


def script() -> str:
    """The text of the page's one script element."""
    return _text("page.js")


@cache
def policy() -> str:
    """The content security policy: nothing is fetched, nothing but these two texts takes effect.

    Style and script are named by their digests, so that markup which found its way into the page
    would do nothing.
    """
    return (
        f"default-src 'none'; style-src {_digest(style())}; script-src {_digest(script())}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode('ascii')).digest()).decode('ascii')}'"

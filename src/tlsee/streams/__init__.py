"""Streams: connections over sockets. ``asyncio`` is imported when somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tlsee.streams.asyncio as asyncio  # noqa: PLR0402 - a package cannot import from itself

__all__ = ["asyncio"]

if not TYPE_CHECKING:  # a type checker would take any misspelt name for one that is found here

    def __getattr__(name: str) -> Any:
        if name == "asyncio":
            import importlib

            return importlib.import_module("tlsee.streams.asyncio")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

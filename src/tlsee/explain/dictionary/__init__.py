"""The dictionary: what the words of TLS mean, and what to do when one of them turns up.

``look_up`` finds entries by name, number or older name. Entries are data, a file for each kind;
those of suites, fields and reasons are composed of what the code says already.
"""

from __future__ import annotations

from tlsee.explain.dictionary.entry import Entry
from tlsee.explain.dictionary.index import Found, entries, kinds, look_up

__all__ = ["Entry", "Found", "entries", "kinds", "look_up"]

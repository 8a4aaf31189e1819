"""A bounded memory for facts about bytes: what was true of them once is true for ever.

That a certificate says this, or that this key made that signature over those bytes, cannot age.
Dates, names, constraints and trust are never kept here: they are judged every time.
"""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

from tlsee.errors import ApiMisuse

Key = TypeVar("Key")
Fact = TypeVar("Fact")


class Remembered(Generic[Key, Fact]):
    """A mapping that forgets what was put first when it is full; capacity 0 remembers nothing.

    Reading takes no lock: a dictionary's ``get`` is atomic, and a fact that is just being
    forgotten is still true.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._facts: dict[Key, Fact] = {}
        self._lock = Lock()
        self.get = self._facts.get

    @property
    def capacity(self) -> int:
        """How many facts are kept at most."""
        return self._capacity

    def __len__(self) -> int:
        return len(self._facts)

    def put(self, key: Key, fact: Fact) -> None:
        """Keep a fact; the oldest go when there is no room."""
        with self._lock:
            if self._capacity == 0:
                return
            while len(self._facts) >= self._capacity:
                del self._facts[next(iter(self._facts))]
            self._facts[key] = fact

    def set_capacity(self, capacity: int) -> None:
        """Change the bound and forget everything.

        Raises:
            ApiMisuse: a negative capacity.
        """
        if capacity < 0:
            raise ApiMisuse(f"a capacity of {capacity}", "0 remembers nothing")
        with self._lock:
            self._capacity = capacity
            self._facts.clear()

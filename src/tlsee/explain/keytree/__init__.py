"""The key schedule as a graph: each value, what it is made of, and where it counts first.

``key_graph`` draws it from a recording; ``recipe`` writes the few lines of Python that compute one
of its values again. Nothing in the schedule itself knows of this: see ``listening``.
"""

from __future__ import annotations

from tlsee.explain.keytree.graph import key_graph
from tlsee.explain.keytree.node import KeyGraph, KeyInput, KeyNode
from tlsee.explain.keytree.recipe import ABSENT, recipe

__all__ = ["ABSENT", "KeyGraph", "KeyInput", "KeyNode", "key_graph", "recipe"]

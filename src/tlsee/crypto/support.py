"""Whether the installed library was built with an algorithm.

``cryptography`` links with several libraries, and distributions leave algorithms out. What is
missing here is simply absent from the provider's rows: it is neither offered nor accepted.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm


def is_supported(probe: Callable[[], object]) -> bool:
    """Whether ``probe`` finds its algorithm.

    A probe loads a key of no bytes: that is refused with a ``ValueError`` where the algorithm
    exists, and costs next to nothing, which making a key at import would not.
    """
    try:
        probe()
    except UnsupportedAlgorithm:
        return False
    except ValueError:
        return True
    return True

"""What the tests of the matrix share."""

from __future__ import annotations

import pytest

from tests.interop.pki import Pki


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """One authority and its certificates for all cells of this process."""
    return Pki(tmp_path_factory.mktemp("pki"))

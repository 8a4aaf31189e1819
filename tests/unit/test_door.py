"""The door: its names exist, it is quick to open, and what weakens stands behind another one."""

from __future__ import annotations

import ast
import os
import pickle
import subprocess
import sys
import tomllib
import types
import typing

import pytest

import tlsee
from tests.support.endpoints import NAME, Pair, client_config
from tests.support.house import REPOSITORY


def _python(code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    )
    return ran.stdout.strip()


@pytest.mark.parametrize("name", tlsee.__all__)
def test_every_name_is_there(name: str) -> None:
    """What the door promises it has."""
    assert getattr(tlsee, name) is not None


def test_nothing_else_is_public() -> None:
    """A name without an underscore is promised, or is one of the package's own modules."""
    found = {
        name
        for name, item in vars(tlsee).items()
        if not name.startswith("_") and not isinstance(item, types.ModuleType)
    }
    assert found - {"annotations", "Any", "TYPE_CHECKING"} <= set(tlsee.__all__)


def test_opening_it_imports_nothing_behind_it() -> None:
    """A name is imported when somebody asks for it, and only what that name needs."""
    look = "sorted(name for name in sys.modules if name.startswith(('tlsee', 'cryptography')))"
    assert _python(f"import sys, tlsee; print({look})") == "['tlsee']"
    code = f"import sys; from tlsee import CipherSuite; print('tlsee.handshake' in {look})"
    assert _python(code) == "False"


def test_each_name_lives_where_the_type_checker_thinks() -> None:
    """What is imported for types, what is looked up when asked for and ``__all__`` agree."""
    tree = ast.parse((REPOSITORY / "src/tlsee/__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and _for_types(node))
    typed = {
        alias.name: f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found = {name: f"{module}.{name}" for name, module in tlsee._HOMES.items()} | tlsee._MODULES
    assert found == typed
    assert set(tlsee.__all__) == {*typed, "__version__"}
    assert set(tlsee.__all__) <= set(dir(tlsee))


def _for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def test_using_it_imports_little() -> None:
    """asyncio, logging and the packages' metadata are imported when somebody needs them."""
    look = (
        "import sys; before = set(sys.modules); import tlsee; tlsee.connect; tlsee.listen; "
        "print(sorted({'asyncio', 'logging', 'ssl', 'importlib.metadata', "
        "'click', 'rich'} & (set(sys.modules) - before)))"
    )
    assert _python(look) == "[]"


def test_asyncio_streams_are_a_step_behind() -> None:
    """``tlsee.streams.asyncio`` needs no import of its own."""
    assert _python("import tlsee; print(tlsee.streams.asyncio.connect.__name__)") == "connect"
    with pytest.raises(AttributeError):
        tlsee.streams.no_such_stream  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError):
        tlsee.no_such_name  # type: ignore[attr-defined]  # noqa: B018


def test_the_version_is_the_projects() -> None:
    """``__version__`` is what is installed; from a bare source tree it says that it is unknown."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert tlsee.__version__ in {project["version"], "0+unknown"}


def test_exceptions_are_named_as_one_catches_them() -> None:
    """A traceback says ``tlsee.AlertReceived``; pickling finds it there again."""
    error = tlsee.ApiMisuse("wrong", "right")
    assert type(error).__module__ == "tlsee"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (tlsee.ApiMisuse, "wrong; fix: right")
    assert not issubclass(tlsee.TLSError, OSError)
    assert issubclass(tlsee.ApiMisuse, RuntimeError)


# Facts of the machine that are events as they are.
AFTER_HANDSHAKE = {
    tlsee.CertificateRequested,
    tlsee.CertificateShown,
    tlsee.ClientAuthenticated,
    tlsee.ClientDeclined,
}


def test_the_union_of_events_is_complete() -> None:
    """Every event class of the connection is in ``tlsee.Event``, so ``match`` can be exhaustive."""
    events = {
        item
        for item in vars(tlsee.events).values()
        if isinstance(item, type)
        and (item.__module__ == "tlsee.connection.events" or item in AFTER_HANDSHAKE)
    }
    assert events - {tlsee.NeedData} | {tlsee.Question} == set(typing.get_args(tlsee.Event))


def test_the_other_door_warns_on_each_use() -> None:
    """What weakens says so where it is used, and the peer is still judged."""
    for _ in range(2):
        with pytest.warns(tlsee.insecure.SecurityWarning, match="not verified") as caught:
            tlsee.insecure.accept_anyone()
        assert caught[0].filename == __file__
    with pytest.warns(tlsee.insecure.SecurityWarning):
        config = client_config(trust=tlsee.insecure.accept_anyone())
    pair = Pair(client=config, name=NAME).run()
    peer = pair.client.info.peer
    assert isinstance(peer, tlsee.Unverified)
    assert not peer.verdict.accepted

"""Recordings for the key schedule's graph, and what a reader does with its recipes."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tests.support.endpoints import NAME, Pair, client_config, server_config, server_credential
from tests.support.recordings import KEY, SCENARIOS, TLS12, TLS13, Configs, record
from tests.support.resuming import Bound, alone
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup
from tlsee.config import ClientConfig
from tlsee.explain.keytree import ABSENT, KeyGraph, KeyNode, key_graph, recipe
from tlsee.recording.kept import Moment
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.sessions.psk import ExternalPsk, import_psk
from tlsee.trace import SecretDerived

__all__ = ["EVERY", "changed", "executed", "graph_of", "logged", "recordings", "without_journal"]

_CODE = CipherSuite


def _suite(
    code: CipherSuite, version: dict[str, Any], key: str = "ecdsa_secp256r1"
) -> Callable[[], Configs]:
    def made() -> Configs:
        changes = {**version, "suites": [code], "policy": policies.legacy}
        return (
            client_config(**changes),
            server_config(**changes, credentials=[server_credential(key)]),
        )

    return made


def _group(group: NamedGroup) -> Callable[[], Configs]:
    return lambda: (
        client_config(groups=[group], key_shares=[group]),
        server_config(groups=[group]),
    )


def _imported() -> Configs:
    keys = import_psk(b"mesh", KEY, b"client, server")
    client = ClientConfig(psks=keys)
    return client, server_config(psks=keys, insecure_accept_own_hellos=True)


def _alone() -> Configs:
    policy = dataclasses.replace(policies.default, legacy_psk_alone=True)
    keys = [ExternalPsk(b"mesh", KEY)]
    client = ClientConfig(psks=keys, policy=policy)
    return client, server_config(psks=keys, policy=policy, insecure_accept_own_hellos=True)


# What ``tests.support.recordings`` has not: other hashes, groups, key exchanges and orders.
MORE: dict[str, Callable[[], Configs]] = {
    "1.3, SHA-384": _suite(_CODE.TLS_AES_256_GCM_SHA384, TLS13),
    "1.3, ChaCha20": _suite(_CODE.TLS_CHACHA20_POLY1305_SHA256, TLS13),
    **{
        f"1.3, {group}": _group(group)
        for group in (
            NamedGroup.x25519,
            NamedGroup.x448,
            NamedGroup.secp256r1,
            NamedGroup.secp521r1,
            NamedGroup.ffdhe2048,
            NamedGroup.SecP256r1MLKEM768,
            NamedGroup.SecP384r1MLKEM1024,
        )
    },
    "1.3, imported key": _imported,
    "1.3, key alone": _alone,
    "1.2, SHA-384": _suite(_CODE.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS12),
    "1.2, ChaCha20": _suite(_CODE.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS12),
    "1.2, DHE": _suite(_CODE.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, TLS12, "rsa2048"),
    "1.2, CBC": _suite(_CODE.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS12, "rsa2048"),
    "1.2, CBC and SHA-384": _suite(_CODE.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, TLS12, "rsa2048"),
}
EVERY = (*SCENARIOS, *MORE)


@lru_cache(maxsize=64)
def recordings(name: str) -> tuple[Recording, Recording, Recording]:
    """A connection as its client, its server and a redacting client recorded it, from a file."""
    if name in SCENARIOS:
        made = record(name)
        recorders = (made.full_client, made.full_server, made.client)
    else:
        composer = {"composer": Bound(alone)} if name == "1.3, key alone" else {}
        recorders = _recorded(*MORE[name](), **composer)
    full, theirs, brief = [Recording.from_bytes(one.recording.to_bytes()) for one in recorders]
    return full, theirs, brief


def _recorded(client: Any, server: Any, **options: Any) -> tuple[Recorder, Recorder, Recorder]:
    full, theirs = Recorder(reveal_secrets=True), Recorder(reveal_secrets=True)
    brief = Recorder()
    pair = Pair(
        full.watched(client),
        theirs.watched(server),
        name=NAME if client.trust.anchors else None,
        client_options={"observers": [full, brief], **options},
        server_options={"observers": [theirs]},
    ).run()
    assert pair.done
    pair.client.write(b"hello")
    pair.run()
    return full, theirs, brief


def graph_of(recording: Recording) -> KeyGraph:
    """The graph, which there is."""
    graph = key_graph(recording)
    assert graph is not None
    return graph


def executed(graph: KeyGraph, node: KeyNode) -> bytes | None:
    """What a node's recipe prints; ``None`` where it waits for a value that the recording lacks."""
    program = recipe(graph, node)
    if ABSENT in program:
        compile(program, node.name, "exec")
        return None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, {})
    return bytes.fromhex(printed.getvalue())


def without_journal(recording: Recording) -> Recording:
    """The same with secrets alone, as ``tlsee serve --reveal-secrets`` writes it."""
    kept = [m for m in recording.moments if type(m.item).__name__ not in ("Entry", "Configuration")]
    return Recording(recording.header, kept)


def logged(recording: Recording) -> list[SecretDerived]:
    """Its secrets."""
    return [event for event in recording.events() if isinstance(event, SecretDerived)]


def changed(recording: Recording, old: Any, new: Any) -> Recording:
    """The same with one item in the place of another."""
    moments = [Moment(m.at, m.cpu, new) if m.item is old else m for m in recording.moments]
    return Recording(recording.header, moments)

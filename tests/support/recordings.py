"""Connections of every kind with a recorder at each end, and what of them nobody may find."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    server_config,
    server_credential,
    trust,
)
from tests.support.resuming import resumable
from tlsee import policies
from tlsee.codes import ContentType, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.explain.collector import Collector
from tlsee.recording.format import FrameReader, read_header
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import Choice, RecordReceived, RecordSent, Role, SecretDerived

TLS12 = {"versions": [ProtocolVersion.TLS12]}
TLS13 = {"versions": [ProtocolVersion.TLS13]}
KEY = b"a key that both sides agreed on."
EARLY = b"said early, and nobody else may know of it"
SAID = b"said by the client, and nobody else may know of it"
ANSWERED = b"answered by the server, and nobody else may know of it"

Configs = tuple[ClientConfig, ServerConfig]


def _full(version: dict[str, Any], **changes: Any) -> Callable[[], Configs]:
    return lambda: (
        client_config(**version, **changes),
        server_config(**{**version, **changes}, credentials=[_credential(changes)]),
    )


def _credential(changes: dict[str, Any]) -> Any:
    return server_credential("rsa2048" if changes.get("suites") else "ecdsa_secp256r1")


def _mutual(version: dict[str, Any]) -> Callable[[], Configs]:
    return lambda: (
        client_config(**version, credentials=[client_credential()]),
        server_config(**version, client_trust=trust()),
    )


def _retried() -> Configs:
    return client_config(key_shares=()), server_config(groups=[NamedGroup.secp384r1])


def _psk() -> Configs:
    keys = [ExternalPsk(b"mesh", KEY)]
    return ClientConfig(psks=keys), server_config(psks=keys, insecure_accept_own_hellos=True)


def _rsa() -> Configs:
    rsa_suites = [s for s in policies.legacy.suites if s.name.startswith("TLS_RSA_WITH_AES")]
    return _full(TLS12, policy=policies.legacy, suites=rsa_suites)()


SCENARIOS: dict[str, Callable[[], Configs]] = {
    "1.3": _full(TLS13),
    "1.2": _full(TLS12),
    "1.2, RSA key exchange": _rsa,
    "1.3, retried": _retried,
    "1.3, resumed": lambda: resumable(TLS13, **TLS13),
    "1.2, resumed": lambda: resumable(TLS12, **TLS12),
    "1.3, early data": lambda: resumable(TLS13, **TLS13, early_data=4096),
    "1.3, client certificate": _mutual(TLS13),
    "1.2, client certificate": _mutual(TLS12),
    "1.3, external key": _psk,
    "1.3, keys updated": _full(TLS13),
}


@dataclasses.dataclass
class Recorded:
    """A connection and the recorders that listened: redacting, then revealing, at each end."""

    pair: Pair
    client: Recorder
    server: Recorder
    full_client: Recorder
    full_server: Recorder
    collectors: tuple[Collector, Collector]

    @property
    def recorders(self) -> tuple[Recorder, ...]:
        return self.client, self.server, self.full_client, self.full_server


def record(name: str, configs: Callable[[], Configs] | None = None) -> Recorded:
    """A scenario's connection, or one with other configurations: handshake, data, goodbye."""
    client, server = (configs or SCENARIOS[name])()
    ours, theirs = Recorder(), Recorder()
    full_ours, full_theirs = Recorder(reveal_secrets=True), Recorder(reveal_secrets=True)
    collectors = Collector(Role.CLIENT), Collector(Role.SERVER)
    early = name == "1.3, early data"
    pair = Pair(
        full_ours.watched(client),
        full_theirs.watched(server),
        name=None if name == "1.3, external key" else NAME,
        client_options={"observers": [ours, full_ours, collectors[0]], "early_data": early},
        server_options={"observers": [theirs, full_theirs, collectors[1]]},
    )
    if early:
        pair.client.write_early_data(EARLY)
    pair.run()
    assert pair.done
    converse(pair)
    if name == "1.3, keys updated":
        pair.client.update_keys(request=True)
        converse(pair)
    for side in (pair.client, pair.server):
        side.close_write()
    pair.run()
    made = Recorded(pair, ours, theirs, full_ours, full_theirs, collectors)
    assert not any(recorder.failure for recorder in made.recorders)
    return made


def converse(pair: Pair) -> None:
    """Data both ways."""
    pair.run()
    pair.client.write(SAID)
    pair.run()
    pair.server.write(ANSWERED)
    pair.run()


def opened(data: bytes) -> bytes:
    """A file's header and all of its bodies, unpacked."""
    _, at = read_header(data)
    frames = FrameReader(data, at)
    bodies = b"\x00".join(frames)
    assert not frames.damage
    return data[:at] + bodies


def secrets_of(made: Recorded) -> dict[str, bytes]:
    """Everything that a redacted recording must not have, by what it is."""
    found: dict[str, bytes] = {"said": SAID, "answered": ANSWERED, "early": EARLY, "key": KEY}
    for whose, recorder in (("client", made.full_client), ("server", made.full_server)):
        recording = recorder.recording
        for number, entry in enumerate(recording.journal.entries):
            if entry.kind == "key_share":
                found[f"{whose}: private share {number}"] = entry.data
            elif entry.kind == "response":
                found[f"{whose}: shared secret {number}"] = entry.data[-32:]
            elif entry.kind == "decrypted":
                found[f"{whose}: premaster secret {number}"] = entry.data
        for number, event in enumerate(recording.events()):
            found |= _secrets_of_event(f"{whose} {number}", event)
    for credential in (server_credential(), server_credential("rsa2048"), client_credential()):
        found |= _private_numbers(credential)
    return found


def _secrets_of_event(where: str, event: Any) -> dict[str, bytes]:
    if isinstance(event, SecretDerived):
        return {f"{where}: {event.label}": event.secret}
    if isinstance(event, RecordSent | RecordReceived):
        if event.content_type != ContentType.application_data:
            return {}
        return {f"{where}: ciphertext": event.raw[5:21], f"{where}: tag": event.raw[-16:]}
    if isinstance(event, Choice):
        items = (*event.offered, *event.able, event.chosen)
        sessions = {s.secret for s in items if isinstance(s, Session)}
        return {f"{where}: session {n}": secret for n, secret in enumerate(sessions)}
    return {}


def _private_numbers(credential: Any) -> dict[str, bytes]:
    key = credential.signer._key
    whole = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    found = {f"{credential}: PKCS #8": whole[:64]}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        number = key.private_numbers().private_value
    else:
        assert isinstance(key, rsa.RSAPrivateKey)
        number = key.private_numbers().d
    found[f"{credential}: its number"] = number.to_bytes((number.bit_length() + 7) // 8)
    return found


def reread(recording: Recording) -> Recording:
    """The same through a file's bytes."""
    return Recording.from_bytes(recording.to_bytes())

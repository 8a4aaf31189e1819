"""Opening the records of a recording that has its secrets; the keys are the schedule's own."""

from __future__ import annotations

from collections.abc import Mapping

from tlsee.codes import CipherSuite, ContentType, ExtensionType
from tlsee.crypto.suites import suites
from tlsee.crypto.suites12 import suites12
from tlsee.explain.dissect.protection import Opened
from tlsee.explain.story import Story
from tlsee.keys.protection import BAD_TAG, HEADER_LENGTH, Opener
from tlsee.keys.protection12 import Opener12, opener12
from tlsee.keys.schedule12 import MainSecret
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.recording.recording import Recording
from tlsee.trace import Epoch, Role, SecretDerived
from tlsee.wire.hellos import ClientHello, ServerHello

__all__ = ["Openers", "openers_of"]

# RFC 9850, 2: what each side protects with in an epoch. The fourth of them grows with KeyUpdates.
_LABELS = {
    (Role.CLIENT, Epoch.EARLY): "CLIENT_EARLY_TRAFFIC_SECRET",
    (Role.CLIENT, Epoch.HANDSHAKE): "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    (Role.SERVER, Epoch.HANDSHAKE): "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    (Role.CLIENT, Epoch.APPLICATION): "CLIENT_TRAFFIC_SECRET_0",
    (Role.SERVER, Epoch.APPLICATION): "SERVER_TRAFFIC_SECRET_0",
}
_MAIN = "CLIENT_RANDOM"
_PLAINTEXT_LIMIT = (1 << 14) + 256 + 1  # more than any record may hold: the lengths were checked


class Openers:
    """What opens the records of both directions, each in its order.

    Args:
        secrets: by their labels. ``story``: which version, suite and randoms they belong to.
    """

    def __init__(self, secrets: Mapping[str, bytes], story: Story) -> None:
        self._secrets = secrets
        self._story = story
        self._openers: dict[tuple[Role, Epoch, int], Opener] = {}
        self._older: dict[Role, Opener12] = {}

    def open(
        self, sender: Role, epoch: Epoch, generation: int, suite: CipherSuite, raw: bytes
    ) -> Opened | None:
        """What is in a record; ``None`` where its key is not known or does not fit.

        ``generation`` counts the KeyUpdates of this direction before it.
        """
        if self._story.is_older:
            return self._open_older(sender, raw)
        opener = self._opener(sender, epoch, generation, suite)
        if opener is None:
            return None
        inner, filled, odd = opener.open_one(memoryview(raw), _PLAINTEXT_LIMIT)
        if odd == BAD_TAG:
            return None
        if filled:
            return Opened(ContentType.application_data, bytes(inner[:filled]), filled)
        content = bytes(inner).rstrip(b"\0")
        if not content:
            return None
        return Opened(ContentType.of(content[-1]), content[:-1], len(content) - 1)

    def _opener(
        self, sender: Role, epoch: Epoch, generation: int, suite: CipherSuite
    ) -> Opener | None:
        place = (sender, epoch, generation)
        if place not in self._openers:
            secret = self._secret(sender, epoch, suite)
            if secret is None:
                return None
            for _ in range(generation):
                secret = secret.next()
            self._openers[place] = Opener(secret)
        return self._openers[place]

    def _secret(self, sender: Role, epoch: Epoch, suite: CipherSuite) -> TrafficSecret | None:
        found = self._secrets.get(_LABELS.get((sender, epoch), ""))
        row = suites().get(suite)
        if found is None or row is None or len(found) != row.hash_length:
            return None
        return TrafficSecret(row, found)

    def _open_older(self, sender: Role, raw: bytes) -> Opened | None:
        if not self._older:
            self._prepare_older()
        opener = self._older.get(sender)
        if opener is None or len(raw) < HEADER_LENGTH:
            return None
        content, odd = opener.open_one(memoryview(raw), _PLAINTEXT_LIMIT)
        if odd == BAD_TAG:
            return None
        return Opened(ContentType.of(raw[0]), bytes(content), len(content))

    def _prepare_older(self) -> None:
        client, server = self._story.first(ClientHello), self._story.first(ServerHello)
        main = self._secrets.get(_MAIN)
        if client is None or server is None or main is None:
            return
        suite = suites12().get(server.cipher_suite)
        if suite is None:
            return
        extended = server.extensions.has(ExtensionType.extended_main_secret)
        mac_last = server.extensions.has(ExtensionType.encrypt_then_mac)
        keys = MainSecret(suite, main, extended).keys(
            client.random, server.random, encrypt_then_mac=mac_last
        )
        self._older = {Role.CLIENT: opener12(keys[0]), Role.SERVER: opener12(keys[1])}


def openers_of(recording: Recording, story: Story) -> Openers | None:
    """What opens a recording's records; ``None`` where it has no secrets."""
    secrets = {
        event.label: event.secret
        for event in recording.events()
        if isinstance(event, SecretDerived)
    }
    return Openers(secrets, story) if secrets else None

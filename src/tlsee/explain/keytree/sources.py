"""Where the numbers come from: logged secrets, pre-shared keys, the provider's journal."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from tlsee.crypto.suites import Suite, suites
from tlsee.errors import TLSError
from tlsee.keys.schedule13 import EarlyStage
from tlsee.recording.recording import Recording
from tlsee.recording.seen import ExternalPskSeen, SessionSeen
from tlsee.recording.watching import sessions_in
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import Choice, Role, SecretDerived
from tlsee.values import value
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello

__all__ = ["IDENTITIES_LIMIT", "FoundPsk", "Logged", "Psks"]

# What a recording may make us compute; a configuration of ours offers a handful.
IDENTITIES_LIMIT = 16
CANDIDATES_LIMIT = 16

# RFC 9850, 2 and its forerunners, by what RFC 9846 calls the secret.
_LABELS = {
    "CLIENT_EARLY_TRAFFIC_SECRET": "client_early_traffic_secret",
    "EARLY_EXPORTER_SECRET": "early_exporter_secret",
    "EARLY_EXPORTER_MASTER_SECRET": "early_exporter_secret",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET": "client_handshake_traffic_secret",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET": "server_handshake_traffic_secret",
    "EXPORTER_SECRET": "exporter_secret",
    "CLIENT_RANDOM": "main secret",
    "PMS_CLIENT_RANDOM": "premaster secret",
}
_TRAFFIC = re.compile(r"(CLIENT|SERVER)_TRAFFIC_SECRET_([0-9]{1,6})")


class Logged:
    """The secrets that a recording has by the labels of a key log.

    Attributes:
        secrets: by the name of the node. problems: sentences on what does not fit.
    """

    def __init__(self, recording: Recording, client_random: bytes) -> None:
        self.secrets: dict[str, bytes] = {}
        self.problems: list[str] = []
        for event in recording.events():
            if isinstance(event, SecretDerived):
                self._take(event, client_random)

    def _take(self, event: SecretDerived, client_random: bytes) -> None:
        name = _LABELS.get(event.label)
        traffic = _TRAFFIC.fullmatch(event.label)
        if traffic is not None:
            side, number = traffic[1].lower(), int(traffic[2])
            name = f"{side}_application_traffic_secret_{number}"
        if name is None:
            return
        if event.client_random != client_random:
            self.problems.append(f"A secret for {name} is of another connection.")
        elif not hmac.compare_digest(self.secrets.setdefault(name, event.secret), event.secret):
            self.problems.append(f"{name}: the recording logs two values under this name.")


@value
class FoundPsk:
    """What is known of an offered key.

    ``key`` is ``None`` where the recording does not have it; ``label`` is its binder's, ``""`` if
    nothing tells; ``suite`` gives its hash, and for a session protects its early data.
    """

    key: bytes | None
    label: str
    suite: Suite
    about: str
    _hidden: ClassVar[frozenset[str]] = frozenset({"key"})


class Psks:
    """The pre-shared keys that a recording knows of, to be matched with what a hello offers."""

    def __init__(self, recording: Recording, selected: int | None) -> None:
        self._rows = suites()
        self._selected = selected
        self._chosen: Any = None
        self._ordered: tuple[Any, ...] = ()  # a client's, in the order of its hello
        self._all: list[Any] = []
        configuration = recording.configuration
        if configuration is not None:
            self._add(configuration.settings.get("psks", ()))
        for entry in recording.journal.entries:
            if entry.kind == "sessions":  # what a client took out of its store
                with suppress(TLSError, ValueError):
                    self._add(sessions_in(entry))
        for event in recording.events():
            if isinstance(event, Choice) and event.what == "session":
                self._chosen = event.chosen
                self._ordered = event.offered if event.by is Role.SERVER else ()
                self._add((*event.offered, *event.able, event.chosen))

    def _add(self, items: Iterable[Any]) -> None:
        for item in items:
            if isinstance(item, Session | SessionSeen | ExternalPsk | ExternalPskSeen):
                self._all.append(item)

    def of(
        self, offered: PreSharedKeyClientHello, index: int, digest: dict[str, bytes]
    ) -> FoundPsk | None:
        """What is behind an identity; ``None`` where not even its hash can be told.

        ``digest``: of the hello without its binders, by the hash's name.
        """
        source = self._source(offered, index, digest)
        if source is not None:
            return self._found(source)
        binder = offered.binders[index] if index < len(offered.binders) else b""
        suite = self._by_length(len(binder))
        if suite is None:
            return None
        external = not offered.identities[index].obfuscated_ticket_age
        label = "" if external else "res binder"
        about = "Nothing in the recording tells what key it is."
        if not external:
            about = "Taken for a ticket's, because its age is not 0."
        return FoundPsk(None, label, suite, about)

    def _source(
        self, offered: PreSharedKeyClientHello, index: int, digest: dict[str, bytes]
    ) -> Any:
        identity = offered.identities[index].identity
        for item in self._all:
            if getattr(item, "identity", None) == identity and not isinstance(item, Session):
                return item
            if isinstance(item, Session) and item.ticket == identity:
                return item
        usable = isinstance(self._chosen, Session | SessionSeen | ExternalPsk | ExternalPskSeen)
        if index == self._selected and usable:
            return self._chosen
        if len(self._ordered) == len(offered.identities):  # a client's own list, or identities
            item = self._ordered[index]
            if isinstance(item, Session | SessionSeen):
                return item
        return self._by_binder(offered, index, digest)

    def _by_binder(
        self, offered: PreSharedKeyClientHello, index: int, digest: dict[str, bytes]
    ) -> Session | None:
        """The session whose binder this is: a server's sessions have no ticket to know them by."""
        if index >= len(offered.binders):
            return None
        tried = [item for item in self._all if isinstance(item, Session) and item.secret]
        for item in tried[:CANDIDATES_LIMIT]:
            row = self._rows.get(item.suite)
            if row is None or row.hash_name not in digest:
                continue
            stage = EarlyStage.start(row, item.secret)
            made = stage.binder(b"res binder", digest[row.hash_name])
            if hmac.compare_digest(made, offered.binders[index]):
                return item
        return None

    def _found(self, source: Any) -> FoundPsk | None:
        if isinstance(source, Session | SessionSeen):
            row = self._rows.get(source.suite)
            if row is None:
                return None
            key = source.secret or None if isinstance(source, Session) else None
            about = "Of a ticket of an earlier connection."
            return FoundPsk(key, "res binder", row, about)
        row = self._of_hash(source.hash_name)
        if row is None:
            return None
        label = "imp binder" if source.imported else "ext binder"
        key = source.key or None if isinstance(source, ExternalPsk) else None
        how = "imported from one that was" if source.imported else "that was"
        return FoundPsk(key, label, row, f"A key {how} agreed on outside of TLS.")

    def _by_length(self, length: int) -> Suite | None:
        return next((row for row in self._rows.values() if row.hash_length == length), None)

    def _of_hash(self, hash_name: str) -> Suite | None:
        return next((row for row in self._rows.values() if row.hash_name == hash_name), None)

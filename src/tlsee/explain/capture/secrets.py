"""Key logs as others write them: lines of label, client random and secret (RFC 9850, 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tlsee.explain.capture import bounds
from tlsee.text import count

__all__ = ["KeyLogSecrets"]

_LINE = re.compile(rb"([A-Z][A-Z0-9_]{0,63})[ \t]+([0-9A-Fa-f]{2,128})[ \t]+([0-9A-Fa-f]{2,256})")
# What opens records or is a secret of the schedule. Other labels are passed over: QUIC's, those of
# RSA by its ciphertext, the generations behind a KeyUpdate, which follow from the first.
LABELS = frozenset(
    (
        "CLIENT_RANDOM",
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "EARLY_EXPORTER_SECRET",
        "EARLY_EXPORTER_MASTER_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
    )
)
_RENAMED = {"EARLY_EXPORTER_MASTER_SECRET": "EARLY_EXPORTER_SECRET"}  # as some programs write it


class KeyLogSecrets:
    """The secrets of key logs, by the client's random.

    Attributes:
        notes: sentences on what of the logs could not be used.
    """

    def __init__(self, logs: Iterable[bytes]) -> None:
        self.notes: list[str] = []
        self._secrets: dict[bytes, dict[str, bytes]] = {}
        self._lines = 0
        self._odd = 0
        self._different = 0
        for log in logs:
            self._read(log)
        if self._odd:
            lines = count(self._odd, "line")
            self.notes.append(f"the key log has {lines} without the form of RFC 9850")
        if self._different:
            self.notes.append(
                f"the key log gives {count(self._different, 'secret')} twice, and differently: "
                "the first was taken"
            )

    def __len__(self) -> int:
        return len(self._secrets)

    def of(self, client_random: bytes) -> dict[str, bytes]:
        """The secrets of a connection by their labels; empty where the logs have none."""
        return dict(self._secrets.get(client_random, {}))

    def _read(self, log: bytes) -> None:
        for raw in log.splitlines():
            line = raw.strip()
            if not line or line.startswith(b"#"):
                continue
            self._lines += 1
            if self._lines > bounds.SECRETS_LIMIT:
                lines = count(bounds.SECRETS_LIMIT, "line")
                self.notes.append(f"the key log has more than {lines}; the rest was not read")
                return
            self._line(line)

    def _line(self, line: bytes) -> None:
        found = _LINE.fullmatch(line)
        label = found[1].decode("ascii") if found is not None else ""
        label = _RENAMED.get(label, label)
        if found is None or len(found[2]) % 2 or len(found[3]) % 2:
            self._odd += 1
            return
        if label not in LABELS:
            return
        random, secret = (bytes.fromhex(part.decode("ascii")) for part in found.groups()[1:])
        known = self._secrets.setdefault(random, {}).setdefault(label, secret)
        self._different += known != secret

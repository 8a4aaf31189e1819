"""What ties something outside of TLS to one connection: exporters and channel bindings.

An application that authenticates its user inside of TLS can mix such a value into what it signs.
Who relays the words to another connection, a man in the middle among them, has another value there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tlsee.codes import ProtocolVersion
from tlsee.connection.core import Core
from tlsee.errors import ApiMisuse
from tlsee.handshake.outcome import EarlyDataSettled, EarlyExporter, Outcome
from tlsee.handshake.post12 import Connected12
from tlsee.handshake.post13 import Connected
from tlsee.identity.end_point import end_point_binding
from tlsee.identity.proof import ByCertificate, ByDecryption, Unverified
from tlsee.keys.exporter import export_keying_material
from tlsee.trace import Role

# RFC 9266, 2: with an empty context, which in TLS 1.2 is another one than none (RFC 5705, 4).
TLS_EXPORTER_LABEL = b"EXPORTER-Channel-Binding"
TLS_EXPORTER_LENGTH = 32  # bytes

KINDS = ("tls-exporter", "tls-server-end-point", "tls-unique")

_JUDGED = (ByCertificate, ByDecryption, Unverified)


class Bindings(Core):
    """The part of a connection that gives keying material away."""

    _early_exporter: EarlyExporter | None = None

    def _take_early_exporter(self, fact: EarlyExporter) -> None:
        """Keep the secret, of which nobody else hears, as long as it is good."""
        self._early_exporter = fact

    def _take_settled(self, fact: EarlyDataSettled) -> None:
        super()._take_settled(fact)
        if not fact.accepted:
            self._early_exporter = None

    takers: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = {
        **Core.takers,
        EarlyDataSettled: _take_settled,
        EarlyExporter: _take_early_exporter,
    }

    def export_keying_material(
        self, label: str | bytes, context: bytes | None, length: int
    ) -> bytes:
        """``length`` bytes that both sides of this connection, and nobody else, can compute.

        Args:
            label: says what they are for, such as ``"EXPORTER-Channel-Binding"``; ``str`` is ASCII.
            context: binds them to a value of the application, or ``None``. In TLS 1.3 that is the
                same as ``b""`` (RFC 9846, 7.5), in 1.2 it is not (RFC 5705, 4).

        Raises:
            ApiMisuse: the handshake is not done; a label or a length that cannot be; TLS 1.2
                without extended_main_secret.
        """
        return self._connected().export(_label(label), context, length)

    def export_early(self, label: str | bytes, context: bytes | None, length: int) -> bytes:
        """The same before the handshake is done, where early data is possible (RFC 9846, 7.5).

        Whoever has the pre-shared key can compute these bytes, and a replay has them again: they
        prove nothing about this connection. They are others than ``export_keying_material`` gives.
        A client has them from the start, a server once it took early data; both keep them.

        Raises:
            ApiMisuse: there is no early data, it was refused, or a label or a length cannot be.
        """
        found = self._early_exporter
        if found is None:
            raise ApiMisuse("no early exporter: early data is not possible, or was refused")
        return export_keying_material(
            found.hash_name, found.secret, _label(label), context or b"", length
        )

    def channel_binding(self, kind: str = "tls-exporter") -> bytes:
        """The bytes that name this connection to an application's own authentication.

        Args:
            kind: ``"tls-exporter"`` (RFC 9266), the one to use; ``"tls-server-end-point"``, which
                names the server's certificate, not the connection, and ``"tls-unique"``, which
                exists in TLS 1.2 alone (both RFC 5929).

        Raises:
            ApiMisuse: the handshake is not done, there is no such kind, or it is not sound or not
                defined for this connection; the message says which.
        """
        state = self._connected()
        if kind == "tls-exporter":
            return state.export(TLS_EXPORTER_LABEL, b"", TLS_EXPORTER_LENGTH)
        if kind == "tls-server-end-point":
            return end_point_binding(_server_certificate(self.role, state.outcome))
        if kind == "tls-unique":
            return _unique(state)
        raise ApiMisuse(f"no channel binding {kind!r}", f"one of {', '.join(KINDS)}")

    def _connected(self) -> Connected | Connected12:
        state = self._driver.state
        if not self._done or not isinstance(state, Connected | Connected12):
            raise ApiMisuse("the handshake is not done", "wait for HandshakeDone")
        return state


def _label(label: str | bytes) -> bytes:
    if isinstance(label, bytes):
        return label
    if not label.isascii():
        raise ApiMisuse(f"a label that is not ASCII: {label!r}", "give bytes")
    return label.encode("ascii")


def _server_certificate(role: Role, outcome: Outcome) -> bytes:
    """The server's certificate as it was shown, in this handshake or in the session's first."""
    if role is Role.SERVER:
        if outcome.own_credential is not None:
            return outcome.own_credential.certificate.der
    elif outcome.peer_chain:
        return outcome.peer_chain[0]
    elif isinstance(outcome.peer, _JUDGED) and outcome.peer.verdict.presented:
        return outcome.peer.verdict.presented[0].der
    raise ApiMisuse(
        "no tls-server-end-point: the server showed no certificate in this handshake",
        "use tls-exporter",
    )


def _unique(state: Connected | Connected12) -> bytes:
    """The first Finished of the handshake (RFC 5929, 3.1), the server's where one was resumed.

    Renegotiation, which would replace it, is refused here; so is a main secret that does not cover
    the handshake, with which two connections can be made to have the same (RFC 7627, 1).
    """
    if isinstance(state, Connected):
        raise ApiMisuse(
            f"no tls-unique in {ProtocolVersion.TLS13.label} (RFC 9266, 3)", "use tls-exporter"
        )
    if not state.main.extended:
        raise ApiMisuse(
            "no tls-unique without extended_main_secret: another connection can have the same",
            "require it, or use TLS 1.3 and tls-exporter",
        )
    return state.first_finished

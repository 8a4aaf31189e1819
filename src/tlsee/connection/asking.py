"""Asking a client who it is after the handshake (RFC 9846, 4.7.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tlsee import defaults
from tlsee.connection.bindings import Bindings
from tlsee.errors import ApiMisuse
from tlsee.handshake.outcome import ClientAuthenticated, ClientDeclined
from tlsee.trace import Role


class Asking(Bindings):
    """The part of a connection that asks for certificates, and keeps what came of it."""

    _client_answers: Mapping[bytes, ClientAuthenticated | ClientDeclined] = {}  # replaced

    def request_certificate(self) -> bytes:
        """Ask the client to prove who it is now, while data flows on (RFC 9846, 4.7.2).

        The client may take its time, and may decline. Its answer is an event,
        ``ClientAuthenticated`` or ``ClientDeclined``, after which ``info.peer`` says who it is; a
        certificate that is refused ends the connection, and so does none where ``client_auth`` is
        ``"required"``. What it said before the event was said by nobody in particular.

        Returns:
            The context of this request, which the event names again.

        Raises:
            ApiMisuse: on a client, in TLS 1.2, before the handshake is done; the client did not
                say that it can be asked; an external key authenticates this connection; there is
                no ``client_trust``; too many requests.
            TLSError: the connection has failed.
        """
        with self._lock:
            self._check_asking()
            if self._witnesses:
                self._did("request_certificate")
            random = self.config.provider.random
            context = random(defaults.REQUEST_CONTEXT_LENGTH, "certificate_request_context")
            self._driver.command("request_certificate", context)
            self._writer.flush()
        return context

    def client_answer(self, context: bytes) -> ClientAuthenticated | ClientDeclined | None:
        """What the client answered to the request of this context; ``None`` as yet."""
        return self._client_answers.get(context)

    def _take_answer(self, fact: ClientAuthenticated | ClientDeclined) -> None:
        """Kept beside the event; there are no more of them than there were requests."""
        self._take_event(fact)
        self._client_answers = {**self._client_answers, fact.context: fact}

    takers: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = {
        **Bindings.takers,
        ClientAuthenticated: _take_answer,
        ClientDeclined: _take_answer,
    }

    def _check_asking(self) -> None:
        if self.role is Role.CLIENT:
            raise ApiMisuse("a client asks for no certificate: a server shows its own")
        if self._error is not None:
            raise self._error
        if not self._done:
            raise ApiMisuse(
                "request_certificate() before the handshake is done", 'client_auth="optional"'
            )
        if self._write_closed:
            raise ApiMisuse("request_certificate() after close_write()")
        if not self._driver.can("request_certificate"):
            raise ApiMisuse(
                "TLS 1.2 knows no request_certificate(), and its renegotiation is refused",
                'ask in the handshake: client_auth="optional"',
            )

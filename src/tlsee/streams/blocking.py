"""Blocking streams: connecting, wrapping a socket, listening."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from functools import cache
from types import TracebackType
from typing import Any, Self

from tlsee import defaults
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.errors import ApiMisuse
from tlsee.streams.answers import OnQuestion
from tlsee.streams.deadline import MONOTONIC, Deadline
from tlsee.streams.early import EarlyWords, IfRefused
from tlsee.streams.stream import Stream
from tlsee.streams.targets import bind, dial
from tlsee.trace import Observer

__all__ = ["Listener", "Stream", "connect", "listen", "wrap_client", "wrap_server"]


@cache
def default_client_config() -> ClientConfig:
    """``Trust.system()`` and the defaults; the store is read once."""
    return ClientConfig()


def connect(
    address: tuple[str, int],
    config: ClientConfig | None = None,
    *,
    server_name: str | None = None,
    identity: str | None = None,
    timeout: float | None = defaults.HANDSHAKE_TIMEOUT,
    observers: Sequence[Observer] = (),
    on_question: OnQuestion | None = None,
    record_exact: bool = False,
    insecure_accept_truncation: bool = False,
    early_data: bytes = b"",
    early_data_refused: IfRefused = "tell",
) -> Stream:
    """Connect over TCP and shake hands.

    Args:
        address: host name or IP address, and port.
        config: how; ``None`` means ``Trust.system()`` and the defaults.
        server_name: the name for SNI and for the certificate; ``None`` means the host.
        identity: what the certificate must be for, where that is not ``server_name``.
        timeout: seconds for connecting and the handshake together; ``None`` for no limit. What
            comes afterwards has none, until ``Stream.settimeout`` gives one.
        early_data: said before the handshake is done, where a session allows it: all of it or
            nothing. Others can record and repeat it, so it must be harmless twice, and there is no
            forward secrecy for it: see docs/sessions.md. ``Stream.info.early_data`` says what
            became of it.
        early_data_refused: what if it did not go early, or was refused. ``"tell"`` leaves it in
            ``Stream.unsent_early_data``; ``"resend"`` sends it once the handshake is done, unless
            another application protocol was agreed on than the one that it is for.

    Raises:
        OSError: no TCP connection came about; no byte of TLS was sent.
        TLSError: the handshake failed.
    """
    host, port = address
    settings = default_client_config() if config is None else config
    words = EarlyWords(early_data, early_data_refused)
    connection = ClientConnection(
        settings,
        host if server_name is None else server_name,
        identity=identity,
        early_data=len(words.data),
        observers=observers,
    )
    deadline = Deadline(timeout, MONOTONIC)
    sock = dial(host, port, deadline)
    try:
        stream = Stream(
            sock,
            connection,
            handshake_timeout=deadline.remaining,
            on_question=on_question,
            record_exact=record_exact,
            insecure_accept_truncation=insecure_accept_truncation,
            early_words=words,
        )
        stream.handshake()
    except BaseException:
        sock.close()
        raise
    return stream


def wrap_client(
    sock: socket.socket,
    config: ClientConfig | None = None,
    *,
    server_name: str | None,
    identity: str | None = None,
    handshake_timeout: float | None = defaults.HANDSHAKE_TIMEOUT,
    observers: Sequence[Observer] = (),
    on_question: OnQuestion | None = None,
    record_exact: bool = False,
    insecure_accept_truncation: bool = False,
    early_data: bytes = b"",
    early_data_refused: IfRefused = "tell",
) -> Stream:
    """A client's stream over a connected socket. The handshake happens on first use.

    Args:
        server_name: the name for SNI and for the certificate; ``None`` sends none, and then
            ``identity`` must say whom to expect.
        handshake_timeout: seconds for the whole handshake; the socket's own timeout limits each
            operation.
        early_data, early_data_refused: as ``connect``'s; sent when the handshake begins.
    """
    settings = default_client_config() if config is None else config
    if not isinstance(settings, ClientConfig):
        raise ApiMisuse("wrap_client() takes a ClientConfig", "wrap_server() takes the other")
    words = EarlyWords(early_data, early_data_refused)
    connection = ClientConnection(
        settings, server_name, identity=identity, early_data=len(words.data), observers=observers
    )
    return Stream(
        sock,
        connection,
        handshake_timeout=handshake_timeout,
        on_question=on_question,
        record_exact=record_exact,
        insecure_accept_truncation=insecure_accept_truncation,
        early_words=words,
    )


def wrap_server(
    sock: socket.socket,
    config: ServerConfig,
    *,
    handshake_timeout: float | None = defaults.HANDSHAKE_TIMEOUT,
    observers: Sequence[Observer] = (),
    on_question: OnQuestion | None = None,
    record_exact: bool = False,
    insecure_accept_truncation: bool = False,
) -> Stream:
    """A server's stream over an accepted socket. The handshake happens on first use."""
    if not isinstance(config, ServerConfig):
        raise ApiMisuse("wrap_server() takes a ServerConfig", "wrap_client() takes the other")
    return Stream(
        sock,
        ServerConnection(config, observers=observers),
        handshake_timeout=handshake_timeout,
        on_question=on_question,
        record_exact=record_exact,
        insecure_accept_truncation=insecure_accept_truncation,
    )


class Listener:
    """A listening socket whose ``accept`` gives streams that have not shaken hands yet."""

    def __init__(
        self,
        sock: socket.socket,
        config: ServerConfig,
        *,
        handshake_timeout: float | None = defaults.HANDSHAKE_TIMEOUT,
        on_question: OnQuestion | None = None,
    ) -> None:
        self.config = config
        self._sock = sock
        self._handshake_timeout = handshake_timeout
        self._on_question = on_question

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; the port that was given out where 0 was asked for."""
        name: tuple[Any, ...] = self._sock.getsockname()
        return name[0], name[1]

    def accept(
        self, *, observers: Sequence[Observer] = (), config: ServerConfig | None = None
    ) -> Stream:
        """The next connection, before its handshake, so that a silent client stops nobody.

        Shake hands in the thread that serves it: by ``handshake()`` or by the first use.
        ``config`` is for this connection, such as one that a recorder watches.

        Raises:
            OSError: the listener is closed, or its timeout passed.
        """
        while True:
            try:
                sock, _ = self._sock.accept()
            except ConnectionAbortedError:
                continue  # it hung up while it stood in the queue
            try:
                sock.settimeout(None)
                return wrap_server(
                    sock,
                    self.config if config is None else config,
                    handshake_timeout=self._handshake_timeout,
                    observers=observers,
                    on_question=self._on_question,
                )
            except BaseException:
                sock.close()
                raise

    def settimeout(self, seconds: float | None) -> None:
        """How long ``accept`` waits; ``None`` waits for ever."""
        self._sock.settimeout(seconds)

    def fileno(self) -> int:
        """The socket's handle."""
        return self._sock.fileno()

    def close(self) -> None:
        """Stop listening. Streams that were accepted go on."""
        self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def listen(
    address: tuple[str, int],
    config: ServerConfig,
    *,
    handshake_timeout: float | None = defaults.HANDSHAKE_TIMEOUT,
    on_question: OnQuestion | None = None,
) -> Listener:
    """Listen for TCP connections; port 0 takes a free one.

    Raises:
        OSError: the address is not this machine's, or in use.
    """
    if not isinstance(config, ServerConfig):
        raise ApiMisuse("listen() takes a ServerConfig", "ServerConfig(credentials=[...])")
    return Listener(
        bind(address), config, handshake_timeout=handshake_timeout, on_question=on_question
    )

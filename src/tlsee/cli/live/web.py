"""The live listener: a socket on 127.0.0.1, and a thread in which uvicorn answers there."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
import threading
from collections.abc import Callable, Iterator

from tlsee.cli.exit_codes import NotTried, Usage
from tlsee.cli.live.app import Live
from tlsee.cli.live.board import Board
from tlsee.cli.live.bounds import FAREWELL_SECONDS, HEADER_LIMIT, REQUESTS_AT_ONCE, TOKEN_BYTES
from tlsee.cli.stores import reason_of
from tlsee.crypto.pyca import PROVIDER

try:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
except ImportError:
    raise Usage("--live needs starlette and uvicorn", "pip install 'tlsee[live]'") from None

__all__ = ["live_page"]

LOOPBACK = "127.0.0.1"


class _Bounded(H11Protocol):
    """HTTP on so many connections at once: for one more, the oldest that asks for nothing goes.

    Anybody on this machine may connect and say nothing. That must neither use up the file handles
    of the server that is being watched nor keep its watcher out.
    """

    _arrivals = itertools.count()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.arrival = next(self._arrivals)
        alive = [one for one in self.connections if isinstance(one, _Bounded) and one.is_open]
        if len(alive) > REQUESTS_AT_ONCE:
            idle = [one for one in alive if one.is_idle]  # among them the one that has just come
            min(idle, key=lambda one: one.arrival).transport.abort()

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed; a closed one is counted until the loop has seen it."""
        return not self.transport.is_closing()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle  # of the first request on
        return cycle is None or cycle.response_complete


@contextlib.contextmanager
def live_page(
    board: Board, port: int, where: str, complain: Callable[[str], None]
) -> Iterator[str]:
    """Serve the board's page while the body runs; gives its address.

    Args:
        port: 0 takes a free one. where: the address that the server being watched has.

    Raises:
        NotTried: nobody can listen there.
    """
    token = PROVIDER.random(TOKEN_BYTES, "live_token").hex()
    try:
        listener = socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise NotTried(
            f"cannot listen on {LOOPBACK}:{port} (--live): {reason_of(error)}",
            "choose another: --live 0 takes a free one",
            stage="listen",
            name="cannot_listen",
        ) from None
    with listener:
        address = f"http://{LOOPBACK}:{listener.getsockname()[1]}/{token}/"
        server = uvicorn.Server(_config(Live(board, token, where, complain)))
        thread = threading.Thread(target=server.run, args=([listener],), name="live", daemon=True)
        thread.start()
        try:
            yield address
        finally:
            board.close()
            server.should_exit = True
            thread.join(FAREWELL_SECONDS * 2)


def _config(live: Live) -> uvicorn.Config:
    """Small, quiet, and without what a page on the loopback has no use for."""
    return uvicorn.Config(
        live.app,
        loop="asyncio",
        http=_Bounded,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL + 1,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=HEADER_LIMIT,
        timeout_graceful_shutdown=FAREWELL_SECONDS,
    )

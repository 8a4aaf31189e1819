"""What the live listener answers: the page, its events, and each connection's page and files.

Whoever reads what it says learns who connects here, so three things keep others out. It listens on
127.0.0.1 alone. Its address holds a token that nobody guesses, for other users of this machine can
connect to the loopback as well; a token in the address, and no cookie, because cookies go to every
port of a host. And the Host header must name the loopback, so that a web page whose name was bent
to 127.0.0.1 (DNS rebinding) is refused before anything is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from typing import Any

from tlsee.cli.exit_codes import Usage
from tlsee.cli.live import markup
from tlsee.cli.live.board import Board, Changes, Shown, TooManyWatchers
from tlsee.cli.live.bounds import BREATH, HEARTBEAT, KEPT_CONNECTIONS, RETRY_MILLISECONDS
from tlsee.cli.live.rows import Row, row_of, untold
from tlsee.explain.account import Account
from tlsee.explain.report.pcapng import to_pcapng

try:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send
except ImportError:
    raise Usage("--live needs starlette and uvicorn", "pip install 'tlsee[live]'") from None

__all__ = ["Live"]

HOSTS = ["127.0.0.1", "localhost"]  # with any port: a tunnel may end at another
_OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A connection's page names its own style and script by their digests, in itself. Here it gets an
# origin of its own as well: whatever found its way into it could read nothing of this server.
_SANDBOX = "sandbox allow-scripts allow-modals allow-downloads; frame-ancestors 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address is the secret
    "X-Content-Type-Options": "nosniff",
}
_ASSETS = {
    "live.css": "text/css",
    "live.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


class Live:
    """The application, in the form of ASGI.

    Args:
        board: what it shows. token: the first part of every path. where: the address that the
            server being watched has. complain: told of what should not happen.
    """

    def __init__(
        self, board: Board, token: str, where: str, complain: Callable[[str], None]
    ) -> None:
        self._board = board
        self._where = where
        self._complain = complain
        self._one_page = threading.Lock()  # pages cost time that the server being watched has not
        routes = [
            Route("/{token}/", self._list),
            Route("/{token}/events", self._events),
            Route("/{token}/connection/{number:int}", self._page),
            Route("/{token}/connection/{number:int}.tlsrec", self._recording),
            Route("/{token}/connection/{number:int}.pcapng", self._capture),
            Route("/{token}/{name}", self._asset),
        ]
        middleware = [
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
            Middleware(_Token, token=token),
        ]
        self.app = Starlette(
            routes=routes, middleware=middleware, exception_handlers={Exception: self._bug}
        )

    # --- The list -------------------------------------------------------------------------------

    def _list(self, _request: Request) -> Response:
        changes = self._board.since(0, limit=KEPT_CONNECTIONS * 2)
        rows = [self._row(shown) for shown in changes.rows]
        rows.sort(key=lambda row: -row.number)
        return _html(markup.page(self._where, changes, rows, self._note()), _OURS)

    def _row(self, shown: Shown) -> Row:
        """One that cannot be told must not hide the others."""
        try:
            return row_of(shown)
        except Exception as error:  # noqa: BLE001 - a bug of ours, and it is said
            self._complain(
                f"the live page has a bug: connection {shown.number}, {type(error).__name__}"
            )
            return untold(shown)

    def _fragments(self, changes: Changes) -> list[dict[str, Any]]:
        rows = [self._row(shown) for shown in changes.rows]
        return [{"number": row.number, "html": markup.fragment(row)} for row in rows]

    def _note(self) -> str:
        if self._board.reveal_secrets:
            return "Recordings keep secrets and data: whoever gets one can read it all."
        kept = "Recordings keep no secrets and no data"
        return f"{kept}, and pseudonyms." if self._board.pseudonyms else f"{kept}."

    async def _events(self, request: Request) -> Response:
        seen = request.headers.get("last-event-id") or request.query_params.get("since", "")
        number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else 0
        with contextlib.ExitStack() as watching:
            news = asyncio.Event()
            try:
                watching.enter_context(self._board.watched(_Waker(news)))
            except TooManyWatchers:
                text = "As many pages follow as may; close one.\n"
                return PlainTextResponse(text, 503, {"Retry-After": "10", **_HEADERS})
            stream = self._stream(number, news, watching.pop_all())
        return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)

    async def _stream(
        self, seen: int, news: asyncio.Event, watching: contextlib.ExitStack
    ) -> AsyncIterator[str]:
        with watching:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            while True:
                news.clear()
                closed = self._board.closed  # before looking: what comes later is told first
                changes = self._board.since(seen)
                if changes.upto != seen:
                    yield _event(changes, await run_in_threadpool(self._fragments, changes))
                    seen = changes.upto
                    await asyncio.sleep(BREATH)
                    continue
                if closed:
                    yield "event: stopped\ndata: {}\n\n"
                    return
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT)
                except TimeoutError:
                    yield ": still here\n\n"

    # --- One connection -------------------------------------------------------------------------

    def _page(self, request: Request) -> Response:
        shown = self._shown(request)
        if shown is None:
            return _gone()
        from tlsee.explain.report.html.page import page

        with self._one_page:
            return _html(page(Account.of(shown.given_away)), _SANDBOX)

    def _recording(self, request: Request) -> Response:
        shown = self._shown(request)
        if shown is None:
            return _gone()
        return _file(shown.given_away.to_bytes(), f"connection-{shown.number}.tlsrec")

    def _capture(self, request: Request) -> Response:
        shown = self._shown(request)
        if shown is None:
            return _gone()
        return _file(to_pcapng(shown.given_away), f"connection-{shown.number}.pcapng")

    def _shown(self, request: Request) -> Shown | None:
        return self._board.get(request.path_params["number"])

    # --- The rest -------------------------------------------------------------------------------

    def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _ASSETS:
            return PlainTextResponse("nothing is here\n", 404, _HEADERS)
        content = files(__package__).joinpath("static", name).read_bytes()
        return Response(content, media_type=_ASSETS[name], headers=_HEADERS)

    def _bug(self, _request: Request, error: Exception) -> Response:
        self._complain(f"the live page has a bug: {type(error).__name__}")
        return _html(markup.message_page("That failed", "The server it shows goes on."), _OURS, 500)


class _Token:
    """Whoever does not know the token finds nothing, and is not told what there is to find."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = scope["path"].lstrip("/").partition("/")[0].encode("utf-8", "surrogateescape")
        if hmac.compare_digest(given, self._token):
            await self._app(scope, receive, send)
        else:
            nothing = PlainTextResponse("nothing is here\n", 404, _HEADERS)
            await nothing(scope, receive, send)


class _Waker:
    """For other threads: leaves a note with the loop, and no second one while that lies there."""

    def __init__(self, news: asyncio.Event) -> None:
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._told = False

    def __call__(self) -> None:
        if not self._told:
            self._told = True
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._told = False  # first: what changes from here on is worth another note
        self._news.set()


def _event(changes: Changes, rows: list[dict[str, Any]]) -> str:
    data = {"rows": rows, "kept": changes.kept, "status": markup.status_line(changes)}
    return f"id: {changes.upto}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _html(text: str, policy: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, {**_HEADERS, "Content-Security-Policy": policy})


def _file(content: bytes, name: str) -> Response:
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _gone() -> Response:
    text = "There is no such connection, or it is no longer kept.\n"
    return PlainTextResponse(text, 404, _HEADERS)

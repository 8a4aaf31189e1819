"""One client of ``tlsee serve``, from the handshake to the end, and how it is reported."""

from __future__ import annotations

import time

from tlsee.cli import pages, session_words
from tlsee.cli.http_request import Request, read_request, response
from tlsee.cli.json_output import line_of, serve_object
from tlsee.cli.stores import reason_of
from tlsee.cli.targets import host_and_port
from tlsee.codes import AlertDescription
from tlsee.connection.info import ConnectionInfo
from tlsee.errors import TLSError, Truncation
from tlsee.explain.collector import Collector
from tlsee.explain.story import Kind, Story
from tlsee.streams.blocking import Stream
from tlsee.text import printable
from tlsee.values import value

PATIENCE = 30.0  # seconds of silence from a client that has shaken hands
CLOSE_SECONDS = 1.0  # for the client's close_notify, after ours
HTTP_PROTOCOLS = (None, b"http/1.1", b"http/1.0")


@value
class Manner:
    """How clients are served: echoed instead of answered, reported as JSON instead of lines."""

    echo: bool
    as_json: bool


class Served:
    """Runs once, in a thread of its own; never raises for what a client does.

    Attributes:
        stage: ``handshake``, ``data``, ``close`` or ``done``.
        error: what ended it, or ``None``.
        said: the request, in a few words.
    """

    def __init__(self, stream: Stream, collector: Collector, manner: Manner) -> None:
        self._stream = stream
        self._collector = collector
        self._manner = manner
        self.address = _address(stream)
        self.stage = "handshake"
        self.error: BaseException | None = None
        self.info: ConnectionInfo | None = None
        self.said = ""
        self.milliseconds = 0.0

    def run(self) -> None:
        """Shake hands, answer, close."""
        began = time.perf_counter()
        try:
            self._stream.handshake()
            self.info = self._stream.info
            self.stage = "data"
            self._stream.settimeout(PATIENCE)
            self._talk(self.info)
            self.stage = "close"
            self._stream.close(CLOSE_SECONDS)
            self.stage = "done"
        except (TLSError, OSError) as error:
            self.error = error
        finally:
            self._stream.abort()
            self.milliseconds = round((time.perf_counter() - began) * 1000, 3)

    def _talk(self, info: ConnectionInfo) -> None:
        if self._manner.echo or info.alpn not in HTTP_PROTOCOLS:
            self._echo(back=self._manner.echo)
            return
        try:
            request, came = read_request(self._stream.recv)
        except (TimeoutError, Truncation):
            if self._heard_data():
                raise
            self.said = "no request"  # a browser opens connections in advance, and drops them
            return
        if request is not None:
            self._answer(request, info)
        elif came:
            self.said = "no HTTP"
            hint = b"This server answers HTTP GET; tlsee serve --echo sends back what comes.\n"
            self._stream.sendall(response("400 Bad Request", "text/plain; charset=us-ascii", hint))

    def _heard_data(self) -> bool:
        return any(step.kind is Kind.DATA for step in Story.of(self._collector).steps)

    def _echo(self, *, back: bool) -> None:
        total = 0
        while data := self._stream.recv():
            total += len(data)
            if back:
                self._stream.sendall(data)
        self.said = f"{total:,} bytes {'echoed' if back else 'received'}"

    def _answer(self, request: Request, info: ConnectionInfo) -> None:
        self.said = printable(f"{request.method} {request.path}", 40)
        if request.method not in {"GET", "HEAD"}:
            status, kind, body = "405 Method Not Allowed", "text/plain", "only GET and HEAD\n"
        elif request.path == "/favicon.ico":
            status, kind, body = "404 Not Found", "text/plain", "no icon\n"
        elif request.wants_html:
            status, kind = "200 OK", "text/html"
            body = pages.html_page(info, Story.of(self._collector))
        else:
            status, kind = "200 OK", "text/plain"
            body = pages.text_page(info, Story.of(self._collector))
        content = body.encode("ascii", "backslashreplace")
        self._stream.sendall(
            response(
                status, f"{kind}; charset=us-ascii", content, with_body=request.method != "HEAD"
            )
        )

    # --- Reports ------------------------------------------------------------------------------

    def as_line(self) -> str:
        """A client that was served, in a line."""
        info = self.info
        if info is None:
            return self.address
        group = info.group or ("RSA" if info.scheme is None and not info.resumed else "no exchange")
        text = f"{self.address}  {info.version.label}, {group}, {info.suite}"
        text += session_words.suffix(info, self._stream.early_data_length)
        return f"{text}, {self.said}" if self.said else text

    def as_complaint(self) -> str:
        """A client that failed, in a line: address, stage, reason, alert."""
        error = self.error
        if isinstance(error, TLSError):
            what = f"{error.name}: {error.detail or error.reason.sentence}"
        elif isinstance(error, TimeoutError):
            what = f"timeout: nothing came for {PATIENCE:g} s"
        elif isinstance(error, OSError):
            what = f"connection_broken: {reason_of(error)}"
        else:
            what = printable(str(error))
        return f"{self.address}  {self.stage}  {what}{self._alert()}"

    def _alert(self) -> str:
        story = Story.of(self._collector)
        for sent, word in ((False, "received"), (True, "sent")):
            for alert in story.alerts(sent=sent):
                if alert != AlertDescription.close_notify:
                    return f"; alert {alert} ({int(alert)}) {word}"
        return "; no alert"

    def as_json(self) -> str:
        """The connection as one object in a line."""
        story = Story.of(self._collector)
        item = serve_object(
            self.address, self.info, story, self.stage, self.error, self.milliseconds
        )
        return line_of({**item, "early_data_length": self._stream.early_data_length})


def _address(stream: Stream) -> str:
    try:
        name = stream.getpeername()
        return host_and_port(printable(str(name[0]), 60), int(name[1]))
    except (OSError, IndexError, ValueError):
        return "a client that is gone"

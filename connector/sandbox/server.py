"""Serving a sandbox: one process, a thread a connection, HTTP/1.1 with keep-alive.

Werkzeug's own handler closes each connection and gunicorn forks, which would split the
state in memory; so the handler here is Werkzeug's with the last step replaced. Headers
and body leave in one segment: sent apart they cost 40 ms a request (Nagle's algorithm
against delayed acknowledgement) and would falsify benchmarks.
"""

from __future__ import annotations

import io
import pkgutil
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from connector.sandbox.clock import Clock
from connector.sandbox.config import SandboxConfig
from connector.sandbox.state import Stage, build_stage

VENDORS = {
    "hubspot": "connector.sandbox.hubspot.app:build",
    "mailchimp": "connector.sandbox.mailchimp.app:build",
    "peopledatalabs": "connector.sandbox.peopledatalabs.app:build",
    "salesforce": "connector.sandbox.salesforce.app:build",
}
"""Vendor → what builds its stand-in."""

SWITCH = "sandbox.switch"
"""Where an application finds the :class:`Switch` of its connection in the WSGI environment."""


@dataclass(slots=True)
class Switch:
    """``cut``: set by an application that wants the connection ended without an answer."""

    cut: bool = False


class KeepAliveHandler(WSGIRequestHandler):
    """Answers many requests on one connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request; the connection stays open unless the client or a fault ends it."""
        environ = self.make_environ()
        # Read whole: an unread rest would be taken for the next request line.
        body = self._body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ[SWITCH] = switch = Switch()
        answer, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        if switch.cut:
            self._cut()
            return
        self._answer(status, list(headers), b"".join(answer))

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            # Sent in chunks, whose end Werkzeug's own reader finds.
            chunks: bytes = environ["wsgi.input"].read()
            return chunks
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing: the sandbox keeps a request log of its own."""


class SandboxServer(ThreadedWSGIServer):
    """A threaded server whose idle connections do not hold up its end."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, app: WSGIApplication) -> None:
        super().__init__(host, port, app, handler=KeepAliveHandler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in its own thread, remembering it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget and close a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def cut_all(self) -> None:
        """Cut every open connection, as a server that went down does."""
        for connection in list(self._open):
            _cut_quietly(connection)


def _cut_quietly(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # The client closed it first.


@dataclass(slots=True)
class RunningSandbox:
    """A started sandbox. ``vendor_state`` is the vendor's own data, for tests in the same process."""

    origin: str
    stage: Stage
    vendor_state: Any
    _server: BaseWSGIServer
    _thread: threading.Thread
    _closers: tuple[Callable[[], None], ...] = field(default=())

    def stop(self) -> None:
        """Stop answering, cut open connections, end background threads."""
        self._server.shutdown()
        if isinstance(self._server, SandboxServer):
            self._server.cut_all()
        self._server.server_close()
        self._thread.join()
        for close in self._closers:
            close()
        self.stage.log.close()


@dataclass(frozen=True, slots=True)
class BuiltSandbox:
    """What a vendor's package builds: the application, its data, and what to close at the end."""

    app: WSGIApplication
    state: Any
    closers: Iterable[Callable[[], None]] = ()


def start(config: SandboxConfig, clock: Clock | None = None) -> RunningSandbox:
    """Fill and start a sandbox in this process; return once it answers.

    Raises :class:`~connector.sandbox.imports.problems.ExportError` where the export to fill it
    from can't be used, and ``ValueError`` for an unknown vendor.
    """
    stage = build_stage(config, clock)
    built = _builder(config.vendor)(stage)
    server = SandboxServer(config.host, config.port, built.app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return RunningSandbox(
        origin=f"http://{config.host}:{server.port}",
        stage=stage,
        vendor_state=built.state,
        _server=server,
        _thread=thread,
        _closers=tuple(built.closers),
    )


def _builder(vendor: str) -> Callable[[Stage], BuiltSandbox]:
    # Imported late: one sandbox must not load every vendor's package.
    try:
        place = VENDORS[vendor]
    except KeyError:
        raise ValueError(f"There is no sandbox for {vendor!r}; there is one for {', '.join(VENDORS)}.") from None
    build: Callable[[Stage], BuiltSandbox] = pkgutil.resolve_name(place)
    return build

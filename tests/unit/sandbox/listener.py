"""An app's webhook address, for the sandboxes to deliver to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Listener:
    """An app's webhook address.

    ``refusals``: how many POSTs it answers 500 first; ``on_get``: the status of every GET's answer.
    """

    def __init__(self, refusals: int = 0, on_get: int = 200) -> None:
        self.on_get = on_get
        self.refusals = refusals
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/app?source=test"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(listener.on_get)
                self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with listener.arrived:
                    listener.requests.append((dict(self.headers), body))
                    refused = len(listener.requests) <= listener.refusals
                    listener.arrived.notify_all()
                self.send_response(500 if refused else 200)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Print nothing."""

        return Handler

    def events(self) -> list[dict[str, Any]]:
        """Every event that arrived."""
        return [event for _, body in self.requests for event in json.loads(body)]

    def wait(self, enough: Callable[[], bool]) -> None:
        """Wait until enough has arrived."""
        with self.arrived:
            assert self.arrived.wait_for(enough, timeout=20)

    def stop(self) -> None:
        """Close the address."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

"""A proxy before a sandbox CRM that remembers what passes and can give other answers than it got."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3

from connector.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_OWN = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})
"""Headers that belong to one connection and not to what it carries."""

_OWN_ASKED = frozenset({"HTTP_CONNECTION", "HTTP_ACCEPT_ENCODING", "HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``target`` is path and query."""

    method: str
    target: str
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path


@dataclass(frozen=True, slots=True)
class Told:
    """An answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def kind(self) -> str:
        """The content type without its parameters."""
        return {name.lower(): value for name, value in self.headers}.get("content-type", "").partition(";")[0]


Alter = Callable[[Asked, Told], Told]


def unaltered(_: Asked, told: Told) -> Told:
    """Give the answer that was got."""
    return told


class AlteringProxy:
    """Forwards to ``upstream``; ``alter`` has the last word on each answer.

    While ``replaying`` a question that was asked before is answered as the first time, without asking again.
    """

    def __init__(self, upstream: str, pause: Callable[[], None]) -> None:
        """``pause`` is made before each question that is passed on."""
        self.alter: Alter = unaltered
        self.replaying = False
        self.passed: list[tuple[Asked, Told]] = []
        self._kept: dict[Asked, Told] = {}
        self._upstream = upstream
        self._pause = pause
        self._pool = urllib3.PoolManager(maxsize=8)
        self._server = SandboxServer("127.0.0.1", 0, self._serve)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self._server.port}"

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.cut_all()
        self._server.server_close()

    def _serve(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        asked = Asked(environ["REQUEST_METHOD"], environ["RAW_URI"], environ["wsgi.input"].read())
        told = self._kept.get(asked) if self.replaying else None
        if told is None:
            told = self._kept[asked] = self._forward(asked, environ)
        self.passed.append((asked, told))
        told = self.alter(asked, told)
        start(f"{told.status} Altered", list(told.headers))
        return [told.body]

    def _forward(self, asked: Asked, environ: dict[str, Any]) -> Told:
        self._pause()
        # The host stays ours: sandboxes name themselves by it.
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and name not in _OWN_ASKED
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        got = self._pool.request(
            asked.method,
            self._upstream + asked.target,
            body=asked.body,
            headers=headers,
            redirect=False,
            retries=False,
            timeout=30,
        )
        kept = tuple((name, value) for name, value in got.headers.items() if name.lower() not in _OWN)
        return Told(got.status, kept, got.data)

"""Shows pages in a real Chromium, with the policy taken off them: escaping alone must hold."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

FOUND = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 150.0

_TAKEN_OFF = ("content-security-policy", "x-frame-options", "cross-origin-resource-policy", "permissions-policy")
_ERRANDS = (".google.com", ".googleapis.com", ".gvt1.com")
"""Where Chromium asks for updates and the time, whatever page is shown."""

_HARNESS = """<!doctype html><title>harness</title><iframe id="shown"></iframe><script>
const paths = %s, shown = document.getElementById("shown");
const wait = ms => new Promise(done => setTimeout(done, ms));
const load = path => new Promise(done => { shown.onload = done; setTimeout(done, 5000); shown.src = path; });
(async () => {
  for (const path of paths) {
    await load(path);
    const page = shown.contentDocument;
    // What runs only when somebody points at it or comes to it with the keyboard.
    for (const one of page ? page.querySelectorAll("*") : [])
      for (const kind of ["mouseover", "focus", "toggle", "error", "load"]) one.dispatchEvent(new Event(kind));
    for (const link of page ? page.querySelectorAll("a[href^='javascript:' i]") : []) link.click();
  }
  await wait(300);
  fetch("/harness/done?" + paths.length, {method: "POST"});
})();
</script>"""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        pass


@dataclass
class Shown:
    """What the browser asked for while it showed pages, as (host, path)."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def foreign(self, own: str) -> list[tuple[str, str]]:
        """Return what was asked of other hosts, but for the browser's own errands."""
        return [(host, path) for host, path in self.asked if host != own and not host.endswith(_ERRANDS)]


def show(app: Callable[..., Iterable[bytes]], cookie: str, paths: Sequence[str], folder: Path, raw: str = "") -> Shown:
    """Show each path to a browser that is signed in by ``cookie``; ``raw`` is what ``/raw`` answers, as it is.

    Raises ``TimeoutError`` when the browser does not come to the end.
    """
    seen = Shown()

    def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        seen.asked.append((environ["HTTP_HOST"], path))
        if path == "/harness":
            start("200 OK", [("Content-Type", "text/html")])
            return [(_HARNESS % json.dumps(paths)).encode()]
        if path == "/harness/done":
            start("204 No Content", [])
            seen.done.set()
            return []
        if path == "/raw":
            start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
            return [raw.encode("utf-8", "replace")]
        environ["HTTP_COOKIE"] = cookie

        def bare(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [pair for pair in headers if pair[0].lower() not in _TAKEN_OFF], *more)

        return app(environ, bare)

    server = make_server("127.0.0.1", 0, serve, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with _browser(server.server_port, folder):
            if not seen.done.wait(SECONDS):
                raise TimeoutError(f"Chromium showed {len(seen.asked)} answers and did not come to the end.")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    return seen


@contextmanager
def _browser(port: int, folder: Path) -> Iterator[None]:
    assert FOUND
    arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={folder}",
        # Nothing of this leaves the machine; what is meant for other hosts comes to us and is seen.
        f"--host-resolver-rules=MAP * 127.0.0.1:{port}",
        f"http://127.0.0.1:{port}/harness",
    ]
    browser = subprocess.Popen(
        [FOUND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        browser.terminate()
        try:
            browser.wait(10)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait(10)

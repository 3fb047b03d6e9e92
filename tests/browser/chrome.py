"""Debian's Chromium under Playwright, and a watch over everything that a page does beside being shown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Nothing leaves the machine, whatever a page asks for: it fails, and is seen.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_PROBE = Path(__file__).with_name("probe.js")
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's Chromium; raises ``FileNotFoundError`` where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise FileNotFoundError("These tests need Chromium. On Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What happened while pages of ``origin`` were shown; ``complaints`` are sentences, empty where all is well.

    ``abroad``: other origins that the pages may lead to, such as a CRM's consent page.
    """

    origin: str
    abroad: Sequence[str] = ()
    complaints: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    def over(self, page: Page) -> Watch:
        """Look at everything that a page says, asks and gets."""
        page.on("console", lambda said: self._heard(said.type, said.text, said.location["url"]))
        page.on("pageerror", lambda error: self._heard("error", str(error), page.url))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        return self

    def size(self) -> int:
        """Return the bytes of all that was loaded since last asked, unpacked; and begin anew."""
        seen, self.answers = self.answers, []
        return sum(len(answer.body()) for answer in seen if not 300 <= answer.status < 400)

    def _heard(self, kind: str, text: str, where: str) -> None:
        # Chromium asks for an icon by itself where a picture is shown as a page.
        spoken = kind in ("error", "warning") and not where.endswith("/favicon.ico")
        if spoken and not where.startswith(tuple(self.abroad)):
            self.complaints.append(f"console: {text} ({where})")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme in ("http", "https", "ws", "wss") and not self._known(request.url):
            self.complaints.append(f"asked another origin: {request.url}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends what it was still asking for.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url} ({request.failure})")

    def _answered(self, response: Response) -> None:
        self.answers.append(response)

    def _known(self, url: str) -> bool:
        return url.startswith((f"{self.origin}/", *(f"{origin}/" for origin in self.abroad)))


@contextmanager
def watched(context: BrowserContext, origin: str, abroad: Sequence[str] = ()) -> Iterator[tuple[Page, Watch]]:
    """Open a page under watch, with ``probe`` to ask it."""
    page = context.new_page()
    page.add_init_script(path=_PROBE)
    try:
        yield page, Watch(origin, abroad).over(page)
    finally:
        page.close()

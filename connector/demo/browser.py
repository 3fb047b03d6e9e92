"""The admin's part of the installation, by HTTP: the same requests that a browser would send."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

from connector.errors import ConnectorError

_TIMEOUT_SECONDS = 30


class InstallFailed(ConnectorError):
    """A page of the installation did not offer the next step."""


class _Forms(HTMLParser):
    """Collects each form's action, method and hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append((values.get("action") or "", {}))
        elif tag in ("input", "button") and self.forms and values.get("name"):
            # Of several buttons with one name a person presses the first: consent.
            self.forms[-1][1].setdefault(str(values["name"]), values.get("value") or "")


def install(origin: str, vendor: str) -> tuple[requests.Session, str]:
    """Press the vendor's button on the connect page, consent, and arrive signed in.

    Returns the browser session and the address of the page where it ended.
    """
    browser = requests.Session()
    connect = browser.get(origin, timeout=_TIMEOUT_SECONDS)
    consent = _submit(browser, connect, f"/oauth/{vendor}/start")
    arrived = _submit(browser, consent, "")
    if not arrived.ok or not arrived.url.startswith(origin):
        raise InstallFailed(f"The installation ended at {arrived.url} with status {arrived.status_code}.")
    return browser, arrived.url


def _submit(browser: requests.Session, page: requests.Response, wanted: str) -> requests.Response:
    parser = _Forms()
    parser.feed(page.text)
    for action, fields in parser.forms:
        if wanted in action:
            return browser.post(urljoin(page.url, action or page.url), data=fields, timeout=_TIMEOUT_SECONDS)
    raise InstallFailed(f"The page {page.url} (status {page.status_code}) has no form for {wanted or 'consent'}.")

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


def consent(session: requests.Session, address: str) -> str:
    """Open a vendor's consent page and allow; return the address that it sends the browser back to, unvisited."""
    page = session.get(address, timeout=_TIMEOUT_SECONDS)
    answer = _submit(session, page, "", follow=False)
    return answer.headers["Location"]


def _submit(
    session: requests.Session, page: requests.Response, wanted: str, *, follow: bool = True
) -> requests.Response:
    """Send the first form of a page whose address contains ``wanted``."""
    parser = _Forms()
    parser.feed(page.text)
    for action, fields in parser.forms:
        if wanted in action:
            target = urljoin(page.url, action or page.url)
            return session.post(target, data=fields, timeout=_TIMEOUT_SECONDS, allow_redirects=follow)
    raise InstallFailed(f"The page {page.url} (status {page.status_code}) has no form for {wanted or 'consent'}.")


class Browser:
    """A browser that keeps its cookies from one installation to the next."""

    def __init__(self) -> None:
        self._session = requests.Session()

    def install(self, origin: str, vendor: str, page: str) -> str:
        """Press the vendor's button on ``page``, consent, and arrive signed in; return where it ended."""
        start = self._session.get(page, timeout=_TIMEOUT_SECONDS)
        allowed = _submit(self._session, start, f"/oauth/{vendor}/start")
        arrived = _submit(self._session, allowed, "")
        if not arrived.ok or not arrived.url.startswith(origin):
            raise InstallFailed(f"The installation ended at {arrived.url} with status {arrived.status_code}.")
        return arrived.url

    def press(self, page: str, form: str) -> None:
        """Open a page and send its form whose address contains ``form``, as it is filled in.

        Raises ``InstallFailed`` for a page without it, and where the answer is no page.
        """
        shown = self._session.get(page, timeout=_TIMEOUT_SECONDS)
        answer = _submit(self._session, shown, form)
        if not answer.ok:
            raise InstallFailed(f"The form {form} of {page} was answered with status {answer.status_code}.")

"""One request over a pooled connection: an answer, or a refusal that says how it failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from connector.adapters.mailchimp.calls import Call
from connector.adapters.mailchimp.errors import NOT_FOUND, Refusal, classify
from connector.adapters.mailchimp.values import Json, rows

API = "/3.0"
TIMEOUT = (5.0, 125.0)
"""Seconds to connect and between two reads; Mailchimp itself gives a call up after 120."""

MOST_CONNECTIONS = 8
NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx, or one of the statuses that the caller asked to see."""

    status: int
    body: Json
    operation: str = ""

    def listed(self, key: str) -> list[Json]:
        """Return a list of objects, empty where what was asked about is gone.

        Raise ``RetryLater`` where it is not there: taken for empty it would lose a whole page.
        """
        if self.status != NOT_FOUND and not isinstance(self.body.get(key), list):
            raise classify(Refusal(self.operation, 0))
        return rows(self.body, key)


class Bearer(AuthBase):
    """The access token. As ``auth`` and not as a header, so that no .netrc takes its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Pool(requests.Session):
    """Connections that may be used by several threads. Keeps no cookies.

    What the environment says of proxies and certificates is looked up once for each host, which takes .1 ms, and not
    for each request.
    """

    def __init__(self) -> None:
        """Open nothing yet."""
        super().__init__()
        self._settings: dict[str, Any] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Return how a request to ``url`` is sent."""
        if proxies or stream or verify is not None or cert:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        origin = "/".join(str(url).split("/", 3)[:3])
        if origin not in self._settings:
            self._settings[origin] = super().merge_environment_settings(origin, {}, None, None, None)
        return dict(self._settings[origin])


def pooled() -> requests.Session:
    """Return a pool of connections that may be used by several threads: it keeps no cookies."""
    session = Pool()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=MOST_CONNECTIONS))
    return session


def perform(
    http: requests.Session, origin: str, operation: str, call: Call, token: str, timeout: tuple[float, float] = TIMEOUT
) -> Answer | Refusal:
    """Send one call to the API at ``origin``; ``operation`` is what errors call it. Redirects are not followed."""
    try:
        response = http.request(
            call.method,
            f"{origin}{API}{call.path}",
            params=call.query,
            data=None if call.body is None else json.dumps(call.body).encode(),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            auth=Bearer(token),
            timeout=timeout,
            allow_redirects=False,
        )
    except requests.ReadTimeout:
        return Refusal(operation, 0, late=True)
    except requests.RequestException:
        return Refusal(operation, 0)
    return read(operation, response.status_code, response.headers, response.content)


def read(operation: str, status: int, headers: Mapping[str, str], content: bytes) -> Answer | Refusal:
    """Return what an answer says; a 2xx that can't be read is a refusal of status 0."""
    body = parsed(content)
    if 200 <= status < 300:
        lost = body is None or not (content or status == NO_CONTENT)
        return Refusal(operation, 0) if lost else Answer(status, body or {}, operation)
    # An empty answer is a throttle, whatever its type says.
    marked = "html" in headers.get("Content-Type", "").lower() or content.lstrip()[:1] == b"<"
    page = marked and bool(content.strip())
    return Refusal(operation, status, body or {}, page=page)


def parsed(content: bytes | str) -> Json | None:
    """Return a JSON object (nothing at all is an empty one), None for anything else. Numbers lose no digit."""
    if not content:
        return {}
    try:
        found = json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")

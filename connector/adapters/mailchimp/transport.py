"""One request over a pooled connection: an answer, or a refusal that says how it failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connector.adapters.mailchimp.calls import Call
from connector.adapters.mailchimp.errors import NOT_FOUND, Refusal, classify
from connector.adapters.mailchimp.values import Json, rows

API = "/3.0"
MEDIA_TYPE = "application/json"
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


@dataclass(frozen=True, slots=True)
class Way:
    """How requests reach a host: its connections, what stands before the path of each, and what all of them say."""

    connections: urllib3.HTTPConnectionPool
    prefix: str
    headers: Mapping[str, str]


class _Adapter(HTTPAdapter):
    """Connections as requests makes them, for sending over them without it."""

    def way(self, asked: requests.PreparedRequest, settings: Mapping[str, Any]) -> Way:
        """Return how requests like ``asked``, to paths below its own, are sent; ``settings`` are the environment's."""
        verify, proxies, cert = settings["verify"], settings["proxies"], settings["cert"]
        authorities = DEFAULT_CA_BUNDLE_PATH if verify is True else verify
        connections = self.get_connection_with_tls_context(asked, authorities, proxies, cert)
        if not isinstance(connections, urllib3.HTTPConnectionPool):
            raise TypeError("only connections of HTTP are made")
        return Way(connections, self.request_url(asked, proxies), dict(asked.headers))


class Pool(requests.Session):
    """Connections that may be used by several threads. Keeps no cookies.

    What the environment says of proxies and certificates is looked up once for each host, which takes .1 ms, and not
    for each request.
    """

    def __init__(self) -> None:
        """Open nothing yet."""
        super().__init__()
        self._ways: dict[str, Way] = {}
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._adapter = _Adapter(pool_maxsize=MOST_CONNECTIONS)
        for scheme in ("https://", "http://"):
            self.mount(scheme, self._adapter)

    def way(self, origin: str) -> Way:
        """Return how requests to the API at ``origin`` are sent."""
        if origin not in self._ways:
            settings = self.merge_environment_settings(origin, {}, None, None, None)
            headers = {**self.headers, "Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
            asked = requests.Request("GET", origin + API, headers=headers).prepare()
            self._ways[origin] = self._adapter.way(asked, settings)
        return self._ways[origin]


def perform(
    http: Pool, origin: str, operation: str, call: Call, token: str, timeout: tuple[float, float] = TIMEOUT
) -> Answer | Refusal:
    """Send one call to the API at ``origin``; ``operation`` is what errors call it. Redirects are not followed.

    Past requests, over the connections that it made: preparing each request anew cost as much as sending and reading
    it did, and a campaign's report is hundreds of them. No .netrc takes the token's place either.
    """
    way, query = http.way(origin), urlencode(call.query)
    try:
        response = way.connections.urlopen(
            call.method,
            f"{way.prefix}{call.path}?{query}" if query else f"{way.prefix}{call.path}",
            body=None if call.body is None else json.dumps(call.body).encode(),
            headers={**way.headers, "Authorization": f"Bearer {token}"},
            timeout=urllib3.Timeout(*timeout),
            retries=False,
            redirect=False,
            assert_same_host=False,
        )
    except urllib3.exceptions.ReadTimeoutError:
        return Refusal(operation, 0, late=True)
    except (urllib3.exceptions.HTTPError, ValueError, LookupError):
        # The two last: a header that can't be sent, and a character set that nobody knows.
        return Refusal(operation, 0)
    return read(operation, response.status, response.headers, response.data)


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

"""One connection's HTTP: simple-salesforce with everything it leaves open handled once.

The library (1.12) builds queries, describes and Tooling calls. What is handled here, each
seen to bite:

* it calls ``https`` whatever the instance's scheme: a local sandbox's requests are turned
  back to its own origin, and no others;
* it has no time-outs, and follows redirects with the token: both are set on the session;
* its exceptions carry address and body in their text, network errors are requests' own and
  broken JSON a ``ValueError``: all become a :class:`Refusal` without either;
* it counts usage on some calls only: the header of every answer is read.

Collections, Bulk 2.0 results and revocation go through the same session without the
library: it has no method for the first, and decodes the second as ISO-8859-1 and blocks
until a job ends, so that no other worker could go on with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.util import exception_handler

from connector.adapters.salesforce.errors import Refusal, parse_refusal
from connector.adapters.salesforce.paths import VERSION

TIMEOUT = (5.0, 60.0)
"""Seconds to connect and between two reads."""

CLIENT = "LeadScoring"
HEADERS = {
    # Without it an active assignment rule may hand a lead that was only scored to another owner.
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Call-Options": f"client={CLIENT}",
    "Sforce-Query-Options": "batchSize=2000",
    "Accept-Encoding": "gzip",
}
CONNECTIONS = 20

_USAGE = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")
_REDIRECT = 300

T = TypeVar("T")


class Channel(requests.Session):
    """The connections to one origin; may be used by several threads."""

    def __init__(self, origin: str, timeout: tuple[float, float] = TIMEOUT) -> None:
        """``origin`` was found to be good; ``timeout`` is in seconds, to connect and to read."""
        super().__init__()
        self.origin = origin
        self.server_time: datetime | None = None
        self.usage: tuple[int, int] | None = None
        self._timeout = timeout
        self._host = urlsplit(origin).netloc
        self._lock = Lock()
        self.headers.update(HEADERS)
        # A .netrc of the machine would take the token's place.
        self.trust_env = False
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request to the origin; a redirect is an answer like any other."""
        kwargs.setdefault("timeout", self._timeout)
        kwargs["allow_redirects"] = False
        response = super().request(method, self._own(str(url)), *args, **kwargs)
        self._note(response)
        return response

    def sdk(self, token: str) -> Salesforce:
        """Return the library bound to ``token``; cheap, and never shared between tokens."""
        return Salesforce(
            session_id=token,
            instance_url=self.origin,
            version=VERSION,
            session=self,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )

    def lean(self, method: str, path: str, token: str, **kwargs: Any) -> requests.Response:
        """Send a request that the library has no method for; raise its exceptions for a refusal."""
        headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
        response = self.request(method, self.origin + path, headers=headers, **kwargs)
        if response.status_code >= _REDIRECT:
            exception_handler(response)
        return response

    def _own(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.netloc != self._host:
            raise requests.exceptions.InvalidURL("an address of another host was asked for")
        return parts._replace(scheme=urlsplit(self.origin).scheme).geturl()

    def _note(self, response: requests.Response) -> None:
        used = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        try:
            at = parsedate_to_datetime(response.headers.get("Date", "")).astimezone(UTC)
        except (ValueError, TypeError):
            at = None
        with self._lock:
            self.server_time = at or self.server_time
            if used:
                self.usage = int(used.group(1)), int(used.group(2))


def attempt(operation: str, call: Callable[[], T]) -> T | Refusal:
    """Return what ``call`` returns, or the refusal that it ended in."""
    try:
        return call()
    except SalesforceError as error:
        return parse_refusal(operation, error.status, error.content)
    except (requests.RequestException, ValueError, TypeError, LookupError, RecursionError):
        # An answer that broke off, is no JSON, or has no end: the library measures null as if it were a list.
        return Refusal(operation, 0)

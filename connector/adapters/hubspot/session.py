"""All requests to HubSpot's API, over its SDK, with everything the SDK leaves open handled once.

The SDK (``hubspot-api-client`` 12) gives the connection, the authorisation and the error
classes; the paths are ours, because its methods know only the v3 paths that end in 2027,
and so is the parsing, because its models cost ten times as much and drop fields. What is
handled here, each seen to bite:

* an SDK object fetched by attribute opens a new connection pool: one ``ApiClient`` is kept;
* it keeps the token that it was built with: the token is set before each request;
* no time-out by default: every call carries one;
* its retry option skips POST, waits for nothing and loses the body; its exceptions have
  no common base over modules, and network errors come as urllib3's: one loop here, over
  one module's exceptions and urllib3's base class;
* it decodes an error's body as UTF-8 and so breaks on a gateway's page;
* urllib3 2.6.0 removed ``getheaders``, which it calls: excluded in the requirements.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
import urllib3
from hubspot.crm.contacts import ApiClient, Configuration
from hubspot.crm.contacts.exceptions import ApiException

from connector.adapters.contract import Access, Usage
from connector.adapters.hubspot.errors import MIGRATING, UNAUTHORIZED, Refusal, classify, parse_refusal, usage
from connector.adapters.hubspot.paths import BURST, path
from connector.adapters.hubspot.paths import budget as budget_of
from connector.adapters.hubspot.values import LONGEST_ID, Json, part, rows
from connector.adapters.page_sizes import PageSizes

TIMEOUT = (5.0, 40.0)
"""Seconds to connect and between two reads."""

NO_CONTENT = 204
ATTEMPTS = 4
LONGEST_URL = 8000
"""Characters; HubSpot answers 414 somewhere above."""

_JITTER = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx, or one of the statuses that the caller asked to see."""

    status: int
    body: Json
    operation: str = ""

    @property
    def results(self) -> Sequence[Json]:
        """Return the list that most of HubSpot's answers carry; raise ``RetryLater`` where it is not there."""
        return self.listed("results")

    def listed(self, key: str) -> Sequence[Json]:
        """Return a list of objects; without it the answer is none: taken for empty it would lose a whole page."""
        if not isinstance(self.body.get(key), list):
            raise classify(Refusal(self.operation, 0))
        return rows(self.body, key)

    @property
    def after(self) -> str | None:
        """Return the opaque position of the next page, None on the last one."""
        return following(self.operation, self.body)


class Session:
    """The requests of one connection. May be used by several threads."""

    def __init__(
        self,
        access: Access,
        api_base: str,
        timeout: tuple[float, float] = TIMEOUT,
        pages: PageSizes | None = None,
    ) -> None:
        """Make no request; ``timeout`` is in seconds, to connect and to read. ``pages`` outlive this object."""
        self._pages = pages or PageSizes()
        self._access = access
        self._timeout = timeout
        configuration = Configuration(host=api_base)
        # Neither retries nor redirects behind our back: the first are governed, the second carry the token away.
        configuration.retries = urllib3.Retry(total=False)
        self._client = ApiClient(configuration)

    def get(self, operation: str, query: Mapping[str, object] | None = None, **parts: str) -> Answer:
        """Read; ``query`` values may be lists, which HubSpot takes comma-separated."""
        asked, where = dict(query or {}), path(operation, **parts)
        largest = asked.get("limit")
        if operation != "objects" or not isinstance(largest, int):
            return self.send("GET", operation, where + query_string(asked))
        # Such lists go on from a position that HubSpot gives: any size of a page will do.
        with self._pages.sized(self._access.connection_id, where, largest) as limit:
            return self.send("GET", operation, where + query_string({**asked, "limit": limit}))

    def post(self, operation: str, body: Json, *, accept: Sequence[int] = (), **parts: str) -> Answer:
        """Send ``body``; refusals with a status in ``accept`` are returned, not raised."""
        return self.send("POST", operation, path(operation, **parts), body=body, accept=accept)

    def send(
        self,
        method: str,
        operation: str,
        target: str,
        *,
        body: Json | None = None,
        accept: Sequence[int] = (),
    ) -> Answer:
        """Send one request with its retries; raise one of the error tree for what is left then.

        Waiting is the lane's business: a passing trouble stops everyone on that budget for the
        pause that HubSpot asks for, jittered, and the next ``acquire`` sits it out.
        """
        lane, budget = self._access.lane, budget_of(operation)
        token, renewed = self._access.token(), False
        attempt = 1
        while True:
            found = self._once(method, operation, target, body, token)
            self._access.answered(found.status)
            if isinstance(found, Answer):
                return found
            if found.status in accept:
                return Answer(found.status, dict(found.body), operation)
            if found.status == UNAUTHORIZED and not renewed:
                token, renewed = self._access.refused_token(token), True
                continue
            if found.passing or found.status == MIGRATING:
                lane.penalise(budget, found.pause(attempt) * _JITTER.uniform(1.0, 1.25))
            if not found.passing or attempt >= ATTEMPTS:
                raise classify(found)
            attempt += 1

    def _once(self, method: str, operation: str, target: str, body: Json | None, token: str) -> Answer | Refusal:
        lane, budget = self._access.lane, budget_of(operation)
        lane.acquire(budget, writes=operation == "update")
        sent = self._access.now()
        try:
            response = self._call(method, target, body, token)
            self._tell(budget, dict(response.headers), sent)
            return Answer(response.status, _object(response.status, response.data), operation)
        except ApiException as error:
            refusal = parse_refusal(operation, error.status or 0, error.body, dict(error.headers or {}))
            if not self._tell(budget, refusal.headers, sent) and refusal.too_often:
                lane.told(budget, None)
            return refusal
        except UnicodeDecodeError as error:
            # The SDK was decoding the body of an error page; its own exception is the context.
            return Refusal(operation, getattr(error.__context__, "status", None) or 0)
        except (urllib3.exceptions.HTTPError, ValueError, LookupError):
            # The two last: broken JSON, and a character set that nobody knows.
            return Refusal(operation, 0)
        finally:
            lane.settle(budget)

    def _tell(self, budget: str, headers: Mapping[str, str], sent: datetime) -> bool:
        """Pass on what the headers say of the burst budget, the only one whose headers are documented."""
        counted = usage(headers) if budget == BURST else None
        if counted is None:
            return False
        used, limit = counted
        self._access.lane.told(budget, Usage(used, limit, (self._access.now() - sent).total_seconds()))
        return True

    def _call(self, method: str, target: str, body: Json | None, token: str) -> urllib3.BaseHTTPResponse:
        header = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        response: urllib3.BaseHTTPResponse = self._client.call_api(
            target,
            method,
            header_params=header,
            body=body,
            auth_settings=[],
            _preload_content=False,
            _request_timeout=self._timeout,
        )
        return response


def query_string(query: Mapping[str, object]) -> str:
    """Return ``?…`` of ``query``, or an empty string; lists become comma-separated, None is left out."""
    filled = {
        name: ",".join(value) if isinstance(value, list | tuple) else value
        for name, value in query.items()
        if value is not None
    }
    return "?" + urlencode(filled, safe=",") if filled else ""


def following(operation: str, body: Json) -> str | None:
    """Return the position of the next page in ``body``, None on the last one; raise ``RetryLater`` for nonsense."""
    after = part(part(body, "paging"), "next").get("after")
    if after is None:
        return None
    if isinstance(after, bool) or not isinstance(after, str | int) or len(str(after)) > LONGEST_ID:
        raise classify(Refusal(operation, 0))
    return str(after)


def _object(status: int, data: bytes) -> Json:
    if status == NO_CONTENT and not data:
        return {}
    parsed = _json(data)
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    return parsed


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        # Slow, and knows numbers of any size: one of them must not hold up a page.
        return json.loads(data, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("nested too deeply") from None

"""All requests of one connection: under the account's limit of open connections, with their retries."""

from __future__ import annotations

import random
from collections.abc import Collection
from contextlib import AbstractContextManager

from connector.adapters.contract import Access
from connector.adapters.mailchimp.calls import Call
from connector.adapters.mailchimp.errors import UNAUTHORIZED, Refusal, classify
from connector.adapters.mailchimp.transport import TIMEOUT, Answer, Pool, perform
from connector.adapters.page_sizes import PageSizes

CONNECTIONS = "connections"
AT_ONCE = 4
"""Connections of one account that we use at a time: Mailchimp allows ten for all apps of its user."""
ATTEMPTS = 4

_JITTER = random.SystemRandom()


class Session:
    """The requests of one connection. May be used by several threads."""

    def __init__(
        self,
        access: Access,
        origin: str,
        timeout: tuple[float, float] = TIMEOUT,
        pages: PageSizes | None = None,
    ) -> None:
        """Make no request; ``timeout`` is in seconds, to connect and to read. ``pages`` outlive this object."""
        self._pages = pages or PageSizes()
        self.origin = origin
        self.http = Pool()
        self._access = access
        self._timeout = timeout

    def sized(self, kind: str, largest: int) -> AbstractContextManager[int]:
        """Give the size of a page to ask for, smaller where the last ones were too much to answer."""
        return self._pages.sized(self._access.connection_id, kind, largest)

    def send(
        self, operation: str, call: Call, *, accept: Collection[int] = (), repeat: bool = True, writes: bool = False
    ) -> Answer:
        """Send one call with its retries; raise one of the error tree for what is left then.

        Refusals with a status in ``accept`` are returned. ``repeat`` False: a call whose answer got lost
        is not sent again, because it may have been carried out. ``writes``: see ``Lane``. Waiting is the lane's
        business: a passing trouble stops everyone on the account, and the next ``acquire`` sits it out.
        """
        lane = self._access.lane
        token, renewed = self._access.token(), False
        attempt = 1
        while True:
            found = self._once(operation, call, token, writes=writes)
            self._access.answered(found.status)
            if isinstance(found, Answer):
                return found
            if found.status in accept and not found.throttled:
                return Answer(found.status, dict(found.body), operation)
            if found.status == UNAUTHORIZED and not renewed:
                token, renewed = self._access.refused_token(token), True
                continue
            if found.passing:
                lane.penalise(CONNECTIONS, found.pause(attempt) * _JITTER.uniform(0.5, 1.0))
            if not found.passing or attempt >= ATTEMPTS or not (repeat or found.throttled):
                raise classify(found)
            attempt += 1

    def _once(self, operation: str, call: Call, token: str, *, writes: bool) -> Answer | Refusal:
        lane = self._access.lane
        lane.acquire(CONNECTIONS, writes=writes)
        try:
            found = perform(self.http, self.origin, operation, call, token, self._timeout)
            if isinstance(found, Refusal) and found.throttled:
                # No header tells of others: that there are some is known by the refusal.
                lane.told(CONNECTIONS, None)
            return found
        finally:
            lane.settle(CONNECTIONS)

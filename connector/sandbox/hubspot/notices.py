"""Webhooks: what changed is told to the app's one address, signed, retried as documented.

Source: HubSpot's webhook guide: arrays of up to 100 events, an answer within 5 s, up to 10
retries over 24 hours with jitter on any failure; signature v3 and, for CRM
subscriptions, v1. Several accounts share one address.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import random
import threading
from dataclasses import dataclass
from typing import Any

import orjson
import urllib3

from connector.sandbox.clock import SkewedClock
from connector.sandbox.config import AppRegistration, Webhooks
from connector.sandbox.hubspot.signing import signed

BATCH = 100
RETRY_SECONDS = (60, 180, 600, 1800, 3600, 7200, 10800, 14400, 18000, 21600)
"""Waits before each of the ten retries; about 22 hours in all."""
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt that was made. ``status`` 0: no answer."""

    at_ms: int
    status: int
    attempt: int
    events: tuple[dict[str, Any], ...]


class Notices:
    """The queue of change notices and the thread that delivers them."""

    def __init__(self, app: AppRegistration, settings: Webhooks, clock: SkewedClock) -> None:
        self._app = app
        self._settings = settings
        self._clock = clock
        self._due: list[tuple[float, int, list[dict[str, Any]]]] = []
        self._ready = threading.Condition()
        self._numbers = itertools.count(1)
        self._random = random.Random(app.app_id)
        self._stopped = False
        self._pool = urllib3.PoolManager(timeout=settings.timeout_seconds, retries=False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.deliveries: list[Delivery] = []
        self._thread.start()

    def configure(self, url: str, subscriptions: tuple[str, ...]) -> None:
        """Send to another address, or of other changes, from now on."""
        with self._ready:
            self._settings = Webhooks(url, subscriptions, self._settings.retry_factor, self._settings.timeout_seconds)

    def tell(self, portal_id: int, kind: str, object_id: int, at_ms: int, **more: Any) -> None:
        """Queue one event if the app subscribed to it. ``more`` are the event's further members."""
        subscription = f"{kind}:{more['propertyName']}" if "propertyName" in more else kind
        with self._ready:
            if not self._settings.url or subscription not in self._settings.subscriptions:
                return
            number = next(self._numbers)
            event = {
                "eventId": number,
                "subscriptionId": 1000 + self._settings.subscriptions.index(subscription),
                "portalId": portal_id,
                "appId": self._app.app_id,
                "occurredAt": at_ms,
                "subscriptionType": kind,
                "attemptNumber": 0,
                "objectId": object_id,
                **more,
            }
            heapq.heappush(self._due, (self._clock.monotonic(), number, [event]))
            self._ready.notify()

    def stop(self) -> None:
        """End the thread; what was not delivered is lost."""
        with self._ready:
            self._stopped = True
            self._ready.notify()
        self._thread.join()
        self._pool.clear()

    def _run(self) -> None:
        while events := self._next_batch():
            self._deliver(events)

    def _next_batch(self) -> list[dict[str, Any]]:
        """Wait for what is due; return up to a batch of it, all of one attempt number; empty: the end."""
        with self._ready:
            while not self._stopped:
                now = self._clock.monotonic()
                if self._due and self._due[0][0] <= now:
                    return self._take(now)
                self._ready.wait(self._due[0][0] - now if self._due else None)
        return []

    def _take(self, now: float) -> list[dict[str, Any]]:
        batch = heapq.heappop(self._due)[2]
        attempt = batch[0]["attemptNumber"]
        while self._due and self._due[0][0] <= now and self._due[0][2][0]["attemptNumber"] == attempt:
            if len(batch) + len(self._due[0][2]) > BATCH:
                break
            batch = batch + heapq.heappop(self._due)[2]
        return batch

    def _deliver(self, events: list[dict[str, Any]]) -> None:
        attempt = int(events[0]["attemptNumber"])
        status = self._post(orjson.dumps(events))
        self.deliveries.append(Delivery(self._clock.now_ms(), status, attempt, tuple(events)))
        if 200 <= status < 300 or attempt >= len(RETRY_SECONDS):
            return
        wait = RETRY_SECONDS[attempt] * self._settings.retry_factor * (1 + self._random.uniform(-JITTER, JITTER))
        again = [{**event, "attemptNumber": attempt + 1} for event in events]
        with self._ready:
            heapq.heappush(self._due, (self._clock.monotonic() + wait, next(self._numbers), again))

    def _post(self, body: bytes) -> int:
        url = self._settings.url
        headers = {"Content-Type": "application/json", **self._signatures(url, body)}
        try:
            return self._pool.request("POST", url, body=body, headers=headers).status
        except urllib3.exceptions.HTTPError:
            return 0

    def _signatures(self, url: str, body: bytes) -> dict[str, str]:
        secret = self._app.client_secret
        return {
            **signed(secret, "POST", url, body, self._clock.now_ms()),
            "X-HubSpot-Signature": hashlib.sha256(secret.encode() + body).hexdigest(),
            "X-HubSpot-Signature-Version": "v1",
        }

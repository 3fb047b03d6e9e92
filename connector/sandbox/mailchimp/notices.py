"""Webhooks of audiences: what changed is posted as a form, signed, and again for 75 minutes if nobody takes it.

Source: Mailchimp's guide "Sync audience data with webhooks": ``X-Mailchimp-Signature: t=<unix>,v1=<hex>``,
HMAC-SHA256 of ``t.body``. A hook whose retries all fail is disabled without a word.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import urllib3

from connector.sandbox.clock import SkewedClock
from connector.sandbox.config import Webhooks
from connector.sandbox.courier import Courier

RETRY_SECONDS = (60, 120, 300, 600, 900, 1200, 1320)
"""Waits before each retry; 75 minutes in all. The single steps are not published."""
KINDS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")


@dataclass(slots=True)
class Hook:
    """One webhook of an audience. ``secret`` empty: it does not sign."""

    hook_id: str
    list_id: str
    url: str
    events: dict[str, bool]
    sources: dict[str, bool]
    secret: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell to one hook. ``attempt`` counts from 0."""

    hook: Hook
    body: bytes
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt that was made. ``status`` 0: no answer."""

    at_ms: int
    status: int
    attempt: int
    url: str
    body: str


class Notices:
    """Tells hooks of changes, in the background."""

    def __init__(self, settings: Webhooks, clock: SkewedClock) -> None:
        self._settings = settings
        self._clock = clock
        self._pool = urllib3.PoolManager(timeout=settings.timeout_seconds, retries=False)
        self._courier: Courier[Notice] = Courier(clock, self._deliver)
        self.deliveries: list[Delivery] = []

    def tell(self, hook: Hook, kind: str, source: str, data: dict[str, str]) -> None:
        """Queue one notice, if the hook asked for such events from such a source."""
        if hook.disabled or not hook.events[kind] or not hook.sources[source]:
            return
        fired = datetime.fromtimestamp(self._clock.now_ms() // 1000, UTC)
        form = {"type": kind, "fired_at": f"{fired:%Y-%m-%d %H:%M:%S}", **data}
        self._courier.bring(Notice(hook, urlencode(form).encode()))

    def answers(self, url: str) -> bool:
        """Tell whether an address answers a GET with 200, as it must when a hook is made."""
        try:
            return self._pool.request("GET", url).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self) -> None:
        """End deliveries."""
        self._courier.stop()
        self._pool.clear()

    def _deliver(self, notice: Notice) -> tuple[Notice, float] | None:
        status = self._post(notice)
        told = Delivery(self._clock.now_ms(), status, notice.attempt, notice.hook.url, notice.body.decode())
        self.deliveries.append(told)
        if 200 <= status < 300:
            return None
        if notice.attempt == len(RETRY_SECONDS):
            notice.hook.disabled = True
            return None
        wait = RETRY_SECONDS[notice.attempt] * self._settings.retry_factor
        return replace(notice, attempt=notice.attempt + 1), wait

    def _post(self, notice: Notice) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self._signature(notice)}
        try:
            return self._pool.request("POST", notice.hook.url, body=notice.body, headers=headers).status
        except urllib3.exceptions.HTTPError:
            return 0

    def _signature(self, notice: Notice) -> dict[str, str]:
        if not notice.hook.secret:
            return {}
        at = str(self._clock.now_ms() // 1000)
        signed = at.encode() + b"." + notice.body
        digest = hmac.new(notice.hook.secret.encode(), signed, hashlib.sha256).hexdigest()
        return {"X-Mailchimp-Signature": f"t={at},v1={digest}"}

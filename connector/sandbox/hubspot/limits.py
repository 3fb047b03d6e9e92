"""Rate limits as HubSpot publishes them: sliding windows per account and budget.

Source: developers.hubspot.com/docs, usage guidelines, 2026: 110 requests in 10 s for an app
with marketplace distribution; search 5 a second per account and without rate-limit
headers; associations a burst of their own (100 in 10 s on Free and Starter, 150 above).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from connector.sandbox.config import Limits, Portal
from connector.sandbox.hubspot.errors import ApiError, rate_limited

SMALL_TIERS = frozenset({"free", "starter"})
SMALL_TIER_ASSOCIATIONS = 100


@dataclass(frozen=True, slots=True)
class Policy:
    """One published limit. ``told``: answers carry the rate-limit headers."""

    name: str
    message: str
    requests: int
    seconds: float
    told: bool


class Window:
    """Requests of one account in the last ``policy.seconds``. Refused ones do not count."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._times: deque[float] = deque()

    def admit(self, now: float) -> bool:
        """Count one request at ``now`` (monotonic seconds), unless the window is full."""
        while self._times and self._times[0] <= now - self.policy.seconds:
            self._times.popleft()
        if len(self._times) >= self.policy.requests:
            return False
        self._times.append(now)
        return True

    def headers(self) -> dict[str, str]:
        """Return the rate-limit headers of an answer; none for search."""
        if not self.policy.told:
            return {}
        return {
            "X-HubSpot-RateLimit-Max": str(self.policy.requests),
            "X-HubSpot-RateLimit-Remaining": str(self.policy.requests - len(self._times)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(round(self.policy.seconds * 1000)),
        }

    def refusal(self) -> ApiError:
        """Return the 429."""
        return rate_limited(self.policy.name, self.policy.message, self.headers())


def windows(limits: Limits, portal: Portal) -> Mapping[str, Window]:
    """Return an account's windows by budget: ``burst``, ``search``, ``associations``."""
    associations = SMALL_TIER_ASSOCIATIONS if portal.tier in SMALL_TIERS else limits.associations
    ten_secondly = "You have reached your ten_secondly_rolling limit."
    policies = {
        "burst": Policy("TEN_SECONDLY_ROLLING", ten_secondly, limits.burst, limits.burst_seconds, told=True),
        "search": Policy(
            "SECONDLY", "You have reached your secondly limit.", limits.search, limits.search_seconds, told=False
        ),
        "associations": Policy(
            "TEN_SECONDLY_ROLLING", ten_secondly, associations, limits.associations_seconds, told=True
        ),
    }
    return {name: Window(policy) for name, policy in policies.items()}


def budget_of(path: str) -> str | None:
    """Return the budget that a request counts against; token calls and pages count against none."""
    if path.startswith(("/oauth/", "/_sandbox/")):
        return None
    if path.endswith("/search"):
        return "search"
    if "/associations" in path:
        return "associations"
    return "burst"

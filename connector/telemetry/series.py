"""What is counted, by name; and the counts of one process until they are published.

A count is a sum that only grows. A distribution is kept as Prometheus does: a count for each upper
bound, their total and their number, so that those of several processes can be added up.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the distributions, in seconds; the last one is the longest wait that the governor allows."""

BEYOND = "+Inf"


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is counted. ``labels`` take few values each: never an id, an address or a path with one in it."""

    name: str
    help: str
    labels: tuple[str, ...]
    distribution: bool = False


REQUESTS = Metric("connector_http_requests", "Requests answered by the web processes.", ("route", "status"))
REQUEST_SECONDS = Metric("connector_http_request_seconds", "How long answers took.", ("route",), distribution=True)
WEBHOOKS = Metric("connector_webhooks", "Pushes of CRMs: taken, refused or failed.", ("vendor", "outcome"))
VENDOR_ANSWERS = Metric("connector_vendor_answers", "Answers of CRMs by status class.", ("vendor", "status"))
WAITS = Metric(
    "connector_governor_wait_seconds", "How long requests waited for their turn.", ("vendor", "lane"), distribution=True
)
PENALTIES = Metric("connector_governor_penalties", "Pauses that CRMs asked for.", ("vendor",))
PUT_OFF = Metric("connector_governor_put_off", "Requests put off because a limit was used up.", ("vendor",))
WRITTEN = Metric("connector_scores_written", "Scores that CRMs took.", ("vendor",))

METRICS = (REQUESTS, REQUEST_SECONDS, WEBHOOKS, VENDOR_ANSWERS, WAITS, PENALTIES, PUT_OFF, WRITTEN)

Series = tuple[str, ...]
"""A metric's name, the values of its labels, and for a distribution ``sum``, ``count`` or an upper bound."""


class Counts:
    """The counts of one process since they were last taken. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Series, float] = {}

    def add(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Add to a count."""
        self.merge({(metric.name, *labels): amount})

    def observe(self, metric: Metric, *labels: str, value: float) -> None:
        """Add one value to a distribution."""
        bound = bisect_left(SECONDS, value)
        upper = str(SECONDS[bound]) if bound < len(SECONDS) else BEYOND
        series = (metric.name, *labels)
        self.merge({(*series, upper): 1.0, (*series, "count"): 1.0, (*series, "sum"): value})

    def merge(self, amounts: Mapping[Series, float]) -> None:
        """Add many amounts at once: also those back that could not be published."""
        with self._lock:
            for series, amount in amounts.items():
                self._held[series] = self._held.get(series, 0.0) + amount

    def take(self) -> dict[Series, float]:
        """Return what was counted and begin again at nothing."""
        with self._lock:
            taken, self._held = self._held, {}
        return taken

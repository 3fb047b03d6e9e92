"""One CRM read and written on a virtual clock, and what came of it as rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connector.adapters.mailchimp.session import AT_ONCE
from connector.adapters.registry import REGISTRY
from connector.sandbox.config import Limits, MailchimpAccount
from connector.sandbox.requestlog import LoggedRequest
from connector.sandbox.server import RunningSandbox
from connector.store import outbox
from tests.bench.line import pages
from tests.bench.line.clock import VirtualClock
from tests.bench.line.setting import START, Plan, Tenant, sandbox

REQUIRED = 0.95
SPARED = round(1 / 1.05, 4)
"""The fewest requests that there can be, as a share of those that were made."""
TOO_MANY = 429

Row = dict[str, Any]
Log = Sequence[LoggedRequest]


def measure(plan: Plan) -> list[Row]:
    """Read and write one CRM; return its rows."""
    with TemporaryDirectory() as folder, VirtualClock(START) as clock, sandbox(plan, clock) as running:
        tenant = Tenant(plan.vendor, running.origin, Path(folder), clock)
        tenant.until("sync")
        running.stage.log.clear()
        tenant.until("train")
        read = logged(running)
        least = pages.read(running.vendor_state)
        tenant.queue_scores()
        running.stage.log.clear()
        tenant.deliver()
        written = logged(running)
        with tenant.services.store.reading() as session:
            records = list(outbox.delivered_of(session, tenant.connection_id))
    rows = [
        *shares(plan, "backfill", read),
        counted(plan, "backfill", len(read), least),
        refused(plan, "backfill", read),
    ]
    rows += write_shares(plan, written, len(records))
    fewest = pages.write(running.vendor_state, records)
    return [*rows, counted(plan, "write-back", len(written), fewest), refused(plan, "write-back", written)]


def logged(running: RunningSandbox) -> Log:
    """Return what a CRM was asked, in order, but for installations and the bench's own questions."""
    return sorted(running.stage.log.entries(), key=lambda entry: entry.monotonic)


def shares(plan: Plan, what: str, log: Log) -> Iterator[Row]:
    """Yield what was made of the vendor's published ceiling, where it has one for so many requests.

    Of a window the first is not counted: the vendor grants it at once.
    """
    begun, seconds = log[0].monotonic, _seconds(plan, log)
    if plan.vendor == "hubspot":
        limits = Limits()
        counts = [entry.monotonic - begun for entry in log if entry.limit_bucket == "burst"]
        # What follows straight on other work finds the window full already.
        first = limits.burst_seconds if counts[min(len(counts), limits.burst) - 1] < limits.burst_seconds * 0.9 else 0.0
        later = sum(at >= first for at in counts)
        if later > limits.burst:
            yield share(plan, what, "requests/s", later / (seconds - first), limits.burst / limits.burst_seconds)
    if plan.vendor == "mailchimp":
        yield share(plan, what, "requests/s", len(log) / seconds, AT_ONCE / plan.latency)


def write_shares(plan: Plan, log: Log, records: int) -> Iterator[Row]:
    """Yield the same of writing: Mailchimp works on one job of 500 calls after another."""
    if plan.vendor != "mailchimp":
        yield from shares(plan, "write-back", log)
        return
    made = pages.jobs_of(records) / _seconds(plan, log)
    yield share(plan, "write-back", "jobs/s", made, 1 / MailchimpAccount().batch_seconds)


def share(plan: Plan, what: str, unit: str, achieved: float, limit: float) -> Row:
    """Return one rate beside its ceiling."""
    return row(f"{plan.vendor}: {what}", unit, achieved, limit, (achieved / limit, REQUIRED))


def counted(plan: Plan, what: str, made: int, least: int) -> Row:
    """Return the number of requests beside the fewest that there can be."""
    return row(f"{plan.vendor}: {what}, number of requests", "requests", made, least, (least / made, SPARED))


def refused(plan: Plan, what: str, log: Log) -> Row:
    """Return how many requests the vendor refused because of a limit."""
    limited = (TOO_MANY, 403) if plan.vendor == "salesforce" else (TOO_MANY,)
    found = Counter(entry.status for entry in log)
    number = sum(found[status] for status in limited)
    return row(f"{plan.vendor}: {what}, refused for a limit", "requests", number, 0, (1.0 if number == 0 else 0.0, 1.0))


def row(name: str, unit: str, achieved: float, limit: float, ratio: tuple[float, float]) -> Row:
    """Return a figure; ``ratio`` is what was reached, the higher the better, and what is required."""
    return {
        "name": name,
        "unit": unit,
        "achieved": round(achieved, 3),
        "limit": round(limit, 3),
        "ratio": round(ratio[0], 4),
        "required": ratio[1],
        # A virtual clock tells the same each time.
        "median_of": 1,
        "spread": 0.0,
    }


def _seconds(plan: Plan, log: Log) -> float:
    return log[-1].monotonic - log[0].monotonic + plan.latency


VENDORS = sorted(REGISTRY)

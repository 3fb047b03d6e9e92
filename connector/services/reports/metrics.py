"""What Prometheus scrapes, of all processes at once: SQL tells what waits, the board what was counted.

Any web process gives the same answer, so that one target is scraped and workers need no port. To add
what another table tells, write one more function that yields families and name it in ``_OF_SQL``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlalchemy.engine import Connection

from connector.errors import RetryLater
from connector.services.context import Services
from connector.store import gauges
from connector.telemetry.board import Told
from connector.telemetry.series import BEYOND, METRICS, SECONDS
from connector.telemetry.series import Metric as Counted


def exposed(services: Services) -> bytes:
    """Return all metrics in Prometheus' text format; what can't be reached is told by a 0, not by an error."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(services))
    return generate_latest(registry)


class _Collector:
    """Asks the database and the board when it is scraped."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield from self._of_database()
        yield from self._of_board()

    def _of_database(self) -> Iterator[Metric]:
        now, found = self._services.clock.now(), list[Metric]()
        try:
            with self._services.store.reading() as session:
                for ask in _OF_SQL:
                    found += ask(session, now)
        except sa.exc.SQLAlchemyError:
            yield GaugeMetricFamily("connector_database_up", "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily("connector_database_up", "Whether the database answers.", value=1)
        yield from found

    def _of_board(self) -> Iterator[Metric]:
        now = self._services.clock.now()
        try:
            told = self._services.board.read(now)
        except RetryLater:
            yield GaugeMetricFamily("connector_redis_up", "Whether Redis answers.", value=0)
            return
        yield GaugeMetricFamily("connector_redis_up", "Whether Redis answers.", value=1)
        for metric in METRICS:
            yield _distribution(metric, told) if metric.distribution else _count(metric, told)
        yield from _alive(told, now)


def _intents(session: Connection, now: datetime) -> Iterator[Metric]:
    number = GaugeMetricFamily("connector_intents", "Work that is not done.", labels=("stage", "status"))
    oldest = GaugeMetricFamily("connector_intents_oldest_due_seconds", "How late the latest is.", labels=("stage",))
    late: dict[str, float] = {}
    for item in gauges.open_intents(session):
        number.add_metric((item.kind, item.status), item.number)
        if item.status != "parked":
            late[item.kind] = max(late.get(item.kind, 0.0), (now - item.oldest).total_seconds())
    for stage, seconds in late.items():
        oldest.add_metric((stage,), seconds)
    yield from (number, oldest)
    lapsed = gauges.lapsed_leases(session, now)
    yield GaugeMetricFamily("connector_leases_lapsed", "Work whose worker fell silent.", value=lapsed)


def _outbox(session: Connection, now: datetime) -> Iterator[Metric]:
    number = GaugeMetricFamily("connector_outbox", "Values that no CRM holds yet.", labels=("vendor", "status"))
    oldest = GaugeMetricFamily("connector_outbox_oldest_due_seconds", "How late the latest is.", labels=("vendor",))
    dead = GaugeMetricFamily("connector_dead_letters", "Records that a CRM refused.", labels=("vendor",))
    late: dict[str, float] = {}
    for item in gauges.undelivered(session):
        if item.status == "dead":
            dead.add_metric((item.kind,), item.number)
            continue
        number.add_metric((item.kind, item.status), item.number)
        late[item.kind] = max(late.get(item.kind, 0.0), (now - item.oldest).total_seconds())
    for vendor, seconds in late.items():
        oldest.add_metric((vendor,), seconds)
    yield from (number, oldest, dead)


def _accounts(session: Connection, _: datetime) -> Iterator[Metric]:
    number = GaugeMetricFamily("connector_accounts", "Installed CRM accounts.", labels=("vendor", "status"))
    for vendor, status, count in gauges.accounts(session):
        number.add_metric((vendor, status), count)
    yield number


def _ledger(session: Connection, _: datetime) -> Iterator[Metric]:
    yield GaugeMetricFamily("connector_ledger_entries", "Entries of all ledgers.", value=gauges.ledger_entries(session))


_OF_SQL: tuple[Callable[[Connection, datetime], Iterator[Metric]], ...] = (_intents, _outbox, _accounts, _ledger)


def _count(metric: Counted, told: Told) -> Metric:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for (name, *labels), amount in sorted(told.counts.items()):
        if name == metric.name and len(labels) == len(metric.labels):
            family.add_metric(labels, amount)
    return family


def _distribution(metric: Counted, told: Told) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    parts: dict[tuple[str, ...], dict[str, float]] = {}
    for (name, *labels), amount in sorted(told.counts.items()):
        if name == metric.name and len(labels) == len(metric.labels) + 1:
            parts.setdefault(tuple(labels[:-1]), {})[labels[-1]] = amount
    for values, held in parts.items():
        total, buckets = 0.0, []
        for bound in [*map(str, SECONDS), BEYOND]:
            total += held.get(bound, 0.0)
            buckets.append((bound, total))
        family.add_metric(values, buckets, held.get("sum", 0.0))
    return family


def _alive(told: Told, now: datetime) -> Iterator[Metric]:
    seen = GaugeMetricFamily("connector_process_silent_seconds", "Since its last sign of life.", labels=("process",))
    for process, at in sorted(told.seen.items()):
        seen.add_metric((process,), max(0.0, (now - at).total_seconds()))
    yield seen
    if told.swept_at is not None:
        age = max(0.0, (now - told.swept_at).total_seconds())
        yield GaugeMetricFamily("connector_sweep_age_seconds", "Since the last sweep.", value=age)

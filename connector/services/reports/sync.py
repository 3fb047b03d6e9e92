"""Sync health: every account on one page, how fresh what was read is, what waits, and what needs a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.contract import Budget
from connector.services.allowance import night_of, written_tonight
from connector.services.context import Services
from connector.services.reports.refusals import Letter, letters
from connector.services.usage import CALLS
from connector.store import connections, departures, inbox, lanes, outbox, publications, runs, streams, tenants, usage
from connector.store.connections import CrmConnection, Health
from connector.store.outbox import OutboxStatus
from connector.store.runs import Run
from connector.store.streams import StreamState

_LETTERS = 5
_DAYS = 7


@dataclass(frozen=True, slots=True)
class Reading:
    """A kind of data. ``age``: how long ago it was last read to its end, None where it never was or is not offered."""

    state: StreamState
    age: timedelta | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: values on their way, pushed changes that nobody looked at yet, and what was refused.

    ``trouble`` are sentences of work that was put back, or rests until the next refresh.
    """

    values: int
    hints: int
    dead: int
    letters: Sequence[Letter]
    trouble: Sequence[str]


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """One account. ``requests`` of today and of the last 7 days count all of the tenant's accounts of that CRM.

    ``written`` counts values of the running night, ``cap`` is the most that a night may bring.
    """

    connection: CrmConnection
    label: str
    left: bool
    readings: Sequence[Reading]
    backlog: Backlog
    requests: tuple[int, int]
    budgets: Sequence[Budget]
    written: int
    cap: int | None

    @property
    def oldest(self) -> timedelta | None:
        """The age of what was read longest ago, of what was read to its end."""
        return max((one.age for one in self.readings if one.age is not None), default=None)

    @property
    def needs_somebody(self) -> bool:
        """Whether nothing goes on before a person acts."""
        return self.connection.status is not Health.ACTIVE and not self.left


@dataclass(frozen=True, slots=True)
class SyncPage:
    """All accounts, and the tenant's newest run."""

    accounts: Sequence[AccountHealth]
    run: Run | None


def sync_page(services: Services, tenant_id: UUID) -> SyncPage:
    """Read what the page shows."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        spent = usage.of_days(session, tenant_id, f"{now - timedelta(days=_DAYS - 1):%Y-%m-%d}", f"{now:%Y-%m-%d}")
        cap = tenants.get(session, tenant_id).settings.nightly_cap
        found = [
            _health(services, session, account, spent, cap, now)
            for account in connections.of_tenant(session, tenant_id)
        ]
        return SyncPage(found, runs.latest(session, tenant_id))


def troubled(services: Services, tenant_id: UUID) -> Sequence[CrmConnection]:
    """Return the accounts that can't be read or written before a person acts; not those that were left on purpose."""
    with services.store.reading(tenant_id) as session:
        return connections.troubled(session, tenant_id)


def _health(
    services: Services,
    session: Connection,
    account: CrmConnection,
    spent: Mapping[str, Mapping[str, int]],
    cap: int | None,
    now: datetime,
) -> AccountHealth:
    app, calls = services.apps.get(account.vendor), spent.get(f"{CALLS}{account.vendor}", {})
    told = sorted(streams.of_connection(session, account.id), key=lambda state: state.label)
    state = publications.get(session, account.id)
    return AccountHealth(
        connection=account,
        label=app.capabilities.label if app else account.vendor,
        left=departures.find(session, account.id) is not None,
        readings=[Reading(one, now - one.drained_at if one.drained_at else None) for one in told],
        backlog=_backlog(session, account.id),
        requests=(calls.get(f"{now:%Y-%m-%d}", 0), sum(calls.values())),
        budgets=app.capabilities.budgets if app else (),
        written=written_tonight(state, night_of(now, account.time_zone)),
        cap=cap,
    )


def _backlog(session: Connection, connection_id: UUID) -> Backlog:
    counts = outbox.counts(session, connection_id)
    dead = counts.get(OutboxStatus.DEAD, 0)
    return Backlog(
        values=outbox.waiting(counts),
        hints=inbox.count_waiting(session, connection_id),
        dead=dead,
        letters=letters(session, connection_id, _LETTERS) if dead else (),
        trouble=[row.message for row in lanes.of_connection(session, connection_id) if row.message],
    )

"""The page Forecasts: this week's list and what is promised of it, sealed forecasts, and how former ones did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from connector.records import Tier
from connector.services.context import Services
from connector.services.forecasts.weekly import worked
from connector.services.reports.people import people_of
from connector.store import forecasts, ledger
from connector.store.forecasts import Forecast


@dataclass(frozen=True, slots=True)
class OnList:
    """A lead of this week's list; without a score where it is no longer open."""

    lead_id: int
    name: str
    probability: Decimal | None
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A forecast beside what came. ``intact``: the text is the one that was sealed."""

    made_at: datetime
    opens_at: datetime
    leads: int
    expected: float
    low: int
    high: int
    promised: int | None
    won: int
    intact: bool

    @property
    def met(self) -> bool:
        """Whether what came lies where it was forecast."""
        return self.low <= self.won <= self.high


@dataclass(frozen=True, slots=True)
class ForecastsReport:
    """``sealed`` are waiting, the newest first; ``newest`` is the list to work on, empty before the first.

    ``trusted``: promises were kept as often as promised. ``missing``: lists still to mature before one is made.
    """

    newest: Sequence[OnList]
    sealed: Sequence[Forecast]
    opened: Sequence[Opened]
    trusted: bool
    missing: int


def forecasts_report(services: Services, tenant_id: UUID) -> ForecastsReport:
    """Report a tenant's forecasts."""
    # Imported here: the web process needs the library of statistics on this one page.
    from scoring.promises import trust
    from scoring.promises.lists import LEAST_LISTS

    with services.store.reading(tenant_id) as session:
        found = forecasts.of_tenant(session, tenant_id)
        listed = forecasts.listed(session, tenant_id, found[0].id) if found else []
        known = forecasts.named(session, tenant_id, listed)
        people = people_of(session, tenant_id, listed)
    newest = [
        OnList(lead, people[lead].name, known[lead][0], Tier(known[lead][1]))
        if lead in known
        else OnList(lead, people[lead].name, None, None)
        for lead in listed
    ]
    done = worked(found)
    return ForecastsReport(
        newest,
        [one for one in found if one.outcome is None],
        [_opened(one, one.outcome) for one in found if one.outcome is not None],
        trust(done),
        max(0, LEAST_LISTS - len(done)),
    )


def opened_forecasts(services: Services, tenant_id: UUID) -> Sequence[Opened]:
    """Return every forecast whose time is over beside what came, the newest first."""
    with services.store.reading(tenant_id) as session:
        found = forecasts.of_tenant(session, tenant_id)
    return [_opened(one, one.outcome) for one in found if one.outcome is not None]


def _opened(one: Forecast, outcome: Any) -> Opened:
    said = json.loads(one.body)
    return Opened(
        one.made_at,
        one.opens_at,
        int(outcome["leads"]),
        float(said["expected"]),
        int(said["low"]),
        int(said["high"]),
        one.promised,
        int(outcome["won"]),
        ledger.commit(one.salt, one.body) == one.seal,
    )

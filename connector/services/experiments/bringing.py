"""What leads brought within their horizon: a conversion, meetings, money. One value a lead for each of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from connector.records import EventKind
from connector.services import snapshot
from connector.services.context import Services
from connector.store import kpis
from connector.store.tenants import TenantSettings

CONVERSIONS, MEETINGS, REVENUE = "conversions", "meetings", "revenue"


@dataclass(frozen=True, slots=True)
class Brought:
    """Lead → when it converted, when it had a meeting (whoever made it), and what it paid when, in ``currency``.

    ``currency`` is the one of most amounts, None where the CRM tells none; what was paid in others is ``left_out``.
    """

    won: Mapping[int, Sequence[datetime]]
    met: Mapping[int, Sequence[datetime]]
    paid: Mapping[int, Sequence[tuple[datetime, Decimal]]]
    currency: str | None = None
    left_out: int = 0

    @property
    def known(self) -> tuple[str, ...]:
        """What the data tell of at all."""
        more = ((MEETINGS, bool(self.met)), (REVENUE, bool(self.paid)))
        return (CONVERSIONS, *(name for name, there in more if there))

    def value(self, outcome: str, lead: int, since: datetime, span: timedelta) -> Decimal:
        """What a lead brought after ``since`` and within ``span``: 1 or 0, a number of meetings, or an amount."""
        until = since + span
        if outcome == REVENUE:
            return sum((amount for at, amount in self.paid.get(lead, ()) if since < at <= until), Decimal(0))
        times = (self.won if outcome == CONVERSIONS else self.met).get(lead, ())
        found = sum(since < at <= until for at in times)
        return Decimal(min(found, 1) if outcome == CONVERSIONS else found)


def brought(services: Services, tenant_id: UUID, settings: TenantSettings, since: datetime) -> Brought:
    """Read what a tenant's leads brought ``since`` then."""
    won = snapshot.conversion_times(services, tenant_id, settings)
    with services.store.reading(tenant_id) as session:
        acts = kpis.acts(session, tenant_id, since)
        # A field's value has no amount.
        paid = [] if settings.goal.startswith("property:") else kpis.amounts(session, tenant_id, settings.goal)
    met: dict[int, list[datetime]] = defaultdict(list)
    for row in acts:
        if row.kind == EventKind.MEETING:
            met[row.lead_id].append(row.at)
    told = [row for row in paid if row.amount is not None and row.at >= since]
    currency = Counter(row.currency for row in told).most_common(1)[0][0] if told else None
    amounts: dict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for row in told:
        if row.currency == currency:
            amounts[row.lead_id].append((row.at, row.amount))
    return Brought(won, met, amounts, currency, sum(row.currency != currency for row in told))

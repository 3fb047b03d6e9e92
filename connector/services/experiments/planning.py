"""How long a comparison has to run: of models or lines by the leads of the last weeks, and by what is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import pstdev
from typing import Any
from uuid import UUID

from connector.records import Tier
from connector.services.context import Services
from connector.services.experiments.bringing import MEETINGS, REVENUE, brought
from connector.store import kpis, tenants
from connector.store.experiments import Hot

LONGEST_DAYS = 730
YEAR = timedelta(days=365)
LEAST_BRINGING = 10
"""Fewer leads that brought anything tell nothing of how much it varies."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a comparison would take, or ``refused``: the sentence that says why it can't be planned.

    ``a_week`` leads come that would count, of whom the model expects ``rate`` to convert; ``leads``, ``weeks`` and
    ``days`` as :class:`scoring.experiments.Plan` says.
    """

    a_week: float
    rate: float
    leads: int = 0
    weeks: int = 0
    days: int = 0
    refused: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, without a refusal."""
        return {name: value for name, value in asdict(self).items() if name != "refused"}


@dataclass(frozen=True, slots=True)
class ForOutcome:
    """By one thing that leads bring: what a High-Intent lead ``usually`` brought, and what finding the lift would take.

    ``missing``: why nothing can be said.
    """

    label: str
    usually: Decimal | None = None
    currency: str | None = None
    leads: int = 0
    weeks: int = 0
    missing: str | None = None


def for_each(services: Services, tenant_id: UUID, share: Decimal, lift: Decimal) -> Sequence[ForOutcome]:
    """Return what finding a relative ``lift`` would take by meetings and by revenue, ``share`` being held out.

    By the leads that came into the High-Intent band within a year and whose horizon is over.
    """
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        hot = kpis.first_in_tier(session, tenant_id, Tier.HIGH_INTENT, now - YEAR)
    span = timedelta(days=settings.horizon_days)
    over = [row for row in hot if row.at + span <= now]
    told = brought(services, tenant_id, settings, now - YEAR)
    a_week = len(hot) / max((now - min((row.at for row in hot), default=now)) / timedelta(weeks=1), 1.0)
    found = []
    for outcome, label in ((MEETINGS, "Meetings"), (REVENUE, "Revenue")):
        values = [told.value(outcome, row.lead_id, row.at, span) for row in over]
        currency = told.currency if outcome == REVENUE else None
        found.append(_for_outcome(label, values, currency, a_week, (share, lift)))
    return found


def _for_outcome(
    label: str, values: Sequence[Decimal], currency: str | None, a_week: float, wish: tuple[Decimal, Decimal]
) -> ForOutcome:
    # Imported here: the web process needs the library of statistics on this one page.
    from scoring.experiments import planned_amount

    bringing = sum(value > 0 for value in values)
    if bringing < LEAST_BRINGING:
        missing = f"{bringing} High-Intent leads of the last year brought any in their time; it takes {LEAST_BRINGING}."
        return ForOutcome(label, missing=missing)
    mean = sum(values, Decimal(0)) / len(values)
    spread = pstdev([float(value) for value in values])
    plan = planned_amount(
        mean=float(mean), deviation=spread, lift=float(wish[1]), held_out=float(wish[0]), leads_a_week=a_week
    )
    return ForOutcome(label, mean.quantize(Decimal("0.01")), currency, plan.leads, plan.weeks)


def planned_for(found: Hot, weeks: int, horizon_days: int, share: Decimal, lift: Decimal) -> Proposal:
    """Plan for finding a relative ``lift`` where ``share`` of the companies are treated."""
    # Imported here: the web process needs the library of statistics on this one page.
    from scoring.experiments import planned

    a_week, rate = found.leads / weeks, float(found.rate)
    if not found.leads:
        return Proposal(0.0, 0.0, refused="No lead of the last eight weeks would count: there is nothing to compare.")
    try:
        plan = planned(
            rate=rate,
            lift=float(lift),
            held_out=float(share),
            leads_a_week=a_week,
            horizon_days=horizon_days,
            company_leads=found.leads / found.companies,
        )
    except ValueError as impossible:
        return Proposal(a_week, rate, refused=str(impossible))
    refused = None
    if plan.days > LONGEST_DAYS:
        years = f"{plan.days / 365:.1f} years"
        refused = f"It would take {years} to find a lift of {lift * 100:.0f} %. Look for a larger one."
    return Proposal(a_week, rate, plan.leads, plan.weeks, plan.days, refused)

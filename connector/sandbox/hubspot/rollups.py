"""The values that HubSpot calculates on a contact from its deals, mails and forms.

Counters show the present and have no history, as on a live account; those about deals are
kept with history, since they change with a known event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector.sandbox.clock import iso
from connector.sandbox.population import Population
from connector.sandbox.population.model import Change, Deal

COUNTED_MAILS = {"delivered": "hs_email_delivered", "open": "hs_email_open", "click": "hs_email_click"}
STAGE_DATES = {"lead": "hs_lifecyclestage_lead_date", "customer": "hs_lifecyclestage_customer_date"}


@dataclass(slots=True)
class Rollup:
    """One contact's calculated values; ``touched_ms``: the last event that changed any of them."""

    values: dict[str, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    touched_ms: int = 0

    def count(self, name: str, at_ms: int) -> None:
        """Add one to a counter."""
        self.values[name] = str(int(self.values.get(name, "0")) + 1)
        self.touched_ms = max(self.touched_ms, at_ms)


def contact_rollups(population: Population) -> list[Rollup]:
    """Return one rollup for each lead."""
    rollups = [Rollup() for _ in population.leads]
    for mail in population.mails:
        if mail.kind in COUNTED_MAILS and not mail.known_machine:
            rollups[mail.lead].count(COUNTED_MAILS[mail.kind], mail.at_ms)
    for fill in sorted(population.form_fills, key=lambda each: each.at_ms):
        rollup = rollups[fill.lead]
        rollup.count("num_conversion_events", fill.at_ms)
        rollup.values.setdefault("first_conversion_date", iso(fill.at_ms))
        rollup.values["recent_conversion_date"] = iso(fill.at_ms)
    for visit in population.page_visits:
        rollups[visit.lead].count("hs_analytics_num_page_views", visit.at_ms)
    for activity in population.activities:
        rollups[activity.lead].touched_ms = max(rollups[activity.lead].touched_ms, activity.at_ms)
    for deal in population.deals:
        _roll_deal(rollups[deal.lead], deal)
    return rollups


def _roll_deal(rollup: Rollup, deal: Deal) -> None:
    """Add what one deal leaves on its contact (at most one deal a contact is made)."""
    rollup.changes.append(Change("num_associated_deals", "1", deal.created_ms))
    rollup.changes.append(Change("first_deal_created_date", iso(deal.created_ms), deal.created_ms))
    rollup.touched_ms = max(rollup.touched_ms, deal.stages[-1][0])
    for at, stage in deal.stages:
        if stage == "won":
            rollup.changes += [Change(name, iso(at), at) for name in ("closedate", "recent_deal_close_date")]
            if deal.amount:
                rollup.changes.append(Change("recent_deal_amount", deal.amount, at))


def stage_dates(changes: Iterable[Change]) -> dict[str, str]:
    """Return when a contact became a lead and a customer."""
    dates: dict[str, str] = {}
    for change in changes:
        if change.name == "lifecyclestage" and change.value in STAGE_DATES:
            dates.setdefault(STAGE_DATES[change.value], iso(change.at_ms))
    return dates

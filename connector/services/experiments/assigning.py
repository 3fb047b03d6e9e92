"""Who is in which arm, in the transaction that keeps a score: nothing is queued for a lead before it was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.store import experiments
from connector.store.experiments import Experiment, Newcomer


def held_out(session: Connection, tenant_id: UUID, tiers: Mapping[int, str], now: datetime) -> set[int]:
    """Add the newcomers among scored leads (lead → tier) to the running experiment; return those that are held out.

    Their scores are kept in the ledger alone: neither a CRM nor a webhook is told. To be called while the tenant's
    ledger is held.
    """
    experiment = experiments.running(session, tenant_id)
    if experiment is None or not tiers:
        return set()
    if experiment.closed_at is None:
        arms = {
            found.lead_id: drawn(experiment, found) for found in experiments.newcomers(session, experiment, [*tiers])
        }
        if arms:
            experiments.add(session, experiment, arms, now)
        hot = [lead for lead, tier in tiers.items() if tier == Tier.HIGH_INTENT]
        if hot:
            experiments.count_from(session, experiment, hot, now)
    return experiments.held_out(session, experiment, [*tiers])


def drawn(experiment: Experiment, lead: Newcomer) -> tuple[str, bool]:
    """Return a lead's unit, which is its company's, and whether it is shown as usual."""
    # Imported here: whoever runs no experiment needs no library of statistics.
    from scoring.experiments.assignment import place, unit_of

    unit = unit_of(experiment.key, lead.company_key or f"lead:{lead.lead_id}")
    return unit, place(unit) >= float(experiment.share)

"""Who is in which arm, in the transaction that keeps a score: nothing is queued for a lead before it was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.services.champions.serving import treated
from connector.store import experiments
from connector.store.experiments import Experiment, Newcomer


@dataclass(frozen=True, slots=True)
class Placed:
    """A lead that was scored: its score in tenths, and its band."""

    lead_id: int
    tenths: int
    tier: str


def held_out(
    session: Connection, running: Mapping[str, Experiment], placed: Sequence[Placed], now: datetime
) -> set[int]:
    """Add the newcomers among scored leads to the ``running`` experiments; return those that are held out.

    Their scores are kept in the ledger alone: neither a CRM nor a webhook is told. To be called while the tenant's
    ledger is held.
    """
    if not placed:
        return set()
    named = [one.lead_id for one in placed]
    for experiment in running.values():
        if experiment.closed_at is None:
            _add(session, experiment, placed, now)
    holdout = running.get(experiments.HOLDOUT)
    return experiments.held_out(session, holdout, named) if holdout else set()


def _add(session: Connection, experiment: Experiment, placed: Sequence[Placed], now: datetime) -> None:
    found = experiments.newcomers(session, experiment, [one.lead_id for one in placed])
    arms = {lead.lead_id: drawn(experiment, lead) for lead in found}
    if arms:
        experiments.add(session, experiment, arms, now)
    counting = [one.lead_id for one in placed if _counts(experiment, one)]
    if counting:
        experiments.count_from(session, experiment, counting, now)


def _counts(experiment: Experiment, lead: Placed) -> bool:
    """Whether a lead counts from now on: by what both arms have in common, so that comparing those who do is fair."""
    if experiment.kind == experiments.HOLDOUT:
        return lead.tier == Tier.HIGH_INTENT
    if experiment.kind == experiments.LINES and experiment.line is not None and experiment.usual_line is not None:
        low, high = sorted((experiment.line, experiment.usual_line))
        return low <= lead.tenths < high
    return True


def drawn(experiment: Experiment, lead: Newcomer) -> tuple[str, bool]:
    """Return a lead's unit, which is its company's, and whether it is treated (store/tables/trials).

    The share of a holdout is that of those who are not shown, the share of a trial that of what is tried.
    """
    unit, within = treated(experiment.key, experiment.share, lead.lead_id, lead.company_key)
    return unit, within is not (experiment.kind == experiments.HOLDOUT)

"""Reasons to train before the calendar says so: more to learn from, or whoever watches over the scores asks."""

from __future__ import annotations

from uuid import UUID

from connector.services import acts, snapshot
from connector.services.context import Services
from connector.services.job import Job
from connector.store import models, schedules, tenants
from scoring.champions.growth import matured_conversions
from scoring.schema import History

RETRAIN = "retrain"
"""The row of the schedule that trains (services/schedules)."""


def ask_retraining(services: Services, tenant_id: UUID, why: str) -> bool:
    """Let the next sweep train a new model, on the record with ``why`` (a sentence that names nobody).

    Nothing is published by it: the new model has to beat the champion like any other. Returns whether anything came
    of it: not where the tenant's trainings wait for a person to ask, or where one is due already.
    """
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        if tenants.get(session, tenant_id).settings.retrain_days <= 0:
            return False
        if not schedules.bring_one_forward(session, tenant_id, RETRAIN, now):
            return False
        acts.record(services, session, tenant_id, "ask for retraining", why=why)
        return True


def ask_if_grown(job: Job, history: History) -> None:
    """Ask where matured conversions have grown by the tenant's share since the last training, published or not."""
    with job.services.store.reading(job.tenant_id) as session:
        settings = tenants.get(session, job.tenant_id).settings
        last = models.newest(session, job.tenant_id)
    before = int(last[1].get("matured", 0)) if last else 0
    if not before or settings.retrain_growth <= 0:
        return
    now = matured_conversions(history, snapshot.goal_of(settings), job.run.as_of)
    if now >= before * (1 + settings.retrain_growth):
        why = f"There are {now:,} matured conversions to learn from; {last[0] if last else ''} had {before:,}."
        ask_retraining(job.services, job.tenant_id, why)

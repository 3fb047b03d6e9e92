"""A challenger scores a share of the companies for a while: begun, promoted or withdrawn, by a person or by the rule.

A *canary* has a number of days and a rule that watches it each day (``canary``). A *comparison* has a number of leads
and ends when their outcomes tell the models apart (services/experiments/judging). Both are one kind of trial: the
challenger scores its share from the commit that begins it, and nobody from the commit that ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts, numbers, pipeline
from connector.services.champions.entering import LEAST_SHARE, MOST_DAYS, MOST_SHARE, Trial, enter
from connector.services.context import Services
from connector.services.experiments.planning import Proposal, planned_for
from connector.store import experiments, ledger, models, tenants
from connector.store.experiments import MODELS, PROMOTED, WITHDRAWN, Experiment

WEEKS_LOOKED_AT = 8


def read_canary(form: Mapping[str, str]) -> Trial:
    """Read a form's fields; raises ``RejectedInput`` with the sentence for who filled it in."""
    share = numbers.share(form.get("share", ""), "The share of the companies", LEAST_SHARE, MOST_SHARE)
    days = numbers.whole(form.get("days", ""), "The number of days", 1, MOST_DAYS)
    limit = numbers.share(form.get("limit", ""), "The change of the High-Intent leads", Decimal(0), Decimal(1))
    return Trial(share, days, float(limit))


def propose(services: Services, tenant_id: UUID, lift: Decimal) -> Proposal:
    """Plan a comparison of two models on half of the companies each, by the newcomers of the last weeks."""
    with services.store.reading(tenant_id) as session:
        return _proposed(services, session, tenant_id, lift)


def _proposed(services: Services, session: Connection, tenant_id: UUID, lift: Decimal) -> Proposal:
    since = services.clock.now() - timedelta(weeks=WEEKS_LOOKED_AT)
    found = experiments.recent(session, tenant_id, since)
    horizon = tenants.get(session, tenant_id).settings.horizon_days
    return planned_for(found, WEEKS_LOOKED_AT, horizon, MOST_SHARE, lift)


def compare(services: Services, tenant_id: UUID, version: str, lift: Decimal) -> None:
    """Let a model that waits score half of the companies until outcomes tell; raises ``RejectedInput``."""
    with services.store.reading(tenant_id) as session:
        plan = _proposed(services, session, tenant_id, lift)
    if plan.refused:
        raise RejectedInput(plan.refused)
    told = plan.to_json() | {"lift": float(lift)}
    begin(services, tenant_id, version, Trial(MOST_SHARE, None, 1.0, leads=plan.leads, plan=told))


def begin(services: Services, tenant_id: UUID, version: str, trial: Trial) -> None:
    """Let a model that waits score a share of the leads; raises ``RejectedInput``."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        found = models.of_status(session, tenant_id, version)
        if found is None or found.status != models.WAITING:
            raise RejectedInput(f"{version} does not wait for approval. Look at the page again.")
        enter(services, session, tenant_id, version, trial)
        ready = pipeline.start(services, session, tenant_id, pipeline.REFRESH)
    services.wake_all(ready)


def promote(services: Services, tenant_id: UUID) -> None:
    """Let the model that is tried score everybody; raises ``RejectedInput`` where none is."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        ready = stay(services, session, _running(session, tenant_id), "promoted by a person")
    services.wake_all(ready)


def withdraw(services: Services, tenant_id: UUID) -> None:
    """Bring the champion's scores back where the model that is tried scored; raises ``RejectedInput`` where none is."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        ready = go(services, session, _running(session, tenant_id), "withdrawn by a person")
    services.wake_all(ready)


def _running(session: Connection, tenant_id: UUID) -> Experiment:
    trial = experiments.running(session, tenant_id, MODELS)
    if trial is None:
        raise RejectedInput("No model is being tried. Look at the page again.")
    return trial


def stay(services: Services, session: Connection, trial: Experiment, why: str) -> pipeline.Ready:
    """Promote in the caller's transaction, which holds the ledger; return the refresh that scores everybody."""
    found = _end(services, session, trial, PROMOTED)
    now, version = services.clock.now(), str(trial.challenger)
    seq = acts.record(
        services, session, trial.tenant_id, "publish", model=version, sha256=found.sha256, why=why, key=trial.key
    )
    decision = {**found.decision, "clause": "promoted", "sentence": f"{_sentence(why)} {found.decision['sentence']}"}
    models.decide(session, trial.tenant_id, version, models.CHALLENGER, decision, now)
    models.publish(session, trial.tenant_id, version, seq, now)
    return pipeline.start(services, session, trial.tenant_id, pipeline.REFRESH)


def go(services: Services, session: Connection, trial: Experiment, why: str) -> pipeline.Ready:
    """Withdraw in the caller's transaction, which holds the ledger; return the run that brings the scores back."""
    drop(services, session, trial, why)
    return pipeline.start(services, session, trial.tenant_id, pipeline.WITHDRAW)


def drop(services: Services, session: Connection, trial: Experiment, why: str) -> None:
    """End a trial so that the challenger scores nobody; the caller sees to the scores."""
    found = _end(services, session, trial, WITHDRAWN)
    version = str(trial.challenger)
    acts.record(
        services,
        session,
        trial.tenant_id,
        "withdraw model",
        model=version,
        sha256=found.sha256,
        why=why,
        key=trial.key,
    )
    decision = {**found.decision, "clause": "withdrawn", "sentence": f"{_sentence(why)} {found.decision['sentence']}"}
    models.decide(session, trial.tenant_id, version, models.REFUSED, decision, services.clock.now())


def _end(services: Services, session: Connection, trial: Experiment, outcome: str) -> Any:
    now = services.clock.now()
    experiments.change(session, trial, ended_at=now, closed_at=trial.closed_at or now, outcome=outcome)
    found = models.of_status(session, trial.tenant_id, str(trial.challenger))
    if found is None:
        raise RejectedInput(f"{trial.challenger}, the model that is tried, is not stored any more.")
    return found


def _sentence(why: str) -> str:
    return f"{why[0].upper()}{why[1:].rstrip('.')}."

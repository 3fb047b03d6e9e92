"""Training: a tenant's history in, a published model version out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.crashpoints import Point, reached
from connector.services import acts, pooling, snapshot
from connector.services.job import Job
from connector.store import models, tenants
from connector.store.models import ModelVersion
from scoring.schema import Goal, History


def run(job: Job) -> None:
    """Train the run's model version and make it the champion; a resumed run finds it there."""
    services = job.services
    with services.store.reading(job.tenant_id) as session:
        if models.get(session, job.tenant_id, job.run.model) is not None:
            return
        tenant = tenants.get(session, job.tenant_id)
        goal = snapshot.goal_of(tenant.settings)
        fixed = models.score_map(session, job.tenant_id, goal.name, goal.horizon_days)
    others = pooling.taken(services, tenant)
    history = snapshot.history(services, job.tenant_id, tenant.settings)
    goal = replace(goal, segment=snapshot.parted(history, tenant.settings))
    audited = snapshot.audited(history, tenant.settings)
    artefact, sha256, report, score_map, share = services.isolated(
        fit, history, goal, job.run.as_of, job.run.seed, str(job.tenant_id), job.run.model, fixed, audited, others
    )
    reached(Point.TRAINED)
    now = services.clock.now()
    version = ModelVersion(job.run.model, job.run.as_of, job.run.seed, artefact, sha256, report, now)
    with job.transaction() as session:
        pooling.given(session, job, tenant, share)
        models.publish(session, job.tenant_id, version)
        models.fix_score_map(session, job.tenant_id, goal.name, goal.horizon_days, score_map)
        which = {"model": version.version, "sha256": sha256, "run": str(job.run.id)}
        acts.record(services, session, job.tenant_id, "publish", **which)
        job.report(session, done=1, expected=1, detail=str(report.get("verdict", {}).get("sentence", "")) or None)
    reached(Point.PUBLISHED)


def fit(
    history: History,
    goal: Goal,
    as_of: datetime,
    seed: int,
    tenant: str,
    version: str,
    fixed_map: dict[str, Any] | None,
    attributes: Sequence[str],
    others: list[dict[str, Any]] | None,
) -> tuple[bytes, str, dict[str, Any], dict[str, Any], dict[str, Any] | None]:
    """Train in a process of its own; return artefact, its SHA-256, report, score map and what the tenant gives.

    ``others``: the shares of other tenants to pool; None: the tenant neither gives nor takes.
    """
    # Imported here: the model libraries cost 90 MB and most of a second, and the web process never trains.
    from scoring.bundle import dumps
    from scoring.prior import pooled, readable
    from scoring.scoremap import ScoreMap
    from scoring.train import train

    score_map = ScoreMap.from_json(fixed_map) if fixed_map else None
    prior = pooled(readable(others or ()))
    trained = train(
        history,
        goal,
        as_of=as_of,
        seed=seed,
        tenant=tenant,
        version=version,
        score_map=score_map,
        attributes=attributes,
        prior=prior,
        gives=others is not None,
    )
    artefact = dumps(trained.bundle)
    share = trained.share.to_json() if trained.share else None
    return artefact, hashlib.sha256(artefact).hexdigest(), trained.report, trained.bundle.score_map.to_json(), share

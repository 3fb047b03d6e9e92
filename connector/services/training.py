"""Training: a tenant's history in, a new model version out, and what becomes of it beside the champion."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from connector.crashpoints import Point, reached
from connector.services import pooling, snapshot
from connector.services.champions import concluding
from connector.services.feedback import doubting
from connector.services.job import Job
from connector.store import experiments, lookbacks, models, tenants
from connector.store.lookbacks import Look
from connector.store.models import Decided, ModelVersion, Standing
from scoring.schema import Goal, History


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be trained: the run's own values, and what the tenant has set and holds already.

    ``others``: the shares of other tenants to pool; None: the tenant neither gives nor takes. ``arms``: rows of
    ``scoring.feedback.ARMS``; ``doubts``: of ``scoring.doubts.DOUBTS``. ``taught_since``: what the last training for
    this goal found out (``scoring.train``).
    """

    goal: Goal
    as_of: datetime
    seed: int
    tenant: str
    version: str
    fixed_map: dict[str, Any] | None
    attributes: Sequence[str]
    others: list[dict[str, Any]] | None
    champion: Standing | None = None
    churn_cap: float = 0.0
    arms: Sequence[tuple[int, bool, float, datetime, datetime | None]] = ()
    doubts: Sequence[tuple[int, datetime]] = ()
    taught_since: float | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it: artefact and SHA-256, report, score map, what the tenant gives to others, and the decision
    (of ``scoring.champions``) with the trial's artefact; ``looks``: where the newest wins and losses stood."""

    artefact: bytes
    sha256: str
    report: dict[str, Any]
    score_map: dict[str, Any]
    share: dict[str, Any] | None
    decision: dict[str, Any]
    trial: bytes | None = None
    trial_begins: int | None = None
    looks: Sequence[Look] = ()


def run(job: Job) -> None:
    """Train the run's model version and decide what becomes of it; a resumed run finds it there."""
    services = job.services
    with services.store.reading(job.tenant_id) as session:
        if models.get(session, job.tenant_id, job.run.model) is not None:
            return
        tenant = tenants.get(session, job.tenant_id)
        goal = snapshot.goal_of(tenant.settings)
        fixed = models.score_map(session, job.tenant_id, goal.name, goal.horizon_days)
        champion = models.standing(session, job.tenant_id)
        held = experiments.arms_of_holdouts(session, job.tenant_id)
        doubted = doubting.doubts(session, job.tenant_id)
        last = models.newest(session, job.tenant_id)
    others = pooling.taken(services, tenant)
    history = snapshot.history(services, job.tenant_id, tenant.settings)
    wanted = Wanted(
        goal=replace(goal, segment=snapshot.parted(history, tenant.settings)),
        as_of=job.run.as_of,
        seed=job.run.seed,
        tenant=str(job.tenant_id),
        version=job.run.model,
        fixed_map=fixed,
        attributes=snapshot.audited(history, tenant.settings),
        others=others,
        champion=champion,
        churn_cap=tenant.settings.churn_cap,
        arms=[(row.lead_id, row.shown, float(row.held_out_share), row.since, row.until) for row in held],
        doubts=doubted,
        taught_since=_taught_since(last[1], goal) if last else None,
    )
    made: Made = services.isolated(fit, history, wanted)
    reached(Point.TRAINED)
    now = services.clock.now()
    version = ModelVersion(job.run.model, job.run.as_of, job.run.seed, made.artefact, made.sha256, made.report, now)
    with job.transaction() as session:
        pooling.given(session, job, tenant, made.share)
        models.fix_score_map(session, job.tenant_id, goal.name, goal.horizon_days, made.score_map)
        decided = Decided(made.decision, now, made.trial, made.trial_begins)
        sentence = concluding.conclude(session, job, version, decided, champion.sha256 if champion else None)
        lookbacks.save(session, job.tenant_id, version.version, made.looks)
        job.report(session, done=1, expected=1, detail=sentence)
    reached(Point.PUBLISHED)


def _taught_since(report: Mapping[str, Any], goal: Goal) -> float | None:
    """What the last training found out; nothing where it foretold something else."""
    told = report.get("goal", {})
    same = (told.get("name"), told.get("horizon_days")) == (goal.name, goal.horizon_days)
    return report.get("taught_since_day") if same else None


def fit(history: History, wanted: Wanted) -> Made:
    """Train and decide, in a process of its own."""
    # Imported here: the model libraries cost 90 MB and most of a second, and the web process never trains.
    from scoring.bundle import dumps
    from scoring.champions.rule import Standing as Under
    from scoring.champions.rule import decide
    from scoring.doubts import DOUBTS
    from scoring.feedback import ARMS
    from scoring.prior import pooled, readable
    from scoring.scoremap import ScoreMap
    from scoring.train import train

    trained = train(
        history,
        wanted.goal,
        as_of=wanted.as_of,
        seed=wanted.seed,
        tenant=wanted.tenant,
        version=wanted.version,
        score_map=ScoreMap.from_json(wanted.fixed_map) if wanted.fixed_map else None,
        attributes=wanted.attributes,
        prior=pooled(readable(wanted.others or ())),
        gives=wanted.others is not None,
        champion=_champion(wanted),
        arms=pl.DataFrame(list(wanted.arms), schema=ARMS, orient="row") if wanted.arms else None,
        doubts=pl.DataFrame(list(wanted.doubts), schema=DOUBTS, orient="row") if wanted.doubts else None,
        taught_since=wanted.taught_since,
    )
    artefact = dumps(trained.bundle)
    restored = wanted.champion is not None and wanted.champion.restored_at is not None
    decision = decide(trained.contest, Under(wanted.churn_cap, restored)).to_json()
    return Made(
        artefact=artefact,
        sha256=hashlib.sha256(artefact).hexdigest(),
        report=trained.report,
        score_map=trained.bundle.score_map.to_json(),
        share=trained.share.to_json() if trained.share else None,
        decision=decision | {"contest": trained.contest.to_json() if trained.contest else None},
        trial=dumps(trained.trial) if trained.trial else None,
        trial_begins=trained.begins,
        looks=_looks(trained.looked.rows) if trained.looked else (),
    )


def _looks(rows: pl.DataFrame) -> list[Look]:
    places = [None if place is None else Decimal(str(round(place, 4))) for place in rows["place"]]
    rest = rows.drop("place").iter_rows(named=True)
    return [Look(**row, place=place) for row, place in zip(rest, places, strict=True)]


def _champion(wanted: Wanted) -> Any:
    """The model that scores, read for the contest; one that can't be read is replaced as if there were none."""
    from scoring.bundle import loads
    from scoring.champions.sides import Champion
    from scoring.errors import BundleError

    held = wanted.champion
    if held is None:
        return None
    try:
        trial = loads(held.trial, tenant=wanted.tenant) if held.trial else None
        return Champion(loads(held.artefact, tenant=wanted.tenant), trial, held.trial_begins, held.as_of)
    except BundleError:
        return None

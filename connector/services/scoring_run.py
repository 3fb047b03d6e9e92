"""Score a tenant's open leads, remember every score, and queue what changed for the CRMs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime

import polars as pl

from connector.crashpoints import Point, reached
from connector.errors import NeedsAdmin
from connector.services import again, companies, scored, snapshot
from connector.services.champions import asking
from connector.services.job import Job, TurnOverError
from connector.services.scored import Scoring
from connector.store import inputs, ledger, models, runs, scores, tenants
from scoring.schema import History

_CHUNK = 500
_REFRESH = "refresh"
"""The kind of run that scores without training (services/pipeline)."""


def run(job: Job) -> None:
    """Score every lead of the population as of the run's instant, by the model that scores now.

    A resumed run skips what it has stored, and what a run that was made later has scored meanwhile: an older
    score never replaces a newer one. It may stop half-way to let others work, and does so where another model is
    published or brought back meanwhile: it goes on by that one.
    """
    services = job.services
    begun = services.clock.monotonic()
    with services.store.reading(job.tenant_id) as session:
        model = models.champion(session, job.tenant_id)
        if model is None:
            raise NeedsAdmin("There is no model to score by.", remedy="Start a training run.")
        settings = tenants.get(session, job.tenant_id).settings
        stored = scores.of_run(session, job.tenant_id, job.run.id, model.version)
        tiers = scores.tiers(session, job.tenant_id)
    if model.version != job.run.model:
        with job.transaction() as session:
            runs.score_by(session, job.run.id, model.version)
    history = snapshot.history(services, job.tenant_id, settings)
    found, frames = services.isolated(
        predict, model.artefact, history, job.run.as_of, str(job.tenant_id), tiers, stored
    )
    scoring = Scoring(job.tenant_id, job.run.id, model.version, job.run.as_of, f"{job.run.kind} run")
    done, expected = len(stored), len(stored) + found.height
    computed = services.clock.monotonic()
    for part, frame in zip(found.iter_slices(_CHUNK), frames, strict=True):
        job.go_on()
        chunk = part.to_dicts()
        with job.transaction() as session:
            ledger.lock(session, job.tenant_id)
            if models.champion_name(session, job.tenant_id) != (model.version, model.sha256):
                raise TurnOverError
            kept = scored.keep(session, scoring, chunk, frame, settings, services.clock.now())
            # Where the lane overtook this run it knew neither all that was read by now nor all records.
            by_lane = scores.outside_runs(session, kept.overtaken)
            ready = again.score_anew(services, session, job.tenant_id, by_lane)
            done += len(chunk)
            job.report(session, done=done, expected=expected)
            reached(Point.SCORES_WRITTEN)
        reached(Point.SCORES_STORED)
        services.wake_all(ready)
        # Whoever goes on computes again: not more often than for as long as it has stored.
        long_enough = services.clock.monotonic() - computed >= computed - begun
        if done < expected and long_enough and job.turn_is_over():
            raise TurnOverError
    if job.run.kind == _REFRESH:
        asking.ask_if_grown(job, history)
    with job.transaction() as session:
        companies.refresh(session, job.tenant_id, model.version, job.run.as_of, services.clock.now())


def predict(
    artefact: bytes, history: History, as_of: datetime, tenant: str, tiers: Mapping[int, str], stored: Set[int]
) -> tuple[pl.DataFrame, list[bytes]]:
    """Score in a process of its own; returns the frame of ``scoring.predict.score`` and each chunk's packed inputs.

    ``tiers`` are the bands that leads are in now: a lead near a border keeps its band. ``stored`` leads are left out.
    """
    # Imported here for the same reason as in training: the web process never scores.
    from scoring.bundle import loads
    from scoring.predict import score_recorded

    made = score_recorded(loads(artefact, tenant=tenant), history, as_of=as_of, former=tiers)
    fresh = ~made.scores["lead_id"].is_in(list(stored))
    kept, recorded = made.scores.filter(fresh), made.inputs.filter(fresh)
    return kept, [inputs.pack(part) for part in recorded.iter_slices(_CHUNK)]

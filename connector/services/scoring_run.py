"""Score a tenant's open leads, remember every score, and queue what changed for the CRMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy.engine import Connection

from connector.crashpoints import Point, reached
from connector.errors import NeedsAdmin
from connector.services import again, companies, scored, snapshot
from connector.services.champions import asking, serving
from connector.services.champions.serving import Serving, Way
from connector.services.job import Job, TurnOverError
from connector.services.scored import Scoring
from connector.store import inputs, ledger, models, runs, scores, tenants
from scoring.schema import History

_CHUNK = 500
_REFRESH = "refresh"
"""The kind of run that scores without training (services/pipeline)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Leads (None: all) that are scored one way, by these bytes; ``stored`` of them are done."""

    way: Way
    artefact: bytes
    leads: Sequence[int] | None
    stored: Set[int]


@dataclass
class _Pace:
    """How far a pass is, and when it began to store."""

    done: int
    expected: int
    began: float
    computed: float


def run(job: Job) -> None:
    """Score every lead of the population as of the run's instant, by the model that scores it now.

    A resumed run skips what it has stored, and what a run that was made later has scored meanwhile: an older
    score never replaces a newer one. It may stop half-way to let others work, and does so where another model is
    published, tried or brought back meanwhile: it goes on by that one.
    """
    services = job.services
    begun = services.clock.monotonic()
    with services.store.reading(job.tenant_id) as session:
        ways = serving.required(session, job.tenant_id)
        settings = tenants.get(session, job.tenant_id).settings
        parts = [_part(session, job, way, leads) for way, leads in ways.parted(session, job.tenant_id).items()]
        tiers = scores.tiers(session, job.tenant_id)
    if ways.champion[0] != job.run.model:
        with job.transaction() as session:
            runs.score_by(session, job.run.id, ways.champion[0])
    history = snapshot.history(services, job.tenant_id, settings)
    fixed = (history, job.run.as_of, str(job.tenant_id), tiers)
    made = [services.isolated(predict, one.artefact, *fixed, one.stored, one.leads, one.way.line) for one in parts]
    done = sum(len(one.stored) for one in parts)
    expected = done + sum(found.height for found, _ in made)
    pace = _Pace(done, expected, begun, services.clock.monotonic())
    for one, (found, frames) in zip(parts, made, strict=True):
        _store(job, ways, one.way, found, frames, pace)
    if job.run.kind == _REFRESH:
        asking.ask_if_grown(job, history)
    with job.transaction() as session:
        companies.refresh(session, job.tenant_id, ways, job.run.as_of, services.clock.now())


def _part(session: Connection, job: Job, way: Way, leads: Sequence[int] | None) -> _Part:
    artefact = models.artefact(session, job.tenant_id, way.sha256)
    if artefact is None:
        raise NeedsAdmin(f"{way.version} is to score and is not stored.", remedy="Start a training run.")
    stored = scores.of_run(session, job.tenant_id, job.run.id, way.version)
    return _Part(way, artefact, leads, stored if leads is None else stored & set(leads))


def _store(
    job: Job,
    ways: Serving,
    way: Way,
    found: pl.DataFrame,
    frames: Sequence[bytes],
    pace: _Pace,
) -> None:
    """Keep what was scored one way, chunk by chunk, as long as it is so that leads are scored."""
    services = job.services
    scoring = Scoring(job.tenant_id, job.run.id, way.version, job.run.as_of, f"{job.run.kind} run", line=way.line)
    for part, frame in zip(found.iter_slices(_CHUNK), frames, strict=True):
        job.go_on()
        chunk = part.to_dicts()
        with job.transaction() as session:
            ledger.lock(session, job.tenant_id)
            if serving.serving(session, job.tenant_id) != ways:
                raise TurnOverError
            kept = scored.keep(session, scoring, chunk, frame, services.clock.now())
            # Where the lane overtook this run it knew neither all that was read by now nor all records.
            by_lane = scores.outside_runs(session, kept.overtaken)
            ready = again.score_anew(services, session, job.tenant_id, by_lane | kept.strays)
            pace.done += len(chunk)
            job.report(session, done=pace.done, expected=pace.expected)
            reached(Point.SCORES_WRITTEN)
        reached(Point.SCORES_STORED)
        services.wake_all(ready)
        # Whoever goes on computes again: not more often than for as long as it has stored.
        long_enough = services.clock.monotonic() - pace.computed >= pace.computed - pace.began
        if pace.done < pace.expected and long_enough and job.turn_is_over():
            raise TurnOverError


def predict(
    artefact: bytes,
    history: History,
    as_of: datetime,
    tenant: str,
    tiers: Mapping[int, str],
    stored: Set[int],
    among: Sequence[int] | None,
    line: int | None,
) -> tuple[pl.DataFrame, list[bytes]]:
    """Score in a process of its own; returns the frame of ``scoring.predict.score`` and each chunk's packed inputs.

    ``tiers`` are the bands that leads are in now: a lead near a border keeps its band. Leads outside of ``among``
    (None: nobody) and ``stored`` ones are left out. ``line`` as ``Way`` says.
    """
    # Imported here for the same reason as in training: the web process never scores.
    from scoring.bundle import loads
    from scoring.predict import score_recorded

    bundle = loads(artefact, tenant=tenant).at_line(line)
    made = score_recorded(bundle, history, as_of=as_of, former=tiers, lead_ids=among)
    fresh = ~made.scores["lead_id"].is_in(list(stored))
    kept, recorded = made.scores.filter(fresh), made.inputs.filter(fresh)
    return kept, [inputs.pack(part) for part in recorded.iter_slices(_CHUNK)]

"""Runs of the line, stage by stage, with progress that pages and commands read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import run_stages, runs
from connector.store.types import AnyRow


class RunStatus(StrEnum):
    """Where a run, or one of its stages, stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Run:
    """One passage of the line. ``as_of``, ``seed`` and ``model`` are fixed at its making,
    so that a resumed run computes what an undisturbed one would have. Scores are the champion's:
    where that is another one in the end, ``model`` says which."""

    id: UUID
    tenant_id: UUID
    kind: str
    status: RunStatus
    as_of: datetime
    seed: int
    model: str
    created_at: datetime
    finished_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far a stage has come. ``detail`` is a sentence for the page.

    ``unsized``: so many of its parts are not done and tell not how much they are, so that more may come than is
    ``expected``.
    """

    stage: str
    status: RunStatus
    done: int
    expected: int | None
    detail: str | None
    started_at: datetime | None
    finished_at: datetime | None
    unsized: int = 0


def create(connection: Connection, run: Run, stages: Sequence[str]) -> None:
    """Add a run with its stages, all waiting."""
    row = {
        "id": run.id,
        "tenant_id": run.tenant_id,
        "kind": run.kind,
        "status": run.status,
        "as_of": run.as_of,
        "seed": run.seed,
        "model": run.model,
        "created_at": run.created_at,
    }
    connection.execute(sa.insert(runs), row)
    waiting = [
        {"run_id": run.id, "stage": stage, "tenant_id": run.tenant_id, "status": RunStatus.WAITING} for stage in stages
    ]
    connection.execute(sa.insert(run_stages), waiting)


def new_id() -> UUID:
    """Return the id of a run to be made."""
    return uuid4()


def get(connection: Connection, run_id: UUID) -> Run:
    """Return a run; raises ``NoResultFound`` for an unknown id."""
    return _read(connection.execute(sa.select(runs).where(runs.c.id == run_id)).one())


def lock(connection: Connection, run_id: UUID) -> None:
    """Let one worker at a time decide how a run goes on."""
    connection.execute(sa.select(runs.c.id).where(runs.c.id == run_id).with_for_update(key_share=True))


def latest(connection: Connection, tenant_id: UUID, kinds: Sequence[str] | None = None) -> Run | None:
    """Return a tenant's newest run, of these kinds where some are named."""
    query = sa.select(runs).where(runs.c.tenant_id == tenant_id).order_by(runs.c.created_at.desc()).limit(1)
    if kinds is not None:
        query = query.where(runs.c.kind.in_(kinds))
    row = connection.execute(query).one_or_none()
    return _read(row) if row else None


def _read(row: AnyRow) -> Run:
    values = row._mapping
    return Run(
        values["id"],
        values["tenant_id"],
        values["kind"],
        RunStatus(values["status"]),
        values["as_of"],
        values["seed"],
        values["model"],
        values["created_at"],
        values["finished_at"],
        values["error"],
    )


def stages(connection: Connection, run_id: UUID) -> dict[str, StageProgress]:
    """Return stage name → progress of a run."""
    c = run_stages.c
    query = sa.select(c.stage, c.status, c.done, c.expected, c.detail, c.started_at, c.finished_at, c.unsized).where(
        c.run_id == run_id
    )
    return {
        row.stage: StageProgress(
            row.stage,
            RunStatus(row.status),
            row.done,
            row.expected,
            row.detail,
            row.started_at,
            row.finished_at,
            row.unsized,
        )
        for row in connection.execute(query)
    }


def start_stage(connection: Connection, run_id: UUID, stage: str, now: datetime) -> None:
    """Mark a stage as running; a resumed stage keeps its first start."""
    where = sa.and_(run_stages.c.run_id == run_id, run_stages.c.stage == stage)
    values = {
        "status": RunStatus.RUNNING,
        "started_at": sa.func.coalesce(
            run_stages.c.started_at, sa.bindparam("s", now, type_=run_stages.c.started_at.type)
        ),
    }
    connection.execute(sa.update(run_stages).where(where).values(values))
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(status=RunStatus.RUNNING))


_REPORT = sa.update(run_stages).where(
    run_stages.c.run_id == sa.bindparam("of_run"), run_stages.c.stage == sa.bindparam("of_stage")
)
"""Made once: every page reports. What is set are the other values that come with it."""


def report(
    connection: Connection,
    run_id: UUID,
    stage: str,
    *,
    done: int,
    expected: int | None,
    unsized: int = 0,
    detail: str | None = None,
) -> None:
    """Set a stage's counts."""
    counts = {"done": done, "expected": expected, "unsized": unsized, "detail": detail}
    connection.execute(_REPORT, {"of_run": run_id, "of_stage": stage, **counts})


def finish_stage(connection: Connection, run_id: UUID, stage: str, now: datetime) -> None:
    """Mark a stage as done."""
    where = sa.and_(run_stages.c.run_id == run_id, run_stages.c.stage == stage)
    connection.execute(sa.update(run_stages).where(where).values(status=RunStatus.DONE, finished_at=now))


def finish(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Mark a run as done."""
    values = {"status": RunStatus.DONE, "finished_at": now, "error": None}
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(values))


def stop(connection: Connection, run_id: UUID, stage: str, error: str) -> None:
    """Record that a run waits for a person, with the sentence that tells them what to do."""
    where = sa.and_(run_stages.c.run_id == run_id, run_stages.c.stage == stage)
    connection.execute(sa.update(run_stages).where(where).values(status=RunStatus.STOPPED, detail=error))
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(status=RunStatus.STOPPED, error=error))


def score_by(connection: Connection, run_id: UUID, model: str) -> None:
    """Note that a run scores by another model than was planned: its own was not published, or another was since."""
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(model=model))


def planned_models(connection: Connection, tenant_id: UUID) -> Sequence[str]:
    """Return the model versions that a tenant's runs have named, trained or not yet."""
    return list(connection.execute(sa.select(runs.c.model).where(runs.c.tenant_id == tenant_id)).scalars())

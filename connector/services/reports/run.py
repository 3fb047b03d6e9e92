"""How far a run has come: stage by stage, with rate and time left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import pipeline
from connector.store import intents, runs
from connector.store.runs import Run, RunStatus, StageProgress

_LEAST_SECONDS = 1.0
"""Before this a rate is noise."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A passing trouble put a stage back until ``due_at``."""

    message: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of a run. ``rate`` is things a second, ``remaining`` an estimate; None while unknown.

    ``at_least``: more may be left than ``remaining`` says.
    """

    name: str
    label: str
    progress: StageProgress
    elapsed: timedelta | None
    rate: float | None
    remaining: timedelta | None
    retry: Retry | None

    @property
    def at_least(self) -> bool:
        """Whether parts of the stage have not told how much they are."""
        return self.progress.unsized > 0

    @property
    def status(self) -> RunStatus:
        """Where the stage stands."""
        return self.progress.status


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run with its stages in order."""

    run: Run
    stages: tuple[StageRow, ...]

    @property
    def finished(self) -> int:
        """How many stages are done."""
        return sum(1 for stage in self.stages if stage.status is RunStatus.DONE)

    @property
    def current(self) -> StageRow | None:
        """The stage at work or stopped, or else the next one; None when all are done."""
        return next((stage for stage in self.stages if stage.status is not RunStatus.DONE), None)

    @property
    def live(self) -> bool:
        """Whether the run has not ended: its page will look different soon."""
        return self.run.status is not RunStatus.DONE


def run_report(session: Connection, tenant_id: UUID, now: datetime) -> RunReport | None:
    """Return the tenant's newest run, if it has any."""
    run = runs.latest(session, tenant_id)
    if run is None:
        return None
    found = runs.stages(session, run.id)
    retries = {row.stage: Retry(row.message, row.due_at) for row in intents.put_back_of_run(session, run.id)}
    rows = [
        _row(run, stage, found[stage.name], retries.get(stage.name), now)
        for stage in pipeline.STAGES
        if stage.name in found
    ]
    return RunReport(run, tuple(rows))


def _row(run: Run, stage: pipeline.Stage, progress: StageProgress, retry: Retry | None, now: datetime) -> StageRow:
    elapsed = (progress.finished_at or now) - progress.started_at if progress.started_at else None
    rate = _rate(run, progress, elapsed)
    return StageRow(stage.name, stage.label, progress, elapsed, rate, _remaining(progress, rate), retry)


def _rate(run: Run, progress: StageProgress, elapsed: timedelta | None) -> float | None:
    # Counts of reading and writing go on from run to run; only a first run counts from nothing.
    if run.kind != pipeline.FIRST or elapsed is None or elapsed.total_seconds() < _LEAST_SECONDS:
        return None
    return progress.done / elapsed.total_seconds() or None


def _remaining(progress: StageProgress, rate: float | None) -> timedelta | None:
    if progress.status is not RunStatus.RUNNING or rate is None or progress.expected is None:
        return None
    left = max(progress.expected - progress.done, 0)
    return None if progress.unsized and not left else timedelta(seconds=left / rate)

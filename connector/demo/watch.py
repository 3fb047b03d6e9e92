"""Progress of a run, read from the rows that the workers write."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from connector.errors import ConnectorError
from connector.services import pipeline
from connector.services.context import Services
from connector.store import runs
from connector.store.runs import Run, RunStatus, StageProgress

_STEP_SECONDS = 0.5


class RunStopped(ConnectorError):
    """The run waits for a person; the message is the sentence that it shows them."""


def watch(
    services: Services, tenant_id: UUID, console: Console, alive: Callable[[], None]
) -> tuple[Run, dict[str, StageProgress]]:
    """Show a tenant's newest run until it is done; ``alive`` raises when a process has died."""
    labels = {stage.name: stage.label for stage in pipeline.STAGES}
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        shown: dict[str, TaskID] = {}
        while True:
            run, progress = _read(services, tenant_id)
            for stage in pipeline.PLANS[run.kind]:
                _show(bars, shown, labels[stage], progress[stage])
            if run.status is RunStatus.DONE:
                return run, progress
            if run.status is RunStatus.STOPPED:
                raise RunStopped(run.error or "The run stopped.")
            alive()
            services.clock.sleep(_STEP_SECONDS)


def _read(services: Services, tenant_id: UUID) -> tuple[Run, dict[str, StageProgress]]:
    with services.store.reading(tenant_id) as session:
        run = runs.latest(session, tenant_id)
        if run is None:
            raise RunStopped("The installation started no run.")
        return run, runs.stages(session, run.id)


def _show(bars: Progress, shown: dict[str, TaskID], label: str, stage: StageProgress) -> None:
    if stage.status is RunStatus.WAITING:
        return
    if stage.stage not in shown:
        shown[stage.stage] = bars.add_task(label, total=None)
    task = shown[stage.stage]
    total = stage.done if stage.status is RunStatus.DONE else stage.expected
    bars.update(task, completed=stage.done, total=max(total, 1) if total is not None else None)
    if stage.status is RunStatus.DONE:
        # Nothing was there to do, or nothing may be written yet: a full bar would claim that it was.
        bars.update(task, completed=stage.done, total=stage.done, visible=stage.done > 0)
        bars.stop_task(task)

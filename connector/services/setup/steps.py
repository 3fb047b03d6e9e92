"""The steps of setting up, which of them are done, and which one waits for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts, pipeline
from connector.services.context import Services
from connector.store import connections, ledger, models, publications, runs, tenants
from connector.store.connections import Health
from connector.store.runs import RunStatus
from connector.store.tenants import Delivery, TenantSettings


class Step(StrEnum):
    """A step, in the order in which they are gone through."""

    CONNECT = "connect"
    FIRST_RUN = "first-run"
    GOAL = "goal"
    FOUND = "found"
    WRITTEN = "written"
    GO = "go"


LABELS: Mapping[Step, str] = {
    Step.CONNECT: "Connect",
    Step.FIRST_RUN: "First run",
    Step.GOAL: "Goal",
    Step.FOUND: "Would we have found them?",
    Step.WRITTEN: "What would be written",
    Step.GO: "Go",
}
WALKED = (Step.FIRST_RUN, Step.GOAL, Step.FOUND, Step.WRITTEN)
"""Steps that are done when somebody says so; the others when it is so."""
_OF_THE_GOAL = (Step.FOUND, Step.WRITTEN)
"""What another goal makes worth another look."""


@dataclass(frozen=True, slots=True)
class StepState:
    """One step. ``present``: it is the one that waits."""

    step: Step
    done: bool
    present: bool

    @property
    def label(self) -> str:
        """What people read."""
        return LABELS[self.step]


@dataclass(frozen=True, slots=True)
class Setup:
    """All steps in order. ``live``: the first run is under way, and waits for nobody. ``home``: the oldest account."""

    steps: Sequence[StepState]
    live: bool
    home: UUID | None

    @property
    def present(self) -> Step | None:
        """The step that waits; None when scores are written, or nothing is to be."""
        return next((one.step for one in self.steps if one.present), None)


def setup(services: Services, tenant_id: UUID) -> Setup:
    """Return how far a tenant has come."""
    with services.store.reading(tenant_id) as session:
        return setup_of(session, tenant_id)


def setup_of(session: Connection, tenant_id: UUID) -> Setup:
    """Return the same, within a view that is open."""
    settings = tenants.get(session, tenant_id).settings
    accounts = connections.of_tenant(session, tenant_id)
    ready = models.champion_name(session, tenant_id) is not None and not _first_run_is_on(session, tenant_id)
    writes = _writes(session, [item.id for item in accounts if item.status is not Health.DISCONNECTED], settings)
    done = {step: step in settings.walked for step in WALKED}
    done |= {Step.CONNECT: bool(accounts), Step.FIRST_RUN: ready and done[Step.FIRST_RUN], Step.GO: ready and writes}
    waits = None if done[Step.GO] else next((step for step in Step if not done[step]), None)
    steps = [StepState(step, done[step], step is waits) for step in Step]
    return Setup(steps, not ready, accounts[0].id if accounts else None)


def _first_run_is_on(session: Connection, tenant_id: UUID) -> bool:
    """Whether the newest run that reads is the first one and has not scored yet."""
    run = runs.latest(session, tenant_id, pipeline.READING)
    if run is None or run.kind != pipeline.FIRST:
        return run is None
    return runs.stages(session, run.id)["score"].status is not RunStatus.DONE


def _writes(session: Connection, accounts: Sequence[UUID], settings: TenantSettings) -> bool:
    """Whether somebody has decided what is written: at once, never, or by an approval of each account."""
    if settings.delivery != Delivery.APPROVE:
        return True
    return bool(accounts) and all(publications.get(session, item).approved_at is not None for item in accounts)


def go_through(services: Services, tenant_id: UUID, step: Step) -> None:
    """Note on the record that somebody has gone through a step.

    Raises ``RejectedInput`` for one that is done by what it brings about, and while the first run is under way.
    """
    if step not in WALKED:
        raise RejectedInput(f"{LABELS[step]} is done by what is done there.")
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if setup_of(session, tenant_id).live:
            raise RejectedInput("The first run is not over yet: there is nothing to look at before.")
        settings = tenants.get(session, tenant_id).settings
        if step in settings.walked:
            return
        tenants.save_settings(session, tenant_id, walked(settings, step, services.clock.now().isoformat()))
        acts.record(services, session, tenant_id, "go through step", step=str(step))


def walked(settings: TenantSettings, step: Step, at: str, *, again: bool = False) -> TenantSettings:
    """Return settings in which a step was gone through; ``again``: what depends on the goal is to be looked at anew."""
    kept = {name: when for name, when in settings.walked.items() if not (again and name in _OF_THE_GOAL)}
    return replace(settings, walked={**kept, str(step): at})

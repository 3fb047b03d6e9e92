"""What a tenant counts as success, and within how many days: chosen by a person, on the record, then learned anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts, on_request, pipeline
from connector.services.champions import asking
from connector.services.context import Services
from connector.services.setup.steps import Step, walked
from connector.store import experiments, goals, ledger, objectives, tenants
from connector.store.tenants import TenantSettings

HORIZONS = (7, 14, 30, 60, 90, 180, 365)
"""Days that people speak in."""
CUSTOM = "property"
NO_SUCCESS = ("deal_lost",)
"""Outcomes that are none to aim at."""
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """A goal as :class:`TenantSettings` has it, and the horizon."""

    goal: str
    horizon_days: int

    @property
    def value(self) -> tuple[str, str] | None:
        """The field and its value that mean success, where it is one."""
        if not self.goal.startswith(f"{CUSTOM}:"):
            return None
        name, _, value = self.goal.removeprefix(f"{CUSTOM}:").partition("=")
        return name, value


def read_choice(form: Mapping[str, str], settings: TenantSettings) -> Choice:
    """Read a form or an address; what is not there is as it is set.

    Raises ``RejectedInput`` with the sentence for who filled it in.
    """
    goal = form.get("goal") or settings.goal
    if goal == CUSTOM:
        name, value = form.get("field", "").strip(), form.get("value", "").strip()
        if not (name and value):
            raise RejectedInput("Choose a field, and type the value that means success.")
        goal = f"{CUSTOM}:{name}={value}"
    days = form.get("horizon") or str(settings.horizon_days)
    if not (days.isascii() and days.isdigit() and int(days) in (*HORIZONS, settings.horizon_days)):
        raise RejectedInput(f"Choose a horizon of {', '.join(map(str, HORIZONS))} days.")
    return Choice(goal, int(days))


def possible(session: Connection, tenant_id: UUID, choice: Choice, settings: TenantSettings) -> str | None:
    """Return why a goal can't be chosen, None where it can: its outcome must be among what the CRMs have told."""
    if choice.goal == settings.goal:
        return None
    if choice.value is not None:
        name, value = choice.value
        known = {row.name for row in goals.choices(session, tenant_id)}
        if name not in known or "=" in name or not value or len(value) > _LONGEST_VALUE:
            return "Your accounts have no such field to choose from. It must be a choice or a yes/no field."
        return None
    if choice.goal in NO_SUCCESS or not goals.is_told(session, tenant_id, choice.goal):
        return "None of your accounts has told of such an outcome yet."
    return None


def choose(services: Services, tenant_id: UUID, form: Mapping[str, str]) -> str:
    """Count what a form says as success from the next model on, on the record, and ask for that model.

    What already scores goes on until the new model is published. Returns the sentence that says what came of it; raises
    ``RejectedInput`` for an outcome that nobody has told of, and while an experiment counts by the present goal.
    """
    at = services.clock.now().isoformat()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
        choice = read_choice(form, settings)
        values: dict[str, Any] = {"goal": choice.goal, "horizon_days": choice.horizon_days}
        if (refused := possible(session, tenant_id, choice, settings)) is not None:
            raise RejectedInput(refused)
        changed = {name: value for name, value in values.items() if getattr(settings, name) != value}
        if changed and experiments.all_running(session, tenant_id):
            raise RejectedInput("An experiment is running and counts by the present goal. End it first.")
        kept = walked(replace(settings, **changed), Step.GOAL, at, again=bool(changed))
        tenants.save_settings(session, tenant_id, kept)
        acts.record(services, session, tenant_id, "set goal" if changed else "keep goal", **values)
        signed = objectives.newest(session, tenant_id) is not None
        ready = on_request.begin(services, session, tenant_id, pipeline.RETRAIN) if changed else []
    if not changed:
        return "Kept. Nothing has to be learned anew."
    services.wake_all(ready or [])
    return _told(services, tenant_id, started=ready is not None) + (_TO_SIGN if signed else "")


_TO_SIGN = " The signed objectives tell of another goal: draft their next version."


def _told(services: Services, tenant_id: UUID, *, started: bool) -> str:
    if started:
        return "Saved. A model for this goal is being trained; until it scores, the former scores stand."
    if asking.ask_retraining(services, tenant_id, "Another goal was chosen."):
        return "Saved. A run is under way; a model for this goal is trained after it."
    return "Saved. A run is under way: have a model trained for this goal once it is over."

"""Alarms of the drift watch: who may read them, what people say of them, whether they call for a training."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from connector.services import acts
from connector.services.context import Services
from connector.services.set_values import set_values
from connector.store import drifting, ledger
from connector.store.drifting import Alarm


def open_alarms(services: Services, tenant_id: UUID) -> Sequence[Alarm]:
    """Return the alarms that somebody should act on, the newest first: open, and not accepted."""
    with services.store.reading(tenant_id) as session:
        return [alarm for alarm in drifting.open_alarms(session, tenant_id) if alarm.accepted_at is None]


def accept(services: Services, tenant_id: UUID, alarm_id: int) -> bool:
    """Note that an alarm's change is meant to be so, on the record; False where there is no such open alarm."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        label = drifting.accept(session, tenant_id, alarm_id, services.clock.now())
        if label is None:
            return False
        acts.record(services, session, tenant_id, "accept drift", alarm=alarm_id, about=label)
    return True


def let_alarms_retrain(services: Services, tenant_id: UUID, *, wanted: bool) -> None:
    """Set whether an alarm brings the next training forward, on the record."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        set_values(services, session, tenant_id, "set drift", {"retrain_on_drift": wanted})

"""An admin's word on what is written: settings, approval, release; each one is an entry of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts, pipeline
from connector.services.context import Services
from connector.services.set_values import set_values
from connector.store import connections, ledger, outbox, overwrites, publications
from connector.store.tenants import Delivery, Overwritten


@dataclass(frozen=True, slots=True)
class Choice:
    """What a tenant sets about its publication; None of a number: no limit."""

    delivery: Delivery
    first_records: int | None
    nightly_cap: int | None
    overwritten: Overwritten


def read_choice(form: Mapping[str, str]) -> Choice:
    """Read a form's fields; raises ``RejectedInput`` with the sentence for who filled it in."""
    try:
        delivery = Delivery(form.get("delivery", ""))
        overwritten = Overwritten(form.get("overwritten", ""))
    except ValueError:
        raise RejectedInput("Choose one of the offered answers.") from None
    first = read_number(form.get("first_records", ""), "The number of first records")
    return Choice(
        delivery, first, read_number(form.get("nightly_cap", ""), "The number of writes a night"), overwritten
    )


def read_number(text: str, what: str) -> int | None:
    """Read a positive whole number, None of an empty text; raises ``RejectedInput``."""
    digits = text.strip().replace(",", "")
    if not digits:
        return None
    if not digits.isascii() or not digits.isdigit() or not 0 < int(digits) < 1_000_000_000:
        raise RejectedInput(f"{what} must be a whole number above zero, or empty for no limit.")
    return int(digits)


def owns(services: Services, tenant_id: UUID, connection_id: UUID) -> bool:
    """Whether a tenant has such an account."""
    with services.store.reading(tenant_id) as session:
        return _owned(session, tenant_id, connection_id)


def choose(services: Services, tenant_id: UUID, choice: Choice) -> None:
    """Set how a tenant's scores are published, on the record; what is allowed now is written at once."""
    values: dict[str, Any] = {
        "delivery": str(choice.delivery),
        "first_records": choice.first_records,
        "nightly_cap": choice.nightly_cap,
        "overwritten": str(choice.overwritten),
    }
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if not set_values(services, session, tenant_id, "set publication", values):
            return
        ready = pipeline.publish(services, session, tenant_id)
    services.wake_all(ready)


def approve(services: Services, tenant_id: UUID, connection_id: UUID, first_records: int | None) -> None:
    """Let an account's scores be written, to so many records first (None: to all)."""
    now = services.clock.now()
    values = {"approved_at": now, "first_records": first_records, "released_at": None if first_records else now}
    _decide(services, tenant_id, connection_id, "approve publication", values, {"first_records": first_records})


def release(services: Services, tenant_id: UUID, connection_id: UUID) -> None:
    """Let the rest follow after the first records."""
    _decide(services, tenant_id, connection_id, "release publication", {"released_at": services.clock.now()}, {})


def withdraw(services: Services, tenant_id: UUID, connection_id: UUID) -> None:
    """Take an approval back: nothing more is written where approval is asked for."""
    values = {"approved_at": None, "first_records": None, "released_at": None}
    _decide(services, tenant_id, connection_id, "withdraw publication", values, {})


def replay(services: Services, tenant_id: UUID, connection_id: UUID, record_id: int | None = None) -> int:
    """Let dead letters of an account be tried again (None: all of them); return how many."""
    return _requeue(services, tenant_id, (connection_id, record_id), "replay dead letters", outbox.replay_dead)


def reset(services: Services, tenant_id: UUID, connection_id: UUID, record_id: int | None = None) -> int:
    """Write our values again where they were left to who overwrote them (None: everywhere); return how many."""
    return _requeue(services, tenant_id, (connection_id, record_id), "reset overwritten values", overwrites.reset)


def _requeue(
    services: Services,
    tenant_id: UUID,
    which: tuple[UUID, int | None],
    action: str,
    requeue: Callable[[Connection, UUID, datetime, int | None], int],
) -> int:
    connection_id, record_id = which
    with services.store.transaction(tenant_id) as session:
        _own(session, tenant_id, connection_id)
        ledger.lock(session, tenant_id)
        count = requeue(session, connection_id, services.clock.now(), record_id)
        if not count:
            return 0
        acts.record(services, session, tenant_id, action, connection=str(connection_id), records=count)
        ready = pipeline.publish(services, session, tenant_id)
    services.wake_all(ready)
    return count


def _decide(
    services: Services,
    tenant_id: UUID,
    connection_id: UUID,
    action: str,
    values: Mapping[str, Any],
    more: Mapping[str, Any],
) -> None:
    with services.store.transaction(tenant_id) as session:
        _own(session, tenant_id, connection_id)
        ledger.lock(session, tenant_id)
        publications.lock(session, tenant_id, connection_id)
        publications.save(session, connection_id, **values)
        acts.record(services, session, tenant_id, action, connection=str(connection_id), **more)
        ready = pipeline.publish(services, session, tenant_id)
    services.wake_all(ready)


def _own(session: Connection, tenant_id: UUID, connection_id: UUID) -> None:
    if not _owned(session, tenant_id, connection_id):
        raise RejectedInput("Your organisation has no such account.")


def _owned(session: Connection, tenant_id: UUID, connection_id: UUID) -> bool:
    return connections.owned(session, tenant_id, connection_id)

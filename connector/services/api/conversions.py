"""Outcomes that a tenant's programs tell: an order in a shop, a deal that no CRM knows of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Conversion
from connector.services.api.references import Reference, Resolved, resolve
from connector.services.context import Services
from connector.services.tracking import waking
from connector.store import events, ledger, references, told_conversions
from connector.store.types import AnyRow

MOST = 500
AHEAD = timedelta(minutes=5)
FUTURE = "at lies more than five minutes ahead."
NO_RECORD = "The lead is in no connected CRM any more."
OTHER_LEAD = "This id was used for an outcome of another lead."


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome as it is told; ``id`` is the program's own."""

    id: str
    lead: Reference
    kind: str
    at: datetime
    amount: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """An outcome that was not taken, by its place in the request."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many outcomes were taken (again), which were not, and the leads that they are of."""

    accepted: int
    refused: Sequence[Refused]
    leads: Sequence[int]


@dataclass(frozen=True, slots=True)
class Told:
    """An outcome as it is kept; ``lead`` is None where the person is gone."""

    id: str
    lead: int | None
    kind: str
    at: datetime
    amount: Decimal | None
    currency: str | None


def take(services: Services, tenant_id: UUID, told: Sequence[Outcome]) -> Receipt:
    """Keep outcomes, each once by its id; one that was told before is corrected. Their leads are scored anew."""
    latest = services.clock.now() + AHEAD
    refused: dict[int, str] = {}
    with services.store.transaction(tenant_id) as session:
        # One after another: two requests with the same id must see each other.
        ledger.lock(session, tenant_id)
        found = resolve(session, tenant_id, [outcome.lead for outcome in told])
        records = _records(session, tenant_id, found)
        kept: dict[str, tuple[AnyRow, Outcome]] = {}
        before = told_conversions.places(session, tenant_id, [outcome.id for outcome in told])
        for index, outcome in enumerate(told):
            row = records.get(outcome.lead)
            reason = _wrong(outcome, row, found, latest) or _moved(row, before.get(outcome.id), kept.get(outcome.id))
            if reason is None and row is not None:
                kept[outcome.id] = (row, outcome)
            else:
                refused[index] = reason or NO_RECORD
        _save(session, tenant_id, list(kept.values()))
        leads = sorted({row.lead_id for row, _ in kept.values()})
        ready = waking.changed(services, session, tenant_id, leads)
    services.wake_all(ready)
    return Receipt(len(told) - len(refused), [Refused(*item) for item in refused.items()], leads)


def page(services: Services, tenant_id: UUID, after: int | None, limit: int) -> tuple[Sequence[Told], int | None]:
    """Return what was told, the oldest first, and where the next page begins."""
    with services.store.reading(tenant_id) as session:
        found = told_conversions.page(session, tenant_id, after, limit + 1)
    shown = found[:limit]
    following = shown[-1].id if len(found) > limit else None
    names = ("lead_id", "kind", "at", "amount", "currency")
    return [Told(row.source_id, *(getattr(row, name) for name in names)) for row in shown], following


def take_back(services: Services, tenant_id: UUID, source_id: str) -> bool:
    """Forget an outcome; False where none with this id was told."""
    with services.store.transaction(tenant_id) as session:
        return told_conversions.remove(session, tenant_id, source_id) > 0


def _records(session: Connection, tenant_id: UUID, found: Resolved) -> dict[Reference, AnyRow]:
    """The record that an outcome is kept with: the one that was named, else the lead's oldest."""
    oldest: dict[int, Any] = {}
    for row in references.of_leads(session, tenant_id, found.ids):
        oldest.setdefault(row.lead_id, row)
    plain = {item: oldest[lead] for item, lead in found.leads.items() if lead in oldest}
    return plain | dict(found.records)


def _wrong(outcome: Outcome, row: AnyRow | None, found: Resolved, latest: datetime) -> str | None:
    if outcome.lead in found.refused:
        return found.refused[outcome.lead]
    if row is None:
        return NO_RECORD
    return FUTURE if outcome.at > latest else None


def _moved(
    row: AnyRow | None, before: tuple[UUID, int | None] | None, kept: tuple[AnyRow, Outcome] | None
) -> str | None:
    """Whether the id belongs to an outcome of another record: it would then be there twice."""
    if row is None:
        return None
    stored = before is not None and before != (row.connection_id, row.record_id)
    just_now = kept is not None and kept[0].record_id != row.record_id
    return OTHER_LEAD if stored or just_now else None


def _save(session: Connection, tenant_id: UUID, found: Sequence[tuple[AnyRow, Outcome]]) -> None:
    for connection_id in sorted({row.connection_id for row, _ in found}):
        mine = [
            Conversion(told_conversions.SOURCE, item.id, item.kind, item.at, row.vendor_id, item.amount, item.currency)
            for row, item in found
            if row.connection_id == connection_id
        ]
        events.save_conversions(session, tenant_id, connection_id, mine)

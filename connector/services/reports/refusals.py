"""What the CRMs refused: dead letters, with their words, since when and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.store import connections, outbox
from connector.store.connections import CrmConnection

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that the CRM refused: in its words, since when, and how often."""

    record_id: int
    vendor_id: str
    message: str
    since: datetime | None
    failures: int


def letters(session: Connection, connection_id: UUID, limit: int) -> tuple[Letter, ...]:
    """Return an account's dead letters, the newest first."""
    rows = outbox.dead_letters(session, connection_id, limit)
    return tuple(
        Letter(row.record_id, row.vendor_id, row.message or "", row.failing_since, row.failures) for row in rows
    )


def of_tenant(services: Services, tenant_id: UUID) -> Sequence[tuple[CrmConnection, tuple[Letter, ...]]]:
    """Return the accounts of a tenant that have dead letters, each with all of them."""
    with services.store.reading(tenant_id) as session:
        found = [(item, letters(session, item.id, _ALL)) for item in connections.of_tenant(session, tenant_id)]
    return [(item, some) for item, some in found if some]

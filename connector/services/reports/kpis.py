"""The page KPIs: the newest figures, when the next ones come, and what marketing spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.services.context import Services
from connector.services.kpis import making
from connector.services.kpis.shapes import KpiReport
from connector.store import schedules, spend
from connector.store.spend import Spent


@dataclass(frozen=True, slots=True)
class KpisPage:
    """``report`` is None before the first figures were made; ``due_at`` is when the next are, as far as known."""

    report: KpiReport | None
    due_at: datetime | None
    spent: Sequence[Spent]


def kpis_page(services: Services, tenant_id: UUID) -> KpisPage:
    """Read what the page shows."""
    with services.store.reading(tenant_id) as session:
        spent = spend.of_tenant(session, tenant_id)
        entries = schedules.of_tenant(session, tenant_id)
    due_at = next((entry.due_at for entry in entries if entry.kind == making.KIND), None)
    return KpisPage(making.newest(services, tenant_id), due_at, spent)

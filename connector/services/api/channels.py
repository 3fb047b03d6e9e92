"""Channels for callers: the newest figures, amounts as text so that no digit is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.services.context import Services
from connector.services.kpis.shapes import Channel
from connector.services.reports.channels import channels_page


@dataclass(frozen=True, slots=True)
class Listed:
    """All channels as of ``made_at`` (None before the first figures), over whole months from ``first`` to ``last``."""

    made_at: datetime | None
    horizon_days: int
    first_month: str | None
    last_month: str | None
    young_leads: int
    channels: Sequence[Mapping[str, Any]]


def listed(services: Services, tenant_id: UUID) -> Listed:
    """Return what the page Channels shows."""
    page = channels_page(services, tenant_id)
    found = page.channels
    rows = [_channel(row) for row in found.rows]
    return Listed(page.made_at, page.horizon_days, found.first, found.last, found.young, rows)


def _channel(row: Channel) -> dict[str, Any]:
    brought = [{"currency": currency, "amount": str(amount)} for currency, amount in row.brought]
    costs = [{name: _plain(value) for name, value in asdict(cost).items()} for cost in row.costs]
    return {
        "name": row.name,
        "leads": row.leads,
        "converted": row.converted,
        "rate": row.rate,
        "rate_low": row.low,
        "rate_high": row.high,
        "brought": brought,
        "costs": costs,
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)

"""The page Channels, and the same as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.services.context import Services
from connector.services.csv_lines import harmless
from connector.services.kpis import making
from connector.services.kpis.shapes import NO_CHANNELS, Channel, Channels, Cost
from connector.store import tenants

COLUMNS = (
    "channel",
    "first_month",
    "last_month",
    "leads",
    "converted",
    "rate",
    "rate_low",
    "rate_high",
    "currency",
    "brought",
    "months_with_spend",
    "spent",
    "leads_of_these_months",
    "converted_of_these_months",
    "brought_of_these_months",
    "cost_per_lead",
    "cost_per_conversion",
    "cost_per_conversion_low",
    "cost_per_conversion_high",
)
"""An interface: new ones come last, none changes its meaning."""


@dataclass(frozen=True, slots=True)
class ChannelsPage:
    """``made_at`` is None before the first figures were made."""

    made_at: datetime | None
    horizon_days: int
    channels: Channels
    note: str


def channels_page(services: Services, tenant_id: UUID) -> ChannelsPage:
    """Read what the page shows."""
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
    report = making.newest(services, tenant_id)
    if report is None:
        return ChannelsPage(None, settings.horizon_days, NO_CHANNELS, "")
    return ChannelsPage(report.made_at, settings.horizon_days, report.channels, report.note)


def as_csv(found: Channels) -> str:
    """Return a file (RFC 4180, UTF-8): a row for each channel and currency, empty where nothing is known."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in found.rows:
        writer.writerows([harmless(value) for value in cells] for cells in _rows(found, row))
    return buffer.getvalue()


def _rows(found: Channels, row: Channel) -> Iterator[list[Any]]:
    costs, brought = {cost.currency: cost for cost in row.costs}, dict(row.brought)
    head = [row.name, found.first, found.last, row.leads, row.converted, row.rate, row.low, row.high]
    # A channel that neither cost nor brought anything has a row as well, of no currency.
    for currency in sorted(costs.keys() | brought.keys()) or [""]:
        cost = costs.get(currency)
        yield [*head, currency, brought.get(currency), *(_cost(cost) if cost else [None] * 9)]


def _cost(cost: Cost) -> list[Any]:
    return [
        cost.months,
        cost.spent,
        cost.leads,
        cost.converted,
        cost.brought,
        cost.per_lead,
        cost.per_conversion,
        cost.cheapest,
        cost.dearest,
    ]

"""What marketing spent, by month, channel and currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import marketing_spend


@dataclass(frozen=True, slots=True)
class Spent:
    """What one channel took in one month (such as 2026-02)."""

    month: str
    channel: str
    currency: str
    amount: Decimal


def put(connection: Connection, tenant_id: UUID, spent: Sequence[Spent], now: datetime) -> None:
    """Enter amounts; one of the same month, channel and currency takes the place of the former."""
    rows = [
        {
            "tenant_id": tenant_id,
            "month": item.month,
            "channel": item.channel,
            "currency": item.currency,
            "amount": item.amount,
            "entered_at": now,
        }
        for item in spent
    ]
    key = ("tenant_id", "month", "channel", "currency")
    upsert(connection, marketing_spend, rows, key=key, update=("amount", "entered_at"))


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Spent]:
    """Return everything that was entered, the newest month first."""
    m = marketing_spend.c
    query = sa.select(m.month, m.channel, m.currency, m.amount).where(m.tenant_id == tenant_id)
    return [Spent(*row) for row in connection.execute(query.order_by(m.month.desc(), m.channel, m.currency))]

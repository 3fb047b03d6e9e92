"""The ledger read backwards, a piece at a time: by kind, lead and day, each by what an index gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import ledger, ledger_payloads
from connector.store.tables.scored import RARE
from connector.store.types import AnyRow

FREQUENT = "scored"
"""The kind that is no part of the index by kinds: there is an entry for each score."""
WINDOW = 20_000
"""Sequence numbers that one piece with scores among it looks through at most."""
_ASTRAY = timedelta(minutes=10)
"""By so much entries may stand beside the order of their times: each machine enters by its own clock."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Which entries: of these ``kinds`` and ``leads`` (None: of all), at a time from ``since`` to before ``until``."""

    kinds: tuple[str, ...] | None = None
    leads: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """The sequence numbers that entries can have: from ``low`` on, before ``high``."""

    low: int
    high: int


def span(connection: Connection, tenant_id: UUID, looked: Looked) -> Span:
    """Return where entries of a time are. Found by halving: entries stand in the order of their times, nearly."""
    newest = connection.execute(sa.select(sa.func.max(ledger.c.seq)).where(ledger.c.tenant_id == tenant_id)).scalar()
    low, high = 1, (newest or 0) + 1
    if looked.since is not None:
        low = _first_at(connection, tenant_id, looked.since - _ASTRAY, low, high)
    if looked.until is not None:
        high = _first_at(connection, tenant_id, looked.until + _ASTRAY, low, high)
    return Span(low, high)


def _first_at(connection: Connection, tenant_id: UUID, at: datetime, low: int, high: int) -> int:
    """Return the first sequence number from ``low`` on whose entry is not before ``at``; ``high`` if there is none."""
    while low < high:
        middle = (low + high) // 2
        found = connection.execute(
            sa.select(ledger.c.at).where(ledger.c.tenant_id == tenant_id, ledger.c.seq == middle)
        ).scalar()
        if found is None or found < at:
            low = middle + 1
        else:
            high = middle
    return low


def piece(
    connection: Connection, tenant_id: UUID, looked: Looked, among: Span, limit: int
) -> tuple[Sequence[AnyRow], int]:
    """Return the newest entries (seq, kind, at, lead_id, hash, body) in a span, and below which number to go on.

    There may be more while that number is above the span's ``low``. ``body`` is None once it was erased.
    """
    low = among.low if looked.leads is not None or _rare(looked) else max(among.low, among.high - WINDOW)
    e = ledger.c
    same = sa.and_(e.tenant_id == ledger_payloads.c.tenant_id, e.seq == ledger_payloads.c.seq)
    query = (
        sa.select(e.seq, e.kind, e.at, e.lead_id, e.hash, ledger_payloads.c.body)
        .select_from(ledger.outerjoin(ledger_payloads, same))
        .where(e.tenant_id == tenant_id, e.seq >= low, e.seq < among.high)
        .order_by(e.seq.desc())
        .limit(limit)
    )
    if looked.kinds is not None:
        query = query.where(e.kind.in_(looked.kinds))
    if _rare(looked):
        # Said as the partial index says it.
        query = query.where(sa.text(f"ledger.{RARE}"))
    if looked.leads is not None:
        query = query.where(e.lead_id.in_(looked.leads))
    if looked.since is not None:
        query = query.where(e.at >= looked.since)
    if looked.until is not None:
        query = query.where(e.at < looked.until)
    rows = connection.execute(query).all()
    return rows, rows[-1].seq if len(rows) == limit else low


def _rare(looked: Looked) -> bool:
    return looked.kinds is not None and FREQUENT not in looked.kinds

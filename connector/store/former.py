"""What the ledger says of scores before an entry: what a rollback restores."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.ledger import Kept, entries_of
from connector.store.tables import ledger

_SCORED = "scored"


def scored_since(connection: Connection, tenant_id: UUID, seq: int) -> Sequence[int]:
    """Return the leads that were scored by the entry ``seq`` or a later one, by their ids."""
    c = ledger.c
    where = sa.and_(c.tenant_id == tenant_id, c.seq >= seq, c.kind == _SCORED, c.lead_id.is_not(None))
    return list(connection.execute(sa.select(c.lead_id).where(where).distinct().order_by(c.lead_id)).scalars())


def before(connection: Connection, tenant_id: UUID, lead_ids: Collection[int], seq: int) -> Sequence[Kept]:
    """Return the newest score of each of these leads that is older than the entry ``seq``, by the leads' ids."""
    c = ledger.c
    where = sa.and_(c.tenant_id == tenant_id, c.lead_id.in_(lead_ids), c.seq < seq, c.kind == _SCORED)
    newest = sa.select(sa.func.max(c.seq)).where(where).group_by(c.lead_id)
    numbers = list(connection.execute(newest).scalars())
    return sorted(entries_of(connection, tenant_id, _SCORED, numbers), key=lambda entry: entry.lead_id or 0)

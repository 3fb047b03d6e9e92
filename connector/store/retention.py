"""What was kept for its time goes: a kind a function, ``limit`` rows a call, each returning how many went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import anchors, leads, successions
from connector.store.tables import (
    changes,
    events,
    inbox,
    ledger,
    records,
    score_inputs,
    webhook_endpoints,
    webhook_events,
)
from connector.store.types import AnyRow

Marks = Callable[[AnyRow], Sequence[str]]
"""Given a record's (id, connection_id, vendor_id): the keyed hashes of it and of its mailboxes."""


def hints(connection: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Delete hints that were handled ``before``."""
    i = inbox.c
    old = sa.select(i.connection_id, i.dedupe_key).where(i.tenant_id == tenant_id, i.handled_at < before).limit(limit)
    return connection.execute(sa.delete(inbox).where(sa.tuple_(i.connection_id, i.dedupe_key).in_(old))).rowcount


def engagement(connection: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Delete engagement events that happened ``before``."""
    e = events.c
    old = sa.select(e.id).where(e.tenant_id == tenant_id, e.at < before).limit(limit)
    return connection.execute(sa.delete(events).where(e.id.in_(old))).rowcount


def former_values(connection: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Delete values that others took the place of ``before``: what a field is, and has been since, stays."""
    c, later = changes.c, changes.alias("later")
    followed = sa.and_(later.c.record_id == c.record_id, later.c.name == c.name, later.c.at > c.at, later.c.at < before)
    key = (c.record_id, c.name, c.at)
    old = sa.select(*key).where(c.tenant_id == tenant_id, c.at < before, sa.select(later.c.at).where(followed).exists())
    return connection.execute(sa.delete(changes).where(sa.tuple_(*key).in_(old.limit(limit)))).rowcount


def archived(connection: Connection, tenant_id: UUID, before: datetime, limit: int, marks: Marks) -> int:
    """Delete records that left their CRM ``before``, with what hangs on them, and leads that have no other.

    To be called while the tenant's ledger is held. What that says of such leads stays: an erasure finds them by their
    ``marks``.
    """
    r = records.c
    query = sa.select(r.id, r.lead_id, r.connection_id, r.vendor_id, r.removed_at)
    rows = connection.execute(query.where(r.tenant_id == tenant_id, r.removed_at < before).limit(limit)).all()
    successions.bury(connection, tenant_id, rows, {row.id: marks(row) for row in rows})
    anchors.hand_over(connection, [row.id for row in rows])
    gone = connection.execute(sa.delete(records).where(r.id.in_([row.id for row in rows]))).rowcount
    mine = sorted({row.lead_id for row in rows if row.lead_id is not None})
    connection.execute(sa.update(records).where(r.lead_id.in_(mine)).values(identified_as=None))
    leads.drop_orphans(connection, tenant_id, mine)
    return gone


def inputs(connection: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Delete the vectors of scores that were made ``before``; their ledger entries stay, and can't be replayed."""
    s = score_inputs.c
    made = sa.and_(ledger.c.tenant_id == s.tenant_id, ledger.c.seq == s.last_seq, ledger.c.at < before)
    old = sa.select(s.first_seq).where(s.tenant_id == tenant_id, sa.select(ledger.c.seq).where(made).exists())
    some = sa.and_(s.tenant_id == tenant_id, s.first_seq.in_(old.limit(limit)))
    return connection.execute(sa.delete(score_inputs).where(some)).rowcount


def messages(connection: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Delete messages to the tenant's own systems that were made ``before`` and never taken there."""
    w = webhook_events.c
    old = sa.select(w.id).where(w.tenant_id == tenant_id, w.created_at < before).limit(limit)
    return connection.execute(sa.delete(webhook_events).where(w.id.in_(old))).rowcount


def former_secrets(connection: Connection, tenant_id: UUID, now: datetime, _limit: int) -> int:
    """Forget secrets of webhooks that sign no more by ``now``; a tenant has few addresses."""
    w = webhook_endpoints.c
    over = sa.update(webhook_endpoints).where(w.tenant_id == tenant_id, w.former_until <= now)
    return connection.execute(over.values(former_secret=None, former_until=None)).rowcount

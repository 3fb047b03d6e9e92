"""All that an account told goes, a part at a time, so that nobody waits long for the database."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import anchors, leads, successions
from connector.store.tables import companies, connections, conversions, events, installs, records, tenants


def forget_some(connection: Connection, tenant_id: UUID, connection_id: UUID, limit: int) -> int:
    """Delete at most ``limit`` rows of each kind that an account told, with what hangs on them; return how many.

    To be called while the tenant's ledger is held: leads that lose their last record go as well, with what the ledger
    says of them and of those who joined them.
    """
    r = records.c
    query = sa.select(r.id, r.lead_id).where(r.connection_id == connection_id).order_by(r.id).limit(limit)
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    joined = successions.of_records(connection, tenant_id, ids)
    anchors.hand_over(connection, ids)
    gone = connection.execute(sa.delete(records).where(r.id.in_(ids))).rowcount
    mine = sorted({row.lead_id for row in rows if row.lead_id is not None})
    # Those who have other records still may be other persons without these, or younger.
    connection.execute(sa.update(records).where(r.lead_id.in_(mine)).values(identified_as=None))
    leads.drop_orphans(connection, tenant_id, mine)
    successions.forget_lost(connection, tenant_id, joined)
    gone += successions.forget_account(connection, tenant_id, connection_id, limit)
    for table in (events, conversions, companies):
        some = sa.select(table.c.id).where(table.c.connection_id == connection_id).order_by(table.c.id).limit(limit)
        gone += connection.execute(sa.delete(table).where(table.c.id.in_(some))).rowcount
    return gone


def remove(connection: Connection, connection_id: UUID) -> None:
    """Delete the account itself with the rest: fields, cursors, hints, what was refused, approvals."""
    connection.execute(sa.delete(connections).where(connections.c.id == connection_id))


def remove_tenant(connection: Connection, tenant_id: UUID) -> bool:
    """Delete a tenant who has no account any more, with everything of theirs; tell whether that was so."""
    left = sa.select(connections.c.id).where(connections.c.tenant_id == tenant_id).exists()
    gone = connection.execute(sa.delete(tenants).where(tenants.c.id == tenant_id, ~left)).rowcount == 1
    if gone:
        # They hang on no tenant: most begin before there is one.
        connection.execute(sa.delete(installs).where(installs.c.tenant_id == tenant_id))
    return gone

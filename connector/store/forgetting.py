"""Everything that the store holds of a person goes, in the caller's transaction.

To be called while the tenant's ledger is held, so that nobody scores, delivers for or joins the person meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import api_answers, api_uses, inbox, inputs, leads, ledger, records, successions, webhook_events
from connector.store.erasures import Whom
from connector.store.tables import changes, conversions, events, links, lookbacks, outbox, rejections, scores, traces
from connector.store.tables import records as records_table


def forget(connection: Connection, tenant_id: UUID, whom: Whom) -> dict[str, int]:
    """Delete a person's records, what hangs on them, and what their scores were made of; return counts by kind.

    Leads that ended by joining the person's go as well, also those that did so since it was asked.
    """
    joined: set[int] = set()
    found: dict[str, int] = {}
    for connection_id in sorted({owner for owner, _ in whom.records}):
        vendor_ids = sorted(vendor_id for owner, vendor_id in whom.records if owner == connection_id)
        ids = records.ids_by_vendor_id(connection, connection_id, vendor_ids).values()
        joined |= successions.of_records(connection, tenant_id, ids)
        for kind, count in _of_account(connection, connection_id, vendor_ids).items():
            found[kind] = found.get(kind, 0) + count
    return found | _of_leads(connection, tenant_id, sorted({*whom.leads, *joined}))


def _of_account(connection: Connection, connection_id: UUID, vendor_ids: Sequence[str]) -> dict[str, int]:
    ids = sorted(records.ids_by_vendor_id(connection, connection_id, vendor_ids).values())
    # By hand, although the record would take them along: the person is told what was held.
    found = {
        name: connection.execute(sa.delete(table).where(table.c.record_id.in_(ids))).rowcount
        for name, table in (
            ("changes", changes),
            ("events", events),
            ("outcomes", conversions),
            ("values on their way", outbox),
        )
    }
    subjects = [f"id:{vendor_id}" for vendor_id in vendor_ids]
    found["events"] += unresolved(connection, connection_id, subjects)
    found["hints"] = inbox.forget(connection, connection_id, vendor_ids)
    refused = sa.and_(rejections.c.connection_id == connection_id, rejections.c.vendor_id.in_(vendor_ids))
    found["refusals"] = connection.execute(sa.delete(rejections).where(refused)).rowcount
    of_account = sa.select(records_table.c.id).where(records_table.c.connection_id == connection_id)
    named = sa.and_(links.c.vendor_id.in_(vendor_ids), links.c.record_id.in_(of_account))
    found["links"] = connection.execute(sa.delete(links).where(named)).rowcount
    mine = records_table.c.id.in_(ids)
    found["records"] = connection.execute(sa.delete(records_table).where(mine)).rowcount
    return found


def unresolved(connection: Connection, connection_id: UUID, subjects: Sequence[str]) -> int:
    """Delete what happened with people who were never read; ``subjects`` are ``id:…`` or ``email:…``."""
    return sum(
        connection.execute(
            sa.delete(table).where(
                table.c.connection_id == connection_id, table.c.record_id.is_(None), table.c.subject.in_(subjects)
            )
        ).rowcount
        for table in (events, conversions)
    )


def _of_leads(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> dict[str, int]:
    """Delete all that was made of leads. One that has a record still, which came later, begins anew."""
    inputs.forget(connection, tenant_id, lead_ids)
    found = {
        "ledger bodies": ledger.forget(connection, tenant_id, lead_ids),
        "uses of the API": api_uses.forget(connection, tenant_id, lead_ids),
        "kept answers of the API": api_answers.forget(connection, tenant_id),
        "messages to own systems": webhook_events.forget(connection, tenant_id, lead_ids),
    }
    successions.forget(connection, tenant_id, lead_ids)
    for name, table in (("scores", scores), ("traces", traces), ("looks back", lookbacks)):
        mine = sa.and_(table.c.tenant_id == tenant_id, table.c.lead_id.in_(lead_ids))
        found[name] = connection.execute(sa.delete(table).where(mine)).rowcount
    rest = sa.and_(records_table.c.tenant_id == tenant_id, records_table.c.lead_id.in_(lead_ids))
    connection.execute(sa.update(records_table).where(rest).values(identified_as=None))
    leads.drop_orphans(connection, tenant_id, lead_ids)
    return found

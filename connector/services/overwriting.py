"""Values of ours that somebody changed in the CRM: noticed while reading, settled by the tenant's choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmAdapter
from connector.records import Record
from connector.services.values import from_json
from connector.store import answers, connections, ledger, overwrites, tenants
from connector.store.claims import Parcel
from connector.store.tenants import Overwritten

COMPARED = ("lead_score", "lead_score_tier")
"""What people would change. The others move with every score, and CRMs spell times and long texts in their own way."""


def notice(session: Connection, connection_id: UUID, adapter: CrmAdapter, read: Sequence[Record]) -> int:
    """Let the CRM be asked about records that were read with another value than ours; return how many.

    Only what was changed after our write counts: a page that was fetched before it shows what was there before.
    """
    if not read:
        return 0
    names = connections.get(session, connection_id).field_names
    theirs = {ours: names[ours] for ours in COMPARED if ours in names}
    # A field that no record of the page has can't be read, or is not told with the record.
    told = {ours: name for ours, name in theirs.items() if any(name in item.properties for item in read)}
    if not told:
        return 0
    by_id = {item.record_id: item for item in read}
    seen = {
        row.record_id: row.ledger_seq
        for row in overwrites.at_rest_of(session, connection_id, list(by_id))
        if by_id[row.vendor_id].modified_at > row.delivered_at
        and _differs(adapter.rendered(from_json(row.delivered)), by_id[row.vendor_id].properties, told)
    }
    return overwrites.suspect(session, seen)


def _differs(expected: Mapping[str, str], found: Mapping[str, str], told: Mapping[str, str]) -> bool:
    return any(not _same(expected.get(ours, ""), found.get(name, "")) for ours, name in told.items())


def _same(one: str, other: str) -> bool:
    try:
        return one == other or Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def settle(
    session: Connection, tenant_id: UUID, token: UUID, changed: Sequence[Parcel], now: datetime
) -> list[ledger.Entry]:
    """Do with values that the CRM was found to hold no longer what the tenant chose; return the ledger's entries."""
    respected = tenants.get(session, tenant_id).settings.overwritten == Overwritten.RESPECT
    for item in changed:
        answers.overwritten(session, token, item, now, respected=respected)
    outcome = "left as it is" if respected else "to be written again"
    return [
        ledger.Entry("overwritten", item.lead_id, {"record": item.vendor_id, "outcome": outcome}) for item in changed
    ]

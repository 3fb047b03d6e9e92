"""The people page: who stands in several places, why they are taken for one person, and who was set apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from connector.services.context import Services
from connector.services.reports.people import Naming
from connector.store import connections, persons

_SHOWN = 160
"""Records on a page, few enough to load at once."""


@dataclass(frozen=True, slots=True)
class JoinedRecord:
    """One record of a person, and why it is theirs."""

    record_id: int
    place: str
    vendor_id: str
    email: str | None
    reason: str
    apart: bool


@dataclass(frozen=True, slots=True)
class JoinedPerson:
    """A lead with several records, or one that was set apart."""

    lead_id: int
    name: str
    records: tuple[JoinedRecord, ...]


@dataclass(frozen=True, slots=True)
class People:
    """A page of people by the numbers of their leads; ``following``: the number that the next page begins after."""

    people: tuple[JoinedPerson, ...]
    following: int | None


def joined_people(services: Services, tenant_id: UUID, after: int = 0) -> People:
    """Return people whose records were joined or set apart, from the lead ``after`` on."""
    with services.store.reading(tenant_id) as session:
        rows = persons.joined(session, tenant_id, _SHOWN + 1, after)
        naming = Naming.of_tenant(session, tenant_id)
        accounts = {item.id: item for item in connections.of_tenant(session, tenant_id)}
    more = len(rows) > _SHOWN
    found: list[JoinedPerson] = []
    for lead_id, group in groupby(rows, key=lambda row: row.lead_id):
        mine = list(group)
        parts = []
        for row in mine:
            account = accounts[row.connection_id]
            app = services.apps.get(account.vendor)
            place = app.capabilities.label if app else account.vendor
            parts.append(JoinedRecord(row.id, place, row.vendor_id, row.email, row.join_reason, row.apart))
        found.append(JoinedPerson(lead_id, naming.person(lead_id, mine).name, tuple(parts)))
    # The last one's records may go on beyond what was asked for: that person begins the next page.
    shown = found[:-1] if more and len(found) > 1 else found
    return People(tuple(shown), shown[-1].lead_id if more else None)

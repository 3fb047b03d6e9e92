"""How a lead is called: from the fields that hold names, whatever a vendor calls them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import FieldRole
from connector.store import fields, leads
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Person:
    """A lead as people know it. Each part is None where no record tells it."""

    name: str
    email: str | None
    job_title: str | None
    company: str | None


def people_of(session: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> dict[int, Person]:
    """Return who each of these leads is."""
    naming = Naming.of_tenant(session, tenant_id)
    rows: dict[int, list[AnyRow]] = {}
    for row in leads.records_of(session, tenant_id, list(lead_ids)) if lead_ids else ():
        rows.setdefault(row.lead_id, []).append(row)
    return {lead_id: naming.person(lead_id, rows.get(lead_id, ())) for lead_id in lead_ids}


class Naming:
    """Reads persons from the properties of records."""

    def __init__(self, roles: Mapping[tuple[UUID, str], str]) -> None:
        """``roles``: (connection, role) → the field's name there."""
        self._roles = roles

    @classmethod
    def of_tenant(cls, session: Connection, tenant_id: UUID) -> Naming:
        """Learn which fields mean what in a tenant's accounts."""
        rows = fields.parts_of_names(session, tenant_id)
        return cls({(row.connection_id, row.role): row.name for row in rows})

    def person(self, lead_id: int, records: Iterable[AnyRow]) -> Person:
        """Return who a lead is; of several records the first that tells a part wins."""
        rows = list(records)
        email = next((row.email for row in rows if row.email), None)
        parts = (self._first(rows, FieldRole.FIRST_NAME), self._first(rows, FieldRole.LAST_NAME))
        name = " ".join(part for part in parts if part) or email or f"Lead {lead_id}"
        return Person(name, email, self._first(rows, FieldRole.JOB_TITLE), self._first(rows, FieldRole.COMPANY_NAME))

    def _first(self, rows: Iterable[AnyRow], role: FieldRole) -> str | None:
        for row in rows:
            field = self._roles.get((row.connection_id, role))
            value = row.properties.get(field) if field else None
            if value:
                return str(value)
        return None

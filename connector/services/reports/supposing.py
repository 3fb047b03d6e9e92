"""The form of "what if" on a lead's page: which fields may be other, and what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from connector.errors import RejectedInput
from connector.records import EventKind
from connector.services.api import supposing
from connector.services.api.supposing import Act, Supposed
from connector.services.context import Services
from connector.services.reports.people import Naming, Person
from connector.store import connections, fields, leads

_LONGEST, _MOST_DAYS = 1_000, 3_650
ROWS = 3
"""Fields that the form takes at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field as models know it (``vendor.name``), with what people call it."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class SupposePage:
    """Who it is about, the fields on offer, and what came of what was asked: ``supposed``, or why not."""

    lead_id: int
    person: Person
    choices: Sequence[Choice]
    supposed: Supposed | None = None
    refused: str = ""


def suppose_page(
    services: Services, tenant_id: UUID, lead_id: int, form: Mapping[str, str] | None
) -> SupposePage | None:
    """Return the page, with what the model would make of the lead by a ``form``; None where there is no such lead."""
    with services.store.reading(tenant_id) as session:
        records = leads.records_of(session, tenant_id, [lead_id])
        if not records:
            return None
        person = Naming.of_tenant(session, tenant_id).person(lead_id, records)
        vendors = {item.id: item.vendor for item in connections.of_tenant(session, tenant_id)}
        catalogue = fields.of_tenant(session, tenant_id)
    usable = [row for row in catalogue if not (row.system or row.own or row.personal) and row.allowed is not False]
    named = {f"{vendors[row.connection_id]}.{row.name}": row.label for row in usable}
    choices = [Choice(name, label) for name, label in sorted(named.items(), key=lambda item: item[1].casefold())]
    if form is None:
        return SupposePage(lead_id, person, choices)
    try:
        found = supposing.suppose(services, tenant_id, lead_id, _fields(form, named), _acts(form))
    except RejectedInput as refused:
        return SupposePage(lead_id, person, choices, refused=str(refused))
    return SupposePage(lead_id, person, choices, found[1]) if found else None


def _fields(form: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for row in range(ROWS):
        name, value = form.get(f"field{row}", ""), form.get(f"value{row}", "").strip()
        if not name:
            continue
        if name not in named or len(value) > _LONGEST or not value.isprintable():
            raise RejectedInput("Choose fields of the list, and values of up to 1,000 characters.")
        found[name] = value or None
    return found


def _acts(form: Mapping[str, str]) -> list[Act]:
    kind, days = form.get("kind", ""), form.get("days_ago", "").strip() or "0"
    if not kind:
        return []
    if kind not in tuple(EventKind) or not (days.isascii() and days.isdigit() and int(days[:6]) <= _MOST_DAYS):
        raise RejectedInput("Choose something of the list, and a number of days from 0 to 3,650.")
    return [Act(kind, None, float(days))]

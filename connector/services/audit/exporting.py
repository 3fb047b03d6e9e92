"""The ledger as a CSV file, a piece at a time: what was done stands in it as it is kept, with each entry's hash."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from connector.services import acts, csv_lines
from connector.services.audit import trail
from connector.services.audit.trail import Told, Wanted
from connector.services.context import Services
from connector.store import ledger

COLUMNS = ("entry", "at", "kind", "lead", "who", "what", "said", "hash")


def as_csv(services: Services, tenant_id: UUID, wanted: Wanted) -> Iterator[str]:
    """Yield the file (RFC 4180, UTF-8, times in ISO 8601). That somebody took it out is on the record first."""
    _note(services, tenant_id, wanted)
    found = trail.entries(services, tenant_id, wanted)
    return csv_lines.written(COLUMNS, (map(_cells, some) for some in found))


def _note(services: Services, tenant_id: UUID, wanted: Wanted) -> None:
    asked = {
        name: str(value)
        for name in ("kind", "lead", "since", "until", "connection")
        if (value := getattr(wanted, name)) is not None
    }
    with services.store.transaction(tenant_id) as session:
        acts.record(services, session, tenant_id, "took the ledger out as a file", **asked)


def _cells(one: Told) -> tuple[object, ...]:
    said = "erased" if one.body is None else ledger.canonical(one.body)
    return one.seq, one.at, one.kind, one.lead_id, one.who, one.what, said, one.hash

"""Reading back a sample: proof that a CRM holds what the ledger says was written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from connector.services import acts
from connector.services.context import Services
from connector.services.holding import holds
from connector.services.opening import app_of, open_adapter, read_connection
from connector.store import connections, ledger, overwrites, publications
from connector.store.connections import Health

SAMPLE = 200
"""Records of one sample: if all are equal, at most 1.5 % of all differ, with 95 % confidence (3 ÷ 200)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a sample of one account's records found, in numbers of records.

    ``differing``: the CRM holds something else; ``gone``: it has no such record any more. ``moved``: written anew
    while the CRM was asked, so that nothing can be said.
    """

    connection_id: UUID
    sampled: int
    equal: int
    differing: int
    gone: int
    moved: int


def verify_sample(services: Services, connection_id: UUID, size: int = SAMPLE) -> Report:
    """Read random delivered records of an account back and keep what was found, on the page and in the ledger.

    What differs is looked at once more by the next delivery, which then does what the tenant chose for values that
    somebody overwrote.
    """
    connection = read_connection(services, connection_id)
    adapter = open_adapter(services, connection_id)
    batch = app_of(services, connection.vendor).capabilities.write_batch
    with services.store.reading(connection.tenant_id) as session:
        rows = overwrites.sample(session, connection_id, size)
    held: dict[str, dict[str, str]] = {}
    for start in range(0, len(rows), batch):
        asked = [row.vendor_id for row in rows[start : start + batch]]
        held.update({key: dict(texts) for key, texts in adapter.read_scores(asked).items()})
    gone = [row for row in rows if row.vendor_id not in held]
    differing = {
        row.record_id: row.ledger_seq
        for row in rows
        if row.vendor_id in held and not holds(adapter, row.delivered, held[row.vendor_id])
    }
    with services.store.transaction(connection.tenant_id) as session:
        now = services.clock.now()
        ledger.lock(session, connection.tenant_id)
        found = overwrites.suspect(session, differing)
        equal = len(rows) - len(gone) - len(differing)
        report = Report(connection_id, len(rows), equal, found, len(gone), len(differing) - found)
        figures = {name: value for name, value in asdict(report).items() if name != "connection_id"}
        acts.record(services, session, connection.tenant_id, "verified", connection=str(connection_id), **figures)
        publications.lock(session, connection.tenant_id, connection_id)
        publications.save(session, connection_id, verified=figures, verified_at=now)
    return report


def verify_tenant(services: Services, tenant_id: UUID) -> list[tuple[str, Report]]:
    """Read a sample of each of a tenant's usable accounts back; return (account name, report)."""
    with services.store.reading(tenant_id) as session:
        usable = [item for item in connections.of_tenant(session, tenant_id) if item.status is not Health.DISCONNECTED]
    return [(item.account_name, verify_sample(services, item.id)) for item in usable]

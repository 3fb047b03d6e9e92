"""Take our values out of records in the CRMs that keep the person."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from connector.errors import ConnectorError, RetryLater
from connector.records import WriteOutcome, WriteResult
from connector.services.context import Services
from connector.services.opening import app_of, open_adapter, read_connection


def clear(services: Services, written: Collection[tuple[UUID, str]]) -> str | None:
    """Empty our fields in these records (connection, vendor id); return what could not be emptied, as a sentence.

    Raises ``RetryLater`` where a CRM has no time; what is empty already is emptied again without harm.
    """
    left: list[str] = []
    for connection_id in sorted({owner for owner, _ in written}):
        vendor_ids = sorted(vendor_id for owner, vendor_id in written if owner == connection_id)
        try:
            left += _refused(clear_account(services, connection_id, vendor_ids))
        except RetryLater:
            raise
        except ConnectorError as error:
            left.append(str(error))
    return " ".join(dict.fromkeys(left)) or None


def clear_account(services: Services, connection_id: UUID, vendor_ids: Collection[str]) -> list[WriteResult]:
    """Empty our fields in records of one account, in its largest batches."""
    connection = read_connection(services, connection_id)
    size = app_of(services, connection.vendor).capabilities.write_batch
    adapter, wanted = open_adapter(services, connection_id), list(vendor_ids)
    found: list[WriteResult] = []
    for start in range(0, len(wanted), size):
        found += adapter.clear_scores(wanted[start : start + size])
    return found


def _refused(results: Collection[WriteResult]) -> list[str]:
    waiting = [item for item in results if item.outcome is WriteOutcome.RETRY]
    if waiting:
        raise RetryLater(f"The CRM did not empty our fields yet: {waiting[0].message}", after_seconds=60.0)
    kept = [item for item in results if item.outcome is WriteOutcome.NEEDS_ADMIN]
    return [f"The CRM kept our values in {len(kept)} records: {kept[0].message}"] if kept else []

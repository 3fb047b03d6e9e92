"""Take our values out of records in the CRMs that keep the person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from connector.adapters.contract import CrmAdapter
from connector.errors import ConnectorError, RetryLater
from connector.records import WriteOutcome, WriteResult
from connector.services.context import Services
from connector.services.free_text import scrub
from connector.services.opening import app_of, open_adapter, read_connection


def clear(services: Services, written: Collection[tuple[UUID, str]]) -> str | None:
    """Empty our fields in these records (connection, vendor id); return what could not be emptied, as a sentence.

    Raises ``RetryLater`` where a CRM has no time; what is empty already is emptied again without harm.
    """
    left: list[str | None] = []
    for connection_id in sorted({owner for owner, _ in written}):
        vendor_ids = sorted(vendor_id for owner, vendor_id in written if owner == connection_id)
        try:
            left.append(clear_account(services, connection_id, vendor_ids))
        except RetryLater:
            raise
        except ConnectorError as error:
            left.append(str(error))
    return " ".join(dict.fromkeys(filter(None, left))) or None


def clear_account(services: Services, connection_id: UUID, vendor_ids: Collection[str]) -> str | None:
    """Empty our fields in records of one account; return what could not be emptied. Raises as opening it does."""
    connection = read_connection(services, connection_id)
    size = app_of(services, connection.vendor).capabilities.write_batch
    return emptied(open_adapter(services, connection_id), list(vendor_ids), size)


def emptied(adapter: CrmAdapter, vendor_ids: Sequence[str], size: int) -> str | None:
    """Empty our fields in records, ``size`` at a time; return what could not be. Raises ``RetryLater``.

    What is told outlives the person: it is without the addresses and numbers in the CRM's words.
    """
    kept: list[WriteResult] = []
    for start in range(0, len(vendor_ids), size):
        for item in adapter.clear_scores(vendor_ids[start : start + size]):
            if item.outcome is WriteOutcome.RETRY:
                raise RetryLater(f"The CRM did not empty our fields yet: {_told(item)}", after_seconds=60.0)
            if item.outcome is WriteOutcome.NEEDS_ADMIN:
                kept.append(item)
    return f"The CRM kept our values in {len(kept)} records: {_told(kept[0])}" if kept else None


def _told(result: WriteResult) -> str:
    return scrub(result.message, frozenset())

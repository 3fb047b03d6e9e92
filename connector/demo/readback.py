"""Read the scores back by the CRM's own public API, as an outsider would, and compare."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from connector.records import Tier
from connector.services.context import Services
from connector.services.opening import app_of, open_adapter, read_connection
from connector.services.writeback import holds
from connector.store import events, outbox, records

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One CRM's figures. ``verified``: records whose every score field equals what was delivered."""

    records_read: int
    events_read: int
    written: int
    verified: int
    high_intent: int


def read_back(services: Services, connection_id: UUID) -> ReadBack:
    """Ask the CRM for every record that was written and compare field by field."""
    adapter, connection = open_adapter(services, connection_id), read_connection(services, connection_id)
    size = app_of(services, connection.vendor).capabilities.write_batch
    with services.store.reading(connection.tenant_id) as session:
        delivered = outbox.delivered_of(session, connection_id)
        counts = (records.count_open(session, connection_id), events.count(session, connection_id))
    ids = list(delivered)

    def count(start: int) -> int:
        chunk = ids[start : start + size]
        held = adapter.read_scores(chunk)
        return sum(holds(adapter, delivered[item], held.get(item, {})) for item in chunk)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        verified = sum(pool.map(count, range(0, len(ids), size)))
    high = sum(values["tier"] == Tier.HIGH_INTENT for values in delivered.values())
    return ReadBack(*counts, len(delivered), verified, high)

"""Read the scores back by the CRM's own public API, as an outsider would, and compare."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from connector.records import Tier
from connector.services.context import Services
from connector.services.opening import open_adapter
from connector.services.writeback import holds
from connector.store import events, outbox, records

_BATCH = 100


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
    adapter = open_adapter(services, connection_id)
    with services.store.reading() as session:
        delivered = outbox.delivered_of(session, connection_id)
        counts = (records.count_open(session, connection_id), events.count(session, connection_id))
    ids = list(delivered)
    verified = 0
    for start in range(0, len(ids), _BATCH):
        chunk = ids[start : start + _BATCH]
        held = adapter.read_scores(chunk)
        verified += sum(holds(adapter, delivered[item], held.get(item, {})) for item in chunk)
    high = sum(values["tier"] == Tier.HIGH_INTENT for values in delivered.values())
    return ReadBack(*counts, len(delivered), verified, high)

"""Reading streams to their end, and what was learned from them, in a comparable form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from connector.adapters.contract import CrmAdapter
from connector.records import Company, Conversion, Cursor, EngagementEvent, Page, PropertyChange, Record, Retraction


@dataclass
class Facts:
    """The state that pages leave behind, newest wins, as the store keeps it."""

    records: dict[str, Record] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=dict)
    changes: set[PropertyChange] = field(default_factory=set)
    events: dict[tuple[str, str], EngagementEvent] = field(default_factory=dict)
    conversions: dict[tuple[str, str], Conversion] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)

    def learn(self, pages: Iterable[Page]) -> Facts:
        """Add pages in their order."""
        for page in pages:
            assert not page.rejections
            self.records |= {record.record_id: record for record in page.records}
            self.companies |= {company.company_id: company for company in page.companies}
            self.changes |= set(page.changes)
            self.events |= {(event.source, event.source_id): event for event in page.events}
            for gone in page.retractions:
                self._retract(gone)
            self.conversions |= {(item.source, item.source_id): item for item in page.conversions}
            self.removed |= {removal.record_id for removal in page.removals}
            self.merged |= {item.record_id: item.merged_into for item in page.removals if item.merged_into}
        return self

    def _retract(self, gone: Retraction) -> None:
        for source, source_id in list(self.conversions):
            if source == gone.source and f"{source_id}:".startswith(f"{gone.object_id}:"):
                del self.conversions[source, source_id]

    def standing(self, without: Iterable[str | None] = ()) -> tuple[object, ...]:
        """Return what is known of those that were not removed, and are not among ``without``."""
        gone = self.removed.union(without)
        return (
            {key: record for key, record in self.records.items() if key not in gone},
            {change for change in self.changes if change.record_id not in gone and not change.observed},
            {key: value for key, (_, value) in self._newest().items() if key[0] not in gone},
            {key: event for key, event in self.events.items() if event.record_id not in gone},
            {key: item for key, item in self.conversions.items() if item.record_id not in gone},
            self.companies,
        )

    def _newest(self) -> dict[tuple[str, str], tuple[datetime, str | None]]:
        """Return (record, field) → the newest change or sighting: as in the store, the same value again is none."""
        known = sorted(self.changes, key=lambda item: (item.at, item.observed))
        return {(item.record_id, item.name): (item.at, item.value) for item in known}

    def happened_to(self, record_id: str) -> set[tuple[str, str, datetime]]:
        """Return what happened to a person, merged ones included."""
        return {
            (event.source, event.kind, event.at)
            for event in self.events.values()
            if event.record_id is not None and self.merged.get(event.record_id, event.record_id) == record_id
        }


def pages_of(adapter: CrmAdapter, stream: str, cursor: Cursor | None = None) -> Iterator[Page]:
    """Yield the pages of a stream until it is drained; cursors go through JSON as in the store."""
    for _ in range(500):
        page = adapter.read_page(stream, cursor)
        yield page
        if page.drained:
            return
        cursor = json.loads(json.dumps(dict(page.cursor)))
    raise AssertionError(f"{stream} never ends")


def read_all(adapter: CrmAdapter) -> dict[str, list[Page]]:
    """Read every stream from its beginning."""
    return {stream.name: list(pages_of(adapter, stream.name)) for stream in adapter.streams()}


def read_on(adapter: CrmAdapter, before: dict[str, list[Page]]) -> dict[str, list[Page]]:
    """Read every stream on from where it was drained."""
    return {name: list(pages_of(adapter, name, pages[-1].cursor)) for name, pages in before.items()}


def facts_of(*readings: dict[str, list[Page]]) -> Facts:
    """Return what readings left behind."""
    facts = Facts()
    for reading in readings:
        for pages in reading.values():
            facts.learn(pages)
    return facts

"""What a page is put together from, the same for every vendor."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.records import (
    Company,
    Conversion,
    Cursor,
    EngagementEvent,
    Page,
    PropertyChange,
    Record,
    Rejection,
    Removal,
    Retraction,
)


@dataclass(slots=True)
class Pieces:
    """What one page is put together from."""

    records: list[Record] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    changes: list[PropertyChange] = field(default_factory=list)
    events: list[EngagementEvent] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)
    retractions: list[Retraction] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def reject(self, stream: str, vendor_id: object, reason: object) -> None:
        """Count one thing that could not be read; its neighbours stay."""
        self.rejections.append(Rejection(stream, str(vendor_id or "unknown"), str(reason)))

    def page(self, cursor: Cursor, *, drained: bool, expected: int | None = None) -> Page:
        """Return the page."""
        return Page(
            cursor,
            drained,
            records=tuple(self.records),
            companies=tuple(self.companies),
            changes=tuple(self.changes),
            events=tuple(self.events),
            conversions=tuple(self.conversions),
            retractions=tuple(self.retractions),
            removals=tuple(self.removals),
            rejections=tuple(self.rejections),
            expected=expected,
        )

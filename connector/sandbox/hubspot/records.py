"""Records of one object type: values, history, the lists in order of id, and the lagging search index.

All times are epoch milliseconds. Values are strings; an unset one is absent.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

HISTORY_DEPTH = {"contacts": 45}
OTHER_HISTORY_DEPTH = 20
"""How many versions of a value are kept, as commonly observed on live accounts."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who changed a value."""

    source_type: str
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A value that a property took; empty: it was cleared."""

    value: str
    at_ms: int
    origin: Origin


@dataclass(slots=True)
class CrmObject:
    """One record. ``properties`` is replaced, never mutated: the search index keeps older ones."""

    object_id: int
    properties: Mapping[str, str]
    created_ms: int
    updated_ms: int
    history: dict[str, list[Version]] = field(default_factory=dict)
    archived_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """A record as the search index last saw it."""

    object_id: int
    properties: Mapping[str, str]
    created_ms: int
    updated_ms: int


class ObjectTable:
    """All records of one type in one account."""

    def __init__(self, object_type: str, index_lag_ms: int) -> None:
        self.object_type = object_type
        self.live: dict[int, CrmObject] = {}
        self.archived: dict[int, CrmObject] = {}
        self.live_ids: list[int] = []
        self.merged_into: dict[int, int] = {}
        self.id_by_email: dict[str, int] = {}
        self._index: dict[int, Indexed] = {}
        self._indexed_ids: list[int] = []
        self._pending: deque[tuple[int, int, Indexed | None]] = deque()
        self._lag_ms = index_lag_ms

    @property
    def modified_name(self) -> str:
        """The property that holds the time of the last change."""
        return "lastmodifieddate" if self.object_type == "contacts" else "hs_lastmodifieddate"

    def find(self, object_id: int) -> CrmObject | None:
        """Return a live record; an id that was merged away gives the surviving one."""
        while object_id in self.merged_into:
            object_id = self.merged_into[object_id]
        return self.live.get(object_id)

    def add(self, record: CrmObject, now_ms: int) -> None:
        """Keep a new record and tell the index, which will see it after its lag."""
        self.live[record.object_id] = record
        insort(self.live_ids, record.object_id)
        self._learn_email(record)
        self._schedule(record, now_ms)

    def load(self, records: list[CrmObject]) -> None:
        """Keep records that were there before the sandbox began: indexed at once."""
        for record in records:
            self.live[record.object_id] = record
            self._learn_email(record)
            self._index[record.object_id] = _seen(record)
        self.live_ids = sorted(self.live)
        self._indexed_ids = sorted(self._index)

    def change(self, record: CrmObject, changes: Mapping[str, str], origin: Origin, now_ms: int) -> dict[str, str]:
        """Give properties new values; return those that really changed (empty: cleared)."""
        real = {name: value for name, value in changes.items() if record.properties.get(name, "") != value}
        if not real:
            return {}
        for name, value in real.items():
            self._remember(record, name, Version(value, now_ms, origin))
        merged = {**record.properties, **real}
        record.properties = {name: value for name, value in merged.items() if value != ""}
        record.updated_ms = now_ms
        if "email" in real:
            self._forget_email(record)
            self._learn_email(record)
        self._schedule(record, now_ms)
        return real

    def touch(self, record: CrmObject, now_ms: int) -> None:
        """Date a record's last change without changing a value."""
        record.updated_ms = now_ms
        self._schedule(record, now_ms)

    def archive(self, record: CrmObject, now_ms: int) -> None:
        """Move a record to the recycle bin."""
        self.remove(record, now_ms)
        record.archived_ms = now_ms
        self.archived[record.object_id] = record

    def restore(self, record: CrmObject, now_ms: int) -> None:
        """Take a record out of the recycle bin."""
        del self.archived[record.object_id]
        record.archived_ms = None
        record.updated_ms = now_ms
        self.add(record, now_ms)

    def remove(self, record: CrmObject, now_ms: int) -> None:
        """Take a record away for good."""
        del self.live[record.object_id]
        self.live_ids.remove(record.object_id)
        self._forget_email(record)
        self._pending.append((now_ms + self._lag_ms, record.object_id, None))

    def page_ids(self, after: int, limit: int) -> list[int]:
        """Return up to ``limit`` live ids greater than ``after``."""
        start = bisect_right(self.live_ids, after)
        return self.live_ids[start : start + limit]

    def versions(self, record: CrmObject, name: str) -> list[Version]:
        """Return a property's history, newest first; an unchanged value dates from creation."""
        kept = record.history.get(name)
        if kept is not None:
            return kept
        value = record.properties.get(name)
        return [Version(value, record.created_ms, Origin("IMPORT"))] if value is not None else []

    def indexed(self, now_ms: int) -> tuple[list[int], Mapping[int, Indexed]]:
        """Return what search sees at ``now_ms``: ids in order, and records as indexed."""
        while self._pending and self._pending[0][0] <= now_ms:
            _, object_id, seen = self._pending.popleft()
            self._settle(object_id, seen)
        return self._indexed_ids, self._index

    def _settle(self, object_id: int, seen: Indexed | None) -> None:
        known = object_id in self._index
        if seen is None:
            if known:
                del self._index[object_id]
                self._indexed_ids.remove(object_id)
            return
        self._index[object_id] = seen
        if not known:
            insort(self._indexed_ids, object_id)

    def _schedule(self, record: CrmObject, now_ms: int) -> None:
        self._pending.append((now_ms + self._lag_ms, record.object_id, _seen(record)))

    def _remember(self, record: CrmObject, name: str, version: Version) -> None:
        earlier = self.versions(record, name)
        depth = HISTORY_DEPTH.get(self.object_type, OTHER_HISTORY_DEPTH)
        record.history[name] = [version, *earlier][:depth]

    def _learn_email(self, record: CrmObject) -> None:
        for address in addresses(record):
            self.id_by_email[address] = record.object_id

    def _forget_email(self, record: CrmObject) -> None:
        for address in [key for key, owner in self.id_by_email.items() if owner == record.object_id]:
            del self.id_by_email[address]


def addresses(record: CrmObject) -> list[str]:
    """Return a contact's addresses in lower case, those of merged contacts included."""
    joined = f"{record.properties.get('email', '')};{record.properties.get('hs_additional_emails', '')}"
    return [part.strip().lower() for part in joined.split(";") if part.strip()]


def _seen(record: CrmObject) -> Indexed:
    return Indexed(record.object_id, record.properties, record.created_ms, record.updated_ms)

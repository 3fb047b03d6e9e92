"""Records of one object: what is true, and what queries see of it so far.

A transaction stamps its records when it runs and is seen when it commits, which may be later
and in another order. Values are replaced as a whole, never changed: what was seen stays as it was.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Mapping

from connector.sandbox.salesforce.schema import ObjectDef, Values


class Table:
    """All records of one object."""

    def __init__(self, definition: ObjectDef) -> None:
        self.definition = definition
        self.rows: dict[str, Values] = {}
        self._seen: dict[str, Values] = {}
        self._seen_number: dict[str, int] = {}
        self._pending: list[tuple[int, int, str, Values | None]] = []
        self._numbers = itertools.count(1)
        self._order: list[tuple[int, str]] | None = None
        self._referring: dict[str, dict[str, list[str]]] = {}

    def put(self, row_id: str, values: Values, visible_ms: int) -> None:
        """Keep a record's new values; queries see them from ``visible_ms``."""
        self.rows[row_id] = values
        heapq.heappush(self._pending, (visible_ms, next(self._numbers), row_id, values))

    def remove(self, row_id: str, visible_ms: int) -> None:
        """Take a record away for good, out of the recycle bin too."""
        self.rows.pop(row_id, None)
        heapq.heappush(self._pending, (visible_ms, next(self._numbers), row_id, None))

    def load(self, rows: Iterable[tuple[str, Values]]) -> None:
        """Keep records that were there before the sandbox began: seen at once."""
        for row_id, values in rows:
            self.rows[row_id] = values
            self._seen[row_id] = values
        self._changed()

    def seen(self, now_ms: int) -> Mapping[str, Values]:
        """Return what queries see at ``now_ms``, deleted records included."""
        while self._pending and self._pending[0][0] <= now_ms:
            self._settle(*heapq.heappop(self._pending)[1:])
        return self._seen

    def by_stamp(self, now_ms: int) -> list[tuple[int, str]]:
        """Return (stamp, id) of what queries see, in order."""
        seen = self.seen(now_ms)
        if self._order is None:
            name = self.definition.stamp
            self._order = sorted((_number(values.get(name)), row_id) for row_id, values in seen.items())
        return self._order

    def referring(self, name: str, now_ms: int) -> Mapping[str, list[str]]:
        """Return the ids of the records that queries see, by the id that a reference field of theirs holds."""
        seen = self.seen(now_ms)
        if name not in self._referring:
            found: dict[str, list[str]] = {}
            for row_id, values in seen.items():
                found.setdefault(str(values.get(name)), []).append(row_id)
            self._referring[name] = found
        return self._referring[name]

    def _changed(self) -> None:
        self._order = None
        self._referring.clear()

    def _settle(self, number: int, row_id: str, values: Values | None) -> None:
        if number < self._seen_number.get(row_id, 0):
            return  # A later change of the record committed first.
        self._seen_number[row_id] = number
        self._changed()
        if values is None:
            self._seen.pop(row_id, None)
        else:
            self._seen[row_id] = values


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0

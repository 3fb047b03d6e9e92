"""Associations between records, both ways, with HubSpot's type ids.

Type ids as published under "associate records" in HubSpot's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TYPE_IDS: Mapping[tuple[str, str], int] = {
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("contacts", "deals"): 4,
    ("deals", "contacts"): 3,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("contacts", "calls"): 193,
    ("calls", "contacts"): 194,
    ("contacts", "emails"): 197,
    ("emails", "contacts"): 198,
    ("contacts", "meetings"): 199,
    ("meetings", "contacts"): 200,
    ("contacts", "notes"): 201,
    ("notes", "contacts"): 202,
    ("contacts", "tasks"): 203,
    ("tasks", "contacts"): 204,
}
PRIMARY: Mapping[tuple[str, str], int] = {
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
}
"""The extra type of a primary company."""

Targets = dict[int, frozenset[int]]
"""Target id → the type ids that lead to it."""


class Links:
    """Every association of one account."""

    def __init__(self) -> None:
        self._targets: dict[tuple[str, str], dict[int, Targets]] = {pair: {} for pair in TYPE_IDS}

    def knows(self, from_type: str, to_type: str) -> bool:
        """Tell whether such associations exist at all."""
        return (from_type, to_type) in self._targets

    def add(self, from_type: str, from_id: int, to_type: str, to_id: int, *, primary: bool = False) -> None:
        """Associate two records, in both directions."""
        self._add_one((from_type, to_type), from_id, to_id, primary)
        self._add_one((to_type, from_type), to_id, from_id, primary)

    def targets(self, from_type: str, from_id: int, to_type: str) -> Sequence[tuple[int, frozenset[int]]]:
        """Return (target id, type ids), in order of id."""
        return sorted(self._targets[from_type, to_type].get(from_id, {}).items())

    def forget(self, object_type: str, object_id: int) -> None:
        """Remove every association of a record."""
        for (from_type, to_type), table in self._targets.items():
            if from_type == object_type:
                for target in table.pop(object_id, {}):
                    self._targets[to_type, from_type].get(target, {}).pop(object_id, None)

    def move(self, object_type: str, from_id: int, to_id: int) -> None:
        """Give a record's associations to another, as a merge does; the other's primary company stays."""
        for (from_type, to_type), table in self._targets.items():
            if from_type == object_type:
                for target in list(table.get(from_id, {})):
                    self.add(object_type, to_id, to_type, target)
        self.forget(object_type, from_id)

    def _add_one(self, pair: tuple[str, str], from_id: int, to_id: int, primary: bool) -> None:
        types = {TYPE_IDS[pair]} | ({PRIMARY[pair]} if primary and pair in PRIMARY else set())
        targets = self._targets[pair].setdefault(from_id, {})
        targets[to_id] = targets.get(to_id, frozenset()) | types

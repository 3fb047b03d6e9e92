"""A figure as people read it: what it is, since when, and how many leads are behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Unit(StrEnum):
    """What a number is in."""

    SHARE = "share"
    DAYS = "days"
    HOURS = "hours"
    COUNT = "count"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Line:
    """One number over ``leads`` leads, or the sentence ``missing`` that says why there is none.

    ``value`` is a share from 0 to 1, a time or a count; money is ``amount`` in ``currency``. ``low`` and ``high`` are a
    share's 95 % interval, or the quartiles of times.
    """

    label: str
    unit: Unit
    leads: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    amount: Decimal | None = None
    currency: str | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure with its lines. ``says`` tells what is counted, ``note`` what it can't tell; ``since`` is the first day
    of what it looks at, None where that is only today."""

    key: str
    title: str
    says: str
    since: datetime | None
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class KpiReport:
    """All figures of a tenant as of ``made_at``. ``weeks``: leads new in the High-Intent band by (week's first day,
    leads), oldest first; ``capacity`` is what the team takes a week."""

    made_at: datetime
    capacity: int
    kpis: tuple[Kpi, ...]
    weeks: tuple[tuple[datetime, int], ...] = ()
    note: str = ""

    def find(self, key: str) -> Kpi | None:
        """Return a figure by its key."""
        return next((kpi for kpi in self.kpis if kpi.key == key), None)

    def to_json(self) -> dict[str, Any]:
        """Plain values: times in ISO 8601, money as text."""
        return _plain(asdict(self))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> KpiReport:
        """What :meth:`to_json` wrote."""
        return cls(
            made_at=datetime.fromisoformat(data["made_at"]),
            capacity=data["capacity"],
            kpis=tuple(_kpi(item) for item in data["kpis"]),
            weeks=tuple((datetime.fromisoformat(day), leads) for day, leads in data["weeks"]),
            note=data["note"],
        )


def _kpi(data: Mapping[str, Any]) -> Kpi:
    since = data["since"]
    made = Kpi(**{**data, "since": datetime.fromisoformat(since) if since else None, "lines": ()})
    return replace(made, lines=tuple(_line(item) for item in data["lines"]))


def _line(data: Mapping[str, Any]) -> Line:
    amount = data["amount"]
    return Line(**{**data, "unit": Unit(data["unit"]), "amount": None if amount is None else Decimal(amount)})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | StrEnum) else value

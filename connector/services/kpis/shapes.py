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
class Cost:
    """What a channel's leads of the ``months`` for which spend was entered in a ``currency`` cost and brought.

    ``per_conversion`` has the ends of its interval beside it (``cheapest``, ``dearest``), which follow from the rate's;
    None of all three, and of ``per_lead``, where too few leads are behind them. ``brought`` is in the same currency.
    """

    currency: str
    months: int
    spent: Decimal
    leads: int
    converted: int
    brought: Decimal
    per_lead: Decimal | None = None
    per_conversion: Decimal | None = None
    cheapest: Decimal | None = None
    dearest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's leads whose time is over: how many converted (``rate`` with its 95 % interval, None of too few),
    what these brought by currency, and what they cost, by currency."""

    name: str
    leads: int
    converted: int
    rate: float | None
    low: float | None
    high: float | None
    brought: tuple[tuple[str, Decimal], ...]
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class Channels:
    """All channels over whole months from ``first`` to ``last`` (such as 2026-02); None where no month is over.

    ``young``: leads of later months, whose time is not over; ``unpriced``: conversions without an amount.
    """

    first: str | None
    last: str | None
    young: int
    unpriced: int
    rows: tuple[Channel, ...]


NO_CHANNELS = Channels(None, None, 0, 0, ())


@dataclass(frozen=True, slots=True)
class KpiReport:
    """All figures of a tenant as of ``made_at``. ``weeks``: leads new in the High-Intent band by (week's first day,
    leads), oldest first; ``capacity`` is what the team takes a week. ``reached``:
    leads that newly reached each whole score from 0 to 100 in these weeks. Reports of earlier releases have neither
    that nor ``channels``."""

    made_at: datetime
    capacity: int
    kpis: tuple[Kpi, ...]
    weeks: tuple[tuple[datetime, int], ...] = ()
    note: str = ""
    channels: Channels = NO_CHANNELS
    reached: tuple[int, ...] = ()

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
            channels=_channels(data["channels"]) if data.get("channels") else NO_CHANNELS,
            reached=tuple(data.get("reached") or ()),
        )


def _channels(data: Mapping[str, Any]) -> Channels:
    return Channels(**{**data, "rows": tuple(_channel(row) for row in data["rows"])})


def _channel(data: Mapping[str, Any]) -> Channel:
    brought = tuple((currency, Decimal(amount)) for currency, amount in data["brought"])
    return Channel(**{**data, "brought": brought, "costs": tuple(_cost(cost) for cost in data["costs"])})


_PRICES = ("spent", "brought", "per_lead", "per_conversion", "cheapest", "dearest")


def _cost(data: Mapping[str, Any]) -> Cost:
    return Cost(**{**data, **{name: Decimal(data[name]) if data[name] is not None else None for name in _PRICES}})


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

"""Months and quarters in UTC, and the part of one that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

_SECOND = timedelta(microseconds=1)


class Months(IntEnum):
    """How many months a period has."""

    MONTH = 1
    QUARTER = 3


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` to ``end``, which is not in it. ``name`` sorts by time, such as 2026-01, 2026-Q1, or 2026-Q1 to
    2026-02-11 for one that was not over."""

    name: str
    start: datetime
    end: datetime

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Both ends."""
        return self.start, self.end

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day of it, as ISO dates."""
        return self.start.date().isoformat(), (self.end - _SECOND).date().isoformat()

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.start:%-d %b %Y} to {self.end - _SECOND:%-d %b %Y}"


def last(months: Months, now: datetime) -> Period:
    """Return the newest whole period that is over."""
    end = _start(months, now)
    start = _start(months, end - _SECOND)
    return Period(_name(months, start), start, end)


def so_far(months: Months, now: datetime) -> Period:
    """Return the part of the running period that is over by now, under a name of its own each day."""
    start = _start(months, now)
    return Period(f"{_name(months, start)} to {now:%Y-%m-%d}", start, now)


def begins_next(months: Months, now: datetime) -> datetime:
    """Return when the next period begins."""
    return _start(months, _start(months, now) + timedelta(days=31 * months))


def _start(months: Months, at: datetime) -> datetime:
    month = (at.month - 1) // months * months + 1
    return at.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0)


def _name(months: Months, start: datetime) -> str:
    return f"{start:%Y-%m}" if months is Months.MONTH else f"{start:%Y}-Q{(start.month + 2) // 3}"

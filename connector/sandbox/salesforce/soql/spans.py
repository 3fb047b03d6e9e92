"""Date literals such as ``TODAY`` and ``LAST_N_DAYS:30``: whole days in the running user's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connector.sandbox.clock import to_ms
from connector.sandbox.salesforce.soql.tree import Span


def _month(today: date, months: int) -> date:
    whole = today.year * 12 + today.month - 1 + months
    return date(whole // 12, whole % 12 + 1, 1)


def _days(first: int, end: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today + timedelta(first), today + timedelta(end))


NAMED: dict[str, Callable[[date], tuple[date, date]]] = {
    "yesterday": _days(-1, 0),
    "today": _days(0, 1),
    "tomorrow": _days(1, 2),
    "last_90_days": _days(-90, 1),
    "this_month": lambda today: (_month(today, 0), _month(today, 1)),
    "last_month": lambda today: (_month(today, -1), _month(today, 0)),
    "this_year": lambda today: (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    "last_year": lambda today: (date(today.year - 1, 1, 1), date(today.year, 1, 1)),
}
COUNTED: dict[str, Callable[[date, int], tuple[date, date]]] = {
    "last_n_days": lambda today, number: (today - timedelta(number), today + timedelta(1)),
    "next_n_days": lambda today, number: (today + timedelta(1), today + timedelta(number + 1)),
}


def span(word: str, now: datetime, zone: str) -> Span | None:
    """Return the days that a literal in lower case names; None: it is none."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    name, _, number = word.partition(":")
    try:
        if number:
            first, end = COUNTED[name](today, int(number))
        else:
            first, end = NAMED[name](today)
    except (KeyError, OverflowError):
        return None
    begin, over = (to_ms(datetime(each.year, each.month, each.day, tzinfo=place)) for each in (first, end))
    return Span(first.isoformat(), end.isoformat(), begin, over)

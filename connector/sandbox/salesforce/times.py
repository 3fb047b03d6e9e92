"""Times on Salesforce's wire. Inside they are epoch milliseconds of whole seconds; days are ``YYYY-MM-DD``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
SECOND_MS = 1000
DAY_MS = 86_400_000
EARLIEST_MS, LATEST_MS = -62_135_596_800_000, 253_402_300_799_000


def rest(ms: int) -> str:
    """Return a time as REST answers write it: ``2026-11-23T04:30:38.000+0000``."""
    return f"{_text(ms)}.000+0000"


def bulk(ms: int) -> str:
    """Return a time as bulk results write it: ``2026-11-23T04:30:38.000Z``."""
    return f"{_text(ms)}.000Z"


def _text(ms: int) -> str:
    # Not strftime: it writes years before 1000 without their zeros.
    return datetime.fromtimestamp(ms // SECOND_MS, UTC).replace(tzinfo=None).isoformat()


def day_of(ms: int) -> str:
    """Return a time's day in UTC."""
    return _text(ms)[:10]


def moment(text: str) -> int | None:
    """Return a time with its zone in milliseconds, seconds whole; None: it is none."""
    found = MOMENT.fullmatch(text)
    if found is None:
        return None
    zone = found[3] if found[3] == "Z" or ":" in found[3] else f"{found[3][:3]}:{found[3][3:]}"
    try:
        read = int(datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}").timestamp()) * SECOND_MS
    except (ValueError, OverflowError):
        return None
    return min(max(read, EARLIEST_MS), LATEST_MS)


def day(text: str) -> str | None:
    """Return a day as it is written; None: it is none."""
    if not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def midnight(text: str) -> int:
    """Return the beginning of a day, in UTC, in milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_MS

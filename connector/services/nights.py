"""When a tenant's night is: work that can wait is done while its people sleep.

Each tenant has a place of its own in the night, by a hash of its id, so that thousands of
them in one time zone do not start at once.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

BEGINS = time(1)
"""Local time: the old day's events have arrived, and hours are left before the first rep looks."""

LASTS = timedelta(hours=4)


def place_of(tenant_id: UUID, within: timedelta) -> timedelta:
    """Return the tenant's place in a stretch of time: always the same, and even over all tenants."""
    number = int.from_bytes(hashlib.sha256(tenant_id.bytes).digest()[:8], "big")
    return within * (number / 2**64)


def next_night(tenant_id: UUID, time_zone: str, after: datetime) -> datetime:
    """Return the tenant's first place in a night that is later than ``after``; an unknown ``time_zone`` is UTC."""
    zone = _zone(time_zone)
    place = place_of(tenant_id, LASTS)
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        # Added in UTC: where clocks are put forward, a local hour may not be there.
        found = datetime.combine(day, BEGINS, zone).astimezone(UTC) + place
        if found > after:
            return found
        day += timedelta(days=1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        # An unknown name is a KeyError, a path a ValueError, a folder's name an OSError.
        return ZoneInfo("UTC")

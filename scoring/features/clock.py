"""Counting actions by day, weekday and hour, over arrays of whole numbers: dates are too slow for millions."""

from __future__ import annotations

import numpy as np
import polars as pl

from scoring.features.tally import US_PER_DAY, Whole, places

US_PER_HOUR = 3_600_000_000
THURSDAY = 3
"""Weekday (Monday: 0) of the day from which times count."""
SATURDAY = 5
OFFICE_HOURS = (8, 18)


def busiest(events: pl.DataFrame, rows: pl.Series) -> Whole:
    """Events (row, at) of each row's fullest day, n."""
    day = _clock(events) // US_PER_DAY
    most = np.zeros(len(rows), dtype=np.int64)
    if not len(day):
        return most
    span = int(day.max() - day.min()) + 1
    cells, counts = np.unique(places(events["row"], rows) * span + (day - day.min()), return_counts=True)
    np.maximum.at(most, cells // span, counts)
    return most


def in_hours(events: pl.DataFrame, rows: pl.Series) -> tuple[Whole, Whole]:
    """Events (row, at: the clock on the wall) of each row in office hours, and on weekends."""
    clock, place = _clock(events), places(events["row"], rows)
    weekend = (clock // US_PER_DAY + THURSDAY) % 7 >= SATURDAY
    hour = clock % US_PER_DAY // US_PER_HOUR
    office = ~weekend & (hour >= OFFICE_HOURS[0]) & (hour < OFFICE_HOURS[1])
    first, second = (np.bincount(place[mask], minlength=len(rows)).astype(np.int64) for mask in (office, weekend))
    return first, second


def _clock(events: pl.DataFrame) -> Whole:
    return np.asarray(events["at"].cast(pl.Int64).to_numpy(), dtype=np.int64)

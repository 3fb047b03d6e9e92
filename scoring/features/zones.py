"""Time zones of leads, read from the values of whichever field holds them."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache

import polars as pl

ZONE_SHARE = 0.8
"""A field holds time zones when at least this share of its filled values names one."""
SPELLED_SLASH = "_slash_"
"""How some CRMs write the slash of a zone among the choices of a field."""
UTC_NAME = "UTC"


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    """Lower-case name → name, of the IANA zones."""
    return {name.lower(): name for name in sorted(zoneinfo.available_timezones())}


def zone(column: pl.Expr) -> pl.Expr:
    """The IANA zone that a text names (``Europe/Berlin``, ``europe_slash_berlin``), else null."""
    plain = column.str.strip_chars().str.to_lowercase().str.replace_all(SPELLED_SLASH, "/", literal=True)
    return plain.replace_strict(_known(), default=None, return_dtype=pl.String)


def holds_zones(values: pl.Series) -> bool:
    """Judge a field by its filled values, not by its name."""
    filled = values.drop_nulls().unique()
    if filled.is_empty():
        return False
    named = filled.to_frame("zone").select(zone(pl.col("zone")).is_not_null().mean()).item()
    return float(named) >= ZONE_SHARE


def local(frame: pl.DataFrame, time: str, zones: str) -> pl.DataFrame:
    """``frame`` with ``time`` as the clock on the wall in each row's zone (null: UTC), in the order of the rows."""
    clock = pl.col(time).dt.replace_time_zone(None)
    for name in sorted(frame[zones].drop_nulls().unique()):
        there = pl.col(time).dt.convert_time_zone(name).dt.replace_time_zone(None)
        clock = pl.when(pl.col(zones) == name).then(there).otherwise(clock)
    return frame.with_columns(clock.alias(time))

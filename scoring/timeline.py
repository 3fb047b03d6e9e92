"""A tenant's history cut at instants: the only door to raw events and values.

Nothing else in the package reads ``History.events`` or ``History.values`` for features. A *row* is
(row number, lead, as_of); what has a time is visible to a row only when that time is strictly
before the row's ``as_of``; an event that was learned of later, only when that is before it, too.
Values without a known time are assumed known from creation (the leakage guard tests that
assumption). A row whose ``as_of`` is null stands for "at intake" of a source that knows no dates: it
sees undated values and no event.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scoring.errors import HistoryError
from scoring.schema import (
    AMOUNTS,
    CONVERSIONS,
    EVENTS,
    EXCLUSIONS,
    KNOWN_AT,
    LEADS,
    READINGS,
    UTC_TIME,
    VALUES,
    History,
)

ROWS = pl.Schema({"row": pl.Int64(), "lead_id": pl.Int64(), "as_of": UTC_TIME})
"""One row a vector to be made; ``row`` counts 0…n-1."""

_EXPECTED = {
    "leads": LEADS,
    "values": VALUES,
    "events": EVENTS,
    "conversions": CONVERSIONS,
    "exclusions": EXCLUSIONS,
    "amounts": AMOUNTS,
    "readings": READINGS,
}


def checked(history: History) -> History:
    """Return ``history`` if its frames have the documented columns and types.

    Raises:
        HistoryError: naming the frame and the columns that differ.

    """
    for name, schema in _EXPECTED.items():
        frame: pl.DataFrame = getattr(history, name)
        wrong = [column for column, kind in schema.items() if frame.schema.get(column) != kind]
        if wrong:
            raise HistoryError(f"The frame '{name}' lacks or mistypes: {', '.join(wrong)}. See scoring.schema.")
    if history.events.schema.get(KNOWN_AT, UTC_TIME) != UTC_TIME:
        raise HistoryError(f"The frame 'events' mistypes: {KNOWN_AT}. See scoring.schema.")
    return history


class Timeline:
    """The history of all leads, readable only through rows. Independent of the input's row order."""

    def __init__(self, history: History) -> None:
        """Sort and index the frames of ``history``."""
        checked(history)
        self.fields = {field.name: field for field in history.fields}
        self._leads = history.leads.sort(LEADS.names(), nulls_last=True).unique(
            "lead_id", keep="first", maintain_order=True
        )
        self._events = _known(history.events.drop_nulls("at")).sort(EVENTS.names())
        self._from = KNOWN_AT if KNOWN_AT in self._events.columns else "at"
        self._values = history.values.sort("lead_id", "field", "known_at", "value")
        self._members = self._leads.drop_nulls("company_key")[["lead_id", "company_key", "created_at"]]

    def leads(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with what is fixed at creation: created_at, intake_order, company_key, email_kind."""
        return rows[ROWS.names()].join(self._leads, on="lead_id", how="left", maintain_order="left")

    def last(self, rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """The last value of each named field that was known before each row's ``as_of``: row, field, value, ago.

        One line a row and field that has a value; ``ago``: how long before it the field took it (null: not dated).
        """
        wanted = self._values.filter(pl.col("field").is_in(names)).with_columns(pl.col("field").cast(pl.Enum(names)))
        seen = rows[ROWS.names()].join(wanted, on="lead_id", maintain_order="left_right")
        seen = seen.filter(pl.col("known_at").is_null() | (pl.col("known_at") < pl.col("as_of")))
        # A field's undated value stands before the dated ones: what has a date came after.
        ago = (pl.col("as_of") - pl.col("known_at")).last().alias("ago")
        return seen.group_by("row", "field", maintain_order=True).agg(pl.col("value").last(), ago)

    def values(self, rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """The same values side by side.

        One line a row, in the order of ``rows``: ``row`` and a text column for every name.
        """
        return wide(self.last(rows, names), rows, names, "value")

    def events(self, rows: pl.DataFrame, actors: Sequence[str]) -> pl.DataFrame:
        """The events of each row's lead before its ``as_of``: row, at, kind, actor, detail, ago (a duration)."""
        seen = self._events.filter(pl.col("actor").is_in(actors))
        seen = rows[ROWS.names()].join(seen, on="lead_id", maintain_order="left_right")
        seen = seen.filter(pl.col(self._from) < pl.col("as_of"))
        return seen.select("row", "at", "kind", "actor", "detail", ago=pl.col("as_of") - pl.col("at"))

    def company_events(self, leads: pl.DataFrame, days: int) -> pl.DataFrame:
        """Lead-made events of each row's whole company in the ``days`` before ``as_of``: company_key, as_of, ago.

        ``leads`` are rows as ``leads`` gives them. Rows of one company at one ``as_of`` share their events, which stand
        there once. The row's own lead is included: callers subtract what is its own.
        """
        moments = leads.drop_nulls(["company_key", "as_of"])[["company_key", "as_of"]].unique(maintain_order=True)
        members = self._members[["lead_id", "company_key"]]
        acts = self._events.filter(pl.col("actor") == "lead").join(members, on="lead_id")
        acts = moments.join(acts[["company_key", *dict.fromkeys(("at", self._from))]], on="company_key")
        span = pl.duration(days=days)
        acts = acts.filter(pl.col(self._from) < pl.col("as_of"), pl.col("as_of") - pl.col("at") <= span)
        return acts.select("company_key", "as_of", ago=pl.col("as_of") - pl.col("at"))

    def colleagues(self, leads: pl.DataFrame) -> pl.DataFrame:
        """How many other leads of the row's company existed before its ``as_of``: row, colleagues.

        ``leads`` are rows as ``leads`` gives them.
        """
        spots = leads.drop_nulls(["company_key", "as_of", "created_at"])
        moments = spots[["company_key", "as_of"]].unique(maintain_order=True)
        members = self._members.select("company_key", born="created_at")
        pairs = moments.join(members, on="company_key").filter(pl.col("born") < pl.col("as_of"))
        counts = pairs.group_by("company_key", "as_of").agg(members=pl.len().cast(pl.Int64))
        own = (pl.col("created_at") < pl.col("as_of")).cast(pl.Int64)
        joined = spots.join(counts, on=["company_key", "as_of"])
        return joined.select("row", colleagues=pl.col("members") - own)

    def changes(self, names: Sequence[str]) -> pl.DataFrame:
        """All dated changes of the named fields, uncut: for the leakage guard alone, never for features."""
        wanted = self._values.filter(pl.col("field").is_in(names), pl.col("known_at").is_not_null())
        return wanted.join(self._leads.select("lead_id", "created_at"), on="lead_id")


def wide(last: pl.DataFrame, rows: pl.DataFrame, names: Sequence[str], what: str) -> pl.DataFrame:
    """``what`` (value or ago) of the lines of ``Timeline.last``: ``row`` and a column for every name, as ``rows``."""
    found = last.pivot(on="field", index="row", values=what, aggregate_function="last")
    missing = [pl.lit(None, last.schema[what]).alias(name) for name in names if name not in found.columns]
    found = found.with_columns(missing).select("row", *names)
    return rows[["row"]].join(found, on="row", how="left", maintain_order="left")


def _known(events: pl.DataFrame) -> pl.DataFrame:
    """Give each event the time from which it counts: never before it happened. Without such times nothing is added."""
    if KNOWN_AT not in events.columns:
        return events[EVENTS.names()]
    return events.select(*EVENTS.names(), pl.max_horizontal("at", KNOWN_AT).alias(KNOWN_AT))

"""Files → :class:`~scoring.schema.History`: leads, their fields, events and outcomes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from scoring.errors import FileError
from scoring.schema import (
    AMOUNTS,
    CONVERSIONS,
    EVENTS,
    EXCLUSIONS,
    LEADS,
    UTC_TIME,
    VALUES,
    Field,
    FieldType,
    History,
    Knowledge,
    Timing,
)
from scoring.standalone.declared import applied, declared
from scoring.standalone.reading import Table, table

KNOWN = ("lead_id", "created_at", "company_key", "email_kind")
TRUE = ("1", "true", "yes", "y", "t", "won", "converted")
WRONG_ACTOR = "actor is none of lead, seller, machine"


@dataclass(frozen=True, slots=True)
class Sources:
    """Which files and columns there are.

    ``label``: a column of the leads that says whether they converted, ``label_date`` one that says when. ``intake``:
    columns that are fixed at creation; ``ignored``: columns that no model may see; ``fields``: a file that says more.
    """

    leads: Path
    events: Path | None = None
    values: Path | None = None
    conversions: Path | None = None
    label: str | None = None
    label_date: str | None = None
    intake: Sequence[str] = ()
    ignored: Sequence[str] = ()
    fields: Path | None = None
    assume_utc: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A history with its leads' own ids: ``ids[n]`` is the id of lead ``n``."""

    history: History
    ids: pl.Series
    timing: Timing
    newest: datetime


def load(sources: Sources) -> Loaded:
    """Read all files; raise ``FileError`` naming file, column and row of what is wrong."""
    leads = table(sources.leads)
    ids = leads.ids()
    if ids.n_unique() < len(ids):
        row = int(ids.is_first_distinct().not_().arg_true()[0]) + 1
        raise FileError(f"{leads.name}: row {row} repeats the lead '{ids[row - 1]}'.")
    numbers = pl.DataFrame({"id": ids, "lead_id": pl.int_range(len(ids), eager=True)})
    frames = {
        "leads": _leads(leads, sources),
        "values": _values(leads, sources, numbers),
        "events": _events(sources, numbers),
        "conversions": _conversions(leads, sources, numbers),
        "amounts": _amounts(sources, numbers),
    }
    fields = _fields(leads, sources, set(frames["values"]["field"].unique()))
    history = History(**frames, exclusions=pl.DataFrame(schema=EXCLUSIONS), fields=fields)
    return Loaded(history, ids, _timing(history), _newest(history))


def _leads(leads: Table, sources: Sources) -> pl.DataFrame:
    count = leads.rows.height
    dated = "created_at" in leads.rows.columns
    created = leads.times("created_at", assume_utc=sources.assume_utc) if dated else None
    return pl.DataFrame(
        {
            "lead_id": pl.int_range(count, eager=True),
            "created_at": created if created is not None else pl.Series([None] * count, dtype=UTC_TIME),
            "intake_order": pl.Series([None] * count, dtype=pl.Int64) if dated else pl.int_range(count, eager=True),
            "company_key": leads.text("company_key"),
            "email_kind": leads.text("email_kind"),
        },
        schema=LEADS,
    )


def _field_columns(leads: Table, sources: Sources) -> list[str]:
    outcome = {sources.label, sources.label_date}
    return [name for name in leads.rows.columns if name not in KNOWN and name not in outcome]


def _values(leads: Table, sources: Sources, numbers: pl.DataFrame) -> pl.DataFrame:
    undated = [
        pl.DataFrame(
            {
                "lead_id": numbers["lead_id"],
                "field": pl.Series([name] * numbers.height, dtype=pl.String),
                "value": leads.rows[name].cast(pl.String),
                "known_at": pl.Series([None] * numbers.height, dtype=UTC_TIME),
            },
            schema=VALUES,
        )
        for name in _field_columns(leads, sources)
    ]
    parts = [frame.drop_nulls("value") for frame in undated]
    if sources.values is not None:
        found = table(sources.values)
        for name in ("field", "value", "known_at"):
            found.require(name, "a value has lead_id, field, value and known_at")
        known_at = found.times("known_at", assume_utc=sources.assume_utc)
        dated = pl.DataFrame({"field": found.text("field"), "value": found.text("value"), "known_at": known_at})
        parts.append(_numbered(found, dated, numbers).select(VALUES.names()))
    return pl.concat(parts) if parts else pl.DataFrame(schema=VALUES)


def _events(sources: Sources, numbers: pl.DataFrame) -> pl.DataFrame:
    if sources.events is None:
        return pl.DataFrame(schema=EVENTS)
    found = table(sources.events)
    for name in ("at", "kind"):
        found.require(name, "an event has lead_id, at and kind")
    actor = found.text("actor", "lead").fill_null("lead")
    wrong = ~actor.is_in(["lead", "seller", "machine"])
    if wrong.any():
        raise FileError(f"{found.name}: row {int(wrong.arg_true()[0]) + 1}: {WRONG_ACTOR}.")
    at = found.times("at", assume_utc=sources.assume_utc)
    events = pl.DataFrame({"at": at, "kind": found.text("kind"), "actor": actor, "detail": found.text("detail")})
    return _numbered(found, events, numbers).select(EVENTS.names()).drop_nulls(["at", "kind"])


def _conversions(leads: Table, sources: Sources, numbers: pl.DataFrame) -> pl.DataFrame:
    if sources.conversions is not None:
        found = table(sources.conversions)
        dated = "at" in found.rows.columns
        at = found.times("at", assume_utc=sources.assume_utc) if dated else _never(found.rows.height)
        return _numbered(found, pl.DataFrame({"at": at}), numbers).select(CONVERSIONS.names())
    if sources.label is None:
        return pl.DataFrame(schema=CONVERSIONS)
    leads.require(sources.label, "--label names a column of the leads")
    won = leads.text(sources.label).str.strip_chars().str.to_lowercase().is_in(list(TRUE)).fill_null(False)
    at = _never(numbers.height)
    if sources.label_date is not None:
        leads.require(sources.label_date, "--label-date names a column of the leads")
        at = leads.times(sources.label_date, assume_utc=sources.assume_utc)
    return pl.DataFrame({"lead_id": numbers["lead_id"], "at": at}, schema=CONVERSIONS).filter(won)


def _amounts(sources: Sources, numbers: pl.DataFrame) -> pl.DataFrame:
    """Amounts of the conversions' file, in hundredths."""
    found = table(sources.conversions) if sources.conversions is not None else None
    if found is None or "amount" not in found.rows.columns:
        return pl.DataFrame(schema=AMOUNTS)
    at = found.times("at", assume_utc=sources.assume_utc) if "at" in found.rows.columns else _never(found.rows.height)
    known = pl.DataFrame({"at": at, "amount": found.hundredths("amount"), "currency": found.text("currency")})
    return _numbered(found, known, numbers).select(AMOUNTS.names()).drop_nulls("amount")


def _never(count: int) -> pl.Series:
    return pl.Series([None] * count, dtype=UTC_TIME)


def _numbered(found: Table, rows: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Give rows the number of their lead; raise ``FileError`` where there is no such lead."""
    joined = rows.with_columns(id=found.ids()).join(numbers, on="id", how="left", maintain_order="left")
    unknown = joined["lead_id"].is_null()
    if unknown.any():
        row = int(unknown.arg_true()[0]) + 1
        raise FileError(f"{found.name}: row {row} names '{joined['id'][row - 1]}', which is not among the leads.")
    return joined


def _fields(leads: Table, sources: Sources, named: Collection[str]) -> tuple[Field, ...]:
    columns = _field_columns(leads, sources)
    for option, names in (("--intake", sources.intake), ("--ignore", sources.ignored)):
        for name in names:
            if name not in columns and name not in named:
                raise FileError(f"{leads.name}: {option} names '{name}', which is no field.")
    dated = sorted(set(named) - set(columns))
    kinds = {name: _type(leads.rows.schema[name]) for name in columns} | dict.fromkeys(dated, FieldType.TEXT)
    found = {
        name: Field(name, name, kind, _knowledge(name, dated, sources), blocked=name in sources.ignored)
        for name, kind in sorted(kinds.items())
    }
    for name, said in declared(sources.fields).items():
        if name not in found:
            raise FileError(f"{leads.name}: --fields names '{name}', which is no field.")
        found[name] = applied(found[name], said, str(sources.fields))
    return tuple(found.values())


def _knowledge(name: str, dated: Collection[str], sources: Sources) -> Knowledge:
    if name in sources.intake:
        return Knowledge.INTAKE
    return Knowledge.DATED if name in dated else Knowledge.UNDATED


def _type(kind: pl.DataType) -> FieldType:
    if kind == pl.Boolean:
        return FieldType.BOOLEAN
    if kind.is_numeric():
        return FieldType.NUMBER
    # Text may hold numbers or choices: the features look at the values.
    return FieldType.DATE if kind.is_temporal() else FieldType.TEXT


def _timing(history: History) -> Timing:
    if history.leads["created_at"].null_count() == history.leads.height:
        return Timing.ORDERED
    undated = history.conversions["at"].null_count()
    return Timing.CREATED if undated and undated == history.conversions.height else Timing.DATED


def _newest(history: History) -> datetime:
    """Return the instant behind everything that the files date: their natural "now"."""
    columns = (history.leads["created_at"], history.events["at"], history.conversions["at"], history.values["known_at"])
    found = [newest for column in columns if isinstance(newest := column.max(), datetime)]
    return max(found, default=datetime(2000, 1, 1, tzinfo=UTC)) + timedelta(seconds=1)

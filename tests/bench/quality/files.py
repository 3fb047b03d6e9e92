"""The real data sets as histories. Nothing is copied: each is read from the folder that DATA names."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from scoring.dataset import snapshots
from scoring.population import numbered
from scoring.schema import (
    CONVERSIONS,
    EVENTS,
    EXCLUSIONS,
    LEADS,
    UTC_TIME,
    VALUES,
    Field,
    FieldType,
    Goal,
    History,
    Knowledge,
    Timing,
)
from scoring.splits import Split, time_split
from scoring.timeline import Timeline
from tests.bench.quality.cases import Case, rolling

ORDERED = Goal("Converted", Timing.ORDERED)
LATER = datetime(2030, 1, 1, tzinfo=UTC)
XEDUCATION_LEAKS = (
    "Tags",
    "Lead Quality",
    "Lead Profile",
    "Last Notable Activity",
    "Last Activity",
    "Asymmetrique Activity Index",
    "Asymmetrique Profile Index",
    "Asymmetrique Activity Score",
    "Asymmetrique Profile Score",
)
"""As the data set's own page lists them: set by sales after contact."""
CDNOW_CUTS = ("1997-06-30", "1997-07-31", "1997-08-31", "1997-09-30", "1997-12-31", "1998-03-31")
CDNOW_SHARE = 3
"""Every third customer, so that the rows stay below what a training takes."""


def ordered(name: str, table: pl.DataFrame, label: pl.Series, *, canary: bool = False) -> Case:
    """A case from rows in time order without any date: texts as fields, empty ones unknown."""
    ids = pl.Series(range(1, table.height + 1), dtype=pl.Int64)
    leads = leads_frame(ids, order=ids)
    texts = table.with_columns(lead_id=ids).unpivot(index="lead_id", variable_name="field", value_name="value")
    values = texts.drop_nulls("value").with_columns(known_at=pl.lit(None, UTC_TIME)).select(VALUES.names())
    fields = tuple(Field(column, column, FieldType.TEXT, Knowledge.INTAKE) for column in table.columns)
    won = ids.filter(label).to_frame("lead_id").with_columns(at=pl.lit(None, UTC_TIME))
    world = History(leads, values, pl.DataFrame(schema=EVENTS), won, pl.DataFrame(schema=EXCLUSIONS), fields)
    rows = snapshots(world, ORDERED, as_of=LATER, seed=0)
    return Case(name, Timeline(world), rows, ORDERED, rolling(rows, ORDERED), canary=canary)


def bank(folder: Path) -> list[Case]:
    """Phone contacts in date order, without the call's duration: at rolling origins, and cut once."""
    with gzip.open(folder / "bank-additional-full.csv.gz", "rb") as opened:
        table = pl.read_csv(opened.read(), separator=";", infer_schema=False)
    inputs = table.drop("y", "duration").with_columns(pl.col("pdays").replace("999", None))
    case = ordered("bank, rolling", inputs, table["y"] == "yes")
    once = time_split(case.rows, case.goal)
    assert once is not None
    return [case, Case("bank, static", case.timeline, case.rows, case.goal, (once,))]


def xeducation(folder: Path) -> list[Case]:
    """Leads in the order of their number, without the listed leaks."""
    table = pl.read_csv(folder / "leads.csv", infer_schema=False)
    table = table.sort(pl.col("Lead Number").cast(pl.Int64))
    inputs = table.drop("Prospect ID", "Lead Number", "Converted", *XEDUCATION_LEAKS)
    return [ordered("X Education", inputs.with_columns(pl.all().replace("Select", None)), table["Converted"] == "1")]


def maven(folder: Path) -> list[Case]:
    """A made-up company's closed opportunities: whoever finds much here has a leak."""
    closed = pl.read_csv(folder / "sales_pipeline.csv", infer_schema=False)
    closed = closed.filter(pl.col("deal_stage").is_in(["Won", "Lost"]))
    accounts = pl.read_csv(folder / "accounts.csv", infer_schema=False)
    table = closed.join(accounts, on="account", how="left").sort("engage_date", "opportunity_id")
    inputs = table.drop("opportunity_id", "deal_stage", "close_date", "close_value", "engage_date", "account")
    return [ordered("Maven (canary)", inputs, table["deal_stage"] == "Won", canary=True)]


def olist(folder: Path) -> list[Case]:
    """Sellers by first contact, won within 90 days."""
    people = pl.read_csv(folder / "mql.csv", infer_schema=False).sort("first_contact_date", "mql_id")
    people = people.with_columns(
        lead_id=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), created_at=_time("first_contact_date", "%Y-%m-%d")
    )
    won = pl.read_csv(folder / "closed_deals.csv", infer_schema=False).select("mql_id", "won_date")
    won = people.join(won, on="mql_id").select("lead_id", at=_time("won_date", "%Y-%m-%d %H:%M:%S"))
    names = ("landing_page_id", "origin")
    texts = people.select("lead_id", *names).unpivot(index="lead_id", variable_name="field", value_name="value")
    values = texts.with_columns(known_at=pl.lit(None, UTC_TIME)).drop_nulls("value").select(VALUES.names())
    fields = tuple(Field(name, name, FieldType.CATEGORY, Knowledge.INTAKE) for name in names)
    leads = leads_frame(people["lead_id"], created=people["created_at"])
    events, exclusions = pl.DataFrame(schema=EVENTS), pl.DataFrame(schema=EXCLUSIONS)
    world = History(leads, values, events, won.cast(dict(CONVERSIONS)), exclusions, fields)
    goal = Goal("Won", Timing.DATED, horizon_days=90)
    rows = snapshots(world, goal, as_of=datetime(2018, 11, 15, tzinfo=UTC), seed=0)
    return [Case("Olist", Timeline(world), rows, goal, rolling(rows, goal))]


def cdnow(folder: Path) -> list[Case]:
    """Customers at the ends of months: will they buy within 90 days?"""
    text = gzip.decompress((folder / "cdnow_master.txt.gz").read_bytes()).decode("ascii")
    lines = list(csv.reader((" ".join(line.split()) for line in text.splitlines()[1:]), delimiter=" "))
    orders = pl.DataFrame(lines, schema=["customer", "day", "cds", "dollars"], orient="row")
    orders = orders.select(
        pl.col("customer").cast(pl.Int64).alias("lead_id"), _time("day", "%Y%m%d").alias("at"), "cds", "dollars"
    )
    orders = orders.filter(pl.col("lead_id") % CDNOW_SHARE == 0)
    first = orders.group_by("lead_id").agg(pl.col("at").min()).sort("lead_id")
    amounts = orders.unpivot(["cds", "dollars"], index=["lead_id", "at"], variable_name="field", value_name="value")
    values = amounts.rename({"at": "known_at"}).select(VALUES.names())
    events = orders.select("lead_id", "at", kind=pl.lit("order"), actor=pl.lit("lead"), detail=pl.lit(None, pl.String))
    fields = tuple(Field(name, f"Last {name}", FieldType.NUMBER, Knowledge.DATED) for name in ("cds", "dollars"))
    empty = pl.DataFrame(schema=CONVERSIONS), pl.DataFrame(schema=EXCLUSIONS)
    world = History(leads_frame(first["lead_id"], created=first["at"]), values, events, *empty, fields)
    rows = _cdnow_rows(orders, first)
    goal = Goal("Buys again", Timing.DATED, horizon_days=90)
    return [Case("CDNOW", Timeline(world), rows, goal, (_cdnow_split(rows, goal),))]


def _cdnow_split(rows: pl.DataFrame, goal: Goal) -> Split:
    """As the data set's page says: the outcomes of the three parts do not overlap."""
    place = rows["as_of"].rank("dense").to_numpy()
    newest = len(CDNOW_CUTS)
    train, valid, test = place < newest - 1, place == newest - 1, place == newest
    return Split(train, valid, test, train | valid, (), goal.horizon_days * 86_400_000_000)


def _cdnow_rows(orders: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    cuts = [datetime.fromisoformat(cut).replace(tzinfo=UTC) + timedelta(days=1) for cut in CDNOW_CUTS]
    dates = pl.DataFrame({"as_of": cuts}, schema={"as_of": UTC_TIME})
    spots = first.join(dates, how="cross").filter(pl.col("at") < pl.col("as_of")).sort("as_of", "lead_id")
    later = spots.select("lead_id", "as_of").join(orders.select("lead_id", "at"), on="lead_id")
    within = pl.col("at").is_between(pl.col("as_of"), pl.col("as_of") + timedelta(days=90))
    hits = later.filter(within).select("lead_id", "as_of").unique().with_columns(label=pl.lit(1, pl.Int8))
    rows = spots.join(hits, on=["lead_id", "as_of"], how="left", maintain_order="left")
    age = (pl.col("as_of") - pl.col("at")).dt.total_microseconds() / 86_400_000_000
    return numbered(
        rows.select(
            "lead_id",
            "as_of",
            pl.col("as_of").to_physical().alias("order"),
            pl.col("label").fill_null(0),
            weight=pl.lit(1.0),
            age_days=age,
            company_key=pl.lit(None, pl.String),
        )
    )


def leads_frame(ids: pl.Series, *, created: pl.Series | None = None, order: pl.Series | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "lead_id": ids,
            "created_at": pl.Series(np.full(len(ids), None), dtype=UTC_TIME) if created is None else created,
            "intake_order": pl.Series(np.full(len(ids), None), dtype=pl.Int64) if order is None else order,
            "company_key": pl.Series(np.full(len(ids), None), dtype=pl.String),
            "email_kind": pl.Series(np.full(len(ids), None), dtype=pl.String),
        },
        schema=LEADS,
    )


def _time(column: str, form: str) -> pl.Expr:
    return pl.col(column).str.to_datetime(form, time_unit="us").dt.replace_time_zone("UTC")


READERS: Mapping[str, Callable[[Path], list[Case]]] = {
    "bank-telemarketing": bank,
    "cdnow-events": cdnow,
    "maven-crm": maven,
    "olist-funnel": olist,
    "xeducation": xeducation,
}


def cases(data: Path) -> list[Case]:
    """The cases of every data set that the folder holds."""
    return [case for name, read in READERS.items() if (data / name).is_dir() for case in read(data / name)]

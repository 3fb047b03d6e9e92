"""Published lead data as histories. The data are not part of the project: the folder is given by the caller."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

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
from scoring.train import Training, train


@dataclass(frozen=True, slots=True)
class Published:
    """A data set as a history, ready to be trained on."""

    name: str
    history: History
    goal: Goal
    as_of: datetime


def judged(folder: Path) -> list[dict[str, Any]]:
    """For each data set in ``folder``: what the guard holds back, and the test AUC without and with it."""
    return [
        line
        for place, read in READERS.items()
        if (folder / place).is_dir()
        for line in map(_line, read(folder / place))
    ]


def _line(one: Published) -> dict[str, Any]:
    without = _trained(one, ())
    held = [found["field"] for found in without.report["leakage"] if found["verdict"] == "suspect"]
    with_it = _trained(one, held) if held else without
    return {
        "name": one.name,
        "held_back": held,
        "proven": [found["field"] for found in without.report["leakage"] if found["verdict"] == "proven"],
        "auc_without": without.report["metrics"]["auc"],
        "auc_with": with_it.report["metrics"]["auc"],
        "verdict": without.report["verdict"]["sentence"],
    }


def _trained(one: Published, confirmed: list[str] | tuple[()]) -> Training:
    return train(
        one.history, one.goal, as_of=one.as_of, seed=0, tenant="bench", version="model_v1", confirmed=confirmed
    )


def xeducation(folder: Path) -> list[Published]:
    """``leads.csv`` in the order of its lead number; the form's default "Select" is no value."""
    table = pl.read_csv(folder / "leads.csv", infer_schema=False).sort(pl.col("Lead Number").cast(pl.Int64))
    label = table["Converted"] == "1"
    fields = table.drop("Prospect ID", "Lead Number", "Converted").with_columns(pl.all().replace(["Select", ""], None))
    return [Published("X Education", _ordered(fields, label), Goal("Converted", Timing.ORDERED), _LATER)]


def bank(folder: Path) -> list[Published]:
    """``bank-additional-full.csv.gz`` in its own order."""
    text = gzip.decompress((folder / "bank-additional-full.csv.gz").read_bytes())
    table = pl.read_csv(text, separator=";", infer_schema=False)
    return [Published("Bank", _ordered(table.drop("y"), table["y"] == "yes"), Goal("Yes", Timing.ORDERED), _LATER)]


def olist(folder: Path) -> list[Published]:
    """Leads with dates and, undated, all that is recorded of won deals; exported while young and a season later."""
    leads, deals = (pl.read_csv(folder / name, infer_schema=False) for name in ("mql.csv", "closed_deals.csv"))
    table = leads.join(deals, on="mql_id", how="left").sort("first_contact_date", "mql_id")
    return [_olist(table, end) for end in (datetime(2018, 6, 1, tzinfo=UTC), datetime(2018, 11, 15, tzinfo=UTC))]


def _olist(table: pl.DataFrame, end: datetime) -> Published:
    born = table["first_contact_date"].str.slice(0, 10).str.to_datetime("%Y-%m-%d", time_unit="us", time_zone="UTC")
    won = table["won_date"].str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", time_zone="UTC")
    sold = won.is_not_null() & (won < end)
    fields = table.drop("mql_id", "first_contact_date", "won_date")
    after = [name for name in fields.columns if name not in ("landing_page_id", "origin")]
    told = pl.DataFrame({"sold": sold})["sold"]
    fields = fields.with_columns(pl.when(told).then(pl.col(name)).alias(name) for name in after)
    conversions = {"lead_id": _ids(table).filter(sold), "at": won.filter(sold)}
    history = _history(fields, born, None, pl.DataFrame(conversions, schema=CONVERSIONS))
    return Published(f"Olist, as of {end:%Y-%m-%d}", history, Goal("Won", Timing.DATED, horizon_days=90), end)


def _ids(table: pl.DataFrame) -> pl.Series:
    return pl.Series("lead_id", np.arange(1, table.height + 1))


def _ordered(fields: pl.DataFrame, label: pl.Series) -> History:
    ids = _ids(fields)
    won = ids.filter(label)
    conversions = pl.DataFrame({"lead_id": won, "at": [None] * len(won)}, schema=CONVERSIONS)
    return _history(fields, None, ids, conversions)


def _history(
    fields: pl.DataFrame, born: pl.Series | None, order: pl.Series | None, conversions: pl.DataFrame
) -> History:
    ids = _ids(fields)
    nothing = [None] * fields.height
    leads = {
        "lead_id": ids,
        "created_at": nothing if born is None else born,
        "intake_order": nothing if order is None else order,
        "company_key": nothing,
        "email_kind": nothing,
    }
    values = fields.with_columns(ids).unpivot(index="lead_id", variable_name="field").drop_nulls("value")
    values = values.with_columns(known_at=pl.lit(None, UTC_TIME)).select(VALUES.names()).cast(VALUES)
    described = tuple(Field(name, name, FieldType.TEXT, Knowledge.UNDATED) for name in fields.columns)
    empty = (pl.DataFrame(schema=EVENTS), conversions, pl.DataFrame(schema=EXCLUSIONS))
    return History(pl.DataFrame(leads, schema=LEADS), values, *empty, described)


_LATER = datetime(2025, 1, 1, tzinfo=UTC)
READERS: dict[str, Callable[[Path], list[Published]]] = {
    "bank-telemarketing": bank,
    "olist-funnel": olist,
    "xeducation": xeducation,
}

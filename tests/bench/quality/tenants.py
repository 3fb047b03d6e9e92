"""Generated tenants whose true chance of conversion, given what can be observed, is known.

Fields in the mix of a usual CRM: skewed and symmetric numbers, categories with rare levels, flags, and fields
that say nothing, some of them with holes. The last TEST_LEADS leads are the test; the ones before them hold
the named number of conversions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import brentq
from scipy.special import expit

from scoring.metrics import Floats
from scoring.population import numbered
from scoring.schema import CONVERSIONS, EXCLUSIONS, UTC_TIME, VALUES, Goal, History, Timing
from scoring.splits import Split
from scoring.timeline import Timeline
from tests.bench.quality.cases import Case
from tests.bench.quality.files import leads_frame, ordered
from tests.unit.scoring.worlds import START

RATE = 0.1
STRENGTH = 1.3
"""Standard deviation of the true log-odds: an attainable AUC of about .8."""
TEST_LEADS = 10_000
CHOICES = (3, 5, 8, 12)
STEPS = ("/docs", "/pricing", "/blog", "/demo")
SEQUENCE_GOAL = Goal("Deal won", Timing.DATED, horizon_days=30)
SEQUENCE_DAYS = 600.0

Table = dict[str, npt.NDArray[Any]]


def additive(conversions: int, seed: int) -> Case:
    """Every field adds its share to the log-odds, the numbers along a line (skewed ones in logarithms)."""
    return _fields(f"additive, {conversions:,} conversions", conversions, seed, _added)


def interaction(conversions: int, seed: int) -> Case:
    """What counts is what goes together: products, thresholds, a choice that turns a number's sign."""
    return _fields(f"interactions, {conversions:,} conversions", conversions, seed, _interacting)


def sequence(conversions: int, seed: int) -> Case:
    """Everyone visits the same four pages once: only which step followed which tells who converts."""
    rng = np.random.default_rng(seed)
    count = _enough(conversions)
    walks = np.argsort(rng.random((count, len(STEPS))), axis=1)
    steps = [((walks[:, :-1] == one) & (walks[:, 1:] == two)).any(axis=1) for one, two in ((0, 1), (1, 3))]
    line = _scaled(1.6 * steps[0] + 1.2 * steps[1], 1.0)
    label, dev = _drawn(line, conversions, rng)
    kept = dev + TEST_LEADS
    ids = pl.Series(range(1, kept + 1), dtype=pl.Int64)
    born = pl.Series([START + timedelta(days=SEQUENCE_DAYS * place / kept) for place in range(kept)], dtype=UTC_TIME)
    world = History(
        leads_frame(ids, created=born),
        pl.DataFrame(schema=VALUES),
        _visits(ids, born, walks[:kept]),
        pl.DataFrame(schema=CONVERSIONS),
        pl.DataFrame(schema=EXCLUSIONS),
        (),
    )
    rows = _rows(ids, born, label[:kept])
    name = f"order of steps, {conversions:,} conversions"
    return Case(name, Timeline(world), rows, SEQUENCE_GOAL, (_fresh(dev, kept),), truth=line[:kept])


def _fields(name: str, conversions: int, seed: int, pull: Callable[[Table, Floats], Floats]) -> Case:
    rng = np.random.default_rng(seed)
    table = _table(_enough(conversions), rng)
    line = _scaled(pull(table, rng.normal(size=40)), STRENGTH)
    label, dev = _drawn(line, conversions, rng)
    kept = dev + TEST_LEADS
    shown = {column: pl.Series(_texts(values[:kept])) for column, values in table.items()}
    # Only fields that say nothing have holes: elsewhere a hidden value would change the chance that can be known.
    for column in [column for column in shown if column.startswith("noise")]:
        shown[column] = shown[column].set(pl.Series(rng.random(kept) < 0.15), None)
    case = ordered(name, pl.DataFrame(shown), pl.Series(label[:kept]))
    return Case(name, case.timeline, case.rows, case.goal, (_fresh(dev, kept),), truth=line[:kept])


def _table(count: int, rng: np.random.Generator) -> Table:
    table: Table = {}
    for place in range(4):
        table[f"skewed{place}"] = np.exp(rng.normal(3, 1, count)).round(2)
        table[f"number{place}"] = rng.normal(size=count).round(3)
        table[f"noise{place}"] = rng.normal(size=count).round(3)
    for place, levels in enumerate(CHOICES):
        table[f"choice{place}"] = rng.choice(levels, count, p=rng.dirichlet(np.full(levels, 1.5)))
    for place in range(3):
        table[f"flag{place}"] = (rng.random(count) < rng.uniform(0.1, 0.5)).astype(np.int64)
    return table | {"noise_choice": rng.choice(15, count)}


def _added(table: Table, draws: Floats) -> Floats:
    line = np.zeros(len(table["flag0"]))
    for place in range(4):
        line += draws[place] * (np.log(table[f"skewed{place}"]) - 3) + draws[4 + place] * table[f"number{place}"]
    start = 8
    for place, levels in enumerate(CHOICES):
        line += 0.8 * draws[start : start + levels][table[f"choice{place}"]]
        start += levels
    for place in range(3):
        line += 1.2 * draws[start + place] * table[f"flag{place}"]
    return line


def _interacting(table: Table, draws: Floats) -> Floats:
    numbers = [table[f"number{place}"] for place in range(4)]
    logs = [np.log(table[f"skewed{place}"]) - 3 for place in range(4)]
    turned = np.where(table["choice0"] == 0, 1.0, -1.0)
    line: Floats = (
        numbers[0] * numbers[1]
        + 1.2 * turned * logs[0]
        + 1.5 * ((numbers[2] > 0) & (logs[1] > 0))
        + 1.2 * ((table["choice1"] <= 1) & (table["flag0"] == 1))
        + 0.4 * (draws[0] * numbers[3] + draws[1] * logs[2])
    )
    return line


def _enough(conversions: int) -> int:
    """Leads that hold the conversions almost surely, and the test."""
    return int(1.5 * (conversions + 30) / RATE) + TEST_LEADS


def _scaled(line: Floats, strength: float) -> Floats:
    spread = strength * (line - line.mean()) / line.std()
    shift = float(brentq(lambda at: float(expit(spread + at).mean()) - RATE, -20, 20))
    return np.asarray(spread + shift)


def _drawn(line: Floats, conversions: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.bool_], int]:
    """Labels, and how many of the first leads hold the conversions."""
    label = rng.random(len(line)) < expit(line)
    return label, int(np.searchsorted(np.cumsum(label), conversions)) + 1


def _texts(values: npt.NDArray[Any]) -> list[str]:
    return [f"level {value}" if values.dtype.kind == "i" else str(value) for value in values.tolist()]


def _fresh(dev: int, count: int) -> Split:
    place = np.arange(count)
    middle = int(dev * 0.75)
    return Split(place < middle, (place >= middle) & (place < dev), place >= dev, place < dev, ())


def _visits(ids: pl.Series, born: pl.Series, walks: npt.NDArray[np.int64]) -> pl.DataFrame:
    spots = pl.DataFrame({"lead_id": ids, "born": born, "place": walks.tolist()})
    visits = spots.with_columns(hour=pl.int_ranges(1, len(STEPS) + 1)).explode("place", "hour")
    return visits.select(
        "lead_id",
        at=pl.col("born") + pl.duration(hours=pl.col("hour")),
        kind=pl.lit("page_view"),
        actor=pl.lit("lead"),
        detail=pl.col("place").replace_strict(dict(enumerate(STEPS)), return_dtype=pl.String),
    )


def _rows(ids: pl.Series, born: pl.Series, label: npt.NDArray[np.bool_]) -> pl.DataFrame:
    rows = pl.DataFrame({"lead_id": ids, "as_of": born + timedelta(days=1), "label": label.astype(np.int8)})
    return numbered(
        rows.with_columns(
            pl.col("as_of").to_physical().alias("order"),
            weight=pl.lit(1.0),
            age_days=pl.lit(1.0),
            company_key=pl.lit(None, pl.String),
        )
    )

"""Matured leads against fresh ones of the same age: was an undated field really known from creation?

A field filled in at intake foretells of new leads about as many conversions as matured leads had; one that the
outcome fills in foretells none, because nothing has happened to new leads yet. Needs creation dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.association import NOT_FILLED, Codes
from scoring.dataset import serving_rows
from scoring.features.reading import text
from scoring.leakage import Filled, Fresh
from scoring.metrics import Floats, auc
from scoring.population import numbered
from scoring.schema import UTC_TIME, Goal, History, Timing
from scoring.single import FOLDS, MAX_LEADS, chances, fine, rates
from scoring.timeline import Timeline

MATURE_SHARE, FRESH_SHARE = 0.90, 0.33
"""Leads are matured at the age by which this share of conversions had come, fresh until that of the second."""
MIN_FRESH, MIN_MATURED, MIN_CONVERTED = 30, 100, 20
STRETCHES = 6
TELLING_AUC = 0.60
"""Weaker fields are not tested by what they foretell: a change of form would look the same."""
DEVIATION = 3.5
DRIFT = 1.5
"""A deviation must exceed this many times that of every stretch of matured leads: forms and sources change."""
EMPTIER = 0.5
_DAY_US = 86_400_000_000

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Matured and fresh leads, oldest first, with the values that they have (or are assumed to have) while fresh."""

    values: pl.DataFrame
    converted: Floats
    matured: Mask
    fresh: Mask


@dataclass(frozen=True, slots=True)
class Maturity:
    """What the comparison showed of one field. ``late``: it cannot all have been known from creation."""

    filled: Filled
    fresh: Fresh | None
    late: bool


def cohorts(timeline: Timeline, history: History, goal: Goal, as_of: datetime, names: Sequence[str]) -> Cohorts | None:
    """The leads to compare; None without dates, or with too few fresh or matured ones."""
    if goal.timing is Timing.ORDERED or not names:
        return None
    won = history.conversions.group_by("lead_id").agg(won=pl.col("at").min(), converted=pl.lit(1.0))
    leads = history.leads.unique("lead_id", keep="first").drop_nulls("created_at").sort("created_at", "lead_id")
    leads = leads.select("lead_id", "created_at").join(won, on="lead_id", how="left", maintain_order="left")
    leads = leads.with_columns(age=(pl.lit(as_of, UTC_TIME) - pl.col("created_at")).dt.total_microseconds() / _DAY_US)
    limits = _limits(leads, goal)
    if limits is None:
        return None
    young, old = limits
    leads = leads.filter((pl.col("age") <= young) | (pl.col("age") >= old))
    fresh = leads.filter(pl.col("age") <= young).tail(MAX_LEADS // 2)
    before = leads.filter(pl.col("age") >= old)
    before = before.gather_every(max(1, -(-before.height // MAX_LEADS)))
    hits = int(before["converted"].sum())
    if fresh.height < MIN_FRESH or before.height < MIN_MATURED or hits < MIN_CONVERTED:
        return None
    both = numbered(pl.concat([before, fresh]))
    spot = pl.min_horizontal(pl.lit(as_of, UTC_TIME), pl.col("created_at") + timedelta(days=young))
    rows = serving_rows(history, both.select("row", "lead_id", as_of=spot), goal.timing)
    values = timeline.values(rows, list(names)).select("row", *(text(pl.col(name)) for name in names))
    is_fresh = (both["age"] <= young).to_numpy()
    return Cohorts(values, both["converted"].fill_null(0.0).to_numpy(), ~is_fresh, is_fresh)


def _limits(leads: pl.DataFrame, goal: Goal) -> tuple[float, float] | None:
    """The greatest age of fresh and the least of matured leads, in days, from the tenant's own delays."""
    if goal.timing is Timing.CREATED:
        return goal.maturity_days * FRESH_SHARE, float(goal.maturity_days)
    delays = (leads["won"] - leads["created_at"]).drop_nulls().dt.total_microseconds() / _DAY_US
    if len(delays) < MIN_CONVERTED:
        return None
    young, old = (float(delays.quantile(share) or 0.0) for share in (FRESH_SHARE, MATURE_SHARE))
    return young, max(old, young)


def compare(found: Cohorts, name: str) -> Maturity:
    """Test one field."""
    groups = fine(found.values[name])
    given = (groups != NOT_FILLED).astype(np.float64)
    matured, fresh = found.matured, found.fresh
    recent = _recent(matured)
    filled = Filled(matured=float(given[recent].mean()), fresh=float(given[fresh].mean()))
    foretold = _foretold(found, groups)
    late = foretold is not None and foretold.deviation >= DEVIATION
    return Maturity(filled, foretold, late or _emptier(given, matured, fresh))


def _recent(matured: Mask) -> Mask:
    """The newer half of the matured leads: forms, sources and the base rate change."""
    places = np.flatnonzero(matured)
    newer = np.zeros(len(matured), dtype=bool)
    newer[places[len(places) // 2 :]] = True
    return newer


def _emptier(given: Floats, matured: Mask, fresh: Mask) -> bool:
    """Fresh leads have the field less than half as often as matured ones, and less than any stretch of those."""
    parts = [float(given[part].mean()) for part in _parts(np.flatnonzero(matured))]
    usual, new = float(given[_recent(matured)].mean()), float(given[fresh].mean())
    spread = np.sqrt(usual * (1 - usual) / fresh.sum()) or 1e-9
    return new <= EMPTIER * min(usual, *parts) and (usual - new) / spread >= DEVIATION


def _parts(places: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return [part for part in np.array_split(places, STRETCHES) if len(part)]


@dataclass(frozen=True, slots=True)
class _Mix:
    """Mean and variance of a field's estimated chance among matured leads that converted, and that did not."""

    means: tuple[float, float]
    variances: tuple[float, float]

    @classmethod
    def of(cls, told: Floats, converted: Floats) -> _Mix:
        parts = [told[converted == value] for value in (0.0, 1.0)]
        return cls((float(parts[0].mean()), float(parts[1].mean())), (float(parts[0].var()), float(parts[1].var())))

    def mean(self, share: float) -> float:
        """If ``share`` of the leads convert."""
        return self.means[0] + share * (self.means[1] - self.means[0])

    def variance(self, share: float) -> float:
        """Of one lead."""
        between = (self.means[1] - self.means[0]) ** 2
        return (1 - share) * self.variances[0] + share * self.variances[1] + share * (1 - share) * between


def _foretold(found: Cohorts, groups: Codes) -> Fresh | None:
    recent = _recent(found.matured)
    places = np.flatnonzero(found.matured)
    converted = found.converted
    if min(converted[recent].sum(), (1 - converted[recent]).sum()) < MIN_CONVERTED // 2:
        return None
    told = np.empty(len(groups))
    told[places] = chances(groups[places], converted[places], np.arange(len(places)) % FOLDS)
    if auc(converted[places], told[places]) < TELLING_AUC:
        return None
    still_open = found.fresh & (converted == 0)
    told[still_open] = rates(groups[places], converted[places], int(groups.max()) + 1)[groups[still_open]]
    mix = _Mix.of(told[recent], converted[recent])
    usual = float(converted[recent].mean())
    share = (usual - float(converted[found.fresh].mean())) / max(1 - float(converted[found.fresh].mean()), 1e-9)
    if share <= 0 or mix.means[1] <= mix.means[0] or not still_open.any():
        return None
    seen = float(told[still_open].mean())
    strayed = max(abs(float(told[part].mean()) - mix.mean(converted[part].mean())) for part in _parts(places))
    foretold = (seen - mix.means[0]) / (share * (mix.means[1] - mix.means[0]))
    if abs(seen - mix.mean(share)) <= DRIFT * strayed:
        return Fresh(foretold, 0.0)
    return Fresh(foretold, _beyond(mix, seen, share, (int(still_open.sum()), recent, converted)))


def _beyond(mix: _Mix, seen: float, share: float, leads: tuple[int, Mask, Floats]) -> float:
    """Standard errors outside what between half and twice the usual conversions would explain."""
    count, recent, converted = leads
    nearest = min(max(seen, mix.mean(share / 2)), mix.mean(min(2 * share, 1.0)))
    at = share / 2 if seen < mix.mean(share) else min(2 * share, 1.0)
    size = (float((1 - converted[recent]).sum()), float(converted[recent].sum()))
    variance = mix.variance(at) / count
    variance += (1 - at) ** 2 * mix.variances[0] / size[0] + at**2 * mix.variances[1] / size[1]
    return float(abs(seen - nearest) / np.sqrt(max(variance, 1e-12)))


def fills(values: pl.DataFrame, label: Floats) -> Mapping[str, Filled]:
    """Shares filled among converted and other leads, for every column of ``values``."""
    given = values.select(pl.all().is_not_null())
    won = pl.Series(label == 1.0)
    shares = [given.filter(part).select(pl.all().mean()).row(0) if part.any() else None for part in (won, ~won)]
    one, other = (dict(zip(given.columns, row, strict=True)) if row else {} for row in shares)
    return {name: Filled(converted=one.get(name), unconverted=other.get(name)) for name in given.columns}

"""How the figures fall on the values of attributes that the admin names: for fairness, or for segments.

An attribute need not be an input: a field that is blocked from every model can be looked at here. Groups are the
values with enough leads and conversions; all others stand together, so that nobody is singled out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from scoring.evaluation import Value, Window, interval, resampled
from scoring.features.reading import number, text
from scoring.learning import Trial
from scoring.metrics import Floats, Indices, Ranking
from scoring.parity import parity
from scoring.schema import Field, FieldType, Goal
from scoring.timeline import Timeline

MIN_LEADS, MIN_CONVERSIONS = 30, 5
MOST_GROUPS = 8
UNKNOWN, OTHERS = "not known", "all other values"
FIGURES = ("rate", "stated", "gap", "auc", "selected", "precision", "reached")


@dataclass(frozen=True, slots=True)
class Groups:
    """The group of each test row and what the groups are called, the largest first."""

    place: Indices
    names: tuple[str, ...]


def segments(
    timeline: Timeline, trial: Trial, attributes: Collection[str], goal: Goal, read: Collection[str], seed: int
) -> list[dict[str, Any]]:
    """One table an attribute, in the order of ``attributes``; ``read``: the fields that the model reads.

    Of each group: distinct leads, snapshots, distinct converting leads, and with 95 % intervals the conversion rate,
    the mean stated chance, the gap between both, AUC, the share of its snapshots in the best ``goal.high_intent_share``
    of the test window (``selected``), how many of those convert (``precision``), and the share of its conversions among
    them (``reached``: the true-positive rate). An unknown name gets no groups.
    """
    known = [name for name in dict.fromkeys(attributes) if name in timeline.fields]
    if trial.rows.is_empty():
        return []
    values = timeline.values(trial.rows, known) if known else None
    made = []
    for name in dict.fromkeys(attributes):
        if values is None or name not in known:
            made.append({"attribute": name, "label": name, "groups": [], "sentence": f"There is no field “{name}”."})
            continue
        groups = grouped(trial.rows, values[name], timeline.fields[name])
        made.append(_table(timeline.fields[name], groups, trial, goal, seed) | {"is_input": name in read})
    return made


def grouped(rows: pl.DataFrame, values: pl.Series, field: Field) -> Groups:
    """Put each row to the group of its value; numbers of many values are cut at their quartiles."""
    named = _named(values, field).fill_null(UNKNOWN).alias("value")
    frame = rows.select("lead_id", "label").with_columns(named)
    sizes = (
        frame.group_by("value")
        .agg(leads=pl.col("lead_id").n_unique(), won=pl.col("lead_id").filter(pl.col("label") == 1).n_unique())
        .filter(pl.col("leads") >= MIN_LEADS, pl.col("won") >= MIN_CONVERSIONS)
        .sort("leads", "value", descending=[True, False])
        .head(MOST_GROUPS)
    )
    names = tuple(sizes["value"].to_list())
    places = {name: place for place, name in enumerate(names)}
    place = np.array([places.get(value, len(names)) for value in named.to_list()], dtype=np.int64)
    return Groups(place, names if (place < len(names)).all() else (*names, OTHERS))


def _named(values: pl.Series, field: Field) -> pl.Series:
    frame = pl.DataFrame({"value": values})
    if field.type is FieldType.NUMBER:
        numbers = frame.select(number(pl.col("value"))).to_series()
        if numbers.n_unique() > MOST_GROUPS:
            return _quarters(numbers)
    read = frame.select(text(pl.col("value"))).to_series()
    labels = dict(field.options)
    return read.replace(labels) if labels else read


def _quarters(numbers: pl.Series) -> pl.Series:
    cuts = sorted({float(numbers.quantile(share) or 0.0) for share in (0.25, 0.5, 0.75)})
    edges = [f"{cut:g}" for cut in cuts]
    names = [f"up to {edges[0]}", *(f"over {low} to {high}" for low, high in pairwise(edges)), f"over {edges[-1]}"]
    known = [None if value is None else names[bisect_left(cuts, value)] for value in numbers.to_list()]
    return pl.Series(known, dtype=pl.String)


def _table(field: Field, groups: Groups, trial: Trial, goal: Goal, seed: int) -> dict[str, Any]:
    window = Window.of(trial.rows, trial.log_odds)
    measure = _Measure.of(window, groups, goal.high_intent_share)
    whole = measure(window.weight)
    draws = np.array([measure(weight) for weight in resampled(window, seed)])
    found = [
        _counts(trial.rows, groups, place) | {"value": name} | _figures(whole[place], draws[:, place])
        for place, name in enumerate(groups.names)
    ]
    told = parity(field.label, groups.names, [int(one["leads"]) for one in found], whole, draws)
    return {"attribute": field.name, "label": field.label, "groups": found} | told


def _counts(rows: pl.DataFrame, groups: Groups, place: int) -> dict[str, Any]:
    part = rows.filter(pl.Series(groups.place == place))
    won = part.filter(pl.col("label") == 1)["lead_id"].n_unique()
    return {"leads": part["lead_id"].n_unique(), "rows": part.height, "conversions": won}


def _figures(values: Floats, draws: Floats) -> dict[str, Value]:
    return {name: interval(float(values[place]), draws[:, place]) for place, name in enumerate(FIGURES)}


@dataclass(frozen=True, slots=True)
class _Measure:
    """All figures of all groups (groups × FIGURES) as a function of the rows' weights."""

    window: Window
    groups: Groups
    chance: Floats
    picked: Floats
    rankings: Sequence[tuple[Indices, Ranking]]

    @classmethod
    def of(cls, window: Window, groups: Groups, share: float) -> _Measure:
        places = [np.flatnonzero(groups.place == place) for place in range(len(groups.names))]
        rankings = [(rows, Ranking.of(window.label[rows], window.log_odds[rows])) for rows in places]
        return cls(window, groups, expit(window.log_odds), _best(window, share), rankings)

    def __call__(self, weight: Floats) -> Floats:
        label, picked = self.window.label, self.picked
        mass, hits, stated = self._sum(weight), self._sum(weight * label), self._sum(weight * self.chance)
        chosen, right = self._sum(weight * picked), self._sum(weight * picked * label)
        areas = np.array([ranking.auc(weight[rows]) for rows, ranking in self.rankings])
        rate, mean = _ratio(hits, mass), _ratio(stated, mass)
        return np.column_stack(
            [rate, mean, rate - mean, areas, _ratio(chosen, mass), _ratio(right, chosen), _ratio(right, hits)]
        )

    def _sum(self, values: Floats) -> Floats:
        found = np.bincount(self.groups.place, weights=values, minlength=len(self.groups.names))
        return np.asarray(found, dtype=np.float64)


def _best(window: Window, share: float) -> Floats:
    """1.0 for the rows of the best ``share`` of the window by weight, ties all in."""
    order = np.argsort(-window.log_odds, kind="stable")
    reached = np.cumsum(window.weight[order])
    last = order[min(int(np.searchsorted(reached, share * reached[-1])), len(order) - 1)]
    picked: Floats = (window.log_odds >= window.log_odds[last]).astype(np.float64)
    return picked


def _ratio(part: Floats, whole: Floats) -> Floats:
    ratio: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return ratio

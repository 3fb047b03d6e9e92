"""Quick refits for the leakage guard: how well do some fields rank the validation period?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features import catalogue, fit
from scoring.features.declared import value_column
from scoring.metrics import auc
from scoring.models import Training, gbm
from scoring.schema import Timing
from scoring.single import FOLDS, chances, fine
from scoring.splits import Mask, Split
from scoring.timeline import Timeline

PROBE_ROWS = 10_000
AGES_DAYS = (0.0, 7.0, 30.0, 90.0, float("inf"))
MIN_AGE_CONVERSIONS = 20


@dataclass(frozen=True, slots=True)
class Probe:
    """Training and validation rows, the inputs that each column reads, and what the fields alone are judged on."""

    train: Training
    valid: Training
    inputs: tuple[tuple[str, ...], ...]
    base: pl.DataFrame
    whole: Training
    _reached: dict[frozenset[str], float] = field(default_factory=dict)

    def auc(self, without: Collection[str] = ()) -> float:
        """Validation AUC of a small LightGBM on the columns that read none of ``without``."""
        gone = frozenset(without) & self.fields()
        if gone not in self._reached:
            self._reached[gone] = self._fitted(gone)
        return self._reached[gone]

    def by_age(self, name: str) -> dict[str, float]:
        """The field's own AUC among snapshots of each age in days, where enough of them convert."""
        groups = fine(self.base[value_column(name)])
        # A lead's snapshots share a fold: an undated value says the same in all of them.
        told = chances(groups, self.whole.label, self.base["lead_id"].rank("dense").to_numpy().astype(np.int64) % FOLDS)
        age = self.base["age_days"].fill_null(-1.0).to_numpy()
        found = {}
        for start, end in pairwise(AGES_DAYS):
            part = (age >= start) & (age < end)
            label = self.whole.label[part]
            if min(label.sum(), (1 - label).sum()) >= MIN_AGE_CONVERSIONS:
                words = f"{start:.0f}-{end:.0f}" if np.isfinite(end) else f"{start:.0f}+"
                found[words] = auc(label, told[part], self.whole.weight[part])
        return found

    def fields(self) -> set[str]:
        """All inputs that have a column."""
        return {name for names in self.inputs for name in names}

    def _fitted(self, gone: frozenset[str]) -> float:
        keep = np.array([not gone.intersection(names) for names in self.inputs], dtype=bool)
        if not keep.any():
            return 0.5
        scores = gbm.small_fit(_kept(self.train, keep)).log_odds(self.valid.matrix[:, keep])
        return auc(self.valid.label, scores, self.valid.weight)


def make_probe(
    timeline: Timeline, rows: pl.DataFrame, split: Split, timing: Timing, excluded: Collection[str]
) -> Probe:
    """A sample of at most PROBE_ROWS development rows, cut in time as the split says."""
    chosen = pl.Series(_sampled(split.train | split.valid))
    sample = rows.filter(chosen).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    spec, vectors = fit(timeline, sample, timing, excluded)
    # In the order of their content: LightGBM samples columns by place, and names must change nothing.
    order = sorted(range(len(spec.columns)), key=lambda place: sha256(vectors.matrix[:, place].tobytes()).digest())
    columns = tuple(spec.columns[place] for place in order)
    label = sample["label"].cast(pl.Float64).to_numpy()
    training = Training(vectors.matrix[:, order], label, sample["weight"].to_numpy(), columns, 0)
    features = catalogue(spec).features
    valid = pl.Series(split.valid).filter(chosen).to_numpy()
    inputs = tuple(features[name].inputs for name in columns)
    return Probe(training.where(~valid), training.where(valid), inputs, vectors.base, training)


def _kept(part: Training, keep: npt.NDArray[np.bool_]) -> Training:
    return Training(np.ascontiguousarray(part.matrix[:, keep]), part.label, part.weight, (), part.seed)


def _sampled(mask: Mask) -> Mask:
    """Every n-th of the rows, so that the sample spans the time evenly."""
    places = np.flatnonzero(mask)
    step = -(-len(places) // PROBE_ROWS)
    sampled = np.zeros(len(mask), dtype=bool)
    sampled[places[::step]] = True
    return sampled

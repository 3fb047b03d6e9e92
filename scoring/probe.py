"""Quick refits for the leakage guard: how well do some fields rank the validation period?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit

from scoring.association import Codes, codes
from scoring.features import catalogue, fit
from scoring.features.declared import value_column
from scoring.metrics import Floats, auc
from scoring.models import Training, gbm
from scoring.schema import Timing
from scoring.splits import Mask, Split
from scoring.timeline import Timeline

PROBE_ROWS = 10_000
CERTAIN, CERTAIN_ODDS = 0.95, 30.0


@dataclass(frozen=True, slots=True)
class Probe:
    """Training and validation rows, the inputs that each column reads, each field's texts."""

    train: Training
    valid: Training
    inputs: tuple[tuple[str, ...], ...]
    base: pl.DataFrame
    label: Floats

    def auc(self, without: Collection[str] = ()) -> float:
        """Validation AUC of a small LightGBM on the columns that read none of ``without``."""
        scores = self._log_odds(np.array([not any(name in without for name in names) for names in self.inputs]))
        return auc(self.valid.label, scores, self.valid.weight)

    def alone(self, field: str) -> tuple[float, float]:
        """The field's own validation AUC, and the share of conversions that it makes near certain.

        Near certain: the small model says at least CERTAIN and CERTAIN_ODDS times the base odds (what a
        good honest field can say of few leads only), and the true rate of those rows bears it out.
        """
        scores = self._log_odds(np.array([field in names for names in self.inputs]))
        return auc(self.valid.label, scores, self.valid.weight), self._certain_share(expit(scores))

    def codes(self, field: str) -> Codes:
        """The field's values as groups."""
        return codes(self.base[value_column(field)])

    def fields(self) -> set[str]:
        """All inputs that have a column."""
        return {name for names in self.inputs for name in names}

    def _certain_share(self, chance: Floats) -> float:
        label = self.valid.label
        odds = CERTAIN_ODDS * self.train.label.mean() / max(1.0 - self.train.label.mean(), 1e-9)
        sure = chance >= max(CERTAIN, odds / (1.0 + odds))
        if not sure.any() or label[sure].mean() < CERTAIN - 0.05:
            return 0.0
        return float(label[sure].sum() / label.sum())

    def _log_odds(self, keep: npt.NDArray[np.bool_]) -> Floats:
        if not keep.any():
            return np.zeros(len(self.valid.label))
        return gbm.small_fit(_kept(self.train, keep)).log_odds(self.valid.matrix[:, keep])


def make_probe(
    timeline: Timeline, rows: pl.DataFrame, split: Split, timing: Timing, excluded: Collection[str]
) -> Probe:
    """A sample of at most PROBE_ROWS development rows, cut in time as the split says."""
    chosen = pl.Series(_sampled(split.train | split.valid))
    sample = rows.filter(chosen).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    spec, vectors = fit(timeline, sample, timing, excluded)
    label = sample["label"].cast(pl.Float64).to_numpy()
    training = Training(vectors.matrix, label, sample["weight"].to_numpy(), spec.columns, 0)
    features = catalogue(spec).features
    valid = pl.Series(split.valid).filter(chosen).to_numpy()
    inputs = tuple(features[name].inputs for name in spec.columns)
    return Probe(training.where(~valid), training.where(valid), inputs, vectors.base, label)


def _kept(part: Training, keep: npt.NDArray[np.bool_]) -> Training:
    return Training(np.ascontiguousarray(part.matrix[:, keep]), part.label, part.weight, (), part.seed)


def _sampled(mask: Mask) -> Mask:
    """Every n-th of the rows, so that the sample spans the time evenly."""
    places = np.flatnonzero(mask)
    step = -(-len(places) // PROBE_ROWS)
    sampled = np.zeros(len(mask), dtype=bool)
    sampled[places[::step]] = True
    return sampled

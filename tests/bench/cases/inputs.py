"""The vectors of a tenant, taken apart: counts, pairs of steps, the embedding, and the frame of the sequence model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from scoring.features import build, fit
from scoring.features.frame import names
from scoring.metrics import Floats, auc
from scoring.models import Training, gbm
from scoring.schema import Timing
from scoring.sequence import rung, training
from scoring.timeline import Timeline
from tests.unit.scoring.walks import Walks

ORDERED = ("order.", "course.", "mix.", "frame.")
ROUNDS = 150
RESAMPLES = 200


@dataclass(frozen=True)
class Inputs:
    """Vectors whose spec was learned on the first ``dev`` rows; the others are the test."""

    matrix: Floats
    columns: tuple[str, ...]
    label: Floats
    dev: int
    seed: int

    def chosen(self, *prefixes: str, counts: bool = True) -> list[int]:
        """Places of the columns that begin so, and of all that know no order."""
        return [
            place
            for place, name in enumerate(self.columns)
            if name.startswith(prefixes) or (counts and not name.startswith(ORDERED))
        ]

    def boosted(self, columns: list[int]) -> Floats:
        """LightGBM on some columns: log-odds of the test rows."""
        model = gbm.fit(self._training(columns), gbm.Recipe(gbm.FIRST, ROUNDS))
        return model.log_odds(np.ascontiguousarray(self.matrix[self.dev :][:, columns]))

    def network(self, most: int | None = None) -> Floats:
        """The recurrent network alone, learned on the newest ``most`` rows: log-odds of the test rows."""
        found = training.fitted(self.framed(most), 1.0)
        return found.log_odds(self.matrix[self.dev :, -len(names()) :])

    def framed(self, most: int | None = None) -> Training:
        """The frame of the development rows."""
        whole = self._training(self.chosen("frame.", counts=False))
        return whole if most is None else whole.where(np.arange(self.dev) >= self.dev - most)

    @property
    def test(self) -> Floats:
        """Labels of the test rows."""
        return self.label[self.dev :]

    def _training(self, columns: list[int]) -> Training:
        matrix = np.ascontiguousarray(self.matrix[: self.dev, columns])
        named = tuple(self.columns[place] for place in columns)
        return Training(matrix, self.label[: self.dev], np.ones(self.dev), named, self.seed)


def inputs(walks: Walks, dev: int, seed: int) -> Inputs:
    """The vectors with the frame."""
    timeline = Timeline(walks.history)
    spec, _ = fit(timeline, walks.rows.head(dev), Timing.DATED)
    spec = rung.with_frame(spec)
    return Inputs(build(timeline, walks.rows, spec).matrix, spec.columns, walks.label, dev, seed)


def lift(label: Floats, said: Floats, share: float) -> float:
    """How many times the usual rate the best ``share`` convert."""
    best = np.argsort(-said, kind="stable")[: round(share * len(label))]
    return float(label[best].mean() / label.mean())


def gap(label: Floats, new: Floats, old: Floats, seed: int) -> tuple[float, float]:
    """AUC of ``new`` less that of ``old``, and half of the 95 % interval over paired resamples."""
    rng = np.random.default_rng(seed)
    draws: list[float] = []
    for _ in range(RESAMPLES):
        some: npt.NDArray[np.int64] = rng.integers(0, len(label), len(label))
        draws.append(auc(label[some], new[some]) - auc(label[some], old[some]))
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(auc(label, new) - auc(label, old)), float((high - low) / 2)


def labelled(walks: Walks) -> pl.DataFrame:
    """The rows as ``scoring.learning`` takes them."""
    return walks.rows.with_columns(
        pl.col("as_of").to_physical().alias("order"),
        label=pl.Series(walks.label.astype(np.int8)),
        weight=pl.lit(1.0),
        age_days=pl.lit(2.0),
        company_key=pl.lit(None, pl.String),
    )

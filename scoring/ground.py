"""What the chosen recipe is fitted again on, to see how firm its ranking is: parts of its rows; and the test rows.

Rows are capped so that a training is hardly longer for it; both sides keep whole companies (or leads) together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from scoring.evaluation import resampled_together
from scoring.learning import Trial
from scoring.metrics import Floats, Indices
from scoring.models import Training as Rows
from scoring.models.contract import Recipe

FIT_ROWS, TEST_ROWS = 5_000, 5_000
FIT_CELLS = 1_000_000
"""At most about so many rows (and values, where there are many columns) are fitted on at once, and rows judged on."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Rows to learn from with the lead and the group (drawn as one) of each, and the test rows likewise.

    ``log_odds`` is what the trial's own model, fitted on all of ``training``, says of the test rows.
    """

    recipe: Recipe
    training: Rows
    lead: Indices
    group: Indices
    matrix: Floats
    label: Floats
    weight: Floats
    test_lead: Indices
    test_group: Indices
    log_odds: Floats
    seed: int

    @classmethod
    def of(cls, rows: pl.DataFrame, trial: Trial, seed: int) -> Ground | None:
        """From all snapshot rows and the trial; None for a scorecard, whose rules no data change."""
        if trial.choice is None or trial.split is None or trial.learned_from is None:
            return None
        kept_rows = trial.split.dev & trial.past.kept if trial.past else trial.split.dev
        learned = rows.filter(pl.Series(kept_rows))
        kept = _some(resampled_together(trial.rows), TEST_ROWS, seed)
        test = trial.rows.filter(pl.Series(kept))
        return cls(
            trial.choice.recipe,
            trial.learned_from,
            learned["lead_id"].to_numpy(),
            resampled_together(learned),
            trial.matrix[kept],
            test["label"].cast(pl.Float64).to_numpy(),
            test["weight"].to_numpy(),
            test["lead_id"].to_numpy(),
            resampled_together(test),
            trial.log_odds[kept],
            seed,
        )

    @property
    def fit_rows(self) -> int:
        """How many rows may be fitted on at once."""
        return min(FIT_ROWS, FIT_CELLS // max(len(self.training.columns), 1))

    def fitted(self, count: Indices) -> Floats:
        """What the recipe says of the test rows, fitted on the training rows taken ``count`` times each."""
        taken = count > 0
        part = self.training.where(taken)
        return self.recipe.fit(replace(part, weight=part.weight * count[taken])).log_odds(self.matrix)

    def converting(self, count: Indices) -> int:
        """Distinct converting leads among the rows taken."""
        return len(np.unique(self.lead[(count > 0) & (self.training.label == 1)]))


def _some(group: Indices, rows: int, seed: int) -> np.ndarray:
    """Whole groups, drawn by lot, of about ``rows`` rows."""
    if len(group) <= rows:
        return np.ones(len(group), dtype=bool)
    sizes = np.bincount(group)
    order = np.random.default_rng(seed).permutation(len(sizes))
    drawn = np.zeros(len(sizes), dtype=bool)
    drawn[order[: int(np.searchsorted(np.cumsum(sizes[order]), rows, side="right")) or 1]] = True
    kept: np.ndarray = drawn[group]
    return kept

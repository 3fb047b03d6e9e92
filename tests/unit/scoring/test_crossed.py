"""Who is asked about has taught nothing, nor have their colleagues; everybody else has, whenever they came."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from scoring.crossed import FOLDS, crossed
from scoring.forgetting import Memory
from scoring.models import Training, logistic
from scoring.models.logistic import Logistic
from scoring.past import Past

COUNT = 400


@dataclass
class Remembered:
    """A recipe that remembers from which rows it has learned, by their first column."""

    taught: list[set[float]] = field(default_factory=list)
    kind: str = "logistic"

    def fit(self, training: Training) -> Logistic:
        """Fit and remember."""
        self.taught.append(set(training.matrix[:, 0]))
        return logistic.fit(training, 0.01)


def test_nobody_is_asked_of_a_model_that_has_met_their_company() -> None:
    rng = np.random.default_rng(3)
    matrix = np.column_stack([np.arange(COUNT, dtype=np.float64), rng.normal(size=COUNT)])
    label = (rng.random(COUNT) < 1 / (1 + np.exp(-2 * matrix[:, 1]))).astype(np.float64)
    company = [None if number % 3 == 0 else f"c{number % 90}" for number in range(COUNT)]
    rows = pl.DataFrame({"lead_id": np.arange(COUNT) // 2, "company_key": company})
    asked, kept = np.arange(COUNT) >= COUNT // 2, np.arange(COUNT) % 7 > 0
    recipe, whole = Remembered(), Training(matrix, label, np.ones(COUNT), ("n", "x"), 1, day=matrix[:, 0])
    raw = crossed(rows, whole, recipe, Past(Memory(), kept, 0), asked)
    together = rows.select(pl.coalesce("company_key", pl.format("lead {}", "lead_id"))).to_series().to_numpy()
    assert len(recipe.taught) == FOLDS
    assert raw.shape == (asked.sum(),)
    unmet = [set(np.flatnonzero(kept)) - {int(place) for place in taught} for taught in recipe.taught]
    assert set.union(*unmet) == set(np.flatnonzero(asked & kept)), "each is left out once, and nobody else"
    assert sum(map(len, unmet)) == (asked & kept).sum()
    for taught in recipe.taught:
        others = {together[int(place)] for place in taught if asked[int(place)]}
        absent = {together[place] for place in np.flatnonzero(asked & kept) if float(place) not in taught}
        assert not others & absent
    assert np.corrcoef(raw, matrix[asked, 1])[0, 1] > 0.8

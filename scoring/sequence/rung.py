"""The sequence model as the last rung of the ladder: offered where it can be learned, taken where it surely helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.features import FeatureSpec, Matrix
from scoring.features.frame import names
from scoring.metrics import Floats
from scoring.minimums import SEQUENCE_FROM
from scoring.models import pooled, sequence
from scoring.models.blend import blended, stacked
from scoring.models.choose import Choice, choose
from scoring.models.contract import Recipe, Training
from scoring.models.extras import installed
from scoring.models.judging import Fold, area, chance_of_gain, deviance
from scoring.models.sequence import WithSteps
from scoring.schema import Complexity
from scoring.sequence import training

EXTRA = "sequence"
CERTAIN = 0.9
"""The share of paired resamples in which the rung must be higher: more than on the rungs below, since it costs more."""


@dataclass(frozen=True, slots=True)
class WithStepsRecipe:
    """How to fit the rest of the model and the network; the weights, and where its training ends, are kept."""

    rest: Recipe
    weights: tuple[float, float]
    share: float
    kind: str = sequence.KIND

    def fit(self, rows: Training) -> WithSteps:
        """Fit both on ``rows``, whose last columns are the frame."""
        network = training.fitted(framed(rows), self.share)
        said = network.log_odds(framed(rows).matrix)
        mean = float(np.average(said, weights=rows.weight))
        rest = plain(rows)
        return WithSteps(self.rest.fit(rest), network, len(rest.columns), self.weights, mean)


def offered(spec: FeatureSpec, conversions: int, complexity: Complexity) -> FeatureSpec:
    """``spec`` with the frame of steps, where ``complexity`` allows a sequence model and one can be learned."""
    wanted = complexity is not Complexity.INTERPRETABLE
    enough = conversions >= SEQUENCE_FROM and bool(spec.embedding.steps)
    return with_frame(spec) if wanted and enough and installed(EXTRA) else spec


def with_frame(spec: FeatureSpec) -> FeatureSpec:
    """``spec`` with the frame as its last columns."""
    return replace(spec, framed=True, columns=(*spec.columns, *names()))


def climbed(
    folds: Sequence[Fold],
    spec: FeatureSpec,
    complexity: Complexity,
    pool: pooled.Recipe | None = None,
    segments: Sequence[str] = (),
) -> Choice:
    """The choice among all rungs below, and this one where ``spec`` offers it; the rest is as for ``choose``."""
    if not spec.framed:
        return choose(folds, complexity, pool, segments)
    others = [replace(fold, train=plain(fold.train), window=plain(fold.window)) for fold in folds]
    below = choose(others, complexity, pool, segments)
    own = [replace(fold, train=framed(fold.train), window=framed(fold.window)) for fold in folds]
    share, said = _searched(own)
    weights = stacked(folds, [below.log_odds, said])
    log_odds = blended(weights, [below.log_odds, said])
    name = f"{below.name} + sequence"
    figures = {"sequence": area(folds, said), name: area(folds, log_odds)}
    candidates = below.candidates | {one: round(value, 4) for one, value in figures.items()}
    higher = figures[name] > area(folds, below.log_odds)
    if not higher or chance_of_gain(folds, log_odds, below.log_odds) < CERTAIN:
        return replace(below, candidates=candidates)
    recipe = WithStepsRecipe(below.recipe, (weights[0], weights[1]), share)
    return replace(below, name=name, recipe=recipe, candidates=candidates, log_odds=log_odds)


def served(spec: FeatureSpec, matrix: Matrix, choice: Choice) -> tuple[FeatureSpec, Matrix]:
    """Without the frame, unless the choice reads it."""
    if not spec.framed or choice.recipe.kind == sequence.KIND:
        return spec, matrix
    kept = spec.columns[: -len(names())]
    return replace(spec, framed=False, columns=kept), np.ascontiguousarray(matrix[:, : len(kept)])


def plain(rows: Training) -> Training:
    """The rows without the frame."""
    count = len(rows.columns) - len(names())
    matrix = np.ascontiguousarray(rows.matrix[:, :count])
    young = rows.young and plain(rows.young)
    return replace(rows, matrix=matrix, columns=rows.columns[:count], concepts=rows.concepts[:count], young=young)


def framed(rows: Training) -> Training:
    """The frame alone."""
    return replace(rows, matrix=rows.matrix[:, -len(names()) :], columns=names(), concepts=(), young=None)


def _searched(folds: Sequence[Fold]) -> tuple[float, list[Floats]]:
    """Where training should end, as a share of its passes, and what the networks then say of the windows."""
    tried = [[network.log_odds(fold.window.matrix) for network in training.path(fold.train)] for fold in folds]
    count = training.CHECKS
    losses = [deviance(folds, [said[place] for said in tried]) for place in range(count)]
    best = losses.index(min(losses))
    return (best + 1) / count, [said[best] for said in tried]

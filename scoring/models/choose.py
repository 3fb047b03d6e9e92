"""The ladder, climbed by evidence: which recipe serves is decided over the rolling windows.

Rungs, the simplest first: logistic regression, in its fixed-horizon form, from a pooled prior or in its hazard
form; its blend with LightGBM; the blend with pairs as well; the blend with a small net, too. Segments' own models
(``segment_search``) come last. A rung replaces the
best one below it when its mean AUC over the windows is higher and stays so in CERTAIN of paired resamples of leads.
Members alone are no rungs: tuned on the windows, they look better there than they are, and a blend gives them all
the weight that they earn. Their figures are shown. What full complexity tries beyond: ``extended``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from scoring.metrics import Floats
from scoring.models import (
    extended,
    gbm_search,
    hazard,
    logistic,
    logistic_search,
    net_search,
    pairs,
    pooled,
    segment_search,
)
from scoring.models.blend import BlendRecipe
from scoring.models.contract import Recipe
from scoring.models.judging import Fold, area, least
from scoring.models.rungs import Candidate, blend, candidate, climbed
from scoring.models.segment_search import Tried
from scoring.models.segmented import SegmentedRecipe
from scoring.models.together import together
from scoring.schema import Complexity

CERTAIN = 0.6
SEARCH_ROWS = 20_000
"""Rows of a fold that candidates learn from; the chosen recipe is refitted on all."""
PAIR_PENALTIES: Final = (0.001, 0.01, 0.1)


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen rung and recipe, every rung's mean AUC over the windows, the chosen one's log-odds there."""

    name: str
    recipe: Recipe
    candidates: dict[str, float]
    log_odds: list[Floats]
    absent: tuple[str, ...] = ()
    """What full complexity would have tried, were its library installed."""
    follows: bool = False
    """Whether rows teach it that have not been followed for the whole horizon."""
    segments: tuple[Tried, ...] = ()
    """What was found of the segments that might get models of their own."""


def choose(
    folds: Sequence[Fold],
    complexity: Complexity = Complexity.STANDARD,
    pool: pooled.Recipe | None = None,
    segments: Sequence[str] = (),
) -> Choice:
    """Fit the candidates at every origin and climb as far as ``complexity`` allows.

    ``pool``: from a pooled prior. ``segments``: columns of those that may get models of their own.
    """
    folds = [replace(fold, train=fold.train.sampled(SEARCH_ROWS)) for fold in folds]
    full = complexity is Complexity.FULL
    found = logistic_search.search(folds)
    linear = Candidate("logistic", logistic.Recipe(found.penalty), found.log_odds)
    forms = [linear, *_pooled(folds, found.penalty, pool), *(_hazard(folds, found.penalty) if full else [])]
    base = climbed(folds, forms, CERTAIN)
    members, rungs = [base], [base]
    if complexity is not Complexity.INTERPRETABLE:
        paired, boosted, net = together([partial(_pairs, folds, found), partial(_boosted, folds), partial(_net, folds)])
        members += [paired, boosted, net]
        rungs += [blend(folds, some) for some in ([base, boosted], [base, paired, boosted], members)]
    best = climbed(folds, rungs, CERTAIN)
    every, absent = [*forms, *members, *rungs], list[str]()
    if full:
        best, more, absent = extended.climbed_on(folds, best, members)
        every += more
    best, tried = _parted(folds, best, segments)
    figures = {one.name: round(area(folds, one.log_odds), 4) for one in [*every, best]}
    return Choice(best.name, best.recipe, figures, best.log_odds, tuple(absent), _follows(best.recipe), tried)


def _parted(folds: Sequence[Fold], best: Candidate, segments: Sequence[str]) -> tuple[Candidate, tuple[Tried, ...]]:
    """With models of segments, unless they rank leads of different segments worse than they gain within them."""
    parted, tried = segment_search.climbed(folds, best, segments)
    if climbed(folds, [best, parted], CERTAIN) is best:
        return best, tuple(replace(one, share=0.0) for one in tried)
    return parted, tuple(tried)


def _follows(recipe: Recipe) -> bool:
    if isinstance(recipe, SegmentedRecipe):
        return _follows(recipe.parent)
    members = recipe.members if isinstance(recipe, BlendRecipe) else (recipe,)
    return any(member.kind == hazard.KIND for member in members)


def _boosted(folds: Sequence[Fold]) -> Candidate:
    found = gbm_search.search(folds)
    return Candidate("lightgbm", found.recipe, found.log_odds)


def _net(folds: Sequence[Fold]) -> Candidate:
    found = net_search.search(folds)
    return Candidate("net", found.recipe, found.log_odds)


def _hazard(folds: Sequence[Fold], penalty: float) -> list[Candidate]:
    """The same regression by periods of the horizon, where it is known when rows converted."""
    if any(fold.train.course is None for fold in folds):
        return []
    recipe = hazard.Recipe(penalty)
    return [candidate(folds, hazard.KIND, recipe)]


def _pooled(folds: Sequence[Fold], penalty: float, pool: pooled.Recipe | None) -> list[Candidate]:
    if pool is None:
        return []
    recipe = replace(pool, penalty=penalty)
    return [candidate(folds, pooled.KIND, recipe)]


def _pairs(folds: Sequence[Fold], linear: logistic_search.Found) -> Candidate:
    fits = [
        pairs.path(fold.train, base, pairs.screened(fold.train, base), PAIR_PENALTIES)
        for fold, base in zip(folds, linear.models, strict=True)
    ]
    tried = [
        [model.log_odds(fold.window.matrix) for model, fold in zip(models, folds, strict=True)]
        for models in zip(*fits, strict=True)
    ]
    best = least(folds, tried)
    return Candidate("pairs", pairs.Recipe(linear.penalty, PAIR_PENALTIES[best]), tried[best])

"""Candidates: how to fit them and what they say of the rolling windows; alone, blended, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.metrics import Floats
from scoring.models.blend import BlendRecipe, blended, stacked
from scoring.models.contract import Recipe
from scoring.models.judging import Fold, area, chance_of_gain


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member or rung: how to fit it and what it says of the windows."""

    name: str
    recipe: Recipe
    log_odds: list[Floats]


def candidate(folds: Sequence[Fold], name: str, recipe: Recipe) -> Candidate:
    """The recipe fitted at every origin."""
    return Candidate(name, recipe, [recipe.fit(fold.train).log_odds(fold.window.matrix) for fold in folds])


def blend(folds: Sequence[Fold], members: Sequence[Candidate]) -> Candidate:
    """The members' sum with the weights that fit the windows best."""
    weights = stacked(folds, [member.log_odds for member in members])
    log_odds = blended(weights, [member.log_odds for member in members])
    name = " + ".join(member.name for member in members)
    kept = [(member.recipe, weight) for member, weight in zip(members, weights, strict=True) if weight > 0]
    recipe = BlendRecipe(tuple(recipe for recipe, _ in kept), tuple(weight for _, weight in kept))
    return Candidate(name, recipe if len(kept) > 1 else kept[0][0], log_odds)


def climbed(folds: Sequence[Fold], rungs: Sequence[Candidate], certain: float) -> Candidate:
    """The highest rung reached from the first: its AUC is higher, and in this share of resamples stays so."""
    best = rungs[0]
    for rung in rungs[1:]:
        higher = area(folds, rung.log_odds) > area(folds, best.log_odds)
        if higher and chance_of_gain(folds, rung.log_odds, best.log_odds) >= certain:
            best = rung
    return best

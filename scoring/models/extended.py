"""What full complexity tries beyond the ladder: other treatments of rare conversions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scoring.models import gbm
from scoring.models.contract import Recipe
from scoring.models.extras import installed
from scoring.models.imbalance import Focal, Smote, Weighted
from scoring.models.judging import Fold, area, chance_of_gain
from scoring.models.rungs import Candidate, blend, candidate

SURE: Final = 0.9
"""Many are tried, and none is expected to help: a gain must stay in this share of resamples, and show in every window.

On the bank data, whose rate trebles, gains of the mean alone did not last: see docs/modelling.md.
"""

Treatment = Callable[[Recipe], Recipe | None]


def _focal(inner: Recipe) -> Recipe | None:
    return Focal(inner) if isinstance(inner, gbm.Recipe) else None


TREATMENTS: Final[Mapping[str, Treatment]] = {"class weights": Weighted, "focal loss": _focal, "SMOTE": Smote}
"""By name; None: not for models of this kind."""
TREATED: Final = ("logistic", "lightgbm")


def absent() -> list[str]:
    """The treatments whose library is not installed."""
    return [] if installed("smote") else ["SMOTE"]


def treated(folds: Sequence[Fold], members: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Members with each treatment of rare conversions, and the rungs: the first alone, then the blend of all."""
    found, rungs = [], []
    for name, treatment in TREATMENTS.items():
        if name in absent():
            continue
        others = [_swapped(folds, member, name, treatment) for member in members]
        found += [one for one, old in zip(others, members, strict=True) if one is not old]
        if others[0] is not members[0]:
            rungs.append(others[0])
        rungs.append(blend(folds, others))
    return found, rungs


def taken(folds: Sequence[Fold], best: Candidate, rungs: Sequence[Candidate]) -> Candidate:
    """The last of ``rungs`` that is surely and steadily better than what was best before it."""
    for rung in rungs:
        parts = zip(folds, rung.log_odds, best.log_odds, strict=True)
        steady = all(area([fold], [new]) > area([fold], [old]) for fold, new, old in parts)
        if steady and chance_of_gain(folds, rung.log_odds, best.log_odds) >= SURE:
            best = rung
    return best


def _swapped(folds: Sequence[Fold], member: Candidate, name: str, treatment: Treatment) -> Candidate:
    recipe = treatment(member.recipe) if member.name in TREATED else None
    return member if recipe is None else candidate(folds, f"{member.name} with {name}", recipe)

"""What full complexity tries beyond the ladder: treatments of rare conversions, boosted trees tuned for longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scoring.models import gbm, tuning
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


def climbed_on(
    folds: Sequence[Fold], best: Candidate, members: Sequence[Candidate]
) -> tuple[Candidate, list[Candidate], list[str]]:
    """The best of the ladder's ``best`` and all that is tried beyond; what was tried; in words, what was not."""
    some, rungs = treated(folds, members)
    others, blends, cut = tuned(folds, members)
    best = taken(folds, best, [*rungs, *blends])
    return best, [*some, *others, *rungs, *blends], [*absent(), *cut]


def absent() -> list[str]:
    """What is not tried because its library is not installed."""
    tuned = [name for name, method in tuning.METHODS.items() if not _there(method)]
    return [*([] if installed("smote") else ["SMOTE"]), *tuned]


def _there(method: tuning.Method) -> bool:
    return installed("tuning") and (method.extra is None or installed(method.extra))


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


def tuned(folds: Sequence[Fold], members: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate], list[str]]:
    """Boosted trees tuned by Optuna, the rungs: the blend with each in LightGBM's place, and what time cut short."""
    found, rungs, cut = [], [], []
    plain = next(member for member in members if member.name == "lightgbm")
    for name, method in tuning.METHODS.items():
        if not _there(method):
            continue
        first = plain.recipe.params if method.extra is None and isinstance(plain.recipe, gbm.Recipe) else None
        best = tuning.search(folds, method, first)
        one = Candidate(name, best.recipe, best.log_odds)
        found.append(one)
        rungs.append(blend(folds, [one if member is plain else member for member in members]))
        if best.trials < tuning.TRIALS:
            cut.append(f"{name} beyond {best.trials} trials")
    return found, rungs, cut


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

"""The members of the ladder, how they are compared, blended and explained."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from scoring.metrics import Floats, auc
from scoring.models import Model, Training, from_json, gbm, logistic, net, pairs
from scoring.models.blend import Blend, blended, stacked
from scoring.models.choose import Choice, choose
from scoring.models.contract import Recipe
from scoring.models.judging import Fold, chance_of_gain, deviance, recalibrated
from scoring.schema import Complexity
from tests.conftest import searching

pytestmark = pytest.mark.usefixtures("whole_search")

FEW = {"scoring.models.gbm_search.TRIALS": 4, "scoring.models.net_search.PENALTIES": (1.0,)}


def made(count: int, seed: int, *, product: float = 0.0, plain: float = 0.0, shift: float = -1.5) -> Training:
    """Eight columns, one with holes; the first two count together, the third by itself."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 8))
    line = shift + product * matrix[:, 0] * matrix[:, 1] + plain * matrix[:, 2]
    matrix[rng.random(count) < 0.1, 7] = np.nan
    label = (rng.random(count) < expit(line)).astype(np.float64)
    return Training(matrix, label, np.ones(count), tuple("abcdefgh"), 5)


def folded(count: int, windows: int = 3, **strength: float) -> list[Fold]:
    """Windows of leads who each have one row."""
    whole = made(count * (windows + 1), 11, **strength)
    place = np.arange(count * (windows + 1)) // count
    return [
        Fold(whole.where(place < window), whole.where(place == window), np.arange(count))
        for window in range(1, windows + 1)
    ]


def test_pairs_find_what_counts_only_together() -> None:
    """Neither column says anything alone; the logistic regression sees nothing."""
    train, fresh = made(3_000, 1, product=1.2), made(3_000, 2, product=1.2)
    plain = auc(fresh.label, logistic.fit(train, 0.01).log_odds(fresh.matrix))
    fitted = pairs.Recipe(0.01, 0.1).fit(train)
    assert (fitted.first[0], fitted.second[0]) == (0, 1)
    assert auc(fresh.label, fitted.log_odds(fresh.matrix)) > plain + 0.15


def test_a_design_gives_the_log_odds_of_its_rows() -> None:
    """With logarithms, unknown values and their flags; but for the last bits."""
    train = made(500, 3)
    train.matrix[::7, 0] = np.nan
    train.matrix[:, 1] = np.where(np.arange(500) % 9 == 0, 400.0, np.abs(train.matrix[:, 1]))
    model = logistic.fit(train, 0.01)
    assert model.scaling.logged[1]
    assert 0 in model.scaling.flagged()
    said = model.of_design(model.scaling.design(train.matrix))
    assert said == pytest.approx(model.log_odds(train.matrix), abs=1e-12)


def test_pairs_of_nothing_stay_out() -> None:
    """Without any product few of the 36 pairs and squares pass."""
    train = made(3_000, 3, plain=1.0)
    counts = [len(pairs.screened(made(3_000, seed, plain=1.0), logistic.fit(train, 0.1))[0]) for seed in range(20)]
    assert np.mean(counts) < 1.0


RECIPES: list[Recipe] = [
    logistic.Recipe(0.03),
    pairs.Recipe(0.03, 0.1),
    gbm.Recipe(gbm.FIRST, 20),
    net.Recipe(1.0, 5),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.kind)
def test_every_model_adds_up_and_comes_back_from_plain_data(recipe: Recipe) -> None:
    """Contributions and base sum to the log-odds, for rows with unknown values too."""
    train = made(800, 4, product=1.0, plain=1.0)
    model: Model = recipe.fit(train)
    assert np.abs(model.contributions(train.matrix).sum(axis=1) - model.log_odds(train.matrix)).max() < 1e-6
    again = from_json(model.to_json())
    assert again.kind == recipe.kind
    assert again.log_odds(train.matrix).tobytes() == model.log_odds(train.matrix).tobytes()


def test_a_lead_alone_gets_the_pairs_value_of_the_batch() -> None:
    """A row's sum depends on no other row."""
    train = made(500, 4, product=1.0)
    model = pairs.Recipe(0.03, 0.1).fit(train)
    assert model.log_odds(train.matrix[7:8])[0] == model.log_odds(train.matrix)[7]


def test_halves_of_a_product_are_its_shapley_values() -> None:
    """Beside the definition, over all coalitions of columns against the mean lead."""
    train = made(2_000, 5, product=1.2, plain=0.5)
    model = pairs.Recipe(0.03, 0.1).fit(train)
    mean = np.where(np.isnan(train.matrix), np.nan, 0.0)[0] + model.linear.scaling.mean
    row = np.where(np.isnan(train.matrix[9]), mean, train.matrix[9])
    expected = [_shapley(model, row, mean, column) for column in range(8)]
    # Missing flags have a mean of their own, which no lead has: the constant part is the base's.
    assert model.contributions(row[None])[0, :-1] - model.contributions(mean[None])[0, :-1] == pytest.approx(expected)


def _shapley(model: Model, row: Floats, mean: Floats, column: int) -> float:
    others, total = [place for place in range(8) if place != column], 0.0
    for size in range(8):
        weight = factorial(size) * factorial(7 - size) / factorial(8)
        for chosen in combinations(others, size):
            without = mean.copy()
            without[list(chosen)] = row[list(chosen)]
            with_it = without.copy()
            with_it[column] = row[column]
            without_value, value = model.log_odds(np.array([without, with_it]))
            total += weight * (value - without_value)
    return total


def test_recalibration_agrees_with_sklearn_and_never_turns_a_ranking() -> None:
    """The same intercept and slope; a slope below zero becomes zero, at the window's rate."""
    rng = np.random.default_rng(0)
    raw = 2.0 * rng.normal(size=4_000) + 1.0
    label = (rng.random(4_000) < expit(0.4 * raw - 2.0)).astype(np.float64)
    peer = LogisticRegression(C=np.inf, tol=1e-10).fit(raw[:, None], label)
    found = recalibrated(raw, label, np.ones(4_000))
    assert found == pytest.approx((peer.intercept_[0], peer.coef_[0, 0]), abs=1e-3)
    turned = recalibrated(-raw, label, np.ones(4_000))
    assert turned == (pytest.approx(np.log(label.mean() / (1 - label.mean()))), 0.0)


def test_the_deviance_asks_for_no_level() -> None:
    """Shifting and stretching a window's log-odds changes nothing; another ranking does."""
    folds = folded(400, plain=1.0)
    said = [fold.window.matrix[:, 2] for fold in folds]
    moved = [3.0 * raw + place for place, raw in enumerate(said)]
    assert deviance(folds, moved) == pytest.approx(deviance(folds, said), abs=1e-6)
    assert deviance(folds, [fold.window.matrix[:, 3] for fold in folds]) > deviance(folds, said) + 0.01


def test_without_a_slope_to_come_a_flat_model_is_the_worse() -> None:
    """With few conversions calibration moves log-odds and does not stretch them: they are judged as they are."""
    folds = [replace(fold, sloped=False) for fold in folded(400, plain=1.0)]
    raw = [fold.window.matrix[:, 2] for fold in folds]
    assert deviance(folds, [one - 5.0 for one in raw]) == pytest.approx(deviance(folds, raw), rel=1e-6)
    assert deviance(folds, [0.1 * one for one in raw]) > deviance(folds, raw) + 1e-3


def test_a_gain_is_certain_only_where_it_is_large() -> None:
    """The informed beats the blind in all resamples; of two blind ones neither is sure."""
    folds = folded(400, plain=1.0)
    informed, blind, other = ([fold.window.matrix[:, place] for fold in folds] for place in (2, 3, 4))
    assert chance_of_gain(folds, informed, blind) == 1.0
    assert chance_of_gain(folds, blind, informed) == 0.0
    assert 0.0 < chance_of_gain(folds, blind, other) < 1.0


def test_stacking_weights_the_better_member_and_never_below_zero() -> None:
    """Weights sum to 1; noise and a reversed member get little or nothing."""
    folds = folded(1_500, plain=1.2)
    good = [fold.window.matrix[:, 2] for fold in folds]
    noise = [fold.window.matrix[:, 3] for fold in folds]
    weights = stacked(folds, [good, noise, [-raw for raw in good]])
    assert sum(weights) == pytest.approx(1.0, abs=1e-5)
    assert min(weights) >= 0
    assert weights[0] > 0.9
    first = np.arange(1_500) < 20
    some = [Fold(fold.train, fold.window.where(first), fold.group[:20]) for fold in folds]
    few = stacked(some, [[raw[:20] for raw in good], [raw[:20] for raw in noise]])
    assert few[1] > weights[1]
    assert blended(weights, [good, noise, noise])[0] == pytest.approx(
        weights[0] * good[0] + (weights[1] + weights[2]) * noise[0]
    )


def test_a_blend_of_the_first_form_is_still_read() -> None:
    """It named LightGBM's share beside the logistic regression."""
    train = made(400, 6, plain=1.0)
    linear, trees = logistic.fit(train, 0.03), gbm.small_fit(train, 10)
    old = {"kind": "blend", "share": 0.25, "logistic": linear.to_json(), "gbm": trees.to_json()}
    expected = Blend((linear, trees), (0.75, 0.25)).log_odds(train.matrix)
    assert from_json(old).log_odds(train.matrix) == pytest.approx(expected)


@cache
def interacting() -> tuple[list[Fold], Choice]:
    """Windows in which products count, and what is chosen over them."""
    folds = folded(500, windows=2, product=1.5, plain=0.5)
    return folds, chosen(folds)


def chosen(folds: list[Fold]) -> Choice:
    """What is chosen after few trials of each member: there are several, and that is what matters here."""
    with contextmanager(searching)(FEW):
        return choose(folds)


def test_the_ladder_climbs_for_interactions_and_stays_down_when_told() -> None:
    """A blend with pairs or trees wins where products count; the cap keeps the logistic regression."""
    folds, free = interacting()
    capped = choose(folds, Complexity.INTERPRETABLE)
    assert free.recipe.kind == "blend"
    assert free.candidates[free.name] > free.candidates["logistic"] + 0.05
    assert capped.recipe.kind == "logistic"
    assert list(capped.candidates) == ["logistic"]


def test_the_choice_is_the_same_each_time() -> None:
    """Same rows, same seed: same recipe, same log-odds."""
    folds, one = interacting()
    two = chosen(folds)
    assert one.recipe == two.recipe
    assert all((a == b).all() for a, b in zip(one.log_odds, two.log_odds, strict=True))

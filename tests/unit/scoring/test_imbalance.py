"""Treatments of rare conversions: what they do to the rows and the loss, and that they must win."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from scoring.metrics import Floats, auc
from scoring.models import extended, from_json, gbm, logistic
from scoring.models.choose import choose
from scoring.models.imbalance import Focal, Smote, Weighted, focal_loss, oversampled
from scoring.models.rungs import Candidate
from scoring.schema import Complexity
from tests.unit.scoring.test_models import folded, made


class Midway:
    """Stands in for the extra's SMOTE: made-up rows lie halfway between neighbours in the list."""

    def __init__(self, random_state: int, k_neighbors: int) -> None:
        self.k_neighbors = k_neighbors

    def fit_resample(self, values: Floats, label: Floats) -> tuple[Floats, Floats]:
        assert not np.isnan(values).any()
        few = values[label == 1]
        assert self.k_neighbors < len(few)
        more = int((label == 0).sum()) - len(few)
        middle = (few + np.roll(few, 1, axis=0)) / 2
        return np.concatenate([values, np.resize(middle, (more, values.shape[1]))]), np.append(label, np.ones(more))


@pytest.fixture
def smote(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra as if it were installed."""
    stub: Any = ModuleType("imblearn.over_sampling")
    stub.SMOTE = Midway
    monkeypatch.setitem(sys.modules, "imblearn", ModuleType("imblearn"))
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", stub)
    monkeypatch.setattr(
        "scoring.models.extras.find_spec", lambda name: SimpleNamespace() if name == "imblearn" else None
    )


def test_class_weights_bring_both_classes_to_half() -> None:
    """The mean chance is then about a half, the ranking about the same."""
    train, fresh = made(3_000, 1, plain=1.0, shift=-3.0), made(3_000, 2, plain=1.0, shift=-3.0)
    plain, even = (recipe.fit(train) for recipe in (logistic.Recipe(0.3), Weighted(logistic.Recipe(0.3))))
    assert expit(plain.log_odds(fresh.matrix)).mean() < 0.15
    assert 0.35 < expit(even.log_odds(fresh.matrix)).mean() < 0.55
    areas = [auc(fresh.label, model.log_odds(fresh.matrix)) for model in (plain, even)]
    assert areas[0] == pytest.approx(areas[1], abs=0.02)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_focal_loss_has_these_derivatives(label: float) -> None:
    """Beside differences of the loss itself."""
    line, step = np.linspace(-3, 3, 13), 1e-4
    first, second = focal_loss(np.full(13, label), np.full(13, 2.0))(line, None)

    def loss(at: Floats) -> Floats:
        p = expit(at if label else -at)
        return np.asarray(-2.0 * (1 - p) ** 2 * np.log(p))

    assert first == pytest.approx((loss(line + step) - loss(line - step)) / (2 * step), abs=1e-6)
    bend = (loss(line + step) - 2 * loss(line) + loss(line - step)) / step**2
    assert second == pytest.approx(np.maximum(bend, 2e-6), abs=1e-5)


def test_focal_trees_rank_and_add_up() -> None:
    """Stored as LightGBM's text like any other; contributions sum to the log-odds."""
    train, fresh = made(2_000, 1, plain=1.5), made(2_000, 2, plain=1.5)
    model = Focal(gbm.Recipe(gbm.FIRST, 60)).fit(train)
    assert auc(fresh.label, model.log_odds(fresh.matrix)) > 0.75
    assert np.abs(model.contributions(fresh.matrix).sum(axis=1) - model.log_odds(fresh.matrix)).max() < 1e-6
    assert (from_json(model.to_json()).log_odds(fresh.matrix) == model.log_odds(fresh.matrix)).all()


@pytest.mark.usefixtures("smote")
def test_made_up_rows_lie_among_the_converted_and_have_their_holes() -> None:
    """Or a value that is known would tell the class."""
    train = made(2_000, 1, plain=1.0, shift=-2.5)
    skewed = np.exp(5 * train.matrix[:, 0])
    train = replace(train, matrix=np.column_stack([train.matrix, skewed]), columns=tuple("abcdefghi"))
    more = oversampled(train)
    added = more.matrix[2_000:]
    assert more.label.mean() == 0.5
    assert more.matrix[:2_000].tobytes() == train.matrix.tobytes()
    won = train.matrix[train.label == 1]
    assert np.isnan(added[:, 7]).mean() == pytest.approx(np.isnan(won[:, 7]).mean(), abs=0.05)
    assert (np.nanmax(added, axis=0) <= np.nanmax(won, axis=0) + 1e-6).all()
    assert (np.nanmin(added, axis=0) >= np.nanmin(won, axis=0) - 1e-6).all()
    assert Smote(logistic.Recipe(0.1)).fit(train).kind == "logistic"


@pytest.mark.usefixtures("smote")
def test_treatments_are_tried_under_full_complexity_alone_and_must_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here asks for them, so that the plain ladder's rung serves; their figures are shown."""
    monkeypatch.setattr("scoring.models.gbm_search.TRIALS", 1)
    folds = folded(250, plain=1.0)
    free, full = choose(folds), choose(folds, Complexity.FULL)
    assert not any("with" in name for name in free.candidates)
    for name in extended.TREATMENTS:
        assert f"lightgbm with {name}" in full.candidates
    assert (full.absent, free.absent) == (("tuned lightgbm", "xgboost", "catboost"), ())
    assert full.name == free.name


def test_a_gain_that_one_window_denies_is_not_taken() -> None:
    """However large it is elsewhere."""
    folds = folded(300, plain=1.0)
    right = [fold.window.matrix[:, 2] for fold in folds]
    blind = [fold.window.matrix[:, 3] for fold in folds]
    plain, better = (Candidate(name, logistic.Recipe(1.0), said) for name, said in (("a", blind), ("b", right)))
    mixed = replace(better, log_odds=[*right[:-1], -right[-1]])
    assert extended.taken(folds, plain, [better]) is better
    assert extended.taken(folds, plain, [mixed]) is plain


def test_without_the_extra_smote_is_named_as_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice goes on without it."""
    monkeypatch.setattr("scoring.models.extras.find_spec", lambda _name: None)
    monkeypatch.setattr("scoring.models.gbm_search.TRIALS", 1)
    full = choose(folded(150, plain=1.0), Complexity.FULL)
    assert full.absent == ("SMOTE", "tuned lightgbm", "xgboost", "catboost")
    assert not any("SMOTE" in name for name in full.candidates)

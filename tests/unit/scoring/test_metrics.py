"""Metrics agree with scikit-learn; calibration is monotone and meets the rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from scoring.calibration import Calibration, calibrate
from scoring.metrics import (
    Ranking,
    auc,
    brier,
    calibration_error,
    calibration_error_by_chance,
    equal_count_bins,
)

CASES = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0]), st.integers(-5, 5), st.integers(1, 4)), min_size=4, max_size=60
).filter(lambda rows: len({row[0] for row in rows}) == 2)


@settings(max_examples=80, deadline=None)
@given(CASES)
def test_ranking_metrics_agree_with_sklearn(rows: list[tuple[float, int, int]]) -> None:
    """AUC, average precision and Brier, with ties and weights."""
    label, score, weight = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    ranking = Ranking.of(label, score)
    assert ranking.auc(weight) == pytest.approx(roc_auc_score(label, score, sample_weight=weight))
    expected = average_precision_score(label, score, sample_weight=weight)
    assert ranking.average_precision(weight) == pytest.approx(expected)
    chance = expit(score)
    assert brier(label, chance, weight) == pytest.approx(brier_score_loss(label, chance, sample_weight=weight))


def test_lift_and_precision_of_a_perfect_ranking() -> None:
    """With a tenth converting, the best tenth has lift 10 and precision 1."""
    label = np.repeat([1.0, 0.0], [10, 90])
    ranking, weight = Ranking.of(label, label), np.ones(100)
    assert ranking.lift(weight, np.array([0.1, 0.2, 1.0])).tolist() == pytest.approx([10, 5, 1])
    assert ranking.precision_at(weight, 10) == pytest.approx(1.0)
    assert ranking.precision_at(weight, 20) == pytest.approx(0.5)


def test_a_single_class_has_no_auc() -> None:
    """NaN, not an error."""
    assert np.isnan(auc(np.zeros(5), np.arange(5.0)))


def test_a_perfectly_calibrated_model_shows_the_error_that_chance_gives() -> None:
    """More on few leads than on many, and on average what was foretold; one that is wrong shows more."""
    rng = np.random.default_rng(3)
    foretold = []
    for rows in (500, 8_000):
        chance = rng.uniform(0.01, 0.12, rows)
        weight, bins = np.ones(rows), equal_count_bins(chance, np.ones(rows))
        expected = calibration_error_by_chance(chance, weight, bins, 1)
        found = [calibration_error((rng.random(rows) < chance).astype(float), chance, weight, bins) for _ in range(100)]
        assert np.mean(found) == pytest.approx(expected, rel=0.12)
        wrong = [calibration_error((rng.random(rows) < chance / 2).astype(float), chance, weight, bins) for _ in "abc"]
        assert min(wrong) > expected
        foretold.append(expected)
    assert foretold[0] > 2 * foretold[1]


def test_a_true_probability_has_a_small_calibration_error() -> None:
    """And doubling the log-odds shows."""
    rng = np.random.default_rng(0)
    line = rng.normal(-1, 1, 20_000)
    label = (rng.random(20_000) < expit(line)).astype(np.float64)
    weight = np.ones(20_000)
    errors = []
    for scores in (line, 2 * line):
        chance = expit(scores)
        errors.append(calibration_error(label, chance, weight, equal_count_bins(chance, weight)))
    assert errors[0] < 0.015
    assert errors[1] > 0.05


def sample(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    line = rng.normal(-1, 1.5, count)
    return 1.7 * line + 0.8, (rng.random(count) < expit(line)).astype(np.float64)


@pytest.mark.parametrize(("conversions", "kind"), [(50, "intercept"), (500, "sigmoid"), (2_000, "isotonic")])
def test_the_calibration_ladder(conversions: int, kind: str) -> None:
    """Each rung rises strictly and meets the observed rate."""
    raw, label = sample(8_000)
    fitted = calibrate(raw, label, np.ones(8_000), conversions)
    assert fitted.kind == kind
    grid = fitted.apply(np.linspace(raw.min() - 1, raw.max() + 1, 2_000))
    assert (np.diff(grid) > 0).all()
    assert expit(fitted.apply(raw)).mean() == pytest.approx(label.mean(), abs=0.01)
    assert Calibration.from_json(fitted.to_json()) == fitted


def test_calibration_repairs_a_wrong_slope() -> None:
    """From 1,000 conversions the calibrated error is small."""
    raw, label = sample(20_000)
    chance = expit(calibrate(raw, label, np.ones(20_000), 5_000).apply(raw))
    assert calibration_error(label, chance, np.ones(20_000), equal_count_bins(chance, np.ones(20_000))) < 0.015


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 300), st.sampled_from([40, 400, 4_000]))
def test_calibration_never_reverses_an_order(seed: int, count: int, conversions: int) -> None:
    """Whatever the data, a higher raw value never gets a lower chance."""
    rng = np.random.default_rng(seed)
    raw = np.round(rng.normal(size=count), 1)
    label = (rng.random(count) < 0.3).astype(np.float64)
    grid = calibrate(raw, label, rng.uniform(0.5, 3, count), conversions).apply(np.linspace(-20, 20, 400))
    assert (np.diff(grid) >= 0).all()
    assert np.isfinite(grid).all()

"""How firm a ranking is over resamples, and what more leads would bring."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit

from scoring.cards import card, markdown
from scoring.figures import figures
from scoring.ground import FIT_ROWS, TEST_ROWS, Ground
from scoring.learning_curve import learning_curve, sentence
from scoring.models import Model, Training, logistic
from scoring.stability import stability
from tests.unit.scoring.reports import small

pytestmark = pytest.mark.usefixtures("whole_search")

RECIPE = logistic.Recipe(0.01)


def ground(leads: int, width: int, strength: float, seed: int = 0, rows_each: int = 1) -> Ground:
    """``width`` columns, of which the first five say something, and as many leads to judge on as to learn from."""
    rng = np.random.default_rng(seed)

    def drawn() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        matrix = np.repeat(rng.normal(size=(leads, width)), rows_each, axis=0)
        chance = expit(strength * matrix[:, :5].sum(axis=1) - 1)
        return matrix, (rng.random(len(chance)) < chance).astype(np.float64)

    (matrix, label), (test, test_label) = drawn(), drawn()
    count = len(label)
    training = Training(matrix, label, np.ones(count), tuple(f"c{n}" for n in range(width)), seed)
    lead = np.repeat(np.arange(leads), rows_each)
    said = RECIPE.fit(training).log_odds(test)
    return Ground(RECIPE, training, lead, lead, test, test_label, np.ones(count), lead, lead, said, seed)


@dataclass
class Watched:
    """A recipe that remembers what it was fitted on."""

    seen: list[Training] = field(default_factory=list)
    kind: str = "logistic"

    def fit(self, training: Training) -> Model:
        self.seen.append(training)
        return RECIPE.fit(training)


def test_a_strong_signal_ranks_alike_and_noise_does_not() -> None:
    """Agreement of nearly all against little more than a tenth; the spread holds the mean."""
    firm, loose = stability(ground(1_500, 8, 1.0)), stability(ground(1_500, 8, 0.0))
    assert firm
    assert loose
    assert firm["overlap"]["value"] > 0.85
    assert firm["spearman"]["value"] > 0.97
    assert loose["overlap"]["value"] < 0.5
    assert loose["spearman"]["value"] < 0.5
    for found in (firm, loose):
        assert all(part["low"] <= part["value"] <= part["high"] for part in (found["overlap"], found["spearman"]))


def test_each_lead_is_ranked_once() -> None:
    """Its last snapshot stands for it."""
    found = stability(ground(400, 6, 1.0, rows_each=3))
    assert found
    assert found["leads"] == 400


def test_resamples_keep_leads_whole_and_within_the_cap() -> None:
    """All rows of a lead weigh alike, and about FIT_ROWS rows are drawn however many there are."""
    watched = Watched()
    given = ground(4_000, 4, 1.0, rows_each=3)
    # The first column names the lead; the recipe may learn from it what it likes.
    named = replace(given.training, matrix=np.column_stack([given.lead.astype(float), given.training.matrix[:, 1:]]))
    assert stability(replace(given, recipe=watched, training=named))
    assert len(watched.seen) == 5
    for training in watched.seen:
        assert abs(training.weight.sum() - FIT_ROWS) < 0.1 * FIT_ROWS
        _leads, first, count = np.unique(training.matrix[:, 0], return_index=True, return_counts=True)
        assert set(count) == {3}
        assert all(len(set(training.weight[at : at + 3])) == 1 for at in first[:50])
    assert len({tuple(np.unique(training.matrix[:, 0])[:50]) for training in watched.seen}) == 5


def test_the_curve_grows_over_nested_parts() -> None:
    """Each part holds the one before, of whole leads, within FIT_ROWS; the last point is the trial's own model."""
    watched = Watched()
    given = ground(3_000, 4, 1.0, rows_each=3)
    found = learning_curve(replace(given, recipe=watched), 3_000)
    assert found
    sizes = [len(training.label) for training in watched.seen]
    assert sizes == sorted(sizes)
    assert sizes[-1] <= FIT_ROWS
    rows = [set(map(float, training.matrix[:, 0])) for training in watched.seen]
    assert all(one <= other for one, other in itertools.pairwise(rows))
    assert [point["leads"] for point in found["points"]] == [*(size // 3 for size in sizes), 3_000]


def test_leads_that_would_help_are_told_from_leads_that_would_not() -> None:
    """Sixty columns and 250 leads have much to learn; one strong column has learned all."""
    hungry, full = learning_curve(ground(250, 60, 0.5), 250), learning_curve(ground(4_000, 5, 1.0), 4_000)
    assert hungry
    assert full
    assert hungry["gain"]["value"] > 0.02
    assert hungry["gain"]["low"] < hungry["gain"]["value"] < hungry["gain"]["high"]
    assert hungry["points"][-1]["log_loss"] < hungry["points"][0]["log_loss"]
    assert abs(full["gain"]["value"]) < 0.005
    assert "flat" in full["sentence"]


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.022, 0.002, 0.037, "would bring about +0.022 AUC (95 % +0.002 to +0.037), if the curve goes on"),
        (0.001, 0.0, 0.004, "The curve is flat"),
        (0.01, -0.02, 0.04, "can't be told yet: −0.020 to +0.040"),
        (-0.01, -0.02, 0.004, "The curve is flat"),
        (0.001, -0.02, 0.03, "can't be told yet: −0.020 to +0.030"),
    ],
)
def test_the_sentence_is_as_certain_as_the_figures(value: float, low: float, high: float, said: str) -> None:
    assert said in sentence(value, low, high)


def test_too_little_is_not_asked() -> None:
    """Few leads to rank, or few conversions to learn from in parts."""
    assert stability(ground(30, 4, 1.0)) is None
    few = ground(300, 4, 1.0)
    rare = replace(few.training, label=np.where(np.arange(300) < 6, 1.0, 0.0))
    assert learning_curve(replace(few, training=rare), 300) is None
    assert learning_curve(replace(few, label=np.zeros(300)), 300) is None


def test_the_same_seed_gives_the_same_figures() -> None:
    one, other = (learning_curve(ground(200, 10, 0.5, seed=4), 200) for _ in range(2))
    assert one == other


def test_a_training_tells_both() -> None:
    """In the report, as a figure and on the card; a scorecard has neither."""
    told: dict[str, Any] = small()
    assert told["learning_curve"]["points"][-1]["leads"] == told["split"]["learned_from"]["leads"]
    assert told["stability"]["leads"] <= TEST_ROWS
    text = markdown(card(told)).replace("\\", "")
    assert told["learning_curve"]["sentence"] in text
    assert "two models agree on" in text
    assert "learning-curve" in figures(told)
    without = told | {"stability": None, "learning_curve": None}
    assert "too few leads or conversions" in markdown(card(without))
    assert "learning-curve" not in figures(without)

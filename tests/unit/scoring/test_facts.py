"""What an owner accepts of complexity is obeyed: few facts, of which the strongest, and the card says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scoring import facts
from scoring.bundle import dumps, loads
from scoring.cards import card, markdown
from scoring.models import Training as Rows
from scoring.predict import score
from scoring.schema import Complexity
from scoring.train import Training, train
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, dated

WORLD = dated(400, seed=5)


@pytest.fixture(scope="module")
def few() -> Training:
    """A model of two facts."""
    goal = replace(DATED_GOAL, complexity=Complexity.INTERPRETABLE, most_facts=2)
    return train(WORLD, goal, as_of=AS_OF, seed=3, tenant="t", version="model_v20250101")


def test_a_model_looks_at_no_more_facts_than_were_accepted(few: Training) -> None:
    """What serves, what was tried, and every reason; and it is stored with the cap."""
    assert len(facts.of(few.bundle.spec)) == 2
    assert few.trial
    assert facts.of(few.trial.spec) == set(few.report["facts"]["kept"])
    assert few.report["facts"]["offered"] > 5
    assert set(few.report["candidates"]) == {"logistic"}
    scores = score(few.bundle, WORLD, as_of=AS_OF)
    told = scores.explode("contributions")["contributions"].struct.field("concept").drop_nulls()
    assert set(told) <= facts.of(few.bundle.spec)
    assert loads(dumps(few.bundle), tenant="t").goal.most_facts == 2


def test_the_card_says_what_was_left_out(few: Training) -> None:
    report: dict[str, Any] = {**few.report, "sha256": "ab" * 32}
    said = markdown(card(report))
    assert "a list of coefficients alone; blends, trees and networks were not considered" in said
    assert "it may look at 2, the strongest:" in said
    assert "Accepted complexity" not in markdown(card(report | _older(report)))


def _older(report: dict[str, Any]) -> dict[str, Any]:
    """The goal as earlier releases told it."""
    return {"goal": {name: value for name, value in report["goal"].items() if name != "complexity"}}


def test_the_strongest_are_those_that_move_the_chance_most() -> None:
    """A fact of several columns counts as one."""
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(2_000, 4))
    line = matrix @ np.array([2.0, 2.0, 1.5, 0.0])
    label = (rng.random(2_000) < 1 / (1 + np.exp(-line))).astype(float)
    rows = Rows(matrix, label, np.ones(2_000), ("a1", "a2", "b", "c"), 1, ("A", "A", "B", "C"), None)
    assert facts.strongest(rows, 2) == facts.Facts(3, ("A", "B"))
    assert facts.strongest(rows, 9) == facts.Facts(3, ("A", "B", "C"))

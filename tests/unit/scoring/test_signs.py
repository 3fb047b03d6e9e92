"""Signs and shapes of the linear part: what counts the other way than alone, and what a line can't follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from scoring.cards import card, markdown
from scoring.features.catalogue import Catalogue
from scoring.features.declared import Family, Feature
from scoring.models import Model, Training, gbm, logistic, scorecard
from scoring.models.blend import Blend
from scoring.signs import Rows, checked

COUNT = 4_000
NAMES = ("signal", "echo", "bowl", "noise")


def rows() -> Rows:
    """``echo`` is the signal and something that hurts; conversions are likeliest in the middle of ``bowl``."""
    rng = np.random.default_rng(2)
    signal, hurt, bowl, noise = rng.normal(size=(4, COUNT))
    line = 1.5 * signal - 1.2 * hurt - 0.8 * bowl**2 + 0.5 * bowl - 0.5
    label = (rng.random(COUNT) < 1 / (1 + np.exp(-line))).astype(np.float64)
    matrix = np.column_stack([signal, 2 * signal + hurt, bowl, noise])
    return Rows(matrix, label, np.ones(COUNT), np.arange(COUNT))


def named(**same_concept: str) -> Catalogue:
    features = {
        name: Feature(name, name.title(), Family.DERIVED, same_concept.get(name, name), (), pl.lit(0)) for name in NAMES
    }
    return Catalogue(features, {}, {})


def fitted(found: Rows) -> logistic.Logistic:
    return logistic.fit(Training(found.matrix, found.label, found.weight, NAMES, 0), 0.1)


def found_in(model: Model, declared: Catalogue | None = None) -> dict[str, Any]:
    told = checked(model, NAMES, declared or named(), rows())
    assert told is not None
    return told


def test_what_counts_the_other_way_than_alone_is_named() -> None:
    """Alone the echo goes with conversions; beside the signal only what hurts is left of it."""
    told = found_in(fitted(rows()))
    assert [one["name"] for one in told["turned"]] == ["echo"]
    assert told["concepts_turned"] == ["echo"]


def test_a_concept_that_goes_the_right_way_as_a_whole_is_not_named() -> None:
    """Two inputs that correct each other are one thing to a reader."""
    told = found_in(fitted(rows()), named(signal="interest", echo="interest"))
    assert told["concepts_turned"] == []
    assert [one["name"] for one in told["turned"]] == ["echo"]


def test_a_rate_that_rises_and_falls_is_named_with_its_bands() -> None:
    """From the middle to the end of the bowl it falls, though as a whole it rises."""
    (bent,) = found_in(fitted(rows()))["bent"]
    assert bent["name"] == "bowl"
    assert bent["from"]["rate"] > bent["to"]["rate"]
    assert bent["from"]["high"] <= bent["to"]["low"]


def test_rows_of_one_lead_are_no_leads_more() -> None:
    """The same data said to be of five leads tell nothing for sure."""
    plain = rows()
    few = Rows(plain.matrix, plain.label, plain.weight, np.arange(COUNT) % 5)
    told = checked(fitted(plain), NAMES, named(), few)
    assert told is not None
    assert (told["turned"], told["bent"], told["concepts_turned"]) == ([], [], [])


def test_the_linear_member_of_a_blend_is_checked_and_other_models_have_none() -> None:
    """Trees have no signs."""
    found = rows()
    training = Training(found.matrix, found.label, found.weight, NAMES, 0)
    trees = gbm.small_fit(training, 3)
    assert found_in(Blend((trees, fitted(found)), (0.5, 0.5)))["turned"]
    assert checked(trees, NAMES, named(), found) is None
    assert checked(scorecard.fit(training), NAMES, named(), found) is None


@pytest.mark.parametrize("there", [True, False])
def test_the_card_tells_them(there: bool) -> None:
    """By their labels and bands; a report without them says that there is nothing to read."""
    told = found_in(fitted(rows())) if there else None
    text = markdown(card({"signs": told}), pictures="figures")
    assert ("the other way than alone" in text) is there
    assert ("No signs were checked" in text) is not there

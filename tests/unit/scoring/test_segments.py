"""Figures over the values of named attributes: right, with intervals, and nobody singled out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from scoring.cards import card, markdown
from scoring.learning import Trial
from scoring.schema import LEADS, VALUES, Field, FieldType, Goal, Knowledge, Timing
from scoring.segments import OTHERS, UNKNOWN, segments
from scoring.timeline import Timeline
from scoring.train import train
from tests.unit.scoring.reports import small
from tests.unit.scoring.worlds import AS_OF, PLAIN_GOAL, START, dated, frame, history

GOAL = Goal("Won", Timing.DATED, high_intent_share=0.2)
COUNT = 4_000


class World:
    """Leads whose chance is known; regions convert at rates of their own, and the model knows the chance."""

    def __init__(
        self, shifts: dict[str | None, float], shares: list[float], seed: int = 0, fitted: float = 1.0
    ) -> None:
        rng = np.random.default_rng(seed)
        names = list(shifts)
        place = rng.choice(len(names), COUNT, p=shares)
        self.region = [names[spot] for spot in place]
        log_odds = rng.normal(size=COUNT) - 1.5 + np.array([shifts[name] for name in names])[place]
        self.label = (rng.random(COUNT) < expit(log_odds)).astype(np.int8)
        self.log_odds = log_odds * fitted
        self.size = [str(value) for value in rng.integers(1, 400, COUNT)]

    def told(self, *names: str, read: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """The tables of the attributes ``names``."""
        ids = np.arange(COUNT)
        whole = {"lead_id": ids, "created_at": [START] * COUNT, "intake_order": [None] * COUNT}
        leads = frame(whole | {"company_key": [None] * COUNT, "email_kind": [None] * COUNT}, LEADS)
        values = pl.concat(
            frame({"lead_id": ids, "field": [name] * COUNT, "value": texts, "known_at": [None] * COUNT}, VALUES)
            for name, texts in (("region", self.region), ("size", self.size))
        ).drop_nulls("value")
        fields = (
            Field("region", "Region", FieldType.CATEGORY, Knowledge.INTAKE, blocked=True, options=(("n", "North"),)),
            Field("size", "Size", FieldType.NUMBER, Knowledge.INTAKE),
        )
        rows = pl.DataFrame({"row": ids, "lead_id": ids, "as_of": [AS_OF] * COUNT, "label": self.label})
        rows = rows.with_columns(
            weight=pl.lit(1.0), company_key=pl.lit(None, pl.String), as_of=pl.col("as_of").cast(LEADS["created_at"])
        )
        trial = Trial(rows, np.zeros((COUNT, 0)), (), self.log_odds)
        timeline = Timeline(history(leads, values=values, fields=fields))
        return segments(timeline, trial, names, GOAL, read, seed=1)


def test_each_groups_figures_are_what_can_be_counted() -> None:
    """Rate, stated chance, selection, precision and true-positive rate, by hand; a blocked field may be looked at."""
    world = World({"n": 0.0, "South": 1.0}, [0.6, 0.4])
    (table,) = world.told("region")
    assert [group["value"] for group in table["groups"]] == ["North", "South"]
    assert not table["is_input"]
    picked = world.log_odds >= np.sort(world.log_odds)[-COUNT // 5]
    for group, key in zip(table["groups"], ("n", "South"), strict=True):
        mine = np.array([name == key for name in world.region])
        won = world.label[mine] == 1
        assert group["leads"] == mine.sum()
        assert group["conversions"] == won.sum()
        assert group["rate"]["value"] == pytest.approx(won.mean(), abs=1e-6)
        assert group["stated"]["value"] == pytest.approx(expit(world.log_odds[mine]).mean(), abs=1e-6)
        assert group["selected"]["value"] == pytest.approx(picked[mine].mean(), abs=1e-6)
        assert group["precision"]["value"] == pytest.approx(won[picked[mine]].mean(), abs=1e-6)
        assert group["reached"]["value"] == pytest.approx(picked[mine][won].mean(), abs=1e-6)
        assert all(group[name]["low"] <= group[name]["value"] <= group[name]["high"] for name in ("rate", "auc", "gap"))
        assert group["gap"]["low"] < 0 < group["gap"]["high"], "the chances are the true ones"


def test_gaps_are_told_against_the_largest_group_with_intervals() -> None:
    """The group that converts more often is selected more often, and the sentence says what that does not show."""
    (table,) = World({"n": 0.0, "South": 1.2}, [0.6, 0.4]).told("region")
    assert table["reference"] == "North"
    (gap,) = table["gaps"]
    assert gap["value"] == "South"
    assert gap["selected"]["low"] > 0
    assert gap["ratio"]["low"] > 1.25
    assert gap["selected"]["low"] < gap["selected"]["value"] < gap["selected"]["high"]
    assert "“South” is selected more often than “North”" in table["sentence"]
    assert "four fifths" in table["sentence"]
    assert "not why" in table["sentence"]


def test_groups_that_are_alike_are_not_called_different() -> None:
    """Over ten draws, at most a few differences are called sure."""
    sure = 0
    for seed in range(10):
        (table,) = World({"n": 0.0, "South": 0.0}, [0.5, 0.5], seed).told("region")
        sure += "no group is surely" not in table["sentence"]
    assert sure <= 2


def test_a_wrong_chance_shows_as_a_gap() -> None:
    """A model that overstates one group."""
    world = World({"n": 0.0, "South": 0.0}, [0.5, 0.5])
    world.log_odds = world.log_odds + np.array([1.0 if name == "South" else 0.0 for name in world.region])
    north, south = sorted(world.told("region")[0]["groups"], key=lambda group: group["value"])
    assert south["gap"]["high"] < 0
    assert north["gap"]["low"] < 0 < north["gap"]["high"]


def test_small_groups_stand_together_and_missing_values_are_a_group() -> None:
    """No value of under thirty leads is named."""
    world = World({"n": 0.0, "East": 0.0, "West": 0.0, None: 0.0}, [0.893, 0.003, 0.004, 0.1])
    (table,) = world.told("region")
    assert [group["value"] for group in table["groups"]] == ["North", UNKNOWN, OTHERS]
    assert sum(group["leads"] for group in table["groups"]) == COUNT


def test_numbers_are_cut_at_their_quartiles() -> None:
    (table,) = World({"n": 0.0}, [1.0]).told("size", read=("size",))
    assert table["is_input"]
    assert len(table["groups"]) == 4
    assert all(abs(group["leads"] - COUNT / 4) < COUNT / 20 for group in table["groups"])
    assert any(group["value"].startswith("up to ") for group in table["groups"])


def test_one_group_has_nothing_to_be_compared_with_and_unknown_names_are_told() -> None:
    region, nowhere = World({"n": 0.0}, [1.0]).told("region", "nowhere")
    assert region["gaps"] == []
    assert "nothing to compare" in region["sentence"]
    assert nowhere == {
        "attribute": "nowhere",
        "label": "nowhere",
        "groups": [],
        "sentence": "There is no field “nowhere”.",
    }


def test_the_source_is_compared_over_unasked() -> None:
    """Where a field is marked as telling it; once, also if it is named."""
    world = dated(40)
    fields = tuple(replace(field, source=field.name == "source") for field in world.fields)
    settings: dict[str, Any] = {"as_of": AS_OF, "seed": 1, "tenant": "t", "version": "v"}
    for named in ((), ("source",)):
        told = train(replace(world, fields=fields), PLAIN_GOAL, **settings, attributes=named).report
        assert [table["attribute"] for table in told["segments"]] == ["source"]


def test_a_training_compares_over_named_attributes() -> None:
    """In the report and on the card; without a name nothing is compared, and the card says so."""
    told = small()
    (table,) = told["segments"]
    assert {group["value"] for group in table["groups"]} <= {"web", "event", "ads", OTHERS}
    assert table["is_input"]
    text = markdown(card(told)).replace("\\", "")
    assert table["sentence"] in text
    assert "Lead source: gaps to" in text
    assert "an input of the model" in text
    assert "nothing is said of fairness" in markdown(card(told | {"segments": []}))

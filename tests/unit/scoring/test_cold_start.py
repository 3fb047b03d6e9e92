"""Whatever comes in: a score, or a refusal with its reason, and a verdict that says which."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from scoring.bundle import dumps, loads
from scoring.features import catalogue
from scoring.predict import score
from scoring.schema import EVENTS, VALUES, Complexity, Field, FieldType, Goal, History, Knowledge
from scoring.train import Training, train
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, ORDERED_GOAL, PLAIN_GOAL, dated, frame, ordered

COUNT = 400
PLAIN_ORDERED = replace(ORDERED_GOAL, complexity=Complexity.INTERPRETABLE)


def held(world: History, goal: Goal = ORDERED_GOAL) -> tuple[Training, pl.DataFrame]:
    """Train, store, load and score; hold both to what must always be true."""
    made = train(world, goal, as_of=AS_OF, seed=1, tenant="t1", version="m")
    verdict = made.report["verdict"]
    assert verdict["state"] in {"ready", "usable", "not ready"}
    assert verdict["sentence"].lower().startswith(verdict["state"])
    if made.report["kind"] == "scorecard":
        assert verdict["state"] == "not ready"
        assert "scorecard" in verdict["sentence"]
        assert any("needed to learn" in note for note in made.report["notes"])
    json.dumps(made.report, allow_nan=False)
    scores = score(loads(dumps(made.bundle), tenant="t1"), world, as_of=AS_OF)
    chances = scores["probability"]
    assert chances.is_finite().all()
    assert chances.is_between(0, 1, closed="none").all()
    assert ((scores["low"] <= chances) & (chances <= scores["high"])).all()
    total = (
        scores["base_value"] + scores["contributions"].list.eval(pl.element().struct.field("contribution")).list.sum()
    )
    assert scores.is_empty() or np.abs((total - scores["log_odds"]).to_numpy()).max() < 1e-6
    assert set(catalogue(made.bundle.spec).sides) >= set(
        scores.explode("reasons")["reasons"].struct.field("concept").drop_nulls()
    )
    return made, scores


@cache
def usual() -> tuple[Training, pl.DataFrame]:
    """What comes of the ordered world as it is."""
    return held(ordered(COUNT), PLAIN_ORDERED)


def converting(world: History, count: int) -> History:
    """The world with ``count`` conversions, spread over its leads."""
    won = world.conversions.unique("lead_id", keep="first").sort("at", "lead_id")
    picked = np.linspace(0, won.height - 1, count).round().astype(int) if count else np.empty(0, dtype=int)
    return replace(world, conversions=won[np.unique(picked)])


def with_fields(world: History, columns: dict[str, list[str | None]]) -> History:
    """The world with undated fields more, one value a lead."""
    ids = world.leads["lead_id"].to_list()
    parts = [
        frame({"lead_id": ids, "field": [name] * len(ids), "value": values, "known_at": [None] * len(ids)}, VALUES)
        for name, values in columns.items()
    ]
    fields = tuple(Field(name, name, FieldType.TEXT, Knowledge.UNDATED) for name in columns)
    return replace(world, values=pl.concat([world.values, *parts]), fields=(*world.fields, *fields))


@pytest.mark.parametrize("count", [0, 1, 5, 30, 100])
@pytest.mark.parametrize("kind", ["ordered", "dated"])
def test_few_conversions(kind: str, count: int) -> None:
    """Under the minimum a scorecard that says so; from it on a model where the history allows, never called ready."""
    world = ordered(COUNT, seed=1) if kind == "ordered" else dated(350, seed=1)
    goal = ORDERED_GOAL if kind == "ordered" else DATED_GOAL
    made, scores = held(converting(world, count), goal)
    assert scores.height == world.leads.height - count
    if count < 30:
        assert made.report["kind"] == "scorecard"
    assert made.report["verdict"]["state"] != "ready"


def test_everybody_or_nobody_converted() -> None:
    """A single class: nothing to learn, and of the one nobody left to score."""
    world = ordered(80)
    everybody = world.leads.select("lead_id", at=pl.lit(None, world.conversions.schema["at"]))
    assert held(replace(world, conversions=everybody))[1].is_empty()
    assert held(replace(world, conversions=everybody.clear()))[1].height == 80


def test_nobody_at_all() -> None:
    """An account without leads."""
    world = ordered(20)
    gone = replace(world, leads=world.leads.clear(), values=world.values.clear(), conversions=world.conversions.clear())
    assert held(gone)[1].is_empty()


def test_columns_that_say_nothing() -> None:
    """All missing, blank, constant: as if they were not there."""
    count = ordered(COUNT).leads.height
    empty: dict[str, list[str | None]] = {"void": [None] * count, "blank": ["  "] * count, "same": ["x"] * count}
    made, scores = held(with_fields(ordered(COUNT), empty), PLAIN_ORDERED)
    assert not [name for name in made.bundle.spec.columns if name.split(".")[1].split("=")[0] in empty]
    assert scores["probability"].equals(usual()[1]["probability"])


def test_nothing_but_columns_that_say_nothing() -> None:
    """No input varies: everybody has the rate, and the notes say why."""
    world = replace(ordered(COUNT), values=pl.DataFrame(schema=VALUES), fields=())
    made, scores = held(with_fields(world, {"same": ["x"] * COUNT}))
    assert made.report["kind"] == "scorecard"
    assert scores["probability"].n_unique() == 1


def test_more_columns_than_leads() -> None:
    """Numbers, choices and truth values of pure noise beside two honest fields."""
    rng, count = np.random.default_rng(3), 120
    makers = (
        lambda: rng.normal(size=count).round(2).astype(str),
        lambda: rng.choice(["a", "b", "c"], count),
        lambda: rng.choice(["yes", "no"], count),
    )
    noise = {f"c{number}": list(makers[number % 3]()) for number in range(135)}
    made, scores = held(with_fields(ordered(count), noise), PLAIN_ORDERED)
    assert len(made.bundle.spec.columns) > 135 > count
    assert scores.height > 0


def test_a_field_that_is_the_outcome() -> None:
    """It is held back by name in the notes, and the rest scores."""
    world = ordered(COUNT)
    won = set(world.conversions["lead_id"])
    told = ["yes" if lead in won else "no" for lead in world.leads["lead_id"]]
    made, scores = held(with_fields(world, {"outcome": told}))
    assert not [name for name in made.bundle.spec.columns if "outcome" in name]
    assert any("outcome" in note for note in made.report["notes"])
    assert scores.height == COUNT - len(won)


@pytest.mark.parametrize("years", [-10, 10])
def test_times_far_off(years: int) -> None:
    """Leads, events and values of ten years ago count as old; those of the future are not seen."""
    world = dated(200, seed=4)
    at = datetime(AS_OF.year + years, 6, 1, tzinfo=UTC)
    some = world.leads["lead_id"].head(60)
    moved = pl.when(pl.col("lead_id").is_in(some.implode())).then(pl.lit(at).cast(pl.Datetime("us", "UTC")))
    leads = world.leads.with_columns(created_at=moved.otherwise("created_at"))
    strange = pl.DataFrame(
        {
            "lead_id": some,
            "at": [at + timedelta(days=1)] * 60,
            "kind": ["page_view"] * 60,
            "actor": ["lead"] * 60,
            "detail": [None] * 60,
        },
        schema=EVENTS,
    )
    world = replace(world, leads=leads, events=pl.concat([world.events, strange]))
    _, scores = held(world, PLAIN_GOAL)
    expected = 0 if years > 0 else len(set(some) - set(world.conversions["lead_id"]))
    assert len(set(scores["lead_id"]) & set(some)) == expected


def test_events_of_the_future_change_nothing() -> None:
    """Neither the model nor a score."""
    world = dated(150, seed=4)
    later = world.events.with_columns(at=pl.col("at") + timedelta(days=3_650))
    both = replace(world, events=pl.concat([world.events, later]))
    (one, scores), (other, again) = held(world, PLAIN_GOAL), held(both, PLAIN_GOAL)
    assert dumps(one.bundle) == dumps(other.bundle)
    assert scores.equals(again)


def test_a_fifth_of_the_labels_is_wrong() -> None:
    """Still ranked, with less to show for it, and never called ready."""
    world = ordered(1_000, seed=2)
    ids = world.leads["lead_id"].to_numpy()
    label = np.isin(ids, world.conversions["lead_id"].to_numpy())
    flipped = label ^ (np.random.default_rng(1).random(len(ids)) < 0.2)
    won = pl.DataFrame({"lead_id": ids[flipped], "at": [None] * int(flipped.sum())}, schema=world.conversions.schema)
    made, scores = held(replace(world, conversions=won), PLAIN_ORDERED)
    clean, _ = held(world, PLAIN_ORDERED)
    assert 0.5 < made.report["metrics"]["auc"]["value"] < clean.report["metrics"]["auc"]["value"]
    assert made.report["verdict"]["state"] != "ready"
    truth = label[np.isin(ids, scores["lead_id"].to_numpy())]
    high, low = (scores["probability"].to_numpy()[truth == side].mean() for side in (True, False))
    assert high > low

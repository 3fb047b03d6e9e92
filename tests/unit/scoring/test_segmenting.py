"""Models of segments: taken where they surely rank better, explained like all others, refused where they overlap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from scoring.bundle import Bundle, dumps, loads
from scoring.cards import card
from scoring.dataset import snapshots
from scoring.explain import contributed
from scoring.features import build
from scoring.models.segmented import Segmented
from scoring.predict import score
from scoring.schema import CONVERSIONS, LEADS, VALUES, Complexity, Field, FieldType, Goal, History, Knowledge, Timing
from scoring.timeline import Timeline
from scoring.train import Training, train
from tests.unit.scoring.worlds import AS_OF, dated, frame, history

GOAL = Goal("Converted", Timing.ORDERED, complexity=Complexity.INTERPRETABLE, segment="region")
COUNT = 1_600
FIELDS = (
    Field("honest", "Size", FieldType.NUMBER, Knowledge.UNDATED),
    Field("region", "Region", FieldType.CATEGORY, Knowledge.UNDATED),
    Field("wishes", "Wishes", FieldType.MULTI, Knowledge.UNDATED),
)


@cache
def _world(turned: float, seed: int = 5) -> History:
    """Size speaks for a lead in the north, and ``turned`` times as much in the south; the far west is thin."""
    rng = np.random.default_rng(seed)
    region = rng.choice(["north", "south", "west"], COUNT, p=[0.55, 0.4, 0.05])
    size = rng.normal(size=COUNT)
    pull = np.where(region == "south", turned, 1.0) * 1.5 * size - 1.0
    won = rng.random(COUNT) < 1 / (1 + np.exp(-pull))
    columns = {"honest": size.round(4).astype(str), "region": region, "wishes": rng.choice(["a", "a;b"], COUNT)}
    ids = np.arange(1, COUNT + 1)
    empty = [None] * COUNT
    leads = {"lead_id": ids, "created_at": empty, "intake_order": ids, "company_key": empty, "email_kind": empty}
    values = pl.concat(
        frame({"lead_id": ids, "field": [name] * COUNT, "value": list(column), "known_at": empty}, VALUES)
        for name, column in columns.items()
    )
    conversions = frame({"lead_id": ids[won], "at": [None] * int(won.sum())}, CONVERSIONS)
    return history(frame(leads, LEADS), values=values, conversions=conversions, fields=FIELDS)


def _trained(world: History, goal: Goal = GOAL) -> Training:
    return train(world, goal, as_of=AS_OF, seed=1, tenant="t", version="model_v20250101")


@pytest.fixture(scope="module")
def turned() -> Training:
    return _trained(_world(-1.0))


def test_a_segment_where_facts_count_otherwise_gets_its_own_model(turned: Training) -> None:
    """One common regression sees no effect of size at all; with models of their own both segments do."""
    told = turned.report["segment_models"]
    by_value = {one["value"]: one for one in told["segments"]}
    assert by_value["Region: north"]["own_model"]
    assert by_value["Region: south"]["own_model"]
    assert by_value["Region: south"]["auc_own"] > by_value["Region: south"]["auc_parent"] + 0.2
    assert turned.report["metrics"]["auc"]["value"] > 0.7
    assert _trained(_world(-1.0), replace(GOAL, segment=None)).report["metrics"]["auc"]["value"] < 0.65


def test_a_thin_segment_keeps_the_common_model(turned: Training) -> None:
    """It is named with the reason, and its leads are scored all the same."""
    thin = next(one for one in turned.report["segment_models"]["segments"] if one["value"] == "Region: west")
    assert not thin["own_model"]
    assert "fewer than 100 conversions" in thin["why"]
    scores = score(turned.bundle, _world(-1.0), as_of=AS_OF)
    assert scores["score_tenths"].null_count() == 0


def test_where_nothing_is_otherwise_one_model_serves() -> None:
    """A gain by chance is not enough."""
    plain = _trained(_world(1.0))
    assert not any(one["own_model"] for one in plain.report["segment_models"]["segments"])
    assert not isinstance(plain.bundle.model, Segmented)


def test_parts_add_up_from_one_base(turned: Training) -> None:
    """In segments and outside, and the segment's level is the segment's own part."""
    bundle, world = turned.bundle, _world(-1.0)
    rows = snapshots(world, GOAL, as_of=AS_OF, seed=1)
    matrix = build(Timeline(world), rows, bundle.spec).matrix
    model = bundle.model
    assert isinstance(model, Segmented)
    found = model.contributions(matrix)
    assert np.abs(found.sum(axis=1) - model.log_odds(matrix)).max() < 1e-9
    assert len(np.unique(found[:, -1])) == 1
    stated = contributed(bundle, matrix)
    assert (
        np.abs(stated.base + stated.contributions.sum(axis=1) - bundle.calibration.apply(model.log_odds(matrix))).max()
        < 1e-6
    )


def test_a_lead_alone_has_the_bits_that_it_has_in_a_batch(turned: Training) -> None:
    """Whichever segment it is in."""
    bundle, world = turned.bundle, _world(-1.0)
    matrix = build(Timeline(world), snapshots(world, GOAL, as_of=AS_OF, seed=1), bundle.spec).matrix[:200]
    whole = bundle.model.log_odds(matrix)
    alone = [bundle.model.log_odds(matrix[place : place + 1])[0] for place in range(len(matrix))]
    assert np.array(alone).tobytes() == whole.tobytes()


def test_it_is_stored_and_read_again(turned: Training) -> None:
    """As plain data, the same bytes each time."""
    data = dumps(turned.bundle)
    again: Bundle = loads(data, tenant="t")
    assert isinstance(again.model, Segmented)
    assert dumps(again) == data


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("wishes", "the segments overlap"),
        ("honest", "no choice among a few values"),
        ("colour", "There is no field “colour”"),
    ],
)
def test_a_field_that_parts_nothing_is_refused_in_words(field: str, words: str) -> None:
    """And one model serves."""
    made = _trained(_world(-1.0), replace(GOAL, segment=field))
    assert words in made.report["segment_models"]["sentence"]
    assert not isinstance(made.bundle.model, Segmented)


def test_stages_that_leads_pass_through_are_no_segments() -> None:
    """Leads that change their segment while they are watched."""
    world = dated(250)
    later = world.leads.select("lead_id", field=pl.lit("source"), value=pl.lit("web"), known_at=pl.col("created_at"))
    moved = later.with_columns(pl.col("known_at") + timedelta(days=10), value=pl.lit("event"))
    values = pl.concat([world.values.filter(pl.col("field") != "source"), later, moved])
    fields = tuple(replace(one, knowledge=Knowledge.DATED) if one.name == "source" else one for one in world.fields)
    goal = replace(GOAL, timing=Timing.DATED, segment="source")
    found = _trained(replace(world, values=values, fields=fields), goal)
    assert "changed their “Lead source”" in found.report["segment_models"]["sentence"]


def test_the_card_tells_which_segments_have_models(turned: Training) -> None:
    """With the figures of both."""
    told = str(card(turned.report))
    assert "Models of segments by “Region”" in told
    assert "has a model of its own beside the common one" in told

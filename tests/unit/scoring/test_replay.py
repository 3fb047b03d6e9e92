"""Recorded scores can be recomputed from their inputs and the model, and nothing else can be."""

from __future__ import annotations

import io
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import dumps
from scoring.errors import BundleError, HistoryError
from scoring.predict import Recorded, score, score_recorded
from scoring.replay import differences, record, replay
from scoring.schema import Goal, History
from scoring.train import Training, train
from tests.unit.scoring import trained as shared
from tests.unit.scoring.trained import WORLD
from tests.unit.scoring.worlds import AS_OF, CREATED_GOAL, DATED_GOAL, ORDERED_GOAL, dated, ordered

WORLDS = {
    "dated": (WORLD, DATED_GOAL),
    "ordered": (ordered(900, seed=4), ORDERED_GOAL),
    "scorecard": (dated(40, seed=4), CREATED_GOAL),
}


def made(world: History, goal: Goal) -> Training:
    return train(world, goal, as_of=AS_OF, seed=3, tenant="t1", version="model_v20250101")


def kept(recorded: Recorded) -> pl.DataFrame:
    """What a ledger keeps of scores."""
    return record(recorded.scores)


def through_a_file(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame after it was stored."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    buffer.seek(0)
    return pl.read_parquet(buffer)


@pytest.fixture(scope="module")
def trained() -> Training:
    return shared.trained()


@pytest.fixture(scope="module")
def recorded(trained: Training) -> Recorded:
    former = dict.fromkeys(range(0, 700, 3), "High-Intent")
    return score_recorded(trained.bundle, WORLD, as_of=AS_OF, former=former)


@pytest.mark.parametrize("name", list(WORLDS))
def test_every_score_replays_bit_for_bit(name: str) -> None:
    """Whatever the model and however little the source knows of time."""
    world, goal = WORLDS[name]
    bundle = (shared.trained() if world is WORLD else made(world, goal)).bundle
    found = score_recorded(bundle, world, as_of=AS_OF, former={})
    assert found.scores.equals(score(bundle, world, as_of=AS_OF))
    again = replay(dumps(bundle), through_a_file(found.inputs), tenant="t1")
    assert again.height == found.scores.height > 0
    assert differences(kept(found), again) == []


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 9_999), count=st.integers(1, 40))
def test_any_few_leads_replay_as_in_the_batch(trained: Training, recorded: Recorded, seed: int, count: int) -> None:
    """A single lead, or some in another order."""
    some = recorded.inputs.sample(count, seed=seed, shuffle=True)
    again = replay(dumps(trained.bundle), some, tenant="t1")
    chosen = kept(recorded).filter(pl.col("lead_id").is_in(some["lead_id"].implode()))
    assert chosen.height == count
    assert differences(chosen, again) == []


def test_a_lead_keeps_its_band_as_it_did(trained: Training, recorded: Recorded) -> None:
    """The band that a lead was in takes part: without it some tiers come out otherwise."""
    forgotten = recorded.inputs.with_columns(former_tier=pl.lit(None, pl.String))
    found = differences(kept(recorded), replay(dumps(trained.bundle), forgotten, tenant="t1"))
    assert {item.what for item in found} == {"tier"}


def test_a_changed_input_is_found(trained: Training, recorded: Recorded) -> None:
    """One number of one lead, by the smallest step that a number can take."""
    name = trained.report["features"][0]["name"]
    lead = recorded.inputs.filter(pl.col(name).is_not_nan())["lead_id"][3]
    touched = pl.when(pl.col("lead_id") == lead).then(pl.col(name) * (1 + 2**-52) + 5e-324).otherwise(pl.col(name))
    again = replay(dumps(trained.bundle), recorded.inputs.with_columns(touched.alias(name)), tenant="t1")
    found = differences(kept(recorded), again)
    assert {item.lead_id for item in found} == {lead}
    assert "inputs_hash" in {item.what for item in found}


def test_another_model_is_found(trained: Training, recorded: Recorded) -> None:
    """A model that was trained on the same fields, and one whose bytes were touched."""
    other = replace(trained.bundle, version="model_v20250101.2")
    found = differences(kept(recorded), replay(dumps(other), recorded.inputs, tenant="t1"))
    assert {item.lead_id for item in found} == set(recorded.scores["lead_id"])
    data = bytearray(dumps(trained.bundle))
    data[len(data) // 2] ^= 1
    with pytest.raises(BundleError, match="corrupted"):
        replay(bytes(data), recorded.inputs, tenant="t1")


def test_what_was_not_recorded_is_said(trained: Training, recorded: Recorded) -> None:
    """A lead without inputs differs; inputs without the model's columns are refused by name."""
    lead = recorded.inputs["lead_id"][0]
    again = replay(dumps(trained.bundle), recorded.inputs.slice(1), tenant="t1")
    (missing,) = differences(kept(recorded), again)
    assert (missing.lead_id, missing.recomputed) == (lead, "missing")
    name = trained.bundle.spec.columns[0]
    with pytest.raises(HistoryError, match=name):
        replay(dumps(trained.bundle), recorded.inputs.drop(name), tenant="t1")

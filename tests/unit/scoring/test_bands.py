"""The interval of a chance holds what it says, and is wide where little is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import binomtest

from scoring.bands import Bands, learn, wilson
from scoring.bundle import dumps, loads
from scoring.calibration import IDENTITY, Calibration, calibrate
from scoring.metrics import Floats
from scoring.predict import score
from scoring.train import train
from tests.unit.scoring.trained import WORLD, trained
from tests.unit.scoring.worlds import AS_OF, PLAIN_GOAL


def drawn(count: int, seed: int, snapshots: int = 1, shift: float = -2.0) -> tuple[pl.DataFrame, Floats]:
    """Rows of leads with several snapshots each, and their true log-odds."""
    rng = np.random.default_rng(seed)
    lead = np.repeat(np.arange(count), snapshots)
    truth = np.repeat(rng.normal(shift, 1.2, count), snapshots)
    label = np.repeat(rng.random(count), snapshots) < expit(truth)
    return pl.DataFrame({"lead_id": lead, "label": label.astype(np.int8), "weight": np.ones(len(lead))}), truth


def bands_of(rows: pl.DataFrame, raw: Floats) -> Bands:
    return learn(rows, [(np.ones(rows.height, dtype=bool), raw)], IDENTITY)


@given(hits=st.integers(0, 60), size=st.integers(1, 60))
def test_the_interval_is_wilsons(hits: int, size: int) -> None:
    """As scipy's, for whole numbers."""
    hits = min(hits, size)
    theirs = binomtest(hits, size).proportion_ci(0.95, method="wilson")
    assert wilson(hits / size, size) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


@pytest.mark.parametrize(("count", "snapshots"), [(200, 1), (400, 1), (3_000, 1), (800, 5)])
def test_the_true_chance_lies_inside_as_often_as_said(count: int, snapshots: int) -> None:
    """Of forty draws each, for the average lead of each draw, with calibration learned from the same rows."""
    inside = []
    for seed in range(40):
        rows, truth = drawn(count, seed, snapshots)
        label = rows["label"].cast(pl.Float64).to_numpy()
        raw = 1.3 * truth + 0.4
        fitted = calibrate(raw, label, rows["weight"].to_numpy(), int(label.sum()) // snapshots)
        found = learn(rows, [(np.ones(rows.height, dtype=bool), raw)], fitted)
        low, high = found.around(raw, fitted.apply(raw))
        inside.append(((low <= truth) & (truth <= high)).mean())
    assert np.mean(inside) > 0.95


def test_snapshots_of_one_lead_are_not_more_leads() -> None:
    """Ten rows a lead leave the interval as wide as one row each does."""
    once, many = (bands_of(*drawn(600, 3, snapshots)) for snapshots in (1, 10))
    widths = [np.array(found.above) - np.array(found.below) for found in (once, many)]
    assert widths[1] == pytest.approx(widths[0], rel=0.15)


def test_more_cases_make_it_narrower() -> None:
    """Ten times the leads, about a third of the width in bands of the same place."""
    few, many = (bands_of(*drawn(count, 5)) for count in (120, 12_000))
    assert np.mean(np.array(many.above) - many.below) < 0.5 * np.mean(np.array(few.above) - few.below)


@given(at=st.lists(st.floats(-40, 40), min_size=1, max_size=20), seed=st.integers(0, 20), off=st.floats(-4, 4))
def test_the_stated_chance_lies_inside(at: list[float], seed: int, off: float) -> None:
    """Also where the calibration does not fit at all, and outside all that was seen."""
    rows, truth = drawn(200, seed, shift=-1.0)
    found = learn(rows, [(np.ones(200, dtype=bool), truth)], Calibration("intercept", off))
    raw = np.array(at)
    stated = np.clip(raw * 0.5 + 3, -15, 15)
    low, high = found.around(raw, stated)
    assert (low <= stated).all()
    assert (stated <= high).all()


def test_scores_state_their_interval() -> None:
    """Around the probability; kept by the artefact; absent from models that did not learn it."""
    learned = trained().bundle
    scores = score(learned, WORLD, as_of=AS_OF)
    assert ((scores["low"] <= scores["probability"]) & (scores["probability"] <= scores["high"])).all()
    assert scores["little_known"].mean() < 0.5  # type: ignore[operator]  # a column of truth values
    assert score(loads(dumps(learned), tenant="t1"), WORLD, as_of=AS_OF).equals(scores)
    older = loads(dumps(replace(learned, bands=None, seen=None)), tenant="t1")
    bare = score(older, WORLD, as_of=AS_OF)
    assert bare["probability"].equals(scores["probability"])
    assert bare["low"].null_count() == bare["little_known"].null_count() == bare.height
    assert bare["reasons"].list.eval(pl.element().struct.field("cases")).explode().null_count() > 0


@pytest.mark.parametrize("conversions", [0, 1, 3])
def test_with_hardly_a_conversion_too_little_is_known(conversions: int) -> None:
    """A scorecard's chances near the average are said to be little known."""
    world = replace(WORLD, conversions=WORLD.conversions.sort("at").head(conversions))
    bundle = train(world, PLAIN_GOAL, as_of=AS_OF, seed=3, tenant="t1", version="m").bundle
    scores = score(bundle, world, as_of=AS_OF)
    near = scores.filter(pl.col("score_tenths").is_between(350, 650))
    assert near.height > 100
    assert near["little_known"].all()

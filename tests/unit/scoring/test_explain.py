"""Whatever the model and its calibration: the parts of a score add up, and say where they come from."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import Bundle
from scoring.calibration import Calibration
from scoring.dataset import snapshots
from scoring.explain import LEAST_CASES, contributed
from scoring.features import Side, Vectors, fit
from scoring.metrics import Floats
from scoring.models import Model, gbm, logistic, net, scorecard
from scoring.models import Training as Rows
from scoring.models.blend import Blend
from scoring.predict import score
from scoring.schema import Complexity
from scoring.scoremap import ScoreMap
from scoring.seen import learn
from scoring.tiers import Tiers
from scoring.timeline import Timeline
from scoring.train import train
from tests.unit.scoring.trained import WORLD, trained
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, ORDERED_GOAL, PLAIN_GOAL, ordered

KINDS = ("scorecard", "logistic", "lightgbm", "net", "blend")


@cache
def learned() -> tuple[Bundle, Vectors]:
    """A bundle without a model of its own, and the vectors that the models learn from."""
    rows = snapshots(WORLD, DATED_GOAL, as_of=AS_OF, seed=1)
    spec, vectors = fit(Timeline(WORLD), rows, DATED_GOAL.timing)
    nothing = Calibration("none", 0.0)
    training = _rows(rows, vectors)
    bare = scorecard.fit(training)
    seen = learn(vectors.matrix, rows["lead_id"].to_numpy(), training.label, training.weight)
    return Bundle("t1", "m", DATED_GOAL, spec, bare, nothing, ScoreMap(-2.0), Tiers(900, 600), seen), vectors


def _rows(rows: pl.DataFrame, vectors: Vectors) -> Rows:
    label = rows["label"].cast(pl.Float64).to_numpy()
    return Rows(vectors.matrix, label, rows["weight"].to_numpy(), vectors.columns, 1)


@cache
def model(kind: str) -> Model:
    """A model of each kind."""
    training = _rows(snapshots(WORLD, DATED_GOAL, as_of=AS_OF, seed=1), learned()[1])
    if kind == "scorecard":
        return scorecard.fit(training)
    if kind == "logistic":
        return logistic.fit(training, 0.03)
    if kind == "lightgbm":
        return gbm.small_fit(training, 40)
    if kind == "net":
        return net.Recipe(1.0, 5).fit(training)
    return Blend((logistic.fit(training, 0.03), model("lightgbm"), model("net")), (0.5, 0.3, 0.2))


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    """Each kind of calibration, flat and steep, also where it runs into its limits."""
    kind = draw(st.sampled_from(["none", "intercept", "sigmoid", "isotonic"]))
    shift = draw(st.floats(-6, 6)) if kind != "none" else 0.0
    slope = draw(st.floats(0.05, 5)) if kind in ("sigmoid", "isotonic") else 1.0
    if kind != "isotonic":
        return Calibration(kind, shift, slope)
    steps = st.lists(st.floats(0.01, 3), min_size=4, max_size=14)
    xs = np.cumsum(draw(steps)) - 6.0
    ys = np.cumsum(draw(st.lists(st.floats(0.001, 3), min_size=len(xs), max_size=len(xs)))) + shift
    return Calibration("isotonic", 0.0, slope, tuple(xs.tolist()), tuple(ys.tolist()))


@st.composite
def matrices(draw: st.DrawFn) -> Floats:
    """Rows of the training, some of their values unknown or far outside what was seen."""
    matrix = learned()[1].matrix
    rng = np.random.default_rng(draw(st.integers(0, 9_999)))
    some = matrix[rng.integers(0, len(matrix), 12)]
    some = np.where(rng.random(some.shape) < draw(st.sampled_from([0, 0.2, 1])), np.nan, some)
    wild = rng.random(some.shape) < draw(st.sampled_from([0, 0.1]))
    return np.ascontiguousarray(np.where(wild, rng.normal(scale=1e4, size=some.shape), some))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(calibration=calibrations(), matrix=matrices())
def test_parts_add_up_to_the_calibrated_log_odds(kind: str, calibration: Calibration, matrix: Floats) -> None:
    """Base + contributions, and base + the sides' subtotals, within 1e-6."""
    bundle = replace(learned()[0], model=model(kind), calibration=calibration)
    parts = contributed(bundle, matrix)
    stated = calibration.apply(bundle.model.log_odds(matrix))
    assert np.abs(parts.base + parts.contributions.sum(axis=1) - stated).max() < 1e-6
    sides = parts.base + sum(parts.subtotal(side) for side in Side)
    assert np.abs(sides - stated).max() < 1e-6


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-9, 1e-8, 1e-7, 1e-5])
def test_a_lead_next_to_the_base_adds_up_too(gap: float) -> None:
    """Also where the calibration is as steep as it gets, and at one of its bends."""
    bundle, vectors = learned()
    raw = logistic.fit(_rows(snapshots(WORLD, DATED_GOAL, as_of=AS_OF, seed=1), vectors), 0.03)
    bend = raw.intercept
    steep = Calibration("isotonic", 0.0, 1.0, (bend - 1, bend, bend + 1e-3, bend + 1), (-9.0, -8.9, 5.0, 5.1))
    row = _row_with(raw, gap)
    parts = contributed(replace(bundle, model=raw, calibration=steep), row)
    assert abs(parts.base[0] + parts.contributions.sum() - steep.apply(raw.log_odds(row))[0]) < 1e-6


def _row_with(raw: logistic.Logistic, gap: float) -> Floats:
    """A row that is average in everything but for one value, which makes ``gap`` log-odds."""
    row = np.where(raw.scaling.logged, np.expm1(raw.scaling.mean), raw.scaling.mean)[None, :].copy()
    place = int(np.argmax(np.abs(raw.coef) * ~raw.scaling.logged))
    flat = raw.log_odds(row)[0] - raw.intercept
    row[0, place] += (gap - flat) * raw.scaling.scale[place] / raw.coef[place]
    return row


@pytest.fixture(scope="module")
def told() -> tuple[Bundle, pl.DataFrame]:
    """A trained model and its reasons, one a line."""
    bundle = trained().bundle
    scores = score(bundle, WORLD, as_of=AS_OF)
    return bundle, scores.explode("reasons").drop_nulls("reasons").select("lead_id", pl.col("reasons").struct.unnest())


def test_a_reason_tells_its_cases_and_no_rate_that_contradicts_it(told: tuple[Bundle, pl.DataFrame]) -> None:
    """A rate is above the average for what raises the score, below it for what lowers it, or not given."""
    bundle, reasons = told
    assert bundle.seen
    rated = reasons.drop_nulls("rate")
    assert rated.height > reasons.height / 3
    above = rated["rate"] > bundle.seen.rate
    assert (above == (rated["contribution"] > 0)).all()
    assert rated["cases"].min() >= LEAST_CASES  # type: ignore[operator]  # a column of whole numbers
    assert reasons["evidence"].str.contains(r"^[\d,]+ past leads? alike in “.+”").all()
    assert (reasons["evidence"].str.contains("converted") == reasons["rate"].is_not_null()).all()


def test_cases_are_counted_once_a_lead() -> None:
    """Three rows of two leads are two cases; unknown values are a range of their own."""
    matrix = np.array([[1.0], [1.0], [1.0], [2.0], [np.nan]])
    seen = learn(matrix, [7, 7, 8, 9, 9], np.array([1.0, 0, 0, 1, 0]), np.ones(5))
    leads, rates = seen.behind(np.zeros(4, dtype=np.int64), np.array([1.0, 2.0, np.nan, 5.0]))
    assert leads.tolist() == [2, 1, 1, 1]
    assert rates.tolist() == pytest.approx([1 / 3, 1.0, 0.0, 1.0])
    assert (seen.columns[0].low, seen.columns[0].high, seen.rate) == (1.0, 2.0, 0.4)


def test_no_reason_comes_from_what_must_not_speak(told: tuple[Bundle, pl.DataFrame]) -> None:
    """Blocked and system fields, fields that the guard holds back, and what sellers did."""
    assert not {"Full name", "Stage"} & set(told[1]["concept"])
    goal = replace(ORDERED_GOAL, complexity=Complexity.INTERPRETABLE)
    made = train(ordered(900, leak=0.9), goal, as_of=AS_OF, seed=3, tenant="t1", version="m")
    held = {found["label"] for found in made.report["leakage"] if found["verdict"] != "clear"}
    assert "Remark" in held
    scores = score(made.bundle, ordered(900, leak=0.9), as_of=AS_OF)
    assert not held & set(scores.explode("reasons")["reasons"].struct.field("concept"))


def test_what_sellers_do_changes_no_score(told: tuple[Bundle, pl.DataFrame]) -> None:
    """Ten calls and mails by the rep to every lead: all scores, reasons and hashes are as before."""
    calls = WORLD.leads.select(
        "lead_id",
        at=pl.lit(AS_OF).dt.offset_by("-3d").cast(WORLD.events.schema["at"]),
        kind=pl.lit("call"),
        actor=pl.lit("seller"),
        detail=pl.lit("/pricing"),
    )
    mails = calls.with_columns(kind=pl.lit("email_sent"))
    busy = replace(WORLD, events=pl.concat([WORLD.events, *([calls, mails] * 10)]))
    assert score(told[0], busy, as_of=AS_OF).equals(score(told[0], WORLD, as_of=AS_OF))
    again = train(busy, PLAIN_GOAL, as_of=AS_OF, seed=3, tenant="t1", version="m").bundle
    # How far the ladder is climbed says nothing of what is read.
    assert again.spec == told[0].spec

"""The recurrent network over a lead's steps as it serves: in numpy, from stored arrays, without PyTorch.

``fixtures/network.json`` holds a network of eight states that PyTorch learned on ``before_or_after``, and what PyTorch
itself says of twelve frames in double precision (``make bench-sequence`` compares the two on whole tenants).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import Bundle, dumps, loads
from scoring.changes import Recording, changed
from scoring.explain import explain
from scoring.features import FeatureSpec, Matrix, Side, Vectors, build, catalogue, fit
from scoring.features.course import TIMING
from scoring.features.frame import FRAME, names
from scoring.influence import influence
from scoring.learning import Fitted, Task, Trial, learned
from scoring.metrics import auc
from scoring.models import Training, extras, from_json, gru
from scoring.models.gru import Gru
from scoring.models.sequence import WithSteps
from scoring.predict import score, score_recorded
from scoring.replay import differences, record, replay
from scoring.schema import Complexity, Goal, History, Timing
from scoring.scoremap import ScoreMap
from scoring.seen import Seen
from scoring.seen import learn as look_at
from scoring.sequence import rung, training
from scoring.splits import Split
from scoring.tiers import Tiers
from scoring.timeline import Timeline
from tests.unit.scoring.walks import Walks, before_or_after

COUNT = 1_500
STORED = json.loads((Path(__file__).parent / "fixtures" / "network.json").read_text("utf-8"))
GOAL = Goal("Deal won", Timing.DATED, horizon_days=30)


def _network(steps: list[tuple[str, str | None]] | None = None) -> Gru:
    """The stored network, its codes those of ``steps``."""
    network = gru.from_json(STORED["network"])
    if steps is None:
        return network
    places = [STORED["steps"].index(list(step)) for step in steps]
    return replace(network, step=np.vstack([network.step[places], network.step[-1:]]))


def _frames() -> Matrix:
    return np.array([[np.nan if value is None else value for value in row] for row in STORED["frame"]])


def test_numpy_says_what_pytorch_said() -> None:
    """Beside the stored values; apart by no more than the grid of the states."""
    assert _network().log_odds(_frames()) == pytest.approx(STORED["log_odds"], abs=1e-5)
    assert np.ptp(STORED["log_odds"]) > 0.5


def test_a_network_comes_back_from_plain_data_and_knows_no_other_codes() -> None:
    """A code or class beyond what was seen is an unknown one."""
    network, frames = _network(), _frames()
    again = gru.from_json(json.loads(json.dumps(network.to_json())))
    assert again.log_odds(frames).tobytes() == network.log_odds(frames).tobytes()
    strange, unknown = frames.copy(), frames.copy()
    strange[3, 0], unknown[3, 0] = 900, len(network.step) - 1
    assert network.log_odds(strange).tobytes() == network.log_odds(unknown).tobytes()
    assert network.log_odds(frames[:0]).shape == (0,)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 9_999), count=st.integers(1, 300))
def test_any_batch_gives_the_bits_of_a_lead_alone(seed: int, count: int) -> None:
    """However a library splits its sums: on the grid they are exact."""
    rng = np.random.default_rng(seed)
    frame = rng.integers(0, 14, (count, 2 * FRAME)).astype(np.float64)
    frame[:, :FRAME][np.arange(FRAME) >= rng.integers(0, FRAME + 1, count)[:, None]] = np.nan
    network = replace(_network(), again=gru.on_weight_grid(rng.normal(0, 2, (8, 24))))
    whole = network.log_odds(frame)
    chosen = rng.permutation(count)[:7]
    assert network.log_odds(frame[chosen]).tobytes() == whole[chosen].tobytes()
    assert network.log_odds(frame[chosen[:1]])[0] == whole[chosen[0]]


@pytest.fixture(scope="module")
def walks() -> Walks:
    return before_or_after(COUNT, 7)


def _task(walks: Walks) -> tuple[Task, Split]:
    place = np.arange(COUNT)
    rows = walks.rows.with_columns(
        pl.col("as_of").to_physical().alias("order"),
        label=pl.Series(walks.label.astype(np.int8)),
        weight=pl.lit(1.0),
        age_days=pl.lit(2.0),
        company_key=pl.lit(None, pl.String),
    )
    dev = place < 1_100
    split = Split(place < 800, (place >= 800) & dev, ~dev, dev, ())
    return Task(Timeline(walks.history), rows, GOAL, (), 1), split


@contextmanager
def as_if_installed(walks: Walks) -> Iterator[None]:
    """PyTorch seems to be there and to have learned the stored network."""
    spec, _ = fit(Timeline(walks.history), walks.rows, Timing.DATED)

    def path(rows: Training) -> Iterator[Gru]:
        assert rows.columns == names()
        for _ in range(training.CHECKS):
            yield _network(list(spec.embedding.steps))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rung, "installed", lambda extra: True)
        patch.setattr(training, "path", path)
        yield


@pytest.fixture
def installed(walks: Walks) -> Iterator[None]:
    """As if PyTorch were there."""
    with as_if_installed(walks):
        yield


@pytest.fixture(scope="module")
def won(walks: Walks) -> tuple[Fitted, Trial]:
    """What was learned once, for tests that only look at it."""
    with as_if_installed(walks):
        found = learned(*_task(walks))
    assert found is not None
    return found


def _bundle(fitted: Fitted) -> Bundle:
    parts = (fitted.spec, fitted.model, fitted.calibration, ScoreMap(0.0), Tiers(700, 500))
    return Bundle("t1", "model_v20250101", GOAL, *parts, bands=fitted.bands)


def test_it_is_taken_where_the_order_decides_and_every_score_replays(walks: Walks, won: tuple[Fitted, Trial]) -> None:
    """Chosen over the windows, right on newer leads, explained in full, the same bits alone and from a record."""
    fitted, trial = won
    assert trial.choice is not None
    assert trial.choice.name.endswith(" + sequence")
    assert trial.choice.candidates[trial.choice.name] > trial.choice.candidates["logistic"] + 0.02
    assert auc(trial.rows["label"].to_numpy(), trial.log_odds) > 0.66
    assert fitted.spec.columns[-len(names()) :] == names()
    bundle = loads(dumps(_bundle(fitted)), tenant="t1")
    now = walks.rows["as_of"][-1]
    recorded = score_recorded(bundle, walks.history, as_of=now, former={})
    _explained(bundle, recorded.scores, fitted)
    buffer = io.BytesIO()
    recorded.inputs.write_parquet(buffer)
    buffer.seek(0)
    again = replay(dumps(bundle), pl.read_parquet(buffer), tenant="t1")
    assert differences(record(recorded.scores), again) == []
    alone = score(bundle, walks.history, as_of=now, lead_ids=[5])
    assert alone.equals(recorded.scores.filter(pl.col("lead_id") == 5))


def test_the_numbers_of_steps_are_told_to_nobody(walks: Walks, won: tuple[Fitted, Trial]) -> None:
    """A step's place in a list is neither more nor less than another: no cases, no "3 to 7", one line of influence."""
    fitted, _ = won
    rows = walks.rows.head(60)
    bundle = replace(_bundle(fitted), seen=_seen(fitted, walks))
    vectors = build(Timeline(walks.history), rows, bundle.spec)
    reasons = explain(bundle, vectors).reasons().explode().struct.unnest()
    timing = reasons.filter(pl.col("concept") == TIMING)
    assert timing.height
    assert timing["cases"].null_count() == timing.height
    assert reasons["cases"].null_count() == timing.height
    told = influence(bundle, vectors.matrix, 1)
    assert [one["label"] for one in told.features if one["concept"] == TIMING] == [TIMING]
    one, other = (Recording(bundle, _record(bundle, vectors, place)) for place in (3, 4))
    moved = {change.concept: change.moved for change in changed(one, other).changes}
    assert moved.get(TIMING, ()) == ()
    assert any(moved.values())


def _seen(fitted: Fitted, walks: Walks) -> Seen:
    label = walks.label.astype(np.float64)
    return look_at(fitted.vectors.matrix, walks.rows["lead_id"].to_numpy(), label, np.ones(len(label)))


def _record(bundle: Bundle, vectors: Vectors, place: int) -> pl.DataFrame:
    row = pl.DataFrame(vectors.matrix[place : place + 1], schema=list(bundle.spec.columns))
    return row.with_columns(lead_id=pl.lit(place))


def _explained(bundle: Bundle, scores: pl.DataFrame, fitted: Fitted) -> None:
    parts = scores.select("lead_id", "contributions").explode("contributions").unnest("contributions")
    total = parts.group_by("lead_id", maintain_order=True).agg(pl.col("contribution").sum())["contribution"]
    assert (total + scores["base_value"] - scores["log_odds"]).abs().max() < 1e-6
    order = parts.filter(pl.col("concept") == "Order and timing of steps")["contribution"]
    assert order.std() > 0.1
    assert catalogue(bundle.spec).sides["Order and timing of steps"] is Side.ENGAGEMENT
    said = scores.select("reasons").explode("reasons").unnest("reasons")
    sentences = said.filter(pl.col("concept") == "Order and timing of steps")["sentence"].unique()
    told = sentences.filter(sentences != "No steps of late")
    assert told.len() > 10
    assert told.str.contains("^Lately Page visits: /page-., then Page visits: /page-.$").all()
    model = fitted.model
    assert isinstance(model, WithSteps)
    matrix = fitted.vectors.matrix[:50]
    assert np.abs(model.contributions(matrix).sum(axis=1) - model.log_odds(matrix)).max() < 1e-9
    assert from_json(model.to_json()).log_odds(matrix).tobytes() == model.log_odds(matrix).tobytes()


def test_no_other_model_sees_the_frame(walks: Walks, won: tuple[Fitted, Trial]) -> None:
    """What stands in the last columns changes the network's part alone."""
    model, matrix = won[0].model, won[0].vectors.matrix[:50]
    assert isinstance(model, WithSteps)
    touched = matrix.copy()
    touched[:, model.plain :] = np.nan
    changed = model.contributions(touched) != model.contributions(matrix)
    assert set(np.flatnonzero(changed.any(axis=0))) == {model.plain}


def _spec(walks: Walks) -> FeatureSpec:
    return fit(Timeline(walks.history), walks.rows, Timing.DATED)[0]


def test_it_is_offered_only_where_it_can_be_learned(walks: Walks, installed: None) -> None:
    """Not to a tenant that wants coefficients, nor with few conversions, nor without steps."""
    spec = _spec(walks)
    assert rung.offered(spec, 200, Complexity.STANDARD).framed
    for refused in (
        rung.offered(spec, 199, Complexity.STANDARD),
        rung.offered(spec, 200, Complexity.INTERPRETABLE),
        rung.offered(FeatureSpec(Timing.DATED), 200, Complexity.STANDARD),
    ):
        assert not refused.framed


def test_without_pytorch_nothing_is_offered(walks: Walks) -> None:
    """The embedding with LightGBM serves."""
    assert not extras.installed(rung.EXTRA)
    assert rung.offered(_spec(walks), 200, Complexity.STANDARD) == _spec(walks)


def test_a_network_that_does_not_surely_help_leaves_no_trace(walks: Walks, installed: None) -> None:
    """Outcomes by chance: the figures are told, the model and its columns are those of the rung below."""
    chance = replace(walks, label=np.random.default_rng(3).permutation(walks.label))
    found = learned(*_task(chance))
    assert found is not None
    fitted, trial = found
    assert trial.choice is not None
    assert "sequence" in trial.choice.candidates
    assert not trial.choice.name.endswith("sequence")
    assert not fitted.spec.framed
    assert trial.columns == tuple(name for name in trial.columns if not name.startswith("frame."))
    assert trial.matrix.shape[1] == len(trial.columns)


def test_the_frame_is_the_last_steps_before_the_cut(walks: Walks) -> None:
    """Newest first, with the class of the time after each; nothing of later events."""
    spec = rung.with_frame(_spec(walks))
    later = History(
        walks.history.leads,
        walks.history.values,
        pl.concat([walks.history.events, _at_the_cut(walks)]),
        *(walks.history.conversions, walks.history.exclusions, ()),
    )
    frames = [_frame(world, walks, spec) for world in (walks.history, later)]
    assert frames[0].equals(frames[1])
    visits = walks.history.events.filter(pl.col("lead_id") == 3)["detail"].reverse().to_list()
    codes = [spec.embedding.steps.index(("page_view", page)) for page in visits]
    row = frames[0].row(3)
    assert list(row[:FRAME]) == [*codes, *[None] * (FRAME - len(codes))]
    assert list(row[FRAME + 1 : FRAME + len(codes)]) == [3] * (len(codes) - 1)


def _frame(world: History, walks: Walks, spec: FeatureSpec) -> pl.DataFrame:
    found = build(Timeline(world), walks.rows, spec)
    frame = pl.DataFrame(found.matrix[:, -2 * FRAME :], schema=list(names()))
    return frame.fill_nan(None)


def _at_the_cut(walks: Walks) -> pl.DataFrame:
    rows = walks.rows.select("lead_id", at="as_of")
    return rows.with_columns(kind=pl.lit("page_view"), actor=pl.lit("lead"), detail=pl.lit("/page-a"))

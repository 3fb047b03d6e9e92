"""Whether the newest wins and losses would have been told apart, by models that knew nothing of how they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from scoring.calibration import IDENTITY
from scoring.dataset import snapshots
from scoring.learning import Judged, Task, Trial, ruled
from scoring.lookback import LOOKBACK, Ground, look_back, newest
from scoring.lookback.models import earlier, tried
from scoring.models import logistic
from scoring.models.choose import Choice
from scoring.schema import CONVERSIONS, EXCLUSIONS, UTC_TIME, VALUES, History
from scoring.scoremap import ScoreMap
from scoring.splits import time_split
from scoring.timeline import Timeline
from tests.unit.scoring.worlds import AS_OF, ORDERED_GOAL, PLAIN_GOAL, START, dated, frame, ordered

pytestmark = pytest.mark.usefixtures("whole_search")

_RECIPE = logistic.Recipe(0.1)


def ground(history: History) -> Ground:
    """What a training looks back on, had it chosen a plain regression."""
    rows = snapshots(history, PLAIN_GOAL, as_of=AS_OF, seed=3)
    split = time_split(rows, PLAIN_GOAL)
    assert split
    task = Task(Timeline(history), rows, PLAIN_GOAL, (), 3)
    before = rows.filter(pl.Series(split.dev))
    spec, vectors = task.fitted(before)
    model = _RECIPE.fit(replace(task, rows=before).training(vectors.matrix, spec))
    judged = Judged(spec, model, IDENTITY)
    choice = Choice("logistic", _RECIPE, {}, [])
    trial = Trial(rows, vectors.matrix, spec.columns, vectors.matrix[:, 0], choice, split, judged=judged)
    return Ground(task, trial, history, AS_OF, ScoreMap(-2.0))


@pytest.fixture(scope="module")
def past() -> Ground:
    return ground(dated(260))


@pytest.fixture(scope="module")
def found(past: Ground) -> pl.DataFrame:
    return looks(past)


def looks(past: Ground) -> pl.DataFrame:
    looked = look_back(past)
    assert looked
    return looked.rows


def known_until(past: Ground) -> datetime:
    """Until when the trial's model knew outcomes."""
    then = tried(past.task, past.trial)
    assert then
    assert then.known_until
    moment: datetime = pl.Series([then.known_until]).cast(UTC_TIME).item()
    return moment


def test_wins_stand_higher_than_losses(found: pl.DataFrame) -> None:
    """50 each are looked at where they were there; the signal of the world shows a week before."""
    assert found.schema == LOOKBACK
    assert found.group_by("won").agg(pl.col("lead_id").n_unique())["lead_id"].to_list() == [50, 50]
    week = found.filter(pl.col("days_before") == 7).drop_nulls("place")
    won, lost = (week.filter(pl.col("won") == value)["place"].to_numpy() for value in (True, False))
    assert (np.subtract.outer(won, lost) > 0).mean() > 0.6


def test_nothing_is_looked_at_before_it_was_there(past: Ground, found: pl.DataFrame) -> None:
    """Every look is at a lead that had been created and had not ended, at the time that it says."""
    born = found.join(past.history.leads, on="lead_id")
    at = born["ended_at"] - pl.Series([timedelta(days=days) for days in born["days_before"]])
    assert (born["created_at"] < at).all()


def test_what_becomes_known_later_changes_no_score(past: Ground, found: pl.DataFrame) -> None:
    """The outcome planted as a value that counts: half a day after the last look it changes no score, before it all."""
    late = found.filter(pl.col("ended_at") > known_until(past) + timedelta(days=7.5))
    after, before = (_planted(past, late, days) for days in (6.5, 7.5))
    assert after["score_tenths"].equals(found["score_tenths"])
    weekly = pl.col("won"), pl.col("days_before") == 7, pl.col("lead_id").is_in(late["lead_id"].unique().implode())
    told, was = before.filter(*weekly)["score_tenths"], found.filter(*weekly)["score_tenths"]
    assert told.len() > 5
    assert (told != was).mean() > 0.8  # type: ignore[operator]  # one is as large already


def _planted(past: Ground, late: pl.DataFrame, days: float) -> pl.DataFrame:
    """The same looks, had these wins been given a size of 100,000 so many days before they came."""
    ends = late.filter(pl.col("won")).unique("lead_id", maintain_order=True)
    columns = {"lead_id": ends["lead_id"], "field": ["size"] * ends.height, "value": ["100000"] * ends.height}
    values = frame(columns | {"known_at": ends["ended_at"] - timedelta(days=days)}, VALUES)
    timeline = Timeline(replace(past.history, values=pl.concat([past.history.values, values])))
    return looks(replace(past, task=replace(past.task, timeline=timeline)))


def test_models_of_before_have_learned_from_no_outcome_that_was_not_known(past: Ground) -> None:
    """Turned outcomes of rows whose horizon had not passed change nothing; those of one that had do."""
    at = int(past.task.rows["order"].quantile(0.6))  # type: ignore[arg-type]
    horizon = PLAIN_GOAL.horizon_days * 86_400_000_000
    was = earlier(past.task, past.trial, at)
    assert was
    for known, same in ((pl.col("order") + horizon > at, True), (pl.col("order") + horizon <= at, False)):
        rows = past.task.rows.with_columns(label=pl.when(known).then(1 - pl.col("label")).otherwise("label"))
        then = earlier(replace(past.task, rows=rows), past.trial, at)
        assert then
        assert (then.model.to_json() == was.model.to_json()) is same


def test_the_trials_model_is_asked_only_of_what_it_could_not_know(past: Ground) -> None:
    """It knew outcomes until the horizon of its newest row had passed, however short the embargo was."""
    split = past.trial.split
    assert split
    begins = past.task.rows.filter(pl.Series(split.test))["as_of"].min()
    short = replace(split, dev=(past.task.rows["as_of"] < begins).to_numpy())
    without = replace(past, trial=replace(past.trial, split=short))
    learned = past.task.rows.filter(pl.Series(short.dev))["as_of"].max()
    assert isinstance(learned, datetime)
    assert known_until(past) == begins
    assert known_until(without) == learned + timedelta(days=PLAIN_GOAL.horizon_days)


def test_where_too_little_was_known_nothing_is_said(past: Ground, found: pl.DataFrame) -> None:
    """Looks before anything could be learned stay without a score, and are told."""
    nothing = found.filter(pl.col("place").is_null())
    assert nothing.height
    assert nothing["score_tenths"].null_count() == nothing.height
    first = found.drop_nulls("place").select(pl.col("ended_at") - pl.duration(days="days_before")).min().item()
    assert earlier(past.task, past.trial, int(first.timestamp() * 1e6)) is not None
    assert earlier(past.task, past.trial, int(START.timestamp() * 1e6)) is None


def test_fixed_rules_look_at_all(past: Ground) -> None:
    """A scorecard has learned from no outcome: it may be asked of any time."""
    _, trial = ruled(past.task)
    looked = look_back(replace(past, trial=trial))
    assert looked
    assert looked.rows["place"].null_count() == 0
    assert not looked.told["learned"]


def test_who_ended_how() -> None:
    """Closed leads end when they were closed; who is left out for a reason that says nothing has no end."""
    history = dated(260)
    sold = history.conversions["lead_id"].implode()
    young = pl.col("created_at").is_between(AS_OF - timedelta(days=60), AS_OF - timedelta(days=10))
    lost, colleague = history.leads.filter(young, ~pl.col("lead_id").is_in(sold))["lead_id"].to_list()[:2]
    customer = history.conversions["lead_id"].min()
    closed = AS_OF - timedelta(hours=1)
    spans = [(lost, "disqualified"), (colleague, "employee"), (customer, "customer")]
    columns = {"lead_id": [lead for lead, _ in spans], "starts_at": [closed] * 3, "ends_at": [None] * 3}
    history.exclusions.extend(frame(columns | {"reason": [reason for _, reason in spans]}, EXCLUSIONS))
    ends = {row["lead_id"]: row for row in newest(history, PLAIN_GOAL, AS_OF).ends.iter_rows(named=True)}
    assert (ends[lost]["outcome"], ends[lost]["ended_at"]) == ("disqualified", closed)
    assert colleague not in ends
    everybody = newest(replace(history, conversions=_cut(history, customer)), PLAIN_GOAL, AS_OF)
    assert everybody.ends.filter(pl.col("won"))["lead_id"].to_list() == [customer]


def _cut(history: History, lead: int) -> pl.DataFrame:
    return history.conversions.filter(pl.col("lead_id") == lead).cast(CONVERSIONS)  # type: ignore[arg-type]


def test_without_dates_of_outcomes_there_is_nothing_to_look_back_from(past: Ground) -> None:
    """Nobody can say what was known a month before an outcome that has no date."""
    task = replace(past.task, goal=ORDERED_GOAL)
    assert look_back(replace(past, task=task, history=ordered(20))) is None

"""How fast the past grows old is found out: where what ranks leads has turned, and not where it stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.crossed import crossed
from scoring.forgetting import HALF_LIVES, PENALTY, WINDOWS, Memory, faded
from scoring.models import Training, logistic
from scoring.models.blend import BlendRecipe
from scoring.models.pairs import Recipe as PairsRecipe
from scoring.newest import Spared, newest
from scoring.past import Past
from scoring.splits import Mask

DAYS, A_DAY, COLUMNS = 700, 6, 3
DAY_US = 86_400_000_000


def _grown(turned: int, seed: int = 1) -> tuple[pl.DataFrame, Training]:
    """Leads whose chance follows their first input until a day, and their second from then on."""
    draw = np.random.default_rng(seed)
    day = np.sort(draw.uniform(0, DAYS, DAYS * A_DAY))
    matrix = draw.normal(size=(day.size, COLUMNS))
    line = 1.2 * np.where(day < turned, matrix[:, 0], matrix[:, 1]) - 2
    label = (draw.random(day.size) < 1 / (1 + np.exp(-line))).astype(float)
    frame = {"lead_id": np.arange(day.size), "order": (day * DAY_US).astype(np.int64), "label": label.astype(int)}
    rows = pl.DataFrame(frame).with_columns(
        company_key=pl.lit(None, pl.String), weight=pl.lit(1.0), age_days=pl.lit(0.0)
    )
    return rows, Training(matrix, label, np.ones(day.size), ("a", "b", "c"), 0, day=day)


def _past(rows: pl.DataFrame, whole: Training, among: Mask | None = None, since: float | None = None) -> Past:
    every = np.ones(rows.height, dtype=bool)
    return Past.asked(rows, whole, every if among is None else among, None, np.inf, since)


def _asked(rows: pl.DataFrame, whole: Training, among: Mask | None = None) -> Memory:
    return _past(rows, whole, among).memory


STANDS = (Memory(), Memory(half_life=HALF_LIVES[0]))


@pytest.mark.parametrize("seed", range(3))
def test_what_turned_is_learned_from_those_who_came_since(seed: int) -> None:
    """Two months after it: nearly all rows tell of before. The windows that end closest to it are 60 and 85 days."""
    rows, whole = _grown(DAYS - 60, seed)
    past = _past(rows, whole)
    assert past.memory.window in (60, 85)
    assert whole.day is not None
    assert (past.kept == (whole.day >= whole.day.max() - past.memory.window)).all()
    assert past.left_out == 0, "nobody doubted them"
    assert f"over {past.memory.window} days" in past.sentences[0]
    assert past.since == whole.day.max() - past.memory.window
    assert past.to_json() == {
        "half_life_days": None,
        "window_days": past.memory.window,
        "taught_since_day": past.since,
        "left_out_leads": 0,
    }


def test_who_came_before_teaches_nothing_however_new_the_row() -> None:
    """A fifth of the leads came three months before they are seen: what turned since turned for none of these."""
    rows, whole = _grown(DAYS + 1)
    assert whole.day is not None
    came = whole.day - np.where(np.arange(rows.height) % 5, 0.0, 90.0)
    chance = np.where((came >= DAYS - 120) == (whole.matrix[:, 0] > 0), 0.3, 0.05)
    label = (np.random.default_rng(5).random(rows.height) < chance).astype(np.float64)
    turned = rows.with_columns(age_days=pl.Series(whole.day - came), label=pl.Series(label).cast(pl.Int64))
    past = _past(turned, replace(whole, label=label))
    assert past.memory.window in (85, 120, 170)
    assert (past.kept == (came >= whole.day.max() - past.memory.window)).all()


@pytest.mark.parametrize("seed", range(3))
def test_what_stands_is_not_forgotten_fast(seed: int) -> None:
    rows, whole = _grown(DAYS + 1, seed)
    assert _asked(rows, whole) in STANDS


def test_a_model_that_says_the_same_spares_nothing() -> None:
    rows, whole = _grown(DAYS - 150)
    asked = newest(rows, whole, np.ones(rows.height, dtype=bool))
    assert asked
    assert asked.spared(asked.plain) == Spared(0.0, 0.0)
    better = asked.learned("since", lambda _, others: whole.where(others & (asked.came >= DAYS - 150)))
    spared = asked.spared(better)
    assert spared.loss > 3 * spared.error > 0


@pytest.mark.parametrize("seed", range(4))
def test_what_one_training_found_out_the_next_does_not_forget_for_want_of_proof(seed: int) -> None:
    """Where nothing is surely better a window goes on to begin on its day, as long as it foretells no worse."""
    rows, whole = _grown(DAYS + 1, seed)
    asked = newest(rows, whole, np.ones(rows.height, dtype=bool))
    assert asked
    for days in (350.0, 200.0, 55.0):
        since = DAYS - days
        seen = whole.where(asked.came >= since)
        narrow = asked.learned("", lambda _, others, since=since: whole.where(others & (asked.came >= since)), PENALTY)
        past = _past(rows, whole, since=since)
        if asked.spared(narrow).loss >= 0:
            assert (past.since, past.kept.sum()) == (since, seen.label.size)
        else:
            assert past.memory in STANDS
    assert _past(rows, whole, since=-1.0).memory in STANDS, "nobody is left out any more"
    assert _past(rows, whole, since=DAYS - 2.0).memory in STANDS, "nobody is left to learn from"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 500), min_size=1, max_size=20), st.sampled_from(WINDOWS))
def test_a_wider_window_holds_all_of_a_narrower_one(days: list[float], window: int) -> None:
    came, newest_day = np.array(days), max(days)
    kept = Memory(window=window).spans(came, newest_day)
    assert (kept == (newest_day - came <= window)).all()
    assert Memory(half_life=20).spans(came, newest_day).all()
    assert (kept <= Memory(window=WINDOWS[0]).spans(came, newest_day)).all()


def test_what_may_not_be_looked_at_says_nothing() -> None:
    """Rows from before the turn alone: the trial's model forgets as its own past advised."""
    rows, whole = _grown(DAYS - 150)
    assert whole.day is not None
    assert _asked(rows, whole, whole.day < DAYS - 150) in STANDS


def test_too_little_or_no_time_says_nothing() -> None:
    rows, whole = _grown(DAYS - 150)
    assert _asked(rows, replace(whole, day=None)) == Memory()
    few = np.arange(rows.height) >= rows.height - 700
    assert _asked(rows, whole, few) == Memory(), "hardly anything had matured before the window"


def test_what_leaves_the_past_behind_is_no_stricter_than_what_foretold_best() -> None:
    """Members of a blend too; what has no such penalty stays, and so does all where nothing is left behind."""
    strict, loose, pairs = logistic.Recipe(0.001), logistic.Recipe(0.3), PairsRecipe(0.001, 0.001)
    narrow = Memory(window=60, penalty=PENALTY)
    assert (narrow.freed(strict), narrow.freed(loose)) == (logistic.Recipe(PENALTY), loose)
    blend = BlendRecipe((strict, pairs), (0.5, 0.5))
    assert narrow.freed(blend) == BlendRecipe((logistic.Recipe(PENALTY), pairs), (0.5, 0.5))
    assert [Memory(half_life=90).freed(each) for each in (strict, blend)] == [strict, blend]


def test_what_serves_learns_as_much_as_what_foretold_best() -> None:
    """A recipe that was chosen to learn little says little of a world that has changed since."""
    rows, whole = _grown(DAYS - 60)
    past = _past(rows, whole)
    newest_rows = rows["order"].to_numpy() >= (DAYS - 30) * DAY_US
    shy, free = (
        crossed(rows, whole, logistic.Recipe(0.0003), replace(past, memory=memory), newest_rows)
        for memory in (replace(past.memory, penalty=None), past.memory)
    )
    assert past.memory.penalty == PENALTY
    assert np.std(free) > 2 * np.std(shy)


def test_a_row_weighs_half_for_each_half_life() -> None:
    """Young rows by the same newest day; the rows themselves stay."""
    day = np.array([0.0, 90.0, 180.0])
    young = Training(np.zeros((1, 1)), np.zeros(1), np.ones(1), ("a",), 0, day=np.array([270.0]))
    rows = Training(np.zeros((3, 1)), np.zeros(3), np.full(3, 2.0), ("a",), 0, day=day, young=young)
    found = faded(rows, 90)
    assert found.weight.tolist() == [0.5, 1.0, 2.0]
    assert found.young is not None
    assert found.young.weight.tolist() == [2.0]
    assert faded(rows, None) is rows
    assert "every 90 days" in str(Memory(half_life=90).sentence)
    assert Memory().sentence is None


def test_whoever_is_asked_about_teaches_nothing() -> None:
    """Nor do their colleagues, nor their own older rows; everybody else does, whenever they came."""
    rows, whole = _grown(DAYS - 150)
    rows = rows.with_columns(
        lead_id=pl.col("lead_id") // 2,
        company_key=pl.when(pl.col("lead_id") % 3 > 0).then(pl.format("{}", pl.col("lead_id") % 400)),
    )
    every = np.ones(rows.height, dtype=bool)
    asked = newest(rows, whole, every)
    assert asked
    together = rows.select(pl.coalesce("company_key", pl.format("lead {}", "lead_id"))).to_series()
    judged = [set(together.filter(pl.Series(~others))) for others in asked.others]
    assert not judged[0] & judged[1]
    window = rows["order"].to_numpy() >= asked.start
    assert set(together.filter(pl.Series(window))) == judged[0] | judged[1]
    for others, companies, fold in zip(asked.others, judged, asked.folds, strict=True):
        assert not companies & set(together.filter(pl.Series(others)))
        assert fold.window.label.size == (window & together.is_in(list(companies)).to_numpy()).sum()

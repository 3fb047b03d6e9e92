"""How fast the past grows old is found out: where what ranks leads has turned, and not where it stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from scoring import forgetting
from scoring.forgetting import HALF_LIVES, faded
from scoring.models import Training
from scoring.newest import newest
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
    rows = pl.DataFrame(frame).with_columns(company_key=pl.lit(None, pl.String), weight=pl.lit(1.0))
    return rows, Training(matrix, label, np.ones(day.size), ("a", "b", "c"), 0, day=day)


def _asked(rows: pl.DataFrame, whole: Training, among: Mask | None = None) -> int | None:
    every = np.ones(rows.height, dtype=bool)
    return Past.asked(rows, whole, every if among is None else among, None, np.inf).half_life


def test_what_turned_is_forgotten_as_fast_as_can_be() -> None:
    """Half a year after it: most rows still tell of before. Quicker, and too few conversions would be left."""
    assert _asked(*_grown(DAYS - 150)) == 45


@pytest.mark.parametrize("seed", range(3))
def test_what_stands_is_not_forgotten_fast(seed: int) -> None:
    assert _asked(*_grown(DAYS + 1, seed)) in (None, HALF_LIVES[0])


def test_what_may_not_be_looked_at_says_nothing() -> None:
    """Rows from before the turn alone: the trial's model forgets as its own past advised."""
    rows, whole = _grown(DAYS - 150)
    assert whole.day is not None
    assert _asked(rows, whole, whole.day < DAYS - 150) in (None, HALF_LIVES[0])


def test_too_little_or_no_time_says_nothing() -> None:
    rows, whole = _grown(DAYS - 150)
    assert _asked(rows, replace(whole, day=None)) is None
    few = np.arange(rows.height) >= rows.height - 700
    assert _asked(rows, whole, few) is None, "hardly anything had matured before the window"


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
    assert "every 90 days" in forgetting.sentence(90)


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

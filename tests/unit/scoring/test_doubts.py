"""Leads that people doubt: left out where they teach noise, kept where they only did not buy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import scoring.doubts
from scoring.doubts import DOUBTS, LEAST
from scoring.models import Training
from scoring.past import Past
from scoring.splits import Mask
from scoring.train import train
from tests.unit.scoring.trained import WORLD, trained
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL

DAYS, A_DAY = 400, 6
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000


def _leads(bent: float) -> tuple[pl.DataFrame, Training, np.ndarray]:
    """Leads whose chance follows their input; a third may be ``bent``: their outcome follows its opposite."""
    draw = np.random.default_rng(3)
    day = np.sort(draw.uniform(0, DAYS, DAYS * A_DAY))
    value = draw.normal(size=day.size)
    odd = (draw.random(day.size) < 1 / 3) & (day < DAYS - 60)
    line = 1.2 * np.where(odd, bent * value, value) - 1.5
    label = (draw.random(day.size) < 1 / (1 + np.exp(-line))).astype(float)
    order = (BEGAN.timestamp() * 1e6 + day * DAY_US).astype(np.int64)
    frame = {"lead_id": np.arange(day.size), "order": order, "label": label.astype(int)}
    rows = pl.DataFrame(frame).with_columns(
        company_key=pl.lit(None, pl.String), weight=pl.lit(1.0), age_days=pl.lit(0.0)
    )
    noise = draw.normal(size=(day.size, 2))
    matrix = np.column_stack([value, noise])
    return rows, Training(matrix, label, np.ones(day.size), ("a", "b", "c"), 0, day=day), odd


def _past(rows: pl.DataFrame, whole: Training, named: np.ndarray, said: timedelta = timedelta(1)) -> Past:
    """What is left out where ``named`` rows' leads are doubted from the first day on, or later."""
    leads = rows["lead_id"].to_numpy()[named]
    doubts = pl.DataFrame({"lead_id": leads, "at": [BEGAN + said] * len(leads)}, schema=DOUBTS)
    return Past.asked(rows, whole, np.ones(rows.height, dtype=bool), doubts, np.inf)


def test_doubted_leads_that_teach_the_opposite_are_left_out() -> None:
    rows, whole, odd = _leads(-6.0)
    past = _past(rows, whole, odd)
    assert past.left_out == odd.sum()
    assert (past.kept == ~odd).all()
    assert f"{odd.sum():,} leads" in past.sentences[-1]


def test_leads_that_are_like_all_others_stay() -> None:
    """They were only not liked."""
    rows, whole, odd = _leads(1.0)
    assert _past(rows, whole, odd).left_out == 0


def test_a_few_words_or_words_that_came_later_change_nothing() -> None:
    """Too few to be sure; and what is said after the newest window began can't be tried on it."""
    rows, whole, odd = _leads(-6.0)
    few = np.flatnonzero(odd)[: LEAST - 1]
    assert _past(rows, whole, few).left_out == 0
    assert _past(rows, whole, odd, timedelta(DAYS)).left_out == 0


def test_nothing_said_is_nothing_left_out() -> None:
    rows, whole, _ = _leads(-6.0)
    past = Past.asked(rows, whole, np.ones(rows.height, dtype=bool), None, np.inf)
    assert past.kept.all()
    assert past.to_json()["left_out_leads"] == 0


def test_a_training_does_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report and the card tell how many; every figure that is fitted again is fitted without them as well."""
    whose = trained().report["leads"]

    def some(_asked: object, rows: pl.DataFrame, *_: object) -> Mask:
        found: Mask = (rows["lead_id"] % 3 == 0).to_numpy()
        return found

    monkeypatch.setattr(scoring.doubts, "left_out", some)
    made = train(WORLD, DATED_GOAL, as_of=AS_OF, seed=3, tenant="t1", version="model_v20250101")
    out = made.report["left_out_leads"]
    assert 0 < out < whose / 2
    assert any(f"{out:,} leads" in note for note in made.report["notes"])
    assert made.report["learning_curve"] != trained().report["learning_curve"]
    assert trained().report["left_out_leads"] == 0

"""Reps work whom scores show: what that does to outcomes is learned as the leads' own, unless some were held out."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from scoring.feedback import ARMS, LEAST_CONVERSIONS, freed
from scoring.predict import score
from scoring.schema import CONVERSIONS, LEADS, VALUES, Complexity, Field, FieldType, Goal, History, Knowledge, Timing
from scoring.train import Training, train
from tests.unit.scoring.worlds import AS_OF, START, frame, history

COUNT, SHARE, DAYS = 1_200, 0.3, 30
GOAL = Goal("Deal won", Timing.DATED, horizon_days=DAYS, complexity=Complexity.INTERPRETABLE)
FIELDS = (
    Field("size", "Company size", FieldType.NUMBER, Knowledge.INTAKE),
    Field("points", "Old points", FieldType.NUMBER, Knowledge.INTAKE),
)
PUSH = 1.6
"""By so much, in log-odds, work raises a lead's chance."""


class Followed:
    """Leads whose old score goes by what means nothing (``points``); reps work those that it shows."""

    def __init__(self, count: int = COUNT, seed: int = 3) -> None:
        draw = np.random.default_rng(seed)
        self.size, self.points = draw.normal(size=(2, count)).round(3)
        self.hot = self.points > 0.3
        self.natural = expit(0.9 * self.size - 1.0)
        self.shown = draw.random(count) >= SHARE
        chance = expit(0.9 * self.size - 1.0 + PUSH * (self.hot & self.shown))
        won = draw.random(count) < chance
        self.created = [START + timedelta(days=float(day)) for day in draw.uniform(0, 320, count)]
        spans = draw.uniform(1, 25, count)
        self.won_at = [at + timedelta(days=float(span)) for at, span in zip(self.created, spans, strict=True)]
        self.sold = [number for number in range(count) if won[number] and self.won_at[number] < AS_OF]

    def history(self, *, fresh: bool = False) -> History:
        """All that is known of them; ``fresh``: as if they had come a moment ago."""
        count = len(self.size)
        created = [AS_OF - timedelta(minutes=2)] * count if fresh else self.created
        sold = [] if fresh else self.sold
        leads = {
            "lead_id": np.arange(count),
            "created_at": created,
            "intake_order": [None] * count,
            "company_key": [None] * count,
            "email_kind": ["business"] * count,
        }
        values = [
            frame(
                {
                    "lead_id": np.arange(count),
                    "field": [name] * count,
                    "value": told.astype(str),
                    "known_at": created,
                },
                VALUES,
            )
            for name, told in (("size", self.size), ("points", self.points))
        ]
        won = frame({"lead_id": sold, "at": [self.won_at[number] for number in sold]}, CONVERSIONS)
        return history(frame(leads, LEADS), values=pl.concat(values), conversions=won, fields=FIELDS)

    def arms(self) -> pl.DataFrame:
        """Everybody who reached the band did so at once."""
        hot = np.flatnonzero(self.hot)
        columns = {
            "lead_id": hot,
            "shown": self.shown[hot],
            "held_out_share": [SHARE] * len(hot),
            "since": [self.created[number] for number in hot],
            "until": [None] * len(hot),
        }
        return frame(columns, ARMS)

    def trained(self, arms: pl.DataFrame | None) -> Training:
        """Trained a year after the beginning."""
        return train(self.history(), GOAL, as_of=AS_OF, seed=1, tenant="t", version="v", arms=arms)

    def bias(self, made: Training) -> float:
        """How much higher than by themselves newcomers in the band are thought to convert, on average."""
        fresh = Followed(400, seed=4)
        told = score(made.bundle, fresh.history(fresh=True), as_of=AS_OF, reasons=False)
        known = told["lead_id"].to_numpy()
        mine = fresh.hot[known]
        return float(told["probability"].to_numpy()[mine].mean() - fresh.natural[known][mine].mean())


@pytest.fixture(scope="module")
def world() -> Followed:
    return Followed()


def test_held_out_leads_take_most_of_the_echo_out(world: Followed) -> None:
    """Without them the band's leads are thought far better than they are by themselves; the card says what was done."""
    echo, freer = world.trained(None), world.trained(world.arms())
    assert world.bias(echo) > 0.08
    assert abs(world.bias(freer)) < world.bias(echo) / 3
    assert "feedback" not in echo.report
    told = freer.report["feedback"]
    assert told["used"]
    assert told["most"] == round(1 / SHARE, 2)
    assert any("held out by chance weigh up to 3.3 times" in note for note in freer.report["notes"])


def _rows(spots: list[tuple[int, int, int]]) -> pl.DataFrame:
    """(lead, days after the beginning, label)."""
    return pl.DataFrame(
        {
            "row": range(len(spots)),
            "lead_id": [lead for lead, _, _ in spots],
            "as_of": [START + timedelta(days=day) for _, day, _ in spots],
            "label": [label for _, _, label in spots],
            "weight": [2.0] * len(spots),
        },
        schema_overrides={"as_of": ARMS["since"], "label": pl.Int8},
    )


def _arms(shown: list[bool], until: int | None = None) -> pl.DataFrame:
    at = None if until is None else START + timedelta(days=until)
    since = START + timedelta(days=100)
    rows = [(lead, one, 0.25, since, at) for lead, one in enumerate(shown)]
    return pl.DataFrame(rows, schema=ARMS, orient="row")


def test_only_rows_of_its_time_are_weighed() -> None:
    """What was over before, what comes after, and who was in no arm stays; what spans the end tells of neither."""
    arms = _arms([False] * 40 + [True] * 10, until=200)
    held = [(lead, 120, 1) for lead in range(40)]
    rows = _rows([*held, (0, 60, 0), (0, 180, 0), (0, 210, 0), (45, 120, 1), (45, 60, 1), (45, 210, 1), (99, 120, 1)])
    left, made = freed(rows, arms, GOAL)
    assert made
    assert (made.used, made.held_out, made.shown, made.conversions, made.most) == (True, 40, 1, 40, 4.0)
    days = {(row["lead_id"], (row["as_of"] - START).days): row["weight"] for row in left.iter_rows(named=True)}
    assert {key: days[key] for key in ((0, 60), (0, 120), (0, 210), (45, 60), (45, 210), (99, 120))} == {
        (0, 60): 2.0,
        (0, 120): 8.0,
        (0, 210): 2.0,
        (45, 60): 2.0,
        (45, 210): 2.0,
        (99, 120): 2.0,
    }
    assert not {(45, 120), (0, 180)} & set(days)
    assert left["row"].to_list() == list(range(left.height))


def test_with_few_held_out_conversions_nothing_is_done_and_it_is_said() -> None:
    few = LEAST_CONVERSIONS - 1
    rows = _rows([(lead, 120, 1) for lead in range(few + 5)])
    left, made = freed(rows, _arms([False] * few + [True] * 5), GOAL)
    assert left.equals(rows)
    assert made
    assert not made.used
    assert "29 held-out leads converted, fewer than 30" in made.sentence
    assert freed(rows, None, GOAL) == (rows, None)
    assert freed(rows, _arms([False]), Goal("g", Timing.CREATED)) == (rows, None)

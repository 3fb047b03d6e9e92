"""The leakage guard's verdicts come from data, not from names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl

from scoring.dataset import snapshots
from scoring.guard import Case, judge
from scoring.schema import VALUES, Field, FieldType, Goal, History, Knowledge
from scoring.splits import time_split
from scoring.timeline import Timeline
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, ORDERED_GOAL, START, dated, ordered


def verdicts(world: History, goal: Goal) -> dict[str, str]:
    rows = snapshots(world, goal, as_of=AS_OF, seed=0)
    found = judge(Case(Timeline(world), world, rows, time_split(rows, goal), goal, AS_OF))
    return {one.field: one.verdict.value for one in found.verdicts}


def test_a_telltale_field_and_its_copy_are_suspect_and_honest_ones_clear() -> None:
    """A leak and its near copy can't hide each other; a strong honest number stays."""
    assert verdicts(ordered(2_000, leak=0.8), ORDERED_GOAL) == {
        "honest": "clear",
        "source": "clear",
        "remark": "suspect",
        "twin": "suspect",
    }


def test_without_a_leak_nothing_is_suspect() -> None:
    """Honest fields, one of them strong, are all clear."""
    assert set(verdicts(ordered(2_000), ORDERED_GOAL).values()) == {"clear"}


def test_a_dated_field_that_changes_with_the_conversion_is_proven() -> None:
    """A field set a day after winning, for a fifth of the winners, is excluded; its evidence is shown."""
    world = dated(800)
    wins = world.conversions.filter(pl.col("lead_id") % 5 == 0)
    after = wins.select(
        "lead_id", field=pl.lit("onboarded"), value=pl.lit("yes"), known_at=pl.col("at") + timedelta(days=1)
    )
    planted = Field("onboarded", "Onboarded", FieldType.BOOLEAN, Knowledge.DATED)
    world = replace(world, values=pl.concat([world.values, after.cast(dict(VALUES))]), fields=(*world.fields, planted))
    assert verdicts(world, DATED_GOAL)["onboarded"] == "proven"


def test_system_fields_are_proven_by_meaning() -> None:
    """Stage never reaches a model."""
    assert verdicts(dated(400), DATED_GOAL)["stage"] == "proven"


def test_blocked_fields_are_not_even_judged() -> None:
    """The guard does not look at personal data."""
    assert "name" not in verdicts(dated(400), DATED_GOAL)


def test_a_dated_field_that_changes_at_any_time_is_clear() -> None:
    """Changes that do not gather at the conversion prove nothing."""
    world = dated(800)
    rng = np.random.default_rng(0)
    lead = rng.integers(1, 801, 3_000)
    moments = [START + timedelta(days=float(day)) for day in rng.uniform(0, 365, 3_000)]
    changes = pl.DataFrame(
        {"lead_id": lead, "field": ["mood"] * 3_000, "value": ["good"] * 3_000, "known_at": moments}, schema=VALUES
    )
    honest = Field("mood", "Mood", FieldType.CATEGORY, Knowledge.DATED)
    world = replace(world, values=pl.concat([world.values, changes]), fields=(*world.fields, honest))
    assert verdicts(world, DATED_GOAL)["mood"] == "clear"

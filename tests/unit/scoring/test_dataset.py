"""Snapshots, labels, population and splits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from scoring.dataset import snapshots
from scoring.outcomes import among_highest, told
from scoring.population import population
from scoring.schema import CONVERSIONS, EVENTS, EXCLUSIONS, LEADS, UTC_TIME, VALUES, Goal, History, Timing
from scoring.splits import distinct_conversions, time_split
from tests.unit.scoring.worlds import (
    AS_OF,
    CREATED_GOAL,
    DATED_GOAL,
    ORDERED_GOAL,
    START,
    dated,
    frame,
    history,
    ordered,
)

DAY = timedelta(days=1)


def three_leads(**frames: pl.DataFrame) -> History:
    leads = frame(
        {
            "lead_id": [1, 2, 3],
            "created_at": [START, START + 10 * DAY, START + 100 * DAY],
            "intake_order": [None] * 3,
            "company_key": [None] * 3,
            "email_kind": [None] * 3,
        },
        LEADS,
    )
    return history(leads, **frames)


def won(*pairs: tuple[int, object]) -> pl.DataFrame:
    return frame({"lead_id": [lead for lead, _ in pairs], "at": [at for _, at in pairs]}, CONVERSIONS)


def test_population_leaves_out_converted_excluded_and_unborn() -> None:
    """Each lead that exists is open or has a reason; later leads do not exist."""
    barred = frame(
        {"lead_id": [2], "starts_at": [START + 20 * DAY], "ends_at": [None], "reason": ["bounced"]}, EXCLUSIONS
    )
    world = three_leads(conversions=won((1, START + 5 * DAY)), exclusions=barred)
    found = population(world, START + 50 * DAY)
    assert found.sort("lead_id").rows() == [(1, False, "converted"), (2, False, "bounced")]
    assert population(world, START + 15 * DAY).sort("lead_id").rows()[1] == (2, True, None)


def test_a_span_that_ended_lets_the_lead_return() -> None:
    """Exclusions hold only between their bounds."""
    span = {"lead_id": [1], "starts_at": [START], "ends_at": [START + 5 * DAY], "reason": ["paused"]}
    world = three_leads(exclusions=frame(span, EXCLUSIONS))
    assert population(world, START + 3 * DAY).rows() == [(1, False, "paused")]
    assert population(world, START + 6 * DAY).rows() == [(1, True, None)]


def test_without_events_ages_join_the_grid_and_labels_look_ahead() -> None:
    """A lead converting on day 20 is labelled at ages 0, 7 and 14 and is gone afterwards."""
    world = three_leads(conversions=won((1, START + 20 * DAY)))
    rows = snapshots(world, DATED_GOAL, as_of=START + 200 * DAY, seed=0).filter(pl.col("lead_id") == 1)
    assert set(rows["label"]) == {1}
    assert rows["age_days"].max() < 20
    assert {0, 7, 14} <= {round(age) for age in rows["age_days"]}


def test_only_matured_snapshots_are_used() -> None:
    """Every as_of plus the horizon has passed."""
    world = dated(300)
    for one in (world, replace(world, events=world.events.clear())):
        rows = snapshots(one, DATED_GOAL, as_of=AS_OF, seed=0)
        assert rows["as_of"].max() <= AS_OF - timedelta(days=DATED_GOAL.horizon_days)


def test_outcomes_at_or_after_the_run_are_unknown() -> None:
    """Training at an earlier as_of gives the rows that it would have given then."""
    early = START + 200 * DAY
    world = dated(300)
    then = History(
        world.leads.filter(pl.col("created_at") < early),
        world.values,
        world.events.filter(pl.col("at") < early),
        world.conversions.filter(pl.col("at") < early),
        world.exclusions,
        world.fields,
    )
    now, past = (snapshots(one, DATED_GOAL, as_of=early, seed=0) for one in (world, then))
    assert now.equals(past)


def test_created_sources_drop_young_leads_and_take_undated_outcomes() -> None:
    """One row a lead at creation; leads younger than the maturity age are left out."""
    world = three_leads(conversions=won((2, None)))
    rows = snapshots(world, CREATED_GOAL, as_of=START + 120 * DAY, seed=0)
    assert rows.select("lead_id", "label").rows() == [(1, 0), (2, 1)]
    assert rows["age_days"].max() < 0.01


def test_ordered_sources_know_no_dates() -> None:
    """Rows come in intake order without a time or an age."""
    rows = snapshots(ordered(100), ORDERED_GOAL, as_of=AS_OF, seed=0)
    assert rows["order"].is_sorted()
    assert rows["as_of"].null_count() == rows["age_days"].null_count() == rows.height == 100


def test_row_order_of_the_input_changes_nothing() -> None:
    """Shuffled frames give the same snapshots."""
    world = dated(200)
    shuffled = History(
        world.leads.sample(fraction=1.0, shuffle=True, seed=1),
        world.values.sample(fraction=1.0, shuffle=True, seed=2),
        world.events.sample(fraction=1.0, shuffle=True, seed=3),
        world.conversions.sample(fraction=1.0, shuffle=True, seed=4),
        world.exclusions,
        world.fields,
    )
    one, other = (snapshots(each, DATED_GOAL, as_of=AS_OF, seed=0) for each in (world, shuffled))
    assert one.equals(other)


def test_the_embargo_lets_labels_mature_before_judging_starts() -> None:
    """Last training as_of plus horizon ≤ first validation as_of, and the same before the test."""
    rows = snapshots(dated(1_500), DATED_GOAL, as_of=AS_OF, seed=0)
    split = time_split(rows, DATED_GOAL)
    assert split is not None
    assert split.notes == ()
    order, horizon = rows["order"].to_numpy(), DATED_GOAL.horizon_days * 86_400_000_000
    assert order[split.train].max() + horizon <= order[split.valid].min()
    assert order[split.valid].max() + horizon <= order[split.test].min()


def test_a_short_history_shrinks_the_embargo_and_says_so() -> None:
    """With a horizon as long as half the history the split still exists, with a note."""
    goal = Goal("Deal won", Timing.DATED, horizon_days=150)
    split = time_split(snapshots(dated(1_500), goal, as_of=AS_OF, seed=0), goal)
    assert split is not None
    assert "embargo" in " ".join(split.notes)


def test_ordered_splits_are_sixty_twenty_twenty() -> None:
    """Shares of the rows in order, none shared."""
    rows = snapshots(ordered(1_000), ORDERED_GOAL, as_of=AS_OF, seed=0)
    split = time_split(rows, ORDERED_GOAL)
    assert split is not None
    assert [int(mask.sum()) for mask in (split.train, split.valid, split.test)] == [600, 200, 200]
    assert distinct_conversions(rows) == int(rows["label"].sum())


def test_sampled_negatives_carry_their_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights of a capped sample add up to about the full number of rows; positives all stay."""
    world = dated(600)
    full = snapshots(world, DATED_GOAL, as_of=AS_OF, seed=0)
    monkeypatch.setattr("scoring.dataset.MAX_ROWS", 2_000)
    capped = snapshots(world, DATED_GOAL, as_of=AS_OF, seed=0)
    assert capped.height < full.height
    assert capped["label"].sum() == full["label"].sum()
    np.testing.assert_allclose(capped["weight"].sum(), full.height, rtol=0.05)


def test_an_empty_history_has_no_rows() -> None:
    """No leads, no snapshots, no error."""
    empty = history(pl.DataFrame(schema=LEADS))
    for goal in (DATED_GOAL, CREATED_GOAL, ORDERED_GOAL):
        assert snapshots(empty, goal, as_of=AS_OF, seed=0).is_empty()
    assert (EVENTS["at"], VALUES["known_at"]) == (UTC_TIME, UTC_TIME)


def closed(*spans: tuple[int, timedelta, str]) -> pl.DataFrame:
    leads, starts, reasons = zip(*((lead, START + after, reason) for lead, after, reason in spans), strict=True)
    columns = {"lead_id": leads, "starts_at": starts, "ends_at": [None] * len(spans), "reason": reasons}
    return frame(columns, EXCLUSIONS)


def test_being_closed_is_an_outcome_of_its_own() -> None:
    """A disqualified lead did not convert, and why is told; one that converted in spite of it did."""
    spans = closed((1, 20 * DAY, "disqualified"), (2, 25 * DAY, "bounced"))
    world = three_leads(conversions=won((2, START + 30 * DAY)), exclusions=spans)
    rows = snapshots(world, DATED_GOAL, as_of=START + 150 * DAY, seed=0)
    early = rows.filter(pl.col("as_of") < START + 20 * DAY)
    assert set(early.filter(pl.col("lead_id") == 1).select("label", "outcome").rows()) == {(0, "disqualified")}
    assert set(early.filter(pl.col("lead_id") == 2).select("label", "outcome").rows()) == {(1, "converted")}
    assert set(rows.filter(pl.col("lead_id") == 3)["outcome"]) == {"open"}
    found = told(rows)
    assert found["disqualified"]["leads"] == 1
    assert sum(part["share"] for part in found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("reason", ["customer", "employee", "test"])
def test_a_lead_that_left_for_another_reason_teaches_nothing(reason: str) -> None:
    """Neither a success nor a failure; what was seen of it long before stays."""
    world = three_leads(conversions=won((2, START + 30 * DAY)), exclusions=closed((1, 90 * DAY, reason)))
    rows = snapshots(world, DATED_GOAL, as_of=START + 150 * DAY, seed=0).filter(pl.col("lead_id") == 1)
    assert rows.height
    assert rows["as_of"].max() < START + 60 * DAY
    assert set(rows["label"]) == {0}


def test_outcomes_of_the_highest_are_told_by_weight() -> None:
    """A row that stands for three counts for three."""
    rows = pl.DataFrame({"lead_id": [1, 2, 3, 4], "outcome": ["converted", "open", "open", "bounced"]})
    rows = rows.with_columns(weight=pl.Series([1.0, 1.0, 3.0, 5.0]))
    assert among_highest(rows, np.array([3.0, 2.0, 1.0, 0.0]), 0.2) == {
        "converted": {"leads": 1, "share": 0.5},
        "open": {"leads": 1, "share": 0.5},
    }
    assert told(rows)["bounced"] == {"leads": 1, "share": 0.5}

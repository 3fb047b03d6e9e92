"""Nothing at or after a row's as_of is ever visible to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import HistoryError
from scoring.features import build, fit
from scoring.population import numbered
from scoring.schema import EVENTS, LEADS, UTC_TIME, VALUES, Field, FieldType, History, Knowledge, Timing
from scoring.timeline import Timeline
from tests.unit.scoring.worlds import START, dated, frame, history

FIELD = Field("score", "Score", FieldType.NUMBER, Knowledge.DATED)
MOMENTS = st.integers(0, 200).map(lambda hours: START + timedelta(hours=hours))
HAPPENINGS = st.lists(st.tuples(st.integers(1, 3), MOMENTS), max_size=25)


def small(events: list[tuple[int, datetime]], values: list[tuple[int, datetime]]) -> History:
    leads = frame(
        {
            "lead_id": [1, 2, 3],
            "created_at": [START] * 3,
            "intake_order": [None] * 3,
            "company_key": ["a", "a", None],
            "email_kind": ["free"] * 3,
        },
        LEADS,
    )
    acts = [(lead, at, "page_view", "lead", f"/{at.hour % 3}") for lead, at in events]
    changes = [(lead, "score", str(place), at) for place, (lead, at) in enumerate(values)]
    return history(
        leads,
        events=pl.DataFrame(acts, schema=EVENTS, orient="row"),
        values=pl.DataFrame(changes, schema=VALUES, orient="row"),
        fields=(FIELD,),
    )


def rows_at(*moments: datetime) -> pl.DataFrame:
    spots = [(lead, at) for at in moments for lead in (1, 2, 3)]
    return numbered(pl.DataFrame(spots, schema={"lead_id": pl.Int64, "as_of": UTC_TIME}, orient="row"))


@settings(max_examples=40, deadline=None)
@given(HAPPENINGS, HAPPENINGS, MOMENTS)
def test_only_what_lies_before_as_of_is_seen(
    events: list[tuple[int, datetime]], values: list[tuple[int, datetime]], as_of: datetime
) -> None:
    """Counts and values equal those computed by hand from strictly earlier entries."""
    timeline = Timeline(small(events, values))
    seen = timeline.events(rows_at(as_of), ("lead",))
    for row, lead in enumerate((1, 2, 3)):
        assert seen.filter(pl.col("row") == row).height == sum(one == lead and at < as_of for one, at in events)
        known = [(at, str(place)) for place, (one, at) in enumerate(values) if one == lead and at < as_of]
        found = timeline.values(rows_at(as_of), ["score"])["score"][row]
        assert found == (max(known)[1] if known else None)


@settings(max_examples=25, deadline=None)
@given(HAPPENINGS, HAPPENINGS, HAPPENINGS, HAPPENINGS)
def test_later_entries_change_no_earlier_row(
    events: list[tuple[int, datetime]],
    values: list[tuple[int, datetime]],
    more_events: list[tuple[int, datetime]],
    more_values: list[tuple[int, datetime]],
) -> None:
    """A vector is the same bit for bit after anything is added at or after its as_of."""
    cut = START + timedelta(hours=100)
    before = small(events, values)
    spec, _ = fit(Timeline(before), rows_at(cut, cut + timedelta(days=200)), Timing.DATED)
    first = build(Timeline(before), rows_at(cut), spec).matrix
    later_events = events + [(lead, max(at, cut)) for lead, at in more_events]
    later_values = values + [(lead, max(at, cut)) for lead, at in more_values]
    second = build(Timeline(small(later_events, later_values)), rows_at(cut), spec).matrix
    assert first.tobytes() == second.tobytes()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), MOMENTS, st.none() | MOMENTS), max_size=25), MOMENTS)
def test_what_was_learned_later_counts_from_then_on_with_its_own_time(
    acts: list[tuple[int, datetime, datetime | None]], as_of: datetime
) -> None:
    """Vectors equal those of a history that holds only what was known by then."""
    whole = small([(lead, at) for lead, at, _ in acts], [])
    known = pl.Series("known_at", [known for *_, known in acts], UTC_TIME)
    told = replace(whole, events=whole.events.with_columns(known))
    by_then = [(lead, at) for lead, at, known in acts if at < as_of and (known is None or known < as_of)]
    lasting = rows_at(as_of, START + timedelta(days=300))
    spec, _ = fit(Timeline(whole), lasting, Timing.DATED)
    seen, expected = (build(Timeline(history), rows_at(as_of), spec).matrix for history in (told, small(by_then, [])))
    assert seen.tobytes() == expected.tobytes()
    assert Timeline(told).events(lasting, ("lead",)).columns == Timeline(whole).events(lasting, ("lead",)).columns


def test_a_time_of_learning_that_is_none_is_refused() -> None:
    """The sentence names the column."""
    whole = small([(1, START)], [])
    with pytest.raises(HistoryError, match="known_at"):
        Timeline(replace(whole, events=whole.events.with_columns(known_at=pl.lit("soon"))))


def test_single_leads_get_the_batch_vector() -> None:
    """A lead's vector does not depend on which other leads are computed beside it."""
    timeline = Timeline(dated(120))
    rows = numbered(
        pl.DataFrame({"lead_id": range(1, 121), "as_of": [START + timedelta(days=340)] * 120}).cast(
            {"lead_id": pl.Int64, "as_of": UTC_TIME}
        )
    )
    spec, vectors = fit(timeline, rows, Timing.DATED)
    for place in range(0, 120, 17):
        single = build(timeline, numbered(rows.filter(pl.col("row") == place)), spec).matrix
        assert single.tobytes() == vectors.matrix[place : place + 1].tobytes()


def test_seller_events_make_no_feature() -> None:
    """Whatever the rep did leaves every vector as it was."""
    world = dated(150)
    rows = numbered(
        pl.DataFrame({"lead_id": range(1, 151), "as_of": [START + timedelta(days=300)] * 150}).cast(
            {"lead_id": pl.Int64, "as_of": UTC_TIME}
        )
    )
    spec, vectors = fit(Timeline(world), rows, Timing.DATED)
    without = replace(world, events=world.events.filter(pl.col("actor") != "seller"))
    np.testing.assert_array_equal(vectors.matrix, build(Timeline(without), rows, spec).matrix)


@pytest.mark.parametrize(("hours", "seen"), [(None, ["0", "0", "0"]), (150, [None, None, "0"])])
def test_an_undated_value_that_came_with_a_later_record_counts_from_then(hours: int | None, seen: list[str]) -> None:
    """Without a time it is assumed known from creation; with one, nothing before that time may use it."""
    world = small([], [(1, START + timedelta(hours=hours or 0))])
    values = world.values if hours else world.values.with_columns(known_at=pl.lit(None, UTC_TIME))
    world = replace(world, values=values, fields=(replace(FIELD, knowledge=Knowledge.UNDATED),))
    moments = [START, START + timedelta(hours=150), START + timedelta(hours=151)]
    rows = numbered(rows_at(*moments).filter(pl.col("lead_id") == 1))
    assert Timeline(world).values(rows, ["score"])["score"].to_list() == seen

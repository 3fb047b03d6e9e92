"""What-if asks the one row maker, flags what was never seen, and promises nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import Bundle
from scoring.errors import HistoryError
from scoring.predict import score
from scoring.schema import EVENTS, Complexity
from scoring.train import train
from scoring.whatif import CAVEAT, Act, what_if
from tests.unit.scoring.trained import WORLD, trained
from tests.unit.scoring.worlds import AS_OF, ORDERED_GOAL, ordered


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return trained().bundle


@pytest.fixture(scope="module")
def leads(bundle: Bundle) -> pl.Series:
    return score(bundle, WORLD, as_of=AS_OF)["lead_id"]


@settings(max_examples=8, deadline=None)
@given(place=st.integers(0, 200), forms=st.integers(0, 4), size=st.integers(1, 3_000))
def test_it_is_what_the_changed_history_scores(
    bundle: Bundle, leads: pl.Series, place: int, forms: int, size: int
) -> None:
    """Bit for bit as if the values and events stood in the records; dependent features follow."""
    lead = leads[place]
    found = what_if(
        bundle,
        WORLD,
        lead,
        as_of=AS_OF,
        fields={"size": str(size)},
        events=[Act("form_submitted", "/demo", 2)] * forms,
    )
    at = AS_OF - timedelta(days=2, microseconds=1)
    mine = (pl.col("lead_id") == lead) & (pl.col("field") == "size")
    values = WORLD.values.with_columns(value=pl.when(mine).then(pl.lit(str(size))).otherwise("value"))
    fresh = {"lead_id": [lead] * forms, "at": [at] * forms, "kind": ["form_submitted"] * forms}
    events = pl.DataFrame(fresh | {"actor": ["lead"] * forms, "detail": ["/demo"] * forms}, schema=EVENTS)
    world = replace(WORLD, values=values, events=pl.concat([WORLD.events, events]))
    assert found.after.equals(score(bundle, world, as_of=AS_OF, lead_ids=[lead]))
    assert found.before.equals(score(bundle, WORLD, as_of=AS_OF, lead_ids=[lead]))
    if forms:
        moved = {change.concept for change in found.changed.changes if change.moved}
        assert {"Forms", "Overall activity"} <= moved
    assert found.caveat == CAVEAT


def test_what_was_never_seen_is_flagged(bundle: Bundle, leads: pl.Series) -> None:
    """A number beyond all others, a rare choice, an unknown kind; what was seen is not."""
    found = what_if(
        bundle,
        WORLD,
        leads[0],
        as_of=AS_OF,
        fields={"size": "9000000", "source": "radio"},
        events=[Act("séance")],
    )
    said = " ".join(found.outside)
    assert "Company size: 9,000,000 lies outside what was seen in training (" in said
    assert "Lead source: “radio” was too rare" in said
    assert "“séance”" in said
    usual = what_if(bundle, WORLD, leads[0], as_of=AS_OF, fields={"size": "60", "source": "web"})
    assert usual.outside == ()


def test_a_cleared_field_is_unknown(bundle: Bundle, leads: pl.Series) -> None:
    """Dated values of the lead do not shine through."""
    found = what_if(bundle, WORLD, leads[3], as_of=AS_OF, fields={"size": None})
    size = next(change for change in found.changed.changes if change.concept == "Company size")
    assert any("unknown" in words for words in size.moved)


def test_what_can_change_nothing_is_said(bundle: Bundle, leads: pl.Series) -> None:
    """A field that the model does not read."""
    constant = replace(WORLD, fields=(*WORLD.fields, replace(WORLD.fields[1], name="idle", label="Idle")))
    found = what_if(bundle, constant, leads[0], as_of=AS_OF, fields={"idle": "5"})
    assert found.unused == ("The model does not read 'idle'.",)
    assert found.after.equals(found.before)


@pytest.mark.parametrize(
    ("fields", "events", "said"),
    [
        ({"shoe": "44"}, [], "no field 'shoe'"),
        ({"name": "Ada"}, [], "kept from every model"),
        ({"stage": "won"}, [], "kept from every model"),
        ({}, [Act("page_view", None, -1)], "in the future"),
    ],
)
def test_what_makes_no_sense_is_refused(
    bundle: Bundle, leads: pl.Series, fields: dict[str, str | None], events: list[Act], said: str
) -> None:
    """In words, before anything is scored."""
    with pytest.raises(HistoryError, match=said):
        what_if(bundle, WORLD, leads[0], as_of=AS_OF, fields=fields, events=events)


def test_leads_and_events_that_are_not_scored_are_refused(bundle: Bundle) -> None:
    """A converted lead; events for a model that is valid at intake."""
    with pytest.raises(HistoryError, match="not scored"):
        what_if(bundle, WORLD, WORLD.conversions["lead_id"][0], as_of=AS_OF, fields={"size": "5"})
    world = ordered(200)
    intake = train(
        world, replace(ORDERED_GOAL, complexity=Complexity.INTERPRETABLE), as_of=AS_OF, seed=3, tenant="t1", version="m"
    ).bundle
    with pytest.raises(HistoryError, match="valid at intake"):
        what_if(intake, world, 1, as_of=AS_OF, events=[Act("page_view")])
    lead = score(intake, world, as_of=AS_OF)["lead_id"][0]
    assert what_if(intake, world, lead, as_of=AS_OF, fields={"honest": "2.0"}).changed.changes

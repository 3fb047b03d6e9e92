"""HubSpot's JSON → records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.hubspot.mapping import add_contact, company, deal_conversions, only_ours, stage_outcomes
from connector.adapters.hubspot.values import iso, milliseconds, moment, money
from connector.adapters.pieces import Pieces
from connector.records import Removal

T0 = datetime(2025, 1, 1, tzinfo=UTC)
OWN = frozenset({"lead_score"})


def at(days: int) -> str:
    """Return day ``days`` as HubSpot writes it."""
    return iso(T0 + timedelta(days=days))


def version(value: str | None, days: int) -> dict[str, Any]:
    """Return an entry of a property's history."""
    return {"value": value, "timestamp": at(days), "sourceType": "CRM_UI"}


def contact(**history: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a contact as a listing with history gives it."""
    return {
        "id": "101",
        "properties": {"lastmodifieddate": at(9)},
        "propertiesWithHistory": history,
        "createdAt": at(0),
        "updatedAt": at(9),
        "archived": False,
    }


def read(raw: dict[str, Any]) -> Pieces:
    """Read one contact."""
    pieces = Pieces()
    add_contact(pieces, "contacts", raw, OWN)
    return pieces


def test_history_becomes_changes_and_the_newest_value_the_current_one() -> None:
    """A cleared value stays in the history and leaves the record."""
    pieces = read(contact(jobtitle=[version("CEO", 5), version("Clerk", 1)], city=[version("", 6), version("Faro", 1)]))
    (record,) = pieces.records
    assert record.properties == {"jobtitle": "CEO"}
    changes = {(change.name, change.value, change.at) for change in pieces.changes}
    assert ("city", None, T0 + timedelta(days=6)) in changes
    assert len(changes) == 4


def test_stages_are_conversions_dated_by_their_history() -> None:
    """Each stage that a contact entered counts from then."""
    pieces = read(contact(lifecyclestage=[version("customer", 8), version("lead", 1)]))
    assert {(c.kind, c.at) for c in pieces.conversions} == {
        ("stage:customer", T0 + timedelta(days=8)),
        ("stage:lead", T0 + timedelta(days=1)),
    }
    assert len({c.source_id for c in pieces.conversions}) == 2


def test_a_stage_without_history_has_no_date() -> None:
    """It is known that it happened, not when."""
    raw = contact()
    raw["properties"]["lifecyclestage"] = "customer"
    (conversion,) = read(raw).conversions
    assert (conversion.kind, conversion.at) == ("stage:customer", None)


def test_our_own_fields_are_neither_values_nor_changes() -> None:
    """A written score is not read back as knowledge about the lead."""
    pieces = read(contact(lead_score=[version("87", 9)], jobtitle=[version("CEO", 5)]))
    assert "lead_score" not in pieces.records[0].properties
    assert {change.name for change in pieces.changes} == {"jobtitle"}


def test_a_merge_names_the_lost_ids_and_when() -> None:
    """Both on the record and as removals that point to the survivor."""
    raw = contact()
    moved = T0 + timedelta(days=3)
    raw["properties"] |= {"hs_merged_object_ids": "7;8", "hs_calculated_merged_vids": f"7:{milliseconds(moved)}"}
    pieces = read(raw)
    assert pieces.records[0].merged_ids == ("7", "8")
    assert pieces.removals[0] == Removal("7", moved, merged_into="101")


def test_a_history_without_time_is_rejected_and_the_contact_kept() -> None:
    """One bad property does not lose the person."""
    raw = contact(jobtitle=[{"value": "CEO", "timestamp": "soon"}], city=[version("Faro", 1)])
    pieces = read(raw)
    assert pieces.records[0].properties == {"city": "Faro"}
    assert [item.reason for item in pieces.rejections] == ["the history of jobtitle is not a time"]


def test_only_our_own_write_is_recognised() -> None:
    """A contact whose only change is our score causes no work; one that changed beside it does."""
    since = T0 + timedelta(days=4)
    ours = contact(lead_score=[version("87", 9)], jobtitle=[version("CEO", 1)], lastmodifieddate=[version(at(9), 9)])
    both = contact(lead_score=[version("87", 9)], jobtitle=[version("CEO", 5)])
    neither = contact(jobtitle=[version("CEO", 1)])
    assert only_ours(ours, OWN, since)
    assert not only_ours(both, OWN, since)
    assert not only_ours(neither, OWN, since)


OUTCOMES = {"won": "deal_won", "lost": "deal_lost"}


def deal(*stages: tuple[str, int], **properties: str) -> dict[str, Any]:
    """Return a deal with its stages (newest first)."""
    history = {"dealstage": [version(stage, day) for stage, day in stages]}
    return {"id": "5", "properties": {"dealstage": stages[0][0], **properties}, "propertiesWithHistory": history}


def test_a_won_deal_counts_for_each_contact_from_the_winning_stage_change() -> None:
    """The close date is only a plan; the change of stage is what happened."""
    found = deal_conversions(deal(("won", 20), ("talk", 5), closedate=at(90), amount="1200.50"), ["1", "2"], OUTCOMES)
    assert [(c.record_id, c.kind, c.at, c.amount) for c in found] == [
        ("1", "deal_won", T0 + timedelta(days=20), Decimal("1200.50")),
        ("2", "deal_won", T0 + timedelta(days=20), Decimal("1200.50")),
    ]


def test_a_deal_won_a_second_time_counts_from_then() -> None:
    """Reopened and won again: the present outcome began with the last change."""
    (found,) = deal_conversions(deal(("won", 30), ("talk", 25), ("won", 20)), ["1"], OUTCOMES)
    assert found.at == T0 + timedelta(days=30)


def test_an_open_deal_is_no_conversion_and_a_lost_one_is_a_loss() -> None:
    """What a stage means comes from the pipeline."""
    assert deal_conversions(deal(("talk", 3)), ["1"], OUTCOMES) == []
    assert deal_conversions(deal(("lost", 3)), ["1"], OUTCOMES)[0].kind == "deal_lost"


def test_without_pipelines_the_flags_and_the_close_date_tell() -> None:
    """A deal in an unknown stage still knows that it was won."""
    raw = {"id": "5", "properties": {"dealstage": "x", "hs_is_closed_won": "true", "closedate": at(7)}}
    (found,) = deal_conversions(raw, ["1"], {})
    assert (found.kind, found.at) == ("deal_won", T0 + timedelta(days=7))


def test_stages_mean_what_their_metadata_say() -> None:
    """Names are the admin's; probability and isClosed are not."""
    stages = [
        {"id": "100", "label": "Gewonnen", "metadata": {"isClosed": "true", "probability": "1.0"}},
        {"id": "closedwon", "label": "Closed won", "metadata": {"isClosed": "false", "probability": "0.9"}},
        {"id": "200", "label": "?", "metadata": {"isClosed": "true", "probability": "0.0"}},
    ]
    assert stage_outcomes([{"stages": stages}]) == {"100": "deal_won", "200": "deal_lost"}


def test_a_companys_properties_are_named_as_its_fields() -> None:
    """They stand beside the contact's without a clash."""
    found = company({"id": 9, "properties": {"industry": "Steel", "domain": "x.example", "hs_lastmodifieddate": at(2)}})
    assert (found.company_id, found.domain) == ("9", "x.example")
    assert found.properties["company.industry"] == "Steel"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
times = st.integers(0, 4_000_000_000_000).map(lambda stamp: T0 + timedelta(milliseconds=stamp - 1_700_000_000_000))
histories = st.dictionaries(
    st.text(min_size=1, max_size=10),
    st.lists(st.fixed_dictionaries({"value": scalars, "timestamp": times.map(iso) | scalars}), max_size=4),
    max_size=5,
)


@given(st.dictionaries(st.text(max_size=10), scalars, max_size=8), histories)
def test_no_property_payload_loses_its_contact(properties: dict[str, Any], history: dict[str, Any]) -> None:
    """Whatever an account holds in its fields, the contact is read."""
    raw = {**contact(), "properties": properties, "propertiesWithHistory": history}
    pieces = Pieces()
    add_contact(pieces, "contacts", raw, OWN)
    (record,) = pieces.records
    assert all(value for value in record.properties.values())
    assert all(change.at.tzinfo is UTC for change in pieces.changes)


@given(times)
def test_times_survive_both_of_their_forms(when: datetime) -> None:
    """ISO 8601 and epoch milliseconds mean the same instant."""
    assert moment(iso(when), "x") == moment(str(milliseconds(when)), "x") == when


@given(st.text(max_size=30))
def test_an_amount_is_finite_or_none(text: str) -> None:
    """No NaN or infinity gets through as money."""
    amount = money(text)
    assert amount is None or amount.is_finite()

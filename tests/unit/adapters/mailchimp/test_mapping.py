"""Mailchimp's JSON → records, changes and conversions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.mailchimp.fields import definitions, personal
from connector.adapters.mailchimp.mapping import Reading, add_member, order_conversion
from connector.adapters.mailchimp.values import UnreadableError, subscriber_hash, text
from connector.adapters.pieces import Pieces
from connector.records import FieldRole, FieldType, PropertyChange

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CAME, CHANGED = "2025-11-01T10:00:00+00:00", "2026-02-01T08:30:00+00:00"
MEMBER: dict[str, Any] = {
    "contact_id": "c1",
    "email_address": " Ann@Example.com ",
    "status": "subscribed",
    "merge_fields": {"FNAME": "Ann", "INDUSTRY": "Retail", "AGE": Decimal("7.50"), "EMPTY": "", "LEADSCORE": 80},
    "stats": {
        "avg_open_rate": Decimal("0.5"),
        "ecommerce_data": {"number_of_orders": 2, "total_revenue": Decimal("9.90")},
    },
    "member_rating": 4,
    "vip": False,
    "timestamp_opt": CAME,
    "timestamp_signup": "",
    "last_changed": CHANGED,
    "source": "API - Generic",
    "location": {"country_code": "DE"},
    "tags": [{"id": 1, "name": "high-intent"}, {"id": 2, "name": "Webinar"}],
}
READING = Reading("l1", ("LEADSCORE", "High-Intent"), ("FNAME",), NOW)


def read(raw: dict[str, Any], reading: Reading = READING) -> Pieces:
    """Return what one member brings."""
    pieces = Pieces()
    add_member(pieces, raw, reading)
    return pieces


def changes(pieces: Pieces) -> dict[str, PropertyChange]:
    """Return the changes by field."""
    return {change.name: change for change in pieces.changes}


def test_a_member_is_a_record_of_its_audience() -> None:
    """Named by the contact's id, which outlives a change of address; our own values are left out."""
    (record,) = read(MEMBER).records
    assert (record.record_id, record.email) == ("l1:c1", "ann@example.com")
    assert record.created_at == datetime(2025, 11, 1, 10, tzinfo=UTC)
    assert record.modified_at == datetime(2026, 2, 1, 8, 30, tzinfo=UTC)
    assert record.properties == {
        "status": "subscribed",
        "FNAME": "Ann",
        "INDUSTRY": "Retail",
        "AGE": "7.5",
        "source": "API - Generic",
        "country": "DE",
        "vip": "false",
        "member_rating": "4",
        "avg_open_rate": "0.5",
        "number_of_orders": "2",
        "total_revenue": "9.9",
        "tags": "Webinar",
    }


def test_a_value_counts_from_when_it_was_surely_there() -> None:
    """A profile from its last change, what moves without that from now, the source from the beginning."""
    found = changes(read(MEMBER))
    changed = datetime(2026, 2, 1, 8, 30, tzinfo=UTC)
    assert (found["INDUSTRY"].at, found["INDUSTRY"].observed) == (changed, True)
    assert (found["status"].at, found["status"].observed) == (changed, True)
    assert (found["tags"].at, found["country"].at) == (NOW, NOW)
    assert (found["source"].at, found["source"].observed) == (datetime(2025, 11, 1, 10, tzinfo=UTC), False)


def test_what_leaks_or_names_a_person_is_no_change() -> None:
    """Counters up to now tell the outcome; names are nobody's feature; our own score is not learned from."""
    assert changes(read(MEMBER)).keys() == {
        "status",
        "source",
        "language",
        "vip",
        "country",
        "tags",
        "INDUSTRY",
        "AGE",
        "EMPTY",
    }


def test_an_emptied_value_is_told_and_a_never_filled_one_is_not() -> None:
    """A member that never changed can't have been emptied of anything."""
    assert changes(read(MEMBER))["EMPTY"].value is None
    assert "EMPTY" not in changes(read({**MEMBER, "last_changed": CAME}))


def test_an_archived_member_is_removed_and_not_erased() -> None:
    """The owner hid it; it may come back."""
    pieces = read({**MEMBER, "status": "archived"})
    assert not pieces.records
    assert [(item.record_id, item.erased) for item in pieces.removals] == [("l1:c1", False)]


@pytest.mark.parametrize("status", ["unsubscribed", "cleaned", "pending", "transactional", "something new"])
def test_members_in_every_other_state_are_records(status: str) -> None:
    """Whoever may not be mailed is excluded by the field's rules, not dropped."""
    assert read({**MEMBER, "status": status}).records[0].properties["status"] == status


def test_a_contact_without_an_address_is_kept() -> None:
    """Contacts by SMS have none."""
    assert read({**MEMBER, "email_address": ""}).records[0].email is None


def test_a_member_without_a_sign_up_time_counts_from_its_last_change() -> None:
    """Customers that never opted in have neither time."""
    (record,) = read({**MEMBER, "timestamp_opt": ""}).records
    assert record.created_at == record.modified_at


@pytest.mark.parametrize("at", ["1900-01-01T00:00:00+00:00", "2100-12-31T23:59:59+00:00", "2026-02-01T08:30:00Z"])
def test_old_and_far_times_are_read(at: str) -> None:
    """Nothing is clipped."""
    assert read({**MEMBER, "last_changed": at, "timestamp_opt": at}).records[0].modified_at == datetime.fromisoformat(
        at
    )


@pytest.mark.parametrize(
    ("name", "value"), [("contact_id", ""), ("contact_id", None), ("last_changed", "soon"), ("timestamp_opt", "?")]
)
def test_a_member_that_cant_be_read_says_which_part(name: str, value: object) -> None:
    """The reason names the part, never the value."""
    with pytest.raises(UnreadableError):
        read({**MEMBER, name: value})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(MEMBER)), JSON))
def test_whatever_a_field_holds_the_member_is_read_or_rejected(odd: dict[str, Any]) -> None:
    """Nulls, lists for texts, numbers for objects: never a crash, and values are filled texts."""
    try:
        pieces = read({**MEMBER, **odd})
    except UnreadableError:
        return
    for record in pieces.records:
        assert all(isinstance(value, str) and value for value in record.properties.values())
        assert record.created_at <= record.modified_at


def test_a_megabyte_in_a_field_is_read() -> None:
    """Size alone is no reason to lose a person."""
    (record,) = read({**MEMBER, "merge_fields": {"NOTE": "x" * 2**20}}).records
    assert len(record.properties["NOTE"]) == 2**20


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_numbers_keep_their_value_as_text(number: Decimal) -> None:
    """No exponent, no lost digit."""
    written = text(number)
    assert written is not None
    assert Decimal(written) == number
    assert "e" not in written.lower()


def test_the_hash_of_an_address_is_the_published_one() -> None:
    """The check value of the vendor's documentation."""
    assert subscriber_hash("Urist.McVankab@freddiesjokes.com") == "62eeb292278cc15f5817cb78f7790b08"


ORDER = {
    "id": "o1",
    "store_id": "s1",
    "order_total": Decimal("19.99"),
    "currency_code": "EUR",
    "processed_at_foreign": "2026-01-05T12:00:00+00:00",
    "cancelled_at_foreign": "",
}


def test_an_order_is_a_conversion_at_its_time() -> None:
    """With its exact amount; shops number their orders on their own."""
    found = order_conversion(ORDER, "l1:c1")
    assert (found.kind, found.source_id, found.record_id) == ("order", "s1:o1", "l1:c1")
    assert (found.amount, found.currency) == (Decimal("19.99"), "EUR")
    assert found.at == datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_an_undated_order_has_no_time() -> None:
    """A made-up date would be worse than none."""
    undated = order_conversion({**ORDER, "processed_at_foreign": ""}, "l1:c1")
    assert undated.at is None


def merge_field(tag: str, type_: str, **more: object) -> dict[str, Any]:
    """Return a merge field as Mailchimp shows it."""
    return {"tag": tag, "type": type_, "name": tag.title(), **more}


def test_merge_fields_of_all_audiences_are_put_together() -> None:
    """A tag of two types is text; choices are joined; ours is known as our own."""
    one = [merge_field("SIZE", "number"), merge_field("BRANCH", "dropdown", options={"choices": ["A", "B"]})]
    two = [merge_field("SIZE", "text"), merge_field("BRANCH", "dropdown", options={"choices": ["B", "C"]})]
    found = {item.name: item for item in definitions([one, two], {"LEADSCORE": "Lead score"})}
    assert found["SIZE"].type is FieldType.TEXT
    assert (found["BRANCH"].type, list(found["BRANCH"].options)) == (FieldType.CATEGORY, ["A", "B", "C"])
    assert [name for name, item in found.items() if item.own] == ["LEADSCORE"]


def test_fields_know_what_they_are() -> None:
    """Persons, outcomes and roles are told apart before any model sees a value."""
    raw = [
        merge_field("JOBTITLE", "text"),
        merge_field("BDAY", "birthday"),
        merge_field("FNAME", "text"),
        {"tag": None},
    ]
    found = {item.name: item for item in definitions([raw], {})}
    assert found["JOBTITLE"].role is FieldRole.JOB_TITLE
    assert found["source"].role is FieldRole.SOURCE
    assert found["BDAY"].personal
    assert found["status"].excludes == {"unsubscribed": "opted out", "cleaned": "bounced", "pending": "not confirmed"}
    assert {name for name, item in found.items() if item.system} == {
        "status",
        "member_rating",
        "avg_open_rate",
        "avg_click_rate",
        "number_of_orders",
        "total_revenue",
        "unsubscribe_reason",
    }
    assert personal(raw) == {"BDAY", "FNAME"}


def test_a_member_seen_later_with_the_same_values_dates_them_no_earlier() -> None:
    """Our own write moves the time of the last change; as an observation the same value again is no change."""
    later = changes(read({**MEMBER, "last_changed": (NOW + timedelta(days=1)).isoformat()}))
    assert later["INDUSTRY"].observed
    assert later["INDUSTRY"].value == changes(read(MEMBER))["INDUSTRY"].value

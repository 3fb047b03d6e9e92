"""What leaves the store for the models: dated values, populations, goals, orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.records import Account, Conversion, FieldDefinition, FieldRole, FieldType, Page, PropertyChange, Record
from connector.services import install, snapshot
from connector.services.snapshot import history
from connector.store import connections, tenants
from connector.store.session import Store
from scoring.schema import CONVERSIONS, EVENTS, EXCLUSIONS, LEADS, READINGS, VALUES, Knowledge
from tests.fakecrm import FakeAccount, FakeApp
from tests.world import NOW, World, world

DAY = timedelta(days=1)
FIELDS = (
    FieldDefinition("city", "City", FieldType.CATEGORY),
    FieldDefinition("phone", "Phone", FieldType.TEXT, personal=True),
    FieldDefinition("score", "Our score", FieldType.NUMBER, own=True),
    FieldDefinition("number", "Lead number", FieldType.NUMBER),
    FieldDefinition("won", "Won", FieldType.BOOLEAN),
    FieldDefinition("source", "Source", FieldType.CATEGORY, history=False, role=FieldRole.SOURCE),
    FieldDefinition("status", "Status", FieldType.CATEGORY, system=True, excludes={"bad": "disqualified"}),
)


def _person(number: int, /, **values: str) -> Page:
    record = Record(str(number), f"p{number}@example.com", NOW - 100 * DAY, NOW, values)
    changes = tuple(PropertyChange(str(number), name, value, NOW - 100 * DAY) for name, value in values.items())
    return Page(cursor={}, drained=False, records=(record,), changes=changes)


def _read(store: Store, people: list[Page], **settings: Any) -> tuple[World, Any]:
    """Run the line up to identity on these people and return their history."""
    made = world(store, **settings)
    account = FakeAccount(Account("101", "Alpha", "https://x", "UTC"), FIELDS, {"people": people})
    made.services.apps["fakecrm"].accounts["code-1"] = account  # type: ignore[attr-defined]
    installed = made.install()
    made.work(3)
    with store.reading() as session:
        found = tenants.get(session, installed.tenant_id)
        assert connections.of_tenant(session, installed.tenant_id)
    return made, history(made.services, installed.tenant_id, found.settings)


def test_frames_have_the_documented_schema_even_when_empty(store: Store) -> None:
    """Whatever a tenant lacks is an empty frame, not a missing column."""
    _, found = _read(store, [_person(1, city="Porto")])
    for frame, schema in (
        (found.leads, LEADS),
        (found.values, VALUES),
        (found.events, EVENTS),
        (found.conversions, CONVERSIONS),
        (found.exclusions, EXCLUSIONS),
        (found.readings, READINGS),
    ):
        assert dict(frame.schema) == dict(schema)


def test_personal_own_and_system_values_never_leave(store: Store) -> None:
    """A model can't see what it is not given."""
    _, found = _read(store, [_person(1, city="Porto", phone="1", score="50", status="new")])
    assert set(found.values["field"]) == {"fakecrm.city"}
    assert {item.name for item in found.fields if item.blocked} == {"fakecrm.phone"}


def test_the_field_that_tells_the_source_is_marked(store: Store) -> None:
    """Engagement is compared among leads of one source."""
    _, found = _read(store, [_person(1, city="Porto", source="web")])
    assert [item.name for item in found.fields if item.source] == ["fakecrm.source"]


def test_what_figures_are_compared_over_leaves_and_stays_blocked(store: Store) -> None:
    """A named field's values are there to be compared over, but no model may see them; our own score never is."""
    settings = {"attributes": ["phone", "score", "nowhere"]}
    _, found = _read(store, [_person(1, city="Porto", phone="1", score="50", status="new")], **settings)
    assert set(found.values["field"]) == {"fakecrm.city", "fakecrm.phone"}
    assert {item.name for item in found.fields if item.blocked} == {"fakecrm.phone"}
    told = tenants.TenantSettings.from_json(settings)
    assert snapshot.audited(found, told) == ["fakecrm.phone", "fakecrm.score", "nowhere"]


def test_history_keeps_the_time_of_each_value(store: Store) -> None:
    """A dated field has every value with its time."""
    person = _person(1, city="Porto")
    later = PropertyChange("1", "city", "Faro", NOW - DAY)
    changed = Page(cursor={}, drained=False, records=person.records, changes=(*person.changes, later))
    _, found = _read(store, [changed])
    assert found.values.sort("known_at")["value"].to_list() == ["Porto", "Faro"]
    assert found.values["known_at"].null_count() == 0


def test_what_a_later_record_of_a_known_person_alone_tells_counts_from_that_record(store: Store) -> None:
    """A contact that was a lead: its own fields were not there before; what the lead told already was."""
    since = NOW - 40 * DAY
    alone, both = _person(1, source="web"), _person(2, source="web")
    own = PropertyChange("1", "source", "web", since)
    again = PropertyChange("2", "source", "event", since)
    pages = [
        replace(alone, records=(replace(alone.records[0], values_since=since),), changes=(own,)),
        replace(both, records=(replace(both.records[0], values_since=since),), changes=(*both.changes, again)),
    ]
    _, found = _read(store, pages)
    known = found.values.sort("lead_id").select("value", "known_at").rows()
    assert known == [("web", since), ("event", None)]


def test_what_a_crm_does_not_date_is_dated_by_our_readings(store: Store) -> None:
    """What was there at the first reading counts as seen then, whatever older date it has."""
    person = _person(1, source="web", city="Porto")
    old = PropertyChange("1", "source", "ads", NOW - 200 * DAY)
    later = PropertyChange("1", "source", "event", NOW + 9 * DAY)
    page = Page(cursor={}, drained=False, records=person.records, changes=(*person.changes, old, later))
    _, found = _read(store, [page])
    (source,) = (item for item in found.fields if item.name == "fakecrm.source")
    assert source.watched_since is not None
    assert NOW <= source.watched_since < NOW + DAY
    seen = found.readings.sort("at").select("field", "value", "at").rows()
    assert seen == [("fakecrm.source", "web", source.watched_since), ("fakecrm.source", "event", NOW + 9 * DAY)]
    assert [item.watched_since for item in found.fields if item.name == "fakecrm.city"] == [None]


@pytest.mark.parametrize("goal", ["property:won=yes", "deal_won"])
def test_an_ordered_export_has_no_times_and_its_goal_is_no_input(store: Store, goal: str) -> None:
    """Only the order of creation is believed; the outcome's own field is a leak by meaning."""
    people = [_person(1, number="20", won="yes", city="Porto"), _person(2, number="10", won="no", city="Faro")]
    _, found = _read(store, people, goal=goal, timing="ordered", order_field="number")
    leads = found.leads.sort("intake_order")
    assert leads["intake_order"].to_list() == [10, 20]
    assert leads["created_at"].null_count() == 2
    assert found.values["known_at"].null_count() == found.values.height
    assert ("fakecrm.won" in set(found.values["field"])) is (goal == "deal_won")
    assert found.conversions.height == (1 if goal.startswith("property") else 0)
    city = next(item for item in found.fields if item.name == "fakecrm.city")
    assert city.knowledge is Knowledge.UNDATED


def test_a_closed_span_ends_when_the_value_changes_back(store: Store) -> None:
    """A disqualified lead that was reopened is in the population again."""
    person = _person(1, city="Porto")
    changes = (
        PropertyChange("1", "status", "bad", NOW - 50 * DAY),
        PropertyChange("1", "status", "new", NOW - 20 * DAY),
    )
    _, found = _read(store, [Page(cursor={}, drained=False, records=person.records, changes=changes)])
    assert found.exclusions.select("starts_at", "ends_at", "reason").rows() == [
        (NOW - 50 * DAY, NOW - 20 * DAY, "disqualified")
    ]


def test_outcomes_of_the_goal_alone_are_conversions(store: Store) -> None:
    """A lost deal is not a success."""
    person = _person(1, city="Porto")
    outcomes = (
        Conversion("deals", "d1", "deal_won", NOW - DAY, "1", Decimal("99.95"), "EUR"),
        Conversion("deals", "d2", "deal_lost", NOW - 2 * DAY, "1", Decimal(7), "EUR"),
        Conversion("deals", "d3", "deal_won", NOW - DAY, "1"),
    )
    _, found = _read(store, [Page(cursor={}, drained=False, records=person.records, conversions=outcomes)])
    assert set(found.conversions["at"]) == {NOW - DAY}
    assert found.amounts.select("at", "amount", "currency").rows() == [(NOW - DAY, 9995, "EUR")]


def test_an_old_export_is_scored_as_of_its_own_end() -> None:
    """``as_of`` of the settings stands in for now."""
    settings = tenants.TenantSettings(as_of="2018-11-15T00:00:00+00:00")
    assert snapshot.as_of_now(settings, NOW).isoformat() == "2018-11-15T00:00:00+00:00"
    assert snapshot.as_of_now(tenants.TenantSettings(), NOW) == NOW


def test_what_two_crms_call_alike_is_told_apart(store: Store) -> None:
    """By the CRM's name, where a second one has a field of that label."""
    made = world(store)
    first = FakeAccount(Account("101", "Alpha", "https://x", "UTC"), FIELDS[:2], {"people": [_person(1, city="Porto")]})
    second = FakeAccount(Account("202", "Beta", "https://y", "UTC"), FIELDS[:1], {"people": [_person(2, city="Bari")]})
    made.services.apps["fakecrm"].accounts["code-1"] = first  # type: ignore[attr-defined]
    other = FakeApp({"code-2": second})
    other.name, other.capabilities = "othercrm", replace(other.capabilities, label="Other CRM")
    made.services.apps["othercrm"] = other  # type: ignore[index]
    tenant_id = made.install().tenant_id
    url = install.begin(made.services, "othercrm", "browser", tenant_id)
    install.complete(made.services, "othercrm", "browser", url.partition("state=")[2], "code-2")
    made.work(6)
    with store.reading() as session:
        settings = tenants.get(session, tenant_id).settings
    labels = {item.name: item.label for item in history(made.services, tenant_id, settings).fields}
    assert labels == {"fakecrm.city": "City (Fake CRM)", "fakecrm.phone": "Phone", "othercrm.city": "City (Other CRM)"}


def test_a_field_without_a_history_is_not_dated(store: Store) -> None:
    """Its values carry no time and stand under the guard; those of the others keep theirs."""
    _, found = _read(store, [_person(1, city="Porto", source="fair")])
    assert {item.name: item.knowledge for item in found.fields if item.name.endswith(("city", "source"))} == {
        "fakecrm.city": Knowledge.DATED,
        "fakecrm.source": Knowledge.UNDATED,
    }
    times = dict(found.values.select("field", "known_at").iter_rows())
    assert times["fakecrm.source"] is None
    assert times["fakecrm.city"] == NOW - 100 * DAY

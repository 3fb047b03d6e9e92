"""Events are stored once, and wait for a person who has not been read yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from connector.records import Actor, Conversion, EngagementEvent, EventKind, PropertyChange, Removal
from connector.store import events, frames, leads, persons, records
from connector.store.bulk import FEW, TOGETHER
from connector.store.leads import NewLead
from connector.store.session import Store
from connector.store.tables import changes
from connector.store.tables import conversions as conversion_table
from connector.store.tables import events as event_table
from tests.store.world import NOW, record, with_records

CALL = EngagementEvent("calls", "c1", EventKind.CALL, NOW, Actor.SELLER, record_id="1")


def _count(store: Store, table: sa.Table) -> int:
    with store.reading() as session:
        return session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_repeated_event_is_one_event_with_its_newest_content(store: Store) -> None:
    """The same (connection, source, source id) never makes a second row."""
    with store.transaction() as session:
        tenant, crm = with_records(session)
        events.save_events(session, tenant, crm, [CALL])
        events.save_events(session, tenant, crm, [replace(CALL, detail="moved")])
    with store.reading() as session:
        assert session.execute(sa.select(event_table.c.detail)).scalars().all() == ["moved"]


def test_two_rows_of_one_page_with_the_same_key_count_as_one(store: Store) -> None:
    """A page that names an event twice is no error."""
    with store.transaction() as session:
        tenant, crm = with_records(session)
        events.save_events(session, tenant, crm, [CALL, replace(CALL, detail="last")])
    assert _count(store, event_table) == 1


def test_a_large_page_is_kept_whole_with_the_newest_of_each(store: Store) -> None:
    """Past the number of rows that go one by one, too; every column holds what its event said."""
    page = [
        EngagementEvent(
            "forms", f"f{number}", EventKind.FORM_SUBMITTED, NOW, Actor.LEAD, email=f"p{number}@example.com"
        )
        for number in range(2 * FEW)
    ]
    with store.transaction() as session:
        tenant, crm = with_records(session)
        events.save_events(session, tenant, crm, [*page, replace(page[0], detail="last")])
    with store.reading() as session:
        c = event_table.c
        kept = session.execute(sa.select(c).order_by(c.id)).all()
    assert len(kept) == len(page)
    assert {(row.tenant_id, row.connection_id, row.kind, row.actor, row.at) for row in kept} == {
        (tenant, crm, EventKind.FORM_SUBMITTED, Actor.LEAD, NOW)
    }
    found = {row.source_id: row for row in kept}
    assert (found["f0"].detail, found["f0"].subject) == ("last", "email:p0@example.com")
    assert (found["f1"].subject, found["f1"].detail) == (None, None)
    assert found["f1"].record_id is not None


@pytest.mark.parametrize("count", [1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 2 * TOGETHER + 3])
def test_pages_of_every_size_are_kept_whole_and_counted(store: Store, count: int) -> None:
    """SQLite takes some rows to a statement: none is lost or mixed with another, whether they fill the last or not."""
    page = [replace(CALL, source_id=f"c{number}", detail=f"told {number}") for number in range(count)]
    with store.transaction() as session:
        tenant, crm = with_records(session)
        assert events.save_events(session, tenant, crm, page[: count // 2]) == count // 2
        assert events.save_events(session, tenant, crm, page) == count
    with store.reading() as session:
        kept = dict(session.execute(sa.select(event_table.c.source_id, event_table.c.detail)).all())
    assert kept == {each.source_id: each.detail for each in page}


def test_an_event_read_before_its_person_finds_them_later(store: Store) -> None:
    """By vendor id or by address, whichever the vendor gave."""
    early = [
        replace(CALL, source_id="c2", record_id="77"),
        replace(CALL, source_id="c3", record_id=None, email="p77@example.com"),
    ]
    with store.transaction() as session:
        tenant, crm = with_records(session)
        events.save_events(session, tenant, crm, early)
        assert events.resolve_subjects(session, crm) == 0
        records.save(session, tenant, crm, [record(77)], NOW)
        assert events.resolve_subjects(session, crm) == 2
    with store.reading() as session:
        known = session.execute(sa.select(event_table.c.record_id, event_table.c.subject)).all()
    assert len({row.record_id for row in known}) == 1
    assert {row.subject for row in known} == {None}


def test_a_merge_moves_events_and_outcomes_to_the_survivor(store: Store) -> None:
    """No label is counted twice and none is lost."""
    won = Conversion("deals", "d1:2", "deal_won", NOW, "2")
    with store.transaction() as session:
        tenant, crm = with_records(session)
        events.save_events(session, tenant, crm, [replace(CALL, record_id="2")])
        events.save_conversions(session, tenant, crm, [won])
        records.remove(session, crm, [Removal("2", NOW, merged_into="1")])
        survivor = records.ids_by_vendor_id(session, crm, ["1"])["1"]
    with store.reading() as session:
        for table in (event_table, conversion_table):
            assert session.execute(sa.select(table.c.record_id)).scalars().all() == [survivor]


def test_an_erased_person_leaves_no_history(store: Store) -> None:
    """Changes and events go with the record."""
    with store.transaction() as session:
        tenant, crm = with_records(session)
        events.save_events(session, tenant, crm, [CALL])
        events.save_changes(session, tenant, crm, [PropertyChange("1", "city", "Faro", NOW)])
        records.remove(session, crm, [Removal("1", NOW, erased=True)])
    assert _count(store, event_table) == 0
    assert _count(store, changes) == 0


def test_frames_keep_times_and_cleared_values(store: Store) -> None:
    """A value that was cleared is a null with its time, to the microsecond."""
    at = NOW + timedelta(microseconds=1)
    with store.transaction() as session:
        tenant, crm = with_records(session, 1)
        events.save_changes(
            session, tenant, crm, [PropertyChange("1", "city", None, at), PropertyChange("1", "city", "Faro", NOW)]
        )
        row = persons.unidentified(session, tenant, 10)[0]
        lead = leads.save(session, tenant, [NewLead("k", NOW, None, "business")])["k"]
        join = {"record": row.id, "lead": lead, "reason": "own record", "own": "k", "telling": row.telling}
        persons.assign(session, [join])
    frame = frames.value_frame(store, tenant, "somecrm", ["city"]).sort("known_at")
    assert frame.select("field", "value", "known_at").rows() == [
        ("somecrm.city", "Faro", NOW),
        ("somecrm.city", None, at),
    ]
    assert frames.lead_frame(store, tenant)["email_kind"].to_list() == ["business"]


def test_frames_of_an_empty_tenant_have_their_columns(store: Store) -> None:
    """A tenant with nothing yet is no error."""
    with store.transaction() as session:
        tenant, _ = with_records(session, 1)
    assert frames.event_frame(store, tenant).columns == ["lead_id", "at", "kind", "actor", "detail"]
    assert frames.event_frame(store, tenant).height == 0


def test_an_observed_value_is_kept_when_it_differs_from_the_newest_one(store: Store) -> None:
    """Seen on four days as a, a, b, a: three changes."""
    with store.transaction() as session:
        tenant, crm = with_records(session)
        for day, value in enumerate("aaba"):
            seen = PropertyChange("1", "visits", value, NOW + timedelta(days=day), observed=True)
            events.save_changes(session, tenant, crm, [seen])
    with store.reading() as session:
        kept = session.execute(sa.select(changes.c.value).order_by(changes.c.at)).scalars().all()
    assert kept == ["a", "b", "a"]

"""What each outcome would count: by month, within a horizon, and what is not counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Conversion, PropertyChange, Removal
from connector.store import events, forgetting, goals, leads, lookbacks, objections, records
from connector.store.erasures import Whom
from connector.store.goals import Count
from connector.store.lookbacks import Look
from connector.store.session import Store
from connector.store.tables import lookbacks as table
from connector.store.tables import records as record_table
from tests.store.world import NOW, with_records

MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
HORIZON = timedelta(days=30)
BORN = datetime(2026, 1, 10, tzinfo=UTC)


def leads_of(connection: Connection, count: int) -> tuple[UUID, UUID]:
    """Add a tenant whose records 1 to ``count`` have a lead each, created at BORN."""
    tenant_id, connection_id = with_records(connection, count)
    found = leads.save(connection, tenant_id, [leads.NewLead(f"k{n}", BORN, None, None) for n in range(count)])
    for number, lead_id in enumerate(found.values(), start=1):
        mine = record_table.c.vendor_id == str(number)
        connection.execute(sa.update(record_table).where(mine).values(lead_id=lead_id))
    return tenant_id, connection_id


def won(record: int | str, at: datetime | None, kind: str = "deal_won", name: str = "") -> Conversion:
    """An outcome of a record."""
    return Conversion("deals", f"{kind}{record}{name}", kind, at, str(record))


def test_leads_are_counted_once_by_their_first_time(store: Store) -> None:
    """In the month of its first outcome; without a time, or on arrival, apart; those whom nobody may score nowhere."""
    with store.transaction() as session:
        tenant, crm = leads_of(session, 7)
        told = [
            won(1, BORN + timedelta(days=5)),
            won(1, BORN + timedelta(days=40), name="again"),
            won(2, BORN + HORIZON),
            won(3, BORN + HORIZON + timedelta(microseconds=1)),
            won(4, None),
            won(5, BORN),
            won("stranger", BORN),
            won(6, BORN + timedelta(days=1)),
            won(7, BORN + timedelta(days=1)),
            won(1, BORN + timedelta(days=1), "order"),
        ]
        events.save_conversions(session, tenant, crm, told)
        # Gone, and objecting.
        records.remove(session, crm, [Removal("6", NOW)])
        objections.put(session, tenant, _lead(session, "7"), NOW)
        found = goals.of_kinds(session, tenant, MONTHS, HORIZON)
        assert found["deal_won"] == Count(leads=5, undated=1, early=1, within=2, months=(2, 2))
        assert found["order"] == Count(leads=1, undated=0, early=0, within=1, months=(1, 0))
        assert goals.of_nobody(session, tenant) == {"deal_won": 1}
        assert goals.leads_there(session, tenant).leads == 5
        assert goals.is_told(session, tenant, "order")
        assert not goals.is_told(session, tenant, "lead_converted")


def test_a_value_is_counted_as_an_outcome(store: Store) -> None:
    """Leads whose field took the value, by when it first did; other values and other tenants do not count."""
    with store.transaction() as session:
        tenant, crm = leads_of(session, 3)
        later = BORN + timedelta(days=25)
        told = [("1", "yes", later), ("1", "yes", later + HORIZON), ("2", "no", later), ("3", "yes", BORN)]
        events.save_changes(session, tenant, crm, [PropertyChange(who, "paid", value, at) for who, value, at in told])
        found = goals.of_value(session, tenant, ("paid", "yes"), MONTHS, HORIZON)
        assert found == Count(leads=2, undated=0, early=1, within=1, months=(1, 1))
        assert goals.of_value(session, UUID(int=1), ("paid", "yes"), MONTHS, HORIZON).leads == 0


def _lead(session: Connection, vendor_id: str) -> int:
    query = sa.select(record_table.c.lead_id).where(record_table.c.vendor_id == vendor_id)
    return int(session.execute(query).scalar_one())


def look(lead_id: int) -> Look:
    """A look at a lead a week before it was won."""
    return Look(lead_id, 7, True, "converted", NOW, 700, None)


def test_looks_go_with_their_model_and_their_lead(store: Store) -> None:
    """A new training's take the place of the former's; a lead that is gone takes its own along, and is no trouble."""
    with store.transaction() as session:
        tenant, _ = leads_of(session, 2)
        first, second = (_lead(session, name) for name in ("1", "2"))
        lookbacks.save(session, tenant, "m1", [look(first), look(second), look(999)])
        assert [one.lead_id for one in lookbacks.of_model(session, tenant, "m1")] == [first, second]
        lookbacks.save(session, tenant, "m2", [look(first), look(second)])
        assert lookbacks.of_model(session, tenant, "m1") == []
        session.execute(sa.update(record_table).values(lead_id=None))
        leads.drop_orphans(session, tenant, [first])
        assert session.execute(sa.select(table.c.lead_id)).scalars().all() == [second]


def test_looks_of_one_model_are_kept_once(store: Store) -> None:
    """A training that is done again after a crash finds its looks there."""
    with store.transaction() as session:
        tenant, _ = leads_of(session, 1)
        for _ in range(2):
            lookbacks.save(session, tenant, "m1", [look(_lead(session, "1"))])
        assert len(lookbacks.of_model(session, tenant, "m1")) == 1


@pytest.mark.parametrize("bounds", [(), MONTHS[:1]])
def test_without_months_there_are_totals_alone(store: Store, bounds: list[datetime]) -> None:
    """A page that shows no months asks for none."""
    with store.transaction() as session:
        tenant, crm = leads_of(session, 1)
        events.save_conversions(session, tenant, crm, [won(1, BORN + HORIZON)])
        assert goals.of_kinds(session, tenant, bounds, HORIZON)["deal_won"] == Count(1, 0, 0, 1, ())


def test_a_forgotten_lead_has_no_looks_although_a_record_of_it_came_later(store: Store) -> None:
    """The lead begins anew; what was found of its past is gone, and counted. So it is with who objects to profiling."""
    with store.transaction() as session:
        tenant, _ = leads_of(session, 2)
        first, second = (_lead(session, name) for name in ("1", "2"))
        lookbacks.save(session, tenant, "m1", [look(first), look(second)])
        found = forgetting.forget(session, tenant, Whom((first,), ()))
        assert found["looks back"] == 1
        assert [one.lead_id for one in lookbacks.of_model(session, tenant, "m1")] == [second]
        objections.put(session, tenant, second, NOW)
        objections.honour(session, tenant)
        assert lookbacks.of_model(session, tenant, "m1") == []

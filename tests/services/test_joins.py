"""One person, one lead: whatever the order of reading, and back again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.records import Account, Company, Record, Removal
from connector.services import identity
from connector.store import connections, leads, persons, records, tenants
from connector.store.session import Store
from connector.store.tables import leads as leads_table
from connector.store.tables import records as records_table
from connector.store.tenants import TenantSettings
from tests.world import NOW

CRMS = ("acrm", "bcrm", "ccrm")
EMAILS = (
    None,
    "not an address",
    "jane@firm.com",
    "JANE@firm.com ",
    "j.ane@gmail.com",
    "jane+x@googlemail.com",
    "x@y.org",
)


@dataclass(frozen=True)
class Read:
    """A record as a CRM gives it."""

    crm: str
    record: Record

    @property
    def name(self) -> str:
        return f"{self.crm}:{self.record.record_id}"


@st.composite
def readings(draw: st.DrawFn) -> list[Read]:
    """Up to nine records in three CRMs, some linked to others of their CRM."""
    found = []
    for number in range(draw(st.integers(1, 9))):
        crm = draw(st.sampled_from(CRMS))
        at = NOW - timedelta(days=draw(st.integers(0, 5)), minutes=number)
        links = tuple(str(other) for other in draw(st.lists(st.integers(0, 8), max_size=2)) if other != number)
        company = draw(st.sampled_from([None, "c1", "c2"]))
        found.append(Read(crm, Record(str(number), draw(st.sampled_from(EMAILS)), at, at, {}, company, same_as=links)))
    return found


class Tenant:
    """A tenant with three CRMs."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.transaction() as session:
            self.id = tenants.create(session, "Alpha", TenantSettings(), NOW)
            account = Account(str(uuid4()), "Main", "https://x", "UTC")
            self.crms = {crm: connections.add(session, self.id, crm, account, NOW) for crm in CRMS}
            for crm in self.crms.values():
                found = [Company(name, name, f"{name}.com", {}, NOW) for name in ("c1",)]
                records.save_companies(session, self.id, crm, found)

    def read(self, found: Sequence[Read], chunk: int = 3) -> None:
        """Read and identify in this order, a few at a time."""
        for start in range(0, len(found), chunk):
            with self.store.transaction() as session:
                for item in found[start : start + chunk]:
                    records.save(session, self.id, self.crms[item.crm], [item.record], item.record.modified_at)
            self.identify()

    def identify(self) -> None:
        """Do what the stage does."""
        with self.store.transaction() as session:
            while identity.identify(session, self.id, 2, NOW):
                pass
            identity.follow_links(session, self.id, NOW)
            leads.drop_orphans(session, self.id)

    def persons(self) -> dict[frozenset[str], tuple[object, ...]]:
        """Which records are one person, with what is known of each person."""
        names = {connection: crm for crm, connection in self.crms.items()}
        r, known = records_table.c, leads_table.c
        query = sa.select(
            r.lead_id, r.connection_id, r.vendor_id, known.created_at, known.company_key, known.email_kind
        )
        query = query.join(leads_table, known.id == r.lead_id).where(r.tenant_id == self.id)
        parts: dict[int, set[str]] = {}
        facts: dict[int, tuple[object, ...]] = {}
        with self.store.reading() as session:
            for row in session.execute(query):
                parts.setdefault(row.lead_id, set()).add(f"{names[row.connection_id]}:{row.vendor_id}")
                company = str(row.company_key)
                for crm, connection in self.crms.items():
                    company = company.replace(str(connection), crm)
                facts[row.lead_id] = (row.created_at, company, row.email_kind)
        return {frozenset(part): facts[lead] for lead, part in parts.items()}

    def record_id(self, item: Read) -> int:
        """Our id of a record."""
        with self.store.reading() as session:
            found = records.ids_by_vendor_id(session, self.crms[item.crm], [item.record.record_id])
        return found[item.record.record_id]

    def happen(self, step: str, item: Read, *, alone: bool) -> None:
        """Let something happen to a record and join its person: ``alone``, as the real-time lane does."""
        crm, name = self.crms[item.crm], item.record.record_id
        with self.store.transaction() as session:
            known = records.ids_by_vendor_id(session, crm, [name])
            former = persons.leads_of(session, self.id, list(known.values()))
            if step == "read":
                records.save(session, self.id, crm, [item.record], item.record.modified_at)
            else:
                records.remove(session, crm, [Removal(name, NOW, erased=step == "erase")])
            if alone:
                known = records.ids_by_vendor_id(session, crm, [name])
                identity.identify_records(session, self.id, sorted(known.values()), NOW, former)
        if not alone:
            self.identify()

    def set_apart(self, item: Read, *, apart: bool) -> None:
        """Part a record from everyone, or take that back."""
        with self.store.transaction() as session:
            assert persons.set_apart(session, self.id, self.record_id(item), apart=apart)
        self.identify()


MANY = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(found=readings(), seed=st.integers(0, 99))
def test_the_order_of_reading_changes_nothing(store: Store, found: list[Read], seed: int) -> None:
    """The same records in another order are the same persons, of the same company and age."""
    one, other = Tenant(store), Tenant(store)
    one.read(found)
    other.read(random.Random(seed).sample(found, len(found)), chunk=2)
    assert one.persons() == other.persons()
    assert set().union(*one.persons()) == {item.name for item in found}


@MANY
@given(found=readings(), data=st.data())
def test_a_record_set_apart_is_alone_and_can_come_back(store: Store, found: list[Read], data: st.DataObject) -> None:
    """Setting one record apart leaves it alone; taking that back restores the former persons."""
    made = Tenant(store)
    made.read(found)
    before = made.persons()
    chosen = data.draw(st.sampled_from(found))
    made.set_apart(chosen, apart=True)
    assert frozenset([chosen.name]) in made.persons()
    made.set_apart(chosen, apart=False)
    assert made.persons() == before


@st.composite
def happenings(draw: st.DrawFn) -> list[tuple[str, Read]]:
    """Records that come, come again with another address or company, leave or are erased."""
    found = draw(readings())
    steps = [("read", item) for item in found]
    for number in range(draw(st.integers(0, 6))):
        item = draw(st.sampled_from(found))
        again = replace(
            item.record,
            email=draw(st.sampled_from(EMAILS)),
            company_id=draw(st.sampled_from([None, "c1"])),
            modified_at=NOW + timedelta(minutes=number),
        )
        step = draw(st.sampled_from(["read", "remove", "erase"]))
        steps.insert(draw(st.integers(0, len(steps))), (step, replace(item, record=again)))
    return steps


@settings(MANY, max_examples=6)
@given(steps=happenings())
def test_joining_the_people_concerned_alone_finds_what_a_whole_pass_finds(
    store: Store, steps: list[tuple[str, Read]]
) -> None:
    """After each step the same persons, as old, of the same company; a whole pass then changes nothing."""
    alone, whole = Tenant(store), Tenant(store)
    for step, item in steps:
        alone.happen(step, item, alone=True)
        whole.happen(step, item, alone=False)
        assert alone.persons() == whole.persons()
    before = alone.persons()
    alone.identify()
    assert alone.persons() == before


def _reads(made: Tenant) -> list[Read]:
    early, late = NOW - timedelta(days=90), NOW - timedelta(days=10)
    return [
        Read("acrm", Record("1", "jane@firm.com", late, late, {})),
        Read("bcrm", Record("L", "Jane@Firm.com", early, early, {})),
        Read("bcrm", Record("C", "zoe.doe@home.org", late, late, {}, "c1", same_as=("L",))),
        Read("ccrm", Record("m", "somebody@else.org", late, late, {})),
    ]


@pytest.fixture
def jane(store: Store) -> Tenant:
    """Jane in three CRMs under two addresses, and somebody else."""
    made = Tenant(store)
    made.read(_reads(made))
    return made


def test_a_link_of_a_crm_joins_two_addresses(jane: Tenant) -> None:
    """The person is as old as the earliest record, of the company that a CRM names."""
    joined = frozenset(["acrm:1", "bcrm:L", "bcrm:C"])
    assert jane.persons()[joined] == (NOW - timedelta(days=90), "c1.com", "business")
    assert frozenset(["ccrm:m"]) in jane.persons()


def test_a_record_that_left_the_crm_keeps_its_person(jane: Tenant) -> None:
    """A converted lead is gone as a record; what it lived through stays the person's."""
    with jane.store.transaction() as session:
        records.remove(session, jane.crms["bcrm"], [Removal("L", NOW)])
    jane.identify()
    assert frozenset(["acrm:1", "bcrm:L", "bcrm:C"]) in jane.persons()


def test_a_changed_address_changes_the_person(jane: Tenant) -> None:
    """Somebody else turns out to be Jane; without an address she is alone again."""
    other = _reads(jane)[3]
    jane.read([replace(other, record=replace(other.record, email="jane@firm.com"))])
    assert frozenset(["acrm:1", "bcrm:L", "bcrm:C", "ccrm:m"]) in jane.persons()
    jane.read([replace(other, record=replace(other.record, email=None))])
    assert frozenset(["ccrm:m"]) in jane.persons()
    assert len(jane.persons()) == 2


def test_every_join_is_told_with_its_reason(jane: Tenant) -> None:
    """The admin sees each record of a joined person, and why it is one."""
    with jane.store.reading() as session:
        found = {(row.vendor_id, row.join_reason) for row in persons.joined(session, jane.id, 100)}
    assert found == {("1", "same e-mail address"), ("L", "same e-mail address"), ("C", "linked in the CRM")}


def test_another_tenants_record_can_not_be_set_apart(jane: Tenant, store: Store) -> None:
    """Nothing happens, and it says so."""
    with store.transaction() as session:
        assert not persons.set_apart(session, uuid4(), jane.record_id(_reads(jane)[0]), apart=True)

"""A tenant whose CRM account has two people: small, and quick to make."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from connector.crashpoints import Point
from connector.records import Actor, EngagementEvent, EventKind, Page, PropertyChange, Record
from connector.services import identity, sync
from connector.services.context import Services
from connector.store import connections, leads, records
from connector.store.connections import CrmConnection
from connector.store.outbox import OutboxStatus
from connector.store.session import Store
from connector.store.tables import outbox
from connector.store.tables import records as records_table
from tests.services.delivering import AtOnce
from tests.world import NOW, World, world

ANA, BEN = "1", "2"
MAIL = {ANA: "ana@firm.com", BEN: "ben@firm.com"}


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Dies:
    """A process that ends at a point, once."""

    point: Point
    at: int = 0

    def __call__(self, point: Point) -> None:
        if point is self.point:
            self.at += 1
            if self.at == 1:
                raise Crash(point)


@dataclass
class People:
    """The world, the account, and who is in it."""

    world: World
    account: CrmConnection

    @property
    def services(self) -> Services:
        """The wired parts."""
        return self.world.services

    @property
    def tenant_id(self) -> UUID:
        """The only tenant."""
        return self.account.tenant_id

    def read(self, page: Page) -> None:
        """Store a page that the CRM told, and join whom it names."""
        work = AtOnce(self.services, self.tenant_id, self.account.id)
        with self.services.store.transaction() as session:
            sync.store_page(session, work, page, self.world.clock.now())
        with self.services.store.transaction() as session:
            identity.identify(session, self.tenant_id, 100, self.world.clock.now())
            identity.follow_links(session, self.tenant_id, self.world.clock.now())
            leads.drop_orphans(session, self.tenant_id)

    def lead_of(self, person: str) -> int:
        """The lead of a person."""
        query = sa.select(records_table.c.lead_id).where(records_table.c.vendor_id == person)
        with self.services.store.reading() as session:
            return int(session.execute(query).scalar_one())

    def known(self) -> set[str]:
        """Return who has a record."""
        with self.services.store.reading() as session:
            return set(session.execute(sa.select(records_table.c.vendor_id)).scalars())

    def write(self, person: str) -> None:
        """Let the CRM hold a value of ours for a person."""
        self.world.crm.held[person] = {"lead_score": "71"}
        with self.services.store.transaction() as session:
            (record_id,) = records.ids_by_vendor_id(session, self.account.id, [person]).values()
            row = {
                "record_id": record_id,
                "tenant_id": self.tenant_id,
                "connection_id": self.account.id,
                "status": OutboxStatus.DELIVERED,
                "ledger_seq": 0,
                "due_at": NOW,
                "values": {},
                "delivered": {},
                "delivered_at": NOW,
            }
            session.execute(sa.insert(outbox), row)


def told(person: str) -> Page:
    """What the CRM tells of a person."""
    values = {"mail": MAIL[person], "city": f"city of {person}"}
    return Page(
        cursor={},
        drained=True,
        records=(Record(person, MAIL[person], NOW, NOW, values),),
        changes=tuple(PropertyChange(person, name, value, NOW) for name, value in values.items()),
        events=(EngagementEvent("web", f"of {person}", EventKind.PAGE_VIEW, NOW, Actor.LEAD, person, None, "/x"),),
    )


def people(store: Store) -> People:
    """Install an account and read both people."""
    made = world(store)
    made.install()
    with store.reading() as session:
        account = connections.find_by_account(session, "fakecrm", "101")
    assert account
    found = People(made, account)
    for person in (ANA, BEN):
        found.read(told(person))
        found.write(person)
    made.clock.sleep(60)
    return found

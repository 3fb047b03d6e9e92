"""A tenant with a site, whose visitors send events as browsers and servers do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa

from connector.records import Record, Removal
from connector.services import identity
from connector.services.privacy import erasing
from connector.services.tracking import collecting, joining, sites
from connector.services.tracking.collecting import Receipt
from connector.store import connections, leads, records, tenants
from connector.store.frames import event_frame
from connector.store.session import Store
from connector.store.sites import TrackedSite
from connector.store.tables import records as records_table
from connector.store.tables import tracked_events, visitors
from connector.store.tenants import TenantSettings
from connector.store.tracked import IDENTIFIED
from tests.store.world import crm
from tests.world import NOW, World, world

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
ORIGIN = "https://www.alpha.example"
ANA, BEN = "visitor-of-ana", "visitor-of-ben"


def page(number: int, path: str = "/pricing", **more: Any) -> dict[str, Any]:
    """A visit of a page, as the script tells it."""
    return {"id": f"event-{number:04}", "type": "page", "path": path, **more}


def identify(number: int, email: str, **more: Any) -> dict[str, Any]:
    """Who a visitor is, as the script tells it."""
    return {"id": f"event-{number:04}", "type": "identify", "email": email, **more}


def body(*events: Any, **more: Any) -> bytes:
    """A request's body."""
    return orjson.dumps({"events": list(events), **more})


@dataclass
class Visits:
    """One tenant: its world, its site, its CRM account."""

    world: World
    tenant_id: UUID
    crm_id: UUID
    site: TrackedSite
    secret: str = field(repr=False)

    def send(self, *events: Any, visitor: str = ANA, agent: str = CHROME, **more: Any) -> Receipt:
        """Send events as a browser does."""
        return collecting.from_page(self.world.services, self.site, body(*events, visitor=visitor, **more), agent)

    def send_from_server(self, *events: Any) -> Receipt:
        """Send events as the tenant's own server does."""
        return collecting.from_server(self.world.services, self.site, body(*events))

    def read(self, number: int, email: str) -> None:
        """Let the CRM have a person, and do what a run does up to identity."""
        found = Record(str(number), email, NOW, NOW, {"mail": email})
        with self.world.services.store.transaction() as session:
            records.save(session, self.tenant_id, self.crm_id, [found], NOW)
        self.identify()

    def identify(self) -> int:
        """Do what identity does; return how many visitors joined."""
        with self.world.services.store.transaction() as session:
            while identity.identify(session, self.tenant_id, 100, NOW):
                pass
            identity.follow_links(session, self.tenant_id, NOW)
            joined = joining.join_waiting(self.world.services, session, self.tenant_id)
            leads.drop_orphans(session, self.tenant_id)
        return joined

    def stored(self) -> Sequence[Any]:
        """What the tenant's visitors did, in the order of its ids; not that they said who they are."""
        c = tracked_events.c
        with self.world.services.store.reading() as session:
            query = (
                sa.select(tracked_events)
                .where(c.tenant_id == self.tenant_id, c.kind != IDENTIFIED)
                .order_by(c.event_id)
            )
            return session.execute(query).all()

    def visitors(self) -> list[tuple[str, str | None, str | None]]:
        """Every visitor of the tenant: name, mailbox, person."""
        v = visitors.c
        query = sa.select(v.name, v.mailbox, v.person_key).where(v.tenant_id == self.tenant_id).order_by(v.id)
        with self.world.services.store.reading() as session:
            return [tuple(row) for row in session.execute(query).all()]

    def erase(self, record_id: str) -> None:
        """Let a person ask their CRM to be forgotten, as a sync and the identity after it do."""
        gone = [Removal(record_id, self.world.clock.now(), erased=True)]
        with self.world.services.store.transaction() as session:
            erasing.ask_for_removed(self.world.services, session, self.tenant_id, self.crm_id, gone)
            records.remove(session, self.crm_id, gone)
        self.identify()

    def told(self) -> list[tuple[str, str | None, datetime, datetime]]:
        """What leaves the store for the models: (address of the lead's record, detail, at, known at)."""
        with self.world.services.store.reading() as session:
            whose = dict(session.execute(sa.select(records_table.c.lead_id, records_table.c.email)).all())
        frame = event_frame(self.world.services.store, self.tenant_id).sort("detail")
        if frame.is_empty():
            return []
        return [
            (whose[lead], detail, at, known)
            for lead, detail, at, known in frame.select("lead_id", "detail", "at", "known_at").iter_rows()
        ]


def another(made: World, name: str) -> Visits:
    """Add a tenant with a site and an account to a world."""
    account = uuid4().hex
    with made.services.store.transaction() as session:
        tenant_id = tenants.create(session, name, TenantSettings(), NOW)
        crm_id = crm(session, tenant_id, account)
        assert connections.of_tenant(session, tenant_id)
    new = sites.add(made.services, tenant_id, f"{name}'s site", [ORIGIN])
    return Visits(made, tenant_id, crm_id, new.site, new.secret)


def visits(store: Store) -> Visits:
    """Make a tenant with a site in a world of its own."""
    return another(world(store), "Alpha")

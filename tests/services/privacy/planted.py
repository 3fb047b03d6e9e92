"""A data folder like that of one machine, and a person whose name is in every place that holds anything of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from connector.adapters.contract import Delivery
from connector.bootstrap import build
from connector.crypto import new_key
from connector.records import (
    Actor,
    Conversion,
    EngagementEvent,
    EventKind,
    Page,
    PropertyChange,
    Record,
    Rejection,
    WriteOutcome,
    WriteResult,
)
from connector.services import webhooks
from connector.services.children import in_place
from connector.services.tracking import collecting, sites
from connector.settings import load
from connector.store import connections
from connector.store.connections import CrmConnection
from connector.store.tables import records, runs
from tests import databases, servers
from tests.fakecrm import FakeApp
from tests.services.tracking.visits import CHROME, ORIGIN, body, identify, page
from tests.world import NOW, StillClock, World, open_lane, small_account

MARK = "zqplanted"
"""In every text of the person, and nowhere else."""
PERSON = f"{MARK}-7001"
EMAIL = f"{MARK}.ana@{MARK}-firm.com"
FORMER = f"{MARK}.before@{MARK}-firm.com"
BORN = NOW.replace(year=2025)


@dataclass
class Machine:
    """Everything that one machine keeps in a folder: the database, and the broker's file."""

    world: World
    folder: Path
    account: CrmConnection

    @property
    def tenant_id(self) -> UUID:
        """The only tenant."""
        return self.account.tenant_id

    def lead_id(self) -> int | None:
        """The planted person's lead."""
        query = sa.select(records.c.lead_id).where(records.c.vendor_id == PERSON)
        with self.world.services.store.reading() as session:
            return session.execute(query).scalar()

    def places(self) -> dict[str, int]:
        """Return where in the folder's bytes the mark is found, and how often."""
        needle = MARK.encode()
        counts = {path.name: path.read_bytes().count(needle) for path in self.folder.rglob("*") if path.is_file()}
        return {name: count for name, count in counts.items() if count}

    def push(self) -> int:
        """Let the CRM tell that something changed about the person."""
        delivery = Delivery("POST", "/", {"X-Fake-Signature": "good"}, f"101:{PERSON}".encode())
        return webhooks.receive(self.world.services, "fakecrm", delivery)


def person_page() -> Page:
    """What the CRM tells of the person, everything at once."""
    now = NOW.replace(month=2)
    told = {"city": f"{MARK} city", "size": "77", "mail": EMAIL, "name": f"{MARK} name", "note": f"{MARK} note"}
    changes = [PropertyChange(PERSON, name, value, BORN) for name, value in told.items()]
    changes.append(PropertyChange(PERSON, "mail", FORMER, BORN.replace(day=2)))
    return Page(
        cursor={},
        drained=False,
        records=(Record(PERSON, EMAIL, BORN, BORN, told, same_as=(f"{MARK}-7002",)),),
        changes=tuple(changes),
        events=(
            EngagementEvent("web", f"{MARK}-1", EventKind.PAGE_VIEW, now, Actor.LEAD, PERSON, None, f"/{MARK}/path"),
            EngagementEvent("web", f"{MARK}-2", EventKind.NOTE, now, Actor.SELLER, None, FORMER, f"{MARK} was early"),
        ),
        conversions=(Conversion("deals", f"{MARK}-deal", "trial", now, PERSON),),
        rejections=(Rejection("people", PERSON, f"The field {MARK} is no date."),),
    )


@contextmanager
def machine(folder: Path, people: int = 200) -> Iterator[Machine]:
    """Give a machine whose line has run, with the person planted and scored."""
    folder.mkdir()
    (folder / "broker").mkdir()
    with servers.redis_server(folder / "broker") as redis_url:
        environ: Mapping[str, str] = {
            "CONNECTOR_SECRET_KEY": "s" * 40,
            "CONNECTOR_ENCRYPTION_KEYS": new_key(),
            "CONNECTOR_DATA_DIR": str(folder),
            "DATABASE_URL": databases.sqlite_url(folder / "connector.db"),
            "REDIS_URL": redis_url,
        }
        crm = small_account(people)
        crm.pages["people"].insert(0, person_page())
        crm.refused[PERSON] = WriteResult(PERSON, WriteOutcome.NEEDS_ADMIN, f"The rule of {MARK} is in the way.")
        woken: list[tuple[str, UUID]] = []
        clock = StillClock()
        built = build(load(environ), clock=clock)

        def wake(queue: str, work_id: UUID) -> None:
            built.wake(queue, work_id)
            woken.append((queue, work_id))

        services = replace(
            built,
            apps={"fakecrm": FakeApp({"code-1": crm})},
            lane=open_lane,
            wake=wake,
            isolated=in_place,
            onboarding={"delivery": "on", "complexity": "interpretable"},
        )
        made = World(services, clock, crm, woken)
        made.install()
        with services.store.reading() as session:
            account = connections.find_by_account(session, "fakecrm", "101")
        assert account
        _visit(made, account.tenant_id)
        made.work()
        with services.store.reading() as session:
            assert session.execute(sa.select(runs.c.error).where(runs.c.error.is_not(None))).all() == []
        planted = Machine(made, folder, account)
        planted.push()
        yield planted
        services.store.close()


def _visit(made: World, tenant_id: UUID) -> None:
    site = sites.add(made.services, tenant_id, "Site", [ORIGIN]).site
    sent = body(page(1, f"/visited/{MARK}"), identify(2, EMAIL), visitor=f"{MARK}-visitor")
    collecting.from_page(made.services, site, sent, CHROME)

"""One person in three CRMs: one lead, one score, three deliveries; what is set apart and taken back is as before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.adapters.contract import Capabilities, Lane
from connector.crypto import SecretKeys, TokenCipher, new_key
from connector.services import install, joins
from connector.services.children import in_place
from connector.services.context import Services
from connector.services.hooks import HookAddresses
from connector.services.opening import open_adapter
from connector.services.writeback import holds
from connector.store import ledger, outbox, runs
from connector.store.records import ids_by_vendor_id
from connector.store.runs import RunStatus
from connector.store.session import Store
from connector.store.tables import records, scores
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.mailchimp_world import LivelyClock, MailchimpWorld
from tests.contract.salesforce_world import SalesforceWorld
from tests.contract.world import VendorWorld
from tests.databases import sqlite_store
from workers.outcomes import carry_out

PEOPLE = 12
PAST_SECONDS = 120 * 86_400
JANE = "jane@firm1.example.com"
WORLDS = (HubSpotWorld, MailchimpWorld, SalesforceWorld)

Shown = Mapping[str, Mapping[str, str]]


@dataclass
class Tenant:
    """A tenant with three CRMs, in each of which Jane has a record."""

    services: Services
    id: UUID
    connections: dict[str, UUID]
    jane: dict[str, str]
    woken: list[UUID] = field(default_factory=list)

    def work(self) -> None:
        """Do what was announced until nothing is."""
        while self.woken:
            carry_out(self.services, self.woken.pop(0))
        with self.services.store.reading() as session:
            run = runs.latest(session, self.id)
        assert run
        assert run.status is RunStatus.DONE, run.error

    def leads(self) -> dict[str, int]:
        """Return CRM → the lead that Jane's record there belongs to."""
        found = {}
        with self.services.store.reading() as session:
            for name, connection_id in self.connections.items():
                query = sa.select(records.c.lead_id).where(
                    records.c.connection_id == connection_id, records.c.vendor_id == self.jane[name]
                )
                found[name] = session.execute(query).scalar_one()
        return found

    def scores_of(self, lead_id: int) -> int:
        """Return how many scores a lead has."""
        with self.services.store.reading() as session:
            query = sa.select(sa.func.count()).select_from(scores).where(scores.c.lead_id == lead_id)
            return int(session.execute(query).scalar_one())

    def shown(self) -> Shown:
        """Return what each CRM shows of Jane, which is what the store takes for delivered."""
        found = {}
        for name, connection_id in self.connections.items():
            adapter = open_adapter(self.services, connection_id)
            held = adapter.read_scores([self.jane[name]])[self.jane[name]]
            with self.services.store.reading() as session:
                values = outbox.delivered_of(session, connection_id)[self.jane[name]]
            assert holds(adapter, values, held)
            found[name] = held
        return found

    def part(self, crm: str, *, apart: bool) -> None:
        """Set Jane's record of a CRM apart, or let it join again, and let that take effect."""
        with self.services.store.reading() as session:
            record_id = ids_by_vendor_id(session, self.connections[crm], [self.jane[crm]])[self.jane[crm]]
        assert joins.set_apart(self.services, self.id, record_id, apart=apart)
        self.work()

    def deliveries(self, lead_id: int) -> list[str]:
        """Return the connections that a lead's score was delivered to, in order."""
        with self.services.store.reading() as session:
            entries = ledger.span(session, self.id, "delivered")
        return [str(entry.body["connection"]) for entry in entries if entry.lead_id == lead_id]


def wired(store: Store, worlds: list[VendorWorld], woken: list[UUID]) -> Services:
    """Wire the product to all worlds."""
    governors = {crm.name: crm.governor for crm in worlds}

    def lane(vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        return governors[vendor].lane(vendor, account_id, capabilities.budgets, realtime=realtime)

    return Services(
        store=store,
        clock=worlds[0].clock,
        cipher=TokenCipher([new_key()]),
        apps={crm.name: crm.app() for crm in worlds},
        lane=lane,
        wake=lambda _queue, intent_id: woken.append(intent_id),
        isolated=in_place,
        lease_seconds=86_400,
        onboarding={"delivery": "on"},
        hooks=HookAddresses("http://127.0.0.1:1", SecretKeys(("s" * 32,))),
        admit=lambda _sender: 0.0,
    )


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """The three CRMs on one clock, filled, installed and scored."""
    clock = LivelyClock()
    monkeypatch.setattr("tests.contract.world.SharedClock", lambda: clock)
    monkeypatch.setattr("tests.contract.mailchimp_world.LivelyClock", lambda: clock)
    with ExitStack() as ending:
        worlds: list[VendorWorld] = []
        for make in WORLDS:
            worlds.append(make())
            ending.callback(worlds[-1].stop)
        jane = {}
        for crm in worlds:
            crm.fill(PEOPLE)
            jane[crm.name] = crm.add_person(JANE)
        clock.sleep(PAST_SECONDS)
        store = sqlite_store(tmp_path / "three.db")
        ending.callback(store.close)
        woken: list[UUID] = []
        services = wired(store, worlds, woken)
        found, tenant_id = {}, None
        for crm in worlds:
            code, state = crm.consent(install.begin(services, crm.name, "browser", tenant_id))
            installed = install.complete(services, crm.name, "browser", state, code)
            found[crm.name], tenant_id = installed.connection_id, installed.tenant_id
        assert tenant_id
        made = Tenant(services, tenant_id, found, jane, woken)
        made.work()
        yield made


def test_one_lead_one_score_three_deliveries_and_back_again(tenant: Tenant) -> None:
    """Each CRM shows the same score once; a record set apart has its own, and taking that back restores all."""
    before, shown = tenant.leads(), tenant.shown()
    (lead,) = set(before.values())
    assert tenant.scores_of(lead) == 1
    assert sorted(tenant.deliveries(lead)) == sorted(map(str, tenant.connections.values()))
    assert shown["hubspot"]["lead_score"] == shown["salesforce"]["lead_score"]
    assert abs(float(shown["hubspot"]["lead_score"]) - float(shown["mailchimp"]["lead_score"])) <= 0.5

    tenant.part("salesforce", apart=True)
    parted = tenant.leads()
    assert parted["hubspot"] == parted["mailchimp"] != parted["salesforce"]
    assert {tenant.scores_of(each) for each in parted.values()} == {1}
    assert tenant.shown()

    tenant.part("salesforce", apart=False)
    assert tenant.leads() == before
    assert tenant.scores_of(lead) == 1
    restored = tenant.shown()
    assert {name: values["lead_score"] for name, values in restored.items()} == {
        name: values["lead_score"] for name, values in shown.items()
    }
    with tenant.services.store.reading() as session:
        assert ledger.verify(session, tenant.id).broken_at is None

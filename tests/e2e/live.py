"""The product on a CRM's virtual clock, reachable over HTTP, so that the CRM pushes to it as it does in life."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from threading import Thread
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from connector.adapters.contract import Capabilities, Lane
from connector.app import create_app
from connector.crypto import SecretKeys, TokenCipher, new_key
from connector.services import install
from connector.services.children import in_place
from connector.services.context import REALTIME, Services
from connector.services.hooks import HookAddresses
from connector.services.opening import open_adapter
from connector.services.warm import Warm
from connector.services.writeback import holds
from connector.settings import load
from connector.store import ledger, outbox, persons, records, runs
from connector.store.runs import Run, RunStatus
from connector.store.session import Store
from connector.store.tables import inbox, scores
from tests.contract.world import SharedClock, VendorWorld
from workers.outcomes import carry_out
from workers.turns import take_turns

SECRET_KEY = "only-for-tests-" * 4
PATIENCE_SECONDS = 20.0
MOMENT = timedelta(milliseconds=200)


@contextmanager
def listening() -> Iterator[tuple[str, Callable[[Callable[..., object]], None]]]:
    """Serve HTTP on a free port; give its origin, and what takes the application that is to answer there."""
    behind: list[Callable[..., object]] = []

    @Request.application
    def nobody(_: Request) -> Response:
        return Response(status=503)

    def front(environ: dict[str, object], start: Callable[..., object]) -> object:
        return (behind or [nobody])[0](environ, start)

    server = make_server("127.0.0.1", 0, front, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", behind.append
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class LaterClock:
    """The CRM's virtual time, a moment later: in life a push takes a while to arrive."""

    crm: SharedClock

    def now(self) -> datetime:
        return self.crm.now() + MOMENT

    def monotonic(self) -> float:
        return self.crm.monotonic()

    def sleep(self, seconds: float) -> None:
        self.crm.sleep(seconds)


@dataclass
class Line:
    """A CRM with the product connected to it. ``woken`` is the work that was announced, with its queue."""

    crm: VendorWorld
    services: Services
    connection_id: UUID
    tenant_id: UUID
    woken: list[tuple[str, UUID]] = field(default_factory=list)

    def work(self) -> None:
        """Do what was announced until nothing is; a run that stops fails with its own sentence."""
        while self.woken:
            queue, work_id = self.woken.pop(0)
            if queue == REALTIME:
                take_turns(self.warm, work_id)
            else:
                carry_out(self.services, work_id)
        run = self.newest_run()
        assert run.status is RunStatus.DONE, run.error

    @cached_property
    def warm(self) -> Warm:
        """What a worker of the real-time lane remembers."""
        return Warm(self.services)

    def newest_run(self) -> Run:
        """Return the tenant's newest run."""
        with self.services.store.reading() as session:
            run = runs.latest(session, self.tenant_id)
        assert run
        return run

    def pushed(self) -> int:
        """Return how many hints have arrived."""
        with self.services.store.reading() as session:
            return int(session.execute(sa.select(sa.func.count()).select_from(inbox)).scalar_one())

    def until_pushed(self, more_than: int) -> None:
        """Wait for a hint: it travels in real time, in a thread of the CRM."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.pushed() <= more_than:
            assert time.monotonic() < deadline, "the CRM pushed nothing"
            time.sleep(0.01)

    def scored(self, record_id: str) -> Sequence[Mapping[str, Any]]:
        """Return what the ledger holds of the scores of a record's lead, the newest first."""
        with self.services.store.reading() as session:
            known = records.ids_by_vendor_id(session, self.connection_id, [record_id])
            (lead,) = persons.leads_of(session, self.tenant_id, list(known.values()))
            found = ledger.latest(session, self.tenant_id, "scored", lead, 10**9, 10)
        return [entry.body for entry in found if entry.body]

    def scores_elsewhere(self, record_id: str) -> Mapping[int, datetime]:
        """Return lead → when it was scored, of all leads but that of a record."""
        with self.services.store.reading() as session:
            known = records.ids_by_vendor_id(session, self.connection_id, [record_id])
            mine = persons.leads_of(session, self.tenant_id, list(known.values()))
            rows = session.execute(sa.select(scores.c.lead_id, scores.c.scored_at)).all()
        return {row.lead_id: row.scored_at for row in rows if row.lead_id not in mine}

    def in_the_crm(self, record_id: str) -> Mapping[str, str]:
        """Return the score fields that are filled in the CRM, which are those that the store takes for delivered."""
        adapter = open_adapter(self.services, self.connection_id)
        held = {name: text for name, text in adapter.read_scores([record_id]).get(record_id, {}).items() if text}
        with self.services.store.reading() as session:
            values = outbox.delivered_of(session, self.connection_id).get(record_id)
        assert holds(adapter, values, held) if values else held == {}
        return held


@contextmanager
def connected(store: Store, crm: VendorWorld) -> Iterator[Line]:
    """Install the app of a CRM and serve the product."""
    with listening() as (origin, serve):
        woken: list[tuple[str, UUID]] = []

        def lane(vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
            return crm.governor.lane(vendor, account_id, capabilities.budgets, realtime=realtime)

        services = Services(
            store=store,
            clock=LaterClock(crm.clock),
            cipher=TokenCipher([new_key()]),
            apps={crm.name: crm.app(webhook_url=f"{origin}/webhooks/{crm.name}")},
            lane=lane,
            wake=lambda queue, work_id: woken.append((queue, work_id)),
            isolated=in_place,
            lease_seconds=86_400,
            onboarding={"delivery": "on"},
            hooks=HookAddresses(origin, SecretKeys((SECRET_KEY,))),
            admit=crm.governor.admit,
        )
        settings = {"CONNECTOR_SECRET_KEY": SECRET_KEY, "CONNECTOR_ENCRYPTION_KEYS": new_key()}
        serve(create_app(services, load({**settings, "CONNECTOR_PUBLIC_URL": origin})))
        code, state = crm.consent(install.begin(services, crm.name, "browser", None))
        installed = install.complete(services, crm.name, "browser", state, code)
        yield Line(crm, services, installed.connection_id, installed.tenant_id, woken)

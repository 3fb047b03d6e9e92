"""A tenant whose leads work at known firms, beside a sandbox of People Data Labs and a provider of any kind."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

from connector.adapters.enrichment.calls import Door
from connector.adapters.enrichment.registry import Providers
from connector.records import Account, Company, FieldDefinition, FieldType, Page, PropertyChange, Record
from connector.sandbox.config import PdlAccount, SandboxConfig
from connector.sandbox.server import RunningSandbox, start
from connector.services import snapshot
from connector.services.context import Services
from connector.store import tenants
from connector.store.session import Store
from scoring.schema import History
from tests.fakecrm import FakeAccount, FakeApp
from tests.world import NOW, World, world

DAY = timedelta(days=1)
FIELDS = (FieldDefinition("city", "City", FieldType.CATEGORY),)
ALPHA, BETA, GAMMA = "alpha-firm.org", "beta-firm.org", "gamma-firm.org"
PROFILES = {
    ALPHA: {"employee_count": 120, "industry": "machinery", "likelihood": 9},
    BETA: {"employee_count": None, "industry": "retail", "tags": ["b2b; x", "saas"], "likelihood": 8},
    GAMMA: {"likelihood": 3},
}


def person(number: int, domain: str, born: datetime = NOW - 100 * DAY, **more: Any) -> Page:
    """A page with one person of a firm; ``more``: fields of the record."""
    record = Record(str(number), f"p{number}@{domain}", born, NOW, {"city": "Porto"}, **more)
    change = PropertyChange(str(number), "city", "Porto", born)
    return Page(cursor={}, drained=False, records=(record,), changes=(change,))


def company(company_id: str, domain: str) -> Page:
    """A page with a CRM's own company."""
    found = Company(company_id, domain, domain, {}, NOW)
    return Page(cursor={}, drained=False, companies=(found,))


@dataclass
class Firms:
    """The tenant, its world and the vendor's stand-in."""

    world: World
    tenant_id: UUID
    sandbox: RunningSandbox

    @property
    def services(self) -> Services:
        return self.world.services

    @property
    def asked(self) -> list[str]:
        """The domains that the vendor was asked about."""
        return list(self.sandbox.vendor_state.asked)

    def history(self, cut: Any = None) -> History:
        """All that the models may see."""
        with self.services.store.reading() as session:
            settings = tenants.get(session, self.tenant_id).settings
        return snapshot.history(self.services, self.tenant_id, settings, cut)


@contextmanager
def firms(
    store: Store, pages: list[Page], account: PdlAccount | None = None, allowed: tuple[str, ...] = ()
) -> Iterator[Firms]:
    """Read these people, and start the vendor's stand-in."""
    made = world(store)
    crm = FakeAccount(Account("101", "Alpha", "https://x", "UTC"), FIELDS, {"people": pages})
    app = made.services.apps["fakecrm"]
    assert isinstance(app, FakeApp)
    app.accounts["code-1"] = crm
    running = start(
        SandboxConfig(vendor="peopledatalabs", latency_seconds=0, pdl=account or PdlAccount(profiles=PROFILES)),
        made.clock,
    )
    try:
        made.services = replace(made.services, providers=Providers(Door([running.origin, *allowed]), running.origin))
        installed = made.install()
        made.work(3)
        yield Firms(made, installed.tenant_id, running)
    finally:
        running.stop()


@dataclass
class AnyProvider:
    """A provider of any kind: what it answers by path, and what it was sent."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    origin: str = ""

    def tells(self, path: str, payload: Any, status: int = 200) -> None:
        """Answer ``path`` with JSON from now on."""
        self.answers[path] = (status, json.dumps(payload).encode())


@contextmanager
def any_provider() -> Iterator[AnyProvider]:
    """Serve one over real HTTP."""
    provider = AnyProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.requests.append((self.path, dict(self.headers)))
            status, body = provider.answers.get(self.path, (404, b""))
            self.send_response(status)
            for name, value in provider.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    provider.origin = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A tenant whose every text attacks (tests/unit/web/hostile.py), shown page by page in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from connector.embedded.processes import free_port
from connector.store.tables import leads, ledger, scores
from tests.browser.chrome import watched
from tests.browser.samples import addresses
from tests.databases import sqlite_store
from tests.unit.web.hostile import FOREIGN, PAYLOADS, filled
from tests.unit.web.site import PUBLIC_URL, Site, site
from tests.unit.web.site import Browser as Owner

LEADS = len(PAYLOADS)
"""Their texts are dealt out in turn: so many leads in a row show each."""


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@dataclass
class Attacked:
    """The pages of the hostile tenant, served, and its owner's cookie."""

    origin: str
    cookie: str
    paths: list[str]

    def context(self, browser: Browser, *, policy: bool) -> BrowserContext:
        """A context of the owner; without the ``policy`` escaping alone must hold."""
        context = browser.new_context(bypass_csp=not policy)
        context.add_cookies([{"name": "connector", "value": self.cookie, "url": self.origin}])
        return context


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A tenant of whom every text is hostile, read, trained on, scored, written and visited."""
    store, port = sqlite_store(tmp_path_factory.mktemp("hostile") / "web.db"), free_port()
    origin = f"http://127.0.0.1:{port}"
    made = site(store, public_url=origin)
    owner = filled(made)
    cookie = owner.client.get_cookie("connector", domain=urlsplit(PUBLIC_URL).hostname or "")
    assert cookie
    server = make_server("127.0.0.1", port, made.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Attacked(origin, cookie.value, _paths(made, owner))
    server.shutdown()
    thread.join()
    server.server_close()
    store.close()


def _paths(made: Site, owner: Owner) -> list[str]:
    """Every page that the tenant has things for, and the leads."""
    tenant, services = made.tenant_of("101"), made.world.services
    paths = [path for _, path in addresses(made.app, services, tenant, strict=False)]
    with services.store.reading(tenant) as session:
        scored = session.execute(sa.select(scores.c.lead_id).order_by(scores.c.lead_id).limit(LEADS)).scalars().all()
        others = session.execute(sa.select(leads.c.id).order_by(leads.c.id).limit(LEADS)).scalars().all()
        told = sa.select(ledger.c.lead_id, ledger.c.seq).where(ledger.c.kind == "scored").limit(3)
        compared = [f"/leads/{row.lead_id}/changes/{row.seq}" for row in session.execute(told)]
    found = [*paths, *(f"/leads/{lead}" for lead in sorted({*scored, *others})), *compared]
    return [path for path in dict.fromkeys(found) if _is_shown(owner.get(path))]


def _is_shown(answer: TestResponse) -> bool:
    if answer.status_code == 302:
        # Whoever goes there is sent on, to a page that is among them.
        return False
    assert answer.status_code == 200
    kept = "attachment" in answer.headers.get("Content-Disposition", "")
    return answer.mimetype in ("text/html", "image/svg+xml") and not kept


def _shown(context: BrowserContext, attacked: Attacked) -> Mapping[str, list[str]]:
    """Show and provoke each page; return what each did beside being shown."""
    found = {}
    with watched(context, attacked.origin) as (page, watch):
        for path in attacked.paths:
            watch.complaints.clear()
            page.goto(attacked.origin + path)
            injected = page.evaluate("probe.injected()")
            page.evaluate("probe.provoke()")
            found[path] = [*injected, *watch.complaints]
        page.wait_for_timeout(300)
        found["afterwards"] = list(watch.complaints)
    return found


@pytest.mark.parametrize("policy", [True, False], ids=["with the policy", "by escaping alone"])
def test_nothing_of_a_text_runs(browser: Browser, attacked: Attacked, policy: bool) -> None:
    """No script, dialog or foreign element, nobody else is asked, and the policy has nothing to report."""
    found = _shown(attacked.context(browser, policy=policy), attacked)
    assert len(found) > LEADS
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_the_browser_would_have_told(browser: Browser, attacked: Attacked) -> None:
    """Unescaped, the very same texts are found out: the test above can fail."""
    context = attacked.context(browser, policy=False)
    raw = f"<!doctype html><title>raw</title><p>{''.join(PAYLOADS[:4])}</p>"
    context.route("**/raw", lambda route: route.fulfill(body=raw, content_type="text/html"))
    with watched(context, attacked.origin) as (page, watch):
        page.goto(f"{attacked.origin}/raw")
        assert page.evaluate("probe.injected()")
        page.evaluate("probe.provoke()")
        assert any(FOREIGN in one for one in watch.complaints)

"""Alice sees her organisation, never Bob's; who is not signed in sees neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.adapters.enrichment.registry import UPLOAD
from connector.records import Role
from connector.services.access import inviting
from connector.services.api import keys
from connector.services.enrichment import sources, uploading
from connector.services.tracking import sites
from connector.store import (
    companies,
    connections,
    drifting,
    exclusions,
    lead_views,
    ledger,
    models,
    periodic,
    persons,
    recipients,
    scores,
    tenants,
    users,
    webhook_endpoints,
)
from connector.store import leads as lead_rows
from connector.store import sites as site_rows
from connector.store.drifting import NewAlarm
from connector.store.models import Decided, ModelVersion
from connector.store.periodic import Contents, Report
from connector.store.recipients import Recipient
from connector.store.tables import leads, metadata, records
from connector.store.tenants import TenantSettings
from connector.store.webhook_endpoints import Endpoint
from connector.web.api.gate import ApiBlueprint
from tests import databases
from tests.unit.web.comparing import answer_of, contents_of, methods_of, unused_id
from tests.unit.web.open_routes import OPEN
from tests.unit.web.site import PUBLIC_URL, Browser, Site, site
from tests.world import NOW


@dataclass(frozen=True)
class Owned:
    """A tenant's route. ``of``: the ids in its address, of an object of the tenant with this account."""

    method: str
    of: Callable[[Site, str], dict[str, object]]


def _nothing(site: Site, account: str) -> dict[str, object]:
    return {}


def _connection(site: Site, account: str) -> dict[str, object]:
    browser = site.signed_in({"101": "code-1", "202": "code-2"}[account])
    return {"connection_id": browser.get("/").location.rpartition("/")[2]}


def _field(site: Site, account: str) -> dict[str, object]:
    return {"connection_id": site.connection(account).id, "name": "city"}


def _fact(site: Site, account: str) -> dict[str, object]:
    """A column of Bob's files alone: each tenant names its own."""
    tenant, services = site.tenant_of(account), site.world.services
    if account == "202":
        sources.turn_on(services, tenant, UPLOAD)
        uploading.upload(services, tenant, b"domain,faith\nfirm.org,x\n", "faith = faith:category")
    return {"name": "upload.faith"}


def _lead(site: Site, account: str, nth: int = 0) -> dict[str, object]:
    with site.world.services.store.reading() as session:
        query = sa.select(leads.c.id).where(leads.c.tenant_id == site.tenant_of(account))
        query = query.order_by(leads.c.id).offset(nth).limit(1)
        return {"lead_id": session.execute(query).scalar_one()}


def _score(site: Site, account: str) -> dict[str, object]:
    lead, tenant = _lead(site, account, 1), site.tenant_of(account)
    with site.world.services.store.transaction() as session:
        entry = ledger.Entry("scored", int(str(lead["lead_id"])), {})
        return lead | {"seq": ledger.append(session, tenant, [entry], site.world.clock.now())}


def _scored(site: Site, account: str) -> dict[str, object]:
    lead = int(str(_lead(site, account)["lead_id"]))
    row = {"lead_id": lead, "tenant_id": site.tenant_of(account), "run_id": UUID(int=1), "model": "m"}
    row |= {"score": Decimal(50), "probability": Decimal("0.5"), "tier": "Low", "reasons": [], "base_value": "0.0"}
    now = site.world.clock.now()
    with site.world.services.store.transaction() as session:
        scores.save(session, [row | {"inputs_hash": "0", "as_of": now, "scored_at": now}])
    return {"lead_id": lead}


def _record(site: Site, account: str) -> dict[str, object]:
    with site.world.services.store.reading() as session:
        query = sa.select(records.c.id).where(records.c.connection_id == site.connection(account).id).limit(1)
        return {"record_id": session.execute(query).scalar_one()}


def _tracked_site(site: Site, account: str) -> dict[str, object]:
    made = sites.add(site.world.services, site.tenant_of(account), "Shop", ["https://shop.example.com"])
    return {"site_id": made.site.id}


def _key(site: Site, account: str) -> dict[str, object]:
    return {"key_id": keys.add(site.world.services, site.tenant_of(account), "Reports", ["models:read"]).key.id}


def _company(site: Site, account: str) -> dict[str, object]:
    now = site.world.clock.now()
    row = {"tenant_id": site.tenant_of(account), "company_key": "firm.org", "probability": Decimal("0.5"), "leads": 1}
    row |= {"high_intent": 0, "best_lead_id": None, "model": "m", "as_of": now, "scored_at": now}
    with site.world.services.store.transaction() as session:
        companies.save(session, [row])
        (found,) = companies.page(session, site.tenant_of(account), after=None, limit=1)
    return {"company_id": found.id}


def _invitation(site: Site, account: str) -> dict[str, object]:
    made, _ = inviting.invite_as_operator(site.world.services, site.tenant_of(account), "Eve", Role.VIEWER)
    return {"invitation_id": made.id}


def _user(site: Site, account: str) -> dict[str, object]:
    with site.world.services.store.transaction() as session:
        made = users.add(session, site.tenant_of(account), "Eve", Role.VIEWER, site.world.clock.now())
    return {"user_id": made.id}


def _webhook(site: Site, account: str) -> dict[str, object]:
    row = Endpoint(uuid4(), site.tenant_of(account), "https://x.example.com", "", NOW, NOW)
    with site.world.services.store.transaction() as session:
        webhook_endpoints.add(session, row)
    return {"endpoint_id": row.id}


def _version(site: Site, account: str) -> dict[str, object]:
    model = ModelVersion(f"model_of_{account}", NOW, 1, b"", account, {}, NOW)
    decided = Decided({"sentence": "It waits."}, NOW)
    with site.world.services.store.transaction() as session:
        models.keep(session, site.tenant_of(account), model, models.WAITING, decided)
    return {"version": model.version}


def _alarm(site: Site, account: str) -> dict[str, object]:
    tenant, alarm = site.tenant_of(account), NewAlarm("city", "missing:city", "City", "It is missing.", "Look.")
    with site.world.services.store.transaction() as session:
        drifting.open_new(session, tenant, "m", [alarm], site.world.clock.now())
        return {"alarm_id": drifting.open_alarms(session, tenant)[0].id}


def _report(site: Site, account: str) -> dict[str, object]:
    row = Report(uuid4(), site.tenant_of(account), "value", str(uuid4()), "Report", NOW, (), "0", 1)
    with site.world.services.store.transaction() as session:
        periodic.add(session, row, Contents("<p>Some figures.</p>", b"%PDF-"))
    return {"report_id": row.id}


def _recipient(site: Site, account: str) -> dict[str, object]:
    services, tenant = site.world.services, site.tenant_of(account)
    recipient_id = uuid4()
    sealed = services.cipher.encrypt("eve@x.example", tenant_id=str(tenant), connection_id=str(recipient_id))
    with services.store.transaction() as session:
        recipients.add(session, Recipient(recipient_id, tenant, None, "email", sealed, NOW))
    return {"recipient_id": recipient_id}


def _exclusion(site: Site, account: str) -> dict[str, object]:
    row = {"id": uuid4(), "tenant_id": site.tenant_of(account), "kind": "domain", "value": "rival.com"}
    row |= {"record_id": None, "reason": "other", "note": None, "made_by": "Eve", "made_at": NOW}
    with site.world.services.store.transaction() as session:
        exclusions.add(session, [row])
    return {"exclusion_id": row["id"]}


def _view(site: Site, account: str) -> dict[str, object]:
    tenant = site.tenant_of(account)
    with site.world.services.store.transaction() as session:
        user = next(one for one in users.of_tenant(session, tenant) if one.role is Role.OWNER)
        lead_views.save(session, tenant, user.id, str(uuid4()), {}, NOW)
        return {"view_id": lead_views.of_user(session, tenant, user.id)[0].id}


OWNED = {
    "sync.index": Owned("GET", _nothing),
    "settings.index": Owned("GET", _nothing),
    "settings.choose_band": Owned("POST", _nothing),
    "settings.choose_learning": Owned("POST", _nothing),
    "settings.choose_text": Owned("POST", _nothing),
    "settings.choose_step": Owned("POST", _nothing),
    "settings.choose_scale": Owned("POST", _nothing),
    "settings.choose_fairness": Owned("POST", _nothing),
    "settings.choose_pooling": Owned("POST", _nothing),
    "audit.index": Owned("GET", _nothing),
    "audit.export": Owned("POST", _nothing),
    "audit.verify": Owned("POST", _nothing),
    "connect.account": Owned("GET", _nothing),
    "readiness.show": Owned("GET", _nothing),
    "goal.show": Owned("GET", _nothing),
    "goal.choose": Owned("POST", _nothing),
    "lookback.show": Owned("GET", _nothing),
    "publication.go": Owned("GET", _nothing),
    "setup.go_through": Owned("POST", _nothing),
    "feedback.index": Owned("GET", _nothing),
    "feedback.rate": Owned("POST", _lead),
    "feedback.override": Owned("POST", _lead),
    "feedback.release": Owned("POST", _lead),
    "feedback.exclude_lead": Owned("POST", _lead),
    "feedback.exclude": Owned("POST", _nothing),
    "feedback.include": Owned("POST", _exclusion),
    "feedback.upload": Owned("POST", _nothing),
    "feedback.choose": Owned("POST", _nothing),
    "versions.show": Owned("GET", _nothing),
    "versions.choose": Owned("POST", _nothing),
    "versions.roll_back": Owned("POST", _nothing),
    "versions.approve": Owned("POST", _version),
    "versions.refuse": Owned("POST", _version),
    "versions.begin_trial": Owned("POST", _version),
    "versions.promote": Owned("POST", _nothing),
    "versions.withdraw": Owned("POST", _nothing),
    "forecasts.show": Owned("GET", _nothing),
    "experiments.show": Owned("GET", _nothing),
    "experiments.begin": Owned("POST", _nothing),
    "experiments.begin_lines": Owned("POST", _nothing),
    "experiments.begin_models": Owned("POST", _version),
    "experiments.end": Owned("POST", _nothing),
    "reports.index": Owned("GET", _nothing),
    "reports.make": Owned("POST", _nothing),
    "reports.show": Owned("GET", _report),
    "reports.pdf": Owned("GET", _report),
    "reports.html": Owned("GET", _report),
    "reports.sign": Owned("POST", _report),
    "kpis.index": Owned("GET", _nothing),
    "kpis.make": Owned("POST", _nothing),
    "kpis.take": Owned("POST", _nothing),
    "objectives.show": Owned("GET", _nothing),
    "objectives.draft": Owned("POST", _nothing),
    "objectives.discard": Owned("POST", _nothing),
    "objectives.sign": Owned("POST", _nothing),
    "pitfalls.show": Owned("GET", _nothing),
    "pitfalls.look": Owned("POST", _nothing),
    "capacity.show": Owned("GET", _nothing),
    "capacity.choose": Owned("POST", _nothing),
    "channels.show": Owned("GET", _nothing),
    "channels.export": Owned("GET", _nothing),
    "digest.index": Owned("GET", _nothing),
    "digest.add": Owned("POST", _nothing),
    "digest.remove": Owned("POST", _recipient),
    "webhooks_out.index": Owned("GET", _nothing),
    "webhooks_out.add": Owned("POST", _nothing),
    "webhooks_out.renew_secret": Owned("POST", _webhook),
    "webhooks_out.end_former_secret": Owned("POST", _webhook),
    "webhooks_out.pause": Owned("POST", _webhook),
    "webhooks_out.resume": Owned("POST", _webhook),
    "webhooks_out.remove": Owned("POST", _webhook),
    "webhooks_out.replay": Owned("POST", _webhook),
    "webhooks_out.send_test": Owned("POST", _webhook),
    "api_keys.index": Owned("GET", _nothing),
    "api_keys.add": Owned("POST", _nothing),
    "api_keys.rotate": Owned("POST", _key),
    "api_keys.revoke": Owned("POST", _key),
    "connections.show": Owned("GET", _connection),
    "connections.progress": Owned("GET", _connection),
    "connections.refresh": Owned("POST", _connection),
    "connections.retrain": Owned("POST", _connection),
    "connections.resume": Owned("POST", _connection),
    "connections.choose": Owned("POST", _connection),
    "connections.disconnect": Owned("POST", _connection),
    "connections.replay": Owned("POST", _connection),
    "connections.reset": Owned("POST", _connection),
    "drift.show": Owned("GET", _nothing),
    "drift.choose": Owned("POST", _nothing),
    "drift.accept": Owned("POST", _alarm),
    "fields.index": Owned("GET", _nothing),
    "fields.decide": Owned("POST", _field),
    "fields.decide_elsewhere": Owned("POST", _fact),
    "fields.unprofile": Owned("POST", _nothing),
    "lead_list.index": Owned("GET", _nothing),
    "lead_list.search": Owned("POST", _nothing),
    "lead_list.rate": Owned("POST", _nothing),
    "lead_list.leave_out": Owned("POST", _nothing),
    "lead_list.score_again": Owned("POST", _nothing),
    "lead_list.keep": Owned("POST", _nothing),
    "lead_list.remove": Owned("POST", _view),
    "lead_list.export": Owned("POST", _nothing),
    "leads.show": Owned("GET", _lead),
    "leads.ask": Owned("GET", _lead),
    "leads.suppose": Owned("POST", _lead),
    "leads.changes": Owned("GET", _score),
    "leads.waterfall": Owned("GET", _scored),
    "model.show": Owned("GET", _nothing),
    "model.card": Owned("GET", _nothing),
    "model.card_html": Owned("GET", _nothing),
    "model.card_markdown": Owned("GET", _nothing),
    "people.index": Owned("GET", _nothing),
    "people.set_apart": Owned("POST", _record),
    "people.let_join": Owned("POST", _record),
    "privacy.held": Owned("POST", _lead),
    "privacy.object_to": Owned("POST", _lead),
    "privacy.allow": Owned("POST", _lead),
    "privacy.erase": Owned("POST", _lead),
    "publication.show": Owned("GET", _nothing),
    "publication.choose": Owned("POST", _nothing),
    "publication.approve": Owned("POST", _connection),
    "publication.release": Owned("POST", _connection),
    "publication.withdraw": Owned("POST", _connection),
    "publication.look": Owned("POST", _connection),
    "companies.index": Owned("GET", _nothing),
    "companies.show": Owned("GET", _company),
    "enrichment.index": Owned("GET", _nothing),
    "enrichment.turn_on": Owned("POST", _nothing),
    "enrichment.turn_off": Owned("POST", _nothing),
    "enrichment.forget": Owned("POST", _nothing),
    "enrichment.try_again": Owned("POST", _nothing),
    "enrichment.take": Owned("POST", _nothing),
    "tracking.index": Owned("GET", _nothing),
    "tracking.add": Owned("POST", _nothing),
    "tracking.replace_secret": Owned("POST", _tracked_site),
    "tracking.change_origins": Owned("POST", _tracked_site),
    "access.index": Owned("GET", _nothing),
    "access.invite": Owned("POST", _nothing),
    "access.withdraw": Owned("POST", _invitation),
    "access.change": Owned("POST", _user),
    "access.remove": Owned("POST", _user),
}


def _typed_record(site: Site, account: str) -> dict[str, object]:
    return {"record": _record(site, account)["record_id"]}


def _after_lead(site: Site, account: str) -> dict[str, object]:
    return {"after": f"99.0~{_lead(site, account)['lead_id']}"}


def _ticked(site: Site, account: str) -> dict[str, object]:
    return {"lead": _lead(site, account)["lead_id"]}


def _after_person(site: Site, account: str) -> dict[str, object]:
    return {"after": _lead(site, account)["lead_id"]}


TYPED: dict[str, Callable[[Site, str], dict[str, object]]] = {
    "connections.replay": _typed_record,
    "connections.reset": _typed_record,
    "lead_list.index": _after_lead,
    "lead_list.rate": _ticked,
    "lead_list.leave_out": _ticked,
    "lead_list.score_again": _ticked,
    "people.index": _after_person,
}
"""Ids in forms and queries, by the route that takes them; the address beside them is one's own."""

BY_TENANT = {"seq", "name"}
"""Parts of addresses that each tenant has of its own, counted or named anew: alone they name nothing of another's."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Alice's organisation has account 101, Bob's 202; leads were read from both. Made once: Bob alone changes his."""
    store = databases.sqlite_store(tmp_path_factory.mktemp("both") / "web.db")
    made = site(store)
    made.app.config["WTF_CSRF_ENABLED"] = False  # what is tested here lies behind it
    for code in ("code-1", "code-2"):
        made.signed_in(code)
    for _ in range(6):
        made.world.work(1)
    yield made
    store.close()


def call(site: Site, browser: Browser, endpoint: str, values: dict[str, object]) -> tuple[int, str, str]:
    """Ask for a route; return status, body and where it sends."""
    with site.app.test_request_context():
        path = site.app.url_for(endpoint, **values)
    answer = browser.client.open(path, method=OWNED[endpoint].method, base_url=PUBLIC_URL)
    return answer.status_code, answer.text, answer.headers.get("Location", "")


def test_every_route_has_a_rule(fresh: Site) -> None:
    """A new route must be put on one of the lists above before it can be merged."""
    # The REST API's have rules of their own (api/test_isolation.py).
    programs = {name for name, found in fresh.app.blueprints.items() if isinstance(found, ApiBlueprint)}
    routes = {rule.endpoint for rule in fresh.app.url_map.iter_rules() if rule.endpoint.split(".")[0] not in programs}
    listed = OPEN | set(OWNED)
    assert routes - listed == set(), (
        "new routes without a rule: put each into OPEN if it needs no session, else into OWNED with the ids that its "
        "address holds (and into TYPED, if its form or query takes ids), in tests/unit/web/test_isolation.py"
    )
    assert listed - routes == set(), "these routes are no more: take them off the lists"


@pytest.mark.parametrize("endpoint", sorted(OWNED))
def test_without_a_session_there_is_only_the_start_page(both: Site, endpoint: str) -> None:
    """Signed out, every page of a tenant sends to the start page and changes nothing."""
    values = OWNED[endpoint].of(both, "101")
    before = len(both.world.woken)
    status, body, location = call(both, both.browser(), endpoint, values)
    assert (status, location) == (302, "/")
    assert "Alpha" not in body
    assert len(both.world.woken) == before


WITH_IDS = sorted(name for name, rule in OWNED.items() if rule.of is not _nothing)


@pytest.mark.parametrize("endpoint", WITH_IDS)
def test_what_belongs_to_another_tenant_is_not_there(both: Site, endpoint: str) -> None:
    """Alice gets for each of Bob's objects, by each method, exactly what she gets for one that nobody has; nothing of
    Bob's is changed and nobody is woken. Bob gets it as it is."""
    values = OWNED[endpoint].of(both, "202")
    assert differences(both, endpoint) == []
    bob = both.signed_in("code-2")
    assert call(both, bob, endpoint, values)[0] in (200, 302)


@pytest.mark.parametrize("endpoint", sorted(TYPED))
def test_what_is_typed_reaches_no_further(both: Site, endpoint: str) -> None:
    """Ids in forms and queries, beside an address that is Alice's own."""
    assert TYPED[endpoint](both, "202")
    assert differences(both, endpoint) == []


def differences(site: Site, endpoint: str) -> list[str]:
    """Compare what Alice gets for Bob's ids with what she gets for ids that nobody has; say where they differ.

    Compared are status, headers and body (ids that are repeated in them left out), and how many statements the
    database was asked: two answers that take the same way take the same time.
    """
    alice, found = site.signed_in("code-1"), []
    mine, theirs = (OWNED[endpoint].of(site, account) for account in ("101", "202"))
    # All of the address Bob's, each part of it alone, and what is typed beside an address of Alice's own.
    parts = [{**mine, name: value} for name, value in theirs.items() if name not in BY_TENANT]
    foreign: list[tuple[dict[str, object], dict[str, object]]] = [(values, {}) for values in (theirs, *parts) if values]
    if endpoint in TYPED:
        foreign.append((mine, TYPED[endpoint](site, "202")))
    before, woken = contents_of(site, "202"), len(site.world.woken)
    for values, form in foreign:
        nobodys = {name: unused_id(value) if value != mine.get(name) else value for name, value in values.items()}
        empty = {name: unused_id(value) for name, value in form.items()}
        for method in methods_of(site, endpoint):
            one = answer_of(site, alice, endpoint, method, values, form)
            other = answer_of(site, alice, endpoint, method, nobodys, empty)
            for name, value in {**values, **form}.items():
                # What an answer repeats of its request tells nothing.
                other = other.saying(str({**nobodys, **empty}[name]), str(value))
            found += [f"{method} {endpoint} of {sorted(values)}: {said}" for said in one.unlike(other)]
            if not form and one.status != 404:
                found.append(f"{method} {endpoint} of {sorted(values)} answered {one.status}")
    if contents_of(site, "202") != before:
        found.append(f"{endpoint} changed something of Bob's")
    if len(site.world.woken) != woken:
        found.append(f"{endpoint} woke somebody")
    return found


def _unfiltered_site(session: Connection, _tenant_id: UUID, site_id: UUID) -> object:
    query = sa.select(metadata.tables["sites"].c.tenant_id).where(metadata.tables["sites"].c.id == site_id)
    owner = session.execute(query).scalar_one_or_none()
    return _find_site(session, owner, site_id) if owner else None


_find_site = site_rows.find


def _unfiltered_webhook(session: Connection, _tenant_id: UUID, endpoint_id: UUID) -> object:
    table = metadata.tables["webhook_endpoints"]
    owner = session.execute(sa.select(table.c.tenant_id).where(table.c.id == endpoint_id)).scalar_one_or_none()
    return _find_webhook(session, owner, endpoint_id) if owner else None


_find_webhook = webhook_endpoints.find

_records_of = lead_rows.records_of

SABOTEURS: dict[str, tuple[object, str, object]] = {
    "tracking.replace_secret": (site_rows, "find", _unfiltered_site),
    "tracking.change_origins": (site_rows, "find", _unfiltered_site),
    "webhooks_out.renew_secret": (webhook_endpoints, "find", _unfiltered_webhook),
    "publication.withdraw": (connections, "owned", lambda session, _tenant, wanted: connections.find(session, wanted)),
    "people.set_apart": (persons, "set_apart", lambda session, _tenant, record_id, apart: record_id < 987_654_321),
    "leads.show": (lead_rows, "records_of", lambda session, _tenant, wanted: _anybodys(session, wanted)),
}
"""Functions of the store that forgot their tenant, by a route that must tell."""


def _anybodys(session: Connection, lead_ids: Any) -> object:
    owner = session.execute(sa.select(leads.c.tenant_id).where(leads.c.id.in_(lead_ids))).scalar_one_or_none()
    return _records_of(session, owner, lead_ids) if owner else []


@pytest.mark.parametrize("endpoint", sorted(SABOTEURS))
def test_a_store_that_forgets_the_tenant_is_seen(both: Site, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is never seen red proves nothing."""
    owner, name, saboteur = SABOTEURS[endpoint]
    monkeypatch.setattr(owner, name, saboteur)
    assert differences(both, endpoint) != []


def test_lists_hold_only_what_is_ones_own(scored: Site) -> None:
    """A tenant without scores and without a model sees none, although another has both."""
    with scored.world.services.store.transaction() as session:
        empty = tenants.create(session, "Empty", TenantSettings(), scored.world.clock.now())
    browser = scored.as_a(Role.OWNER, empty)
    assert "No lead has a score yet" in browser.get("/leads").text
    assert "There is no model yet" in browser.get("/model").text
    assert browser.get("/model/versions").status_code == 200
    for card in ("/model/card", "/model/card.html", "/model/card.md"):
        assert browser.get(card).status_code == 404

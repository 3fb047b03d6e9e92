"""Another tenant's id answers exactly as one that never was, at every route."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from connector.records import Account, Record
from connector.services.api.keys import Scope
from connector.store import (
    connections,
    leads,
    ledger,
    models,
    recomputations,
    records,
    references,
    tenants,
    told_conversions,
)
from connector.store.leads import NewLead
from connector.store.tables import leads as lead_table
from connector.store.tables import records as record_table
from connector.store.tables import tenants as tenant_table
from connector.store.tenants import TenantSettings
from connector.web.api.gate import ApiBlueprint
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.comparing import Answer, contents_of, heard
from tests.unit.web.site import PUBLIC_URL, Site


@dataclass(frozen=True)
class Ask:
    """How a route is asked about an id; ``id`` says which id of a tenant it takes (None: it takes none)."""

    method: str
    path: str
    id: str | None = None
    body: Callable[[Any], Any] | None = None

    def send(self, caller: Program, value: Any) -> TestResponse:
        path = self.path.format(id=value)
        if self.body is None:
            return caller.send(self.method, path)
        typed = {"Content-Type": "application/json"}
        return caller.send(self.method, path, json.dumps(self.body(value)).encode(), typed)


def _outcome(lead: Any, name: str = "a") -> dict[str, Any]:
    return {"conversions": [{"id": name, "lead": lead, "kind": "order", "at": "2026-03-01T11:00:00Z"}]}


def _event(lead: Any) -> dict[str, Any]:
    return {"events": [{"id": "abcdefgh", "type": "event", "name": "x", "lead": lead}]}


RULES = {
    "api_scores.query": Ask("POST", "/scores/query", "lead", lambda lead: {"leads": [lead]}),
    "api_scores.recompute": Ask("POST", "/scores/recomputations", "lead", lambda lead: {"leads": [lead]}),
    "api_scores.progress": Ask("GET", "/scores/recomputations/{id}", "recomputation"),
    "api_leads.search": Ask("POST", "/leads/search", "email", lambda email: {"email": email}),
    "api_leads.get": Ask("GET", "/leads/{id}", "lead"),
    "api_leads.score": Ask("GET", "/leads/{id}/score", "lead"),
    "api_leads.history": Ask("GET", "/leads/{id}/history", "lead"),
    "api_leads.reasons": Ask("GET", "/leads/{id}/reasons", "lead"),
    "api_leads.changes": Ask("GET", "/leads/{id}/changes", "lead"),
    "api_leads.what_if": Ask("POST", "/leads/{id}/what-if", "lead", lambda _: {}),
    "api_feedback.give": Ask("POST", "/leads/{id}/feedback", "lead", lambda _: {"thumb": "up", "reason": "fits"}),
    "api_events.add": Ask(
        "POST",
        "/events",
        "lead",
        _event,
    ),
    "api_conversions.add": Ask("POST", "/conversions", "lead", _outcome),
    "api_conversions.index": Ask("GET", "/conversions"),
    "api_conversions.take_back": Ask("DELETE", "/conversions/{id}", "conversion"),
    "api_models.index": Ask("GET", "/models"),
    "api_models.get": Ask("GET", "/models/{id}", "model"),
    "api_models.card": Ask("GET", "/models/{id}/card", "model"),
    "api_channels.index": Ask("GET", "/channels"),
    "api_people.erase": Ask("POST", "/people/erasures", "lead", lambda lead: {"lead": lead}),
    "api_people.erasures": Ask("GET", "/people/erasures"),
    "api_people.held": Ask("GET", "/people/{id}/held", "lead"),
    "api_people.profiling": Ask("PUT", "/people/{id}/profiling", "lead", lambda _: {"allowed": True}),
    "api_exports.scores_csv": Ask("GET", "/exports/scores.csv"),
    "api_exports.scores_parquet": Ask("GET", "/exports/scores.parquet"),
}


def routes(site: Site) -> set[str]:
    """Every route of the API."""
    nouns = {name for name, found in site.app.blueprints.items() if isinstance(found, ApiBlueprint)}
    return {rule.endpoint for rule in site.app.url_map.iter_rules() if rule.endpoint.split(".")[0] in nouns}


def test_every_route_has_a_rule_and_a_scope(scored: Site) -> None:
    """A new route must be put on the list above before it can be merged, and says who may use it."""
    assert routes(scored) == set(RULES)
    for endpoint in RULES:
        assert vars(scored.app.view_functions[endpoint])["api_rule"].scope in Scope


@pytest.fixture
def bob(live: Site) -> Program:
    """A program of another tenant, who has one lead, and a model of the same name as nobody's."""
    services, now = live.world.services, live.world.clock.now()
    with services.store.transaction() as session:
        tenant = tenants.create(session, "Beta GmbH", TenantSettings(), now)
        connection = connections.add(session, tenant, "fakecrm", Account("202", "Beta", "https://x", "UTC"), now)
        records.save(session, tenant, connection, [Record("b-1", "b@beta.example", now, now, {})], now)
        ids = leads.save(session, tenant, [NewLead("email:b@beta.example", now, None, None)])
        lead = ids["email:b@beta.example"]
        session.execute(
            sa.update(record_table)
            .where(record_table.c.connection_id == connection)
            .values(lead_id=lead, person_key="email:b@beta.example")
        )
    return program(live, "202")


@dataclass(frozen=True)
class Named:
    """A name of something of the first tenant's, and one of the same form that nobody has."""

    hers: Any
    nobodys: Any


@pytest.fixture
def names(live: Site, writer: Program) -> dict[str, list[Named]]:
    """Of each kind of id all forms in which a program may write it; the first one is the owner's own way.

    Nobody's are as long as hers: answers repeat them, and tell their own length.
    """
    person = told(writer.post("/leads/search", {"tier": "High-Intent"}))["leads"][0]
    lead, record = person["lead"], person["records"][0]["id"]
    asked = writer.post("/scores/recomputations", {"leads": [lead]})
    for name in ("outcome-1", "outcome-2"):
        told(writer.post("/conversions", _outcome(lead, name)), 202)
    # The last one names the second tenant's own account, and a record of the first tenant's in it.
    accounts = [f"fakecrm:{account}" for account in ("101", "202")]
    records = [Named(f"{place}:{record}", f"{place}:{'x' * len(record)}") for place in ("fakecrm", *accounts)]
    return {
        "lead": [Named(lead, int("9" * len(str(lead)))), *records],
        "email": [Named(person["email"], "nobody@firm1.com")],
        "recomputation": [Named(told(asked, 202)["id"], str(uuid4()))],
        "conversion": [Named("outcome-1", "outcome-9")],
        "model": [Named(told(writer.get("/models"))["models"][0]["version"], "model_v19990101")],
    }


COUNTED = ("X-RateLimit-Remaining", "X-RateLimit-Reset")
"""What is left of the asking key's budget: less with each request, whomever it is about."""


def heard_of(site: Site, caller: Program, ask: Ask, value: Any) -> Answer:
    """What a route answers about an id; what is made by asking (a new id, told once more in Location) left out."""
    given: list[TestResponse] = []

    def send() -> TestResponse:
        given.append(ask.send(caller, value))
        return given[0]

    answer = heard(site, send, COUNTED)
    if answer.status == 202 and isinstance(given[0].json, dict) and "id" in given[0].json:
        return answer.saying(str(UUID(given[0].json["id"])), "")
    return answer


def differences(site: Site, bob: Program, endpoint: str, names: dict[str, list[Named]]) -> list[str]:
    """Compare what the second tenant gets for ids of the first with what it gets for ids that nobody has.

    Compared are status, headers and body (what they repeat of the request left out), and how many statements the
    database was asked.
    """
    ask, found = RULES[endpoint], []
    heard_of(site, bob, ask, names[ask.id or ""][0].nobodys)  # from now on the key is a remembered one
    before, woken = contents_of(site, "101"), len(site.world.woken)
    for name in names[ask.id or ""]:
        foreign, unknown = (heard_of(site, bob, ask, value) for value in (name.hers, name.nobodys))
        unlike = foreign.unlike(unknown.saying(str(name.nobodys), str(name.hers)))
        found += [f"{endpoint} of {name.hers}: {said}" for said in unlike]
    if contents_of(site, "101") != before:
        found.append(f"{endpoint} changed something of the first tenant's")
    if len(site.world.woken) != woken:
        found.append(f"{endpoint} woke somebody")
    return found


WITH_IDS = sorted(name for name, ask in RULES.items() if ask.id)


@pytest.mark.parametrize("endpoint", WITH_IDS)
def test_what_belongs_to_another_tenant_never_was(
    live: Site, writer: Program, bob: Program, names: dict[str, list[Named]], endpoint: str
) -> None:
    """Hers answers exactly as nobody's, nothing of hers is changed and nobody is woken; to her it is there."""
    assert differences(live, bob, endpoint, names) == []
    ask = RULES[endpoint]
    assert ask.send(writer, names[ask.id or ""][0].hers).status_code < 300


def _leads_of_anybody(session: Connection, _tenant_id: UUID, lead_ids: Sequence[int]) -> set[int]:
    return set(session.execute(sa.select(lead_table.c.id).where(lead_table.c.id.in_(lead_ids))).scalars())


def _records_of_anybody(session: Connection, _tenant_id: UUID, vendor_ids: Sequence[str]) -> list[Any]:
    owners = session.execute(sa.select(tenant_table.c.id)).scalars().all()
    return [row for owner in owners for row in _by_vendor_ids(session, owner, vendor_ids)]


_by_vendor_ids = references.by_vendor_ids


def _take_back_anybodys(session: Connection, _tenant_id: UUID, source_id: str) -> int:
    owners = session.execute(sa.select(tenant_table.c.id)).scalars().all()
    return sum(_remove(session, owner, source_id) for owner in owners)


_remove = told_conversions.remove


def _models_of_anybody(session: Connection, _tenant_id: UUID) -> list[Any]:
    owners = session.execute(sa.select(tenant_table.c.id)).scalars().all()
    return [row for owner in owners for row in _listed(session, owner)]


_listed = models.listed


def _anybodys_recomputation(session: Connection, _tenant_id: UUID, recomputation_id: UUID) -> Any:
    owners = session.execute(sa.select(tenant_table.c.id)).scalars().all()
    found = (_find(session, owner, recomputation_id) for owner in owners)
    return next((one for one in found if one is not None), None)


_find = recomputations.find

SABOTEURS: dict[str, tuple[object, str, object]] = {
    "api_leads.reasons": (references, "existing", _leads_of_anybody),
    "api_leads.history": (references, "by_vendor_ids", _records_of_anybody),
    "api_conversions.take_back": (told_conversions, "remove", _take_back_anybodys),
    "api_models.get": (models, "listed", _models_of_anybody),
    "api_scores.progress": (recomputations, "find", _anybodys_recomputation),
}
"""Functions of the store that forgot their tenant, by a route that must tell."""


@pytest.mark.parametrize("endpoint", sorted(SABOTEURS))
def test_a_store_that_forgets_the_tenant_is_seen(
    live: Site, bob: Program, names: dict[str, list[Named]], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is never seen red proves nothing."""
    owner, name, saboteur = SABOTEURS[endpoint]
    monkeypatch.setattr(owner, name, saboteur)
    assert differences(live, bob, endpoint, names) != []


def test_records_of_another_tenant_are_as_unknown(live: Site, writer: Program, bob: Program) -> None:
    """By the CRM's id, with and without the account."""
    person = told(writer.post("/leads/search", {}))["leads"][0]
    record = person["records"][0]["id"]
    for name in (f"fakecrm:{record}", f"fakecrm:101:{record}"):
        found = told(bob.post("/scores/query", {"leads": [name]}))
        assert found == {"scores": [], "absent": [{"asked": name, "reason": "There is no such lead."}]}
    for name in ("fakecrm:b-1", "fakecrm:202:b-1"):
        assert told(writer.post("/scores/query", {"leads": [name]}))["absent"][0]["reason"] == "There is no such lead."


def test_lists_and_files_hold_only_what_is_ones_own(bob: Program) -> None:
    """The other tenant has neither scores nor models nor outcomes."""
    assert told(bob.get("/models")) == {"models": []}
    assert told(bob.get("/conversions"))["conversions"] == []
    assert told(bob.post("/leads/search", {}))["leads"] == []
    assert [row["name"] for row in told(bob.post("/leads/search", {"email": "b@beta.example"}))["leads"]] == [
        "b@beta.example"
    ]
    assert bob.get("/exports/scores.csv").text.count("\n") == 1


PAGED = {
    "api_leads.search": Ask("POST", "/leads/search", body=lambda cursor: {"limit": 1} | cursor),
    "api_leads.history": Ask("GET", "/leads/{id}/history"),
    "api_conversions.index": Ask("GET", "/conversions"),
}
"""Every route whose answers come in pages."""


def test_every_paged_route_is_listed(live: Site) -> None:
    """A new one must be put on the list above."""
    assert {name for name in routes(live) if _is_paged(live, name)} == set(PAGED)


def _is_paged(site: Site, endpoint: str) -> bool:
    described = site.app.test_client().get("/api/v1/openapi.json", base_url=PUBLIC_URL).json or {}
    rule = next(rule for rule in site.app.url_map.iter_rules() if rule.endpoint == endpoint)
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    answer = described["paths"][path][method.lower()]["responses"].get("200", {})
    shape = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    return "next_cursor" in described["components"]["schemas"].get(shape, {}).get("properties", {})


@pytest.mark.parametrize("endpoint", sorted(PAGED))
def test_a_cursor_opens_nothing_at_another_tenant(
    live: Site, writer: Program, bob: Program, names: dict[str, list[Named]], endpoint: str
) -> None:
    """It is signed for the tenant whose list it is of; the owner's next page is there."""
    lead, now = names["lead"][0].hers, live.world.clock.now()
    with live.world.services.store.transaction() as session:
        first = ledger.newest(session, live.tenant_of("101"), "scored", lead, None)
        assert first
        assert first.body
        ledger.append(session, live.tenant_of("101"), [ledger.Entry("scored", lead, first.body)], now)
    ask = PAGED[endpoint]

    def page(caller: Program, **cursor: str) -> TestResponse:
        if ask.body is not None:
            return caller.post(ask.path, ask.body(cursor))
        return caller.get(ask.path.format(id=lead), limit=1, **cursor)

    cursor = told(page(writer))["next_cursor"]
    told(page(writer, cursor=cursor))
    assert problem(page(bob, cursor=cursor), 422, "invalid")["errors"][0]["parameter"] == "cursor"

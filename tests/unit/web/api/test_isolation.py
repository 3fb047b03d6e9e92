"""Another tenant's id answers exactly as one that never was, at every route."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from connector.records import Account, Record
from connector.services.api.keys import Scope
from connector.store import connections, leads, records, tenants
from connector.store.leads import NewLead
from connector.store.tables import records as record_table
from connector.store.tenants import TenantSettings
from connector.web.api.gate import ApiBlueprint
from tests.unit.web.api.program import Program, program, told
from tests.unit.web.site import Site


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


def _outcome(lead: Any) -> dict[str, Any]:
    return {"conversions": [{"id": "a", "lead": lead, "kind": "order", "at": "2026-03-01T11:00:00Z"}]}


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
        lambda lead: {"events": [{"id": "abcdefgh", "type": "event", "name": "x", "lead": lead}]},
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
        assert scored.app.view_functions[endpoint].api_rule.scope in Scope  # type: ignore[attr-defined]


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


@pytest.fixture
def ids(live: Site, writer: Program) -> dict[str, tuple[Any, Any]]:
    """Of each kind an id of the first tenant, and one that never was."""
    person = told(writer.post("/leads/search", {"tier": "High-Intent"}))["leads"][0]
    asked = writer.post("/scores/recomputations", {"leads": [person["lead"]]})
    told(writer.post("/conversions", _outcome(person["lead"])), 202)
    return {
        "lead": (person["lead"], 999_999),
        "email": (person["email"], "nobody@firm1.com"),
        "recomputation": (told(asked, 202)["id"], str(uuid4())),
        "conversion": ("a", "b"),
        "model": (told(writer.get("/models"))["models"][0]["version"], "model_v19990101"),
    }


def shape(answer: TestResponse, *values: Any) -> tuple[int, str, str]:
    """What an answer tells, the ids that were asked for, and those of the request, left out."""
    text = answer.text.replace(answer.headers["X-Request-Id"], "")
    for value in values:
        text = text.replace(str(value), "ID")
    if answer.is_json and isinstance(answer.json, dict) and "id" in answer.json:
        text = text.replace(str(UUID(answer.json["id"])), "")
    return answer.status_code, text, answer.content_type


@pytest.mark.parametrize("endpoint", sorted(name for name, ask in RULES.items() if ask.id))
def test_what_belongs_to_another_tenant_never_was(
    live: Site, writer: Program, bob: Program, ids: dict[str, tuple[Any, Any]], endpoint: str
) -> None:
    """Status, body and kind are the same; hers it is, and it stays."""
    ask = RULES[endpoint]
    hers, nobodys = ids[ask.id or ""]
    foreign, unknown = ask.send(bob, hers), ask.send(bob, nobodys)
    assert shape(foreign, hers, nobodys) == shape(unknown, hers, nobodys)
    assert "lead_score" not in foreign.text
    assert ask.send(writer, hers).status_code < 300


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


def test_a_cursor_opens_nothing_at_another_tenant(writer: Program, bob: Program) -> None:
    """It is signed for the tenant whose list it is of."""
    cursor = told(writer.post("/leads/search", {"limit": 1}))["next_cursor"]
    assert bob.post("/leads/search", {"limit": 1, "cursor": cursor}).status_code == 422

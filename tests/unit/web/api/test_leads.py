"""Leads: searched in pages, one as its records tell, and what would be if."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.app import create_app
from connector.store.tables import leads, records, scores
from tests.unit.web.api.program import Program, problem, told
from tests.unit.web.site import Site, settings
from tests.world import KEY, NEWER_KEY


def test_leads_come_in_pages_the_highest_score_first(scored: Site, reader: Program) -> None:
    """Each once, whatever the size of a page; the cursor belongs to these filters alone."""
    order = sa.select(scores.c.lead_id).order_by(scores.c.score.desc(), scores.c.lead_id).limit(25)
    with scored.world.services.store.reading() as session:
        expected = list(session.execute(order).scalars())
    found: list[int] = []
    cursor = None
    while len(found) < 25:
        page = told(reader.post("/leads/search", {"limit": 10, "cursor": cursor} if cursor else {"limit": 10}))
        found += [row["lead"] for row in page["leads"]]
        cursor = page["next_cursor"]
    assert found[:25] == expected
    problem(reader.post("/leads/search", {"cursor": cursor, "tier": "Low"}), 422, "invalid")
    problem(reader.post("/leads/search", {"cursor": "e30"}), 422, "invalid")


def test_filters_hold_all_together(reader: Program) -> None:
    """A tier within bounds; the last page has no cursor."""
    page = told(reader.post("/leads/search", {"tier": "High-Intent", "min_score": 1, "max_score": 100, "limit": 200}))
    assert page["leads"]
    assert {row["score"]["tier"] for row in page["leads"]} == {"High-Intent"}
    assert page["next_cursor"] is None
    top = page["leads"][0]["score"]["score"]
    above = told(reader.post("/leads/search", {"min_score": top, "limit": 200}))["leads"]
    assert {row["score"]["score"] for row in above} == {top}
    assert told(reader.post("/leads/search", {"scored_since": "2999-01-01T00:00:00Z"}))["leads"] == []
    problem(reader.post("/leads/search", {"scored_since": "2026-01-01T00:00:00"}), 422, "invalid")
    problem(reader.post("/leads/search", {"tier": "Best"}), 422, "invalid")


def test_a_person_is_found_by_address_and_a_company_by_domain(scored: Site, reader: Program) -> None:
    """Scored or not; an address in another spelling is the same; what is none is said to be none."""
    unscored = records.c.lead_id.not_in(sa.select(scores.c.lead_id))
    query = sa.select(records.c.email, records.c.lead_id, records.c.vendor_id, leads.c.company_key)
    with scored.world.services.store.reading() as session:
        row = session.execute(query.join(leads, leads.c.id == records.c.lead_id).where(unscored).limit(1)).one()
    (found,) = told(reader.post("/leads/search", {"email": f" {row.email.upper()} "}))["leads"]
    assert (found["lead"], found["email"], found["score"]) == (row.lead_id, row.email, None)
    assert found["records"] == [{"vendor": "fakecrm", "account": "101", "id": row.vendor_id}]
    assert told(reader.get(f"/leads/fakecrm:{row.vendor_id}")) == found
    colleagues = told(reader.post("/leads/search", {"company": row.company_key, "limit": 200}))["leads"]
    assert row.lead_id in {item["lead"] for item in colleagues}
    assert {item["company_key"] for item in colleagues} == {row.company_key}
    heights = [-1 if item["score"] is None else item["score"]["score"] for item in colleagues]
    assert heights == sorted(heights, reverse=True)
    first = told(reader.post("/leads/search", {"company": row.company_key, "limit": len(colleagues) - 1}))
    rest = told(reader.post("/leads/search", {"company": row.company_key, "cursor": first["next_cursor"]}))
    assert [item["lead"] for item in [*first["leads"], *rest["leads"]]] == [item["lead"] for item in colleagues]
    problem(reader.post("/leads/search", {"email": "nobody"}), 422, "invalid")
    assert told(reader.post("/leads/search", {"email": "nobody@firm1.com"}))["leads"] == []
    problem(reader.get("/leads/999999"), 404, "not-found")


def test_more_clicks_would_raise_a_score(reader: Program) -> None:
    """In this population they do; nothing is stored, and what to doubt is said."""
    lead = told(reader.post("/leads/search", {"tier": "Low", "limit": 1}))["leads"][0]["lead"]
    before = told(reader.get(f"/leads/{lead}/score"))
    clicks = [{"kind": "email_clicked", "days_ago": days} for days in (1, 2, 3, 4, 5)]
    found = told(reader.post(f"/leads/{lead}/what-if", {"events": clicks}))
    assert found["after"]["probability"] > found["before"]["probability"]
    assert found["before"]["score"] == pytest.approx(before["score"], abs=0.11)
    assert found["sentences"]
    assert "not a promise" in found["caveat"]
    assert told(reader.get(f"/leads/{lead}/score")) == before


def test_what_can_not_be_supposed_is_said_in_words(reader: Program) -> None:
    """A field that is not there, one that no model may see, a lead that is not scored, nobody."""
    lead = told(reader.post("/leads/search", {}))["leads"][0]["lead"]
    cases = {"fakecrm.nothing": "There is no field", "fakecrm.email": "kept from every model"}
    for field, reason in cases.items():
        answer = reader.post(f"/leads/{lead}/what-if", {"fields": {field: "x"}})
        assert reason in problem(answer, 409, "conflict")["detail"]
    problem(reader.post("/leads/999999/what-if", {}), 404, "not-found")
    problem(reader.post(f"/leads/{lead}/what-if", {"events": [{"kind": "x"}]}), 422, "invalid")
    problem(reader.post(f"/leads/{lead}/what-if", {"fields": {"a": 1}}), 422, "invalid")


def test_a_cursor_of_an_older_key_goes_on(scored: Site, reader: Program) -> None:
    """A listing that is under way when the operator puts a newer key first is read to its end."""
    first = told(reader.post("/leads/search", {"limit": 10}))
    rest = {"limit": 10, "cursor": first["next_cursor"]}
    expected = told(reader.post("/leads/search", rest))["leads"]
    rotated, dropped = (
        Program(create_app(scored.world.services, replace(settings(), secret_keys=keys)).test_client(), reader.secret)
        for keys in ((NEWER_KEY, KEY), (NEWER_KEY,))
    )
    second = told(rotated.post("/leads/search", rest))
    assert second["leads"] == expected
    problem(dropped.post("/leads/search", rest), 422, "invalid")
    assert told(dropped.post("/leads/search", {"limit": 10, "cursor": second["next_cursor"]}))["leads"]

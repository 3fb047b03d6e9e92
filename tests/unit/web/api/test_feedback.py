"""A thumb by way of the API: kept once, in the key's name, of a lead that has a score."""

from __future__ import annotations

import pytest

from connector.services.api.keys import Scope
from connector.store import feedback
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import Site


def test_a_thumb_is_kept_in_the_keys_name(live: Site, writer: Program) -> None:
    """The same request again is the same thumb."""
    person = told(writer.post("/leads/search", {"limit": 1}))["leads"][0]
    named = f"fakecrm:{person['records'][0]['id']}"
    body = {"thumb": "down", "reason": "not_a_lead", "note": f"is {person['email']}, a test"}
    given = told(writer.post(f"/leads/{named}/feedback", body, Idempotency_Key="a"), 201)
    assert told(writer.post(f"/leads/{named}/feedback", body, Idempotency_Key="a"), 201) == given
    assert given["lead"] == person["lead"]
    tenant = live.tenant_of("101")
    with live.world.services.store.reading(tenant) as session:
        (row,) = feedback.of_tenant(session, tenant)
    assert (row.seq, row.lead_id, row.good, row.reason) == (given["entry"], person["lead"], False, "not_a_lead")
    assert row.author.startswith("API key lsk_")
    assert float(row.score) == person["score"]["score"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"thumb": "up"},
        {"thumb": "sideways", "reason": "fits"},
        {"thumb": "up", "reason": "wrong_data"},
        {"thumb": "up", "reason": "fits", "note": "x" * 301},
        {"thumb": "up", "reason": "fits", "stars": 5},
    ],
)
def test_what_is_no_thumb_is_refused(live: Site, writer: Program, body: dict[str, object]) -> None:
    lead = told(writer.post("/leads/search", {"limit": 1}))["leads"][0]["lead"]
    problem(writer.post(f"/leads/{lead}/feedback", body), 422, "invalid")


def test_who_has_no_score_is_not_rated(live: Site, writer: Program) -> None:
    """A lead that there is not, and one that may not be profiled."""
    body = {"thumb": "up", "reason": "fits"}
    problem(writer.post("/leads/999999/feedback", body), 404, "not-found")
    lead = told(writer.post("/leads/search", {"limit": 1}))["leads"][0]["lead"]
    typed = {"Content-Type": "application/json"}
    assert writer.send("PUT", f"/people/{lead}/profiling", b'{"allowed": false}', typed).status_code == 204
    problem(writer.post(f"/leads/{lead}/feedback", body), 409, "conflict")


def test_it_takes_its_scope(live: Site) -> None:
    caller = program(live, scopes=[Scope.SCORES_WRITE, Scope.LEADS_READ])
    problem(caller.post("/leads/1/feedback", {"thumb": "up", "reason": "fits"}), 403, "scope")

"""People's rights by way of the API: to be forgotten, to see what is held, not to be profiled."""

from __future__ import annotations

from typing import Any

import pytest

from connector.services.api.keys import Scope
from connector.services.privacy import erasing
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import Site


def best(caller: Program) -> dict[str, Any]:
    """The lead with the highest score."""
    found: dict[str, Any] = told(caller.post("/leads/search", {"limit": 1}))["leads"][0]
    return found


def test_a_person_is_forgotten_and_kept_answers_go_with_them(live: Site, writer: Program) -> None:
    """By a record's id; whoever asks again with the same key is told of nobody."""
    person = best(writer)
    named = f"fakecrm:{person['records'][0]['id']}"
    asked = {"leads": [person["lead"]]}
    first = told(writer.post("/scores/recomputations", asked, Idempotency_Key="again"), 202)
    erasure = told(writer.post("/people/erasures", {"lead": named}, Idempotency_Key="once"), 202)["id"]
    assert told(writer.post("/people/erasures", {"lead": named}, Idempotency_Key="once"), 202)["id"] == erasure
    listed = told(writer.get("/people/erasures"))["erasures"]
    assert [(item["id"], item["status"]) for item in listed] == [(erasure, "asked")]
    assert listed[0]["asked_by"].startswith("API key lsk_")
    services = live.world.services
    for work in erasing.due(services):
        assert erasing.carry_out(services, work)
    assert told(writer.get("/people/erasures"))["erasures"][0]["status"] == "done"
    problem(writer.get(f"/leads/{person['lead']}"), 404, "not-found")
    assert told(writer.post("/leads/search", {"email": person["email"]}))["leads"] == []
    problem(writer.post("/people/erasures", {"lead": named}), 404, "not-found")
    assert told(writer.post("/scores/recomputations", asked, Idempotency_Key="again"), 202)["id"] != first["id"]


def test_an_address_is_barred_although_nothing_is_held(live: Site, writer: Program) -> None:
    """Nobody needs to be known to be kept out."""
    assert told(writer.post("/people/erasures", {"email": "new@firm1.com"}), 202)["id"]
    for wrong in ({}, {"email": "no address"}, {"email": "a@firm1.com", "lead": 1}):
        problem(writer.post("/people/erasures", wrong), 422, "invalid")


def test_a_person_sees_what_is_held(live: Site, writer: Program) -> None:
    """Of them alone, and that it was given out is on the record."""
    person = best(writer)
    held = told(writer.get(f"/people/{person['lead']}/held"))
    assert person["email"] in str(held)
    other = told(writer.post("/leads/search", {"limit": 2}))["leads"][1]
    assert other["email"] not in str(held)
    problem(writer.get("/people/999999/held"), 404, "not-found")


def test_a_person_is_not_profiled_and_then_is_again(live: Site, writer: Program) -> None:
    """They have no score meanwhile, and nobody has them scored anew."""
    lead = best(writer)["lead"]
    path = f"/people/{lead}/profiling"
    typed = {"Content-Type": "application/json"}
    assert writer.send("PUT", path, b'{"allowed": false}', typed).status_code == 204
    asked = told(writer.post("/scores/recomputations", {"leads": [lead]}), 202)
    live.world.work()
    assert told(writer.get(f"/scores/recomputations/{asked['id']}"))["scores"] == []
    assert writer.send("PUT", path, b'{"allowed": true}', typed).status_code == 204
    problem(writer.send("PUT", path, b"{}", typed), 422, "invalid")


@pytest.mark.parametrize("path", ["/people/erasures", "/people/1/held"])
def test_rights_need_their_scope(fresh: Site, path: str) -> None:
    """A key that may read all leads may not take out people's data."""
    fresh.signed_in()
    caller = program(fresh, scopes=[Scope.LEADS_READ, Scope.SCORES_READ, Scope.EXPORTS_READ])
    problem(caller.get(path), 403, "scope")

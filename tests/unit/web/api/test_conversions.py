"""Outcomes from a tenant's programs: each once by its id, corrected, listed and taken back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from connector.services import snapshot
from connector.store import tenants
from connector.store.tables import conversions
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import Site


def outcome(number: int, lead: object, **more: Any) -> dict[str, Any]:
    """A won deal called by a number."""
    return {"id": f"shop-{number}", "lead": lead, "kind": "deal_won", "at": "2026-03-01T11:00:00Z", **more}


def test_outcomes_count_once_and_training_sees_them(live: Site, writer: Program) -> None:
    """Sent again with another amount they are corrected; no digit is lost on the way."""
    person = told(writer.post("/leads/search", {}))["leads"][0]
    named = f"fakecrm:{person['records'][0]['id']}"
    for amount in ("12345678901.2345", "99.90"):
        batch = {"conversions": [outcome(1, named, amount=amount, currency="EUR"), outcome(2, person["lead"])]}
        assert told(writer.post("/conversions", batch), 202) == {"accepted": 2, "refused": []}
        with live.world.services.store.reading() as session:
            stored = session.execute(
                sa.select(conversions.c.amount).where(conversions.c.source_id == "shop-1")
            ).scalars()
            assert [format(value.normalize(), "f") for value in stored] == [amount.rstrip("0")]
    services, tenant = live.world.services, live.tenant_of("101")
    with services.store.reading() as session:
        settings = tenants.get(session, tenant).settings
    won = snapshot.history(services, tenant, settings).conversions
    assert person["lead"] in won["lead_id"].to_list()


def test_they_are_listed_in_pages_and_taken_back(writer: Program) -> None:
    """In the order in which they came; another time there is nothing to take back."""
    lead = told(writer.post("/leads/search", {}))["leads"][0]["lead"]
    told(writer.post("/conversions", {"conversions": [outcome(number, lead) for number in range(3)]}), 202)
    first = told(writer.get("/conversions", limit=2))
    last = told(writer.get("/conversions", limit=2, cursor=first["next_cursor"]))
    assert [item["id"] for item in [*first["conversions"], *last["conversions"]]] == ["shop-0", "shop-1", "shop-2"]
    assert (last["next_cursor"], last["conversions"][0]["lead"]) == (None, lead)
    assert writer.delete("/conversions/shop-1").status_code == 204
    problem(writer.delete("/conversions/shop-1"), 404, "not-found")
    assert [item["id"] for item in told(writer.get("/conversions"))["conversions"]] == ["shop-0", "shop-2"]


def test_an_id_belongs_to_one_lead(writer: Program) -> None:
    """Within a batch and beyond: else an outcome would count for two people."""
    one, two = [row["lead"] for row in told(writer.post("/leads/search", {"limit": 2}))["leads"]]
    batch = [outcome(1, one), outcome(1, two), outcome(2, 999_999), outcome(3, one, at="2026-03-01T12:06:00Z")]
    found = told(writer.post("/conversions", {"conversions": batch}), 202)
    assert [item["index"] for item in found["refused"]] == [1, 2, 3]
    assert "another lead" in found["refused"][0]["reason"]
    again = told(writer.post("/conversions", {"conversions": [outcome(1, two)]}), 202)
    assert "another lead" in again["refused"][0]["reason"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "won"},
        {"kind": "stage:"},
        {"at": "2026-03-01T11:00:00"},
        {"amount": "-1"},
        {"amount": "NaN"},
        {"amount": "1e20"},
        {"currency": "eur"},
        {"id": "a b"},
        {"id": "x\n"},
        {"lead": None},
    ],
)
def test_what_is_no_outcome_is_refused(reader: Program, wrong: dict[str, Any]) -> None:
    """With its place."""
    found = problem(reader.post("/conversions", {"conversions": [outcome(1, 1) | wrong]}), 422, "invalid")
    assert found["errors"][0]["pointer"] == f"#/conversions/0/{next(iter(wrong))}"


def test_ids_of_two_tenants_do_not_meet(live: Site, writer: Program) -> None:
    """The same id is another outcome at another tenant, who sees and takes back only its own."""
    lead = told(writer.post("/leads/search", {}))["leads"][0]["lead"]
    told(writer.post("/conversions", {"conversions": [outcome(1, lead)]}), 202)
    live.signed_in("code-2")
    bob = program(live, "202")
    assert told(bob.get("/conversions"))["conversions"] == []
    problem(bob.delete("/conversions/shop-1"), 404, "not-found")
    assert len(told(writer.get("/conversions"))["conversions"]) == 1

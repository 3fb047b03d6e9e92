"""Events from a tenant's programs: of a lead or an address, each once, and their people scored anew."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from connector.store import scores
from connector.store.tables import records, sites, tracked_events, visitors
from tests.unit.web.api.program import Program, problem, told
from tests.unit.web.site import Site


def event(number: int, **more: Any) -> dict[str, Any]:
    """An event called by a number."""
    return {"id": f"order-{number:04}", "type": "event", "name": "Plan upgraded", **more}


def kept(site: Site) -> list[tuple[str, str]]:
    """(event, person) of what was kept."""
    query = sa.select(tracked_events.c.event_id, visitors.c.person_key)
    joined = query.join(visitors, visitors.c.id == tracked_events.c.visitor_id).order_by(tracked_events.c.event_id)
    with site.world.services.store.reading() as session:
        return [(row.event_id, row.person_key) for row in session.execute(joined)]


def test_events_of_leads_count_once_and_their_people_are_scored_anew(live: Site, writer: Program) -> None:
    """By our id, by a record's and by address it is the same person; sent again they change nothing."""
    person = told(writer.post("/leads/search", {}))["leads"][0]
    names = ({"lead": person["lead"]}, {"lead": f"fakecrm:{person['records'][0]['id']}"}, {"email": person["email"]})
    batch = {"events": [event(number, **name) for number, name in enumerate(names)]}
    live.world.clock.sleep(60)
    for _ in range(2):
        assert told(writer.post("/events", batch), 202) == {"accepted": 3, "refused": []}
    assert kept(live) == [(f"order-{number:04}", f"email:{person['email']}") for number in range(3)]
    live.world.work()
    with live.world.services.store.reading() as session:
        row = scores.of_lead(session, live.tenant_of("101"), person["lead"])
        site = session.execute(sa.select(sites)).one()
    assert row
    assert row.scored_at == live.world.clock.now()
    assert (site.name, site.origins) == ("REST API", [])


def test_one_bad_event_leaves_its_neighbours_alone(live: Site, writer: Program) -> None:
    """Each refusal names its place in the request, whoever found the fault."""
    lead = told(writer.post("/leads/search", {}))["leads"][0]["lead"]
    with live.world.services.store.transaction() as session:
        nameless = session.execute(sa.select(records.c.lead_id).where(records.c.lead_id != lead).limit(1)).scalar_one()
        session.execute(sa.update(records).where(records.c.lead_id == nameless).values(email=None))
    batch = [
        event(0, lead=999_999),
        event(1, lead=lead),
        "nothing",
        event(3, lead=lead, email="a@firm1.com"),
        event(4),
        event(5, lead=[1]),
        event(6, lead=nameless),
        {"id": "x", "type": "event", "name": "x", "lead": lead},
        event(8, lead="fakecrm:nobody"),
        event(9, lead=lead, at="2027-01-01T00:00:00Z"),
        event(10, lead=lead, at=2**70),
    ]
    found = told(writer.post("/events", {"events": batch}), 202)
    assert found["accepted"] == 1
    assert [item["index"] for item in found["refused"]] == [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    reasons = {item["index"]: item["reason"] for item in found["refused"]}
    assert reasons[0] == reasons[8] == "There is no such lead."
    assert "not both" in reasons[3]
    assert "no e-mail address" in reasons[6]
    assert "five minutes ahead" in reasons[9]
    assert "64 bits" in reasons[10]
    assert len(kept(live)) == 1


def test_a_batch_has_an_end(writer: Program) -> None:
    """One to 500 events, in a list."""
    for events in ([], [event(0)] * 501, {}, None):
        problem(writer.post("/events", {"events": events}), 422, "invalid")

"""How fast the real-time lane was, on the page of a lead and on that of an account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.services.reports.speed import account_speed
from connector.store import connections, lanes, records, traces
from connector.store.lanes import Kind
from connector.store.tables import lanes as lane_table
from connector.store.tables import scores as score_table
from connector.store.tables import traces as trace_table
from tests.unit.web.site import Browser, Site

POINTS = ("happened_at", "received_at", "claimed_at", "fetched_at", "scored_at", "queued_at", "delivered_at")


@pytest.fixture
def traced(scored: Site) -> Iterator[tuple[UUID, int]]:
    """An account, and a lead of it, whose value took 0.1, 0.2 … seconds a stretch; others took ten times that."""
    now, store = scored.world.clock.now(), scored.world.services.store
    with store.transaction() as session:
        owner = connections.find_by_account(session, "fakecrm", "101")
        assert owner
        leads = (
            session.execute(sa.select(score_table.c.lead_id).order_by(score_table.c.lead_id).limit(4)).scalars().all()
        )
        found = {row.lead_id: row.id for row in records.of_lead(session, owner.tenant_id, leads)}
        for place, (lead, record) in enumerate(found.items()):
            ends = [sum(range(step + 1)) * (0.1 if place == 0 else 1.0) for step in range(len(POINTS))]
            times = {name: now + timedelta(seconds=end) for name, end in zip(POINTS, ends, strict=True)}
            row = {"tenant_id": owner.tenant_id, "connection_id": owner.id, "lead_id": lead, "record_id": record}
            traces.add(session, [{**row, "ended": "delivered", **times}])
        piece = lanes.ask(session, owner.tenant_id, owner.id, Kind.READ, now)
        assert piece
        busy = lane_table.update().where(lane_table.c.id == piece)
        session.execute(busy.values(message="The CRM's request limit is used up for now."))
    yield owner.id, next(iter(found))
    with store.transaction() as session:
        session.execute(sa.delete(trace_table))
        session.execute(sa.delete(lane_table))


def test_the_page_of_a_lead_tells_how_fast_it_was(alice: Browser, traced: tuple[UUID, int]) -> None:
    """Stretch by stretch, and all together."""
    page = alice.get(f"/leads/{traced[1]}").text
    assert "How fast" in page
    assert "The new value was in the CRM 2.1 s after what happened" in page
    assert [f"{tenth}00 ms" in page for tenth in range(1, 7)] == [True] * 6


def test_the_page_of_an_account_tells_what_most_leads_took_and_what_waits(
    scored: Site, alice: Browser, traced: tuple[UUID, int]
) -> None:
    """Half, 95 and 99 of a hundred; the sentence of work that was put back."""
    page = alice.get(f"/connections/{traced[0]}").text
    assert "The CRM&#39;s request limit is used up for now. The next try is due" in page
    with scored.world.services.store.reading() as session:
        speed = account_speed(session, traced[0])
    assert speed.leads == 4
    assert [round(item.p99, 3) for item in speed.stretches] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 20.0]
    assert "99 % within" in page

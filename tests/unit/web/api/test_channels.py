"""Channels for programs: empty before the first figures, and to the cent afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from connector.services.kpis import making
from connector.store import spend
from connector.store.spend import Spent
from tests.services.kpis.history import DAY, History
from tests.unit.web.api.program import program, told
from tests.unit.web.site import Site

JULY = datetime(2025, 7, 3, tzinfo=UTC)


def test_channels_are_given_with_amounts_as_text(live: Site) -> None:
    caller = program(live)
    empty = told(caller.get("/channels"))
    assert empty["made_at"] is None
    assert empty["channels"] == []
    connection = live.connection("101")
    made = History(live.world.services, live.world.clock, connection.tenant_id, connection.id)
    leads = [made.lead(JULY, "ad") for _ in range(40)]
    for lead in leads[:10]:
        made.win(lead, JULY + DAY, "10.10")
    with live.world.services.store.transaction(connection.tenant_id) as session:
        spend.put(session, connection.tenant_id, [Spent("2025-07", "Fair", "EUR", Decimal("0.10"))], JULY)
    report = making.make(live.world.services, connection.tenant_id)
    listed = told(caller.get("/channels"))
    assert listed["last_month"] == "2025-11"
    rows = {row["name"]: row for row in listed["channels"]}
    assert len(rows) == len(report.channels.rows)
    assert rows["(no source)"]["brought"] == [{"currency": "EUR", "amount": "101.00"}]
    (cost,) = rows["Fair"]["costs"]
    assert (cost["spent"], cost["per_lead"], cost["months"]) == ("0.10", None, 1)
    assert rows["Fair"]["rate"] is None

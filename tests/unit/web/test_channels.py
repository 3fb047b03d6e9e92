"""The page Channels: empty, filled, and as a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connector.services.kpis import making
from tests.services.kpis.history import DAY, History
from tests.unit.web.site import Site

JULY = datetime(2025, 7, 3, tzinfo=UTC)


def test_channels_are_shown_with_their_intervals_and_given_as_a_file(fresh: Site) -> None:
    browser = fresh.signed_in()
    assert "No figures yet" in browser.get("/channels").text
    connection = fresh.connection("101")
    made = History(fresh.world.services, fresh.world.clock, connection.tenant_id, connection.id)
    making.make(made.services, made.tenant_id)
    assert "No month is over yet" in browser.get("/channels").text
    leads = [made.lead(JULY) for _ in range(40)]
    for lead in leads[:10]:
        made.win(lead, JULY + DAY, "10.00")
    fresh.world.clock.at += timedelta(minutes=1)
    making.make(made.services, made.tenant_id)
    page = browser.get("/channels").text
    assert "(no source)" in page
    assert "100.00 EUR" in page
    assert "No spend was entered for these months" in page
    assert "Leads that converted (%)" in page
    answer = browser.get("/channels.csv")
    assert answer.mimetype == "text/csv"
    assert "(no source),2025-07,2025-11,40,10,0.25" in answer.text

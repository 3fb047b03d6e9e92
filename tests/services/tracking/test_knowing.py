"""What leaves the store for the models: tracked events beside a CRM's, none before it could be known."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import sqlalchemy as sa

from connector.records import Actor, EngagementEvent, EventKind
from connector.store import events
from connector.store.frames import event_frame
from connector.store.tables import visitors
from scoring.features import build, fit
from scoring.population import numbered
from scoring.schema import LEADS, UTC_TIME, Timing
from scoring.timeline import Timeline
from tests.services.tracking.visits import Visits
from tests.unit.scoring.worlds import frame, history
from tests.world import NOW

DAY = timedelta(days=1)


def test_features_see_tracked_events_as_they_see_a_crms(made: Visits) -> None:
    """The same acts, once told by the CRM and once by the site, make the same vectors, bit for bit."""
    people = [f"p{number}@firm{number % 3}.com" for number in range(6)]
    for number, email in enumerate(people):
        made.read(number, email)
    acts = [(number, day) for number in range(6) for day in range(1, 25) if (number * 7 + day) % (number + 2) == 0]
    for place, (number, day) in enumerate(acts):
        made.world.clock.at = NOW + day * DAY
        made.send_from_server({"id": f"act-{place:05}", "type": "page", "path": f"/{day % 4}", "email": people[number]})
    seen = event_frame(made.world.services.store, made.tenant_id)
    with made.world.services.store.transaction() as session:
        events.save_events(
            session,
            made.tenant_id,
            made.crm_id,
            [
                EngagementEvent(
                    "site",
                    str(place),
                    EventKind.PAGE_VIEW,
                    NOW + day * DAY,
                    Actor.LEAD,
                    str(number),
                    None,
                    f"/{day % 4}",
                )
                for place, (number, day) in enumerate(acts)
            ],
        )
        session.execute(sa.delete(visitors).where(visitors.c.tenant_id == made.tenant_id))
    told = event_frame(made.world.services.store, made.tenant_id)
    assert "known_at" in seen.columns
    assert "known_at" not in told.columns
    assert len(acts) == seen.height == told.height
    ids = sorted(told["lead_id"].unique())
    leads = frame(
        {
            "lead_id": ids,
            "created_at": [NOW] * len(ids),
            "intake_order": [None] * len(ids),
            "company_key": ["a"] * len(ids),
            "email_kind": ["free"] * len(ids),
        },
        LEADS,
    )
    spots = [(lead, NOW + timedelta(days=day, hours=1)) for day in (5, 15, 26) for lead in ids]
    rows = numbered(pl.DataFrame(spots, schema={"lead_id": pl.Int64, "as_of": UTC_TIME}, orient="row"))
    made_of = []
    for acted in (seen, told):
        timeline = Timeline(history(leads, events=acted))
        spec, _ = fit(timeline, rows, Timing.DATED)
        made_of.append(build(timeline, rows, spec).matrix.tobytes())
    assert made_of[0] == made_of[1]

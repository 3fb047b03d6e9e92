"""The page Feedback, and the part of a lead's page where people say what they think of its score."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.records import Role
from connector.services.reports.feedback import feedback_report, last_words
from connector.store import feedback, lead_list, scores
from connector.store.lead_list import Wanted
from connector.store.tables import conversions, exclusions, records
from tests.unit.web.site import PUBLIC_URL, Browser, Site


@pytest.fixture
def tenant(live: Site) -> UUID:
    """The tenant of the copy."""
    return live.tenant_of("101")


@pytest.fixture
def rita(live: Site, tenant: UUID) -> Browser:
    """Who only looks at leads, and may say what she thinks."""
    return live.as_a(Role.VIEWER, tenant, "Rita")


@pytest.fixture
def adam(live: Site, tenant: UUID) -> Browser:
    """Who also decides what the CRM is told."""
    return live.as_a(Role.ADMIN, tenant, "Adam")


def best(live: Site, tenant: UUID) -> int:
    """The lead with the best score."""
    with live.world.services.store.reading(tenant) as session:
        return int(lead_list.page(session, tenant, Wanted(), None, 1)[0][0].lead_id)


def test_a_viewer_says_what_she_thinks_and_everybody_sees_it(live: Site, rita: Browser, tenant: UUID) -> None:
    """On the lead's page, in its record, and counted on the page Feedback; she can't set or exclude anything."""
    lead = best(live, tenant)
    page = f"/leads/{lead}"
    assert "Nobody has said anything yet" in rita.get("/feedback").text
    rita.press(page, f"{page}/feedback", reason="down:bad_time", note="Ring in May, not 555 1234")
    text = rita.get(page).text
    assert "Thumb down on" in text
    assert "Not now, perhaps later – Ring in May, not" in text
    assert "555" not in text
    assert "Rita" in text
    assert "/override" not in text
    assert "/exclude" not in text
    told = rita.get("/feedback").text
    assert "Thumbs up by the tier of the score" in told
    assert "Thumbs up by week" in told
    assert "Not now, perhaps later" in told
    rita.press(page, f"{page}/feedback", reason="sideways")
    assert "Choose a reason" in rita.get(page).text


def test_an_admin_sets_a_score_and_releases_it(live: Site, rita: Browser, adam: Browser, tenant: UUID) -> None:
    """Both pages say who did so and what the model says."""
    lead = best(live, tenant)
    page = f"/leads/{lead}"
    adam.press(page, f"{page}/override", tier="Low", score="12.5", reason="timing", note="Next year")
    text = rita.get(page).text
    assert "the CRM shows" in text
    assert "12.5" in text
    assert "told as 12.5 (Low), set by hand" in text
    assert "/release" not in text
    assert "set by hand: Low, 12.5" in rita.get("/leads").text
    told = rita.get("/feedback").text
    assert "Adam" in told
    assert "Next year" in told
    adam.press(page, f"{page}/override", tier="Low", score="999", reason="timing")
    assert "from 0 to 100" in adam.get(page).text
    adam.press(page, f"{page}/release")
    assert "Released" in adam.get(page).text
    assert "set by hand: Low" not in rita.get("/leads").text
    assert "No score is set by hand" in adam.get("/feedback").text


def test_an_admin_leaves_people_out(live: Site, adam: Browser, tenant: UUID) -> None:
    """One by one, by a domain, and from a file; each is taken back by a button."""
    lead = best(live, tenant)
    page = f"/leads/{lead}"
    adam.press(page, f"{page}/exclude", reason="partner")
    text = adam.get(page).text
    assert "Left out of scoring" in text
    assert "a partner or supplier" in text
    assert "Adam" in text
    assert "Your team left this lead out of scoring" in text
    adam.press("/feedback", "/feedback/exclusions", kind="domain", value="gmail.com", reason="competitor")
    assert "Mailbox providers" in adam.get("/feedback").text
    adam.press("/feedback", "/feedback/exclusions", kind="company", value="Firm7.com", reason="competitor")
    told = adam.get("/feedback").text
    assert "firm7.com" in told
    assert "Everybody of this company" in told
    adam.press("/feedback", "/feedback/exclusions/values", values="keep")
    assert 'value="keep" checked' in adam.get("/feedback").text
    data = {"csrf_token": "", "file": (io.BytesIO(b"kind,value,reason\ndomain,firm9.com,other\nx,y,z\n"), "x.csv")}
    live.app.config["WTF_CSRF_ENABLED"] = False
    adam.client.post("/feedback/exclusions/file", data=data, base_url=PUBLIC_URL)
    assert "1 line taken. 1 not taken. Line 3: the kind must be one of" in adam.get("/feedback").text
    with live.world.services.store.reading(tenant) as session:
        ids = session.execute(sa.select(exclusions.c.id)).scalars().all()
    assert len(ids) == 3
    for one in ids:
        adam.press("/feedback", f"/feedback/exclusions/{one}/end")
    assert "Nobody is left out" in adam.get("/feedback").text


def test_thumbs_are_held_against_what_came(live: Site, tenant: UUID) -> None:
    """By the chances of the very scores that were rated; the last word of a person on a score counts."""
    services, now = live.world.services, live.world.clock.now()
    with services.store.transaction(tenant) as session:
        rows = scores.of_leads(session, tenant, sorted(scores.tiers(session, tenant)))[:60]
        for number, row in enumerate(rows):
            told = {"tenant_id": tenant, "seq": 10_000 + number, "lead_id": row.lead_id, "at": now, "author": "Rita"}
            told |= {"good": number % 2 == 0, "reason": "fits", "scored_seq": 1, "model": "m", "tier": row.tier}
            feedback.add(session, told | {"score": row.score, "probability": Decimal("0.5")})
        feedback.add(session, {**told, "seq": 20_000, "good": True, "score": row.score, "probability": Decimal("0.5")})
        query = sa.select(records.c.id, records.c.connection_id).where(
            records.c.lead_id.in_([row.lead_id for number, row in enumerate(rows[:58]) if number % 2])
        )
        for number, record in enumerate(session.execute(query).all()):
            won = {"tenant_id": tenant, "connection_id": record.connection_id, "record_id": record.id}
            won |= {"source": "t", "source_id": str(number), "kind": "deal_won", "at": now + timedelta(days=3)}
            session.execute(sa.insert(conversions), won)
    assert feedback_report(services, tenant).agreement == []
    live.world.clock.sleep(86_400 * 91)
    report = feedback_report(services, tenant)
    up, down = report.agreement
    assert (up.leads, up.won, up.expected) == (31, 0, 15.5)
    assert up.low <= 15.5 <= up.high
    assert up.verdict == "Fewer than expected."
    assert (down.leads, down.won) == (29, 29)
    assert down.verdict == "More than expected."
    assert sum(one.thumbs for one in report.tiers) == 60
    assert all(one.low <= one.share <= one.high for one in report.tiers)
    assert report.weeks == []
    browser = live.as_a(Role.VIEWER, tenant, "Vera")
    assert "19 of 20 between" in browser.get("/feedback").text


def test_the_last_word_of_each_person_on_each_score_counts() -> None:
    class Row:
        def __init__(self, *parts: object) -> None:
            self.lead_id, self.author, self.scored_seq, self.good = parts

    rows = [Row(1, "a", 5, True), Row(1, "b", 5, True), Row(1, "a", 5, False), Row(1, "a", 6, True)]
    found = last_words(rows)  # type: ignore[arg-type]
    assert [(row.author, row.scored_seq, row.good) for row in found] == [
        ("a", 5, False),
        ("b", 5, True),
        ("a", 6, True),
    ]

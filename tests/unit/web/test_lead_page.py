"""What a lead's page tells beside its score: how that went, who told what happened, what if, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.records import Role
from connector.services.privacy import erasing
from connector.services.reports.ended import ended_lead
from connector.services.reports.lead_list import lead_page
from connector.store import erasures, ledger, successions
from connector.store.successions import Left
from connector.store.tables import leads, ledger_payloads, records, scores
from scoring.figures.course import course
from tests.unit.web.site import Site
from tests.world import NOW


def _tenant(site: Site) -> UUID:
    return site.tenant_of("101")


def _leads(site: Site) -> list[int]:
    return [row.lead_id for row in lead_page(site.world.services, _tenant(site)).rows]


def _score_again(site: Site, lead: int, score: str, tier: str) -> None:
    site.world.clock.sleep(3_600)
    body = {"score": score, "tier": tier, "model": "m", "requester": "refresh", "inputs_hash": "x"}
    with site.world.services.store.transaction() as session:
        ledger.append(session, _tenant(site), [ledger.Entry("scored", lead, body)], site.world.clock.now())


def test_how_a_score_went_is_drawn_from_the_ledger(live: Site) -> None:
    """Nothing of one score; then each with its tier, without those that were erased."""
    viewer, lead = live.as_a(Role.VIEWER, _tenant(live)), _leads(live)[4]
    assert "The score over time" not in viewer.get(f"/leads/{lead}").text
    _score_again(live, lead, "12.5", "Low")
    _score_again(live, lead, "44.0", "Medium")
    text = viewer.get(f"/leads/{lead}").text
    assert "The score over time" in text
    assert "to 44.0 (Medium) in 3 scorings" in text
    assert "UTC: 12.5, Low" in text
    with live.world.services.store.transaction() as session:
        newest = sa.select(sa.func.max(ledger_payloads.c.seq)).scalar_subquery()
        session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == newest))
    assert "to 12.5 (Low) in 2 scorings" in viewer.get(f"/leads/{lead}").text


def test_a_course_of_hours_and_of_years_has_days_under_it() -> None:
    """The axes name quantity and unit; names of tiers are told, not only coloured."""
    for hours in (1, 24 * 900):
        drawn = course([(NOW, 10.0, "Low"), (NOW + timedelta(hours=hours), 99.9, "High-Intent")])
        assert drawn
        for part in ("Day (UTC)", "Score (0–100)", ">Low<", ">High-Intent<", "From 10.0 (Low) to 99.9 (High-Intent)"):
            assert part in drawn.svg
    assert course([(NOW, 10.0, "Low")]) is None


def test_the_timeline_names_who_told_it(scored: Site) -> None:
    """Each event with the CRM that it comes from."""
    text = scored.as_a(Role.VIEWER, _tenant(scored)).get(f"/leads/{_leads(scored)[0]}").text
    label = scored.world.services.apps["fakecrm"].capabilities.label
    assert f"told by {label}" in text


def test_what_if_on_the_page(live: Site) -> None:
    """Both scores with what to doubt; what can't be supposed is said in words, and the form keeps what was typed."""
    viewer, lead = live.as_a(Role.VIEWER, _tenant(live)), _leads(live)[9]
    page = f"/leads/{lead}/what-if"
    text = viewer.press(page, page, kind="meeting", days_ago="3").text
    assert "As it would be" in text
    assert 'value="3"' in text
    with live.world.services.store.reading() as session:
        held = session.execute(sa.select(scores.c.score).where(scores.c.lead_id == lead)).scalar_one()
    assert f"{held:.1f}" in text
    assert "Choose fields of the list" in viewer.press(page, page, field0="fakecrm.nothing").text
    assert "a number of days" in viewer.press(page, page, kind="meeting", days_ago="-1").text
    assert viewer.get("/leads/987654/what-if").status_code == 404


@pytest.fixture
def heir(live: Site) -> tuple[int, int]:
    """A lead that joined another one, and that one."""
    gone, heir = _leads(live)[:2]
    with live.world.services.store.transaction() as session:
        mine = session.execute(sa.select(records.c.id).where(records.c.lead_id == gone)).scalars().all()
        session.execute(sa.update(records).where(records.c.id.in_(mine)).values(lead_id=heir))
        session.execute(sa.delete(leads).where(leads.c.id == gone))
        successions.note(session, _tenant(live), [Left(gone, record) for record in mine], NOW)
    return gone, heir


def test_a_lead_that_joined_another_leads_there(live: Site, heir: tuple[int, int]) -> None:
    """With the day, and without a word about the person."""
    gone, other = heir
    answer = live.as_a(Role.VIEWER, _tenant(live)).get(f"/leads/{gone}")
    assert answer.status_code == 410
    assert f'href="/leads/{other}"' in answer.text
    assert "the same person" in answer.text


def test_a_lead_whose_records_left_the_crm_says_when(live: Site) -> None:
    """Archived and deleted there."""
    gone = _leads(live)[0]
    with live.world.services.store.transaction() as session:
        where = records.c.lead_id == gone
        (email,) = session.execute(sa.select(records.c.email).where(where)).scalars()
        session.execute(sa.update(records).where(where).values(removed_at=NOW))
    answer = live.as_a(Role.VIEWER, _tenant(live)).get(f"/leads/{gone}")
    assert answer.status_code == 410
    assert f"left the CRM on {NOW:%-d %b %Y}" in answer.text
    assert email not in answer.text


def test_a_forgotten_person_leaves_a_sentence(live: Site) -> None:
    """The number is still explained; one that never was is no page."""
    services, gone = live.world.services, _leads(live)[0]
    erasure = erasing.ask_for_lead(services, _tenant(live), gone, "Ana")
    assert erasure
    assert erasing.carry_out(services, erasure)
    with services.store.reading() as session:
        assert erasures.of_tenant(session, _tenant(live), 1)
    answer = live.as_a(Role.VIEWER, _tenant(live)).get(f"/leads/{gone}")
    assert answer.status_code == 410
    assert "The person was forgotten" in answer.text
    assert ended_lead(services, _tenant(live), 987_654) is None

"""The page Drift: words for every state, an alarm that can be accepted, and the choice of a training."""

from __future__ import annotations

from uuid import UUID

import pytest

from connector.records import Role
from connector.store import drifting
from connector.store.drifting import ARRIVALS, NewAlarm
from tests.unit.web.site import Site

FINDING = {"label": "Company size", "index": 0.02, "chance": 0.4, "certain": False, "share": None}
SUMMARY = {
    "judged": 204,
    "since": "2026-02-27T10:00:00+00:00",
    "at": "2026-03-01T03:00:00+00:00",
    "learned_from": 20_000,
    "seasonal": True,
    "expected": {"auc": 0.741, "precision": 0.31, "rate": 0.09, "auc_spread": 0.01},
    "usual": {"auc": 0.768, "precision": None, "rate": 0.1, "auc_spread": 0.001},
    "cohort": {
        "first": "2025-10-01T00:00:00+00:00",
        "last": "2025-12-01T00:00:00+00:00",
        "leads": 4_000,
        "conversions": 388,
        "drift": {"rate": 0.092, "stated": 0.097, "reasons": []},
    },
}
ALARM = NewAlarm("crm.<b>", "missing:crm.<b>", "<b>", "Missing “<b>” rose from 3 % to 41 %.", "Check the form.")


def look(site: Site, tenant_id: UUID, *, alarm: bool = False, **summary: object) -> None:
    """Keep a look of two days."""
    with site.world.services.store.transaction(tenant_id) as session:
        now = site.world.clock.now()
        for day in (1, 2):
            found = {ARRIVALS: SUMMARY | summary, "shape:field.crm.size": FINDING}
            drifting.keep_findings(session, tenant_id, now.replace(month=2, day=day), found)
        if alarm:
            drifting.open_new(session, tenant_id, "model_v20260201", [ALARM], now)


@pytest.fixture
def tenant_id(fresh: Site) -> UUID:
    """Somebody who has installed an account."""
    fresh.signed_in()
    return fresh.tenant_of("101")


def test_before_there_is_anything_to_compare_the_page_says_so(fresh: Site, tenant_id: UUID) -> None:
    """No model, nobody of before, nobody now."""
    browser = fresh.as_a(Role.VIEWER, tenant_id)
    assert "There is no model yet" in browser.get("/drift").text


def test_a_calm_look_is_told_in_words_with_a_line_over_time(fresh: Site, tenant_id: UUID) -> None:
    """What moved most, what is expected, what came true with its lag."""
    look(fresh, tenant_id)
    with fresh.world.services.store.transaction(tenant_id) as session:
        drifting.open_new(session, tenant_id, "m", [ALARM], fresh.world.clock.now())
        drifting.close(session, tenant_id, ["crm.<b>"], fresh.world.clock.now())
    page = fresh.as_a(Role.VIEWER, tenant_id).get("/drift").text
    assert "204 people" in page
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="figure"' in page
    assert "0.741" in page
    assert "whose 90 days are over" in page
    assert "9.2 % converted where 9.7 % were foretold" in page
    assert "When an alarm opens" not in page


def test_an_alarm_is_shown_escaped_and_silent_once_it_is_accepted(fresh: Site, tenant_id: UUID) -> None:
    """An analyst may say so, a viewer may not; it stays on the page, and in the ledger."""
    look(fresh, tenant_id, alarm=True)
    analyst = fresh.as_a(Role.ANALYST, tenant_id)
    page = analyst.get("/drift").text
    assert "One thing has changed" in page
    assert "<b>" not in page
    assert "Missing “&lt;b&gt;” rose" in page
    assert "/drift/1/accept" not in fresh.as_a(Role.VIEWER, tenant_id, "Bo").get("/drift").text
    assert analyst.press("/drift", "/drift/1/accept").status_code == 302
    after = analyst.get("/drift").text
    assert "One thing has changed" not in after
    assert "Meant to be so" in after


def test_the_choice_of_a_training_is_kept(fresh: Site, tenant_id: UUID) -> None:
    """And can be taken back."""
    analyst = fresh.as_a(Role.ANALYST, tenant_id)
    assert "Trainings keep to their days" in analyst.get("/drift").text
    analyst.press("/drift", "/drift/settings")
    assert "An alarm brings the next training forward" in analyst.get("/drift").text
    analyst.press("/drift", "/drift/settings")
    assert "Trainings keep to their days" in analyst.get("/drift").text

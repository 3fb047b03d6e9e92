"""The page Capacity: asked without a model, with one, and set."""

from __future__ import annotations

from connector.records import Role
from tests.services.kpis.history import History
from tests.services.test_capacity import fill
from tests.unit.web.site import Browser, Site


def test_before_the_first_scores_there_is_no_plan(fresh: Site) -> None:
    browser = fresh.signed_in()
    assert "No plan yet" in browser.get("/capacity").text


def test_the_plan_of_a_team_is_told_with_what_it_rests_on(scored: Site, alice: Browser) -> None:
    """A plain GET asks; a wrong number is named and the team of the settings shown."""
    page = alice.get("/capacity?per_rep=10&reps=2").text
    assert "High-Intent from a score of" in page
    assert "would leave the High-Intent band" in page
    assert "Threshold (score, 0–100)" in page
    assert "Have the band hold 20 leads" in page
    assert "must be a whole number from 1 to" in alice.get("/capacity?per_rep=x&reps=2").text


def test_a_choice_is_set_and_told(fresh: Site) -> None:
    """What can't be meant is refused, and what was set is not offered again."""
    browser = fresh.signed_in()
    connection = fresh.connection("101")
    fill(History(fresh.world.services, fresh.world.clock, connection.tenant_id, connection.id))
    browser.press("/capacity?per_rep=5&reps=3", "/capacity/set", reps="0")
    assert "The number of people must be a whole number" in browser.get("/capacity?per_rep=5&reps=3").text
    browser.press("/capacity?per_rep=5&reps=3", "/capacity/set")
    page = browser.get("/capacity").text
    assert "Set. The next model" in page
    assert "That is how it is set. The band follows with each new model." in page
    assert "High-Intent from a score of 85.0 on" in page


def test_a_viewer_sees_the_plan_and_sets_nothing(scored: Site) -> None:
    viewer = scored.as_a(Role.VIEWER, scored.tenant_of("101"))
    page = viewer.get("/capacity?per_rep=10&reps=2").text
    assert "would leave the High-Intent band" in page
    assert "Have the band hold" not in page

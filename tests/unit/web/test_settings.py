"""The page Settings: what it shows, who set it, and its forms."""

from __future__ import annotations

from uuid import UUID

import pytest

from connector.errors import RejectedInput
from connector.records import Role
from connector.services import acts, choosing
from connector.services.champions import setting
from connector.services.champions.setting import Cadence
from connector.services.objectives import contract, signing
from connector.services.reports.settings import settings_page
from connector.store import connections, objectives, publications, tenants
from connector.store.tenants import TenantSettings
from tests.unit.web.site import Browser, Site


def _settings(site: Site, tenant: UUID) -> TenantSettings:
    with site.world.services.store.reading(tenant) as session:
        return tenants.get(session, tenant).settings


@pytest.fixture
def tenant(fresh: Site) -> UUID:
    """A tenant that has just come."""
    fresh.signed_in()
    return fresh.tenant_of("101")


@pytest.fixture
def boss(fresh: Site, tenant: UUID) -> Browser:
    """Its owner."""
    return fresh.as_a(Role.OWNER, tenant, "Olga")


def test_every_role_sees_what_is_set_and_only_the_forms_that_it_may_use(fresh: Site, tenant: UUID) -> None:
    """A viewer reads all of it; an admin changes it; only an owner shares with others."""
    shown = {role: fresh.as_a(role, tenant, role).get("/settings").text for role in Role}
    for text in shown.values():
        for label in ("Retraining", "Writes a night", "Region", "Scale", "0–100", "every week"):
            assert label in text
    assert {role: text.count("<form method=") for role, text in shown.items()}[Role.VIEWER] == 1
    assert 'action="/settings/model"' in shown[Role.ADMIN]
    assert 'action="/settings/pooling"' not in shown[Role.ADMIN]
    assert 'action="/settings/pooling"' in shown[Role.OWNER]


def test_who_set_something_is_told_with_it(fresh: Site, tenant: UUID) -> None:
    """The newest change of each setting, of those that have forms elsewhere too; what an account was given is none."""
    with acts.asked_by("Ada (user 7)"):
        setting.choose(fresh.world.services, tenant, Cadence(30, 0.2, 0.25, 0, 0.1))
    fresh.world.clock.sleep(60)
    with acts.asked_by("Bob (user 8)"):
        setting.choose(fresh.world.services, tenant, Cadence(1, 0.2, 0.25, 0, 0.1))
        with fresh.world.services.store.transaction(tenant) as session:
            acts.record(fresh.world.services, session, tenant, "approve publication", first_records=5)
    page = settings_page(fresh.world.services, tenant)
    lines = {line.label: line for group in page.groups.values() for line in group}
    assert lines["Retraining"].value == "every night"
    assert lines["Retraining"].changed == page.changes["retrain_days"]
    assert page.changes["retrain_days"].by == "Bob (user 8)"
    assert lines["First records"].changed is None
    assert "by Bob" in fresh.as_a(Role.VIEWER, tenant).get("/settings").text


def test_the_forms_set_what_they_say(fresh: Site, tenant: UUID, boss: Browser) -> None:
    """Each is saved and on the record; saying the same again changes nothing."""
    typed = {"high_intent": "probability", "high_intent_probability": "40", "high_intent_share": "10"}
    typed |= {"capacity": "100", "complexity": "full", "most_facts": "12"}
    boss.press("/settings", "/settings/model", **typed)
    boss.press("/settings", "/settings/step", minimum_step="2.5")
    boss.press("/settings", "/settings/learning", seller_activity="on")
    boss.press("/settings", "/settings/pooling")
    held = _settings(fresh, tenant)
    assert (held.high_intent, held.high_intent_probability, held.complexity) == ("probability", 0.4, "full")
    assert (held.most_facts, held.minimum_step, held.seller_activity, held.pooling) == (12, 2.5, True, True)
    changes = settings_page(fresh.world.services, tenant).changes
    for name in ("high_intent", "complexity", "most_facts", "minimum_step", "seller_activity", "pooling"):
        assert changes[name].by.startswith("Olga")
    assert not choosing.choose_step(fresh.world.services, tenant, "2.50")
    boss.press("/settings", "/settings/pooling")
    assert not _settings(fresh, tenant).pooling


def test_the_scale_is_chosen_after_what_it_breaks_was_said(fresh: Site, tenant: UUID, boss: Browser) -> None:
    """The form names what listens; the choice is on the record, and no scale at all is refused in a sentence."""
    with fresh.world.services.store.transaction(tenant) as session:
        (account,) = connections.of_tenant(session, tenant)
        publications.lock(session, tenant, account.id)
        told = [{"name": f"Call <{on}>", "kind": "flow", "active": on, "listens_to": []} for on in (True, False)]
        publications.save(session, account.id, listeners=told)
    text = boss.get("/settings").text
    assert "one that asks for at least 70 finds nobody where 72 is written as 0.72" in text
    assert "Call &lt;True&gt;" in text
    assert "Call &lt;False&gt;" not in text
    boss.press("/settings", "/settings/scale", scale="10")
    assert "Choose one of the two scales." in boss.get("/settings").text
    assert "0.72. Lists" not in boss.get("/publication").text
    boss.press("/settings", "/settings/scale", scale="1")
    assert "is being written again on that scale" in boss.get("/settings").text
    assert _settings(fresh, tenant).scale == "1"
    assert settings_page(fresh.world.services, tenant).changes["scale"].by.startswith("Olga")
    assert "0–1: a score of 72 is written as 0.72" in boss.get("/settings").text
    assert "72 as 0.72. Lists" in boss.get("/publication").text
    assert 'action="/settings/scale"' not in fresh.as_a(Role.ANALYST, tenant).get("/settings").text


def test_signed_objectives_are_not_changed_from_here(fresh: Site, tenant: UUID, boss: Browser) -> None:
    """The page leads to the next version's draft instead; a form that was open before is refused."""
    services, held = fresh.world.services, _settings(fresh, tenant)
    open_before = boss.get("/settings")
    assert 'action="/settings/model"' in open_before.text
    wanted = contract.from_settings(held)
    signing.draft(services, tenant, wanted, "To begin with.")
    with services.store.reading(tenant) as session:
        drafted = objectives.draft(session, tenant)
    assert drafted
    signing.sign(services, tenant, signing.mark(drafted))
    text = boss.get("/settings").text
    assert 'action="/settings/model"' not in text
    assert "Version 1 of the objectives says both" in text
    form = {"high_intent": "share", "high_intent_share": "20", "high_intent_probability": "50"}
    form |= {"capacity": "100", "complexity": "interpretable"}
    with pytest.raises(RejectedInput, match="Signed objectives"):
        choosing.choose_band(services, tenant, form)
    assert _settings(fresh, tenant).complexity == held.complexity


def test_fields_to_compare_over_are_named_and_taken_back(fresh: Site, tenant: UUID, boss: Browser) -> None:
    """By a list of what may be named, on the record, with the reason why; only by who decides on fields."""
    fresh.world.work(2)
    text = boss.get("/settings").text
    assert "Whom scores must be fair to" in text
    assert "No field is named: nothing is said of fairness between groups." in text
    assert '<option value="city">City</option>' in text
    assert '<option value="email"' not in text
    boss.press("/settings", "/settings/fairness", field="city", on="on")
    assert _settings(fresh, tenant).attributes == ["city"]
    page = settings_page(fresh.world.services, tenant)
    assert page.changes["attributes"].by.startswith("Olga")
    assert [one.label for one in page.groups_named] == ["City"]
    assert "city" not in {one.name for one in page.groups_offered}
    client = fresh.as_a(Role.ANALYST, tenant)
    assert 'action="/settings/fairness"' not in client.get("/settings").text
    boss.press("/settings", "/settings/fairness", field="email", on="on")
    assert "Choose one of the offered fields." in boss.get("/settings").text
    boss.press("/settings", "/settings/fairness", field="city", on="off")
    assert _settings(fresh, tenant).attributes == []


def test_a_step_that_is_none_is_refused(fresh: Site, tenant: UUID) -> None:
    """In words that name the bounds."""
    for step in ("", "0", "51", "1.25", "NaN", "-1", "1e9"):
        with pytest.raises(RejectedInput, match=r"0\.1 and 50"):
            choosing.choose_step(fresh.world.services, tenant, step)


def test_a_field_that_is_no_choice_is_no_segment(fresh: Site, tenant: UUID, boss: Browser) -> None:
    """Neither is one that nobody has."""
    fresh.world.work(2)
    fields = settings_page(fresh.world.services, tenant).segments
    with pytest.raises(RejectedInput, match="offered fields"):
        choosing.choose_learning(fresh.world.services, tenant, {"segment": "nothing"})
    for name in fields[:1]:
        boss.press("/settings", "/settings/learning", segment=name)
        assert _settings(fresh, tenant).segment == name

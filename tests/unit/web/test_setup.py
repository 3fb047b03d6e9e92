"""The steps from connecting to the first scores: what waits, what is counted, what would have been found, Go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from connector.adapters.contract import AppCredentials, CrmApp
from connector.adapters.registry import REGISTRY
from connector.app import create_app
from connector.records import Role
from connector.services import pipeline
from connector.services.privacy.held import held_of
from connector.services.reports.goal import goal_page
from connector.services.reports.lookback import lookback_page
from connector.services.reports.readiness import readiness
from connector.services.setup import goals, steps
from connector.services.setup.steps import Step
from connector.store import ledger, lookbacks, models, runs, tenants
from connector.store.tenants import Delivery
from tests.databases import sqlite_store
from tests.services.delivering import desk
from tests.unit.web.site import PUBLIC_URL, Browser, Site, forms, settings, site

CREDENTIALS = AppCredentials("id", "secret", None, None, "https://us.example/callback", "")
APPS = {name: build(CREDENTIALS) for name, build in REGISTRY.items()}


def set_to(made: Site, **changed: object) -> None:
    """Change the tenant's settings behind the pages' back."""
    tenant_id = made.tenant_of("101")
    with made.world.services.store.transaction() as session:
        held = tenants.get(session, tenant_id).settings
        tenants.save_settings(session, tenant_id, replace(held, **changed))  # type: ignore[arg-type]


@pytest.fixture
def waiting(live: Site) -> Site:
    """A tenant after its first run, whose scores wait for approval."""
    set_to(live, delivery=Delivery.APPROVE.value)
    return live


@pytest.fixture
def admin(waiting: Site) -> Browser:
    """Its admin."""
    return waiting.as_a(Role.ADMIN, waiting.tenant_of("101"))


def posted(browser: Browser, address: str, **typed: str) -> TestResponse:
    """Send what no form on the page would: the browser's own token with it."""
    token = forms(browser.get("/goal").text)["/sign-out"]["csrf_token"]
    data = {"csrf_token": token, **typed}
    return browser.client.post(address, data=data, base_url=PUBLIC_URL, headers={"Referer": f"{PUBLIC_URL}/goal"})


def acts(made: Site, action: str) -> list[dict[str, object]]:
    """The acts of a kind that are on the record."""
    with made.world.services.store.reading() as session:
        entries = ledger.span(session, made.tenant_of("101"), "admin")
    return [dict(entry.body) for entry in entries if entry.body and entry.body["action"] == action]


def test_each_step_leads_to_the_next_until_scores_are_written(waiting: Site, admin: Browser) -> None:
    """The start page opens on the step that waits; going through one is on the record, and opens the next."""
    passed = []
    account = f"/connections/{waiting.connection('101').id}"
    assert "Next: First run" in admin.get(account).text
    assert 'href="/readiness">Go on</a>' in admin.get(f"{account}/progress").text
    while (page := admin.get("/").location) != "/publication/go":
        text = admin.get(page).text
        assert 'class="waits"' in text
        assert "waits for you" in text
        action = "/goal/set" if page == "/goal" else "/setup"
        assert admin.press(page, action).status_code == 302
        passed.append(page)
    assert passed == ["/readiness", "/goal", "/lookback", "/publication"]
    assert [act["step"] for act in acts(waiting, "go through step")] == ["first-run", "found", "written"]
    assert "See the High-Intent leads" not in admin.get("/publication/go").text
    set_to(waiting, delivery=Delivery.ON.value)
    assert admin.get("/").location == account
    assert "Next:" not in admin.get(account).text
    assert 'href="/leads?tier=High-Intent">See the High-Intent leads</a>' in admin.get("/publication/go").text
    assert "waits for you" not in admin.get("/goal").text


def test_a_step_is_gone_through_once(waiting: Site, admin: Browser) -> None:
    """Pressing again changes nothing; steps that are none, or that nobody can tick, are refused."""
    for _ in range(2):
        assert posted(admin, "/setup", step="first-run").location == "/goal"
    assert len(acts(waiting, "go through step")) == 1
    for step in ("go", "connect", "nonsense", ""):
        assert posted(admin, "/setup", step=step).status_code == 404
    assert len(acts(waiting, "go through step")) == 1


def test_while_the_first_run_is_on_its_progress_is_shown(fresh: Site) -> None:
    """Nothing waits for anybody: the account's page shows the run, the others say what is to come."""
    browser = fresh.signed_in()
    page = browser.get("/").location
    assert page.startswith("/connections/")
    assert "under way" in browser.get(page).text
    for other, said in (
        ("/readiness", "The first run is not over"),
        ("/goal", "No account has told of any outcome yet."),
        ("/lookback", "It takes a first model."),
        ("/publication/go", "the first run is not over"),
    ):
        assert said in browser.get(other).text
    with pytest.raises(Exception, match="not over yet"):
        steps.go_through(fresh.world.services, fresh.tenant_of("101"), Step.FOUND)


def test_a_viewer_sees_the_steps_and_takes_none(waiting: Site) -> None:
    """No button is there, and none is obeyed."""
    viewer = waiting.as_a(Role.VIEWER, waiting.tenant_of("101"))
    for page in ("/readiness", "/goal", "/lookback", "/publication", "/publication/go"):
        found = forms(viewer.get(page).text)
        assert not {"/setup", f"/publication/{waiting.connection('101').id}/approve"} & set(found)
    for address in ("/setup", "/goal/set"):
        assert posted(viewer, address, step="found").status_code == 403
    assert steps.setup(waiting.world.services, waiting.tenant_of("101")).present is Step.FIRST_RUN


def test_candidates_count_what_the_crm_told(waiting: Site, admin: Browser) -> None:
    """The page's figures are those of the account's own deals."""
    deals = [one for page in waiting.world.crm.pages["deals"] for one in page.conversions]
    page = goal_page(waiting.world.services, waiting.tenant_of("101"), {})
    assert [(one.goal, one.count.leads) for one in page.candidates] == [("deal_won", len(deals))]
    year = [deal for deal in deals if deal.at and deal.at >= page.months[0]]
    assert sum(page.candidates[0].count.months) == len(year)
    text = admin.get("/goal").text
    assert f"{len(deals):,}" in text
    assert "Leads that converted, month by month" in text
    assert "Keep this goal" in text


def test_a_goal_that_is_saved_is_learned_and_looked_at_anew(waiting: Site, admin: Browser) -> None:
    """Settings, record and a run; what was seen of the former goal has to be seen again."""
    set_to(waiting, walked={step.value: "2026-03-01" for step in steps.WALKED})
    waiting.world.clock.sleep(1)
    answer = admin.press("/goal?goal=property&field=city&value=Porto&horizon=30", "/goal/set")
    assert answer.location == "/lookback"
    tenant = waiting.tenant_of("101")
    with waiting.world.services.store.reading() as session:
        held = tenants.get(session, tenant).settings
        run = runs.latest(session, tenant)
    assert (held.goal, held.horizon_days) == ("property:city=Porto", 30)
    assert run
    assert run.kind == pipeline.RETRAIN
    assert waiting.world.woken
    assert [(act["goal"], act["horizon_days"]) for act in acts(waiting, "set goal")] == [("property:city=Porto", 30)]
    assert set(held.walked) == {"first-run", "goal"}
    assert "This is still of the goal before." in admin.get("/lookback").text
    again = admin.press("/goal?goal=deal_won", "/goal/set")
    assert again.location == "/lookback"
    assert "A run is under way" in admin.get("/lookback").text


def test_keeping_the_goal_trains_nothing(waiting: Site, admin: Browser) -> None:
    """It is on the record, and the step is done."""
    admin.press("/goal", "/goal/set")
    assert len(acts(waiting, "keep goal")) == 1
    assert waiting.world.woken == []
    assert acts(waiting, "set goal") == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("goal=deal_lost", "None of your accounts has told of such an outcome yet."),
        ("goal=stage:nothing", "None of your accounts has told of such an outcome yet."),
        ("goal=property&field=email&value=x", "Your accounts have no such field"),
        ("goal=property&field=city&value=", "type the value that means success"),
        ("horizon=31", "Choose a horizon of 7, 14"),
    ],
)
def test_what_can_not_be_a_goal_is_refused_with_the_reason(
    waiting: Site, admin: Browser, query: str, said: str
) -> None:
    """Asked for by an address it is not shown, and posted it is not saved."""
    assert said in admin.get(f"/goal?{query}").text
    data = {name: value for name, (value, *_) in parse_qs(query, keep_blank_values=True).items()}
    answer = posted(admin, "/goal/set", **data)
    assert answer.location == "/goal"
    assert said in admin.get("/goal").text
    assert acts(waiting, "set goal") == []


def test_the_look_back_shows_what_the_training_found(waiting: Site, admin: Browser) -> None:
    """The sentence counts the rows; misses come before hits, and everybody is listed once."""
    services, tenant = waiting.world.services, waiting.tenant_of("101")
    page = lookback_page(services, tenant)
    assert page
    with services.store.reading() as session:
        name = models.champion_name(session, tenant)
        rows = lookbacks.of_model(session, tenant, name[0] if name else "")
    known = [row for row in rows if row.days_before == page.days and row.place is not None]
    wins = [float(row.place or 0) for row in known if row.won]
    found = sum(place >= 0.8 for place in wins)
    assert wins
    assert page.sentence.startswith(f"{found} of {len(wins)} wins stood in the top fifth {page.days} days before")
    listed = [case.lead_id for group in page.groups for case in group.cases]
    assert sorted(listed) == sorted({row.lead_id for row in rows})
    wrong = [group.wrong for group in page.groups]
    assert wrong == sorted(wrong, reverse=True)
    text = admin.get("/lookback").text
    assert page.sentence in text
    assert all(group.title in text for group in page.groups)
    assert text.count('<circle class="dot') >= len([row for row in rows if row.place is not None])
    assert "@" in text  # people are called as the CRM calls them


def test_readiness_tells_the_figures_of_the_training(waiting: Site, admin: Browser) -> None:
    """What is counted is the store's, what was learned the report's; what is missing says what it would bring."""
    services, tenant = waiting.world.services, waiting.tenant_of("101")
    page = readiness(services, tenant)
    with services.store.reading() as session:
        champion = models.champion(session, tenant)
    assert champion
    assert page.leads == 400
    assert page.converted == sum(len(one.conversions) for one in waiting.world.crm.pages["deals"])
    assert (page.matured, page.version) == (champion.report["matured"], champion.version)
    assert [rung.open for rung in page.rungs] == [True, True, False, False]
    assert any("No site of yours is tracked" in one.what for one in page.missing)
    text = admin.get("/readiness").text
    assert page.sentence in text
    assert all(one.what in text for one in page.missing)


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[tuple[Site, Browser]]:
    """An account with three scores that wait, and its admin."""
    store = sqlite_store(tmp_path / "web.db")
    at = desk(store, delivery="approve")
    made = Site(at.world, create_app(at.world.services, settings()))
    at.queue("80.0", 1, tier="High-Intent")
    at.queue("10.0", 2, 3)
    at.run()
    yield made, made.as_a(Role.ADMIN, at.tenant_id)
    store.close()


def test_go_says_what_will_happen_and_lets_it(queued: tuple[Site, Browser]) -> None:
    """The counts by tier stand in one sentence with the button; afterwards the records hold their scores."""
    made, admin = queued
    text = admin.get("/publication/go").text
    assert "With Go, 3 records in Fake CRM get their score" in text
    assert "1 High-Intent, 2 Low" in " ".join(text.split())
    assert "Nothing that an app can read listens" in text or "will notice" in text or "has not been looked at" in text
    admin.press("/publication/go", f"/publication/{made.connection('101').id}/approve")
    made.world.work()
    assert len(made.world.crm.held) == 3
    assert "✓ on" in admin.get("/publication/go").text


@pytest.mark.parametrize("vendor", sorted(APPS))
def test_the_connect_page_names_exactly_what_the_crm_is_asked_for(vendor: str, tmp_path: Path) -> None:
    """Every scope of the consent page's address stands there with its reason, and no other."""
    store = sqlite_store(tmp_path / "web.db")
    made = site(store)
    app: CrmApp = APPS[vendor]
    services = replace(made.world.services, apps={vendor: app})
    text = create_app(services, settings()).test_client().get("/", base_url=PUBLIC_URL).text
    text = unescape(text)
    store.close()
    query = parse_qs(urlsplit(app.authorize_url("state", "v" * 43)).query)
    asked = {scope for name in ("scope", "optional_scope") for text in query.get(name, ()) for scope in text.split()}
    shown = [part.partition("</code>")[0] for part in text.split("<code>")[1:]]
    assert sorted(shown) == sorted(asked)
    declared = app.capabilities
    assert all(sentences for sentences in (declared.reads, declared.writes, declared.never))
    for sentence in (*declared.reads, *declared.writes, *declared.never):
        assert sentence in text
    for purpose in (*declared.scopes.values(), *declared.optional_scopes.values()):
        assert f"To {purpose}." in text


def test_no_goal_is_set_while_an_experiment_counts_by_the_former(
    waiting: Site, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arms would be compared by two different things."""
    monkeypatch.setattr(goals.experiments, "all_running", lambda *_: {"holdout": object()})
    admin.press("/goal?goal=property&field=city&value=Porto", "/goal/set")
    assert "An experiment is running" in admin.get("/goal").text
    assert acts(waiting, "set goal") == []


def test_whoever_asks_is_told_where_they_stood(waiting: Site) -> None:
    """What the training found of a person is part of what is held of them."""
    services, tenant = waiting.world.services, waiting.tenant_of("101")
    page = lookback_page(services, tenant)
    assert page
    case = page.groups[0].cases[0]
    told = held_of(services, tenant, case.lead_id, "Ana")
    assert told
    assert len(told["Where they stood before the outcome"]) == len(case.looks)

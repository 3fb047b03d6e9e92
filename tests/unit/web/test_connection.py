"""The connection page: what it shows in each state of a run, and what its buttons start."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.records import Stream
from connector.services import maintenance, pipeline
from connector.store import connections, outbox, runs, streams
from connector.store.connections import Health
from connector.store.runs import Run, RunStatus
from tests.unit.web.site import Browser, Site


@pytest.fixture
def browser(fresh: Site) -> Browser:
    """Signed in, the first run waiting."""
    return fresh.signed_in()


@pytest.fixture
def page(browser: Browser) -> str:
    """The address of the connection."""
    return browser.get("/").location


def newest(site: Site) -> Run:
    """The newest run of account 101's tenant."""
    with site.world.services.store.reading() as session:
        run = runs.latest(session, site.tenant_of("101"))
    assert run
    return run


def test_a_waiting_run_is_shown_live(fresh: Site, browser: Browser, page: str) -> None:
    """Before any worker came, all stages wait and the page keeps asking."""
    text = browser.get(page).text
    assert "Stage 1 of 6: Prepare the score fields." in text
    assert "data-live" in text
    assert f'data-source="{page}/progress"' in text


def test_a_stage_at_work_shows_count_rate_and_time_left(fresh: Site, browser: Browser, page: str) -> None:
    """6,000 of 60,000 in 40 s are 150 a second and leave 6 minutes."""
    now = fresh.world.clock.now()
    with fresh.world.services.store.transaction() as session:
        runs.start_stage(session, newest(fresh).id, "sync", now)
        runs.report(session, newest(fresh).id, "sync", done=6_000, expected=60_000)
    fresh.world.clock.at += timedelta(seconds=40)
    text = browser.get(f"{page}/progress").text
    assert "6,000 of 60,000" in text
    assert "150 a second" in text
    assert "about 6 min 0 s left" in text
    assert "<html" not in text


def test_a_stage_without_an_expected_count_promises_nothing(fresh: Site, browser: Browser, page: str) -> None:
    """Where the end is unknown the bar is open and no time is named."""
    with fresh.world.services.store.transaction() as session:
        runs.start_stage(session, newest(fresh).id, "train", fresh.world.clock.now())
    fresh.world.clock.at += timedelta(seconds=5)
    text = browser.get(f"{page}/progress").text
    assert "for 5 s" in text
    assert "left" not in text


def test_each_stream_has_its_row(fresh: Site, browser: Browser, page: str) -> None:
    """Counts by kind of data, with the reason where the account does not offer one."""
    tenant = fresh.tenant_of("101")
    with fresh.world.services.store.transaction() as session:
        account = connections.of_tenant(session, tenant)[0].id
        streams.register(session, tenant, account, [Stream("a", "Contacts"), Stream("b", "Page views")])
        streams.advance(session, account, "a", {"expected": 10_000}, 4_100)
        streams.advance(session, account, "b", {"unavailable": "The account has no page views."}, 0)
    text = browser.get(page).text
    assert "4,100" in text
    assert "10,000" in text
    assert "The account has no page views." in text


def test_a_stopped_stage_says_why_and_can_be_resumed(fresh: Site, browser: Browser, page: str) -> None:
    """The sentence for the admin stands there with the button; the button makes the work due again."""
    job = pipeline.claim(fresh.world.services, fresh.world.woken[0][1])
    assert job
    pipeline.park(job, "The field lead_score has another type. Rename it.", Health.NEEDS_ADMIN)
    text = browser.get(page).text
    assert "Stopped at stage 1 of 6" in text
    assert "The field lead_score has another type. Rename it." in text
    assert "This account needs you" in text
    assert browser.press(page, f"{page}/resume").location == page
    assert "Resumed" in browser.get(page).text
    assert pipeline.claim(fresh.world.services, fresh.world.woken[0][1])
    text = browser.get(page).text
    assert "This account needs you" not in text
    assert "Stopped" not in text


def test_a_disconnected_account_is_offered_to_be_connected_again(fresh: Site, browser: Browser, page: str) -> None:
    """Resuming would be in vain: the page offers the installation instead."""
    job = pipeline.claim(fresh.world.services, fresh.world.woken[0][1])
    assert job
    pipeline.park(job, "The account took its permission back.", Health.DISCONNECTED)
    text = browser.get(page).text
    assert "Connect it again" in text
    assert "/resume" not in text
    browser.come_back(state=browser.begin(page=page), code="code-1")
    assert "Connect it again" not in browser.get(page).text


def test_a_stage_that_is_tried_again_says_when(fresh: Site, browser: Browser, page: str) -> None:
    """A passing trouble is shown with its sentence and the time of the next try."""
    job = pipeline.claim(fresh.world.services, fresh.world.woken[0][1])
    assert job
    pipeline.put_back(job, 90, "The CRM answered nothing.")
    assert "The CRM answered nothing. The next try is due" in browser.get(page).text


def test_a_finished_run_is_still(scored: Site, alice: Browser) -> None:
    """When all is done the page says so, counts the leads by tier, and asks no more."""
    text = alice.get(alice.get("/").location).text
    assert "All 6 stages are done." in text
    assert "data-live" not in text
    assert "High-Intent" in text


def test_refused_records_are_listed(fresh: Site, browser: Browser, page: str) -> None:
    """Dead letters are counted and shown with the CRM's sentence."""
    fresh.world.work(3)
    tenant = fresh.tenant_of("101")
    with fresh.world.services.store.transaction() as session:
        account = connections.of_tenant(session, tenant)[0].id
        record = session.exec_driver_sql("SELECT id FROM records LIMIT 1").scalar_one()
        row = {"record_id": record, "tenant_id": tenant, "connection_id": account, "ledger_seq": 1, "attempts": 6}
        stands = {
            "status": "dead",
            "message": "Property is read-only.",
            "values": {"updated_at": fresh.world.clock.now().isoformat()},
            "due_at": fresh.world.clock.now(),
        }
        outbox.put(session, [row | stands])
    text = browser.get(page).text
    assert "1 records were refused by Fake CRM" in text
    assert "Property is read-only." in text


@pytest.mark.parametrize(("button", "kind"), [("refresh", pipeline.REFRESH), ("retrain", pipeline.RETRAIN)])
def test_the_buttons_start_one_run_at_a_time(fresh: Site, browser: Browser, page: str, button: str, kind: str) -> None:
    """Pressed while a run is under way they start nothing; afterwards they start theirs and wake a worker."""
    first = newest(fresh)
    browser.press(page, f"{page}/{button}")
    assert "under way already" in browser.get(page).text
    assert newest(fresh) == first
    with fresh.world.services.store.transaction() as session:
        runs.finish(session, first.id, fresh.world.clock.now())
    fresh.world.clock.at += timedelta(seconds=1)
    woken = len(fresh.world.woken)
    browser.press(page, f"{page}/{button}")
    started = newest(fresh)
    # Without a model a refresh is a first run: there is nothing yet to score with.
    assert started.kind == (pipeline.FIRST if kind == pipeline.REFRESH else kind)
    assert started.status is RunStatus.WAITING
    assert len(fresh.world.woken) == woken + 1


def test_a_later_run_names_no_rate(fresh: Site, browser: Browser, page: str) -> None:
    """Its counts go on from the run before; a rate from them would be false."""
    fresh.world.clock.at += timedelta(seconds=1)
    maintenance.start_run(fresh.world.services, fresh.tenant_of("101"), pipeline.RETRAIN)
    with fresh.world.services.store.transaction() as session:
        run = runs.latest(session, fresh.tenant_of("101"))
        assert run
        runs.start_stage(session, run.id, "sync", fresh.world.clock.now())
        runs.report(session, run.id, "sync", done=6_000, expected=6_100)
    fresh.world.clock.at += timedelta(seconds=10)
    text = browser.get(page).text
    assert "a second" not in text
    assert "left" not in text

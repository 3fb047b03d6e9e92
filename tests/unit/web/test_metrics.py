"""What Prometheus is told, and who may ask."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connector.app import create_app
from connector.errors import RetryLater
from connector.telemetry.board import LocalBoard, Told
from connector.telemetry.reporter import Reporter
from tests.unit.web.site import PUBLIC_URL, Site, settings
from tests.world import NOW

TOKEN = "only-for-prometheus-" * 2


def scraped(site: Site, token: str = TOKEN) -> dict[tuple[str, ...], float]:
    """Publish as a process does every few seconds, then scrape; return (name, label values by label …) → value."""
    services = site.world.services
    Reporter(services.board, services.counts, services.clock, "web").report()
    site.app.extensions["connector"] = (services, replace(settings(), metrics_token=TOKEN))
    answer = site.app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"}, base_url=PUBLIC_URL)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(item.name, *item.labels.values()): item.value for family in families for item in family.samples}


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer wrong", f"Basic {TOKEN}"])
def test_without_the_token_there_is_no_such_page(fresh: Site, header: str | None) -> None:
    """As long as none is set, and for everybody who does not know it."""
    headers = {"Authorization": header} if header is not None else {}
    for token in (None, TOKEN):
        app = create_app(fresh.world.services, replace(settings(), metrics_token=token))
        assert app.test_client().get("/metrics", headers=headers, base_url=PUBLIC_URL).status_code == 404


def test_requests_are_counted_by_route_not_by_path(fresh: Site) -> None:
    """A path may end in a key that only a CRM should know; unknown paths are one series, whatever bots try."""
    browser = fresh.browser()
    for path in ("/healthz", "/webhooks/fakecrm/secret-key", "/wp-login.php", "/.env"):
        browser.get(path)
    browser.client.post("/webhooks/fakecrm", data=b"unsigned", base_url=PUBLIC_URL)
    browser.client.post("/webhooks/made-up-name", data=b"unsigned", base_url=PUBLIC_URL)
    found = scraped(fresh)
    assert found["connector_http_requests_total", "/healthz", "200"] == 1
    assert found["connector_http_requests_total", "none", "404"] == 2
    assert found["connector_webhooks_total", "refused", "fakecrm"] == 1
    assert found["connector_http_request_seconds_count", "/healthz"] == 1
    assert found["connector_http_request_seconds_bucket", "+Inf", "/healthz"] == 1
    assert not any("secret" in label or "made-up" in label for series in found for label in series)


def test_work_that_waits_is_told_by_stage_with_its_age(fresh: Site) -> None:
    """Nothing is counted while it happens: SQL knows what waits, for all processes."""
    fresh.signed_in()
    fresh.world.clock.sleep(90)
    found = scraped(fresh)
    assert found["connector_intents", "prepare", "ready"] == 1
    assert found["connector_intents_oldest_due_seconds", "prepare"] == 90
    assert found["connector_accounts", "active", "fakecrm"] == 1
    assert found["connector_database_up",] == found["connector_redis_up",] == 1


def test_after_a_run_scores_written_and_ledger_are_told(scored: Site) -> None:
    """The counts of several processes add up; what is delivered does not wait any more."""
    found = scraped(scored)
    written = found["connector_scores_written_total", "fakecrm"]
    assert written > 100
    assert found["connector_ledger_entries",] > 2 * written - 1
    assert not any(name == "connector_outbox" for name, *_ in found)
    assert scraped(scored)["connector_scores_written_total", "fakecrm"] == written


class LostBoard(LocalBoard):
    """A Redis server that went away after the counts were published."""

    def read(self, now: object) -> Told:
        raise RetryLater("away")


def test_a_part_that_is_away_is_a_zero_and_hides_nothing_else(fresh: Site) -> None:
    """A scrape that fails whole would take the alarm with it."""
    fresh.world.services = replace(fresh.world.services, board=LostBoard())
    found = scraped(fresh)
    assert (found["connector_redis_up",], found["connector_database_up",]) == (0, 1)
    with fresh.world.services.store.transaction() as session:
        session.exec_driver_sql("DROP TABLE outbox")
    assert scraped(fresh)["connector_database_up",] == 0


def test_silence_of_processes_and_sweeps_is_told(fresh: Site) -> None:
    """A process that stopped reporting keeps growing older until it is forgotten."""
    board = fresh.world.services.board
    board.publish("sync@host/7", {}, NOW)
    board.swept(NOW)
    fresh.world.clock.sleep(45)
    found = scraped(fresh)
    assert found["connector_process_silent_seconds", "sync@host/7"] == 45
    assert found["connector_sweep_age_seconds",] == 45


def test_a_request_id_is_kept_or_made(fresh: Site) -> None:
    """A proxy's id is taken over where it is one; anything else can't reach the logs."""
    client = fresh.app.test_client()
    kept = client.get("/healthz", headers={"X-Request-Id": "abcd-1234"}, base_url=PUBLIC_URL)
    assert kept.headers["X-Request-Id"] == "abcd-1234"
    made = client.get("/healthz", headers={"X-Request-Id": "a b@c"}, base_url=PUBLIC_URL).headers["X-Request-Id"]
    assert len(made) == 32

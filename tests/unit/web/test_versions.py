"""The page Versions: what became of each model and why, and a person's word on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.app import create_app
from connector.records import Role
from connector.services import maintenance, pipeline
from connector.services.champions.asking import ask_retraining
from connector.store import connections, schedules, tenants
from connector.store.tables import models
from tests.databases import sqlite_store
from tests.services.shifting import Shifting, shifting
from tests.unit.web.copying import copy_of
from tests.unit.web.site import Browser, Site, settings
from tests.world import World, world

PAGE = "/model/versions"
FIRST, SECOND = "model_v20260301", "model_v20260301.2"
FIRST_ON_NONE = {"canary_days": "0", "canary_share": "10"}
AUC = {"champion": 0.75, "challenger": 0.78, "difference": 0.03, "low": 0.01, "high": 0.05, "least": 0.0, "most": 0.06}
CONTEST = {
    "champion": FIRST,
    "comparison": {"rows": 2_000, "conversions": 312, "auc": AUC, "brier": AUC},
    "churn": {"members": 120, "leaving": 30, "coming": 36, "share": 0.3},
}


@dataclass
class Pages:
    """A tenant's pages, and the models behind them."""

    site: Site
    world: World
    model: Shifting
    browser: Browser

    def press(self, what: str, **typed: str) -> str:
        """Press a button of the page; return the page that follows."""
        self.browser.press(PAGE, f"{PAGE}/{what}", **typed)
        self.world.work()
        return self.browser.get(PAGE).text

    def status(self, version: str) -> str:
        """Where a version stands."""
        with self.world.services.store.reading() as session:
            return str(session.execute(sa.select(models.c.status).where(models.c.version == version)).scalar_one())


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A model that scores, and one that waits. Read only."""
    with pytest.MonkeyPatch.context() as patch:
        yield from _waiting(tmp_path_factory.mktemp("waiting"), patch)


def _waiting(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Site]:
    store = sqlite_store(folder / "web.db")
    made = world(store)
    model = shifting(made, patch)
    made.install()
    made.work()
    with store.reading() as session:
        tenant_id = connections.newest(session).tenant_id
    model.outcomes = ["waiting"]
    made.clock.sleep(3600)
    maintenance.start_run(made.services, tenant_id, pipeline.RETRAIN)
    made.work()
    told: dict[str, Any] = {"outcome": "waiting", "clause": "churn", "sentence": "Better.", "contest": CONTEST}
    with store.transaction() as session:
        session.execute(sa.update(models).where(models.c.version == SECOND).values(decision=told))
    yield Site(made, create_app(made.services, settings()))
    store.close()


@pytest.fixture
def pages(waiting: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    """A copy of one's own of the tenant whose model waits."""
    with copy_of(waiting, tmp_path / "copy.db") as copied:
        made = copied.world
        model = shifting(made, monkeypatch)
        site = Site(made, create_app(made.services, settings()))
        yield Pages(site, made, model, site.as_a(Role.ADMIN, site.tenant_of("101")))


def test_the_figures_of_a_model_that_waits_stand_beside_its_buttons(pages: Pages) -> None:
    """The difference with its interval, who would cross the line, and the reason; no way back from the first."""
    text = pages.browser.get(PAGE).text
    assert "waits for you" in text
    assert "0.780 against 0.750 of model_v20260301" in text
    assert "+0.010 to +0.050, 95 %, on 312 conversions" in text
    assert "30 out, 36 in, of 120" in text
    assert "Roll back" not in text
    assert PAGE in pages.browser.get("/model").text


def test_approving_and_rolling_back_are_a_click_each(pages: Pages) -> None:
    """And the page tells what happened."""
    text = pages.press(f"{SECOND}/approve")
    assert (pages.status(SECOND), "Approved. Everybody is scored by it now." in text) == ("champion", True)
    assert f"Roll back to {FIRST}" in text
    text = pages.press("rollback")
    assert (pages.status(FIRST), pages.status(SECOND)) == ("champion", "retired")
    assert "The scores of before are on their way" in text
    assert "brought back" in text


def test_a_model_may_be_refused(pages: Pages) -> None:
    """It is not asked about again."""
    text = pages.press(f"{SECOND}/refuse")
    assert (pages.status(SECOND), "Refused by a person. Better." in text) == ("refused", True)
    assert f"{SECOND}/approve" not in text


def test_who_may_only_look_sees_no_button(pages: Pages) -> None:
    """And no route does it for them."""
    tenant_id = pages.site.tenant_of("101")
    viewer = pages.site.as_a(Role.ANALYST, tenant_id)
    text = viewer.get(PAGE).text
    assert "0.780 against 0.750" in text
    assert "/approve" not in text
    assert "retrain_days" not in text


def test_the_cadence_and_the_cap_are_set_and_checked(pages: Pages) -> None:
    """What is no number changes nothing and says so."""
    pages.press("settings", retrain_days="1", retrain_growth="50", churn_cap="10", **FIRST_ON_NONE)
    tenant_id = pages.site.tenant_of("101")
    with pages.world.services.store.reading() as session:
        held = tenants.get(session, tenant_id).settings
    assert (held.retrain_days, held.retrain_growth, held.churn_cap) == (1, 0.5, 0.1)
    text = pages.press("settings", retrain_days="1", retrain_growth="50", churn_cap="many", **FIRST_ON_NONE)
    assert "The share of High-Intent leads must be a whole number of percent from 0 to 100." in text
    assert "Choose one of the offered answers." in pages.press("settings", retrain_days="3")


def test_a_training_that_is_asked_for_is_due_at_once(pages: Pages) -> None:
    """Once, and not where the tenant wants none by the clock."""
    from connector.services import schedules as by_clock

    services, tenant_id = pages.world.services, pages.site.tenant_of("101")
    assert not ask_retraining(services, tenant_id, "there is no row yet")
    by_clock.enter(services)
    assert ask_retraining(services, tenant_id, "Scores drift.")
    assert not ask_retraining(services, tenant_id, "Scores drift.")
    with services.store.reading() as session:
        due = {entry.kind: entry.due_at for entry in schedules.of_tenant(session, tenant_id)}
    assert due["retrain"] == pages.world.clock.now()
    pages.press("settings", retrain_days="0", retrain_growth="0", churn_cap="10", **FIRST_ON_NONE)
    assert not ask_retraining(services, tenant_id, "Scores drift.")


def test_a_model_is_tried_promoted_and_withdrawn_by_buttons(pages: Pages) -> None:
    """The page says who is scored by what, and what is typed wrongly begins nothing."""
    wrong = pages.press(f"{SECOND}/try", share="80", days="7", limit="25")
    assert "The share of the companies must be between 1 and 50 %." in wrong
    text = pages.press(f"{SECOND}/try", share="50", days="7", limit="25")
    assert f"{SECOND} is tried" in text
    assert "50 % of the companies" in text
    assert pages.status(SECOND) == "challenger"
    assert "/approve" not in text
    text = pages.press("trial/withdraw")
    assert "Withdrawn. The scores of before are on their way" in text
    assert pages.status(SECOND) == "refused"

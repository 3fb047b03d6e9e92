"""A sample of what ``make soak`` sends by the million: by hypothesis, which shrinks what fails, on both databases."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.store.session import Store
from tests.fuzz.world import Attacked, Broken, built, judge, look_through, strike
from tests.unit.web.site import Browser, Site, site


@pytest.fixture
def at(store: Store) -> Attacked:
    """The application over a store of either kind."""
    return built(site(store))


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(chance=st.randoms(use_true_random=False))
def test_no_request_breaks_anything(at: Attacked, chance: random.Random) -> None:
    """Webhooks of all vendors, callbacks, tracking, queries and forms, bent: no 5xx, no answer of an unknown type."""
    strike(at, chance)


def test_numbered_requests_break_nothing_and_leave_nothing_unsound(at: Attacked) -> None:
    """The first numbers of the soak; what is kept of them is what every database and index holds."""
    came = {
        strike(at, random.Random(number)).path.partition("?")[0].lstrip("/").partition("/")[0] for number in range(300)
    }
    look_through(at.site)
    assert {"webhooks", "oauth", "t", "api", "leads", "access", "connections", "join", "cards"} <= came


def test_the_oracle_sees(fresh_site: Site) -> None:
    """It does not call everything good: a bug, and an answer that nobody meant, are found."""

    def broken() -> str:
        raise ValueError("x")

    browser = Browser(fresh_site.app.test_client())
    judge(browser.get("/healthz"))
    fresh_site.app.view_functions["health.healthz"] = broken
    with pytest.raises(Broken, match="answered 500"):
        judge(browser.get("/healthz"))
    fresh_site.app.view_functions["health.readyz"] = lambda: ("x", 200, {"Content-Type": "image/png"})
    with pytest.raises(Broken, match="the type image/png"):
        judge(browser.get("/readyz"))


@pytest.fixture
def fresh_site(store: Store) -> Site:
    """Pages over an empty store."""
    return site(store)

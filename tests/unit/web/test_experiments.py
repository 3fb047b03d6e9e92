"""The pages Experiments and Forecasts: what an owner agrees to, what others may not, and what is told when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from connector.records import Role
from connector.services.forecasts import weekly
from connector.store import experiments, forecasts
from connector.store.experiments import Experiment
from tests.unit.web.copying import copy_of
from tests.unit.web.site import Browser, Site

LOOK = {
    "control": 0.08,
    "treated": 0.13,
    "error": 0.012,
    "freedom": 300.0,
    "units": [150, 320],
    "leads": [210, 460],
    "successes": [21, 60],
}


@pytest.fixture
def scored(scored: Site, tmp_path: Path) -> Iterator[Site]:
    """A copy of the scored tenant: an experiment that ends starts a run, which other tests would find."""
    with copy_of(scored, tmp_path / "copy.db") as made:
        yield made


@pytest.fixture
def tenant(scored: Site) -> UUID:
    return scored.tenant_of("101")


def _begun(scored: Site, tenant: UUID) -> Experiment:
    now = scored.world.clock.now()
    looks = [{"at": (now + timedelta(weeks=week)).isoformat(), **LOOK} for week in (6, 7)]
    plan = {"weeks": 12, "lift": 0.3}
    made = Experiment(uuid4(), tenant, Decimal("0.3"), "k" * 64, "deal_won", 30, 900, plan, now, None, None, looks)
    with scored.world.services.store.transaction(tenant) as session:
        experiments.begin(session, made)
    return made


def test_with_few_newcomers_it_says_why_none_can_be_planned(alice: Browser) -> None:
    """Both pages are there before there is anything to show."""
    assert "It would take" in alice.get("/experiments").text
    assert "No list yet" in alice.get("/forecasts").text


def test_numbers_that_are_none_are_refused_with_a_sentence(alice: Browser) -> None:
    assert "must be between 5 and 50 %" in alice.get("/experiments?share=99&lift=30").text
    assert "must be between 5 and 200 %" in alice.get("/experiments?share=10&lift=x").text


def test_an_experiment_shows_what_is_certain_and_an_owner_ends_it(scored: Site, alice: Browser, tenant: UUID) -> None:
    """Others see it and have no button."""
    _begun(scored, tenant)
    text = alice.get("/experiments").text
    assert "the scores are worth something" in text
    assert "Shown less held out, look by look" in text
    assert "Deal won within 30 days" in text
    admin = scored.as_a(Role.ADMIN, tenant, "Adam")
    assert "/experiments/end" not in admin.get("/experiments").text
    alice.press("/experiments", "/experiments/end")
    after = alice.get("/experiments").text
    assert "takes newcomers" not in after
    assert "Shown against held out, " in after


@pytest.mark.parametrize("low", [True, False])
def test_what_is_not_certain_is_not_said(scored: Site, alice: Browser, tenant: UUID, low: bool) -> None:
    """Too few conversions, or an interval on both sides of nothing."""
    made = _begun(scored, tenant)
    told = {"at": made.looks[0]["at"], **LOOK} | ({"successes": [3, 60]} if low else {"error": 0.05})
    with scored.world.services.store.transaction(tenant) as session:
        experiments.change(session, made, looks=[told])
    text = alice.get("/experiments").text
    assert ("Nothing can be said yet" if low else "No difference is certain so far") in text


def test_a_forecast_is_sealed_and_opened(scored: Site, alice: Browser, tenant: UUID) -> None:
    """What is expected stands there only when its time is over."""
    made = weekly.seal(scored.world.services, tenant)
    assert made
    sealed = alice.get("/forecasts").text
    assert made.seal[:16] in sealed
    assert "No promise yet: 4 more lists" in sealed
    assert "What was said, and what came" not in sealed
    with scored.world.services.store.transaction(tenant) as session:
        forecasts.open_with(session, made, {"leads": 100, "won": 0})
    opened = alice.get("/forecasts").text
    assert "What was said, and what came" in opened
    assert "fewer" in opened


def test_who_is_worth_a_call_is_said_only_where_it_is_certain(scored: Site, alice: Browser, tenant: UUID) -> None:
    """Too few conversions, no order that is better than chance, or the quarters."""
    made = _begun(scored, tenant)
    assert "there are 21 among those held out and 60 among those shown" in alice.get("/experiments").text
    quarter = {"leads": 250, "means": {"log_odds": 0.1, "fit": 0.2, "engagement": 1.3}, "effect": 0.12}
    quarters = [quarter | {"low": 0.05, "high": 0.19}] * 3 + [quarter | {"effect": None, "low": None, "high": None}]
    for low, said in (
        (-0.01, "surely better than chance at it"),
        (0.004, "surely changes more than calling by chance"),
    ):
        found = {"qini": 0.012, "low": low, "high": 0.02, "quarters": quarters if low > 0 else []}
        with scored.world.services.store.transaction(tenant) as session:
            experiments.change(session, made, looks=[*made.looks[:-1], {**made.looks[-1], "uplift": found}])
        text = alice.get("/experiments").text
        assert said in text
        assert ("+12.0" in text) == (low > 0)

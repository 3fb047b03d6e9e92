"""The generated population: repeatable, plausible, and true to the chance that it states."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from connector.sandbox import Filling
from connector.sandbox.clock import to_ms
from connector.sandbox.population import Population, PopulationParameters, generate
from connector.sandbox.population.dynamics import Setting, simulate
from connector.sandbox.population.traits import DAY_MS, draw_companies, draw_people
from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.visitor import Visitor

NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
NOW_MS = to_ms(NOW)


@cache
def population() -> Population:
    """A population, generated once."""
    return generate(PopulationParameters(2000, NOW, 7))


def won_at(of: Population) -> dict[int, int]:
    """Lead → when its deal was won."""
    return {deal.lead: deal.stages[-1][0] for deal in of.deals if deal.stages[-1][1] == "won"}


def test_same_seed_same_population() -> None:
    """A seed and a time give the same population; another seed gives another."""
    again = generate(PopulationParameters(300, NOW, 3))
    assert generate(PopulationParameters(300, NOW, 3)) == again
    assert generate(PopulationParameters(300, NOW, 4)).leads != again.leads


def test_base_rate_and_volume() -> None:
    """About one lead in ten converts within 90 days, and each has more than five engagement events."""
    of = population()
    won = won_at(of)
    matured = [place for place, lead in enumerate(of.leads) if lead.created_ms < NOW_MS - 90 * DAY_MS]
    rate = np.mean([place in won and won[place] - of.leads[place].created_ms < 90 * DAY_MS for place in matured])
    assert 0.08 <= rate <= 0.12
    engagement = sum(mail.kind != "delivered" for mail in of.mails) + len(of.form_fills) + len(of.activities)
    assert engagement > 5 * len(of.leads)


def test_nothing_happens_before_creation_or_after_now() -> None:
    """Every event and change lies between its lead's creation and the population's end."""
    of = population()
    happened = [(mail.lead, mail.at_ms) for mail in of.mails]
    happened += [(fill.lead, fill.at_ms) for fill in of.form_fills]
    happened += [(activity.lead, activity.at_ms) for activity in of.activities]
    happened += [(place, change.at_ms) for place, lead in enumerate(of.leads) for change in lead.history]
    happened += [(deal.lead, at) for deal in of.deals for at, _ in deal.stages]
    assert all(of.leads[place].created_ms <= at <= NOW_MS for place, at in happened)


def test_leaky_fields_are_filled_after_the_outcome() -> None:
    """The planted field and the customer stage come at or after the winning, in history, never at creation."""
    of = population()
    won = won_at(of)
    booked = {
        place: change.at_ms
        for place, lead in enumerate(of.leads)
        for change in lead.history
        if change.name == "onboarding_call_booked"
    }
    assert len(booked) > 50
    assert all(place in won and at > won[place] for place, at in booked.items())
    assert not any("onboarding_call_booked" in lead.values for lead in of.leads)


def test_stated_chance_is_true_and_worth_knowing() -> None:
    """Simulated on for 90 days, the stated chances come true on average and rank leads with AUC above .78."""
    rng = np.random.default_rng(11)
    count, days = 4_000, 360
    people = draw_people(draw_companies(1000, 0, rng), [0] * count, rng)
    setting = Setting(
        fit=np.array([person.fit for person in people]),
        start_day=rng.integers(0, days, count),
        mail_until=np.full(count, days + 100),
        first_weekday=0,
    )
    course = simulate(setting, days + 90, days, rng)
    still_open = (course.deal_day < 0) | (course.deal_day >= days)
    still_open &= (course.disqualified_day < 0) | (course.disqualified_day >= days)
    converts = course.won & (course.close_day < days + 90)
    chance, outcome = course.chance[still_open], converts[still_open]
    for low, high in ((0.0, 0.8), (0.8, 0.95), (0.95, 1.0)):
        cut = (chance >= np.quantile(chance, low)) & (chance <= np.quantile(chance, high))
        error = 4 * np.sqrt(chance[cut].mean() / cut.sum())
        assert outcome[cut].mean() == pytest.approx(chance[cut].mean(), abs=error)
    assert roc_auc_score(outcome, chance) > 0.78


def test_truth_is_stated_for_open_and_contactable_leads_only() -> None:
    """Customers, disqualified, bounced and opted-out leads have no chance stated; all others have."""
    of = population()
    closed = {
        place
        for place, lead in enumerate(of.leads)
        for change in lead.history
        if (change.name, change.value) in {("stage", "customer"), ("lead_status", "unqualified")}
        or change.name in ("bounced", "opted_out")
    }
    assert set(of.truth) == set(range(len(of.leads))) - closed
    assert all(0 < chance < 1 for chance in of.truth.values())


def test_addresses_are_unique_and_reserved_or_made_up() -> None:
    """No address can be a real person's: reserved domains, or a generated name at a free mailer."""
    addresses = [lead.email for lead in population().leads]
    assert len(set(addresses)) == len(addresses)
    domains = Counter(address.rpartition("@")[2] for address in addresses if not address.startswith("generated.lead."))
    assert all(domain.endswith((".example.com", ".example.org", ".example.net")) for domain in domains)


def test_the_portal_shows_the_population_as_lived(started: Starter) -> None:
    """Contacts, deals, rollups, history and truth agree over HTTP; ids follow creation."""
    visitor = Visitor(started(filling=Filling(contacts=300, now=NOW))).install()
    contacts = []
    after = "0"
    while after:
        page = visitor.get(
            "/crm/objects/2026-03/contacts",
            limit=50,
            after=after,
            properties="num_associated_deals,closedate",
            propertiesWithHistory="lifecyclestage,num_associated_deals,onboarding_call_booked",
            associations="deals,companies",
        ).json()
        contacts += page["results"]
        after = page.get("paging", {}).get("next", {}).get("after", "")
    assert [each["createdAt"] for each in contacts] == sorted(each["createdAt"] for each in contacts)
    customers = [each for each in contacts if each["properties"]["lifecyclestage"] == "customer"]
    assert customers
    for each in customers:
        versions = each["propertiesWithHistory"]["lifecyclestage"]
        assert (versions[0]["value"], versions[-1]["value"]) == ("customer", "lead")
        assert versions[0]["timestamp"] == each["properties"]["closedate"]
        assert each["propertiesWithHistory"]["num_associated_deals"][0]["timestamp"] <= versions[0]["timestamp"]
        assert each["associations"]["deals"]["results"]
        assert each["associations"]["companies"]["results"]
    truth = visitor.get("/_sandbox/truth").json()
    assert truth
    assert not set(truth) & {each["id"] for each in customers}

"""What is bought of a provider: within the budget, once, from then on; what goes wrong waits for whom it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl
import pytest

from connector.adapters.enrichment.registry import PDL
from connector.errors import RetryLater
from connector.sandbox.config import PdlAccount
from connector.sandbox.faults import Fault, FaultKind
from connector.services import schedules
from connector.services.enrichment import buying, sources
from connector.services.enrichment.sources import Budget
from connector.store import enriched, enrichment
from connector.store.frames import Cut
from connector.store.session import Store
from scoring.timeline import Timeline
from tests.services.enrichment.firms import ALPHA, BETA, DAY, GAMMA, PROFILES, Firms, company, firms, person
from tests.world import NOW

PEOPLE = [person(1, ALPHA), person(2, ALPHA), person(3, BETA), person(4, GAMMA), person(5, "gmail.com")]


@pytest.fixture
def bought(lite: Store) -> Iterator[Firms]:
    """Leads of three firms and one with a mailbox anywhere; the vendor is turned on."""
    with firms(lite, PEOPLE) as made:
        sources.turn_on(made.services, made.tenant_id, PDL, key="sandbox-key")
        yield made


def _spent(made: Firms) -> enrichment.Spent:
    with made.services.store.reading() as session:
        return enrichment.spent(session, made.tenant_id, PDL, made.world.clock.now())


def _trouble(made: Firms) -> str:
    with made.services.store.reading() as session:
        found = enrichment.find(session, made.tenant_id, PDL)
    assert found
    return found.trouble or ""


def test_nothing_is_asked_before_a_tenant_opts_in(lite: Store) -> None:
    """Off is the default: no question, nothing due by the clock."""
    with firms(lite, PEOPLE) as made:
        assert buying.run(made.services, made.tenant_id) == 0
        assert made.asked == []
        schedules.enter(made.services)
        due = {entry.kind: entry.due_at for entry in schedules.of_tenant(made.services, made.tenant_id)}
        assert due[sources.KIND] is None
        sources.turn_on(made.services, made.tenant_id, PDL, key="sandbox-key")
        assert (made.tenant_id, sources.KIND) in schedules.due(made.services)
        assert schedules.carry_out(made.services, made.tenant_id, sources.KIND)
        assert sorted(made.asked) == [ALPHA, BETA, GAMMA]


def test_each_firm_is_asked_once_by_its_domain_and_nothing_else(store: Store) -> None:
    """Two people of a firm cost one question, however it is written; an unknown firm costs no match, nor another."""
    people = [company("c1", f"www.{ALPHA}"), *PEOPLE, person(6, "gmail.com", company_id="c1")]
    with firms(store, people) as made:
        sources.turn_on(made.services, made.tenant_id, PDL, key="sandbox-key")
        assert buying.run(made.services, made.tenant_id) == 3
        assert sorted(made.asked) == [ALPHA, BETA, GAMMA]
        assert (_spent(made).today, _spent(made).matches) == (3, 2)
        assert buying.run(made.services, made.tenant_id) == 0
        with made.services.store.reading() as session:
            assert enriched.answers(session, made.tenant_id) == {PDL: {"found": 2, "unknown": 1}}
            (industry,) = (
                row for row in enriched.of_domain(session, made.tenant_id, ALPHA, NOW + DAY) if row.field == "industry"
            )
        assert (industry.value, industry.stated) == ("machinery", False)


def test_a_value_counts_from_when_it_was_bought_and_not_before(bought: Firms) -> None:
    """A training row of yesterday can't see what was bought today."""
    buying.run(bought.services, bought.tenant_id)
    history = bought.history()
    at = bought.world.clock.now()
    ids = history.leads.filter(pl.col("company_key") == ALPHA)["lead_id"].sort()
    rows = pl.DataFrame(
        {"row": [0, 1], "lead_id": [ids[0], ids[0]], "as_of": [at, at + DAY]},
        schema={"row": pl.Int64, "lead_id": pl.Int64, "as_of": pl.Datetime("us", "UTC")},
    )
    seen = Timeline(history).values(rows, ["pdl.employees", "pdl.tags"])
    assert seen["pdl.employees"].to_list() == [None, "120"]
    (field,) = (item for item in history.fields if item.name == "pdl.employees")
    assert field.label == "Employees (from People Data Labs)"
    assert field.knowledge == "dated"


def test_few_leads_are_read_to_the_same_values_as_all(bought: Firms) -> None:
    """The real-time lane sees what a pass over everybody sees."""
    buying.run(bought.services, bought.tenant_id)
    whole = bought.history()
    for lead_id in whole.leads["lead_id"]:
        cut = bought.history(Cut((lead_id,)))
        mine = whole.values.filter(pl.col("lead_id") == lead_id)
        assert cut.values.sort(pl.all()).equals(mine.sort(pl.all()))


def test_a_contact_that_got_its_company_later_tells_nothing_of_it_before(lite: Store) -> None:
    """A CRM ties people to an account when a deal opens: known from their first day, that would give the deal away."""
    since = NOW - 10 * DAY
    tied = person(7, "gmail.com", company_id="c1", company_since=since)
    own = person(8, ALPHA, company_id="c1", company_since=since)
    with firms(lite, [company("c1", ALPHA), tied, own]) as made:
        made.world.clock.at = NOW - 60 * DAY
        sources.turn_on(made.services, made.tenant_id, PDL, key="sandbox-key")
        buying.run(made.services, made.tenant_id)
        history = made.history()
        free = history.leads.filter(pl.col("email_kind") == "free")["lead_id"].item()
        sizes = history.values.filter(pl.col("field") == "pdl.employees")
        assert dict(sizes.select("lead_id", "known_at").iter_rows()) == {
            free: since,
            history.leads.filter(pl.col("lead_id") != free)["lead_id"].item(): NOW - 60 * DAY,
        }


def test_what_is_turned_off_is_not_used_and_what_is_forgotten_is_gone(bought: Firms) -> None:
    """Values of a source that is off are not seen; forgetting deletes them with the key."""
    buying.run(bought.services, bought.tenant_id)
    sources.turn_off(bought.services, bought.tenant_id, PDL)
    assert not [item for item in bought.history().fields if item.name.startswith("pdl.")]
    assert not set(bought.history().values["field"]) - {"fakecrm.city"}
    assert buying.cadence(bought.services, bought.tenant_id) is None
    sources.turn_on(bought.services, bought.tenant_id, PDL)
    assert [item for item in bought.history().fields if item.name.startswith("pdl.")]
    sources.forget(bought.services, bought.tenant_id, PDL)
    with bought.services.store.reading() as session:
        assert not enriched.told(session, bought.tenant_id, [PDL])
        assert enrichment.of_tenant(session, bought.tenant_id) == []
        assert enriched.answers(session, bought.tenant_id) == {}


@pytest.mark.parametrize("budget", [Budget(daily=2), Budget(monthly=2)])
def test_a_budget_is_never_overspent_and_the_rest_follows(bought: Firms, budget: Budget) -> None:
    """Two questions today; the others when the day, or the month, is another."""
    sources.turn_on(bought.services, bought.tenant_id, PDL, budget)
    assert buying.run(bought.services, bought.tenant_id) == 2
    assert buying.run(bought.services, bought.tenant_id) == 0
    bought.world.clock.at = NOW + (DAY if budget.daily == 2 else 31 * DAY)
    assert buying.run(bought.services, bought.tenant_id) == 1
    assert len(set(bought.asked)) == len(bought.asked) == 3


def test_an_answer_is_good_for_so_many_days_and_news_count_from_the_second_one(bought: Firms) -> None:
    """Asked again after that; what did not change keeps its time, what changed gets another."""
    sources.turn_on(bought.services, bought.tenant_id, PDL, Budget(fresh_days=30))
    buying.run(bought.services, bought.tenant_id)
    first = bought.world.clock.now()
    bought.sandbox.vendor_state.account = PdlAccount(
        profiles={**PROFILES, ALPHA: {"employee_count": 200, "industry": "machinery", "likelihood": 9}}
    )
    bought.world.clock.at = first + 29 * DAY
    assert buying.run(bought.services, bought.tenant_id) == 0
    bought.world.clock.at = second = first + 31 * DAY
    assert buying.run(bought.services, bought.tenant_id) == 3
    mine = bought.history().values.filter(pl.col("field").is_in(["pdl.employees", "pdl.industry"]))
    of_alpha = mine.filter(pl.col("lead_id") == mine.filter(pl.col("value") == "200")["lead_id"].min())
    told = {(row["field"], row["value"], row["known_at"]) for row in of_alpha.iter_rows(named=True)}
    assert told == {
        ("pdl.employees", "120", first),
        ("pdl.employees", "200", second),
        ("pdl.industry", "machinery", first),
    }


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.RATE_LIMIT, skip=1),
        Fault(FaultKind.SERVER_ERROR, skip=1),
        Fault(FaultKind.HTML_ERROR, skip=1),
        Fault(FaultKind.DROP, skip=1),
        Fault(FaultKind.TRUNCATED, skip=1),
    ],
    ids=lambda fault: fault.kind,
)
def test_passing_trouble_stops_the_turn_and_the_next_goes_on_where_it_stood(bought: Firms, fault: Fault) -> None:
    """What was answered is kept and not asked again; a lost question is counted: nobody knows what it cost."""
    bought.sandbox.stage.faults.replace_all([fault])
    with pytest.raises(RetryLater):
        buying.run(bought.services, bought.tenant_id)
    assert len(bought.asked) == 1
    assert not _trouble(bought)
    assert buying.run(bought.services, bought.tenant_id) == 2
    assert sorted(bought.asked) == [ALPHA, BETA, GAMMA]
    assert _spent(bought).today == 4


@pytest.mark.parametrize(
    ("account", "words"),
    [(PdlAccount(key="another"), "refused the key"), (PdlAccount(credits=0, profiles=PROFILES), "no credits left")],
)
def test_what_only_the_admin_can_mend_waits_for_them(bought: Firms, account: PdlAccount, words: str) -> None:
    """No further question goes out until the admin says so; the clock has no work meanwhile."""
    bought.sandbox.vendor_state.account = account
    buying.run(bought.services, bought.tenant_id)
    assert words in _trouble(bought)
    assert "sandbox-key" not in _trouble(bought)
    asked = len(bought.sandbox.stage.log.entries())
    assert buying.run(bought.services, bought.tenant_id) == 0
    assert len(bought.sandbox.stage.log.entries()) == asked
    bought.sandbox.vendor_state.account = PdlAccount(profiles=PROFILES)
    sources.try_again(bought.services, bought.tenant_id, PDL)
    assert buying.run(bought.services, bought.tenant_id) == 3


def test_a_key_is_sealed_and_another_tenants_key_does_not_open(bought: Firms) -> None:
    """What the database holds is no key; moved to another owner it opens nothing and is told to the admin."""
    with bought.services.store.transaction() as session:
        held = enrichment.find(session, bought.tenant_id, PDL)
        assert held
        assert held.secret
        assert "sandbox-key" not in held.secret
        foreign = bought.services.cipher.encrypt("sandbox-key", tenant_id="other", connection_id="enrichment:pdl")
        enrichment.save(session, replace(held, secret=foreign))
    assert buying.run(bought.services, bought.tenant_id) == 0
    assert "not its own" in _trouble(bought)


def test_a_turn_ends_in_time_and_the_rest_is_asked_by_the_next(bought: Firms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work by the clock has a lease: whoever asks longer would be overtaken."""
    monkeypatch.setattr(buying, "TURN_SECONDS", 0.0)
    with pytest.raises(RetryLater):
        buying.run(bought.services, bought.tenant_id)
    assert bought.asked == []

"""What HubSpot's streams mean, and HubSpot's own caps and tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from connector.records import Actor, Conversion, EventKind
from connector.sandbox.hubspot import changes
from connector.sandbox.hubspot.admin import USER
from connector.sandbox.hubspot.marketing_data import Journal, PageView
from tests.contract.facts import Facts, facts_of, pages_of, read_all, read_on
from tests.contract.hubspot_world import PORTAL, HubSpotWorld

Portal = Callable[..., HubSpotWorld]


@pytest.fixture
def portal() -> Iterator[Portal]:
    """Start portals; all are stopped at the end."""
    started: list[HubSpotWorld] = []

    def make(people: int = 0, **options: object) -> HubSpotWorld:
        started.append(HubSpotWorld(**options))  # type: ignore[arg-type] # the options of a world
        started[-1].fill(people)
        return started[-1]

    yield make
    for world in started:
        world.stop()


def stream_facts(world: HubSpotWorld, name: str) -> Facts:
    """Read one stream from its beginning."""
    return Facts().learn(pages_of(world.connect(), name))


def test_activities_tell_who_made_them_happen(portal: Portal) -> None:
    """Sellers call and note, leads book meetings and answer."""
    world = portal()
    person = world.add_person("a@example.com")
    for kind in ("call", "note", "meeting", "email_reply"):
        world.happen(world.contact(person), kind)
    events = facts_of(read_all(world.connect())).events.values()
    assert {(event.kind, event.actor, event.record_id) for event in events} == {
        (EventKind.CALL, Actor.SELLER, person),
        (EventKind.NOTE, Actor.SELLER, person),
        (EventKind.MEETING, Actor.LEAD, person),
        (EventKind.EMAIL_REPLIED, Actor.LEAD, person),
    }


def test_an_activity_counts_for_each_of_its_contacts(portal: Portal) -> None:
    """Lists that the page cuts off after a hundred are read to their end, in backfill and after."""
    world = portal()
    people = [world.add_person(f"p{number}@example.com") for number in range(130)]
    world.happen(world.contact(people[0]), "meeting")
    (meeting,) = world.account.tables["meetings"].live
    for person in people:
        world.account.links.add("contacts", int(person), "meetings", meeting)
    grant = world.install()
    listed = list(pages_of(world.connect(grant), "meetings"))
    assert {event.record_id for page in listed for event in page.events} == set(people)
    world.wait()
    table = world.account.tables["meetings"]
    changes.update(world.hub, world.account, table, table.live[meeting], {"hs_meeting_outcome": "NO_SHOW"}, USER)
    world.wait()
    searched = list(pages_of(world.connect(grant), "meetings", listed[-1].cursor))
    assert {event.record_id for page in searched for event in page.events} == set(people)


def test_marketing_events_name_the_address_and_machines_are_told_apart(portal: Portal) -> None:
    """An open by a privacy proxy is not the lead's."""
    world = portal()
    person = world.contact(world.add_person("a@example.com"))
    world.happen(person, "email_open")
    world.happen(person, "email_click", machine=True)
    found = stream_facts(world, "marketing_emails").events.values()
    assert {(event.kind, event.actor, event.email) for event in found} == {
        (EventKind.EMAIL_OPENED, Actor.LEAD, "a@example.com"),
        (EventKind.EMAIL_CLICKED, Actor.MACHINE, "a@example.com"),
    }


def test_submissions_of_all_forms_are_read_once_and_on(portal: Portal) -> None:
    """Form by form, page by page, and later only what is new, without going through the old again."""
    world = portal()
    people = [world.contact(world.add_person(f"p{number}@example.com")) for number in range(70)]
    for person in people:
        world.clock.sleep(1)
        world.happen(person, "form", form="Contact us")
    world.happen(people[0], "form", form="Demo")
    world.clock.sleep(7200)
    grant = world.install()
    before = {"forms": list(pages_of(world.connect(grant), "forms"))}
    assert len(facts_of(before).events) == 71
    assert {event.detail for event in facts_of(before).events.values()} == {"Contact us", "Demo"}
    world.clock.sleep(90_000)
    world.happen(people[1], "form", form="Demo")
    after = read_on(world.connect(grant), before)
    assert [event.email for event in facts_of(after).events.values()] == ["p1@example.com"]
    assert len(after["forms"]) == 3


def test_deals_are_outcomes_with_amounts_for_their_contacts(portal: Portal) -> None:
    """Won and lost, dated by the change of stage."""
    world = portal()
    winner, loser = world.add_person("w@example.com"), world.add_person("l@example.com")
    world.clock.sleep(86_400)
    at = world.clock.now()
    world.happen(world.contact(winner), "deal_won", amount="1200.50")
    world.happen(world.contact(loser), "deal_lost")
    found = {item.record_id: item for item in stream_facts(world, "deals").conversions.values()}
    assert (found[winner].kind, found[winner].amount) == ("deal_won", Decimal("1200.50"))
    assert found[winner].at == at
    assert found[loser].kind == "deal_lost"


def test_a_deal_that_is_won_later_is_found_by_reading_on(portal: Portal) -> None:
    """The conversion comes with the change, dated by it."""
    world = portal()
    person = world.add_person("w@example.com")
    world.happen(world.contact(person), "deal_lost")
    grant = world.install()
    before = {"deals": list(pages_of(world.connect(grant), "deals"))}
    world.wait()
    table = world.account.tables["deals"]
    (deal,) = table.live.values()
    world.clock.sleep(3600)
    won_at = world.clock.now()
    changes.update(world.hub, world.account, table, deal, {"dealstage": "closedwon"}, USER)
    world.wait()
    (found,) = facts_of(read_on(world.connect(grant), before)).conversions.values()
    assert (found.kind, found.at, found.record_id) == ("deal_won", won_at, person)


def test_a_deal_that_is_open_again_is_no_outcome(portal: Portal) -> None:
    """Neither is one that was deleted; a deal that stays won is told again."""
    world = portal()
    people = [world.add_person(f"p{number}@example.com") for number in range(3)]
    for person in people:
        world.happen(world.contact(person), "deal_won")
    grant = world.install()
    before = read_all(world.connect(grant))
    assert len(_deals(facts_of(before))) == 3
    world.clock.sleep(7200)
    table = world.account.tables["deals"]
    reopened, deleted, kept = (table.live[key] for key in sorted(table.live))
    changes.update(world.hub, world.account, table, reopened, {"dealstage": "qualifiedtobuy"}, USER)
    changes.archive(world.hub, world.account, table, deleted, USER)
    changes.update(world.hub, world.account, table, kept, {"dealname": "Renamed"}, USER)
    world.wait()
    after = facts_of(before, read_on(world.connect(grant), before))
    assert [item.record_id for item in _deals(after)] == [people[2]]


def _deals(facts: Facts) -> list[Conversion]:
    return [item for item in facts.conversions.values() if item.source == "deals"]


def test_page_views_are_refused_below_enterprise_in_a_sentence(portal: Portal) -> None:
    """The account is not at fault and the sync goes on."""
    world = portal(3)
    page = world.connect().read_page("page_views", None)
    assert page.drained
    assert page.unavailable is not None
    assert "subscription" in page.unavailable


def test_page_views_of_contacts_that_changed_are_read_on_enterprise(portal: Portal) -> None:
    """The first scan only opens the window; then each changed contact is asked about."""
    world = portal(3, tier="enterprise")
    grant = world.install()
    before = {"page_views": list(pages_of(world.connect(grant), "page_views"))}
    assert before["page_views"][0].unavailable is None
    world.wait()
    person = sorted(world.person_ids())[0]
    world.rename_title([person], "Visitor")
    visit = PageView(world.hub.now_ms(), "visit-1", int(person), "https://www.example.com/pricing?email=a@example.com")
    world.account.marketing.page_views[int(person)] = Journal()
    world.account.marketing.page_views[int(person)].add(visit)
    world.wait()
    (event,) = facts_of(read_on(world.connect(grant), before)).events.values()
    assert (event.kind, event.record_id, event.detail) == (EventKind.PAGE_VIEW, person, "/pricing")


def test_a_stream_without_its_permission_says_which_is_missing(portal: Portal) -> None:
    """Optional scopes that the account's tier lacks are dropped at the installation."""
    world = portal(3, unavailable=("forms",))
    page = world.connect().read_page("forms", None)
    assert page.drained
    assert "the permission forms is missing" in str(page.unavailable)


def test_more_fields_than_an_address_can_name_are_read_all_the_same(portal: Portal) -> None:
    """An account with hundreds of fields is read by id, with the same result."""
    world = portal(60)
    group = next(iter(world.account.catalogues["contacts"].groups))
    for number in range(300):
        world.define(f"a_custom_property_with_a_long_name_{number}", "string", "text", group)
    world.change(sorted(world.person_ids())[:5], {"a_custom_property_with_a_long_name_299": "x"})
    facts = stream_facts(world, "contacts")
    filled = [r for r in facts.records.values() if r.properties.get("a_custom_property_with_a_long_name_299") == "x"]
    assert facts.records.keys() == world.person_ids()
    assert len(filled) == 5
    assert {change.name for change in facts.changes} >= {"jobtitle", "a_custom_property_with_a_long_name_299"}


def test_an_erased_person_is_gone_when_read_again(portal: Portal) -> None:
    """Erased contacts are in no bin and no search; reading them tells."""
    world = portal(3)
    person = sorted(world.person_ids())[0]
    table = world.account.tables["contacts"]
    changes.erase(world.hub, world.account, table, world.contact(person), USER)
    assert [item.record_id for item in world.connect().read_records([person]).removals] == [person]


def test_a_restored_person_comes_back(portal: Portal) -> None:
    """Restoring counts as a change."""
    world = portal(3)
    grant = world.install()
    person = sorted(world.person_ids())[0]
    world.delete_person(person)
    before = read_all(world.connect(grant))
    world.wait()
    table = world.account.tables["contacts"]
    changes.restore(world.hub, world.account, table, int(person), USER)
    world.wait()
    assert person in facts_of(read_on(world.connect(grant), before)).records


def test_companies_are_joined_by_id(portal: Portal) -> None:
    """A contact names its primary company, and the company its industry."""
    world = portal(6)
    facts = facts_of(read_all(world.connect()))
    company = facts.companies[str(next(iter(facts.records.values())).company_id)]
    assert company.domain == "firm0.example.com"
    assert company.properties["company.industry"] == "RETAIL"


def test_the_account_is_described(portal: Portal) -> None:
    """Id, time zone and currency are HubSpot's; pages are linked where they are."""
    world = portal()
    account = world.connect().account()
    told = world.account.portal
    assert (account.account_id, account.time_zone) == (str(PORTAL), told.time_zone)
    assert account.currency == told.currency
    assert account.ui_url == world.sandbox.origin

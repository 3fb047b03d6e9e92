"""What Mailchimp's streams mean, and Mailchimp's own paging, states and addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.adapters.mailchimp.streams import campaigns, census, members, orders
from connector.adapters.mailchimp.values import iso, subscriber_hash
from connector.records import Actor, EventKind
from connector.sandbox.mailchimp import changes, mailings
from connector.sandbox.mailchimp.records import Member
from tests.contract.facts import Facts, facts_of, pages_of, read_all, read_on
from tests.contract.mailchimp_world import MailchimpWorld

World = Callable[[int], MailchimpWorld]


@pytest.fixture
def world() -> Iterator[MailchimpWorld]:
    """An account with two empty audiences."""
    made = MailchimpWorld()
    yield made
    made.stop()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of five, so that few members make many of them."""
    monkeypatch.setattr(members, "PAGE", 5)
    monkeypatch.setattr(campaigns, "PAGE", 5)
    monkeypatch.setattr(campaigns, "LISTED", 5)
    monkeypatch.setattr(orders, "COUNT", 5)
    monkeypatch.setattr(census, "PAGE", 5)
    monkeypatch.setattr(campaigns, "ASKED", 3)


def stream(world: MailchimpWorld, name: str) -> Facts:
    """Read one stream from its beginning."""
    return Facts().learn(pages_of(world.connect(), name))


def asked(world: MailchimpWorld, path: str) -> int:
    """Return how many requests had ``path`` in theirs."""
    return sum(path in entry.path for entry in world.sandbox.stage.log.entries())


@pytest.mark.usefixtures("small_pages")
def test_reading_in_small_pages_resumes_from_every_checkpoint(world: MailchimpWorld) -> None:
    """Each stream, cut off after each of its many pages, ends as an undisturbed one."""
    world.fill(40)
    grant = world.install()
    for name, pages in read_all(world.connect(grant)).items():
        assert len(pages) > 1 or name in ("census", "automations"), name
        whole = Facts().learn(pages).standing()
        for done in range(1, len(pages)):
            rest = list(pages_of(world.connect(grant), name, pages[done - 1].cursor))
            assert Facts().learn([*pages[:done], *rest]).standing() == whole, f"{name} from page {done}"


@pytest.mark.usefixtures("small_pages")
def test_a_second_with_more_members_than_a_page_is_read_to_its_end(world: MailchimpWorld) -> None:
    """An import or a bulk edit stamps them all alike; those before and after are there once too."""
    with world.sandbox.stage.lock:
        world.add_member("before@example.com")
        world.clock.sleep(10)
        for number in range(23):
            world.add_member(f"same{number}@example.com")
        world.clock.sleep(10)
        world.add_member("after@example.com")
    world.clock.sleep(60)
    pages = list(pages_of(world.connect(), "members"))
    seen = Counter(record.record_id for page in pages for record in page.records)
    assert seen.keys() == world.person_ids()
    assert set(seen.values()) == {1}


@pytest.mark.usefixtures("small_pages")
def test_members_that_change_while_they_are_read_hide_no_others(world: MailchimpWorld) -> None:
    """With offsets over the whole list, each of them would push one out of sight."""
    world.fill(60)
    adapter, read, cursor = world.connect(), set[str](), None
    victims = iter(sorted(world.person_ids()))
    for _ in range(100):
        page = adapter.read_page("members", cursor)
        read |= {record.record_id for record in page.records}
        if page.drained:
            break
        cursor = page.cursor
        world.clock.sleep(1)
        world.rename_title([next(victims)], "Changed on the way")
    world.wait()
    rest = Facts().learn(pages_of(adapter, "members", page.cursor)).records
    assert read | rest.keys() == world.person_ids()


def test_a_person_in_two_audiences_is_two_records(world: MailchimpWorld) -> None:
    """Who they are together is found by the address, not here."""
    world.add_member("ann@example.com")
    world.add_member("ann@example.com", world.second)
    world.clock.sleep(60)
    found = stream(world, "members").records
    assert {key.partition(":")[0] for key in found} == {world.main.list_id, world.second.list_id}
    assert [record.email for record in found.values()] == ["ann@example.com"] * 2


def test_a_change_of_address_keeps_the_record(world: MailchimpWorld) -> None:
    """The hash is another one, the contact the same; the webhook's hint finds it under its new one."""
    member = world.add_member("old@example.com")
    world.clock.sleep(60)
    grant = world.install()
    before = read_all(world.connect(grant))
    world.clock.sleep(600)
    changes.change_email(world.hub, member, "new@example.com")
    world.clock.sleep(60)
    after = facts_of(read_on(world.connect(grant), before))
    assert [(key, record.email) for key, record in after.records.items()] == [
        (world.record_of(member), "new@example.com")
    ]
    hinted = world.connect(grant).read_records([f"{member.list_id}:{subscriber_hash('new@example.com')}"])
    assert [record.record_id for record in hinted.records] == [world.record_of(member)]


def test_hidden_bounced_and_opted_out_members(world: MailchimpWorld) -> None:
    """Archived ones are removed and come back; the others stay, with the state that excludes them."""
    archived, cleaned, left = (world.add_member(f"{name}@example.com") for name in ("a", "c", "u"))
    world.clock.sleep(60)
    grant = world.install()
    first = read_all(world.connect(grant))
    world.clock.sleep(600)
    changes.archive(world.hub, archived)
    changes.clean(world.hub, cleaned)
    changes.opt_out(world.hub, left)
    world.clock.sleep(60)
    second = read_on(world.connect(grant), first)
    found = facts_of(second)
    assert found.removed == {world.record_of(archived)}
    told = {change.record_id: change.value for change in found.changes if change.name == "status"}
    assert told == {world.record_of(cleaned): "cleaned", world.record_of(left): "unsubscribed"}
    (status,) = [item for item in world.connect(grant).fields() if item.name == "status"]
    assert set(told.values()) <= status.excludes.keys()
    world.clock.sleep(600)
    changes.set_status(world.hub, archived, "subscribed")
    world.clock.sleep(60)
    assert world.record_of(archived) in facts_of(read_on(world.connect(grant), second)).records


def test_a_change_that_turns_up_late_is_read(world: MailchimpWorld) -> None:
    """It bears a time from before the last scan's end, which is overlapped."""
    grant = world.install()
    before = read_all(world.connect(grant))
    late = world.add_member("late@example.com")
    late.changed_ms -= 120_000
    world.clock.sleep(600)
    assert world.record_of(late) in facts_of(read_on(world.connect(grant), before)).records


def test_an_audience_that_is_made_later_is_read_too(world: MailchimpWorld) -> None:
    """Its merge fields are fields of the account from then on."""
    grant = world.install()
    before = read_all(world.connect(grant))
    world.clock.sleep(600)
    audience = world.hub.add_audience("Fair visitors", world.hub.now_ms())
    world.define(audience, "BOOTH", "Booth", "dropdown", ("North", "South"))
    member = world.add_member("guest@example.com", audience, BOOTH="North")
    world.clock.sleep(60)
    adapter = world.connect(grant)
    found = facts_of(read_on(adapter, before)).records
    assert found[world.record_of(member)].properties["BOOTH"] == "North"
    assert {item.name: list(item.options) for item in adapter.fields()}["BOOTH"] == ["North", "South"]


def test_contacts_without_an_address_are_read(world: MailchimpWorld) -> None:
    """They gave a phone number only."""
    member = changes.add_phone_contact(world.hub, world.main, "+49 30 1234567")
    world.clock.sleep(60)
    assert stream(world, "members").records[world.record_of(member)].email is None


def happened(world: MailchimpWorld, member: Member, *kinds: str) -> None:
    """Let things happen a minute apart."""
    for kind in kinds:
        world.happen(member, kind)
        world.clock.sleep(60)


def test_campaigns_tell_who_did_what_and_when(world: MailchimpWorld) -> None:
    """Proxies' opens are the machine's; opting out has its time."""
    member = world.add_member("ann@example.com")
    happened(world, member, "email_sent", "email_open")
    world.happen(member, "email_open", machine=True)
    happened(world, member, "email_click", "email_bounce", "unsubscribe")
    found = stream(world, "campaigns").events.values()
    assert {(event.kind, event.actor) for event in found} == {
        (EventKind.EMAIL_SENT, Actor.SELLER),
        (EventKind.EMAIL_OPENED, Actor.LEAD),
        (EventKind.EMAIL_OPENED, Actor.MACHINE),
        (EventKind.EMAIL_CLICKED, Actor.LEAD),
        (EventKind.EMAIL_BOUNCED, Actor.MACHINE),
        (EventKind.UNSUBSCRIBED, Actor.LEAD),
    }
    assert {event.email for event in found} == {"ann@example.com"}


def test_only_campaigns_with_news_are_asked(world: MailchimpWorld) -> None:
    """The totals of all reports come in one call; a campaign without news costs nothing more."""
    people = [world.add_member(f"p{number}@example.com") for number in range(6)]
    sent = []
    for number in range(4):
        sent.append(mailings.send_campaign(world.hub, world.main, f"Mailing {number}", people))
        world.clock.sleep(7200)
    grant = world.install()
    first = read_all(world.connect(grant))
    world.clock.sleep(7200)
    second = read_on(world.connect(grant), first)
    world.clock.sleep(7200)
    mailings.open_(world.hub, sent[2], people[1])
    world.sandbox.stage.log.clear()
    third = read_on(world.connect(grant), second)
    assert [(event.kind, event.email) for event in facts_of(third).events.values()] == [
        (EventKind.EMAIL_OPENED, "p1@example.com")
    ]
    assert (asked(world, "/reports/"), asked(world, sent[2].campaign_id)) == (1, 1)
    world.sandbox.stage.log.clear()
    read_on(world.connect(grant), third)
    assert (asked(world, "/reports/"), asked(world, "/reports")) == (0, 1)


def test_a_campaign_is_followed_for_thirty_days(world: MailchimpWorld) -> None:
    """What comes later is not read: each campaign would be asked for ever."""
    member = world.add_member("ann@example.com")
    campaign = mailings.send_campaign(world.hub, world.main, "Old", [member])
    grant = world.install()
    world.clock.sleep(29 * 86_400)
    first = read_all(world.connect(grant))
    mailings.open_(world.hub, campaign, member)
    world.clock.sleep(600)
    second = read_on(world.connect(grant), first)
    assert [event.kind for event in facts_of(second).events.values()] == [EventKind.EMAIL_OPENED]
    world.clock.sleep(2 * 86_400)
    mailings.open_(world.hub, campaign, member)
    assert not facts_of(read_on(world.connect(grant), second)).events


def test_a_campaign_that_was_still_being_sent_is_read_whole_again(world: MailchimpWorld) -> None:
    """Those who got it later were sent it too."""
    people = [world.add_member(f"p{number}@example.com") for number in range(4)]
    campaign = mailings.send_campaign(world.hub, world.main, "Large", people[:2])
    world.clock.sleep(7200)
    grant = world.install()
    first = read_all(world.connect(grant))
    world.clock.sleep(600)
    # The first look after a backfill only learns the totals.
    second = read_on(world.connect(grant), first)
    for member in people[2:]:
        mailings.receive(campaign, member)
    world.clock.sleep(7200)
    found = facts_of(first, second, read_on(world.connect(grant), second)).events.values()
    assert {event.email for event in found if event.kind is EventKind.EMAIL_SENT} == {
        f"p{number}@example.com" for number in range(4)
    }


def test_orders_are_conversions_of_the_shops_audience(world: MailchimpWorld) -> None:
    """Cancelled ones are none; a customer who is no member brings nothing; amounts are exact."""
    ann = world.add_member("Ann@example.com", world.second)
    world.add_member("ann@example.com")
    world.happen(ann, "order", amount="1999.99")
    store = next(iter(world.hub.stores.values()))
    kept = next(iter(store.orders.values()))
    cancelled = {**kept.body, "id": "c", "cancelled_at_foreign": "2026-03-02T10:00:00+00:00"}
    mailings.place_order(world.hub, store, cancelled)
    world.clock.sleep(60)
    (found,) = stream(world, "orders").conversions.values()
    assert (found.kind, found.record_id) == ("order", world.record_of(ann))
    assert (found.amount, found.currency) == (Decimal("1999.99"), "EUR")
    assert found.at is not None


def test_an_order_that_is_cancelled_is_no_conversion_any_more(world: MailchimpWorld) -> None:
    """It was one when it was read; the next scan takes it back and leaves the others."""
    people = [world.add_member(f"p{number}@example.com") for number in range(2)]
    for member in people:
        world.happen(member, "order")
    grant = world.install()
    before = read_all(world.connect(grant))
    assert len(facts_of(before).conversions) == 2
    world.clock.sleep(86_400)
    store = next(iter(world.hub.stores.values()))
    cancelled = next(iter(store.orders.values()))
    cancelled.body |= {name: iso(world.clock.now()) for name in ("cancelled_at_foreign", "updated_at_foreign")}
    after = read_on(world.connect(grant), before)
    assert [item.record_id for item in facts_of(before, after).conversions.values()] == [world.record_of(people[1])]


@pytest.mark.usefixtures("small_pages")
def test_a_census_of_many_pages_counts_everyone_once_and_resumes(world: MailchimpWorld) -> None:
    """Archived contacts are not counted; who was deleted for good is erased when asked for."""
    world.fill(23)
    grant = world.install()
    (first,) = pages_of(world.connect(grant), "census")
    gone, archived, *_ = sorted(world.person_ids())
    world.vanish(gone)
    world.delete_person(archived)
    world.clock.sleep(8 * 86_400)
    pages = list(pages_of(world.connect(grant), "census", first.cursor))
    assert len(pages) > 4
    rest = list(pages_of(world.connect(grant), "census", pages[2].cursor))
    present = Counter(found for page in [*pages[:3], *rest] if page.census for found in page.census.present)
    assert set(present) == world.person_ids()
    assert set(present.values()) == {1}
    found = world.connect(grant).read_records([gone, archived]).removals
    assert {item.record_id: item.erased for item in found} == {gone: True, archived: False}


@pytest.mark.usefixtures("small_pages")
def test_orders_are_scanned_when_their_number_changes_and_once_a_day(world: MailchimpWorld) -> None:
    """They can be asked for by no date: an idle shop costs one call, and known orders no look-up."""
    people = [world.add_member(f"p{number}@example.com") for number in range(12)]
    for member in people:
        world.happen(member, "order")
    grant = world.install()
    world.clock.sleep(3 * 86_400)
    first = read_all(world.connect(grant))
    assert len(facts_of(first).conversions) == 12
    assert asked(world, "/members/") == 0
    world.clock.sleep(600)
    world.sandbox.stage.log.clear()
    second = read_on(world.connect(grant), first)
    assert (asked(world, "/ecommerce/orders"), len(facts_of(second).conversions)) == (1, 0)
    world.happen(people[3], "order")
    world.sandbox.stage.log.clear()
    third = read_on(world.connect(grant), second)
    assert [item.record_id for item in facts_of(third).conversions.values()] == [world.record_of(people[3])]
    assert asked(world, "/members/") == 1
    world.clock.sleep(86_400)
    world.sandbox.stage.log.clear()
    read_on(world.connect(grant), third)
    assert asked(world, "/ecommerce/orders") == 3


def test_a_customer_under_an_old_hash_is_found(world: MailchimpWorld) -> None:
    """Very old audiences hashed addresses as they were typed."""
    member = world.main.new_member("Ann@Example.com", "subscribed", world.hub.now_ms(), case_kept=True)
    store = mailings.open_store(world.hub, world.main, "s", "Shop", "EUR")
    customer = {"id": "1", "email_address": "Ann@Example.com", "opt_in_status": False}
    body = {"id": "o", "customer": customer, "currency_code": "EUR", "order_total": 5, "lines": []}
    store.customers["1"] = {"created_at": "", **customer, "orders_count": 1, "total_spent": 5, "updated_at": ""}
    store.orders["o"] = replace(_order(world), order_id="o", store_id="s", customer_id="1", body=body)
    (found,) = stream(world, "orders").conversions.values()
    assert found.record_id == world.record_of(member)


def _order(world: MailchimpWorld) -> mailings.Order:
    return mailings.Order("o", "s", "1", {})


def test_an_account_without_a_shop_has_no_orders(world: MailchimpWorld) -> None:
    """The stream is there, and empty."""
    (page,) = pages_of(world.connect(), "orders")
    assert page.drained
    assert not page.conversions

"""Campaigns, their reports, one member's activity, and shops of the Mailchimp sandbox."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests

from connector.sandbox.mailchimp import changes, mailings
from connector.sandbox.mailchimp.records import Act, Campaign, Member
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock

PRICING, BLOG = "https://www.example.com/pricing", "https://www.example.com/blog"


class Mailed:
    """An account with one campaign of 2026-02-01 12:10 to four members, and what they did in the minutes after."""

    def __init__(self, started: Starter) -> None:
        self.clock = StandingClock()
        self.visitor = Visitor(started(self.clock)).install()
        self.hub = self.visitor.hub
        with self.hub.stage.lock:
            self.members = [changes.add_member(self.hub, self.hub.main, f"r{n}@example.com") for n in range(4)]
            self.clock.sleep(600)
            self.campaign = mailings.send_campaign(self.hub, self.hub.main, "Spring news")
            self._act()
        self.report = f"/reports/{self.campaign.campaign_id}"

    def _act(self) -> None:
        reader, bouncer, leaver, _ = self.members
        for proxy in (True, False):
            self.clock.sleep(60)
            mailings.open_(self.hub, self.campaign, reader, proxy=proxy)
        for url in (PRICING, PRICING, BLOG):
            self.clock.sleep(60)
            mailings.click(self.hub, self.campaign, reader, url)
        mailings.bounce(self.hub, self.campaign, bouncer)
        mailings.click(self.hub, self.campaign, leaver, BLOG)
        mailings.unsubscribe(self.hub, self.campaign, leaver, "Too many mails")

    def rows(self, part: str, name: str, **params: Any) -> dict[str, dict[str, Any]]:
        """Rows of a part of the report by the first part of their address."""
        page = self.visitor.get(f"{self.report}/{part}", count=1000, **params)
        return {each["email_address"].partition("@")[0]: each for each in page[name]}


@pytest.fixture
def mailed(started: Starter) -> Mailed:
    """A campaign with activity."""
    return Mailed(started)


def test_email_activity_has_a_row_for_everyone(mailed: Mailed) -> None:
    """Without activity too; ``since`` filters the activity and not the rows."""
    rows = mailed.rows("email-activity", "emails")
    assert [each["action"] for each in rows["r0"]["activity"]] == ["open", "open", "click", "click", "click"]
    assert rows["r0"]["activity"][2]["url"] == PRICING
    assert rows["r0"]["activity"][0]["timestamp"] == "2026-02-01T12:11:00+00:00"
    assert rows["r1"]["activity"][0]["type"] == "hard"
    assert [each["action"] for each in rows["r2"]["activity"]] == ["click"]
    assert rows["r3"]["activity"] == []
    assert rows["r0"]["email_id"] == mailed.members[0].hash
    later = mailed.rows("email-activity", "emails", since="2026-02-01T12:13:00+00:00")
    assert len(later) == 4
    assert len(later["r0"]["activity"]) == 2


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("email-activity", "emails"),
        ("open-details", "members"),
        ("sent-to", "sent_to"),
        ("unsubscribed", "unsubscribes"),
        ("click-details", "urls_clicked"),
    ],
)
def test_every_row_of_a_report_has_links(mailed: Mailed, part: str, name: str) -> None:
    """Clients take them out without looking whether they are there."""
    found = mailed.visitor.get(f"{mailed.report}/{part}", count=1000)[name]
    assert found
    assert all(row["_links"][0]["href"].startswith("http") for row in found)


def test_opens_of_mail_services_are_marked(mailed: Mailed) -> None:
    """Only those who opened have a row."""
    rows = mailed.rows("open-details", "members")
    assert set(rows) == {"r0"}
    assert [each["is_proxy_open"] for each in rows["r0"]["opens"]] == [True, False]
    assert (rows["r0"]["opens_count"], rows["r0"]["proxy_excluded_opens_count"]) == (2, 1)
    page = mailed.visitor.get(f"{mailed.report}/open-details", since="2026-02-01T12:11:00+00:00")
    assert (page["total_opens"], page["total_proxy_excluded_opens"]) == (1, 1)


def test_clicks_by_link_and_by_person(mailed: Mailed) -> None:
    """Two levels, and no times below the link's last click."""
    page = mailed.visitor.get(f"{mailed.report}/click-details")
    links = {each["url"]: each for each in page["urls_clicked"]}
    assert (links[PRICING]["total_clicks"], links[PRICING]["unique_clicks"]) == (2, 1)
    assert (links[BLOG]["total_clicks"], links[BLOG]["unique_clicks"]) == (2, 2)
    link = f"{mailed.report}/click-details/{links[PRICING]['id']}"
    assert mailed.visitor.get(link)["url"] == PRICING
    members = mailed.visitor.get(f"{link}/members")["members"]
    assert [(each["email_address"], each["clicks"]) for each in members] == [("r0@example.com", 2)]
    assert mailed.visitor.call("GET", f"{mailed.report}/click-details/none/members").status_code == 404


def test_who_got_it_and_who_left(mailed: Mailed) -> None:
    """Exposure with the fate of the mail; opt-outs with time and reason."""
    sent = mailed.rows("sent-to", "sent_to")
    assert {name: each["status"] for name, each in sent.items()} == {
        "r0": "sent",
        "r1": "hard",
        "r2": "sent",
        "r3": "sent",
    }
    assert (sent["r0"]["open_count"], sent["r3"]["last_open"]) == (2, "")
    left = mailed.rows("unsubscribed", "unsubscribes")
    assert {name: each["reason"] for name, each in left.items()} == {"r2": "Too many mails"}
    statuses = {each.email.partition("@")[0]: each.status for each in mailed.members}
    assert statuses == {"r0": "subscribed", "r1": "cleaned", "r2": "unsubscribed", "r3": "subscribed"}


def test_a_thousand_opens_are_shown(mailed: Mailed) -> None:
    """Of one member and campaign; the others are not."""
    with mailed.hub.stage.lock:
        acts = mailed.campaign.receipts[mailed.members[3].contact_id].acts
        acts.extend(Act(mailed.hub.now_ms() + n, "open") for n in range(1_200))
    assert len(mailed.rows("email-activity", "emails")["r3"]["activity"]) == 1_000


def test_rows_follow_a_changed_address_and_lose_an_erased_one(mailed: Mailed) -> None:
    """As the members are now."""
    with mailed.hub.stage.lock:
        changes.change_email(mailed.hub, mailed.members[0], "new@example.com")
        changes.delete_permanently(mailed.hub, mailed.members[3])
    assert set(mailed.rows("email-activity", "emails")) == {"new", "r1", "r2"}


def test_the_index_of_campaigns(mailed: Mailed) -> None:
    """By status, time of sending, audience and member; drafts have no time of sending and no report."""
    with mailed.hub.stage.lock:
        draft = mailings.draft_campaign(mailed.hub, mailed.hub.main, "Draft")
        mailed.clock.sleep(86_400)
        second: Campaign = mailings.send_campaign(mailed.hub, mailed.hub.main, "Next", [mailed.members[0]])

    def titles(**params: Any) -> list[str]:
        return [each["settings"]["title"] for each in mailed.visitor.get("/campaigns", **params)["campaigns"]]

    assert titles() == ["Spring news", "Draft", "Next"]
    assert titles(status="sent", sort_field="send_time", sort_dir="DESC") == ["Next", "Spring news"]
    assert titles(status="sent", since_send_time="2026-02-01T12:10:00+00:00") == ["Next"]
    assert titles(before_send_time="2026-02-02T00:00:00Z") == ["Spring news"]
    assert titles(member_id=mailed.members[3].hash) == ["Spring news"]
    assert titles(list_id="none") == []
    assert mailed.visitor.call("GET", f"/reports/{draft.campaign_id}").status_code == 404
    assert mailed.visitor.get(f"/campaigns/{second.campaign_id}")["emails_sent"] == 1
    reports = mailed.visitor.get("/reports")["reports"]
    assert [each["opens"]["opens_total"] for each in reports] == [2, 0]


def test_activity_of_one_member(mailed: Mailed) -> None:
    """Newest first; the short list ends at 50, the feed has pages and more kinds."""
    path = f"/lists/{mailed.visitor.main}/members/r0@example.com"
    mailed.clock.sleep(1)
    mailed.visitor.call("POST", f"{path}/notes", {"note": "Called back."})
    event = {"name": "high_intent", "properties": {"score": "91"}, "occurred_at": "2026-02-01T13:00:00+00:00"}
    assert mailed.visitor.call("POST", f"{path}/events", event).status_code == 204
    recent = mailed.visitor.get(f"{path}/activity")["activity"]
    assert [each["action"] for each in recent] == ["click", "click", "click", "open", "open", "sent"]
    assert len(mailed.visitor.get(f"{path}/activity", action="open,sent")["activity"]) == 3
    feed = mailed.visitor.get(f"{path}/activity-feed", count=3)["activity"]
    assert [each["activity_type"] for each in feed] == ["event", "note", "click"]
    assert len(mailed.visitor.get(f"{path}/activity-feed", activity_filters="note")["activity"]) == 1
    with mailed.hub.stage.lock:
        for _ in range(60):
            mailings.open_(mailed.hub, mailed.campaign, mailed.members[0])
    assert len(mailed.visitor.get(f"{path}/activity")["activity"]) == 50


def test_events_start_flows_for_the_subscribed_only(mailed: Mailed) -> None:
    """Refused for others; ``is_syncing`` keeps the event and starts nothing."""
    path = f"/lists/{mailed.visitor.main}/members"
    for body in ({"name": "quiet", "is_syncing": True}, {"name": "loud"}):
        assert mailed.visitor.call("POST", f"{path}/r0@example.com/events", body).status_code == 204
    assert mailed.visitor.call("POST", f"{path}/r2@example.com/events", {"name": "loud"}).status_code == 400
    assert [(each.by, each.name) for each in mailed.hub.flow_starts] == [("event", "loud")]
    page = mailed.visitor.get(f"{path}/r0@example.com/events")
    assert [each["name"] for each in page["events"]] == ["quiet", "loud"]


@pytest.mark.parametrize("body", [{"name": "x"}, {"name": "two words"}, {"name": "ok", "properties": {"score": 9}}])
def test_a_bad_event_is_refused(mailed: Mailed, body: dict[str, Any]) -> None:
    """Names have two to thirty plain characters, properties are texts."""
    path = f"/lists/{mailed.visitor.main}/members/r0@example.com/events"
    assert mailed.visitor.call("POST", path, body).status_code == 400


def test_classic_automations_have_emails_with_reports(mailed: Mailed) -> None:
    """An account has none at first; their e-mails are in no list of campaigns, and have reports of their type."""
    assert mailed.visitor.get("/automations")["automations"] == []
    with mailed.visitor.running.stage.lock:
        email = mailings.automate(mailed.hub, mailed.hub.main, "Welcome")
        reader = mailed.hub.main.members()[0]
        mailings.receive(email, reader)
        mailings.open_(mailed.hub, email, reader)
    (workflow,) = mailed.visitor.get("/automations")["automations"]
    (shown,) = mailed.visitor.get(f"/automations/{workflow['id']}/emails")["emails"]
    assert (shown["id"], shown["emails_sent"], shown["report_summary"]["opens"]) == (email.campaign_id, 1, 1)
    assert mailed.visitor.get(f"/reports/{shown['id']}")["type"] == "automation"
    assert shown["id"] not in [each["id"] for each in mailed.visitor.get("/campaigns?count=1000")["campaigns"]]
    assert mailed.visitor.call("GET", "/automations/nothing/emails").status_code == 404


def test_a_journey_is_triggered_for_the_subscribed_only(mailed: Mailed) -> None:
    """204 and on the record; 400 for who opted out, 404 for who is not there."""
    path = "/customer-journeys/journeys/7/steps/12/actions/trigger"
    statuses = [
        mailed.visitor.call("POST", path, {"email_address": f"{name}@example.com"}).status_code
        for name in ("r0", "r2", "nobody")
    ]
    assert statuses == [204, 400, 404]
    queue = "/automations/w1/emails/e1/queue"
    assert mailed.visitor.call("POST", queue, {"email_address": "r0@example.com"}).json()["workflow_id"] == "w1"
    assert [(each.by, each.name) for each in mailed.hub.flow_starts] == [("journey", "7/12"), ("automation", "w1/e1")]


def test_a_journey_takes_its_own_audiences_contacts_while_it_is_on(mailed: Mailed) -> None:
    """404 for a journey or step that is not there and for other audiences' contacts, 400 while it is off."""

    def status(journey: int, step: int) -> int:
        path = f"/customer-journeys/journeys/{journey}/steps/{step}/actions/trigger"
        return mailed.visitor.call("POST", path, {"email_address": "r0@example.com"}).status_code

    def made(**body: object) -> None:
        address = f"{mailed.visitor.origin}/_sandbox/journeys"
        assert requests.post(address, json=body, timeout=10).status_code == 204

    assert (status(7, 12), status(7, 13), status(8, 12)) == (204, 404, 404)
    made(journey_id=8, step_id=12)
    made(journey_id=7, step_id=12, turned_on=False)
    assert (status(7, 12), status(8, 12)) == (400, 204)
    mailed.hub.journeys[8, 12].list_id = list(mailed.hub.audiences)[1]
    assert status(8, 12) == 404
    assert [each.name for each in mailed.hub.flow_starts] == ["7/12", "8/12"]


def test_orders_count_for_the_member(mailed: Mailed) -> None:
    """Until they are cancelled; the list has neither dates to filter by nor an order of time."""
    member: Member = mailed.members[0]
    with mailed.hub.stage.lock:
        first = mailings.order(mailed.hub, member, Decimal("99.90"), at_ms=mailed.hub.now_ms() - 86_400_000)
        mailings.order(mailed.hub, member, Decimal(100))
    page = mailed.visitor.get("/ecommerce/orders", count=1000)
    assert [each["processed_at_foreign"][:10] for each in page["orders"]] == ["2026-01-31", "2026-02-01"]
    assert page["orders"][0]["customer"]["email_address"] == member.email
    path = f"/lists/{mailed.visitor.main}/members/{member.hash}"
    assert mailed.visitor.get(path)["stats"]["ecommerce_data"]["total_revenue"] == pytest.approx(199.9)
    store = f"/ecommerce/stores/{first.store_id}"
    body = {"cancelled_at_foreign": "2026-02-01T13:00:00+00:00"}
    assert mailed.visitor.call("PATCH", f"{store}/orders/{first.order_id}", body).status_code == 200
    assert mailed.visitor.get(path)["stats"]["ecommerce_data"]["number_of_orders"] == 1
    assert mailed.visitor.get(f"{store}/customers")["customers"][0]["orders_count"] == 1
    assert mailed.visitor.call("DELETE", f"{store}/orders/{first.order_id}").status_code == 204
    assert mailed.visitor.get(f"{store}/orders")["total_items"] == 1


def test_a_shop_is_bound_to_an_audience_and_its_customers_join_it(mailed: Mailed) -> None:
    """A buyer who never opted in becomes a transactional member; an order's id is good once."""
    visitor = mailed.visitor
    shop = {"id": "shop", "list_id": visitor.main, "name": "Shop", "currency_code": "EUR"}
    assert visitor.call("POST", "/ecommerce/stores", shop).json()["list_id"] == visitor.main
    order = {
        "id": "o1",
        "customer": {"id": "c1", "email_address": "buyer@example.com", "opt_in_status": False},
        "currency_code": "EUR",
        "order_total": 12.5,
        "lines": [{"id": "1", "product_id": "p", "product_variant_id": "p", "quantity": 1, "price": 12.5}],
    }
    assert visitor.call("POST", "/ecommerce/stores/shop/orders", order).status_code == 200
    assert visitor.get(f"/lists/{visitor.main}/members/buyer@example.com")["status"] == "transactional"
    assert visitor.call("POST", "/ecommerce/stores/shop/orders", order).status_code == 400
    for wrong in ({"lines": None}, {"order_total": "much"}, {"customer": {}}):
        body = {**order, "id": "o2", **wrong}
        body = {name: value for name, value in body.items() if value is not None}
        assert visitor.call("POST", "/ecommerce/stores/shop/orders", body).status_code == 400
    assert visitor.get("/ecommerce/stores/shop/orders", customer_id="c1")["total_items"] == 1
    assert visitor.get("/ecommerce/stores/shop/orders", customer_id="c2")["total_items"] == 0

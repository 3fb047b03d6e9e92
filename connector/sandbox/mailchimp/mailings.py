"""What campaigns and shops bring: sendings, opens, clicks, bounces, orders.

None of it moves ``last_changed``, but for what it does to a status. The caller holds the stage's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.audience import Audience, stable_id
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.problems import Problem, invalid
from connector.sandbox.mailchimp.reading import stamp
from connector.sandbox.mailchimp.records import (
    Act,
    Automation,
    Campaign,
    Member,
    Order,
    Receipt,
    Store,
    subscriber_hash,
)

REQUIRED = ("id", "customer", "currency_code", "order_total", "lines")
SHOP = "sandbox-shop"


def draft_campaign(hub: Hub, audience: Audience, title: str) -> Campaign:
    """Make a campaign that is not sent yet."""
    number = hub.new_number()
    campaign = Campaign(stable_id(10, "campaign", number), number, audience.list_id, title, hub.now_ms())
    hub.campaigns[campaign.campaign_id] = campaign
    return campaign


def send_campaign(hub: Hub, audience: Audience, title: str, members: Iterable[Member] | None = None) -> Campaign:
    """Make a campaign and send it now, to all subscribed members unless told to whom."""
    campaign = draft_campaign(hub, audience, title)
    deliver(hub, campaign, members)
    return campaign


def deliver(hub: Hub, campaign: Campaign, members: Iterable[Member] | None = None) -> None:
    """Send a draft now."""
    audience = hub.audiences[campaign.list_id]
    chosen = [each for each in audience.members() if each.status == "subscribed"] if members is None else members
    for member in chosen:
        receive(campaign, member)
    campaign.sent_ms = hub.now_ms()
    form = {
        "data[id]": campaign.campaign_id,
        "data[subject]": campaign.title,
        "data[status]": "sent",
        "data[reason]": "",
        "data[list_id]": audience.list_id,
    }
    for hook in audience.hooks.values():
        hub.notices.tell(hook, "campaign", "admin", form)


def automate(hub: Hub, audience: Audience, title: str) -> Campaign:
    """Make a classic automation of one e-mail and turn it on now; nobody has got it yet."""
    email = draft_campaign(hub, audience, title)
    email.kind, email.sent_ms = "automation", hub.now_ms()
    workflow_id = stable_id(10, "automation", email.campaign_id)
    hub.automations[workflow_id] = Automation(workflow_id, audience.list_id, title, hub.now_ms(), [email.campaign_id])
    return email


def receive(campaign: Campaign, member: Member) -> Receipt:
    """Send a campaign to one member, once; return what there is of it."""
    if member.contact_id not in campaign.receipts:
        member.received += 1
        campaign.receipts[member.contact_id] = Receipt(member)
    return campaign.receipts[member.contact_id]


def act(campaign: Campaign, member: Member, done: Act) -> None:
    """Keep what a recipient did, in its place in time."""
    acts = campaign.receipts[member.contact_id].acts
    member.opened += done.kind == "open" and not any(each.kind == "open" for each in acts)
    member.clicked += done.kind == "click" and not any(each.kind == "click" for each in acts)
    acts.append(done)
    acts.sort(key=lambda each: each.at_ms)


def open_(hub: Hub, campaign: Campaign, member: Member, *, proxy: bool = False) -> None:
    """Let a recipient open a campaign now. ``proxy``: their mail service did, and Mailchimp noticed."""
    act(campaign, member, Act(hub.now_ms(), "open", proxy=proxy))


def click(hub: Hub, campaign: Campaign, member: Member, url: str = "https://www.example.com/pricing") -> None:
    """Let a recipient click a link now."""
    act(campaign, member, Act(hub.now_ms(), "click", url))


def bounce(hub: Hub, campaign: Campaign, member: Member, *, hard: bool = True) -> None:
    """Let a campaign bounce now; a hard bounce cleans the member."""
    act(campaign, member, Act(hub.now_ms(), "bounce", detail="hard" if hard else "soft"))
    if hard:
        changes.clean(hub, member, campaign.campaign_id)


def unsubscribe(hub: Hub, campaign: Campaign, member: Member, reason: str = "No longer interested") -> None:
    """Let a recipient unsubscribe by a campaign's link now."""
    act(campaign, member, Act(hub.now_ms(), "unsubscribe", detail=reason))
    changes.opt_out(hub, member, reason, campaign.campaign_id)


def open_store(hub: Hub, audience: Audience, store_id: str, name: str, currency: str) -> Store:
    """Make a shop for an audience; raise 400 for an id that is taken."""
    if store_id in hub.stores:
        raise Problem(400, "Bad Request", f"A store with the id {store_id} already exists in the account.")
    store = Store(store_id, audience.list_id, name, currency, hub.now_ms())
    hub.stores[store_id] = store
    return store


def order(hub: Hub, member: Member, total: Decimal, order_id: str = "", at_ms: int | None = None) -> Order:
    """Let a member order something in their audience's shop (made if there is none), now or at ``at_ms``."""
    audience = hub.audiences[member.list_id]
    store = next((each for each in hub.stores.values() if each.list_id == member.list_id), None)
    if store is None:
        store = open_store(hub, audience, f"{SHOP}-{audience.list_id}", "Sandbox shop", hub.account.currency)
    at = stamp(hub.now_ms() if at_ms is None else at_ms)
    line = {"id": "1", "product_id": "plan", "product_variant_id": "plan", "quantity": 1, "price": float(total)}
    body = {
        "id": order_id or f"order-{hub.new_number()}",
        "customer": {"id": member.hash, "email_address": member.email, "opt_in_status": False},
        "currency_code": store.currency,
        "order_total": float(total),
        "processed_at_foreign": at,
        "updated_at_foreign": at,
        "lines": [line],
    }
    return place_order(hub, store, body)


def place_order(hub: Hub, store: Store, body: Mapping[str, Any]) -> Order:
    """Keep an order as it was given; raise 400. A customer who is no member becomes a transactional one."""
    for name in REQUIRED:
        if name not in body:
            raise invalid(name, "Required fields were not provided")
    customer = body["customer"]
    if not isinstance(customer, dict) or not isinstance(customer.get("id"), str):
        raise invalid("customer", "Required fields were not provided: id")
    order_id = str(body["id"])
    if order_id in store.orders:
        raise Problem(400, "Bad Request", f"An order with the ID {order_id} already exists in the store.")
    money(body)
    _enrol(hub, store, customer)
    known = store.customers.setdefault(customer["id"], {"created_at": stamp(hub.now_ms())})
    known.update(customer, updated_at=stamp(hub.now_ms()))
    made = Order(order_id, store.store_id, customer["id"], dict(body))
    store.orders[order_id] = made
    recount(hub, store, customer["id"])
    return made


def money(body: Mapping[str, Any]) -> Decimal:
    """Return an order's total; raise 400 where it is no number."""
    try:
        return Decimal(str(body["order_total"]))
    except InvalidOperation as error:
        raise invalid("order_total", "Schema describes number, another type found instead") from error


def recount(hub: Hub, store: Store, customer_id: str) -> None:
    """Bring a customer's number of orders and revenue up to date, cancelled ones left out."""
    kept = [
        each.body
        for each in store.orders.values()
        if each.customer_id == customer_id and not each.body.get("cancelled_at_foreign")
    ]
    customer = store.customers[customer_id]
    total = sum((money(each) for each in kept), Decimal(0))
    customer.update(orders_count=len(kept), total_spent=float(total))
    member = hub.audiences[store.list_id].find(subscriber_hash(str(customer.get("email_address", ""))))
    if member is not None:
        member.orders, member.spent = len(kept), total


def _enrol(hub: Hub, store: Store, customer: Mapping[str, Any]) -> None:
    audience, email = hub.audiences[store.list_id], str(customer.get("email_address", ""))
    if not email or audience.find(subscriber_hash(email)) or subscriber_hash(email) in audience.forgotten:
        return
    status = "subscribed" if customer.get("opt_in_status") else "transactional"
    changes.add_member(hub, audience, email, status, source="api")

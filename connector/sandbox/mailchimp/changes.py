"""What can happen to members, whoever asks: the API, a user in the web app, or the person.

Every function moves ``last_changed`` where Mailchimp does, tells the webhooks and starts flows.
The caller holds the stage's lock. ``source`` is that of webhooks: ``user`` (the person), ``admin``
(someone in the web app) or ``api``. Mailings and orders: :mod:`connector.sandbox.mailchimp.mailings`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connector.sandbox.mailchimp import merging
from connector.sandbox.mailchimp.audience import Audience, stable_id
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.problems import Problem, invalid
from connector.sandbox.mailchimp.records import WRITABLE_STATUSES, FlowStart, Member, MemberEvent, subscriber_hash

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def add_member(
    hub: Hub,
    audience: Audience,
    email: str,
    status: str = "subscribed",
    merge: Mapping[str, Any] | None = None,
    source: str = "admin",
) -> Member:
    """Add a member; raise 400 where the address is no address, is there already, or was deleted for good."""
    email = email.strip()
    if not ADDRESS.fullmatch(email):
        raise invalid("email_address", "Please provide a valid email address.")
    if status not in WRITABLE_STATUSES:
        raise invalid("status", "Data presented is not one of the accepted values.")
    if audience.find(subscriber_hash(email)):
        raise Problem(400, "Member Exists", f"{email} is already a list member. Use PUT to insert or update.")
    if subscriber_hash(email) in audience.forgotten:
        detail = f"{email} was permanently deleted and cannot be re-imported. The contact must re-subscribe."
        raise Problem(400, "Forgotten Email Not Subscribed", detail)
    now = hub.now_ms()
    member = audience.new_member(email, status, now)
    member.merge = merging.checked(audience, merge or {}, {}, skip_required=True)
    member.source = "API - Generic" if source == "api" else "Admin Add"
    if status == "subscribed":
        member.opted_in_ms = now
        _tell(hub, member, "subscribe", source)
    return member


def add_phone_contact(hub: Hub, audience: Audience, phone: str) -> Member:
    """Add a contact who gave a phone number only: the address is empty."""
    member = audience.new_member("", "transactional", hub.now_ms())
    member.phone = phone
    return member


def update_member(hub: Hub, member: Member, merge: Mapping[str, Any], source: str = "admin") -> None:
    """Give merge fields new values; ``last_changed`` moves even where they are the old ones."""
    audience = hub.audiences[member.list_id]
    values = merging.checked(audience, merge, member.merge, skip_required=True)
    changed = values != member.merge
    member.merge, member.changed_ms = values, hub.now_ms()
    if changed:
        _tell(hub, member, "profile", source)


def set_status(hub: Hub, member: Member, status: str, source: str = "admin") -> None:
    """Move a member to another status; raise 400 where only the person may do that."""
    if status not in WRITABLE_STATUSES:
        raise invalid("status", "Data presented is not one of the accepted values.")
    if member.locked and status != "pending":
        detail = f"{member.email} is in a compliance state due to unsubscribe, bounce, or compliance review."
        raise Problem(400, "Member In Compliance State", f"{detail} The contact cannot be subscribed by API.")
    before, member.status, member.changed_ms = member.status, status, hub.now_ms()
    if before == status:
        return
    if status == "subscribed":
        member.opted_in_ms, member.unsubscribe_reason = hub.now_ms(), ""
        _tell(hub, member, "subscribe", source)
    elif status == "unsubscribed":
        member.unsubscribe_reason = "N/A (Unsubscribed by an admin)"
        _tell(hub, member, "unsubscribe", source, {"action": "unsub", "reason": "manual"})


def opt_out(hub: Hub, member: Member, reason: str = "No longer interested", campaign_id: str = "") -> None:
    """Let the person unsubscribe: from then on no API call can subscribe them."""
    member.status, member.locked, member.changed_ms = "unsubscribed", True, hub.now_ms()
    member.unsubscribe_reason = reason
    more = {"action": "unsub", "reason": "manual", "campaign_id": campaign_id}
    _tell(hub, member, "unsubscribe", "user", more)


def clean(hub: Hub, member: Member, campaign_id: str = "") -> None:
    """Let the address bounce hard."""
    member.status, member.locked, member.changed_ms = "cleaned", True, hub.now_ms()
    _tell_raw(hub, member, "cleaned", "admin", {"campaign_id": campaign_id, "reason": "hard", "email": member.email})


def archive(hub: Hub, member: Member, source: str = "admin") -> None:
    """Hide a member; they stay in the audience with the status ``archived``."""
    if member.status == "archived":
        return
    member.status, member.changed_ms = "archived", hub.now_ms()
    _tell(hub, member, "unsubscribe", source, {"action": "delete", "reason": "manual"})


def delete_permanently(hub: Hub, member: Member, source: str = "admin") -> None:
    """Erase a member with all that they did; their address can't be imported again."""
    audience = hub.audiences[member.list_id]
    audience.remove(member)
    audience.forgotten.add(member.hash)
    for campaign in hub.campaigns.values():
        campaign.receipts.pop(member.contact_id, None)
    hub.truth.pop(member.contact_id, None)
    _tell(hub, member, "unsubscribe", source, {"action": "delete", "reason": "manual"})


def change_email(hub: Hub, member: Member, email: str, source: str = "admin") -> None:
    """Give a member another address, and so another hash; the contact id stays. Raises 400 where it is taken."""
    email = email.strip()
    if not ADDRESS.fullmatch(email):
        raise invalid("email_address", "Please provide a valid email address.")
    audience, old, old_id = hub.audiences[member.list_id], member.email, unique_id(member.email)
    owner = audience.find(subscriber_hash(email))
    if owner is not None and owner is not member:
        raise Problem(400, "Member Exists", f"{email} is already a list member.")
    audience.move(member, email)
    member.changed_ms = hub.now_ms()
    if old != email:
        moved = {"new_id": unique_id(email), "old_id": old_id, "new_email": email, "old_email": old}
        _tell_raw(hub, member, "upemail", source, moved)
        _tell(hub, member, "profile", source)


def tag(hub: Hub, member: Member, name: str, *, syncing: bool = False) -> None:
    """Give a member a tag, made if there is none of the name. ``syncing`` starts no flow.

    Whether Mailchimp moves ``last_changed`` is not documented; here it stays.
    """
    audience, now = hub.audiences[member.list_id], hub.now_ms()
    segment = audience.tag(name) or audience.new_segment(name, now)
    if segment.segment_id in member.tags:
        return
    member.tags[segment.segment_id] = segment.updated_ms = now
    if not syncing:
        start_flow(hub, member, "tag", segment.name)


def untag(hub: Hub, member: Member, name: str) -> None:
    """Take a tag away; one that the member does not have is no error."""
    segment = hub.audiences[member.list_id].tag(name)
    if segment is not None and member.tags.pop(segment.segment_id, None) is not None:
        segment.updated_ms = hub.now_ms()


def record_event(hub: Hub, member: Member, event: MemberEvent) -> None:
    """Keep a custom event of a member, and start the flows that wait for it."""
    member.events.append(event)
    if not event.syncing:
        start_flow(hub, member, "event", event.name)


def start_flow(hub: Hub, member: Member, by: str, name: str) -> None:
    """Note that a subscribed member entered a flow; others never do."""
    if member.status == "subscribed":
        hub.flow_starts.append(FlowStart(hub.now_ms(), by, name, member.list_id, member.contact_id))


def unique_id(email: str) -> str:
    """Return the id of an address over all audiences, ten digits, which webhooks carry."""
    return stable_id(10, "address", email.strip().lower())


def _tell(hub: Hub, member: Member, kind: str, source: str, more: Mapping[str, str] | None = None) -> None:
    audience = hub.audiences[member.list_id]
    merges = {"EMAIL": member.email, **merging.shown(audience, member)}
    data = {
        **(more or {}),
        "id": unique_id(member.email),
        "email": member.email,
        "email_type": member.email_type,
        "ip_opt": "",
        "web_id": str(member.web_id),
        **{f"merges][{tag}": str(value) for tag, value in merges.items()},
    }
    _tell_raw(hub, member, kind, source, data)


def _tell_raw(hub: Hub, member: Member, kind: str, source: str, data: Mapping[str, str]) -> None:
    form = {f"data[{name}]": value for name, value in {**data, "list_id": member.list_id}.items()}
    for hook in hub.audiences[member.list_id].hooks.values():
        hub.notices.tell(hook, kind, source, form)

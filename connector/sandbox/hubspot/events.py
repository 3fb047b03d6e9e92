"""Letting something happen with a contact at run time, as the admin controls ask.

Kinds: ``form`` (``form``: name), ``email_open``, ``email_click``, ``email_sent`` (``machine``: true
for a proxy's), ``meeting``, ``call``, ``note``, ``email_reply``, ``deal_won``, ``deal_lost`` (``amount``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.clock import iso
from connector.sandbox.hubspot import changes
from connector.sandbox.hubspot.errors import invalid
from connector.sandbox.hubspot.hub import Account, Hub, stable_guid
from connector.sandbox.hubspot.marketing_data import EmailEvent, Form, Submission
from connector.sandbox.hubspot.records import CrmObject, Origin

USER = Origin("CRM_UI", "userId:9001")
CAMPAIGN = 900_001
EMAIL_KINDS = {"email_sent": "SENT", "email_open": "OPEN", "email_click": "CLICK"}
ACTIVITIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "meeting": ("meetings", {"hs_meeting_outcome": "COMPLETED"}),
    "call": ("calls", {"hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}),
    "note": ("notes", {}),
    "email_reply": ("emails", {"hs_email_direction": "INCOMING_EMAIL", "hs_email_status": "SENT"}),
}


def happen(hub: Hub, account: Account, contact: CrmObject, body: Mapping[str, Any]) -> dict[str, str]:
    """Let it happen now and return its id; raise 400 for an unknown kind."""
    kind = str(body.get("kind", ""))
    if kind == "form":
        return {"id": _submit(hub, account, contact, str(body.get("form", "Contact us")))}
    if kind in EMAIL_KINDS:
        return {"id": _mail(hub, account, contact, EMAIL_KINDS[kind], bool(body.get("machine")))}
    if kind in ACTIVITIES:
        return {"id": _act(hub, account, contact, kind)}
    if kind in ("deal_won", "deal_lost"):
        return {"id": _close_deal(hub, account, contact, f"closed{kind[5:]}", str(body.get("amount", "1000")))}
    raise invalid(f"An event of kind '{kind[:30]}' is not known.")


def _submit(hub: Hub, account: Account, contact: CrmObject, name: str) -> str:
    now = hub.now_ms()
    guid = stable_guid("form", account.portal.portal_id, name)
    if guid not in account.marketing.forms:
        account.marketing.add_form(Form(guid, name, now))
    identifier = stable_guid("submission", contact.object_id, now, name)
    values = (("email", contact.properties.get("email", "")),)
    page = f"https://www.example.com/{name.lower().replace(' ', '-')}"
    account.marketing.submissions[guid].add(Submission(now, identifier, values, page))
    table = account.tables["contacts"]
    count = str(int(contact.properties.get("num_conversion_events", "0")) + 1)
    table.change(
        contact,
        {"num_conversion_events": count, "recent_conversion_date": iso(now)},
        Origin("CALCULATED"),
        now,
    )
    return identifier


def _mail(hub: Hub, account: Account, contact: CrmObject, kind: str, machine: bool) -> str:
    now = hub.now_ms()
    identifier = stable_guid("mail", contact.object_id, kind, now)
    recipient = contact.properties.get("email", "").lower()
    url = "https://www.example.com/pricing" if kind == "CLICK" else ""
    account.marketing.email_events.add(EmailEvent(now, identifier, kind, recipient, CAMPAIGN, machine, url))
    return identifier


def _act(hub: Hub, account: Account, contact: CrmObject, kind: str) -> str:
    object_type, values = ACTIVITIES[kind]
    table, now = account.tables[object_type], hub.now_ms()
    record = changes.create(hub, account, table, {**values, "hs_timestamp": iso(now)}, USER)
    account.links.add("contacts", contact.object_id, object_type, record.object_id)
    # A logged activity touches the contact, as on a live account.
    account.tables["contacts"].touch(contact, now)
    return str(record.object_id)


def _close_deal(hub: Hub, account: Account, contact: CrmObject, stage: str, amount: str) -> str:
    won, now = stage == "closedwon", hub.now_ms()
    values = {
        "dealname": f"Deal of contact {contact.object_id}",
        "pipeline": "default",
        "dealstage": stage,
        "amount": amount,
        "closedate": iso(now),
    }
    deal = changes.create(hub, account, account.tables["deals"], values, USER)
    account.links.add("contacts", contact.object_id, "deals", deal.object_id)
    rolled_up = {"num_associated_deals": str(int(contact.properties.get("num_associated_deals", "0")) + 1)}
    if won:
        changes.update(hub, account, account.tables["contacts"], contact, {"lifecyclestage": "customer"}, USER)
        rolled_up |= {"closedate": iso(now), "recent_deal_close_date": iso(now), "recent_deal_amount": amount}
    account.tables["contacts"].change(contact, rolled_up, Origin("CALCULATED"), now)
    return str(deal.object_id)

"""Letting something happen with a member at run time, as the admin controls ask.

Kinds: ``email_sent``, ``email_open`` (``machine``: true for a proxy's), ``email_click``, ``email_bounce``,
``unsubscribe``, ``order`` and, the same, ``deal_won`` (``amount``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.sandbox.mailchimp import mailings
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.problems import invalid
from connector.sandbox.mailchimp.records import Campaign, Member

TITLE = "News of the day"
LATELY_MS = 7 * 86_400_000
"""For so long people get an old campaign when something is to happen with them; nobody is sent last year's."""


def happen(hub: Hub, member: Member, body: Mapping[str, Any]) -> dict[str, str]:
    """Let it happen now and return the id of the campaign or order; raise 400 for an unknown kind."""
    kind = str(body.get("kind", ""))
    if kind in ("order", "deal_won"):
        return {"id": mailings.order(hub, member, Decimal(str(body.get("amount", "1000")))).order_id}
    campaign = _campaign(hub, member)
    if kind == "email_open":
        mailings.open_(hub, campaign, member, proxy=bool(body.get("machine")))
    elif kind == "email_click":
        mailings.click(hub, campaign, member)
    elif kind == "email_bounce":
        mailings.bounce(hub, campaign, member)
    elif kind == "unsubscribe":
        mailings.unsubscribe(hub, campaign, member)
    elif kind != "email_sent":
        raise invalid("kind", f"An event of kind '{kind[:30]}' is not known.")
    return {"id": campaign.campaign_id}


def _campaign(hub: Hub, member: Member) -> Campaign:
    """Return the audience's last campaign of this kind; send one to the member if there is none of late."""
    found = (each for each in reversed(hub.campaigns.values()) if each.title == TITLE)
    late = (each for each in found if each.sent_ms is not None and each.sent_ms > hub.now_ms() - LATELY_MS)
    campaign = next((each for each in late if each.list_id == member.list_id), None)
    if campaign is None:
        return mailings.send_campaign(hub, hub.audiences[member.list_id], TITLE, [member])
    mailings.receive(campaign, member)
    return campaign

"""Campaigns: the index of what was sent, and drafts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.problems import not_found
from connector.sandbox.mailchimp.reading import chosen, moment, stamp, window, within
from connector.sandbox.mailchimp.records import Campaign
from connector.sandbox.mailchimp.showing import links

TYPES = frozenset({"regular", "plaintext", "absplit", "rss", "variate"})
STATUSES = frozenset({"save", "paused", "schedule", "sending", "sent"})

blueprint = Blueprint("campaigns", __name__)


def located_campaign(campaign_id: str) -> Campaign:
    """Return a campaign; raise 404."""
    found = hub().campaigns.get(campaign_id)
    if found is None:
        raise not_found()
    return found


@blueprint.get("/campaigns")
def list_campaigns() -> Response:
    """Answer campaigns, page by page."""
    page = window()
    with hub().stage.lock:
        found = _chosen()
        shown = [_shown(each) for each in page.cut(found)]
    return chosen({"campaigns": shown, "total_items": len(found), "_links": links("/campaigns")})


def _chosen() -> list[Campaign]:
    args = request.args
    type_, status, member_id = args.get("type"), args.get("status"), args.get("member_id")
    sent = moment("since_send_time"), moment("before_send_time")
    created = moment("since_create_time"), moment("before_create_time")
    found = [
        each
        for each in hub().campaigns.values()
        # E-mails of automations are found through these alone.
        if each.kind in TYPES
        and (type_ not in TYPES or each.kind == type_)
        and (status not in STATUSES or each.status == status)
        and args.get("list_id", each.list_id) == each.list_id
        and within(each.sent_ms, *sent)
        and within(each.created_ms, *created)
        and (member_id is None or any(one.member.hash == member_id for one in each.receipts.values()))
    ]
    by_send = args.get("sort_field") == "send_time"
    if by_send or args.get("sort_field") == "create_time":
        backwards = args.get("sort_dir", "ASC").upper() == "DESC"
        found.sort(key=lambda each: (each.sent_ms or 0) if by_send else each.created_ms, reverse=backwards)
    return found


@blueprint.get("/campaigns/<campaign_id>")
def show_campaign(campaign_id: str) -> Response:
    """Answer one campaign."""
    with hub().stage.lock:
        return chosen(_shown(located_campaign(campaign_id)))


def _shown(campaign: Campaign) -> dict[str, Any]:
    audience = hub().audiences[campaign.list_id]
    return {
        "id": campaign.campaign_id,
        "web_id": campaign.web_id,
        "type": campaign.kind,
        "create_time": stamp(campaign.created_ms),
        "status": campaign.status,
        "emails_sent": len(campaign.receipts),
        "send_time": stamp(campaign.sent_ms),
        "content_type": "template",
        "recipients": {
            "list_id": audience.list_id,
            "list_is_active": True,
            "list_name": audience.name,
            "segment_text": "",
            "recipient_count": len(campaign.receipts),
        },
        "settings": {
            "subject_line": campaign.title,
            "title": campaign.title,
            "from_name": "Sandbox Industries",
            "reply_to": "news@example.com",
        },
        "_links": links(f"/campaigns/{campaign.campaign_id}"),
    }

"""Reports of sent campaigns in numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.reading import chosen, moment, stamp, window, within
from connector.sandbox.mailchimp.recipients import sent_campaign, who_did
from connector.sandbox.mailchimp.records import Campaign
from connector.sandbox.mailchimp.showing import links

blueprint = Blueprint("reports", __name__)


@blueprint.get("/reports")
def list_reports() -> Response:
    """Answer the reports of sent campaigns, page by page."""
    page, bounds = window(), (moment("since_send_time"), moment("before_send_time"))
    with hub().stage.lock:
        sent = [each for each in hub().campaigns.values() if each.sent_ms is not None and within(each.sent_ms, *bounds)]
        shown = [_report(each) for each in page.cut(sent)]
    return chosen({"reports": shown, "total_items": len(sent), "_links": links("/reports")})


@blueprint.get("/reports/<campaign_id>")
def show_report(campaign_id: str) -> Response:
    """Answer one report."""
    with hub().stage.lock:
        return chosen(_report(sent_campaign(campaign_id)))


def _report(campaign: Campaign) -> dict[str, Any]:
    acts = [each for receipt in campaign.receipts.values() for each in receipt.acts]
    kinds = Counter(each.kind for each in acts)
    bounces = Counter(each.detail for each in acts if each.kind == "bounce")
    proxied = sum(each.proxy for each in acts)
    sent, opened, clicked = len(campaign.receipts), len(who_did(campaign, "open")), len(who_did(campaign, "click"))
    return {
        "id": campaign.campaign_id,
        "campaign_title": campaign.title,
        "type": campaign.kind,
        "list_id": campaign.list_id,
        "list_is_active": True,
        "list_name": hub().audiences[campaign.list_id].name,
        "subject_line": campaign.title,
        "emails_sent": sent,
        "unsubscribed": kinds["unsubscribe"],
        "send_time": stamp(campaign.sent_ms),
        "bounces": {"hard_bounces": bounces["hard"], "soft_bounces": bounces["soft"], "syntax_errors": 0},
        "opens": {
            "opens_total": kinds["open"],
            "proxy_excluded_opens": kinds["open"] - proxied,
            "unique_opens": opened,
            "open_rate": opened / max(sent, 1),
        },
        "clicks": {
            "clicks_total": kinds["click"],
            "unique_subscriber_clicks": clicked,
            "click_rate": clicked / max(sent, 1),
        },
        "_links": links(f"/reports/{campaign.campaign_id}"),
    }

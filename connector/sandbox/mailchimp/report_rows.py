"""Reports of sent campaigns by recipient: who got them, opened, clicked, bounced, unsubscribed.

At most 1,000 opens and 1,000 clicks of one member are shown, as the API's description says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.problems import not_found
from connector.sandbox.mailchimp.reading import chosen, moment, stamp, within
from connector.sandbox.mailchimp.recipients import acts_of, person, recipient, row_page, sent_campaign, who_did
from connector.sandbox.mailchimp.records import Act, Campaign, Receipt

MOST_ACTS = 1_000
IN_ACTIVITY = frozenset({"open", "click", "bounce"})

blueprint = Blueprint("report_rows", __name__)


@blueprint.get("/reports/<campaign_id>/email-activity")
def email_activity(campaign_id: str) -> Response:
    """Answer a row for every recipient, those without activity too; ``since`` filters the activity, not the rows."""
    since = moment("since")
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        receipts = list(campaign.receipts.values())
        return row_page("emails", campaign, receipts, lambda each: _activity_row(campaign, each, since))


@blueprint.get("/reports/<campaign_id>/email-activity/<email_id>")
def one_activity(campaign_id: str, email_id: str) -> Response:
    """Answer one recipient's activity."""
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        receipt = next((each for each in campaign.receipts.values() if each.member.hash == email_id), None)
        if receipt is None:
            raise not_found()
        return chosen(_activity_row(campaign, receipt, moment("since")))


def _activity_row(campaign: Campaign, receipt: Receipt, since: int | None) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    activity = []
    for each in receipt.acts:
        counts[each.kind] += 1
        if each.kind in IN_ACTIVITY and counts[each.kind] <= MOST_ACTS and within(each.at_ms, since, None):
            activity.append(_activity(each))
    return {**recipient(campaign, receipt), "activity": activity}


def _activity(done: Act) -> dict[str, str]:
    shown = {"action": done.kind, "timestamp": stamp(done.at_ms), "ip": "192.0.2.1"}
    if done.kind == "click":
        shown["url"] = done.url
    if done.kind == "bounce":
        shown["type"] = done.detail
    return shown


@blueprint.get("/reports/<campaign_id>/open-details")
def open_details(campaign_id: str) -> Response:
    """Answer who opened, with a mark on the opens of mail services."""
    since = moment("since")
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        by_opener = [
            (each, [one for one in acts_of(each, "open") if within(one.at_ms, since, None)][:MOST_ACTS])
            for each in who_did(campaign, "open")
        ]
        openers = [(each, opens) for each, opens in by_opener if opens]
        all_opens = [one for _, opens in openers for one in opens]
        totals = {
            "total_opens": len(all_opens),
            "total_proxy_excluded_opens": sum(not each.proxy for each in all_opens),
        }
        return row_page("members", campaign, openers, lambda each: _open_row(campaign, *each), **totals)


def _open_row(campaign: Campaign, receipt: Receipt, opens: Sequence[Act]) -> dict[str, Any]:
    return {
        **person(campaign, receipt),
        "contact_status": receipt.member.status,
        "opens_count": len(opens),
        "proxy_excluded_opens_count": sum(not each.proxy for each in opens),
        "opens": [{"timestamp": stamp(each.at_ms), "is_proxy_open": each.proxy} for each in opens],
    }


@blueprint.get("/reports/<campaign_id>/sent-to")
def sent_to(campaign_id: str) -> Response:
    """Answer every recipient, with whether the mail arrived."""
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        receipts = list(campaign.receipts.values())
        return row_page("sent_to", campaign, receipts, lambda each: _sent_row(campaign, each))


def _sent_row(campaign: Campaign, receipt: Receipt) -> dict[str, Any]:
    opens, bounces = acts_of(receipt, "open"), acts_of(receipt, "bounce")
    return {
        **person(campaign, receipt),
        "status": bounces[-1].detail if bounces else "sent",
        "open_count": len(opens),
        "last_open": stamp(opens[-1].at_ms if opens else None),
    }


@blueprint.get("/reports/<campaign_id>/unsubscribed")
def unsubscribed(campaign_id: str) -> Response:
    """Answer who opted out by this campaign, when and why."""
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        opted_out = [(each, done) for each in who_did(campaign, "unsubscribe") for done in acts_of(each, "unsubscribe")]
        return row_page("unsubscribes", campaign, opted_out, lambda each: _unsubscribe_row(campaign, *each))


def _unsubscribe_row(campaign: Campaign, receipt: Receipt, done: Act) -> dict[str, Any]:
    return {**person(campaign, receipt), "timestamp": stamp(done.at_ms), "reason": done.detail}

"""Reports of sent campaigns: who got them, opened, clicked, bounced, unsubscribed.

Rows follow the members as they are called now. At most 1,000 opens and 1,000 clicks of one member
are shown, as the API's description says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Blueprint, Response

from connector.sandbox.mailchimp import merging
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import stable_id
from connector.sandbox.mailchimp.campaigns import located_campaign
from connector.sandbox.mailchimp.problems import not_found
from connector.sandbox.mailchimp.reading import chosen, moment, stamp, window, within
from connector.sandbox.mailchimp.records import Act, Campaign, Receipt
from connector.sandbox.mailchimp.showing import links

MOST_ACTS = 1_000
IN_ACTIVITY = frozenset({"open", "click", "bounce"})

Item = TypeVar("Item")

blueprint = Blueprint("reports", __name__)


def _sent(campaign_id: str) -> Campaign:
    campaign = located_campaign(campaign_id)
    if campaign.sent_ms is None:
        raise not_found()
    return campaign


def _acts(receipt: Receipt, kind: str) -> list[Act]:
    return [each for each in receipt.acts if each.kind == kind]


def _with(campaign: Campaign, kind: str) -> list[Receipt]:
    return [each for each in campaign.receipts.values() if _acts(each, kind)]


def _page(
    name: str, campaign: Campaign, items: Sequence[Item], show: Callable[[Item], dict[str, Any]], **more: Any
) -> Response:
    """Answer one page of ``items``, shown under ``name``."""
    shown = {
        name: [show(each) for each in window().cut(items)],
        "campaign_id": campaign.campaign_id,
        "total_items": len(items),
    }
    return chosen({**shown, **more, "_links": links(f"/reports/{campaign.campaign_id}")})


def _recipient(campaign: Campaign, receipt: Receipt) -> dict[str, Any]:
    return {
        "campaign_id": campaign.campaign_id,
        "list_id": campaign.list_id,
        "list_is_active": True,
        "email_id": receipt.member.hash,
        "email_address": receipt.member.email,
    }


def _person(campaign: Campaign, receipt: Receipt) -> dict[str, Any]:
    merges = merging.shown(hub().audiences[campaign.list_id], receipt.member)
    return {**_recipient(campaign, receipt), "merge_fields": merges, "vip": receipt.member.vip}


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
        return chosen(_report(_sent(campaign_id)))


def _report(campaign: Campaign) -> dict[str, Any]:
    acts = [each for receipt in campaign.receipts.values() for each in receipt.acts]
    kinds = Counter(each.kind for each in acts)
    bounces = Counter(each.detail for each in acts if each.kind == "bounce")
    proxied = sum(each.proxy for each in acts)
    sent, opened, clicked = len(campaign.receipts), len(_with(campaign, "open")), len(_with(campaign, "click"))
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


@blueprint.get("/reports/<campaign_id>/email-activity")
def email_activity(campaign_id: str) -> Response:
    """Answer a row for every recipient, those without activity too; ``since`` filters the activity, not the rows."""
    since = moment("since")
    with hub().stage.lock:
        campaign = _sent(campaign_id)
        receipts = list(campaign.receipts.values())
        return _page("emails", campaign, receipts, lambda each: _activity_row(campaign, each, since))


@blueprint.get("/reports/<campaign_id>/email-activity/<email_id>")
def one_activity(campaign_id: str, email_id: str) -> Response:
    """Answer one recipient's activity."""
    with hub().stage.lock:
        campaign = _sent(campaign_id)
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
    return {**_recipient(campaign, receipt), "activity": activity}


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
        campaign = _sent(campaign_id)
        by_opener = [
            (each, [one for one in _acts(each, "open") if within(one.at_ms, since, None)][:MOST_ACTS])
            for each in _with(campaign, "open")
        ]
        openers = [(each, opens) for each, opens in by_opener if opens]
        all_opens = [one for _, opens in openers for one in opens]
        totals = {
            "total_opens": len(all_opens),
            "total_proxy_excluded_opens": sum(not each.proxy for each in all_opens),
        }
        return _page("members", campaign, openers, lambda each: _open_row(campaign, *each), **totals)


def _open_row(campaign: Campaign, receipt: Receipt, opens: Sequence[Act]) -> dict[str, Any]:
    return {
        **_person(campaign, receipt),
        "contact_status": receipt.member.status,
        "opens_count": len(opens),
        "proxy_excluded_opens_count": sum(not each.proxy for each in opens),
        "opens": [{"timestamp": stamp(each.at_ms), "is_proxy_open": each.proxy} for each in opens],
    }


@blueprint.get("/reports/<campaign_id>/click-details")
def click_details(campaign_id: str) -> Response:
    """Answer the links with their clicks; nothing says when."""
    with hub().stage.lock:
        campaign = _sent(campaign_id)
        return _page("urls_clicked", campaign, _urls(campaign), lambda url: _link(campaign, url))


@blueprint.get("/reports/<campaign_id>/click-details/<link_id>")
def one_link(campaign_id: str, link_id: str) -> Response:
    """Answer one link."""
    with hub().stage.lock:
        campaign = _sent(campaign_id)
        return chosen(_link(campaign, _url(campaign, link_id)))


@blueprint.get("/reports/<campaign_id>/click-details/<link_id>/members")
def link_members(campaign_id: str, link_id: str) -> Response:
    """Answer who clicked a link, and how often."""
    with hub().stage.lock:
        campaign = _sent(campaign_id)
        url = _url(campaign, link_id)
        counted = [(each, sum(one.url == url for one in _acts(each, "click"))) for each in _with(campaign, "click")]
        clickers = [(each, clicks) for each, clicks in counted if clicks]
        return _page("members", campaign, clickers, lambda each: _click_row(campaign, *each, link_id))


def _click_row(campaign: Campaign, receipt: Receipt, clicks: int, link_id: str) -> dict[str, Any]:
    person = _person(campaign, receipt)
    return {**person, "clicks": clicks, "url_id": link_id, "contact_status": receipt.member.status}


def _urls(campaign: Campaign) -> list[str]:
    found = (one.url for each in campaign.receipts.values() for one in _acts(each, "click"))
    return list(dict.fromkeys(found))


def _url(campaign: Campaign, link_id: str) -> str:
    for url in _urls(campaign):
        if _link_id(campaign, url) == link_id:
            return url
    raise not_found()


def _link_id(campaign: Campaign, url: str) -> str:
    return stable_id(10, campaign.campaign_id, url)


def _link(campaign: Campaign, url: str) -> dict[str, Any]:
    clicks = [each for one in campaign.receipts.values() for each in _acts(one, "click")]
    own = [each for each in clicks if each.url == url]
    people = sum(any(each.url == url for each in _acts(one, "click")) for one in campaign.receipts.values())
    return {
        "id": _link_id(campaign, url),
        "url": url,
        "total_clicks": len(own),
        "click_percentage": len(own) / len(clicks),
        "unique_clicks": people,
        "unique_click_percentage": people / len(_with(campaign, "click")),
        "last_click": stamp(max(each.at_ms for each in own)),
        "campaign_id": campaign.campaign_id,
    }


@blueprint.get("/reports/<campaign_id>/sent-to")
def sent_to(campaign_id: str) -> Response:
    """Answer every recipient, with whether the mail arrived."""
    with hub().stage.lock:
        campaign = _sent(campaign_id)
        receipts = list(campaign.receipts.values())
        return _page("sent_to", campaign, receipts, lambda each: _sent_row(campaign, each))


def _sent_row(campaign: Campaign, receipt: Receipt) -> dict[str, Any]:
    opens, bounces = _acts(receipt, "open"), _acts(receipt, "bounce")
    return {
        **_person(campaign, receipt),
        "status": bounces[-1].detail if bounces else "sent",
        "open_count": len(opens),
        "last_open": stamp(opens[-1].at_ms if opens else None),
    }


@blueprint.get("/reports/<campaign_id>/unsubscribed")
def unsubscribed(campaign_id: str) -> Response:
    """Answer who opted out by this campaign, when and why."""
    with hub().stage.lock:
        campaign = _sent(campaign_id)
        opted_out = [(each, done) for each in _with(campaign, "unsubscribe") for done in _acts(each, "unsubscribe")]
        return _page("unsubscribes", campaign, opted_out, lambda each: _unsubscribe_row(campaign, *each))


def _unsubscribe_row(campaign: Campaign, receipt: Receipt, done: Act) -> dict[str, Any]:
    return {**_person(campaign, receipt), "timestamp": stamp(done.at_ms), "reason": done.detail}

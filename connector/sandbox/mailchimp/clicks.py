"""Reports of sent campaigns by link: how often each was clicked, and by whom. Nothing says when."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import stable_id
from connector.sandbox.mailchimp.problems import not_found
from connector.sandbox.mailchimp.reading import chosen, stamp
from connector.sandbox.mailchimp.recipients import acts_of, person, row_page, sent_campaign, who_did
from connector.sandbox.mailchimp.records import Campaign, Receipt
from connector.sandbox.mailchimp.showing import links

blueprint = Blueprint("clicks", __name__)


@blueprint.get("/reports/<campaign_id>/click-details")
def click_details(campaign_id: str) -> Response:
    """Answer the links with their clicks; nothing says when."""
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        return row_page("urls_clicked", campaign, _urls(campaign), lambda url: _link(campaign, url))


@blueprint.get("/reports/<campaign_id>/click-details/<link_id>")
def one_link(campaign_id: str, link_id: str) -> Response:
    """Answer one link."""
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        return chosen(_link(campaign, _url(campaign, link_id)))


@blueprint.get("/reports/<campaign_id>/click-details/<link_id>/members")
def link_members(campaign_id: str, link_id: str) -> Response:
    """Answer who clicked a link, and how often."""
    with hub().stage.lock:
        campaign = sent_campaign(campaign_id)
        url = _url(campaign, link_id)
        counted = [(each, sum(one.url == url for one in acts_of(each, "click"))) for each in who_did(campaign, "click")]
        clickers = [(each, clicks) for each, clicks in counted if clicks]
        return row_page("members", campaign, clickers, lambda each: _click_row(campaign, *each, link_id))


def _click_row(campaign: Campaign, receipt: Receipt, clicks: int, link_id: str) -> dict[str, Any]:
    clicked = {"clicks": clicks, "url_id": link_id, "contact_status": receipt.member.status}
    return {**person(campaign, receipt), **clicked}


def _urls(campaign: Campaign) -> list[str]:
    found = (one.url for each in campaign.receipts.values() for one in acts_of(each, "click"))
    return list(dict.fromkeys(found))


def _url(campaign: Campaign, link_id: str) -> str:
    for url in _urls(campaign):
        if _link_id(campaign, url) == link_id:
            return url
    raise not_found()


def _link_id(campaign: Campaign, url: str) -> str:
    return stable_id(10, campaign.campaign_id, url)


def _link(campaign: Campaign, url: str) -> dict[str, Any]:
    clicks = [each for one in campaign.receipts.values() for each in acts_of(one, "click")]
    own = [each for each in clicks if each.url == url]
    people = sum(any(each.url == url for each in acts_of(one, "click")) for one in campaign.receipts.values())
    return {
        "id": _link_id(campaign, url),
        "url": url,
        "total_clicks": len(own),
        "click_percentage": len(own) / len(clicks),
        "unique_clicks": people,
        "unique_click_percentage": people / len(who_did(campaign, "click")),
        "last_click": stamp(max(each.at_ms for each in own)),
        "campaign_id": campaign.campaign_id,
        "_links": links(f"/reports/{campaign.campaign_id}/click-details/{_link_id(campaign, url)}"),
    }

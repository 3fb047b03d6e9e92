"""What the reports of a campaign have in common: its recipients, page by page.

Rows follow the members as they are called now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Response

from connector.sandbox.mailchimp import merging
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.campaigns import located_campaign
from connector.sandbox.mailchimp.problems import not_found
from connector.sandbox.mailchimp.reading import chosen, window
from connector.sandbox.mailchimp.records import Act, Campaign, Receipt
from connector.sandbox.mailchimp.showing import links

Item = TypeVar("Item")


def sent_campaign(campaign_id: str) -> Campaign:
    """Return a campaign that was sent; raise 404."""
    campaign = located_campaign(campaign_id)
    if campaign.sent_ms is None:
        raise not_found()
    return campaign


def acts_of(receipt: Receipt, kind: str) -> list[Act]:
    """Return what a recipient did of one kind, in order of time."""
    return [each for each in receipt.acts if each.kind == kind]


def who_did(campaign: Campaign, kind: str) -> list[Receipt]:
    """Return the recipients who did something of this kind."""
    return [each for each in campaign.receipts.values() if acts_of(each, kind)]


def row_page(
    name: str, campaign: Campaign, items: Sequence[Item], show: Callable[[Item], dict[str, Any]], **more: Any
) -> Response:
    """Answer one page of ``items``, shown under ``name``."""
    shown = {
        name: [show(each) for each in window().cut(items)],
        "campaign_id": campaign.campaign_id,
        "total_items": len(items),
    }
    return chosen({**shown, **more, "_links": links(f"/reports/{campaign.campaign_id}")})


def recipient(campaign: Campaign, receipt: Receipt) -> dict[str, Any]:
    """Return how every row names its recipient."""
    return {
        "campaign_id": campaign.campaign_id,
        "list_id": campaign.list_id,
        "list_is_active": True,
        "email_id": receipt.member.hash,
        "email_address": receipt.member.email,
        "_links": links(f"/reports/{campaign.campaign_id}"),
    }


def person(campaign: Campaign, receipt: Receipt) -> dict[str, Any]:
    """Return a recipient with merge fields, as most rows show them."""
    merges = merging.shown(hub().audiences[campaign.list_id], receipt.member)
    return {**recipient(campaign, receipt), "merge_fields": merges, "vip": receipt.member.vip}

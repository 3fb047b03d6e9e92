"""The account itself, and its audiences."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.problems import reply
from connector.sandbox.mailchimp.reading import chosen, flagged, moment, window, within
from connector.sandbox.mailchimp.showing import links, list_shown

blueprint = Blueprint("lists", __name__)


@blueprint.get("/")
def root() -> Response:
    """Answer which account this is, and what the user may do in it."""
    account = hub().account
    with hub().stage.lock:
        subscribed = sum(each.status == "subscribed" for lst in hub().audiences.values() for each in lst.members())
    return chosen(
        {
            "account_id": account.account_id,
            "login_id": account.login_id,
            "account_name": account.name,
            "email": "admin@example.com",
            "first_name": "Sandbox",
            "last_name": "Admin",
            "username": "admin",
            "role": account.role,
            "pricing_plan_type": "monthly",
            "pro_enabled": False,
            "account_timezone": account.time_zone,
            "account_industry": "",
            "total_subscribers": subscribed,
            "_links": links("/"),
        }
    )


@blueprint.get("/ping")
def ping() -> Response:
    """Answer that the API is well."""
    return reply({"health_status": "Everything's Chimpy!"})


@blueprint.get("/lists")
def all_lists() -> Response:
    """Answer the audiences, page by page."""
    page, since, before = window(), moment("since_date_created"), moment("before_date_created")
    with hub().stage.lock:
        found = [each for each in hub().audiences.values() if within(each.created_ms, since, before)]
        shown = [list_shown(hub(), each, total=flagged("include_total_contacts")) for each in page.cut(found)]
    limits: dict[str, Any] = {
        "may_create": False,
        "max_instances": len(found),
        "current_total_instances": len(found),
    }
    return chosen({"lists": shown, "total_items": len(found), "constraints": limits, "_links": links("/lists")})


@blueprint.get("/lists/<list_id>")
def one_list(list_id: str) -> Response:
    """Answer one audience."""
    with hub().stage.lock:
        shown = list_shown(hub(), hub().audience(list_id), total=flagged("include_total_contacts"))
    return chosen(shown)

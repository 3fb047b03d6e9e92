"""Classic automations and their e-mails, which are campaigns of their own and have reports like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.problems import not_found
from connector.sandbox.mailchimp.reading import chosen, stamp, window
from connector.sandbox.mailchimp.recipients import who_did
from connector.sandbox.mailchimp.records import Automation, Campaign
from connector.sandbox.mailchimp.showing import links

blueprint = Blueprint("automations", __name__)


@blueprint.get("/automations")
def list_automations() -> Response:
    """Answer the classic automations, page by page. New accounts have none: Mailchimp lets nobody make new ones."""
    page = window()
    with hub().stage.lock:
        found = list(hub().automations.values())
        shown = [_shown(each) for each in page.cut(found)]
    return chosen({"automations": shown, "total_items": len(found), "_links": links("/automations")})


@blueprint.get("/automations/<workflow_id>/emails")
def list_emails(workflow_id: str) -> Response:
    """Answer all e-mails of an automation; they are not paged."""
    with hub().stage.lock:
        automation = hub().automations.get(workflow_id)
        if automation is None:
            raise not_found()
        shown = [_email(automation, place, each) for place, each in enumerate(_emails(automation), start=1)]
    path = f"/automations/{workflow_id}/emails"
    return chosen({"emails": shown, "total_items": len(shown), "_links": links(path)})


def _emails(automation: Automation) -> list[Campaign]:
    return [hub().campaigns[each] for each in automation.emails]


def _shown(automation: Automation) -> dict[str, Any]:
    emails = _emails(automation)
    return {
        "id": automation.workflow_id,
        "create_time": stamp(automation.started_ms),
        "start_time": stamp(automation.started_ms),
        "status": automation.status,
        "emails_sent": sum(len(each.receipts) for each in emails),
        "recipients": _recipients(automation),
        "settings": {"title": automation.title},
        "report_summary": _summary(emails),
        "_links": links(f"/automations/{automation.workflow_id}"),
    }


def _email(automation: Automation, place: int, email: Campaign) -> dict[str, Any]:
    return {
        "id": email.campaign_id,
        "web_id": email.web_id,
        "workflow_id": automation.workflow_id,
        "position": place,
        "create_time": stamp(email.created_ms),
        "start_time": stamp(email.sent_ms),
        "status": "sending",
        "emails_sent": len(email.receipts),
        "recipients": _recipients(automation),
        "settings": {"subject_line": email.title, "title": email.title},
        "report_summary": _summary([email]),
        "_links": links(f"/automations/{automation.workflow_id}/emails/{email.campaign_id}"),
    }


def _recipients(automation: Automation) -> dict[str, Any]:
    name = hub().audiences[automation.list_id].name
    shown = {"list_id": automation.list_id, "list_is_active": True, "list_name": name}
    return {**shown, "segment_opts": dict(automation.segment)} if automation.segment else shown


def _summary(emails: Iterable[Campaign]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for email in emails:
        done = Counter(act.kind for receipt in email.receipts.values() for act in receipt.acts)
        counts.update({"opens": done["open"], "clicks": done["click"]})
        counts.update({"unique_opens": len(who_did(email, "open")), "subscriber_clicks": len(who_did(email, "click"))})
    return {name: counts[name] for name in ("opens", "unique_opens", "clicks", "subscriber_clicks")}

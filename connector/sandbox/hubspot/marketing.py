"""Marketing e-mail events, forms with their submissions, and web events: newest first."""

from __future__ import annotations

import base64
from itertools import islice
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.clock import iso
from connector.sandbox.hubspot.access import account, hub, need
from connector.sandbox.hubspot.errors import failure, invalid, not_found, reply
from connector.sandbox.hubspot.marketing_data import EmailEvent, Form, Journal, PageView, Submission
from connector.sandbox.hubspot.requests import limit_of, number_of
from connector.sandbox.hubspot.validation import time_ms

EMAIL_EVENTS = 1_000
SUBMISSIONS = 50
FORMS = 500
OCCURRENCES = 100

email_blueprint = Blueprint("email_events", __name__)
forms_blueprint = Blueprint("forms", __name__)
submissions_blueprint = Blueprint("submissions", __name__)
occurrences_blueprint = Blueprint("occurrences", __name__)


def _key(at_ms: int, entry_id: str) -> str:
    return base64.urlsafe_b64encode(f"{at_ms}|{entry_id}".encode()).decode().rstrip("=")


def _unkey(text: str) -> tuple[int, str]:
    try:
        at_ms, _, entry_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        return int(at_ms), entry_id
    except ValueError as error:
        raise invalid("The paging offset is not valid.") from error


def _instant(parameter: str, default: int) -> int:
    text = request.args.get(parameter)
    if text is None:
        return default
    ms = time_ms(text)
    if ms is None:
        raise invalid(f"{parameter} is not a time.")
    return ms


@email_blueprint.get("/events")
def email_events() -> Response:
    """Answer marketing e-mail events; ``offset`` says where to go on."""
    need(("marketing.email.read", "content"))
    limit = limit_of(100, EMAIL_EVENTS)
    offset = request.args.get("offset")
    before = EmailEvent(*_unkey(offset), "", "", 0) if offset else None
    with hub().stage.lock:
        found = list(islice(_chosen(account().marketing.email_events, before), limit + 1))
    page: dict[str, Any] = {"hasMore": len(found) > limit, "events": [_shown(each) for each in found[:limit]]}
    page["offset"] = _key(found[limit - 1].at_ms, found[limit - 1].event_id) if page["hasMore"] else offset or ""
    return reply(page)


def _chosen(journal: Journal[EmailEvent], before: EmailEvent | None) -> Any:
    args = request.args
    start, end = _instant("startTimestamp", 0), _instant("endTimestamp", 1 << 53)
    if before is None:
        before = EmailEvent(end + 1, "", "", "", 0)
    for event in journal.newest_first(before):
        if event.at_ms < start:
            return
        if event.filtered and args.get("excludeFilteredEvents") == "true":
            continue
        if args.get("recipient", event.recipient).lower() != event.recipient:
            continue
        if args.get("eventType", event.kind) != event.kind:
            continue
        if args.get("campaignId", str(event.campaign_id)) == str(event.campaign_id):
            yield event


def _shown(event: EmailEvent) -> dict[str, Any]:
    portal = account().portal
    shown: dict[str, Any] = {
        "id": event.event_id,
        "created": event.at_ms,
        "type": event.kind,
        "recipient": event.recipient,
        "emailCampaignId": event.campaign_id,
        "portalId": portal.portal_id,
        "appId": 113,
        "appName": "Batch",
        "filteredEvent": event.filtered,
    }
    return {**shown, "url": event.url} if event.url else shown


@forms_blueprint.get("")
@forms_blueprint.get("/")
def list_forms() -> Response:
    """Answer the account's forms, page by page."""
    need(("forms",))
    limit = limit_of(20, FORMS)
    after = request.args.get("after", "0")
    if not after.isdigit():
        raise invalid("The paging cursor is not valid.")
    with hub().stage.lock:
        forms = list(account().marketing.forms.values())
    page: dict[str, Any] = {"results": [_form(each) for each in forms[int(after) : int(after) + limit]]}
    if int(after) + limit < len(forms):
        page["paging"] = {"next": {"after": str(int(after) + limit), "link": ""}}
    return reply(page)


def _form(form: Form) -> dict[str, Any]:
    at = iso(form.created_ms)
    return {
        "id": form.guid,
        "name": form.name,
        "formType": "hubspot",
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "fieldGroups": [],
    }


@submissions_blueprint.get("/<guid>")
def list_submissions(guid: str) -> Response:
    """Answer a form's submissions, up to 50 a page."""
    need(("forms",))
    limit = limit_of(20, SUBMISSIONS)
    after = request.args.get("after")
    before = Submission(*_unkey(after), (), "") if after else None
    with hub().stage.lock:
        journal = account().marketing.submissions.get(guid)
        if journal is None:
            raise not_found("No form has this GUID.")
        found = list(islice(journal.newest_first(before), limit + 1))
    page: dict[str, Any] = {"results": [_submission(each) for each in found[:limit]]}
    if len(found) > limit:
        last = found[limit - 1]
        page["paging"] = {"next": {"after": _key(last.at_ms, last.conversion_id), "link": ""}}
    return reply(page)


def _submission(submission: Submission) -> dict[str, Any]:
    return {
        "conversionId": submission.conversion_id,
        "submittedAt": submission.at_ms,
        "values": [{"name": name, "value": value, "objectTypeId": "0-1"} for name, value in submission.values],
        "pageUrl": submission.page_url,
    }


@occurrences_blueprint.get("")
@occurrences_blueprint.get("/")
def list_occurrences() -> Response:
    """Answer one contact's web events; only the Enterprise tier has them."""
    need(("oauth",))
    if account().portal.tier != "enterprise":
        raise failure(403, "FORBIDDEN", "This account's subscription does not include event analytics.")
    if request.args.get("objectType") != "contact" or not request.args.get("objectId"):
        raise invalid("objectType=contact and objectId are needed.")
    limit = limit_of(20, OCCURRENCES)
    start, end = _instant("occurredAfter", 0), _instant("occurredBefore", 1 << 53)
    contact_id = number_of(request.args["objectId"])
    after = request.args.get("after")
    before = PageView(*_unkey(after), contact_id, "") if after else PageView(end, "", contact_id, "")
    with hub().stage.lock:
        journal = account().marketing.page_views.get(contact_id, Journal[PageView]())
        chosen = (each for each in journal.newest_first(before) if each.at_ms >= start)
        found = list(islice(chosen, limit + 1))
    page: dict[str, Any] = {"results": [_occurrence(each) for each in found[:limit]]}
    if len(found) > limit:
        last = found[limit - 1]
        page["paging"] = {"next": {"after": _key(last.at_ms, last.event_id), "link": ""}}
    return reply(page)


def _occurrence(view: PageView) -> dict[str, Any]:
    return {
        "id": view.event_id,
        "objectType": "CONTACT",
        "objectId": str(view.contact_id),
        "eventType": "e_visited_page",
        "occurredAt": iso(view.at_ms),
        "properties": {"hs_url": view.url},
    }

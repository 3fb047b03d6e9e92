"""Starting automations by API: a journey's step, and the queue of a classic automation's e-mail.

The sandbox sends nothing: it notes who entered (:class:`~connector.sandbox.mailchimp.records.FlowStart`).
A journey and its step must be there and turned on, and takes contacts of its audience alone; what Mailchimp answers
otherwise is not documented, here it is a 404 and a 400. Every classic automation is taken to exist and to be on.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response

from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.activity import need_subscribed
from connector.sandbox.mailchimp.problems import Problem, not_found, reply
from connector.sandbox.mailchimp.reading import chosen, json_body, stamp, text_in, window
from connector.sandbox.mailchimp.records import Member, subscriber_hash
from connector.sandbox.mailchimp.showing import links

blueprint = Blueprint("flows", __name__)


def _person(list_ids: Iterable[str]) -> Member:
    """Return the subscribed member of some audiences that the body names by address; raise 400 or 404."""
    key = subscriber_hash(text_in(json_body(), "email_address"))
    found = next(filter(None, (hub().audience(each).find(key) for each in list_ids)), None)
    if found is None:
        raise not_found()
    need_subscribed(found)
    return found


@blueprint.get("/automations")
def list_automations() -> Response:
    """Answer the classic automations, page by page. Accounts have those of old: Mailchimp lets nobody make new ones."""
    page = window()
    with hub().stage.lock:
        found = list(hub().automations)
    shown = [dict(each) for each in page.cut(found)]
    return chosen({"automations": shown, "total_items": len(found), "_links": links("/automations")})


@blueprint.post("/customer-journeys/journeys/<int:journey_id>/steps/<int:step_id>/actions/trigger")
def trigger_step(journey_id: int, step_id: int) -> Response:
    """Let a member enter a journey at a step that waits for the API."""
    with hub().stage.lock:
        journey = hub().journeys.get((journey_id, step_id))
        if journey is None:
            raise not_found()
        member = _person([journey.list_id])
        if not journey.turned_on:
            raise Problem(400, "Bad Request", "This journey is not turned on.")
        changes.start_flow(hub(), member, "journey", f"{journey_id}/{step_id}")
    return Response(status=204)


@blueprint.post("/automations/<workflow_id>/emails/<email_id>/queue")
def queue_email(workflow_id: str, email_id: str) -> Response:
    """Put a member into the queue of a classic automation's e-mail."""
    with hub().stage.lock:
        member = _person(hub().audiences)
        changes.start_flow(hub(), member, "automation", f"{workflow_id}/{email_id}")
        return reply(
            {
                "id": member.hash,
                "workflow_id": workflow_id,
                "email_id": email_id,
                "list_id": member.list_id,
                "list_is_active": True,
                "email_address": member.email,
                "next_send": stamp(hub().now_ms()),
            }
        )

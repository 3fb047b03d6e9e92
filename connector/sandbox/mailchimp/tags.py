"""Tags of one member, and the search for a tag by its name."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.members import located
from connector.sandbox.mailchimp.problems import invalid, reply
from connector.sandbox.mailchimp.reading import chosen, flag_in, json_body, stamp, text_in, window

blueprint = Blueprint("tags", __name__)


@blueprint.get("/lists/<list_id>/members/<key>/tags")
def member_tags(list_id: str, key: str) -> Response:
    """Answer a member's tags, page by page."""
    page = window()
    with hub().stage.lock:
        member, segments = located(list_id, key), hub().audience(list_id).segments
        shown = [{"id": each, "name": segments[each].name, "date_added": stamp(at)} for each, at in member.tags.items()]
    return chosen({"tags": list(page.cut(shown)), "total_items": len(shown)})


@blueprint.post("/lists/<list_id>/members/<key>/tags")
def change_member_tags(list_id: str, key: str) -> Response:
    """Give and take tags; ``is_syncing`` starts no flow."""
    body = json_body()
    wanted = [_wanted(each) for each in body.get("tags") or []]
    if not wanted:
        raise invalid("tags", "This value should not be blank.")
    syncing = flag_in(body, "is_syncing")
    with hub().stage.lock:
        member = located(list_id, key)
        for name, active in wanted:
            if active:
                changes.tag(hub(), member, name, syncing=syncing)
            else:
                changes.untag(hub(), member, name)
    return Response(status=204)


def _wanted(given: Any) -> tuple[str, bool]:
    if not isinstance(given, dict):
        raise invalid("tags", "Schema describes array of objects.")
    name, status = text_in(given, "name"), text_in(given, "status")
    if not name.strip() or status not in ("active", "inactive"):
        raise invalid("tags", "A tag has a name, and the status active or inactive.")
    return name, status == "active"


@blueprint.get("/lists/<list_id>/tag-search")
def search_tags(list_id: str) -> Response:
    """Answer the tags whose name begins with ``name``; case does not count."""
    prefix = request.args.get("name", "").lower()
    with hub().stage.lock:
        segments = hub().audience(list_id).segments.values()
        found = [
            {"id": each.segment_id, "name": each.name} for each in segments if each.name.lower().startswith(prefix)
        ]
    return reply({"tags": found, "total_items": len(found)})

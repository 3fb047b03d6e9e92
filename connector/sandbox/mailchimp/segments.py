"""Static segments, which users call tags, in bulk: who is in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.problems import invalid, not_found, reply
from connector.sandbox.mailchimp.reading import (
    chosen,
    flagged,
    json_body,
    moment,
    text_in,
    texts_in,
    window,
    within,
)
from connector.sandbox.mailchimp.records import Member, Segment, subscriber_hash
from connector.sandbox.mailchimp.showing import IN_BULK, IN_SEGMENT, cut_member, links, segment_shown

MOST = 500

blueprint = Blueprint("segments", __name__)


def _located(list_id: str, segment_id: int) -> tuple[Audience, Segment]:
    audience = hub().audience(list_id)
    if segment_id not in audience.segments:
        raise not_found()
    return audience, audience.segments[segment_id]


def _statuses() -> frozenset[str]:
    """Return which members count: subscribed ones, and those that the request includes."""
    more = (name for name in ("unsubscribed", "cleaned", "transactional") if flagged(f"include_{name}"))
    return frozenset(("subscribed", *more))


@blueprint.get("/lists/<list_id>/segments")
def list_segments(list_id: str) -> Response:
    """Answer segments, page by page."""
    page, statuses = window(), _statuses()
    created = moment("since_created_at"), moment("before_created_at")
    updated = moment("since_updated_at"), moment("before_updated_at")
    with hub().stage.lock:
        audience = hub().audience(list_id)
        found = [
            each
            for each in audience.segments.values()
            if within(each.created_ms, *created) and within(each.updated_ms, *updated)
        ]
        if request.args.get("type") in ("saved", "fuzzy"):
            found = []
        shown = [segment_shown(audience, each, statuses) for each in page.cut(found)]
    path = f"/lists/{list_id}/segments"
    return chosen({"segments": shown, "list_id": list_id, "total_items": len(found), "_links": links(path)})


@blueprint.post("/lists/<list_id>/segments")
def add_segment(list_id: str) -> Response:
    """Make a static segment with the members of ``static_segment``."""
    body = json_body()
    name, addresses = text_in(body, "name"), _static(body)
    with hub().stage.lock:
        audience = hub().audience(list_id)
        if not name.strip() or audience.tag(name):
            raise invalid("name", "Sorry, that tag already exists." if name.strip() else "This value is blank.")
        segment = audience.new_segment(name, hub().now_ms())
        _put(audience, segment, addresses)
        return reply(segment_shown(audience, segment, _statuses()))


def _static(body: dict[str, Any]) -> list[str]:
    if "static_segment" not in body:
        raise invalid("static_segment", "The sandbox has static segments only.")
    return texts_in(body, "static_segment", MOST)


@blueprint.get("/lists/<list_id>/segments/<int:segment_id>")
def show_segment(list_id: str, segment_id: int) -> Response:
    """Answer one segment."""
    with hub().stage.lock:
        return chosen(segment_shown(*_located(list_id, segment_id), _statuses()))


@blueprint.patch("/lists/<list_id>/segments/<int:segment_id>")
def change_segment(list_id: str, segment_id: int) -> Response:
    """Rename a segment; ``static_segment`` replaces who is in it."""
    body = json_body()
    name = text_in(body, "name")
    with hub().stage.lock:
        audience, segment = _located(list_id, segment_id)
        segment.name = name
        if "static_segment" in body:
            addresses = _static(body)
            kept = {subscriber_hash(each) for each in addresses}
            for member in audience.tagged(segment_id):
                if member.hash not in kept:
                    changes.untag(hub(), member, name)
            _put(audience, segment, addresses)
        return reply(segment_shown(audience, segment, _statuses()))


@blueprint.post("/lists/<list_id>/segments/<int:segment_id>")
def change_membership(list_id: str, segment_id: int) -> Response:
    """Add and remove up to 500 addresses each; those that the audience does not have are passed over in silence."""
    body = json_body()
    to_add, to_remove = texts_in(body, "members_to_add", MOST), texts_in(body, "members_to_remove", MOST)
    with hub().stage.lock:
        audience, segment = _located(list_id, segment_id)
        added = _put(audience, segment, to_add)
        removed = [each for each in _known(audience, to_remove) if segment_id in each.tags]
        for member in removed:
            changes.untag(hub(), member, segment.name)
        return reply(
            {
                "members_added": [cut_member(hub(), each, IN_BULK) for each in added],
                "members_removed": [cut_member(hub(), each, IN_BULK) for each in removed],
                "errors": [],
                "total_added": len(added),
                "total_removed": len(removed),
                "error_count": 0,
                "_links": links(f"/lists/{list_id}/segments/{segment_id}"),
            }
        )


def _known(audience: Audience, addresses: Iterable[str]) -> list[Member]:
    found = (audience.find(subscriber_hash(each)) for each in addresses)
    return list({each.contact_id: each for each in found if each is not None}.values())


def _put(audience: Audience, segment: Segment, addresses: Iterable[str]) -> list[Member]:
    """Give a tag to those addresses that are members and lack it; return them.

    Whether that starts flows is not documented; here it does, which is the dangerous reading.
    """
    lacking = [each for each in _known(audience, addresses) if segment.segment_id not in each.tags]
    for member in lacking:
        changes.tag(hub(), member, segment.name)
    return lacking


@blueprint.delete("/lists/<list_id>/segments/<int:segment_id>")
def remove_segment(list_id: str, segment_id: int) -> Response:
    """Remove a segment; nobody has the tag any more."""
    with hub().stage.lock:
        audience, _ = _located(list_id, segment_id)
        for member in audience.tagged(segment_id):
            del member.tags[segment_id]
        del audience.segments[segment_id]
    return Response(status=204)


@blueprint.get("/lists/<list_id>/segments/<int:segment_id>/members")
def segment_members(list_id: str, segment_id: int) -> Response:
    """Answer who is in a segment: subscribed members, others where the request includes them."""
    page, statuses = window(), _statuses()
    with hub().stage.lock:
        audience, _ = _located(list_id, segment_id)
        found = [each for each in audience.tagged(segment_id) if each.status in statuses]
        shown = [cut_member(hub(), each, IN_SEGMENT) for each in page.cut(found)]
    path = f"/lists/{list_id}/segments/{segment_id}/members"
    return chosen({"members": shown, "total_items": len(found), "_links": links(path)})

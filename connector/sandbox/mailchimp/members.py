"""Members one by one: reading, adding, changing, archiving, erasing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp import changes, merging
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.problems import invalid, not_found, reply
from connector.sandbox.mailchimp.reading import chosen, flag_in, flagged, json_body, moment, text_in, window, within
from connector.sandbox.mailchimp.records import STATUSES, Member
from connector.sandbox.mailchimp.showing import links, member_shown

MOST_TAGS = 50
SORTS = {
    "timestamp_opt": lambda member: member.opted_in_ms or 0,
    "timestamp_signup": lambda member: member.created_ms,
    "last_changed": lambda member: member.changed_ms // 1000,
}
"""Whole seconds, as Mailchimp keeps them: members of one second stand in the order of their coming."""

blueprint = Blueprint("members", __name__)


def located(list_id: str, key: str) -> Member:
    """Return a member by hash, address or contact id; raise 404."""
    member = hub().audience(list_id).find(key)
    if member is None:
        raise not_found()
    return member


@blueprint.get("/lists/<list_id>/members")
def list_members(list_id: str) -> Response:
    """Answer members, archived and cleaned ones among them, page by page."""
    page = window()
    with hub().stage.lock:
        found = _chosen(hub().audience(list_id))
        shown = [member_shown(hub(), each) for each in page.cut(found)]
    path = f"/lists/{list_id}/members"
    return chosen({"members": shown, "list_id": list_id, "total_items": len(found), "_links": links(path)})


def _chosen(audience: Audience) -> list[Member]:
    changed = moment("since_last_changed"), moment("before_last_changed")
    opted = moment("since_timestamp_opt"), moment("before_timestamp_opt")
    status, unique = request.args.get("status"), request.args.get("unique_email_id")
    vips_alone = flagged("vip_only")
    found = [
        each
        for each in audience.members()
        if (status not in STATUSES or each.status == status)
        and within(each.changed_ms, *changed)
        and within(each.opted_in_ms, *opted)
        and (unique is None or changes.unique_id(each.email) == unique)
        and (each.vip or not vips_alone)
    ]
    sort = SORTS.get(request.args.get("sort_field", ""))
    if sort is not None:
        found.sort(key=sort, reverse=request.args.get("sort_dir", "ASC").upper() == "DESC")
    return found


@blueprint.post("/lists/<list_id>/members")
def add_member(list_id: str) -> Response:
    """Add a member; 400 ``Member Exists`` if the address is there."""
    body = json_body()
    with hub().stage.lock:
        audience = hub().audience(list_id)
        check_row(audience, body, {})
        made = changes.add_member(
            hub(), audience, text_in(body, "email_address"), text_in(body, "status"), body.get("merge_fields"), "api"
        )
        adopt(made, body)
        for name in tag_names(body):
            changes.tag(hub(), made, name)
        return reply(member_shown(hub(), made))


@blueprint.get("/lists/<list_id>/members/<key>")
def show_member(list_id: str, key: str) -> Response:
    """Answer one member."""
    with hub().stage.lock:
        return chosen(member_shown(hub(), located(list_id, key)))


@blueprint.patch("/lists/<list_id>/members/<key>")
def change_member(list_id: str, key: str) -> Response:
    """Change a member; what the body does not name stays. An archived one comes back by ``status`` only."""
    body = json_body()
    with hub().stage.lock:
        member = located(list_id, key)
        _write(member, body)
        return reply(member_shown(hub(), member))


@blueprint.put("/lists/<list_id>/members/<key>")
def put_member(list_id: str, key: str) -> Response:
    """Change a member, or add one that is not there with ``status_if_new``."""
    body = json_body()
    with hub().stage.lock:
        audience = hub().audience(list_id)
        member = audience.find(key)
        if member is None:
            check_row(audience, body, {})
            email, status = text_in(body, "email_address"), text_in(body, "status_if_new")
            member = changes.add_member(hub(), audience, email, status, body.get("merge_fields"), "api")
            adopt(member, body)
        else:
            _write(member, body)
        return reply(member_shown(hub(), member))


@blueprint.delete("/lists/<list_id>/members/<key>")
def archive_member(list_id: str, key: str) -> Response:
    """Archive a member."""
    with hub().stage.lock:
        changes.archive(hub(), located(list_id, key), "api")
    return Response(status=204)


@blueprint.post("/lists/<list_id>/members/<key>/actions/delete-permanent")
def erase_member(list_id: str, key: str) -> Response:
    """Erase a member for good."""
    with hub().stage.lock:
        changes.delete_permanently(hub(), located(list_id, key), "api")
    return Response(status=204)


def _write(member: Member, body: dict[str, Any]) -> None:
    # Everything is checked before anything is written: a refused call leaves the member as it was.
    check_row(hub().audience(member.list_id), body, member.merge)
    if "status" in body:
        changes.set_status(hub(), member, text_in(body, "status"), "api")
    if "email_address" in body and text_in(body, "email_address").lower() != member.email.lower():
        changes.change_email(hub(), member, text_in(body, "email_address"), "api")
    changes.update_member(hub(), member, body.get("merge_fields") or {}, "api")
    adopt(member, body)
    hub().stage.log.wrote(1)


def check_row(audience: Audience, body: dict[str, Any], present: dict[str, Any]) -> None:
    """Raise 400 for what a body may not say of a member, before anything of it is written."""
    given = body.get("merge_fields") or {}
    merging.checked(audience, given, present, skip_required=flagged("skip_merge_validation"))
    tag_names(body)
    text_in(body, "language", default="")
    text_in(body, "email_type", default="")
    flag_in(body, "vip")


def adopt(member: Member, body: dict[str, Any]) -> None:
    """Give a member what else a body may name of it."""
    member.language = text_in(body, "language", default=member.language)
    member.email_type = text_in(body, "email_type", default=member.email_type)
    member.vip = flag_in(body, "vip", default=member.vip)


def tag_names(body: dict[str, Any]) -> list[str]:
    """Return the tags of a body, which a member may be made with; raise 400 above 50."""
    given = body.get("tags") or []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise invalid("tags", "Schema describes array of strings.")
    if len(given) > MOST_TAGS:
        raise invalid("tags", f"This collection should contain {MOST_TAGS} elements or less.")
    return given

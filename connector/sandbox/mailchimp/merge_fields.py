"""The columns of an audience."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.problems import Problem, invalid, not_found, reply
from connector.sandbox.mailchimp.reading import chosen, flag_in, json_body, text_in, texts_in, window
from connector.sandbox.mailchimp.records import MergeField
from connector.sandbox.mailchimp.showing import field_shown, links

TYPES = frozenset("text number address phone date url imageurl radio dropdown birthday zip".split())
TAG = re.compile(r"[A-Z0-9_]{1,10}")
RESERVED = frozenset({"EMAIL", "LIST", "UNSUB", "ARCHIVE", "DATE", "INTERESTS"})
"""Some of the tags that mail templates use themselves; Mailchimp's own list is not published as one."""

blueprint = Blueprint("merge_fields", __name__)


def _located(list_id: str, merge_id: int) -> tuple[Audience, MergeField]:
    audience = hub().audience(list_id)
    if merge_id not in audience.merge_fields:
        raise not_found()
    return audience, audience.merge_fields[merge_id]


@blueprint.get("/lists/<list_id>/merge-fields")
def list_fields(list_id: str) -> Response:
    """Answer merge fields, page by page."""
    page, type_, required = window(), request.args.get("type"), request.args.get("required")
    with hub().stage.lock:
        audience = hub().audience(list_id)
        found = [
            each
            for each in audience.merge_fields.values()
            if (type_ not in TYPES or each.type == type_)
            and (required not in ("true", "false") or each.required == (required == "true"))
        ]
        shown = [field_shown(audience, each) for each in page.cut(found)]
    path = f"/lists/{list_id}/merge-fields"
    return chosen({"merge_fields": shown, "list_id": list_id, "total_items": len(found), "_links": links(path)})


@blueprint.post("/lists/<list_id>/merge-fields")
def add_field(list_id: str) -> Response:
    """Add a merge field; 400 once the audience has as many as the plan allows."""
    body = json_body()
    name, type_ = text_in(body, "name"), text_in(body, "type")
    if type_ not in TYPES:
        raise invalid("type", "Data presented is not one of the accepted values.")
    with hub().stage.lock:
        audience, most = hub().audience(list_id), hub().account.merge_fields
        if len(audience.merge_fields) >= most:
            detail = f"This list already has the maximum number of merge fields ({most})."
            raise Problem(400, "Invalid Resource", detail)
        merge_id = audience.next_merge_id()
        tag = text_in(body, "tag", default="") or f"MERGE{merge_id}"
        field = MergeField(merge_id, _free_tag(audience, tag), name, type_, display_order=merge_id + 1)
        _adopt(field, body)
        audience.merge_fields[merge_id] = field
        return reply(field_shown(audience, field))


@blueprint.get("/lists/<list_id>/merge-fields/<int:merge_id>")
def show_field(list_id: str, merge_id: int) -> Response:
    """Answer one merge field."""
    with hub().stage.lock:
        return chosen(field_shown(*_located(list_id, merge_id)))


@blueprint.patch("/lists/<list_id>/merge-fields/<int:merge_id>")
def change_field(list_id: str, merge_id: int) -> Response:
    """Change a merge field; its values follow a new tag. The type stays."""
    body = json_body()
    with hub().stage.lock:
        audience, field = _located(list_id, merge_id)
        tag = text_in(body, "tag", default=field.tag)
        if tag != field.tag:
            _rename(audience, field, _free_tag(audience, tag))
        field.name = text_in(body, "name", default=field.name)
        _adopt(field, body)
        return reply(field_shown(audience, field))


@blueprint.delete("/lists/<list_id>/merge-fields/<int:merge_id>")
def remove_field(list_id: str, merge_id: int) -> Response:
    """Remove a merge field with all its values."""
    with hub().stage.lock:
        audience, field = _located(list_id, merge_id)
        del audience.merge_fields[merge_id]
        for member in audience.members():
            member.merge.pop(field.tag, None)
    return Response(status=204)


def _free_tag(audience: Audience, tag: str) -> str:
    if not TAG.fullmatch(tag):
        raise invalid("tag", "Merge tags have 1 to 10 capital letters, digits and underscores.")
    if tag in RESERVED or audience.column(tag):
        raise invalid("tag", f'A Merge Field with the tag "{tag}" already exists for this list.')
    return tag


def _rename(audience: Audience, field: MergeField, tag: str) -> None:
    for member in audience.members():
        if field.tag in member.merge:
            member.merge[tag] = member.merge.pop(field.tag)
    field.tag = tag


def _adopt(field: MergeField, body: dict[str, Any]) -> None:
    field.required = flag_in(body, "required", default=field.required)
    field.public = flag_in(body, "public", default=field.public)
    field.default_value = text_in(body, "default_value", default=field.default_value)
    field.help_text = text_in(body, "help_text", default=field.help_text)
    options = body.get("options")
    if isinstance(options, dict) and "choices" in options:
        field.choices = tuple(texts_in(options, "choices", 1000))

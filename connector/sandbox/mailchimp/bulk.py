"""Many members at once: ``POST /lists/{id}`` with up to 500, and errors per address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g

from connector.sandbox.faults import FaultKind
from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.members import adopt, check_row, tag_names
from connector.sandbox.mailchimp.problems import Problem, invalid, reply
from connector.sandbox.mailchimp.reading import flag_in, flagged, json_body, text_in
from connector.sandbox.mailchimp.records import Member, subscriber_hash
from connector.sandbox.mailchimp.showing import IN_BULK, cut_member, links

MOST = 500

blueprint = Blueprint("bulk", __name__)


@blueprint.post("/lists/<list_id>")
def subscribe_many(list_id: str) -> Response:
    """Add members, and with ``update_existing`` change those that are there; 200 even if all rows failed."""
    body = json_body()
    rows = body.get("members")
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise invalid("members", "Schema describes array of objects.")
    if len(rows) > MOST:
        raise invalid("members", f"This collection should contain {MOST} elements or less.")
    made: list[Member] = []
    changed: list[Member] = []
    errors: list[dict[str, str]] = []
    interrupted = g.fault is not None and g.fault.kind is FaultKind.HALF_BATCH
    rows = rows[: len(rows) // 2] if interrupted else rows
    with hub().stage.lock:
        audience = hub().audience(list_id)
        for row, repeated in zip(rows, _repeated(rows), strict=True):
            try:
                member, new = _take(audience, row, body, repeated)
            except Problem as problem:
                errors.append(_error(row, problem))
            else:
                (made if new else changed).append(member)
        hub().stage.log.wrote(len(made) + len(changed))
        if interrupted:
            raise Problem(502, "Bad Gateway", "An unexpected internal error has occurred.")
        return reply(
            {
                "new_members": [cut_member(hub(), each, IN_BULK) for each in made],
                "updated_members": [cut_member(hub(), each, IN_BULK) for each in changed],
                "errors": errors,
                "total_created": len(made),
                "total_updated": len(changed),
                "error_count": len(errors),
                "_links": links(f"/lists/{list_id}"),
            }
        )


def _repeated(rows: list[dict[str, Any]]) -> list[bool]:
    seen: set[str] = set()
    told = []
    for row in rows:
        key = subscriber_hash(str(row.get("email_address", "")))
        told.append(key in seen and not flagged("skip_duplicate_check"))
        seen.add(key)
    return told


def _take(audience: Audience, row: dict[str, Any], body: dict[str, Any], repeated: bool) -> tuple[Member, bool]:
    """Return the member that a row added or changed, and whether it is new; raise for a row that can't be taken."""
    email = text_in(row, "email_address")
    if repeated:
        raise invalid("email_address", "Duplicate items found in the request.")
    present = audience.find(subscriber_hash(email))
    check_row(audience, row, present.merge if present else {})
    names = tag_names(row)
    if present is None:
        member = changes.add_member(hub(), audience, email, text_in(row, "status"), row.get("merge_fields"), "api")
    elif flag_in(body, "update_existing"):
        member = present
        # Whether Mailchimp leaves the status alone where a row has none is not documented; here it does.
        if "status" in row:
            changes.set_status(hub(), member, text_in(row, "status"), "api")
        changes.update_member(hub(), member, row.get("merge_fields") or {}, "api")
    else:
        raise Problem(400, "Member Exists", f"{email} is already a list member, do you want to update?")
    adopt(member, row)
    if flag_in(body, "sync_tags"):
        kept = {name.lower() for name in names}
        for segment_id in [each for each in member.tags if audience.segments[each].name.lower() not in kept]:
            changes.untag(hub(), member, audience.segments[segment_id].name)
    for name in names:
        changes.tag(hub(), member, name)
    return member, present is None


def _error(row: dict[str, Any], problem: Problem) -> dict[str, str]:
    first = problem.errors[0] if problem.errors else {"field": "", "message": ""}
    return {
        "email_address": str(row.get("email_address", "")),
        "error": first["message"] or problem.detail,
        "error_code": "ERROR_CONTACT_EXISTS" if problem.title == "Member Exists" else "ERROR_GENERIC",
        "field": first["field"],
        "field_message": first["message"],
    }

"""Workflows as the automation API tells them (v4): the list in short, single ones in full.

Source: https://developers.hubspot.com/docs/api-reference/automation-automation-v4-v4/guide. They do nothing here.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.clock import iso
from connector.sandbox.hubspot.access import account, hub, need
from connector.sandbox.hubspot.errors import invalid, reply
from connector.sandbox.hubspot.requests import inputs_of, json_body, limit_of

SCOPE = ("automation",)
MOST = 100
SHORT = ("id", "name", "isEnabled", "flowType", "objectTypeId", "revisionId", "createdAt", "updatedAt")

blueprint = Blueprint("workflows", __name__)


def workflow(
    number: int, name: str, criteria: dict[str, Any], *, enabled: bool = True, of: str = "0-1"
) -> dict[str, Any]:
    """Return a workflow over objects of a type, without any action."""
    at = iso(0)
    return {
        "type": "CONTACT_FLOW" if of == "0-1" else "PLATFORM_FLOW",
        "id": str(number),
        "isEnabled": enabled,
        "flowType": "WORKFLOW",
        "revisionId": "1",
        "name": name,
        "createdAt": at,
        "updatedAt": at,
        "objectTypeId": of,
        "actions": [],
        "enrollmentCriteria": criteria,
    }


@blueprint.get("")
@blueprint.get("/")
def listed() -> Response:
    """Answer the account's workflows in short, page by page."""
    need(SCOPE)
    limit, after = limit_of(MOST, MOST), request.args.get("after", "0")
    if not after.isdigit():
        raise invalid("The paging cursor is not valid.")
    with hub().stage.lock:
        found = account().workflows[int(after) :]
    page: dict[str, Any] = {"results": [{name: each[name] for name in SHORT} for each in found[:limit]]}
    if len(found) > limit:
        page["paging"] = {"next": {"after": str(int(after) + limit), "link": ""}}
    return reply(page)


@blueprint.post("/batch/read")
def read() -> Response:
    """Answer workflows in full."""
    need(SCOPE)
    asked = {str(each.get("flowId")) for each in inputs_of(json_body(), MOST) if each.get("type") == "FLOW_ID"}
    with hub().stage.lock:
        found = [each for each in account().workflows if each["id"] in asked]
    return reply({"status": "COMPLETE", "results": found})

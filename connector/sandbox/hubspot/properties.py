"""Property definitions and groups: list, get, create, change, archive."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.sandbox.hubspot.access import account, hub
from connector.sandbox.hubspot.batches import BATCH, batch_reply
from connector.sandbox.hubspot.errors import ApiError, invalid, record_error, reply
from connector.sandbox.hubspot.requests import inputs_of, json_body, schema_type

blueprint = Blueprint("properties", __name__)
limits_blueprint = Blueprint("limits", __name__)


@blueprint.get("/<kind>")
def list_all(kind: str) -> Response:
    """Answer every live definition."""
    with hub().stage.lock:
        return reply({"results": list(account().catalogues[schema_type(kind)].live.values())})


@blueprint.get("/<kind>/<name>")
def get_one(kind: str, name: str) -> Response:
    """Answer one definition."""
    with hub().stage.lock:
        return reply(account().catalogues[schema_type(kind)].get(name))


@blueprint.post("/<kind>")
def create_one(kind: str) -> Response:
    """Create a property, or restore an archived one of that name."""
    plural = schema_type(kind, write=True)
    with hub().stage.lock:
        return reply(account().catalogues[plural].create(json_body(), hub().now_ms()), 201)


@blueprint.post("/<kind>/batch/create")
def create_batch(kind: str) -> Response:
    """Create up to 100 properties; those that can't be are named in a 207."""
    catalogue = account().catalogues[schema_type(kind, write=True)]
    results, errors = [], []
    with hub().stage.lock:
        for each in inputs_of(json_body(), BATCH):
            try:
                results.append(catalogue.create(each, hub().now_ms()))
            except ApiError as refusal:
                context = {"name": [str(each.get("name", ""))]}
                entry = record_error(str(refusal.body["category"]), str(refusal.body["message"]), context)
                errors.append(entry | {"subCategory": refusal.body.get("subCategory")})
    return batch_reply(results, errors, 201)


@blueprint.patch("/<kind>/<name>")
def update_one(kind: str, name: str) -> Response:
    """Change a definition; options are replaced whole."""
    plural = schema_type(kind, write=True)
    with hub().stage.lock:
        return reply(account().catalogues[plural].update(name, json_body(), hub().now_ms()))


@blueprint.delete("/<kind>/<name>")
def archive_one(kind: str, name: str) -> Response:
    """Archive a custom property."""
    plural = schema_type(kind, write=True)
    with hub().stage.lock:
        account().catalogues[plural].archive(name)
    return Response(status=204)


@blueprint.get("/<kind>/groups")
def list_groups(kind: str) -> Response:
    """Answer every group."""
    with hub().stage.lock:
        return reply({"results": list(account().catalogues[schema_type(kind)].groups.values())})


@blueprint.post("/<kind>/groups")
def create_group(kind: str) -> Response:
    """Create a group; 409 if there is one of that name."""
    plural, body = schema_type(kind, write=True), json_body()
    if not body.get("name") or not body.get("label"):
        raise invalid("Some required fields were not set: [name, label]")
    with hub().stage.lock:
        group = account().catalogues[plural].add_group(body["name"], body["label"], body.get("displayOrder", -1))
        return reply(group, 201)


@limits_blueprint.get("/custom-properties")
def custom_property_limits() -> Response:
    """Answer how many custom properties the account's tier allows, and how many there are."""
    with hub().stage.lock:
        catalogue = account().catalogues["contacts"]
        usage, limit = catalogue.custom_count(), catalogue.quota
    by_type = [{"objectTypeId": "0-1", "limit": limit, "usage": usage, "percentage": round(100 * usage / limit, 2)}]
    return reply({"overallLimit": limit, "overallUsage": usage, "byObjectType": by_type})

"""Associations: batches of up to 1,000 records, 500 targets a record and page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.hubspot.access import account, hub
from connector.sandbox.hubspot.batches import batch_reply
from connector.sandbox.hubspot.errors import invalid, not_found, record_error, reply
from connector.sandbox.hubspot.requests import inputs_of, json_body, limit_of, number_of, readable

BATCH = 1_000
TARGETS = 500

blueprint = Blueprint("associations", __name__)
record_blueprint = Blueprint("record_associations", __name__)


def _pair(from_kind: str, to_kind: str) -> tuple[str, str]:
    from_type, to_type = readable(from_kind).object_type, readable(to_kind).object_type
    if not account().links.knows(from_type, to_type):
        raise invalid(f"No associations exist between {from_type} and {to_type}.")
    return from_type, to_type


@blueprint.post("/<from_kind>/<to_kind>/batch/read")
def read_batch(from_kind: str, to_kind: str) -> Response:
    """Answer the targets of many records; those without any are named in the errors of a 207."""
    from_type, to_type = _pair(from_kind, to_kind)
    inputs = inputs_of(json_body(), BATCH)
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    with hub().stage.lock:
        for each in inputs:
            key = str(each.get("id", ""))
            targets = account().links.targets(from_type, int(key), to_type) if key.isdigit() else ()
            if targets:
                results.append({"from": {"id": key}, **_listed(targets, str(each.get("after") or "0"), TARGETS)})
            else:
                errors.append(_none(from_type, to_type, key))
    return batch_reply(results, errors)


def _listed(targets: Sequence[tuple[int, frozenset[int]]], after: str, limit: int) -> dict[str, Any]:
    if not after.isdigit():
        raise invalid("The paging cursor is not valid.")
    later = [each for each in targets if each[0] > int(after)]
    listed: dict[str, Any] = {
        "to": [{"toObjectId": target, "associationTypes": _types(types)} for target, types in later[:limit]]
    }
    if len(later) > limit:
        listed["paging"] = {"next": {"after": str(later[limit - 1][0]), "link": ""}}
    return listed


def _types(type_ids: frozenset[int]) -> list[dict[str, Any]]:
    primary = {1, 2, 5, 6}
    return [
        {"category": "HUBSPOT_DEFINED", "typeId": each, "label": "Primary" if each in primary else None}
        for each in sorted(type_ids)
    ]


def _none(from_type: str, to_type: str, key: str) -> dict[str, Any]:
    return record_error(
        "OBJECT_NOT_FOUND",
        f"No {to_type} is associated with {from_type} {key}.",
        {"fromObjectId": [key], "fromObjectType": [from_type], "toObjectType": [to_type]},
        "crm.associations.NO_ASSOCIATIONS_FOUND",
    )


@record_blueprint.get("/<from_kind>/<key>/associations/<to_kind>")
def list_one(from_kind: str, key: str, to_kind: str) -> Response:
    """Answer one record's targets, page by page."""
    from_type, to_type = _pair(from_kind, to_kind)
    limit = limit_of(TARGETS, TARGETS)
    with hub().stage.lock:
        record = account().tables[from_type].find(number_of(key))
        if record is None:
            raise not_found("Object not found.")
        targets = account().links.targets(from_type, record.object_id, to_type)
        listed = _listed(targets, request.args.get("after", "0"), limit)
    listed["results"] = listed.pop("to")
    return reply(listed)

"""Batches of records: read, create, update, archive, with results one by one where HubSpot gives them.

HubSpot's rule for writes: where every input carries its own ``objectWriteTraceId``, bad
inputs are reported one by one in a 207; otherwise one bad value fails the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request

from connector.sandbox.clock import iso
from connector.sandbox.faults import FaultKind
from connector.sandbox.hubspot import changes
from connector.sandbox.hubspot.access import account, hub, origin
from connector.sandbox.hubspot.errors import ApiError, failure, invalid, record_error, reply
from connector.sandbox.hubspot.objects import create_checked, locate
from connector.sandbox.hubspot.records import CrmObject, ObjectTable
from connector.sandbox.hubspot.rendering import Wanted, rendered
from connector.sandbox.hubspot.requests import inputs_of, json_body, readable, writable
from connector.sandbox.hubspot.validation import check_values

BATCH = 100
BATCH_WITH_HISTORY = 50

blueprint = Blueprint("batches", __name__)
Writer = Callable[[dict[str, Any]], CrmObject]


def batch_reply(results: list[Any], errors: list[dict[str, Any]], status: int = 200) -> Response:
    """Return the batch envelope: 207 as soon as there is one error."""
    now = iso(hub().now_ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return reply(body, 207 if errors else status)


@blueprint.post("/<kind>/batch/read")
def read_batch(kind: str) -> Response:
    """Answer records by id; missing ones are named in a 207. Associations are never shown."""
    table, body = readable(kind), json_body()
    history = tuple(body.get("propertiesWithHistory") or ())
    inputs = inputs_of(body, BATCH_WITH_HISTORY if history else BATCH)
    wanted = Wanted(tuple(body.get("properties") or ()), history)
    archived = request.args.get("archived") == "true"
    with hub().stage.lock:
        found: dict[int, CrmObject] = {}
        missing: list[str] = []
        for each in inputs:
            key = str(each.get("id", ""))
            record = _read(table, key, body.get("idProperty"), archived)
            if record is None:
                missing.append(key)
            else:
                found[record.object_id] = record
        shown = [rendered(account(), table, record, wanted, associations=False) for record in found.values()]
    return batch_reply(shown, [_missing(table, missing)] if missing else [])


def _read(table: ObjectTable, key: str, id_property: str | None, archived: bool) -> CrmObject | None:
    if archived:
        return table.archived.get(int(key)) if key.isdigit() else None
    return locate(table, key, id_property)


def _missing(table: ObjectTable, ids: list[str]) -> dict[str, Any]:
    message = (
        f"Could not get some {table.object_type} objects, they may be deleted or not exist. Check that ids are valid."
    )
    return record_error("OBJECT_NOT_FOUND", message, {"ids": ids})


@blueprint.post("/<kind>/batch/update")
def update_batch(kind: str) -> Response:
    """Change up to 100 records."""
    table = writable(kind)
    inputs = inputs_of(json_body(), BATCH)
    keys = [str(each.get("id", "")) for each in inputs]
    if len(set(keys)) < len(keys):
        raise invalid("Duplicate IDs found in batch input.")

    def write(given: dict[str, Any]) -> CrmObject:
        record = locate(table, str(given.get("id", "")), given.get("idProperty"))
        if record is None:
            raise failure(404, "OBJECT_NOT_FOUND", "Object not found.", context={"ids": [str(given.get("id", ""))]})
        changes.update(hub(), account(), table, record, _checked(table, given), origin())
        return record

    return _write_all(table, inputs, write, 200)


@blueprint.post("/<kind>/batch/create")
def create_batch(kind: str) -> Response:
    """Create up to 100 records."""
    table = writable(kind)
    inputs = inputs_of(json_body(), BATCH)
    return _write_all(table, inputs, lambda given: create_checked(table, given), 201)


@blueprint.post("/<kind>/batch/archive")
def archive_batch(kind: str) -> Response:
    """Move up to 100 records to the recycle bin."""
    table = writable(kind)
    inputs = inputs_of(json_body(), BATCH)
    with hub().stage.lock:
        for each in inputs:
            record = locate(table, str(each.get("id", "")), None)
            if record is not None:
                changes.archive(hub(), account(), table, record, origin())
    return Response(status=204)


def _checked(table: ObjectTable, given: dict[str, Any]) -> dict[str, str]:
    the_account = account()
    catalogue = the_account.catalogues[table.object_type]
    return check_values(catalogue, given.get("properties", {}), the_account.portal.portal_id)


def _write_all(table: ObjectTable, inputs: list[dict[str, Any]], write: Writer, status: int) -> Response:
    traces = [each.get("objectWriteTraceId") for each in inputs]
    traced = all(traces) and len(set(traces)) == len(traces)
    with hub().stage.lock:
        if not traced:
            for each in inputs:
                _checked(table, each)
        inputs, interrupted = _cut_by_fault(inputs)
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for each in inputs:
            try:
                record = write(each)
            except ApiError as refusal:
                errors.append(_entry(refusal, each))
            else:
                results.append(_result(table, record, each))
        hub().stage.log.wrote(len(results))
    if interrupted:
        raise failure(502, "INTERNAL_ERROR", "internal error")
    return batch_reply(results, errors, status)


def _result(table: ObjectTable, record: CrmObject, given: dict[str, Any]) -> dict[str, Any]:
    shown = rendered(account(), table, record, Wanted(tuple(given.get("properties", {}))), associations=False)
    trace = given.get("objectWriteTraceId")
    return {**shown, "objectWriteTraceId": trace} if trace else shown


def _cut_by_fault(inputs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """Return the inputs that a half-written batch still writes, and whether it is one."""
    fault = g.fault
    if fault is None or fault.kind is not FaultKind.HALF_BATCH:
        return inputs, False
    return inputs[: len(inputs) // 2], True


def _entry(refusal: ApiError, given: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, list[str]] = dict(refusal.body.get("context", {}))
    if given.get("objectWriteTraceId"):
        context["objectWriteTraceId"] = [str(given["objectWriteTraceId"])]
    elif "id" in given:
        context["ids"] = [str(given["id"])]
    return record_error(str(refusal.body["category"]), str(refusal.body["message"]), context)

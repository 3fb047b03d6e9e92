"""sObject Collections: up to 200 records in one request, each with a result of its own.

Source: REST guide, "sObject Collections". The answer is 200 even where every record was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, g, request

from connector.sandbox.faults import FaultKind
from connector.sandbox.salesforce import changes, triggers
from connector.sandbox.salesforce.access import hub, locked_rows
from connector.sandbox.salesforce.errors import RecordError, failure, reply
from connector.sandbox.salesforce.ids import normal
from connector.sandbox.salesforce.requests import author, definition, json_body
from connector.sandbox.salesforce.sobjects import asked_fields, by_external_id, locked
from connector.sandbox.salesforce.wire import record

MOST_RECORDS, MOST_READ, MOST_CHUNKS = 200, 2_000, 10
WHOLE = frozenset({"JSON_PARSER_ERROR", "INVALID_FIELD"})
"""Refusals of what can't be read at all: they meet the whole request."""

blueprint = Blueprint("collections", __name__, url_prefix="/composite/sobjects")


@dataclass(frozen=True, slots=True)
class Step:
    """One record's write. ``check`` raises what the org would refuse; ``apply`` does it and returns the id."""

    check: Callable[[], object]
    apply: Callable[[], str]
    created: bool | None = None


def _records() -> list[dict[str, Any]]:
    given = json_body().get("records")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise failure(400, "JSON_PARSER_ERROR", "records must be an array of sObjects")
    _check_count(len(given))
    kinds = [_kind(each) for each in given]
    if len(list(groupby(kinds))) > MOST_CHUNKS:
        raise failure(400, "LIMIT_EXCEEDED", f"Cannot have more than {MOST_CHUNKS} chunks in a single operation.")
    return given


def _check_count(count: int) -> None:
    if count > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise failure(400, "EXCEEDED_ID_LIMIT", message)


def _kind(given: dict[str, Any]) -> str:
    told = given.get("attributes")
    found = hub().schema.object(str(told.get("type", ""))) if isinstance(told, dict) else None
    if found is None or not found.writable:
        raise failure(400, "INVALID_TYPE", "sObject type is missing or not supported")
    return found.name


@blueprint.post("")
def create() -> Response:
    """Make records."""
    given = _records()
    with hub().stage.lock:
        return _run([_creation(_kind(each), each) for each in given], all_or_none=bool(json_body().get("allOrNone")))


def _creation(name: str, given: dict[str, Any], *, created: bool | None = None) -> Step:
    return Step(
        check=lambda: changes.prepare_create(hub(), name, given, author()),
        apply=lambda: changes.create(hub(), name, given, author()),
        created=created,
    )


@blueprint.patch("")
def update() -> Response:
    """Change records."""
    given = _records()
    steps = [_change(_kind(each), each) for each in given]
    refused: list[RecordError | None] = []
    for _, chunk in groupby(given, _kind):
        refused += triggers.refusals(g.fault, [normal(_id_of(each)) or "" for each in chunk])
    with hub().stage.lock:
        return _run(steps, refused, all_or_none=bool(json_body().get("allOrNone")))


def _id_of(given: dict[str, Any]) -> str:
    return next((str(value) for key, value in given.items() if key.lower() == "id"), "")


def _change(name: str, given: dict[str, Any], *, created: bool | None = None) -> Step:
    row_id = _id_of(given)

    def check() -> object:
        if not row_id:
            raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call")
        return changes.prepare_update(hub(), row_id, given, author(), name)

    def apply() -> str:
        check()
        changes.update(hub(), row_id, given, author())
        return normal(row_id) or row_id

    return Step(check, apply, created)


@blueprint.delete("")
def delete() -> Response:
    """Move records to the recycle bin."""
    ids = [each for each in request.args.get("ids", "").split(",") if each]
    _check_count(len(ids))
    with hub().stage.lock:
        steps = [_deletion(each) for each in ids]
        return _run(steps, all_or_none=request.args.get("allOrNone", "").lower() == "true")


def _deletion(row_id: str) -> Step:
    def apply() -> str:
        changes.delete(hub(), row_id, author())
        return normal(row_id) or row_id

    return Step(lambda: changes.find(hub(), row_id), apply)


@blueprint.patch("/<name>/<field_name>")
def upsert(name: str, field_name: str) -> Response:
    """Change records found by an external id field; make those that are not there."""
    of, given = definition(name), _records()
    with hub().stage.lock:
        steps = []
        for each in given:
            rows = by_external_id(hub(), of, field_name, str(each.get(field_name, "")))
            if rows:
                steps.append(_change(of.name, {**each, "Id": rows[0]["Id"]}, created=False))
            else:
                steps.append(_creation(of.name, each, created=True))
        return _run(steps, all_or_none=bool(json_body().get("allOrNone")))


@blueprint.get("/<name>")
def read(name: str) -> Response:
    """Answer records by the ids and with the fields of the address."""
    ids, fields = (request.args.get(each, "").split(",") for each in ("ids", "fields"))
    return _read(name, ids, fields)


@blueprint.post("/<name>")
def read_many(name: str) -> Response:
    """Answer records by the ids and with the fields of the body."""
    body = json_body()
    ids, fields = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(fields, list):
        raise failure(400, "MALFORMED_QUERY", "ids and fields must be arrays")
    return _read(name, [str(each) for each in ids], [str(each) for each in fields])


def _read(name: str, ids: Sequence[str], fields: Sequence[str]) -> Response:
    of = definition(name)
    if len(ids) > MOST_READ:
        message = f"record limit reached. cannot submit more than {MOST_READ} records into this call"
        raise failure(400, "EXCEEDED_ID_LIMIT", message)
    if not any(fields):
        raise failure(400, "MALFORMED_QUERY", "fields must name at least one field")
    with hub().stage.lock:
        wanted = asked_fields(of, [each for each in fields if each])
        rows = [hub().seen(of.name, normal(each) or "") for each in ids]
        told = [record(hub(), of.name, row, wanted) if row and not row.get("IsDeleted") else None for row in rows]
    return reply(told)


def _run(steps: Sequence[Step], refused: Sequence[RecordError | None] = (), *, all_or_none: bool) -> Response:
    """Do each step, and answer what became of it; ``refused`` is what the org's own code says to each."""
    held = locked_rows(len(steps))
    half = g.fault is not None and g.fault.kind is FaultKind.HALF_BATCH
    said = refused or [None] * len(steps)
    errors = [_checked(step, locked() if place in held else said[place]) for place, step in enumerate(steps)]
    if all_or_none and any(errors):
        return reply([_rolled_back(error) for error in errors])
    wanted = steps[: len(steps) // 2] if half else steps
    results = [_result(step, error) for step, error in zip(wanted, errors, strict=False)]
    hub().stage.log.wrote(sum(each["success"] for each in results))
    if half:
        raise failure(503, "SERVER_UNAVAILABLE", "The server is temporarily unavailable.")
    return reply(results)


def _checked(step: Step, held: RecordError | None) -> RecordError | None:
    try:
        step.check()
    except RecordError as error:
        if error.code in WHOLE:
            raise failure(400, error.code, error.message) from error
        return error
    return held


def _result(step: Step, error: RecordError | None) -> dict[str, Any]:
    if error is None:
        try:
            told: dict[str, Any] = {"id": step.apply(), "success": True, "errors": []}
        except RecordError as found:
            # An earlier record of the same request got in its way.
            return {"success": False, "errors": [found.entry()]}
        return told | ({"created": step.created} if step.created is not None else {})
    return {"success": False, "errors": [error.entry()]}


def _rolled_back(error: RecordError | None) -> dict[str, Any]:
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    found = error or RecordError("ALL_OR_NONE_OPERATION_ROLLED_BACK", message)
    return {"success": False, "errors": [found.entry()]}

"""Single records by id or external id, and what was updated or deleted in a time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.salesforce import changes, times
from connector.sandbox.salesforce.access import hub, locked_rows
from connector.sandbox.salesforce.errors import RecordError, failure, not_found, of_record, reply
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.ids import normal
from connector.sandbox.salesforce.requests import author, definition, json_body
from connector.sandbox.salesforce.schema import FieldDef, ObjectDef, Values
from connector.sandbox.salesforce.wire import record

UPDATED_DAYS, DELETED_DAYS = 30, 15
MOST_IDS = 600_000
MINUTE_MS = 60_000

blueprint = Blueprint("sobjects", __name__)


def _refuse_locked() -> None:
    if locked_rows(1):
        raise of_record(locked())


def locked() -> RecordError:
    """Return the refusal of a record that somebody else is writing."""
    return RecordError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


def asked_fields(of: ObjectDef, names: list[str]) -> list[FieldDef]:
    """Return the fields of these names, all visible ones for none; raise 400 for one that is not seen."""
    if not names:
        return hub().schema.visible(of)
    found = []
    for name in names:
        field = hub().schema.field(of, name.strip())
        if field is None:
            raise failure(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {of.name}")
        found.append(field)
    return found


@blueprint.get("/sobjects/<name>/<row_id>")
def read(name: str, row_id: str) -> Response:
    """Answer a record, with the fields that ``fields`` names."""
    of = definition(name)
    with hub().stage.lock:
        row = hub().seen(of.name, normal(row_id) or "")
        if row is None:
            raise failure(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + row_id)
        if row.get("IsDeleted"):
            raise of_record(RecordError("ENTITY_IS_DELETED", "entity is deleted", status=404))
        names = [each for each in request.args.get("fields", "").split(",") if each]
        return reply(record(hub(), of.name, row, asked_fields(of, names)))


@blueprint.post("/sobjects/<name>")
def create(name: str) -> Response:
    """Make a record."""
    of, body = definition(name), json_body()
    with hub().stage.lock:
        _refuse_locked()
        row_id = _made(of, body)
    return reply({"id": row_id, "success": True, "errors": []}, 201)


def _made(of: ObjectDef, body: dict[str, Any]) -> str:
    if not of.writable:
        raise failure(405, "METHOD_NOT_ALLOWED", "The HTTP method 'POST' is not allowed for this resource.")
    try:
        return changes.create(hub(), of.name, body, author())
    except RecordError as error:
        raise of_record(error) from error


@blueprint.patch("/sobjects/<name>/<row_id>")
def update(name: str, row_id: str) -> Response:
    """Change a record."""
    of, body = definition(name), json_body()
    with hub().stage.lock:
        _refuse_locked()
        try:
            changes.find(hub(), row_id, of.name)
            changes.update(hub(), row_id, body, author())
        except RecordError as error:
            raise of_record(error) from error
    return Response(status=204)


@blueprint.delete("/sobjects/<name>/<row_id>")
def delete(name: str, row_id: str) -> Response:
    """Move a record to the recycle bin."""
    of = definition(name)
    with hub().stage.lock:
        _refuse_locked()
        try:
            changes.delete(hub(), row_id, author(), of.name)
        except RecordError as error:
            raise of_record(error) from error
    return Response(status=204)


def by_external_id(the_hub: Hub, of: ObjectDef, field_name: str, value: str) -> list[Values]:
    """Return the records with a value in an external id field; raise 404 where the field is none."""
    field = the_hub.schema.field(of, field_name)
    if field is None or not (field.external_id or field.name == "Id"):
        message = f"Provided external ID field does not exist or is not accessible: {field_name}"
        raise failure(404, "NOT_FOUND", message)
    wanted = normal(value) if field.name == "Id" else value
    rows = the_hub.tables[of.name].rows.values()
    return [row for row in rows if row.get(field.name) == wanted and not row.get("IsDeleted")]


@blueprint.get("/sobjects/<name>/<field_name>/<path:value>")
def read_by_external_id(name: str, field_name: str, value: str) -> Response:
    """Answer the record with a value in an external id field."""
    of = definition(name)
    with hub().stage.lock:
        rows = by_external_id(hub(), of, field_name, value)
        if not rows:
            raise not_found()
        return reply(record(hub(), of.name, rows[0], hub().schema.visible(of)))


@blueprint.patch("/sobjects/<name>/<field_name>/<path:value>")
def upsert(name: str, field_name: str, value: str) -> Response:
    """Change the record with a value in an external id field, or make it unless ``updateOnly`` is true."""
    of, body = definition(name), json_body()
    with hub().stage.lock:
        _refuse_locked()
        rows = by_external_id(hub(), of, field_name, value)
        if len(rows) > 1:
            base = f"/services/data/v{hub().org.api_version}/sobjects/{of.name}"
            return reply([f"{base}/{row['Id']}" for row in rows], 300)
        if not rows and request.args.get("updateOnly", "").lower() == "true":
            raise not_found()
        if not rows:
            row_id = _made(of, {**body, field_name: value})
            return reply({"id": row_id, "success": True, "errors": [], "created": True}, 201)
        row_id = str(rows[0]["Id"])
        try:
            changes.update(hub(), row_id, body, author())
        except RecordError as error:
            raise of_record(error) from error
    return reply({"id": row_id, "success": True, "errors": [], "created": False})


def _window(days: int) -> tuple[int, int]:
    """Return begin and end of the time asked for, whole minutes; raise 400 for one that is too long ago."""
    read = [times.moment(request.args.get(name, "").replace(" ", "+")) for name in ("start", "end")]
    if read[0] is None or read[1] is None:
        raise failure(400, "INVALID_FIELD", "start and end have to be valid date-times")
    start, end = (each // MINUTE_MS * MINUTE_MS for each in read if each is not None)
    if end <= start:
        raise failure(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if start < hub().now_ms() - days * times.DAY_MS:
        raise failure(400, "INVALID_REPLICATION_DATE", f"startDate before org replication enabled date or {days} days")
    return start, end


def _replicated(name: str, days: int) -> tuple[ObjectDef, int, int]:
    of = definition(name)
    if not of.has_bin or "SystemModstamp" not in of.fields:
        raise failure(400, "INVALID_TYPE", f"{of.name} is not replicateable")
    return of, *_window(days)


def _between(of: ObjectDef, start: int, end: int) -> list[Values]:
    now = hub().stage.clock.now_ms()
    table = hub().tables[of.name]
    seen = table.seen(now)
    return [seen[row_id] for stamp, row_id in table.by_stamp(now) if start <= stamp < end]


@blueprint.get("/sobjects/<name>/updated")
def updated(name: str) -> Response:
    """Answer the ids of records that changed in a time."""
    with hub().stage.lock:
        of, start, end = _replicated(name, UPDATED_DAYS)
        ids = [row["Id"] for row in _between(of, start, end) if not row["IsDeleted"]]
    if len(ids) > MOST_IDS:
        raise failure(400, "EXCEEDED_ID_LIMIT", "too many ids for this time")
    return reply({"ids": ids, "latestDateCovered": times.rest(min(end, hub().now_ms()))})


@blueprint.get("/sobjects/<name>/deleted")
def deleted(name: str) -> Response:
    """Answer the ids of records that were deleted in a time."""
    with hub().stage.lock:
        of, start, end = _replicated(name, DELETED_DAYS)
        gone = [row for row in _between(of, start, end) if row["IsDeleted"]]
        entries = [{"id": row["Id"], "deletedDate": times.rest(int(str(row["SystemModstamp"])))} for row in gone]
        earliest = hub().now_ms() - DELETED_DAYS * times.DAY_MS
    covered = {"earliestDateAvailable": times.rest(earliest), "latestDateCovered": times.rest(min(end, hub().now_ms()))}
    return reply({"deletedRecords": entries, **covered})

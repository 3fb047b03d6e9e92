"""Bulk API 2.0 ingest jobs: create, upload once, close, read the outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, g

from connector.sandbox.faults import FaultKind
from connector.sandbox.salesforce import bulk, changes, triggers
from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import ApiError, RecordError, failure, reply
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.ids import normal
from connector.sandbox.salesforce.jobs import Job, cells
from connector.sandbox.salesforce.requests import json_body
from connector.sandbox.salesforce.schema import ObjectDef
from connector.sandbox.salesforce.sobjects import by_external_id, locked

OPERATIONS = frozenset({"insert", "update", "upsert", "delete"})
CLEARED = "#N/A"
MOST_BYTES = 150_000_000

blueprint = Blueprint("bulk_ingest", __name__, url_prefix="/jobs/ingest")


@blueprint.get("")
def jobs() -> Response:
    """Answer all ingest jobs."""
    return bulk.listed("ingest")


@blueprint.post("")
def create() -> Response:
    """Open a job."""
    body = json_body()
    of = hub().schema.object(str(body.get("object", "")))
    if of is None or not of.writable:
        raise failure(400, "INVALIDJOB", f"Unknown object: {str(body.get('object', ''))[:40]}")
    if body.get("operation") not in OPERATIONS:
        raise failure(400, "INVALIDJOB", f"operation must be one of {', '.join(sorted(OPERATIONS))}")
    if body["operation"] == "upsert" and not body.get("externalIdFieldName"):
        raise failure(400, "INVALIDJOB", "External ID field name is required for upsert")
    with hub().stage.lock:
        job = bulk.open_job("ingest", of.name, body)
        job.assigns = bool(body.get("assignmentRuleId"))
        return reply(job.told(bulk.now()))


@blueprint.put("/<job_id>/batches")
def upload(job_id: str) -> Response:
    """Take the records. Who sends them twice learns it only when the job is closed."""
    # Read outside the lock: it may be long.
    data = bulk.uploaded_bytes()
    with hub().stage.lock:
        job = bulk.find("ingest", job_id)
        if job.state(bulk.now()) != "Open":
            raise bulk.wrong_state(job)
        if not bulk.is_csv():
            raise failure(415, "UNSUPPORTED_MEDIA_TYPE", "The upload must be text/csv.")
        if len(data) > MOST_BYTES:
            raise failure(400, "INVALIDJOB", "The upload is larger than 150 MB.")
        job.uploads += 1
        job.upload = data
    return Response(status=201)


@blueprint.patch("/<job_id>")
def close(job_id: str) -> Response:
    """Close a job, which starts it, or abort it."""
    wanted = bulk.wanted_state()
    with hub().stage.lock:
        job = bulk.find("ingest", job_id)
        if wanted == "Aborted":
            bulk.abort(job)
            _take_back(job)
        elif wanted == "UploadComplete" and job.state(bulk.now()) == "Open" and job.uploads:
            if job.uploads > 1:
                raise failure(400, "INVALIDJOB", f"Found multipe contents for job: <{job.job_id}>")
            job.closed_at, job.fault = bulk.now(), g.fault
        else:
            raise bulk.wrong_state(job)
        return reply(job.told(bulk.now()))


@blueprint.get("/<job_id>")
def info(job_id: str) -> Response:
    """Answer how far a job is."""
    with hub().stage.lock:
        return reply(bulk.find("ingest", job_id).told(bulk.now()))


@blueprint.delete("/<job_id>")
def delete(job_id: str) -> Response:
    """Delete a job that has ended."""
    with hub().stage.lock:
        hub().jobs.forget(bulk.finished("ingest", job_id))
    return Response(status=204)


@blueprint.get("/<job_id>/<any('successfulResults', 'failedResults', 'unprocessedrecords'):outcome>")
def outcomes(job_id: str, outcome: str) -> Response:
    """Answer the records of one outcome, in no order that the upload had."""
    with hub().stage.lock:
        job = bulk.finished("ingest", job_id)
        return bulk.csv_answer(job, job.results.get(outcome, []))


def settle(the_hub: Hub) -> None:
    """Do the work of jobs whose time has come. The caller holds the lock."""
    now = the_hub.stage.clock.monotonic()
    for job in the_hub.jobs.all("ingest"):
        if not job.settled and job.state(now) == "JobComplete":
            job.settled = True
            _work(the_hub, job)


def _work(the_hub: Hub, job: Job) -> None:
    of = the_hub.schema.objects[job.object_name]
    try:
        header, rows = job.uploaded()
    except ValueError as error:
        _fail(job, [], [], f"InvalidBatch : {error}")
        return
    unknown = [name for name in header if name.lower() not in of.keys]
    if unknown:
        _fail(job, header, rows, f"InvalidBatch : Field name not found : {unknown[0]}")
        return
    done: list[list[str]] = []
    failed: list[list[str]] = []
    for row, refusal in zip(rows, _refused(job, header, rows), strict=True):
        try:
            if refusal is not None:
                raise refusal
            row_id, created = _write(the_hub, job, of, header, row)
            done.append([row_id, "true" if created else "false", *row])
        except RecordError as error:
            told = f"{error.code}:{error.message}:{' '.join(error.fields) or '--'}"
            failed.append([_id_of(header, row), told, *row])
    the_hub.stage.log.wrote(len(done))
    job.results["successfulResults"] = [["sf__Id", "sf__Created", *header], *reversed(done)]
    job.results["failedResults"] = [["sf__Id", "sf__Error", *header], *reversed(failed)]
    job.results["unprocessedrecords"] = [list(header)]


def _take_back(job: Job) -> None:
    """Leave every record of an aborted job unprocessed: a job's work is done at its end."""
    try:
        header, rows = job.uploaded()
    except ValueError:
        return
    job.results["unprocessedrecords"] = [header, *rows]


def _refused(job: Job, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[RecordError | None]:
    """Return what stands in each row's way that is not its own fault: somebody's lock, the org's own code."""
    if job.fault is not None and job.fault.kind is FaultKind.LOCKED:
        return [locked() if place % 2 == 0 else None for place in range(len(rows))]
    return triggers.refusals(job.fault, [normal(_id_of(header, row)) or "" for row in rows])


def _fail(job: Job, header: list[str], rows: list[list[str]], why: str) -> None:
    job.ended, job.error = "Failed", why
    job.results["successfulResults"] = [["sf__Id", "sf__Created", *header]]
    job.results["failedResults"] = [["sf__Id", "sf__Error", *header]]
    job.results["unprocessedrecords"] = [header, *rows]


def _id_of(header: Sequence[str], row: Sequence[str]) -> str:
    return next((value for name, value in zip(header, row, strict=False) if name.lower() == "id"), "")


def _write(the_hub: Hub, job: Job, of: ObjectDef, header: Sequence[str], row: Sequence[str]) -> tuple[str, bool]:
    """Write one row; return (id, whether it is new)."""
    if len(row) != len(header):
        raise RecordError("INVALID_CSV", "The number of values does not match the header")
    author, values = the_hub.client(assigns=job.assigns), _given(cells(header, row))
    row_id = _id_of(header, row)
    if job.operation == "insert":
        return changes.create(the_hub, of.name, values, author), True
    if job.operation == "upsert":
        found = _by_external_id(the_hub, of, job.external_id, cells(header, row))
        if found is None:
            return changes.create(the_hub, of.name, values, author), True
        changes.update(the_hub, found, values, author)
        return found, False
    if not row_id:
        raise RecordError("MISSING_ARGUMENT", f"Id not specified in an {job.operation} call")
    _, present = changes.find(the_hub, row_id, of.name)
    known = str(present["Id"])
    if job.operation == "delete":
        changes.delete(the_hub, known, author, of.name)
    else:
        changes.update(the_hub, known, values, author)
    return known, False


def _given(row: Mapping[str, str]) -> dict[str, str | None]:
    """Return what a row says: an empty cell says nothing, ``#N/A`` clears."""
    return {name: None if value == CLEARED else value for name, value in row.items() if value != ""}


def _by_external_id(the_hub: Hub, of: ObjectDef, field_name: str, row: Mapping[str, str]) -> str | None:
    try:
        rows = by_external_id(the_hub, of, field_name, row.get(field_name, ""))
    except ApiError as error:
        raise RecordError("INVALID_FIELD", f"No external ID field {field_name}") from error
    return str(rows[0]["Id"]) if rows else None

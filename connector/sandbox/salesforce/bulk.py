"""What the query and the ingest side of Bulk API 2.0 have in common."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import ApiError, failure, not_found, reply
from connector.sandbox.salesforce.ids import normal
from connector.sandbox.salesforce.jobs import DELIMITERS, ENDINGS, Job
from connector.sandbox.salesforce.requests import json_body

CSV = "text/csv"


def open_job(kind: str, object_name: str, body: dict[str, Any]) -> Job:
    """Return a new job of what a request asks for; raise 400 for a form that is not known."""
    delimiter, ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or ending not in ENDINGS or body.get("contentType", "CSV") != "CSV":
        raise failure(400, "INVALIDJOB", "Unknown contentType, columnDelimiter or lineEnding.")
    job = Job(
        job_id=hub().new_id("Job"),
        kind=kind,
        object_name=object_name,
        operation=str(body.get("operation", "")),
        created_ms=hub().now_ms(),
        created_by=hub().people.integration,
        version=g.version,
        seconds=hub().org.job_seconds,
        delimiter=delimiter,
        ending=ending,
        external_id=str(body.get("externalIdFieldName", "")),
    )
    hub().jobs.keep(job)
    return job


def now() -> float:
    """Return the second on the clock that jobs follow."""
    return hub().stage.clock.monotonic()


def find(kind: str, job_id: str) -> Job:
    """Return a job; raise 404 for an unknown one."""
    job = hub().jobs.find(kind, normal(job_id) or "")
    if job is None:
        raise not_found()
    return job


def listed(kind: str) -> Response:
    """Answer all jobs of a kind."""
    with hub().stage.lock:
        return reply(
            {"done": True, "records": [job.told(now()) for job in hub().jobs.all(kind)], "nextRecordsUrl": None}
        )


def wrong_state(job: Job) -> ApiError:
    """Return the refusal of what a job's state does not allow."""
    return failure(400, "INVALIDJOBSTATE", f"Invalid job state for this request: {job.state(now())}")


def finished(kind: str, job_id: str) -> Job:
    """Return a job whose results can be read; raise 400 for another state, 409 for another API version."""
    job = find(kind, job_id)
    if job.state(now()) not in ("JobComplete", "Failed", "Aborted"):
        raise wrong_state(job)
    if job.version != g.version:
        raise failure(409, "API_ERROR", f"The job's results are read with its own API version, {job.version}.0.")
    return job


def abort(job: Job) -> None:
    """End a job before its end; raise 400 where it has ended."""
    if job.state(now()) not in ("Open", "UploadComplete", "InProgress"):
        raise wrong_state(job)
    job.ended = "Aborted"


def wanted_state() -> str:
    """Return the state that the request wants a job in."""
    return str(json_body().get("state", ""))


def csv_answer(job: Job, rows: list[list[str]], **headers: str) -> Response:
    """Return rows as CSV. The type names no charset, as on a live org; the bytes are UTF-8."""
    answer = Response(job.csv(rows), headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer.headers["Content-Type"] = CSV
    return answer


def uploaded_bytes() -> bytes:
    """Return the request's body."""
    return request.get_data()


def is_csv() -> bool:
    """Tell whether the request's body is CSV."""
    return request.mimetype == CSV

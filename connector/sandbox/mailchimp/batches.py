"""Batch jobs: handing in, asking how far they are, fetching the results, stopping."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp import jobs
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import stable_id
from connector.sandbox.mailchimp.problems import Problem, invalid, not_found, reply
from connector.sandbox.mailchimp.reading import chosen, json_body, stamp, text_in, window
from connector.sandbox.mailchimp.records import Job, Operation
from connector.sandbox.mailchimp.showing import links

MOST_OPERATIONS = 500
"""Sources differ on Mailchimp's own limit; this is the smallest of them."""
MOST_UNFINISHED = 500
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
URL_SECONDS = 600.0

blueprint = Blueprint("batches", __name__)
results_blueprint = Blueprint("batch_results", __name__)


def _located(job_id: str) -> Job:
    if job_id not in hub().jobs:
        raise not_found()
    return hub().jobs[job_id]


@blueprint.post("/batches")
def hand_in() -> Response:
    """Take a job; 429 where too many wait."""
    given = json_body().get("operations")
    if not isinstance(given, list) or not given:
        raise invalid("operations", "Schema describes array of objects.")
    if len(given) > MOST_OPERATIONS:
        raise invalid("operations", f"This collection should contain {MOST_OPERATIONS} elements or less.")
    operations = tuple(_operation(each) for each in given)
    with hub().stage.lock:
        waiting = sum(jobs.state(hub(), each) != "finished" for each in hub().jobs.values())
        if waiting >= MOST_UNFINISHED:
            detail = f"You have more than {MOST_UNFINISHED} pending batches. Wait until some of them are finished."
            raise Problem(429, "Too Many Requests", detail)
        job_id = stable_id(10, "batch", hub().new_number())
        job = Job(job_id, operations, hub().now_ms(), jobs.begins_at(hub()))
        hub().jobs[job_id] = job
        return reply(_shown(job))


def _operation(given: Any) -> Operation:
    if not isinstance(given, dict):
        raise invalid("operations", "Schema describes array of objects.")
    method, path = text_in(given, "method"), text_in(given, "path")
    if method not in METHODS:
        raise invalid("operations.method", "Data presented is not one of the accepted values.")
    if path.lstrip("/").startswith("batches"):
        raise invalid("operations.path", "A batch cannot hold batches.")
    params = given.get("params") or {}
    if not isinstance(params, dict):
        raise invalid("operations.params", "Schema describes object, another type found instead")
    texts = {str(name): str(value).lower() if isinstance(value, bool) else str(value) for name, value in params.items()}
    body, operation_id = text_in(given, "body", default=""), text_in(given, "operation_id", default="")
    return Operation(method, path, texts, body, operation_id)


@blueprint.get("/batches")
def list_jobs() -> Response:
    """Answer the jobs of the last days, page by page."""
    page = window()
    with hub().stage.lock:
        found = list(hub().jobs.values())
        shown = [_shown(each) for each in page.cut(found)]
    return chosen({"batches": shown, "total_items": len(found), "_links": links("/batches")})


@blueprint.get("/batches/<job_id>")
def show_job(job_id: str) -> Response:
    """Answer how far a job is; once it is finished, with a fresh address of its results."""
    with hub().stage.lock:
        return chosen(_shown(_located(job_id)))


@blueprint.delete("/batches/<job_id>")
def stop_job(job_id: str) -> Response:
    """Stop a job and drop its results."""
    with hub().stage.lock:
        del hub().jobs[_located(job_id).job_id]
    return Response(status=204)


def _shown(job: Job) -> dict[str, Any]:
    state, results = jobs.state(hub(), job), job.results or []
    finished = state == "finished"
    failed = sum(each.status_code >= 400 for each in results)
    return {
        "id": job.job_id,
        "status": state,
        "total_operations": max(len(job.operations), len(results)),
        "finished_operations": len(results),
        "errored_operations": failed,
        "submitted_at": stamp(job.submitted_ms),
        "completed_at": stamp(_completed_ms(job)) if finished else "",
        "response_body_url": _address(job) if finished else "",
        "_links": links(f"/batches/{job.job_id}"),
    }


def _completed_ms(job: Job) -> int:
    waited = job.begins_at + hub().account.batch_seconds - hub().stage.clock.monotonic()
    return hub().now_ms() + round(waited * 1000)


def _address(job: Job) -> str:
    key = secrets.token_urlsafe(24)
    job.keys[key] = hub().stage.clock.monotonic() + URL_SECONDS
    return f"{request.host_url}batch-results/{job.job_id}.tar.gz?Signature={key}"


@results_blueprint.get("/batch-results/<job_id>.tar.gz")
def results(job_id: str) -> Response:
    """Answer the results. Like the storage service that Mailchimp uses, it takes no second credential."""
    if "Authorization" in request.headers:
        return Response("<Error><Code>InvalidArgument</Code></Error>", 400, mimetype="application/xml")
    with hub().stage.lock:
        job = hub().jobs.get(job_id)
        ends = job.keys.get(request.args.get("Signature", "")) if job else None
        if job is None or ends is None or hub().stage.clock.monotonic() > ends:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
        return Response(jobs.archive(job), mimetype="application/gzip")

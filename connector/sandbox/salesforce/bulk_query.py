"""Bulk API 2.0 query jobs."""

from __future__ import annotations

import base64
import binascii
from decimal import Decimal

from flask import Blueprint, Response, request

from connector.sandbox.salesforce import bulk, times
from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import failure, reply
from connector.sandbox.salesforce.query import answer_of
from connector.sandbox.salesforce.requests import json_body, number_of
from connector.sandbox.salesforce.schema import NUMBERS, FieldDef, Value
from connector.sandbox.salesforce.soql import Answer, parse

MOST_A_PAGE = 250_000

blueprint = Blueprint("bulk_query", __name__, url_prefix="/jobs/query")


@blueprint.get("")
def jobs() -> Response:
    """Answer all query jobs."""
    return bulk.listed("query")


@blueprint.post("")
def create() -> Response:
    """Start a query job; what it finds is what is there now."""
    body = json_body()
    text, operation = str(body.get("query", "")), body.get("operation")
    if operation not in ("query", "queryAll"):
        raise failure(400, "INVALIDJOB", "operation must be query or queryAll")
    with hub().stage.lock:
        if parse(text, hub().stage.clock.now(), hub().org.time_zone).offset:
            raise failure(400, "API_ERROR", "OFFSET is not supported in Bulk Query")
        answer = answer_of(text, deleted=operation == "queryAll")
        if answer.counts:
            raise failure(400, "API_ERROR", "Aggregate functions are not supported in Bulk Query")
        if any(each.field.type == "address" for each in answer.fields):
            raise failure(400, "FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query")
        job = bulk.open_job("query", answer.scope.of.name, body)
        job.results["query"] = [_header(answer), *_rows(answer)]
        job.closed_at = bulk.now()
        return reply(job.told(bulk.now()))


def _header(answer: Answer) -> list[str]:
    return [".".join([*(step.relationship for step in each.steps), each.field.name]) for each in answer.fields]


def _rows(answer: Answer) -> list[list[str]]:
    return [[cell(each.field, each.get(row)) for each in answer.fields] for row in answer.rows]


def cell(field: FieldDef, value: Value) -> str:
    """Return a value as bulk results write it; empty: there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.type == "datetime" and isinstance(value, int):
        return times.bulk(value)
    if isinstance(value, Decimal) or (field.type in NUMBERS and field.type != "int"):
        return str(float(value))
    return str(value)


@blueprint.get("/<job_id>")
def info(job_id: str) -> Response:
    """Answer how far a job is."""
    with hub().stage.lock:
        return reply(bulk.find("query", job_id).told(bulk.now()))


@blueprint.patch("/<job_id>")
def abort(job_id: str) -> Response:
    """Abort a job."""
    with hub().stage.lock:
        job = bulk.find("query", job_id)
        if bulk.wanted_state() != "Aborted":
            raise failure(400, "INVALIDJOBSTATE", "A query job can only be aborted.")
        bulk.abort(job)
        return reply(job.told(bulk.now()))


@blueprint.delete("/<job_id>")
def delete(job_id: str) -> Response:
    """Delete a job that has ended, with its results."""
    with hub().stage.lock:
        hub().jobs.forget(bulk.finished("query", job_id))
    return Response(status=204)


@blueprint.get("/<job_id>/results")
def results(job_id: str) -> Response:
    """Answer a page of results with the header row, and where the next begins (``null``: nowhere)."""
    size = min(max(number_of(request.args.get("maxRecords", ""), MOST_A_PAGE), 1), MOST_A_PAGE)
    with hub().stage.lock:
        job = bulk.finished("query", job_id)
        if job.state(bulk.now()) != "JobComplete":
            raise bulk.wrong_state(job)
        header, *rows = job.results["query"]
        start = _start(request.args.get("locator", ""))
        page = rows[start : start + size]
        following = _locator(start + size) if start + size < len(rows) else "null"
        count = str(len(page))
        return bulk.csv_answer(job, [header, *page], Sforce_Locator=following, Sforce_NumberOfRecords=count)


def _locator(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _start(locator: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4))) if locator else 0
    except (ValueError, binascii.Error):
        raise failure(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None

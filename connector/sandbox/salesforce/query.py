"""SOQL over REST: ``query`` and ``queryAll``, page by page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.cursors import Cursor
from connector.sandbox.salesforce.errors import ApiError, failure, reply
from connector.sandbox.salesforce.soql import Answer, parse, run
from connector.sandbox.salesforce.wire import selected

PAGE = 2_000
SMALLEST_PAGE = 200
BATCH_SIZE = re.compile(r"batchSize=(\d+)", re.IGNORECASE)

blueprint = Blueprint("query", __name__)


@blueprint.get("/query")
def query() -> Response:
    """Answer a query over records that are neither deleted nor archived."""
    return first_page(request.args.get("q"), deleted=False)


@blueprint.get("/queryAll")
def query_all() -> Response:
    """Answer a query over all records, those in the recycle bin and archived activities too."""
    return first_page(request.args.get("q"), deleted=True)


def first_page(text: str | None, *, deleted: bool, tooling: bool = False) -> Response:
    """Answer the first page of a query; raise 400 where there is none."""
    if text is None:
        raise failure(400, "MALFORMED_QUERY", "A query string has to be specified")
    asked = BATCH_SIZE.search(request.headers.get("Sforce-Query-Options", ""))
    size = min(max(int(asked[1]), SMALLEST_PAGE), PAGE) if asked else PAGE
    with hub().stage.lock:
        answer = answer_of(text, deleted=deleted, tooling=tooling)
        if answer.counts:
            return reply(_aggregate(answer.counts))
        more = len(answer.rows) > size
        name = hub().cursors.keep(Cursor(answer, size, hub().stage.clock.monotonic())) if more else ""
        return reply(_page(answer, 0, size, name))


def answer_of(text: str, *, deleted: bool, tooling: bool = False) -> Answer:
    """Return what a query finds; raise 400 where it is none."""
    parsed = parse(text, hub().stage.clock.now(), hub().org.time_zone)
    return run(hub(), parsed, deleted=deleted, tooling=tooling)


def _aggregate(counts: Sequence[tuple[str | None, int]]) -> dict[str, Any]:
    if counts[0][0] is None:
        return {"totalSize": counts[0][1], "done": True, "records": []}
    told = {str(name): number for name, number in counts}
    return {"totalSize": 1, "done": True, "records": [{"attributes": {"type": "AggregateResult"}, **told}]}


def _page(answer: Answer, start: int, size: int, name: str) -> dict[str, Any]:
    rows = answer.rows[start : start + size]
    done = start + size >= len(answer.rows)
    page: dict[str, Any] = {"totalSize": len(answer.rows), "done": done}
    if not done:
        # Always under ``query``, for queryAll too.
        page["nextRecordsUrl"] = f"/services/data/v{hub().org.api_version}/query/{name}-{start + size}"
    return {**page, "records": [selected(answer.scope, answer.fields, row) for row in rows]}


@blueprint.get("/query/<locator>")
@blueprint.get("/queryAll/<locator>")
def more(locator: str) -> Response:
    """Answer the next page of a cursor."""
    name, _, start = locator.rpartition("-")
    with hub().stage.lock:
        cursor = hub().cursors.find(name, hub().stage.clock.monotonic())
        if cursor is None or not start.isdigit() or int(start) >= len(cursor.answer.rows):
            raise _bad_locator()
        return reply(_page(cursor.answer, int(start), cursor.size, name))


def _bad_locator() -> ApiError:
    return failure(400, "INVALID_QUERY_LOCATOR", "invalid query locator")

"""Composite: several queries in one request, which counts once.

Source: REST guide, "Send Multiple Requests Using Composite": up to 25 subrequests, up to five of them queries;
each is answered for itself, unless ``allOrNone`` ties them together. The sandbox runs queries only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from flask import Blueprint, Response

from connector.sandbox.salesforce.errors import ApiError, failure, reply
from connector.sandbox.salesforce.query import first_page
from connector.sandbox.salesforce.requests import json_body

MOST, MOST_QUERIES = 25, 5
QUERY = re.compile(r"/services/data/v\d+\.0/(query|queryAll)/?")
REFERENCE = re.compile(r"\w+", re.ASCII)

blueprint = Blueprint("composite", __name__, url_prefix="/composite")


@blueprint.post("")
def composite() -> Response:
    """Answer each subrequest; an error of one is in the body of an answer of status 200."""
    body = json_body()
    asked = body.get("compositeRequest")
    if not isinstance(asked, list) or not all(isinstance(each, dict) for each in asked):
        raise failure(400, "JSON_PARSER_ERROR", "compositeRequest must be an array of subrequests")
    if len(asked) > MOST:
        raise _too_many(f"The request can’t contain more than {MOST} operations.")
    if sum(QUERY.fullmatch(_path(each)) is not None for each in asked) > MOST_QUERIES:
        raise _too_many(f"The request can’t contain more than {MOST_QUERIES} query operations.")
    results = [_result(each) for each in asked]
    if body.get("allOrNone") is True and any(each["httpStatusCode"] >= 400 for each in results):
        results = _halted(results)
    return reply({"compositeResponse": results})


def _path(subrequest: dict[str, Any]) -> str:
    return urlsplit(str(subrequest.get("url", ""))).path


def _result(subrequest: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = _answer(subrequest)
        body, status = orjson.loads(answer.get_data()), answer.status_code
    except ApiError as error:
        body, status = error.body, error.status
    return _told(body, status, subrequest.get("referenceId"))


def _answer(subrequest: dict[str, Any]) -> Response:
    if REFERENCE.fullmatch(str(subrequest.get("referenceId", ""))) is None:
        raise failure(400, "INVALID_FIELD", "A referenceId takes letters, numbers and underscores.")
    query = QUERY.fullmatch(_path(subrequest))
    if query is None or subrequest.get("method") != "GET":
        raise failure(400, "NOT_SUPPORTED", "The sandbox runs no subrequests but queries.")
    asked = parse_qs(urlsplit(str(subrequest["url"])).query).get("q")
    return first_page(asked[0] if asked else None, deleted=query[1] == "queryAll")


def _told(body: object, status: int, reference: object) -> dict[str, Any]:
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": reference}


def _halted(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    body = [{"errorCode": "PROCESSING_HALTED", "message": message}]
    failed = [each["httpStatusCode"] >= 400 for each in results]
    return [each if bad else _told(body, 400, each["referenceId"]) for each, bad in zip(results, failed, strict=True)]


def _too_many(message: str) -> ApiError:
    """Return the refusal of the whole request, which has the form of one subrequest's."""
    refused = _told([{"errorCode": "LIMIT_EXCEEDED", "message": message}], 400, None)
    return ApiError(400, {"compositeResponse": [refused]})

"""Reading what a request asks for, refusing what can't be read."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request

from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import failure, not_found
from connector.sandbox.salesforce.hub import Author
from connector.sandbox.salesforce.schema import ObjectDef


def json_body() -> dict[str, Any]:
    """Return the request's JSON object; raise 400 ``JSON_PARSER_ERROR`` for anything else."""
    try:
        body = orjson.loads(request.get_data() or b"{}")
    except orjson.JSONDecodeError as error:
        raise failure(400, "JSON_PARSER_ERROR", f"The request body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise failure(400, "JSON_PARSER_ERROR", "The request body must be a JSON object.")
    return body


def definition(name: str) -> ObjectDef:
    """Return the object of a path; raise 404 for an unknown one."""
    found = hub().schema.object(name)
    if found is None:
        raise not_found()
    return found


def author() -> Author:
    """Return who changes things by this request. Leads go through the assignment rule unless a header forbids it.

    Source: REST guide, "Assignment Rule Header": the default is TRUE.
    """
    return hub().client(assigns=request.headers.get("Sforce-Auto-Assign", "TRUE").upper() != "FALSE")


def number_of(text: str, default: int) -> int:
    """Return a whole number of a query string; ``default`` where there is none."""
    return int(text) if text.isdigit() else default

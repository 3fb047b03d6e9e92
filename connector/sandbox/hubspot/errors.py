"""HubSpot's error shapes: one exception that carries status, body and headers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import Response


class ApiError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('category') or body.get('error') or ''}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def reply(payload: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return ``payload`` as a JSON response."""
    response = Response(orjson.dumps(payload), status, mimetype="application/json")
    response.headers.extend(dict(headers or {}))
    return response


def failure(
    status: int,
    category: str,
    message: str,
    *,
    sub_category: str = "",
    context: Mapping[str, Sequence[str]] | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
) -> ApiError:
    """Return an error in the CRM's envelope."""
    body: dict[str, Any] = {
        "status": "error",
        "message": message,
        "correlationId": str(uuid.uuid4()),
        "category": category,
    }
    if sub_category:
        body["subCategory"] = sub_category
    if context:
        body["context"] = context
    if errors:
        body["errors"] = errors
    return ApiError(status, body)


def invalid(message: str) -> ApiError:
    """Return a 400 ``VALIDATION_ERROR``."""
    return failure(400, "VALIDATION_ERROR", message)


def not_found(message: str) -> ApiError:
    """Return a 404 ``OBJECT_NOT_FOUND``."""
    return failure(404, "OBJECT_NOT_FOUND", message)


def rate_limited(policy: str, message: str, headers: Mapping[str, str]) -> ApiError:
    """Return a 429 as HubSpot words it; it carries no Retry-After."""
    identifier = str(uuid.uuid4())
    body = {
        "status": "error",
        "message": message,
        "errorType": "RATE_LIMIT",
        "correlationId": identifier,
        "policyName": policy,
        "requestId": identifier,
    }
    return ApiError(429, body, headers)


def oauth_refusal(error: str, status_word: str, description: str, status: int = 400) -> ApiError:
    """Return a refusal of the OAuth endpoints, which use the RFC 6749 shape."""
    return ApiError(
        status,
        {"error": error, "error_description": description, "status": status_word, "message": description},
    )


def record_error(
    category: str, message: str, context: Mapping[str, Sequence[str]], sub_category: str | None = None
) -> dict[str, Any]:
    """Return one entry of the ``errors`` of a 207."""
    entry: dict[str, Any] = {
        "status": "error",
        "category": category,
        "message": message,
        "context": context,
        "errors": [],
        "links": {},
    }
    if sub_category:
        entry["subCategory"] = sub_category
    return entry

"""Mailchimp's error shape, the problem document (RFC 7807): one exception that carries it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import Response

TYPE = "https://mailchimp.com/developer/marketing/docs/errors/"
PROBLEM = "application/problem+json; charset=utf-8"
INVALID = "Invalid Resource"


class Problem(Exception):
    """An answer other than success."""

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(f"{status} {title}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """Return the problem document."""
        shown: dict[str, Any] = {
            "type": TYPE,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": str(uuid.uuid4()),
        }
        return {**shown, "errors": list(self.errors)} if self.errors else shown


def reply(payload: Any, status: int = 200) -> Response:
    """Return ``payload`` as a JSON response."""
    return Response(orjson.dumps(payload), status, content_type="application/json; charset=utf-8")


def problem_reply(problem: Problem) -> Response:
    """Return the problem document as a response."""
    return Response(orjson.dumps(problem.body()), problem.status, content_type=PROBLEM)


def invalid(field: str, message: str) -> Problem:
    """Return the 400 that names one field."""
    detail = "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
    return Problem(400, INVALID, detail, [{"field": field, "message": message}])


def not_found(detail: str = "The requested resource could not be found.") -> Problem:
    """Return a 404."""
    return Problem(404, "Resource Not Found", detail)


def key_invalid() -> Problem:
    """Return the 401 of a token that is unknown, or whose app was uninstalled."""
    detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
    return Problem(401, "API Key Invalid", detail)


def forbidden() -> Problem:
    """Return the 403 of a user whose role may not do this."""
    return Problem(403, "Forbidden", "You do not have the required permissions to perform this action.")


def throttled(most: int) -> Problem:
    """Return the 429 of a user with too many connections; it carries no Retry-After."""
    return Problem(429, "Too Many Requests", f"You have exceeded the limit of {most} simultaneous connections.")

"""Refusals in Salesforce's forms: an array of errors, OAuth's object, and the errors of single records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response


class ApiError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, body: Any, mimetype: str = "application/json") -> None:
        super().__init__(str(status))
        self.status = status
        self.body = body
        self.mimetype = mimetype

    def response(self) -> Response:
        """Return the answer."""
        payload = self.body if self.mimetype != "application/json" else orjson.dumps(self.body)
        return Response(payload, self.status, content_type=f"{self.mimetype};charset=UTF-8")


class RecordError(Exception):
    """What is wrong with one record of a write; its neighbours are not touched by it."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = (), status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = tuple(fields)
        self.status = status

    def entry(self) -> dict[str, Any]:
        """Return it as sObject Collections write it: with ``statusCode``."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


def reply(payload: Any, status: int = 200) -> Response:
    """Return ``payload`` as a JSON response."""
    return Response(orjson.dumps(payload), status, content_type="application/json;charset=UTF-8")


def failure(status: int, code: str, message: str, fields: Sequence[str] | None = None) -> ApiError:
    """Return an error in the REST API's array."""
    entry: dict[str, Any] = {"message": message, "errorCode": code}
    if fields is not None:
        entry["fields"] = list(fields)
    return ApiError(status, [entry])


def of_record(error: RecordError) -> ApiError:
    """Return a record's error as the answer of a request for that record alone."""
    return failure(error.status, error.code, error.message, error.fields)


def not_found() -> ApiError:
    """Return what a path that leads nowhere, or a record that is not there, is answered."""
    return failure(404, "NOT_FOUND", "The requested resource does not exist")


def gone() -> RecordError:
    """Return the refusal of a record that is in the recycle bin."""
    return RecordError("ENTITY_IS_DELETED", "entity is deleted", status=404)


def unknown_id() -> RecordError:
    """Return the refusal of an id that names no record."""
    return RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)


def oauth_refusal(error: str, description: str, status: int = 400) -> ApiError:
    """Return a refusal of the OAuth endpoints, in RFC 6749's form."""
    return ApiError(status, {"error": error, "error_description": description})

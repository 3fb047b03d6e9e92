"""Headers that the description tells of: what is left of a key's budget, and how a request is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apispec import APISpec

IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
RETRY_AFTER = "Retry-After"
BUDGET = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

_NUMBER = {"type": "integer", "minimum": 0}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    BUDGET[0]: {"description": "Units that the key may spend in a minute.", "schema": _NUMBER, "required": True},
    BUDGET[1]: {"description": "Units that are left.", "schema": _NUMBER, "required": True},
    BUDGET[2]: {
        "description": "When the minute ends, in seconds since 1970.",
        "schema": {"type": "number", "minimum": 0},
        "required": True,
    },
    RETRY_AFTER: {"description": "Ask again after so many seconds.", "schema": _NUMBER, "required": False},
    REPLAYED: {
        "description": "Nothing was done: this is the answer of the first request with this Idempotency-Key.",
        "schema": {"type": "string", "const": "true"},
        "required": False,
    },
}
_ONCE = {
    "in": "header",
    "name": IDEMPOTENCY_KEY,
    "required": False,
    "description": "New for each new request. For 24 hours the same request with the same key is answered as the first "
    "time, and nothing is done twice.",
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,200}$"},
}
_TOO_MANY, _UNDER_WAY = ("429", "TOO_MANY_REQUESTS"), ("409", "CONFLICT")
"""Answers that may say when to ask again: the status, and its name among the described problems."""


def register(spec: APISpec) -> None:
    """Add the headers to what a description may refer to."""
    for name, told in _HEADERS.items():
        spec.components.header(name, dict(told))


def of_problem(status: str) -> dict[str, Any]:
    """Return the headers of an error by the name of its status."""
    return _referred(RETRY_AFTER) if status in (_TOO_MANY[1], _UNDER_WAY[1]) else {}


def describe(operation: dict[str, Any], *, once: bool) -> dict[str, Any]:
    """Add to an operation what its requests may bear and its answers do; ``once``: it honours ``Idempotency-Key``."""
    responses = operation["responses"]
    for status, answer in responses.items():
        if str(status).startswith("2"):
            answer["headers"] = answer.get("headers", {}) | _referred(*BUDGET, *((REPLAYED,) if once else ()))
    for status, name in (_TOO_MANY, _UNDER_WAY) if once else (_TOO_MANY,):
        responses.setdefault(status, name)
    if once:
        operation.setdefault("parameters", []).append(_ONCE)
    return operation


def _referred(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

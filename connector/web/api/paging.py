"""Pages: a cursor says where the next one begins. It is signed, so nobody reads or makes up what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import Schema, fields, validate

from connector.web.api.gate import caller
from connector.web.api.problems import Problem
from connector.web.wiring import settings

MOST, USUAL = 200, 50


class PageQuery(Schema):
    """Which page."""

    limit = fields.Integer(load_default=USUAL, validate=validate.Range(1, MOST), metadata={"description": "Rows."})
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(1, 500),
        metadata={"description": "The next_cursor of the page before; none for the first."},
    )


def written(listing: str, filters: Mapping[str, Any], place: Any) -> str:
    """Return the cursor for what follows ``place`` in a listing of the caller's tenant."""
    return str(_serializer(listing).dumps([_mark(filters), place]))


def read(listing: str, filters: Mapping[str, Any], cursor: str | None) -> Any:
    """Return the place that a cursor names; None for the first page. Raises ``Problem`` for one of another listing."""
    if cursor is None:
        return None
    try:
        mark, place = _serializer(listing).loads(cursor)
    except BadSignature:
        raise _wrong() from None
    if mark != _mark(filters):
        raise _wrong()
    return place


def _serializer(listing: str) -> URLSafeSerializer:
    # The last of several keys signs, all are good to read.
    keys = [*reversed(settings().secret_keys)]
    return URLSafeSerializer(keys, salt=f"api:{listing}:{caller().tenant_id}")


def _mark(filters: Mapping[str, Any]) -> str:
    return repr(sorted((name, str(value)) for name, value in filters.items() if value is not None))


def _wrong() -> Problem:
    detail = "The cursor is not one of this list with these filters. Begin at the first page."
    return Problem("invalid", errors=[{"parameter": "cursor", "detail": detail}])

"""All scores as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from flask import Response
from marshmallow import Schema, fields, validate

from connector.records import Tier
from connector.services.api import exports
from connector.services.api.keys import Scope
from connector.web.api.gate import ApiBlueprint, caller
from connector.web.wiring import services

routes = ApiBlueprint("api_exports", __name__, url_prefix="/api/v1/exports", description="All scores as one file.")
_COST = 60
_CHUNK = 256 * 1024


class ExportQuery(Schema):
    """Which leads."""

    tier = fields.String(load_default=None, validate=validate.OneOf(list(Tier)))


@routes.get("/scores.csv")
@routes.needs(Scope.EXPORTS_READ, cost=_COST)
@routes.arguments(ExportQuery, location="query")
@routes.response(200, content_type="text/csv")
def scores_csv(asked: dict[str, Any]) -> Response:
    """All current scores as CSV.

    UTF-8 with a header. Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    found = exports.as_csv(services(), caller().tenant_id, asked["tier"])
    return _file(found, "scores.csv", "text/csv; charset=utf-8")


@routes.get("/scores.parquet")
@routes.needs(Scope.EXPORTS_READ, cost=_COST)
@routes.arguments(ExportQuery, location="query")
@routes.response(200, content_type="application/vnd.apache.parquet")
def scores_parquet(asked: dict[str, Any]) -> Response:
    """All current scores as Parquet, with the columns of the CSV."""
    made = exports.as_parquet(services(), caller().tenant_id, asked["tier"])
    response = _file(_read(made), "scores.parquet", "application/vnd.apache.parquet")
    response.call_on_close(made.close)
    return response


def _read(made: IO[bytes]) -> Iterator[bytes]:
    while piece := made.read(_CHUNK):
        yield piece


def _file(pieces: Iterator[Any], name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(pieces, headers=headers, content_type=kind)

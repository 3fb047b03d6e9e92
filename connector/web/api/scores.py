"""Scores: stored ones for many leads, and leads that are to be scored anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from marshmallow import Schema, fields, validate

from connector.errors import RejectedInput
from connector.services.api import recomputing, scores
from connector.services.api.keys import Scope
from connector.web.api.gate import ApiBlueprint, caller, note, once, quickly, used
from connector.web.api.problems import Problem
from connector.web.api.shapes import AbsentShape, LeadReference, ScoreShape
from connector.web.wiring import services

routes = ApiBlueprint("api_scores", __name__, url_prefix="/api/v1/scores", description="Scores of many leads at once.")


class QueryShape(Schema):
    """Whose scores."""

    leads = fields.List(LeadReference(), required=True, validate=validate.Length(1, scores.MOST))


class CurrentShape(Schema):
    """Scores in the order in which they were asked for, and who has none."""

    scores = fields.List(fields.Nested(ScoreShape))
    absent = fields.List(fields.Nested(AbsentShape))


class WantedShape(Schema):
    """Who is to be scored anew."""

    leads = fields.List(LeadReference(), required=True, validate=validate.Length(1, recomputing.MOST))


class AskedShape(Schema):
    """What was asked for."""

    id = fields.UUID()
    leads = fields.List(fields.Integer())
    absent = fields.List(fields.Nested(AbsentShape))


class ProgressShape(Schema):
    """How far it is."""

    id = fields.UUID()
    asked_at = fields.AwareDateTime()
    done = fields.Boolean()
    waiting = fields.List(fields.Integer(), metadata={"description": "Leads that are not taken up yet."})
    scores = fields.List(fields.Nested(ScoreShape))
    absent = fields.List(fields.Nested(AbsentShape))


@routes.post("/query")
@routes.needs(Scope.SCORES_READ)
@routes.arguments(QueryShape)
@routes.response(200, CurrentShape)
def query(body: dict[str, Any]) -> Response:
    """Current scores of up to 500 leads.

    As they are stored: nothing is computed. Leads without a score are named with the reason.
    """
    found = scores.told(services(), caller().tenant_id, body["leads"], note)
    return quickly(found)


@routes.post("/recomputations")
@routes.needs(Scope.SCORES_WRITE, cost=10)
@once
@routes.arguments(WantedShape)
@routes.response(202, AskedShape)
def recompute(body: dict[str, Any]) -> Any:
    """Have up to 100 leads scored anew.

    A worker does it, usually within a second. Ask the address in Location until it is done.
    """
    try:
        asked = recomputing.ask(services(), caller(), body["leads"])
    except RejectedInput as error:
        raise Problem("conflict", str(error)) from None
    used(asked.leads)
    return asked, 202, {"Location": url_for("api_scores.progress", recomputation_id=asked.id)}


@routes.get("/recomputations/<uuid:recomputation_id>")
@routes.needs(Scope.SCORES_READ)
@routes.response(200, ProgressShape)
def progress(recomputation_id: UUID) -> dict[str, Any]:
    """How far leads that are to be scored anew have come, and their new scores. It is remembered for a day."""
    found = recomputing.look(services(), caller().tenant_id, recomputation_id)
    if found is None:
        raise Problem("not-found")
    used(found.found.leads)
    return {
        "id": found.id,
        "asked_at": found.asked_at,
        "done": found.done,
        "waiting": found.waiting,
        "scores": found.found.scores,
        "absent": found.found.absent,
    }

"""What people say of scores, sent by a tenant's programs."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from connector.errors import RejectedInput
from connector.services.api import feedback
from connector.services.api.keys import Scope
from connector.services.api.references import parsed
from connector.services.feedback.rating import Thumb
from connector.services.feedback.reasons import DOWN, LONGEST_NOTE, UP
from connector.web.api.gate import ApiBlueprint, caller, once, used
from connector.web.api.problems import Problem
from connector.web.wiring import services

routes = ApiBlueprint("api_feedback", __name__, url_prefix="/api/v1/leads", description="What people say of scores.")


class ThumbShape(Schema):
    """A thumb on the current score of a lead."""

    thumb = fields.String(required=True, validate=validate.OneOf(["up", "down"]))
    reason = fields.String(
        required=True,
        validate=validate.OneOf([*UP, *DOWN]),
        metadata={"description": f"With up: {', '.join(UP)}. With down: {', '.join(DOWN)}."},
    )
    note = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=LONGEST_NOTE),
        metadata={"description": "Kept without addresses, numbers and the lead's names."},
    )


class GivenShape(Schema):
    """What was kept."""

    lead = fields.Integer()
    entry = fields.Integer(metadata={"description": "Its number in the ledger."})


@routes.post("/<lead>/feedback")
@routes.needs(Scope.FEEDBACK_WRITE)
@once
@routes.arguments(ThumbShape)
@routes.response(201, GivenShape)
def give(body: dict[str, Any], lead: str) -> dict[str, int]:
    """Say of a lead's current score whether it fits, and why. Nothing of it is ever changed."""
    good = body["thumb"] == "up"
    if body["reason"] not in (UP if good else DOWN):
        raise Problem("invalid", errors=[{"pointer": "#/reason", "detail": f"No reason of a thumb {body['thumb']}."}])
    try:
        given = feedback.give(services(), caller(), parsed(lead), Thumb(good, body["reason"], body["note"]))
    except RejectedInput as error:
        raise Problem("conflict", str(error)) from None
    if given is None:
        raise Problem("not-found")
    used([given[0]])
    return {"lead": given[0], "entry": given[1]}

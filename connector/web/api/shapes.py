"""What several routes take or give: references to leads, scores, what is absent, problems."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from connector.records import Tier
from connector.services.api.references import LARGEST_ID

SENSIBLE = validate.Range(datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
"""Times that every database can name."""
_REFERENCE = {
    "type": ["integer", "string"],
    "description": "Our id as a number, or the id of a record in a CRM as vendor:id or vendor:account:id.",
    "examples": [4711, "vendor:151"],
    "minimum": 1,
    "maximum": LARGEST_ID,
    "minLength": 3,
    "maxLength": 300,
    "pattern": ":",
}


class LeadReference(fields.Field):  # type: ignore[type-arg]  # its values are numbers or strings
    """A lead by our id, or by a record's in a CRM."""

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata=_REFERENCE | more.pop("metadata", {}), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int | str:
        if type(value) is int and 0 < value <= LARGEST_ID:
            return value
        if isinstance(value, str) and 3 <= len(value) <= 300 and ":" in value:
            return value
        raise ValidationError("A lead is our id (a number) or vendor:id of a record.")


class ProblemShape(Schema):
    """A problem (RFC 9457)."""

    type = fields.Url(metadata={"description": "What to branch on; the page behind it explains it."})
    title = fields.String()
    status = fields.Integer()
    detail = fields.String(metadata={"description": "A sentence for whoever must act."})
    request_id = fields.String()
    errors = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()),
        metadata={"description": "Places (pointer into the body, or parameter) and what is wrong there."},
    )


class SetByHandShape(Schema):
    """What CRMs are told instead of the model's score, as a person said."""

    score = fields.Float()
    tier = fields.String(validate=validate.OneOf(list(Tier)))
    reason = fields.String()


class ScoreShape(Schema):
    """A lead's current score."""

    lead = fields.Integer(metadata={"description": "Our id."})
    asked = LeadReference(metadata={"description": "The lead as it was asked for."})
    score = fields.Float(metadata={"description": "0 to 100."})
    probability = fields.Float(metadata={"description": "Calibrated chance of converting within the horizon."})
    tier = fields.String(validate=validate.OneOf(list(Tier)))
    reasons = fields.List(fields.String())
    model = fields.String()
    as_of = fields.AwareDateTime(metadata={"description": "What was known by then is in the score."})
    scored_at = fields.AwareDateTime()
    set_by_hand = fields.Nested(
        SetByHandShape,
        allow_none=True,
        metadata={"description": "What CRMs are told instead, where a person set it; else null."},
    )


class AbsentShape(Schema):
    """A lead without a score."""

    asked = LeadReference()
    reason = fields.String()


class RefusedShape(Schema):
    """A part of a request that was not taken."""

    index = fields.Integer(metadata={"description": "Its place in the request, from 0."})
    reason = fields.String()


class ReceiptShape(Schema):
    """What became of a batch."""

    accepted = fields.Integer(metadata={"description": "How many were taken, those that were known among them."})
    refused = fields.List(fields.Nested(RefusedShape))


class NextShape(Schema):
    """What every page holds beside its rows."""

    next_cursor = fields.String(allow_none=True, metadata={"description": "For the next page; null on the last one."})

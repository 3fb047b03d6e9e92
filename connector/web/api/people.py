"""What people may ask of whoever holds their data."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from connector.services.api import people
from connector.services.api.keys import Scope
from connector.services.api.references import parsed
from connector.web.api.gate import ApiBlueprint, caller, once, used
from connector.web.api.problems import Problem
from connector.web.api.shapes import LeadReference
from connector.web.wiring import services

routes = ApiBlueprint(
    "api_people", __name__, url_prefix="/api/v1/people", description="To be forgotten, to see, not to be profiled."
)


class WhomShape(Schema):
    """A person, by a lead or by an address: one of both."""

    lead = LeadReference(load_default=None)
    email = fields.Email(load_default=None, validate=validate.Length(max=320))

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **_more: Any) -> None:
        """Refuse both, and neither."""
        if (data.get("lead") is None) == (data.get("email") is None):
            raise ValidationError("Name the person by lead or by email.", "lead")


class ErasureShape(Schema):
    """An erasure. It names nobody."""

    id = fields.UUID()
    status = fields.String(
        metadata={"description": "asked: nothing brings the person back. forgotten: nothing is held here. done."}
    )
    asked_by = fields.String()
    asked_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    message = fields.String(allow_none=True, metadata={"description": "What is left to do by hand in a CRM."})


class ErasuresShape(Schema):
    """The newest erasures of the tenant."""

    erasures = fields.List(fields.Nested(ErasureShape))


class ErasureAskedShape(Schema):
    """What was asked for."""

    id = fields.UUID()


class HeldShape(Schema):
    """Plain headings, each with rows: what is held differs from person to person."""


class ProfilingShape(Schema):
    """A person's word on being scored."""

    allowed = fields.Boolean(required=True)
    clear = fields.Boolean(
        load_default=True, metadata={"description": "Without allowed: take our values out of the CRMs as well."}
    )


@routes.post("/erasures")
@routes.needs(Scope.PEOPLE_ERASE)
@once
@routes.arguments(WhomShape)
@routes.response(202, ErasureAskedShape)
def erase(body: dict[str, Any]) -> dict[str, Any]:
    """Forget a person everywhere, for good. The owner of an address is barred even where nothing is held."""
    if body["email"] is not None:
        return {"id": people.erase_email(services(), caller(), body["email"])}
    erasure = people.erase_lead(services(), caller(), _lead(body["lead"]))
    if erasure is None:
        raise Problem("not-found")
    return {"id": erasure}


@routes.get("/erasures")
@routes.needs(Scope.PEOPLE_ERASE)
@routes.response(200, ErasuresShape)
def erasures() -> dict[str, Any]:
    """How far the newest erasures are."""
    return {"erasures": people.erasures(services(), caller())}


@routes.get("/<reference>/held")
@routes.needs(Scope.PEOPLE_READ, cost=10)
@routes.response(200, HeldShape)
def held(reference: str) -> Response:
    """Everything that is held of a person, as they may ask for it."""
    lead = _lead(parsed(reference))
    found = people.held(services(), caller(), lead)
    if found is None:
        raise Problem("not-found")
    used([lead])
    return jsonify(found)


@routes.put("/<reference>/profiling")
@routes.needs(Scope.PEOPLE_ERASE)
@routes.arguments(ProfilingShape)
@routes.response(204)
def profiling(body: dict[str, Any], reference: str) -> None:
    """Score a person no more and learn nothing from them, or let both begin again."""
    lead = _lead(parsed(reference))
    if not people.profile(services(), caller(), lead, allowed=body["allowed"], clear=body["clear"]):
        raise Problem("not-found")
    used([lead])


def _lead(wanted: int | str) -> int:
    found = people.lead_of(services(), caller(), wanted)
    if found is None:
        raise Problem("not-found")
    return found

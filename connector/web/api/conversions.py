"""Outcomes that a tenant's programs tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from connector.services.api import conversions
from connector.services.api.conversions import Outcome
from connector.services.api.keys import Scope
from connector.web.api import paging
from connector.web.api.gate import ApiBlueprint, caller, once, used
from connector.web.api.paging import PageQuery
from connector.web.api.problems import Problem
from connector.web.api.shapes import SENSIBLE, LeadReference, NextShape, ReceiptShape
from connector.web.wiring import services

routes = ApiBlueprint(
    "api_conversions", __name__, url_prefix="/api/v1/conversions", description="Outcomes that no CRM tells."
)
_LARGEST = Decimal(10) ** 15


def _countable(amount: Decimal) -> None:
    """Refuse what no column of money takes. Not ``validate.Range``: that would describe bounds of a text."""
    if not 0 <= amount < _LARGEST:
        raise ValidationError("Must be 0 or more, and less than 10^15.")


class OutcomeShape(Schema):
    """An outcome. Sent again with the same id it is corrected."""

    id = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z0-9_.-]{1,100}\Z"),
        metadata={"description": "Your own: letters, digits, _ . -"},
    )
    lead = LeadReference(required=True)
    kind = fields.String(
        required=True,
        validate=validate.Regexp(r"(deal_won|deal_lost|order|stage:[^\x00-\x1f]{1,100})\Z"),
        metadata={"description": "deal_won, deal_lost, order or stage:<value>, as the tenant's goal names it."},
    )
    at = fields.AwareDateTime(required=True, validate=SENSIBLE)
    amount = fields.Decimal(
        load_default=None,
        places=4,
        as_string=True,
        validate=_countable,
        metadata={
            "type": ["string", "number", "null"],
            "description": "From 0 to below 10^15, with up to 4 decimals; as a string no digit is lost.",
        },
    )
    currency = fields.String(load_default=None, validate=validate.Regexp(r"[A-Z]{3}\Z"))


class OutcomesShape(Schema):
    """A batch of outcomes. One that can't be used leaves its neighbours alone."""

    conversions = fields.List(fields.Nested(OutcomeShape), required=True, validate=validate.Length(1, conversions.MOST))


class ToldShape(Schema):
    """An outcome as it is kept."""

    id = fields.String()
    lead = fields.Integer(allow_none=True, metadata={"description": "null where the person is gone."})
    kind = fields.String()
    at = fields.AwareDateTime()
    amount = fields.Decimal(as_string=True, allow_none=True)
    currency = fields.String(allow_none=True)


class ToldPageShape(NextShape):
    """A page of outcomes, the oldest first."""

    conversions = fields.List(fields.Nested(ToldShape))


@routes.post("")
@routes.needs(Scope.CONVERSIONS_WRITE, body_bytes=512 * 1024)
@once
@routes.arguments(OutcomesShape)
@routes.response(202, ReceiptShape)
def add(body: dict[str, Any]) -> conversions.Receipt:
    """Take up to 500 outcomes. Models learn from those of the tenant's goal."""
    told = [Outcome(**item) for item in body["conversions"]]
    receipt = conversions.take(services(), caller().tenant_id, told)
    used(receipt.leads)
    return receipt


@routes.get("")
@routes.needs(Scope.CONVERSIONS_WRITE)
@routes.arguments(PageQuery, location="query")
@routes.response(200, ToldPageShape)
def index(page: dict[str, Any]) -> dict[str, Any]:
    """The outcomes that were sent, the oldest first."""
    after = paging.read("conversions", {}, page["cursor"])
    found, following = conversions.page(services(), caller().tenant_id, after, page["limit"])
    used(sorted({item.lead for item in found if item.lead is not None}))
    cursor = None if following is None else paging.written("conversions", {}, following)
    return {"conversions": found, "next_cursor": cursor}


@routes.delete("/<conversion_id>")
@routes.needs(Scope.CONVERSIONS_WRITE)
@routes.response(204)
def take_back(conversion_id: str) -> None:
    """Take back an outcome that was sent."""
    if not conversions.take_back(services(), caller().tenant_id, conversion_id):
        raise Problem("not-found")

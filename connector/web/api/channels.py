"""Channels: what their leads became, brought and cost."""

from __future__ import annotations

from marshmallow import Schema, fields

from connector.services.api import channels
from connector.services.api.channels import Listed
from connector.services.api.keys import Scope
from connector.web.api.gate import ApiBlueprint, caller
from connector.web.wiring import services

routes = ApiBlueprint("api_channels", __name__, url_prefix="/api/v1/channels", description="Channels in figures.")

_AMOUNT = {"description": "A decimal number as text.", "examples": ["1234.50"]}


def _amount(*, known: bool = False) -> fields.String:
    return fields.String(allow_none=not known, metadata=_AMOUNT)


class BroughtShape(Schema):
    """What conversions within the horizon brought in one currency."""

    currency = fields.String(metadata={"description": "Its three letters; empty where the CRM does not say."})
    amount = _amount(known=True)


class CostShape(Schema):
    """What leads of the months with spend in one currency cost and brought; null where too few are behind it."""

    currency = fields.String()
    months = fields.Integer(metadata={"description": "Months for which spend was entered."})
    spent = _amount(known=True)
    leads = fields.Integer()
    converted = fields.Integer()
    brought = _amount(known=True)
    per_lead = _amount()
    per_conversion = _amount()
    cheapest = _amount()
    dearest = _amount()


class ChannelShape(Schema):
    """A channel: the first source that the CRM told of a lead."""

    name = fields.String()
    leads = fields.Integer()
    converted = fields.Integer(metadata={"description": "Within the horizon of their creation."})
    rate = fields.Float(allow_none=True, metadata={"description": "Null of fewer than 30 leads."})
    rate_low = fields.Float(allow_none=True, metadata={"description": "The lower end of its 95 % interval."})
    rate_high = fields.Float(allow_none=True)
    brought = fields.List(fields.Nested(BroughtShape))
    costs = fields.List(fields.Nested(CostShape))


class ChannelsShape(Schema):
    """All channels over whole months whose leads have all had the horizon, the one with most leads first."""

    made_at = fields.AwareDateTime(allow_none=True, metadata={"description": "Null before the first figures."})
    horizon_days = fields.Integer()
    first_month = fields.String(allow_none=True, metadata={"description": "Such as 2026-02."})
    last_month = fields.String(allow_none=True)
    young_leads = fields.Integer(metadata={"description": "Of later months: they do not count yet."})
    channels = fields.List(fields.Nested(ChannelShape))


@routes.get("")
@routes.needs(Scope.FIGURES_READ)
@routes.response(200, ChannelsShape)
def index() -> Listed:
    """What the leads of each channel became, brought and cost, as it was counted last."""
    return channels.listed(services(), caller().tenant_id)

"""Leads: searched, and of one its records, score, history, reasons, what changed and what would be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from connector.errors import RejectedInput
from connector.records import EventKind, Tier
from connector.services.api import leads, scores, supposing
from connector.services.api.keys import Scope
from connector.services.api.leads import Criteria
from connector.services.api.references import parsed
from connector.services.api.supposing import Act
from connector.web.api import paging
from connector.web.api.gate import ApiBlueprint, caller, note, quickly, used
from connector.web.api.lead_shapes import (
    ChangesShape,
    FoundShape,
    HistoryShape,
    LeadShape,
    ReasonsShape,
    SupposedShape,
)
from connector.web.api.paging import PageQuery
from connector.web.api.problems import Problem
from connector.web.api.shapes import SENSIBLE, ScoreShape
from connector.web.wiring import services

routes = ApiBlueprint(
    "api_leads", __name__, url_prefix="/api/v1/leads", description="People, and what is said of each."
)
_HEAVY = 20
"""What is computed in a process of its own."""


class SearchShape(PageQuery):
    """What leads are searched by; every part that is given must hold."""

    email = fields.String(load_default=None, validate=validate.Length(3, 320))
    company = fields.String(
        load_default=None,
        validate=validate.Length(1, 253),
        metadata={"description": "Domain of the company, as company_key tells it."},
    )
    tier = fields.String(load_default=None, validate=validate.OneOf(list(Tier)))
    min_score = fields.Float(load_default=None, validate=validate.Range(0, 100))
    max_score = fields.Float(load_default=None, validate=validate.Range(0, 100))
    scored_since = fields.AwareDateTime(load_default=None, validate=SENSIBLE)


class EntryQuery(Schema):
    """Which score."""

    entry = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 2**62),
        metadata={"description": "Entry of the history; the newest without."},
    )


class ActShape(Schema):
    """An event that the lead might have made."""

    kind = fields.String(required=True, validate=validate.OneOf(list(EventKind)))
    detail = fields.String(load_default=None, validate=validate.Length(1, 500))
    days_ago = fields.Float(load_default=0.0, validate=validate.Range(0, 3650))


class SupposeShape(Schema):
    """What is to be different. Fields are called by their CRM (vendor.industry); null clears one."""

    fields_ = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 200)),
        values=fields.String(allow_none=True, validate=validate.Length(0, 1000)),
        load_default=dict,
        data_key="fields",
        validate=validate.Length(max=50),
    )
    events = fields.List(fields.Nested(ActShape), load_default=list, validate=validate.Length(max=100))


@routes.post("/search")
@routes.needs(Scope.LEADS_READ)
@routes.arguments(SearchShape)
@routes.response(200, FoundShape)
def search(body: dict[str, Any]) -> dict[str, Any]:
    """Leads, the highest score first.

    Leads without a score are found by email or company, and come last. An address stands in the body, so that no log
    of addresses of pages holds it.
    """
    limit, cursor = body.pop("limit"), body.pop("cursor")
    for name in ("min_score", "max_score"):
        body[name] = None if body[name] is None else Decimal(repr(body[name]))
    place = paging.read("leads", body, cursor)
    after = None if place is None else (Decimal(place[0]), int(place[1]))
    try:
        found, following = leads.search(services(), caller().tenant_id, Criteria(**body), after, limit)
    except RejectedInput as error:
        raise Problem("invalid", errors=[{"pointer": "#/email", "detail": str(error)}]) from None
    used([lead.lead for lead in found])
    cursor = None if following is None else paging.written("leads", body, [str(following[0]), following[1]])
    return {"leads": found, "next_cursor": cursor}


@routes.get("/<lead>")
@routes.needs(Scope.LEADS_READ)
@routes.response(200, LeadShape)
def get(lead: str) -> leads.Lead:
    """One lead with its records and its score."""
    found = leads.get(services(), caller().tenant_id, parsed(lead))
    if found is None:
        raise Problem("not-found")
    used([found.lead])
    return found


@routes.get("/<lead>/score")
@routes.needs(Scope.SCORES_READ)
@routes.response(200, ScoreShape)
def score(lead: str) -> Response:
    """The current score of one lead, as it is stored."""
    found = scores.told(services(), caller().tenant_id, [parsed(lead)], note)
    if not found.scores:
        raise Problem("not-found", found.absent[0].reason)
    return quickly(found.scores[0])


@routes.get("/<lead>/history")
@routes.needs(Scope.SCORES_READ)
@routes.arguments(PageQuery, location="query")
@routes.response(200, HistoryShape)
def history(page: dict[str, Any], lead: str) -> dict[str, Any]:
    """All scores that a lead had, the newest first, from the ledger."""
    filters = {"lead": lead}
    before = paging.read("history", filters, page["cursor"])
    # One more than is shown tells whether another page follows.
    found = scores.history(services(), caller().tenant_id, parsed(lead), before, page["limit"] + 1)
    if found is None:
        raise Problem("not-found")
    lead_id, entries = found
    used([lead_id])
    shown = entries[: page["limit"]]
    more = len(entries) > len(shown)
    cursor = paging.written("history", filters, shown[-1].entry) if more else None
    return {"lead": lead_id, "history": shown, "next_cursor": cursor}


@routes.get("/<lead>/reasons")
@routes.needs(Scope.SCORES_READ)
@routes.response(200, ReasonsShape)
def reasons(lead: str) -> dict[str, Any]:
    """What adds up to a lead's score: base + contributions + other = total, in log-odds."""
    found = scores.reasons(services(), caller().tenant_id, parsed(lead))
    if found is None:
        raise Problem("not-found", scores.UNSCORED)
    lead_id, card = found
    used([lead_id])
    return {"lead": lead_id, "card": card}


@routes.get("/<lead>/changes")
@routes.needs(Scope.SCORES_READ, cost=_HEAVY)
@routes.arguments(EntryQuery, location="query")
@routes.response(200, ChangesShape)
def changes(asked: dict[str, Any], lead: str) -> Any:
    """What changed between a score and the one before it. Takes some seconds."""
    found = scores.changes(services(), caller().tenant_id, parsed(lead), asked["entry"])
    if found is None:
        raise Problem("not-found", scores.UNSCORED if asked["entry"] is None else None)
    used([found.lead_id])
    return found


@routes.post("/<lead>/what-if")
@routes.needs(Scope.SCORES_READ, cost=_HEAVY)
@routes.arguments(SupposeShape)
@routes.response(200, SupposedShape)
def what_if(body: dict[str, Any], lead: str) -> dict[str, Any]:
    """What the model would make of the lead with other values, or had it done more. Takes some seconds."""
    acts = [Act(**act) for act in body["events"]]
    try:
        found = supposing.suppose(services(), caller().tenant_id, parsed(lead), body["fields_"], acts)
    except RejectedInput as error:
        raise Problem("conflict", str(error)) from None
    if found is None:
        raise Problem("not-found")
    lead_id, supposed = found
    used([lead_id])
    return {"lead": lead_id, "supposed": supposed}

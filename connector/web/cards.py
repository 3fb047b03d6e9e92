"""What cards and pages inside a CRM ask: the score of one record, a thumb on it, how the account stands.

The CRM signs for its users, so that no key of ours is in any browser; which vendor that is its adapter knows. What a
card can put into words is an answer of its own (``state`` and ``sentence``), no error: a CRM that asks in the browser's
place may keep what an error says to itself.
"""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput, RetryLater
from connector.services import card_requests, cards
from connector.services.card_requests import Asker, UnknownAccount
from connector.services.cards import NoScore, UnknownRecord
from connector.services.feedback.rating import Thumb
from connector.web import card_words
from connector.web.api import problems, strict
from connector.web.api.problems import CARDS, Problem
from connector.web.delivered import delivered
from connector.web.guard import anybody
from connector.web.wiring import services, settings

endpoint = Blueprint("cards", __name__, url_prefix=f"{CARDS}/<vendor>")

BODY_BYTES = 4 * 1024
_SIGNED = "the CRM's signature stands for it"


@endpoint.get("/records/<record_id>")
@anybody(_SIGNED)
def show(vendor: str, record_id: str) -> ResponseReturnValue:
    """Tell the score of a record, or why there is none to show."""
    try:
        asked = _asker(vendor)
        card = cards.read(services(), asked.tenant_id, asked.connection_id, record_id)
    except (UnknownAccount, UnknownRecord, NoScore) as none:
        return jsonify(state=_state(none), sentence=str(none))
    return jsonify({**card_words.shown(card), "link": f"{settings().public_url}/leads/{card.lead_id}"})


@endpoint.post("/records/<record_id>/thumbs")
@anybody(_SIGNED)
def thumb(vendor: str, record_id: str) -> ResponseReturnValue:
    """Keep what the CRM's user says of the score; the same said twice is kept once."""
    request.max_content_length = BODY_BYTES
    asked, said = _asker(vendor), _said()
    try:
        entry = cards.thumb(services(), asked.tenant_id, asked.connection_id, record_id, asked.called, said)
    except (NoScore, UnknownRecord):
        raise
    except RejectedInput as error:
        raise Problem("invalid", str(error)) from None
    return jsonify(entry=entry), 201


@endpoint.get("/account")
@anybody(_SIGNED)
def account(vendor: str) -> ResponseReturnValue:
    """Tell how the account stands; whatever can be set is set in the admin app."""
    try:
        asked = _asker(vendor)
    except UnknownAccount as unknown:
        return jsonify(state=_state(unknown), sentence=str(unknown))
    found = card_requests.state_of(services(), asked)
    link = f"{settings().public_url}/connections/{asked.connection_id}"
    return jsonify({**card_words.account(found), "link": link})


def _state(reason: RejectedInput) -> str:
    if isinstance(reason, NoScore):
        return reason.why
    return "not_connected" if isinstance(reason, UnknownAccount) else "unknown"


def _asker(vendor: str) -> Asker:
    try:
        return card_requests.asker(services(), vendor, delivered())
    except UnknownAccount:
        raise
    except RejectedInput as error:
        raise Problem("signature", str(error)) from None


def _said() -> Thumb:
    try:
        body: Any = strict.loads(request.get_data(cache=True))
    except strict.Unreadable as error:
        raise Problem("malformed", str(error)) from None
    told = body if isinstance(body, dict) else {}
    way, reason = told.get("thumb"), told.get("reason")
    if way not in ("up", "down") or not isinstance(reason, str):
        raise Problem("invalid", 'Send {"thumb": "up" or "down", "reason": one of those that the card offers}.')
    return Thumb(way == "up", reason)


@endpoint.errorhandler(RejectedInput)
def refuse(error: RejectedInput) -> ResponseReturnValue:
    """Tell who says something of a score what is not there, or not as things stand."""
    unknown = isinstance(error, UnknownAccount | UnknownRecord)
    return problems.answer(Problem("not-found" if unknown else "conflict", str(error)))


@endpoint.errorhandler(RetryLater)
def slow_down(error: RetryLater) -> ResponseReturnValue:
    """Tell a card when to come again."""
    wait = {"Retry-After": str(max(1, math.ceil(error.after_seconds)))}
    return problems.answer(Problem("too-many", str(error), headers=wait))

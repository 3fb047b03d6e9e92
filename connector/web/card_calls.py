"""Where code of ours inside a CRM asks for cards and passes thumbs on: beneath the connection's own address."""

from __future__ import annotations

import math

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from connector.adapters.contract import Delivery
from connector.errors import RejectedInput, RetryLater
from connector.services import card_calls
from connector.services.card_calls import Unsigned
from connector.services.cards import NoScore, UnknownRecord
from connector.web.card_words import shown
from connector.web.delivered import delivered
from connector.web.guard import anybody
from connector.web.wiring import services

endpoint = Blueprint("card_calls", __name__, url_prefix="/webhooks/<vendor>/<key>")

LARGEST = 4096
"""Bytes of a call: two ids, and a note of a few lines."""


@endpoint.post("/card")
@anybody("the connection's signature stands for it")
def read(vendor: str, key: str) -> ResponseReturnValue:
    """Answer with what a rep is told of a record, or why there is nothing to tell."""
    try:
        return jsonify(shown(card_calls.read(services(), vendor, _delivery(), key)))
    except NoScore as nothing:
        return jsonify(state=nothing.why, sentence=str(nothing))


@endpoint.post("/thumb")
@anybody("the connection's signature stands for it")
def rate(vendor: str, key: str) -> ResponseReturnValue:
    """Keep what a rep says of a score."""
    return jsonify(entry=card_calls.rate(services(), vendor, _delivery(), key)), 201


def _delivery() -> Delivery:
    request.max_content_length = LARGEST
    return delivered()


@endpoint.errorhandler(RejectedInput)
def refuse(error: RejectedInput) -> ResponseReturnValue:
    """Tell why in a sentence that the component shows."""
    status = 401 if isinstance(error, Unsigned) else 404 if isinstance(error, UnknownRecord) else 400
    return jsonify(error=str(error)), status


@endpoint.errorhandler(RetryLater)
def slow_down(error: RetryLater) -> ResponseReturnValue:
    """Tell when to come again."""
    return jsonify(error=str(error)), 429, {"Retry-After": str(max(1, math.ceil(error.after_seconds)))}

"""Where vendors push: verified and durable before the answer."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services import webhooks
from connector.web.delivered import delivered
from connector.web.guard import anybody
from connector.web.wiring import services

endpoint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@endpoint.get("/<vendor>/<key>")
@anybody("vendors look whether an address is there")
def answer(vendor: str, key: str) -> ResponseReturnValue:
    """Answer the vendors that look whether an address is there before they push to it."""
    if not webhooks.is_address(services(), vendor, key):
        raise RejectedInput("This address was not given to any CRM.")
    return "", 200


@endpoint.post("/<vendor>")
@endpoint.post("/<vendor>/<key>")
@anybody("the vendor's signature stands for it")
def receive(vendor: str, key: str | None = None) -> ResponseReturnValue:
    """Take what a vendor signed; the address that it signed is the public one."""
    webhooks.receive(services(), vendor, delivered(), key)
    return "", 204


@endpoint.errorhandler(RejectedInput)
def refuse(error: RejectedInput) -> ResponseReturnValue:
    """Tell the sender why nothing was taken."""
    return jsonify(error=str(error)), 401

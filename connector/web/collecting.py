"""Where a tenant's own sites send what visitors do: the script, the address that it posts to, and the servers' one."""

from __future__ import annotations

import math

from flask import Blueprint, Response, abort, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput, RetryLater
from connector.services.tracking import collecting
from connector.services.tracking.collecting import ForeignOrigin, Receipt, UnknownSite
from connector.store.sites import TrackedSite
from connector.web.guard import anybody
from connector.web.wiring import services

endpoint = Blueprint("collecting", __name__)

SCRIPT_SECONDS = 3600
"""How long browsers keep the script."""
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}


@endpoint.get("/t/<key>.js")
@anybody("every visitor of a tenant's site loads it")
def script(key: str) -> ResponseReturnValue:
    """Give the script: the same for every site, it knows its own by the address that it was loaded from."""
    if not key.isalnum():
        abort(404)
    found = current_app.send_static_file("track.js")
    found.headers["Cache-Control"] = f"public, max-age={SCRIPT_SECONDS}"
    found.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return found


@endpoint.route("/t/<key>/events", methods=["OPTIONS"], provide_automatic_options=False)
@anybody("browsers ask before they send")
def preflight(key: str) -> ResponseReturnValue:
    """Tell a browser whether a page may send JSON here."""
    _site(key)
    return "", 204, _PREFLIGHT


@endpoint.route("/t/<key>/events", methods=["POST"], provide_automatic_options=False)
@anybody("the site's key and the page's origin stand for it")
def events(key: str) -> ResponseReturnValue:
    """Keep what a visitor's browser sends from a page of the site's own origins."""
    site = _site(key)
    request.max_content_length = collecting.PAGE_BYTES
    body = request.get_data(cache=False)
    return _answer(collecting.from_page(services(), site, body, request.headers.get("User-Agent")))


@endpoint.post("/api/track")
@anybody("the site's secret stands for it")
def server() -> ResponseReturnValue:
    """Keep what a tenant's own server sends; its secret stands for the site."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise UnknownSite("Send the site's secret as a bearer token.")
    site = collecting.site_of_server(services(), secret.strip())
    request.max_content_length = collecting.SERVER_BYTES
    return _answer(collecting.from_server(services(), site, request.get_data(cache=False)))


def _site(key: str) -> TrackedSite:
    origin = request.headers.get("Origin")
    site = collecting.site_of_page(services(), key, origin)
    g.sending_origin = origin
    return site


def _answer(receipt: Receipt) -> ResponseReturnValue:
    refused = [{"index": item.index, "reason": item.reason} for item in receipt.refused]
    return jsonify(accepted=receipt.accepted, rejected=refused), 202


@endpoint.after_app_request
def allow(response: Response) -> Response:
    """Let a page of the site's own origins read the answer, whatever it is; nobody else."""
    if request.endpoint in ("collecting.events", "collecting.preflight"):
        response.vary.add("Origin")
        if "sending_origin" in g:
            response.headers["Access-Control-Allow-Origin"] = g.sending_origin
    return response


@endpoint.errorhandler(RejectedInput)
def refuse(error: RejectedInput) -> ResponseReturnValue:
    """Tell the sender why nothing was taken."""
    unknown = 401 if request.endpoint == "collecting.server" else 404
    status = unknown if isinstance(error, UnknownSite) else 403 if isinstance(error, ForeignOrigin) else 400
    return jsonify(error=str(error)), status


@endpoint.errorhandler(RetryLater)
def slow_down(error: RetryLater) -> ResponseReturnValue:
    """Tell a sender when to come again."""
    return jsonify(error=str(error)), 429, {"Retry-After": str(max(1, math.ceil(error.after_seconds)))}

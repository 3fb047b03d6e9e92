"""What every request passes through: token, role, open connections, faults; and the log at the end."""

from __future__ import annotations

import uuid

from flask import Response, g, request

from connector.sandbox import misbehaviour, record_page
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.problems import Problem, forbidden, key_invalid, throttled

API = "/3.0"
CONTROLS = "/_sandbox/"
INSIDE = "sandbox.operation"
"""Marks, in the WSGI environment, an operation that the sandbox itself runs for a batch job."""
BUCKET = "connections"
WRITERS = frozenset({"owner", "admin", "manager"})
BLOCKED_PAGE = (
    "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1>"
    "You don't have permission to access this server.</body></html>"
)
GATEWAY_PAGE = "<html><head><title>Bad Gateway</title></head><body><center><h1>Bad Gateway</h1></center></body></html>"
TITLES = {403: "Forbidden", 404: "Resource Not Found", 429: "Too Many Requests", 503: "Service Unavailable"}


def hub() -> Hub:
    """Return the hub of the running application."""
    found: Hub = g.hub
    return found


def by_api() -> bool:
    """Tell whether the request comes through the API, and not by the sandbox's controls."""
    return request.path.startswith(API)


def admit(the_hub: Hub) -> Response | None:
    """Run before each request: check token, connections and role, delay it, make it suffer a fault."""
    g.hub, g.fault, g.counted, g.known = the_hub, None, False, False
    if INSIDE in request.environ or request.path.startswith(CONTROLS) or record_page.is_one():
        return None
    g.at, g.monotonic = the_hub.now_ms() / 1000, the_hub.stage.clock.monotonic()
    if by_api():
        _identify(the_hub)
        _count(the_hub)
    the_hub.stage.clock.sleep(the_hub.stage.config.latency_seconds)
    answer = misbehaviour.strike(the_hub.stage, lambda status: BLOCKED_PAGE if status == 403 else GATEWAY_PAGE)
    if answer is None and g.fault is not None and g.fault.kind in REFUSALS:
        raise _refusal(the_hub, g.fault)
    if answer is None and by_api() and request.method != "GET" and the_hub.account.role not in WRITERS:
        raise forbidden()
    return answer


def _identify(the_hub: Hub) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    with the_hub.stage.lock:
        g.known = scheme.lower() in ("bearer", "oauth") and the_hub.grants.knows(token.strip())
    if not g.known:
        raise key_invalid()


def _count(the_hub: Hub) -> None:
    at_once = the_hub.stage.log.begin(the_hub.account.account_id)
    g.counted = True
    if at_once > the_hub.account.connections:
        raise throttled(the_hub.account.connections)


REFUSALS = frozenset({FaultKind.RATE_LIMIT, FaultKind.SERVER_ERROR, FaultKind.LOCKED})


def _refusal(the_hub: Hub, fault: Fault) -> Problem:
    if fault.kind is FaultKind.RATE_LIMIT:
        return throttled(the_hub.account.connections)
    if fault.kind is FaultKind.LOCKED:
        return Problem(403, "UserDisabled", "This account has been deactivated.")
    title = TITLES.get(fault.status, "Internal Server Error")
    return Problem(fault.status, title, "An unexpected internal error has occurred.")


def finish(response: Response) -> Response:
    """Run after each request: the faults that spoil an answer, the log."""
    response.headers["X-Request-Id"] = str(uuid.uuid4())
    if INSIDE in request.environ or request.path.startswith(CONTROLS) or record_page.is_one():
        return response
    misbehaviour.spoil(response)
    account = g.hub.account.account_id if g.known else None
    misbehaviour.log(g.hub.stage, response, account, known=g.known, bucket=BUCKET if g.counted else None)
    return response


def release(_: BaseException | None) -> None:
    """Run at the very end of each request: its connection is free again."""
    if g.get("counted"):
        g.hub.stage.log.end(g.hub.account.account_id)

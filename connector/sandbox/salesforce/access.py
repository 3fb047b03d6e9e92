"""What every request passes through: version, token, allowance, faults; and the log at the end."""

from __future__ import annotations

import re

from flask import Response, g, request

from connector.sandbox import misbehaviour, record_page
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.salesforce.errors import failure
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.usage import crowded

MAX_URI = 16_384
CONTROLS = "/_sandbox/"
API = re.compile(r"/services/data/v(\d+)\.0(?:/|$)")
OLDEST = 31
BUCKET = "daily"
GATEWAY_PAGE = "<html><head><title>Service Unavailable</title></head><body><h1>Down for maintenance</h1></body></html>"


def hub() -> Hub:
    """Return the hub of the running application."""
    found: Hub = g.hub
    return found


def bearer() -> str:
    """Return the access token of the request; empty: it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def locked_rows(count: int) -> set[int]:
    """Return which of a request's ``count`` records are locked by somebody else: every other one, on a fault."""
    fault: Fault | None = g.get("fault")
    if fault is None or fault.kind is not FaultKind.LOCKED:
        return set()
    return set(range(0, count, 2))


def admit(the_hub: Hub) -> Response | None:
    """Run before each request: check it, count it, delay it, make it suffer a fault."""
    g.hub, g.bucket, g.known, g.fault, g.version = the_hub, None, False, None, 0
    g.at, g.monotonic = the_hub.stage.clock.now_ms() / 1000, the_hub.stage.clock.monotonic()
    if request.path.startswith(CONTROLS) or record_page.is_one():
        return None
    version = API.match(request.path)
    if version:
        _check(the_hub, int(version[1]))
    the_hub.stage.clock.sleep(the_hub.stage.config.latency_seconds)
    answer = misbehaviour.strike(the_hub.stage, lambda _: GATEWAY_PAGE)
    if answer is None and g.fault is not None:
        _refuse(g.fault)
    return answer


def _check(the_hub: Hub, version: int) -> None:
    g.version = version
    if len(request.full_path) > MAX_URI:
        raise failure(414, "URI_TOO_LONG", "The request URI is too long.")
    if version < OLDEST:
        raise failure(410, "UNSUPPORTED_API_VERSION", "The requested API version has been retired or is not supported.")
    if version > float(the_hub.org.api_version):
        raise failure(404, "NOT_FOUND", "The requested resource does not exist")
    with the_hub.stage.lock:
        g.known = the_hub.grants.use(bearer()) is not None
        if not g.known:
            raise failure(401, "INVALID_SESSION_ID", "Session expired or invalid")
        g.bucket = BUCKET
        the_hub.usage.count()


def _refuse(fault: Fault) -> None:
    """Raise what a fault makes Salesforce say."""
    if fault.kind is FaultKind.RATE_LIMIT:
        raise crowded()
    if fault.kind is FaultKind.SERVER_ERROR:
        raise failure(fault.status, "SERVER_UNAVAILABLE", "The server is temporarily unavailable.")


def finish(response: Response) -> Response:
    """Run after each request: the usage header, the faults that spoil an answer, the log."""
    if request.path.startswith(CONTROLS) or record_page.is_one():
        return response
    if g.get("known"):
        with hub().stage.lock:
            response.headers["Sforce-Limit-Info"] = hub().usage.header()
    misbehaviour.spoil(response)
    account = g.hub.org.org_id if g.known else None
    misbehaviour.log(g.hub.stage, response, account, known=g.known, bucket=g.bucket)
    return response

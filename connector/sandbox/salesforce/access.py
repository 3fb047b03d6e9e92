"""What every request passes through: version, token, allowance, faults; and the log at the end."""

from __future__ import annotations

import re

from flask import Response, g, request

from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.requestlog import LoggedRequest
from connector.sandbox.salesforce.errors import failure
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.usage import crowded
from connector.sandbox.server import SWITCH

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
    if request.path.startswith(CONTROLS):
        return None
    version = API.match(request.path)
    if version:
        _check(the_hub, int(version[1]))
    the_hub.stage.clock.sleep(the_hub.stage.config.latency_seconds)
    return _suffer(the_hub, the_hub.stage.faults.strike(request.method, request.path))


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


def _suffer(the_hub: Hub, fault: Fault | None) -> Response | None:
    """Do to this request what a fault says; return its answer if the fault gives one."""
    g.fault = fault
    if fault is None:
        return None
    if fault.kind is FaultKind.SLOW:
        the_hub.stage.clock.sleep(fault.seconds)
    elif fault.kind is FaultKind.CLOCK_SKEW:
        the_hub.stage.clock.skew_seconds = fault.seconds
    elif fault.kind is FaultKind.DROP:
        request.environ[SWITCH].cut = True
        return Response(status=500)
    elif fault.kind is FaultKind.HTML_ERROR:
        return Response(GATEWAY_PAGE, fault.status, mimetype="text/html")
    elif fault.kind is FaultKind.EMPTY_ERROR:
        return Response(b"", fault.status)
    elif fault.kind is FaultKind.RATE_LIMIT:
        raise crowded()
    elif fault.kind is FaultKind.SERVER_ERROR:
        raise failure(fault.status, "SERVER_UNAVAILABLE", "The server is temporarily unavailable.")
    return None


def finish(response: Response) -> Response:
    """Run after each request: the usage header, the faults that spoil an answer, the log."""
    if request.path.startswith(CONTROLS):
        return response
    if g.get("known"):
        with hub().stage.lock:
            response.headers["Sforce-Limit-Info"] = hub().usage.header()
    fault: Fault | None = g.get("fault")
    if fault is not None and fault.kind is FaultKind.TRUNCATED:
        body = response.get_data()
        response.set_data(body[: max(1, len(body) // 2)])
    _log(response)
    return response


def _log(response: Response) -> None:
    dropped = request.environ[SWITCH].cut
    g.hub.stage.log.add(
        LoggedRequest(
            at=g.at,
            monotonic=g.monotonic,
            method=request.method,
            path=request.path,
            status=0 if dropped else response.status_code,
            account=g.hub.org.org_id if g.known else None,
            app_token_kind="oauth" if g.known else None,
            limit_bucket=g.bucket,
        )
    )

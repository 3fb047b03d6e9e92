"""What Prometheus scrapes, for whoever holds the token; and the counting of requests."""

from __future__ import annotations

import hmac
import logging
import re
from uuid import uuid4

from flask import Blueprint, Flask, Response, abort, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from connector.services.reports.metrics import exposed
from connector.telemetry import logs
from connector.telemetry.series import REQUEST_SECONDS, REQUESTS, WEBHOOKS
from connector.web.guard import anybody
from connector.web.wiring import services, settings

log = logging.getLogger("connector.web")

endpoint = Blueprint("metrics", __name__)

_NOBODYS_ROUTE = "none"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_OUTCOMES = {2: "taken", 4: "refused", 5: "failed"}


@endpoint.get("/metrics")
@anybody("the metrics token stands for it")
def metrics() -> ResponseReturnValue:
    """Answer Prometheus; to everybody else there is no such page."""
    token = settings().metrics_token
    given = request.headers.get("Authorization", "")
    if token is None or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(404)
    return Response(exposed(services()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def register(app: Flask) -> None:
    """Count and log every request by its route: a path may hold an address that only a CRM should know."""

    @app.before_request
    def begin() -> None:
        g.begun = services().clock.monotonic()
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        g.about = logs.about(request=g.request_id)
        g.about.__enter__()

    @app.after_request
    def count(response: Response) -> Response:
        seconds = services().clock.monotonic() - g.begun
        route = request.url_rule.rule if request.url_rule else _NOBODYS_ROUTE
        counts = services().counts
        counts.add(REQUESTS, route, str(response.status_code))
        counts.observe(REQUEST_SECONDS, route, value=seconds)
        vendor = (request.view_args or {}).get("vendor")
        if request.blueprint == "webhooks" and request.method == "POST" and vendor in services().apps:
            counts.add(WEBHOOKS, str(vendor), _OUTCOMES.get(response.status_code // 100, "refused"))
        response.headers["X-Request-Id"] = g.request_id
        log.info("%s %s answered %d in %.0f ms", request.method, route, response.status_code, seconds * 1000)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if "about" in g:
            g.pop("about").__exit__(None, None, None)

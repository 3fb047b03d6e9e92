"""The application: ``GET /v5/company/enrich``, its limits, credits and refusals, and the sandbox's own controls.

After docs.peopledatalabs.com (reference-company-enrichment-api, errors, usage-limits) and the vendor's OpenAPI file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Flask, Response, request

from connector.sandbox.config import PdlAccount
from connector.sandbox.controls import build_controls
from connector.sandbox.faults import FaultKind
from connector.sandbox.peopledatalabs.companies import company, is_known
from connector.sandbox.requestlog import LoggedRequest
from connector.sandbox.server import SWITCH, BuiltSandbox
from connector.sandbox.state import Stage

PATH = "/v5/company/enrich"
KEYS_OF_A_COMPANY = ("pdl_id", "name", "profile", "ticker", "website")
WINDOW_SECONDS = 60.0
MESSAGES = {
    400: ("invalid_request_error", "Request contained either missing or invalid parameters"),
    401: ("authentication_error", "Request contained a missing or invalid key"),
    402: ("payment_required", "You have hit your account maximum (all matches used)"),
    404: ("not_found", "No records were found matching your request"),
    405: ("invalid_request_error", "Request method is not allowed on the requested resource"),
    429: ("rate_limit_error", "An error occurred due to requests hitting the API too quick"),
}


@dataclass(slots=True)
class Hub:
    """The account as it stands. ``asked``: the domains in the order of questions that were let through."""

    stage: Stage
    account: PdlAccount
    spent: int = 0
    window: int = -1
    in_window: int = 0
    asked: list[str] = field(default_factory=list)


def build(stage: Stage) -> BuiltSandbox:
    """Return the sandbox as an application."""
    hub = Hub(stage, stage.config.pdl)
    return BuiltSandbox(app=create_app(hub), state=hub)


def create_app(hub: Hub) -> Flask:
    """Return the application over ``hub``."""
    app = Flask("connector.sandbox.peopledatalabs", static_folder=None)
    app.register_blueprint(build_controls(hub.stage), url_prefix="/_sandbox")

    @app.get(PATH)
    def enrich() -> Response:
        with hub.stage.lock:
            return _struck(hub) or _answer(hub)

    app.register_error_handler(404, lambda _: _refusal(404))
    app.register_error_handler(405, lambda _: _refusal(405))
    app.after_request(lambda reply: _logged(hub, reply))
    return app


def _struck(hub: Hub) -> Response | None:
    """Misbehave as ordered."""
    fault = hub.stage.faults.strike(request.method, request.path)
    if fault is None:
        return None
    if fault.kind is FaultKind.DROP:
        request.environ[SWITCH].cut = True
        return Response()
    if fault.kind is FaultKind.RATE_LIMIT:
        return _refusal(429)
    if fault.kind is FaultKind.HTML_ERROR:
        return Response("<html>busy</html>", fault.status, mimetype="text/html")
    if fault.kind is FaultKind.TRUNCATED:
        return Response(b'{"status": 200, "name": "ha', 200, mimetype="application/json")
    return _reply({"status": fault.status, "error": {"type": "api_error", "message": "Internal error"}}, fault.status)


def _answer(hub: Hub) -> Response:
    given = request.headers.get("X-Api-Key") or request.args.get("api_key")
    if given != hub.account.key:
        return _refusal(401)
    if not _let_through(hub):
        return _refusal(429)
    website = request.args.get("website", "")
    likelihood = request.args.get("min_likelihood", "2")
    if not any(request.args.get(name) for name in KEYS_OF_A_COMPANY) or likelihood not in map(str, range(11)):
        return _refusal(400)
    if hub.spent >= hub.account.credits:
        return _refusal(402)
    hub.asked.append(website)
    found = {**company(website), **hub.account.profiles.get(website, {})}
    known = website in hub.account.profiles or is_known(website)
    if not known or found["likelihood"] < int(likelihood):
        return _refusal(404)
    hub.spent += 1
    return _reply({"status": 200, **found}, 200)


def _let_through(hub: Hub) -> bool:
    """Count a request in its fixed minute."""
    window = int(hub.stage.clock.monotonic() // WINDOW_SECONDS)
    if window != hub.window:
        hub.window, hub.in_window = window, 0
    hub.in_window += 1
    return hub.in_window <= hub.account.per_minute


def _refusal(status: int) -> Response:
    kind, message = MESSAGES[status]
    return _reply({"status": status, "error": {"type": kind, "message": message}}, status)


def _reply(payload: Any, status: int) -> Response:
    return Response(orjson.dumps(payload), status, mimetype="application/json")


def _logged(hub: Hub, reply: Response) -> Response:
    if request.path == PATH:
        clock = hub.stage.clock
        entry = LoggedRequest(
            clock.now_ms() / 1000, clock.monotonic(), request.method, request.path, reply.status_code, None, None, None
        )
        hub.stage.log.add(entry)
    return reply

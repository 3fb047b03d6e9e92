"""How much a key may ask for in a minute.

Counted in Redis, for all web processes together. Where Redis is away each process counts for itself until it is back:
keys are then limited less strictly, but the API answers.
"""

from __future__ import annotations

from flask import Flask, Response, g
from flask_limiter import HeaderNames, Limiter

from connector.settings import Settings
from connector.web.api import gate
from connector.web.api.counting import SCHEME

UNITS = 600
"""Units that a key may spend in a minute; most routes cost one."""
_ALL_ROUTES = "api"


_WAIT = "X-RateLimit-Wait"
"""Where the library says how long to wait, of which it speaks in every answer."""


def register(app: Flask, settings: Settings) -> None:
    """Count requests by key, and tell in headers what is left."""
    app.after_request(_wait)
    # Without Redis there is one process: settings of a deployment always name one.
    uri = f"{SCHEME}{settings.redis_url}" if settings.redis_url else "memory://"
    patience = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25} if settings.redis_url else {}
    Limiter(
        key_func=lambda: g.caller.key_id.hex,
        app=app,
        default_limits=[f"{UNITS} per minute"],
        default_limits_exempt_when=lambda: "caller" not in g,
        default_limits_cost=gate.cost,
        headers_enabled=True,
        strategy="sliding-window-counter",
        storage_uri=uri,
        storage_options=patience,  # type: ignore[arg-type]  # seconds may be fractions
        in_memory_fallback_enabled=True,
        retry_after="delta-seconds",
        key_prefix="api",
        header_name_mapping={HeaderNames.RETRY_AFTER: _WAIT},
        # One budget for all routes, not one for each.
        request_identifier=lambda: _ALL_ROUTES,
    )
    app.before_request(gate.check_scope)


def _wait(response: Response) -> Response:
    """Say when to come again to those alone who were refused for asking too often."""
    seconds = response.headers.pop(_WAIT, None)
    if seconds is not None and response.status_code == 429:
        response.headers.setdefault("Retry-After", seconds)
    return response

"""How much a key may ask for in a minute.

Counted in Redis, for all web processes together. Where Redis is away each process counts for itself until it is back:
keys are then limited less strictly, but the API answers.
"""

from __future__ import annotations

from flask import Flask, g
from flask_limiter import Limiter

from connector.settings import Settings
from connector.web.api import gate

UNITS = 600
"""Units that a key may spend in a minute; most routes cost one."""
_ALL_ROUTES = "api"


def register(app: Flask, settings: Settings) -> None:
    """Count requests by key, and tell in headers what is left."""
    # Without Redis there is one process: settings of a deployment always name one.
    uri = settings.redis_url or "memory://"
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
        # One budget for all routes, not one for each.
        request_identifier=lambda: _ALL_ROUTES,
    )
    app.before_request(gate.check_scope)

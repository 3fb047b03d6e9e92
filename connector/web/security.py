"""Headers on every answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from connector.services.context import Services
from connector.web import wiring

_ANY_VERIFIER = "0" * 43
"""The shortest code verifier of RFC 7636: only the address's origin is looked at."""


_CACHEABLE = ("static", "collecting.script")


def register(app: Flask) -> None:
    """Set the headers after each request."""
    with app.app_context():
        policy = _policy(wiring.services())
        encrypted = wiring.settings().public_url.startswith("https://")

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.update(
            {
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff",
                # For browsers that do not know frame-ancestors.
                "X-Frame-Options": "DENY",
                "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
                # Forms over https are checked by their Referer, so our own pages must send it to us.
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
            }
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if encrypted:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint not in _CACHEABLE:
            response.headers["Cache-Control"] = "no-store"
        return response


def _policy(services: Services) -> str:
    # Browsers hold a form's redirect to form-action too: the consent pages must be named.
    targets = sorted({origin for vendor in services.apps for origin in _consent_origins(services, vendor)})
    return "; ".join(
        (
            "default-src 'none'",
            *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(["form-action 'self'", *targets]),
        )
    )


def _consent_origins(services: Services, vendor: str) -> set[str]:
    app = services.apps[vendor]
    declared = app.capabilities
    verifier = _ANY_VERIFIER if declared.pkce else None
    pages = [urlsplit(app.authorize_url("origin", verifier, login)) for login in (*declared.logins, None)]
    own = {f"https://*{declared.login_domain}"} if declared.login_domain else set()
    return {f"{page.scheme}://{page.netloc}" for page in pages} | own

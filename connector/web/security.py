"""Headers on every answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from connector.services.context import Services
from connector.web import wiring

_ANY_VERIFIER = "0" * 43
"""The shortest code verifier of RFC 7636: only the address's origin is looked at."""


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
                # Forms over https are checked by their Referer, so our own pages must send it to us.
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
            }
        )
        if encrypted:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


def _policy(services: Services) -> str:
    # Browsers hold a form's redirect to form-action too: the consent pages must be named.
    targets = sorted({_consent_origin(services, vendor) for vendor in services.apps})
    return "; ".join(
        (
            "default-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(["form-action 'self'", *targets]),
        )
    )


def _consent_origin(services: Services, vendor: str) -> str:
    app = services.apps[vendor]
    verifier = _ANY_VERIFIER if app.capabilities.pkce else None
    parts = urlsplit(app.authorize_url("origin", verifier))
    return f"{parts.scheme}://{parts.netloc}"

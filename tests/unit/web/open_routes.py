"""The pages and addresses that need nobody signed in: kept in one place, for every test that walks all routes."""

from __future__ import annotations

OPEN = {
    "static",
    "health.healthz",
    "health.readyz",
    "metrics.metrics",
    "security_txt.show",
    "connect.start_page",
    "connect.sign_out",
    "oauth.start",
    "oauth.callback",
    "join.show",
    "join.accept",
    "webhooks.receive",
    "webhooks.answer",
    "card_calls.read",
    "card_calls.rate",
    "cards.show",
    "cards.thumb",
    "cards.account",
    "collecting.script",
    "collecting.preflight",
    "collecting.events",
    "collecting.server",
    "unsubscribing.ask",
    "unsubscribing.leave",
    "api-docs.openapi_json",
    "api_document.page",
}
"""Each of them says itself why no role is needed."""

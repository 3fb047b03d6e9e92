"""The REST API, version 1: one file a noun, each a blueprint whose routes say which scope they need."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from connector.settings import Settings
from connector.web.api import (
    channels,
    conversions,
    document,
    events,
    exports,
    feedback,
    gate,
    leads,
    limits,
    models,
    people,
    scores,
)

_NOUNS = (
    scores.routes,
    leads.routes,
    feedback.routes,
    events.routes,
    conversions.routes,
    models.routes,
    channels.routes,
    exports.routes,
    people.routes,
)


def register(app: Flask, settings: Settings, csrf: CSRFProtect) -> None:
    """Add the API to an application. No cookie opens it, so no form of another site can use it."""
    gate.register(app)
    limits.register(app, settings)
    described = document.collect(app, settings)
    for routes in _NOUNS:
        csrf.exempt(routes)
        described.register_blueprint(routes)
    app.register_blueprint(document.pages)

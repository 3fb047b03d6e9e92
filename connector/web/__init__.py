"""The pages: each route parses, calls one service and renders what it returned."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from connector.services.context import Services
from connector.settings import Settings
from connector.web import (
    access,
    api,
    api_keys,
    audit,
    capacity,
    card_calls,
    cards,
    channels,
    charts,
    collecting,
    companies,
    connect,
    connections,
    digest,
    drift,
    enrichment,
    errors,
    experiments,
    feedback,
    fields,
    forecasts,
    goal,
    guard,
    health,
    join,
    kpis,
    lead_list,
    leads,
    lookback,
    metrics,
    model,
    navigation,
    numbers,
    oauth,
    objectives,
    people,
    pitfalls,
    privacy,
    publication,
    readiness,
    reports,
    security,
    security_txt,
    session,
    settings_page,
    setup,
    sync,
    tracking,
    unsubscribing,
    versions,
    webhooks,
    webhooks_out,
    wiring,
    words,
)

_BLUEPRINTS = (
    connect.pages,
    oauth.pages,
    connections.pages,
    lead_list.pages,
    setup.pages,
    readiness.pages,
    goal.pages,
    lookback.pages,
    leads.pages,
    companies.pages,
    model.pages,
    versions.pages,
    drift.pages,
    pitfalls.pages,
    forecasts.pages,
    kpis.pages,
    capacity.pages,
    channels.pages,
    objectives.pages,
    reports.pages,
    experiments.pages,
    fields.pages,
    people.pages,
    feedback.pages,
    privacy.pages,
    publication.pages,
    tracking.pages,
    api_keys.pages,
    webhooks_out.pages,
    enrichment.pages,
    digest.pages,
    access.pages,
    audit.pages,
    settings_page.pages,
    sync.pages,
    join.pages,
    webhooks.endpoint,
    card_calls.endpoint,
    cards.endpoint,
    collecting.endpoint,
    unsubscribing.endpoint,
    health.endpoint,
    security_txt.endpoint,
    metrics.endpoint,
)
_LARGEST_BODY = 1024 * 1024
_COOKIE_LIFETIME = timedelta(days=30)
"""The longest that a sign-in may last; how long each does is in its row."""


def build_app(services: Services, settings: Settings) -> Flask:
    """Put the pages together over wired services."""
    app = Flask("connector.web")
    encrypted = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=[*settings.secret_keys[1:]],
        # Flask-WTF knows no fallbacks; what it hands the keys to (itsdangerous) signs with the last of a list.
        WTF_CSRF_SECRET_KEY=[*reversed(settings.secret_keys)],
        MAX_CONTENT_LENGTH=_LARGEST_BODY,
        PERMANENT_SESSION_LIFETIME=_COOKIE_LIFETIME,
        SESSION_COOKIE_HTTPONLY=True,
        # The prefix keeps other hosts of the domain from planting such a cookie; it takes https.
        SESSION_COOKIE_NAME="__Host-connector" if encrypted else "connector",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=encrypted,
        # A page may stay open all day; the token lives as long as its session.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.url_map.converters["int"] = numbers.RowNumber
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    # Before anything that may refuse a request: refusals are counted as well.
    metrics.register(app)
    enrichment.register(app)
    csrf = CSRFProtect(app)
    for endpoint in (
        webhooks.endpoint,
        card_calls.endpoint,
        cards.endpoint,
        collecting.endpoint,
        unsubscribing.endpoint,
    ):
        csrf.exempt(endpoint)
    wiring.install(app, services, settings)
    app.before_request(session.require_region)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    api.register(app, settings, csrf)
    guard.register(app)
    sync.register(app)
    app.jinja_env.filters.update(words.FILTERS)
    app.jinja_env.globals.update(charts.GLOBALS, navigation=navigation.navigation, **setup.GLOBALS)
    errors.register(app)
    security.register(app)
    return app

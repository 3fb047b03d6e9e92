"""The application: every family of endpoints at every spelling of its path."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from connector.sandbox.controls import build_controls
from connector.sandbox.hubspot import (
    access,
    account,
    admin,
    associations,
    batches,
    marketing,
    oauth,
    objects,
    pages,
    pipelines,
    properties,
    search,
    workflows,
)
from connector.sandbox.hubspot.errors import ApiError, reply
from connector.sandbox.hubspot.filling import fill
from connector.sandbox.hubspot.hub import Hub, build_hub
from connector.sandbox.hubspot.paths import PREFIXES
from connector.sandbox.server import BuiltSandbox
from connector.sandbox.state import Stage

FAMILIES: tuple[tuple[str, Blueprint], ...] = (
    ("oauth", oauth.blueprint),
    ("account", account.blueprint),
    ("appinstalls", account.uninstall_blueprint),
    ("limits", properties.limits_blueprint),
    ("properties", properties.blueprint),
    ("pipelines", pipelines.blueprint),
    ("objects", objects.blueprint),
    ("objects", batches.blueprint),
    ("objects", search.blueprint),
    ("record_associations", associations.record_blueprint),
    ("associations", associations.blueprint),
    ("email_events", marketing.email_blueprint),
    ("forms", marketing.forms_blueprint),
    ("submissions", marketing.submissions_blueprint),
    ("workflows", workflows.blueprint),
    ("occurrences", marketing.occurrences_blueprint),
)


def build(stage: Stage) -> BuiltSandbox:
    """Return the filled sandbox as an application."""
    hub = build_hub(stage)
    fill(hub)
    return BuiltSandbox(app=create_app(hub), state=hub, closers=(hub.notices.stop,))


def create_app(hub: Hub) -> Flask:
    """Return the application over ``hub``."""
    app = Flask("connector.sandbox.hubspot", static_folder=None)
    app.url_map.strict_slashes = False
    app.before_request(lambda: access.admit(hub))
    app.after_request(access.finish)
    app.register_error_handler(ApiError, _refused)
    app.register_error_handler(404, _no_such_path)
    app.register_error_handler(405, _no_such_path)
    app.register_blueprint(oauth.consent_blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(admin.blueprint, url_prefix="/_sandbox")
    app.register_blueprint(build_controls(hub.stage), url_prefix="/_sandbox")
    for family, blueprint in FAMILIES:
        for number, prefix in enumerate(PREFIXES[family]):
            app.register_blueprint(blueprint, url_prefix=prefix, name=f"{blueprint.name}_{number}")
    return app


def _refused(refusal: ApiError) -> Response:
    return reply(refusal.body, refusal.status, refusal.headers)


def _no_such_path(error: Exception) -> Response:
    status = int(getattr(error, "code", 404))
    return reply({"status": "error", "message": "resource not found", "category": "OBJECT_NOT_FOUND"}, status)

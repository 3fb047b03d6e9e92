"""The application: every family of endpoints at its path."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from connector.sandbox.controls import build_controls
from connector.sandbox.salesforce import (
    access,
    admin,
    bulk_ingest,
    bulk_query,
    collections,
    composite,
    describe,
    identity,
    limits,
    oauth,
    pages,
    query,
    sobjects,
    tooling,
)
from connector.sandbox.salesforce.errors import ApiError, failure
from connector.sandbox.salesforce.filling import fill
from connector.sandbox.salesforce.hub import Hub, build_hub
from connector.sandbox.salesforce.setup import set_up
from connector.sandbox.server import BuiltSandbox
from connector.sandbox.state import Stage

BASE = "/services/data/v<int:version>.0"
FAMILIES: tuple[Blueprint, ...] = (
    describe.blueprint,
    query.blueprint,
    sobjects.blueprint,
    limits.blueprint,
    collections.blueprint,
    composite.blueprint,
    bulk_query.blueprint,
    bulk_ingest.blueprint,
    tooling.blueprint,
)


def build(stage: Stage) -> BuiltSandbox:
    """Return the filled sandbox as an application."""
    hub = build_hub(stage)
    set_up(hub)
    fill(hub)
    return BuiltSandbox(app=create_app(hub), state=hub)


def create_app(hub: Hub) -> Flask:
    """Return the application over ``hub``."""
    app = Flask("connector.sandbox.salesforce", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_value_preprocessor(_without_version)
    app.before_request(lambda: _settle_jobs(hub))
    app.before_request(lambda: access.admit(hub))
    app.after_request(access.finish)
    app.register_error_handler(ApiError, ApiError.response)
    app.register_error_handler(404, _no_such_path)
    app.register_error_handler(405, _no_such_method)
    app.register_blueprint(oauth.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(identity.blueprint)
    app.register_blueprint(admin.blueprint, url_prefix="/_sandbox")
    app.register_blueprint(build_controls(hub.stage), url_prefix="/_sandbox")
    for blueprint in FAMILIES:
        app.register_blueprint(blueprint, url_prefix=BASE + (blueprint.url_prefix or ""))
    return app


def _settle_jobs(hub: Hub) -> None:
    with hub.stage.lock:
        bulk_ingest.settle(hub)


def _without_version(_: str | None, values: dict[str, object] | None) -> None:
    # Checked before; every version is answered alike.
    if values is not None:
        values.pop("version", None)


def _no_such_path(_: Exception) -> Response:
    return failure(404, "NOT_FOUND", "The requested resource does not exist").response()


def _no_such_method(_: Exception) -> Response:
    return failure(405, "METHOD_NOT_ALLOWED", "The HTTP method is not allowed for this resource.").response()

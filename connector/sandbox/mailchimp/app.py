"""The application: OAuth, the API under ``/3.0``, and the sandbox's own controls."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request

from connector.sandbox.controls import build_controls
from connector.sandbox.mailchimp import (
    access,
    activity,
    admin,
    automations,
    batches,
    bulk,
    campaigns,
    clicks,
    flows,
    jobs,
    lists,
    members,
    merge_fields,
    oauth,
    pages,
    report_rows,
    reports,
    segments,
    stores,
    tags,
    webhooks,
)
from connector.sandbox.mailchimp.filling import fill
from connector.sandbox.mailchimp.hub import Hub, build_hub
from connector.sandbox.mailchimp.problems import Problem, not_found, problem_reply
from connector.sandbox.server import BuiltSandbox
from connector.sandbox.state import Stage

FAMILIES: tuple[Blueprint, ...] = (
    lists.blueprint,
    members.blueprint,
    bulk.blueprint,
    merge_fields.blueprint,
    segments.blueprint,
    tags.blueprint,
    activity.blueprint,
    campaigns.blueprint,
    reports.blueprint,
    report_rows.blueprint,
    clicks.blueprint,
    flows.blueprint,
    automations.blueprint,
    stores.blueprint,
    batches.blueprint,
    webhooks.blueprint,
)


def build(stage: Stage) -> BuiltSandbox:
    """Return the filled sandbox as an application."""
    hub = build_hub(stage)
    fill(hub)
    return BuiltSandbox(app=create_app(hub), state=hub, closers=(hub.notices.stop,))


def create_app(hub: Hub) -> Flask:
    """Return the application over ``hub``."""
    app = Flask("connector.sandbox.mailchimp", static_folder=None)
    app.url_map.strict_slashes = False
    app.before_request(lambda: access.admit(hub))
    app.before_request(lambda: _catch_up(hub, app))
    app.after_request(access.finish)
    app.teardown_request(access.release)
    app.register_error_handler(Problem, problem_reply)
    app.register_error_handler(404, _no_such_path)
    app.register_error_handler(405, _no_such_method)
    app.register_blueprint(oauth.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(batches.results_blueprint)
    app.register_blueprint(admin.blueprint, url_prefix="/_sandbox")
    app.register_blueprint(build_controls(hub.stage), url_prefix="/_sandbox")
    for blueprint in FAMILIES:
        app.register_blueprint(blueprint, url_prefix=access.API)
    return app


def _catch_up(hub: Hub, app: Flask) -> None:
    if access.INSIDE not in request.environ:
        jobs.advance(hub, app)


def _no_such_path(_: Exception) -> Response:
    return problem_reply(not_found())


def _no_such_method(_: Exception) -> Response:
    return problem_reply(Problem(405, "Method Not Allowed", "The requested method and resource are not compatible."))

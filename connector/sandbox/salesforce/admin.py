"""The sandbox's own controls of the org under ``/_sandbox``, at the paths that all sandboxes share.

``accounts`` are orgs and ``contacts`` are persons: leads and contacts.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from connector.sandbox.controls import loopback_only
from connector.sandbox.salesforce import changes, events, journeys
from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import RecordError, not_found, of_record, reply
from connector.sandbox.salesforce.ids import normal
from connector.sandbox.salesforce.requests import json_body
from connector.sandbox.salesforce.wire import record

PEOPLE = ("Lead", "Contact")

blueprint = Blueprint("sandbox_admin", __name__)
blueprint.before_request(loopback_only)


@blueprint.before_request
def of_the_org() -> None:
    """Refuse the address of another org."""
    named = (request.view_args or {}).pop("org_id", hub().org.org_id)
    if normal(named) != hub().org.org_id:
        raise not_found()


@blueprint.errorhandler(RecordError)
def _refused(error: RecordError) -> Response:
    return of_record(error).response()


@blueprint.get("/health")
def health() -> Response:
    """Answer that the sandbox is up, and what it holds."""
    with hub().stage.lock:
        counts = {name: len(table.rows) for name, table in hub().tables.items()}
    return reply({"status": "ok", "accounts": {hub().org.org_id: counts}})


@blueprint.post("/app")
def configure_app() -> Response:
    """Set the app's redirect addresses, or the ``instance_url`` that token answers name: those that the body names."""
    body = json_body()
    with hub().stage.lock:
        if "redirect_uris" in body:
            hub().grants.redirect_uris = tuple(body["redirect_uris"])
        hub().instance_url = str(body.get("instance_url", hub().instance_url))
    return Response(status=204)


@blueprint.get("/truth")
def truth() -> Response:
    """Answer person id → true chance to convert within 90 days, for open leads of a generated population."""
    with hub().stage.lock:
        return reply(hub().truth)


@blueprint.get("/population")
def population() -> Response:
    """Answer the instant that the population describes, and what its mapping says of the tenant."""
    as_of = hub().as_of
    return reply({"as_of": as_of.isoformat() if as_of else None, "tenant": hub().tenant})


@blueprint.post("/accounts/<org_id>/usage")
def use_by_others() -> Response:
    """Set how many requests the customer's other integrations made in the last 24 hours: ``{"requests": n}``."""
    with hub().stage.lock:
        hub().usage.others = int(json_body().get("requests", 0))
        return reply({"used": hub().usage.used, "allowance": hub().usage.allowance})


@blueprint.post("/accounts/<org_id>/fields")
def hide_fields() -> Response:
    """Hide fields from the connected user, and show others: ``{"hide": ["Lead.Phone"], "show": [...]}``."""
    body = json_body()
    with hub().stage.lock:
        schema = hub().schema
        schema.hidden = (schema.hidden | set(body.get("hide", ()))) - set(body.get("show", ()))
        schema.changed_at = hub().stage.clock.now().replace(microsecond=0)
    return Response(status=204)


@blueprint.post("/accounts/<org_id>/tokens/revoke")
def revoke_tokens() -> Response:
    """Revoke the refresh tokens; with ``{"access": true}`` end the sessions too."""
    with hub().stage.lock:
        hub().grants.revoke_refresh()
        if request.get_data() and json_body().get("access"):
            hub().grants.uninstall()
    return Response(status=204)


@blueprint.post("/accounts/<org_id>/tokens/expire")
def expire_tokens() -> Response:
    """End the sessions now; they can be refreshed."""
    with hub().stage.lock:
        return reply({"expired": hub().grants.expire_sessions()})


@blueprint.post("/accounts/<org_id>/uninstall")
def uninstall() -> Response:
    """End every grant, as an admin does who uninstalls the package."""
    with hub().stage.lock:
        hub().grants.uninstall()
    return Response(status=204)


@blueprint.post("/accounts/<org_id>/contacts")
def create_person() -> Response:
    """Make a person with the body's ``properties``, as a user would; ``object`` is Lead (default) or Contact."""
    body = json_body()
    kind = str(body.get("object", "Lead"))
    if kind not in PEOPLE:
        raise not_found()
    needed = {"LastName": "Nobody"} | ({"Company": "Unknown"} if kind == "Lead" else {})
    with hub().stage.lock:
        row_id = changes.create(hub(), kind, {**needed, **body.get("properties", {})}, hub().user())
    return reply({"id": row_id}, 201)


@blueprint.post("/accounts/<org_id>/contacts/<key>")
def change_person(key: str) -> Response:
    """Give a person the body's ``properties``, as a user would."""
    with hub().stage.lock:
        changes.update(hub(), key, json_body().get("properties", {}), hub().user())
    return Response(status=204)


@blueprint.post("/accounts/<org_id>/contacts/<key>/events")
def add_event(key: str) -> Response:
    """Let something happen with a person now: ``{"kind": …}``, see :mod:`connector.sandbox.salesforce.events`."""
    with hub().stage.lock:
        return reply(events.happen(hub(), key, json_body()), 201)


@blueprint.post("/accounts/<org_id>/contacts/<key>/merge")
def merge_person(key: str) -> Response:
    """Merge the person into the one that the body names in ``into``."""
    with hub().stage.lock:
        survivor = journeys.merge(hub(), str(json_body().get("into", "")), key, hub().user())
    return reply({"id": survivor})


@blueprint.post("/accounts/<org_id>/contacts/<key>/convert")
def convert_person(key: str) -> Response:
    """Convert a lead, with an opportunity unless ``{"opportunity": false}``."""
    wanted = bool(request.get_data()) and json_body().get("opportunity") is False
    with hub().stage.lock:
        made = journeys.convert(hub(), key, hub().user(), opportunity=not wanted)
    told = {"account": made.account_id, "contact": made.contact_id, "opportunity": made.opportunity_id}
    return reply(told, 201)


@blueprint.post("/accounts/<org_id>/contacts/<key>/<any('archive', 'gdpr-delete', 'restore'):action>")
def remove_person(key: str, action: str) -> Response:
    """Delete, undelete or erase a person, as a user would."""
    with hub().stage.lock:
        if action == "restore":
            changes.undelete(hub(), key, hub().user())
            return Response(status=204)
        changes.delete(hub(), key, hub().user())
        if action == "gdpr-delete":
            changes.purge(hub(), normal(key) or "", hub().user())
    return Response(status=204)


@blueprint.get("/accounts/<org_id>/contacts/<key>")
def show_person(key: str) -> Response:
    """Answer a person's values as they are, without any limit, latency or lag."""
    with hub().stage.lock:
        name, row = changes.find(hub(), key)
        shown = record(hub(), name, row, hub().schema.objects[name].fields.values())
    return reply({"id": row["Id"], "properties": shown})

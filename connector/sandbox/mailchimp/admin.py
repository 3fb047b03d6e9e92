"""What demos, tests and benchmarks may do under ``/_sandbox`` besides the controls of every sandbox.

Members are named by contact id, as the API's own paths may name them.
"""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response

from connector.sandbox.controls import loopback_only
from connector.sandbox.mailchimp import changes, events
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.problems import not_found, reply
from connector.sandbox.mailchimp.reading import json_body
from connector.sandbox.mailchimp.records import Journey, Member
from connector.sandbox.mailchimp.showing import member_shown

blueprint = Blueprint("sandbox_admin", __name__)
blueprint.before_request(loopback_only)


def _check_account(account_id: str) -> None:
    if account_id != hub().account.account_id:
        raise not_found("The sandbox has no such account.")


def _member(account_id: str, key: str) -> Member:
    _check_account(account_id)
    found = next(filter(None, (each.find(key) for each in hub().audiences.values())), None)
    if found is None:
        raise not_found("The account has no such contact.")
    return found


@blueprint.get("/health")
def health() -> Response:
    """Answer that the sandbox is up, and what it holds."""
    with hub().stage.lock:
        counts = {
            "contacts": sum(len(each.members()) for each in hub().audiences.values()),
            "audiences": len(hub().audiences),
            "campaigns": len(hub().campaigns),
            "orders": sum(len(each.orders) for each in hub().stores.values()),
        }
    return reply({"status": "ok", "accounts": {hub().account.account_id: counts}})


@blueprint.post("/app")
def configure_app() -> Response:
    """Set the app's redirect addresses. Webhooks are made through the API."""
    body = json_body()
    with hub().stage.lock:
        if "redirect_uris" in body:
            hub().grants.redirect_uris = tuple(body["redirect_uris"])
    return Response(status=204)


@blueprint.get("/webhooks")
def webhook_deliveries() -> Response:
    """Answer every attempt to deliver change notices."""
    return reply([asdict(each) for each in list(hub().notices.deliveries)])


@blueprint.get("/flows")
def flow_starts() -> Response:
    """Answer which members entered automation flows, when and by what."""
    with hub().stage.lock:
        return reply([asdict(each) for each in hub().flow_starts])


@blueprint.post("/journeys")
def make_journey() -> Response:
    """Make a journey's step for the main audience, or turn one on or off (``turned_on``)."""
    body = json_body()
    with hub().stage.lock:
        key = int(body["journey_id"]), int(body["step_id"])
        journey = hub().journeys.setdefault(key, Journey(*key, hub().main.list_id))
        journey.turned_on = bool(body.get("turned_on", True))
    return Response(status=204)


@blueprint.get("/jobs")
def batch_jobs() -> Response:
    """Answer when each batch job began and ended, on the request log's monotonic clock, with its calls' number."""
    seconds = hub().account.batch_seconds
    with hub().stage.lock:
        jobs = list(hub().jobs.values())
    return reply(
        [
            {"begins": each.begins_at, "ends": each.begins_at + seconds, "operations": len(each.operations)}
            for each in jobs
        ]
    )


@blueprint.get("/truth")
def truth() -> Response:
    """Answer contact id → true chance to convert within 90 days, for open leads of a generated population."""
    with hub().stage.lock:
        return reply(hub().truth)


@blueprint.get("/population")
def population() -> Response:
    """Answer the instant that the population describes, and what its mapping says of the tenant."""
    as_of = hub().as_of
    return reply({"as_of": as_of.isoformat() if as_of else None, "tenant": hub().tenant})


@blueprint.post("/accounts/<account_id>/uninstall")
@blueprint.post("/accounts/<account_id>/tokens/revoke")
def uninstall(account_id: str) -> Response:
    """Remove the app from the account, as its user would: every token ends, nobody is told."""
    _check_account(account_id)
    with hub().stage.lock:
        hub().grants.uninstall()
    return Response(status=204)


@blueprint.post("/accounts/<account_id>/contacts")
def create_contact(account_id: str) -> Response:
    """Add a member to the main audience with the body's ``properties``: ``email``, ``status`` and merge fields."""
    _check_account(account_id)
    with hub().stage.lock:
        values = dict(json_body().get("properties", {}))
        email, status = str(values.pop("email", "")), str(values.pop("status", "subscribed"))
        member = changes.add_member(hub(), hub().main, email, status, values)
        return reply({"id": member.contact_id}, 201)


@blueprint.post("/accounts/<account_id>/contacts/<key>")
def change_contact(account_id: str, key: str) -> Response:
    """Give a member the body's ``properties``, as a user would."""
    with hub().stage.lock:
        member = _member(account_id, key)
        values = dict(json_body().get("properties", {}))
        if "email" in values:
            changes.change_email(hub(), member, str(values.pop("email")))
        if "status" in values:
            changes.set_status(hub(), member, str(values.pop("status")))
        changes.update_member(hub(), member, values)
    return Response(status=204)


@blueprint.post("/accounts/<account_id>/contacts/<key>/events")
def add_event(account_id: str, key: str) -> Response:
    """Let something happen with a member now: ``{"kind": …}``, see :mod:`connector.sandbox.mailchimp.events`."""
    with hub().stage.lock:
        return reply(events.happen(hub(), _member(account_id, key), json_body()), 201)


@blueprint.post("/accounts/<account_id>/contacts/<key>/<any('archive', 'gdpr-delete', 'restore'):action>")
def remove_contact(account_id: str, key: str, action: str) -> Response:
    """Archive, erase or bring back a member, as a user would."""
    with hub().stage.lock:
        member = _member(account_id, key)
        if action == "restore":
            changes.set_status(hub(), member, "subscribed")
        else:
            (changes.archive if action == "archive" else changes.delete_permanently)(hub(), member)
    return Response(status=204)


@blueprint.get("/accounts/<account_id>/contacts/<key>")
def show_contact(account_id: str, key: str) -> Response:
    """Answer a member without any limit or latency."""
    with hub().stage.lock:
        member = _member(account_id, key)
        shown = member_shown(hub(), member)
    return reply({"id": member.contact_id, "properties": shown["merge_fields"], "member": shown})

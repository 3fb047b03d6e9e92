"""The sandbox's own controls under ``/_sandbox``, for demos, tests and benchmarks on this machine only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.controls import loopback_only
from connector.sandbox.hubspot import changes, events
from connector.sandbox.hubspot.access import hub
from connector.sandbox.hubspot.errors import invalid, not_found, reply
from connector.sandbox.hubspot.hub import Account
from connector.sandbox.hubspot.records import CrmObject, ObjectTable, Origin
from connector.sandbox.hubspot.requests import json_body, number_of

USER = Origin("CRM_UI", "userId:9001")

blueprint = Blueprint("sandbox_admin", __name__)
blueprint.before_request(loopback_only)


def _account(portal_id: int) -> Account:
    account = hub().accounts.get(portal_id)
    if account is None:
        raise not_found("The sandbox has no such account.")
    return account


def _contact(portal_id: int, key: str) -> tuple[Account, ObjectTable, CrmObject]:
    account = _account(portal_id)
    table = account.tables["contacts"]
    record = table.find(number_of(key))
    if record is None:
        raise not_found("The account has no such contact.")
    return account, table, record


@blueprint.get("/health")
def health() -> Response:
    """Answer that the sandbox is up, and what it holds."""
    with hub().stage.lock:
        counts = {
            str(portal_id): {name: len(table.live) for name, table in account.tables.items()}
            for portal_id, account in hub().accounts.items()
        }
    return reply({"status": "ok", "accounts": counts})


@blueprint.post("/app")
def configure_app() -> Response:
    """Set the app's redirect addresses, webhook address or subscriptions, those that the body names."""
    body = json_body()
    with hub().stage.lock:
        if "redirect_uris" in body:
            hub().grants.redirect_uris = tuple(body["redirect_uris"])
        if "webhook_url" in body or "subscriptions" in body:
            hub().notices.configure(str(body.get("webhook_url", "")), tuple(body.get("subscriptions", ())))
    return Response(status=204)


@blueprint.get("/webhooks")
def webhook_deliveries() -> Response:
    """Answer every attempt to deliver change notices."""
    return reply([asdict(each) for each in list(hub().notices.deliveries)])


@blueprint.get("/truth")
def truth() -> Response:
    """Answer contact id → true chance to convert within 90 days, for open leads of a generated population."""
    with hub().stage.lock:
        return reply({key: value for account in hub().accounts.values() for key, value in account.truth.items()})


@blueprint.get("/population")
def population() -> Response:
    """Answer the instant that the first account's population describes, and what its mapping says of the tenant."""
    account = next(iter(hub().accounts.values()))
    return reply({"as_of": account.as_of.isoformat() if account.as_of else None, "tenant": account.tenant})


@blueprint.post("/accounts/<int:portal_id>/tokens/revoke")
def revoke_tokens(portal_id: int) -> Response:
    """Revoke an account's refresh tokens; with ``{"access": true}`` end its access tokens too."""
    _account(portal_id)
    with hub().stage.lock:
        hub().grants.revoke_all_refresh(portal_id)
        if request.get_data() and json_body().get("access"):
            hub().grants.uninstall(portal_id)
    return Response(status=204)


@blueprint.post("/accounts/<int:portal_id>/tokens/expire")
def expire_tokens(portal_id: int) -> Response:
    """Make an account's access tokens expired now."""
    _account(portal_id)
    with hub().stage.lock:
        return reply({"expired": hub().grants.expire_access(portal_id)})


@blueprint.post("/accounts/<int:portal_id>/uninstall")
def uninstall(portal_id: int) -> Response:
    """Uninstall the app, as the account's admin would."""
    _account(portal_id)
    with hub().stage.lock:
        hub().grants.uninstall(portal_id)
    return Response(status=204)


@blueprint.post("/accounts/<int:portal_id>/contacts")
def create_contact(portal_id: int) -> Response:
    """Make a contact with the body's ``properties``, as a user would."""
    account = _account(portal_id)
    with hub().stage.lock:
        values = {name: str(value) for name, value in json_body().get("properties", {}).items()}
        record = changes.create(hub(), account, account.tables["contacts"], values, USER)
        return reply({"id": str(record.object_id)}, 201)


@blueprint.post("/accounts/<int:portal_id>/contacts/<key>")
def change_contact(portal_id: int, key: str) -> Response:
    """Give a contact the body's ``properties``, as a user would."""
    with hub().stage.lock:
        account, table, record = _contact(portal_id, key)
        values = {name: str(value) for name, value in json_body().get("properties", {}).items()}
        changes.update(hub(), account, table, record, values, USER)
    return Response(status=204)


@blueprint.post("/accounts/<int:portal_id>/contacts/<key>/events")
def add_event(portal_id: int, key: str) -> Response:
    """Let something happen with a contact now: ``{"kind": …}``, see :mod:`connector.sandbox.hubspot.events`."""
    with hub().stage.lock:
        account, _, record = _contact(portal_id, key)
        return reply(events.happen(hub(), account, record, json_body()), 201)


@blueprint.post("/accounts/<int:portal_id>/contacts/<key>/merge")
def merge_contact(portal_id: int, key: str) -> Response:
    """Merge the contact into the one that the body names in ``into``."""
    with hub().stage.lock:
        account, table, loser = _contact(portal_id, key)
        _, _, winner = _contact(portal_id, str(json_body().get("into", "")))
        if winner is loser:
            raise invalid("A contact cannot be merged into itself.")
        survivor = changes.merge(hub(), account, table, (winner, loser))
        return reply({"id": str(survivor.object_id)})


@blueprint.post("/accounts/<int:portal_id>/contacts/<key>/<any('archive', 'gdpr-delete', 'restore'):action>")
def remove_contact(portal_id: int, key: str, action: str) -> Response:
    """Archive, restore or erase a contact, as a user would."""
    with hub().stage.lock:
        account = _account(portal_id)
        table = account.tables["contacts"]
        if action == "restore":
            if number_of(key) not in table.archived:
                raise not_found("The recycle bin has no such contact.")
            changes.restore(hub(), account, table, number_of(key), USER)
            return Response(status=204)
        _, _, record = _contact(portal_id, key)
        (changes.archive if action == "archive" else changes.erase)(hub(), account, table, record, USER)
    return Response(status=204)


@blueprint.get("/accounts/<int:portal_id>/contacts/<key>")
def show_contact(portal_id: int, key: str) -> Response:
    """Answer a contact's values without any limit or latency."""
    with hub().stage.lock:
        _, _, record = _contact(portal_id, key)
        shown: dict[str, Any] = {"id": str(record.object_id), "properties": dict(record.properties)}
    return reply(shown)

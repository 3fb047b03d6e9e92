"""A contact's page as HubSpot has it: properties by group, and the app's card, fetched as HubSpot's proxy does."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from flask import Response

from connector.sandbox import record_page
from connector.sandbox.hubspot.access import hub
from connector.sandbox.hubspot.hub import Account
from connector.sandbox.hubspot.records import CrmObject
from connector.sandbox.hubspot.rendering import system_values
from connector.sandbox.hubspot.signing import signed
from connector.sandbox.record_page import Card, Line, RecordPage, Section

CARD_SECONDS = 15.0
"""HubSpot waits so long for what a card fetches."""
_FIRST = ("email", "firstname", "lastname", "jobtitle", "company")

blueprint = record_page.blueprint()
_pool = urllib3.PoolManager(timeout=CARD_SECONDS, retries=False)


@blueprint.get("/contacts/<int:portal_id>/record/0-1/<int:contact_id>")
def show(portal_id: int, contact_id: int) -> str | Response:
    """Show a contact."""
    with hub().stage.lock:
        account = hub().accounts.get(portal_id)
        record = account.tables["contacts"].find(contact_id) if account else None
        if account is None or record is None:
            return record_page.missing("HubSpot", "The account has no such contact.")
        sections, values = list(_sections(account, record)), record.properties
    name = " ".join(filter(None, (values.get("firstname"), values.get("lastname")))) or values.get("email", "Contact")
    about = " · ".join(values[each] for each in ("jobtitle", "company", "email") if values.get(each))
    app, card = hub().stage.config.app.name, _card(portal_id, record.object_id)
    return record_page.shown(
        RecordPage("HubSpot", account.portal.name, app, "Contact", name, about, sections, card=card)
    )


def _sections(account: Account, record: CrmObject) -> Iterator[Section]:
    """Yield the contact's values by the groups of their properties, those of apps first."""
    table, catalogue = account.tables["contacts"], account.catalogues["contacts"]
    values, app_id = {**record.properties, **system_values(table, record)}, str(hub().stage.config.app.app_id)
    lines: dict[str, list[Line]] = {name: [] for name in reversed(catalogue.groups)}
    known = [each for each in _FIRST if each in values] + [each for each in values if each not in _FIRST]
    for name in known:
        defined = catalogue.live.get(name)
        if defined is not None:
            author = table.versions(record, name)[:1]
            by_app = any(each.origin.source_id == app_id for each in author)
            lines[defined["groupName"]].append(Line(defined["label"], name, values[name], by_app))
    for group, found in lines.items():
        if found:
            yield Section(catalogue.groups[group]["label"], found)


def _card(portal_id: int, contact_id: int) -> Card:
    """Fetch what the app's card fetches: from the app's own origin, with who asks in the query, signed."""
    app, now_ms = hub().stage.config.app, hub().now_ms()
    asking = {"userId": 9001, "portalId": portal_id, "userEmail": "admin@example.com", "appId": app.app_id}
    origin = urlsplit(hub().grants.redirect_uris[0])._replace(path="", query="").geturl()
    url = f"{origin}/cards/hubspot/records/{contact_id}?{urlencode(asking)}"
    try:
        answer = _pool.request("GET", url, headers=signed(app.client_secret, "GET", url, b"", now_ms))
        told = orjson.loads(answer.data)
    except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError):
        return Card(None, "The app did not answer.")
    return Card(told) if answer.status == HTTPStatus.OK else Card(None, "The app refused to answer.")

"""Reading what a request asks for, refusing what can't be read."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request

from connector.sandbox.hubspot.access import account, need
from connector.sandbox.hubspot.errors import invalid, not_found
from connector.sandbox.hubspot.paths import object_type
from connector.sandbox.hubspot.records import ObjectTable

READ_SCOPES = {
    "contacts": ("crm.objects.contacts.read",),
    "companies": ("crm.objects.companies.read",),
    "deals": ("crm.objects.deals.read",),
    "emails": ("sales-email-read",),
}
ACTIVITY_SCOPES = ("crm.objects.contacts.read",)
SCHEMA_SCOPES = {
    "contacts": ("crm.schemas.contacts.read", "crm.objects.contacts.read"),
    "companies": ("crm.schemas.companies.read", "crm.objects.companies.read"),
    "deals": ("crm.schemas.deals.read", "crm.objects.deals.read"),
}


def readable(name: str) -> ObjectTable:
    """Return the table of an object type that the token may read; raise 400 or 403."""
    table = table_of(name)
    need(READ_SCOPES.get(table.object_type, ACTIVITY_SCOPES))
    return table


def writable(name: str) -> ObjectTable:
    """Return the table of an object type that the token may write; raise 400 or 403."""
    table = table_of(name)
    need(tuple(scope.replace(".read", ".write") for scope in READ_SCOPES.get(table.object_type, ACTIVITY_SCOPES)))
    return table


def table_of(name: str) -> ObjectTable:
    """Return the table of an object type by any of its spellings; raise 400 for an unknown one."""
    plural = object_type(name)
    if plural is None:
        raise invalid(f"Unable to infer object type from: {name}")
    return account().tables[plural]


def schema_type(name: str, *, write: bool = False) -> str:
    """Return the plural name of a type whose definitions the token may see (or change)."""
    plural = table_of(name).object_type
    scopes = SCHEMA_SCOPES.get(plural, ACTIVITY_SCOPES)
    need((scopes[0].replace(".read", ".write"),) if write else scopes)
    return plural


def json_body() -> dict[str, Any]:
    """Return the request's JSON object; raise 400."""
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise invalid("Invalid input JSON on line 1, column 1") from error
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: an object is expected.")
    return body


def limit_of(default: int, most: int) -> int:
    """Return the page size asked for; raise 400 past the cap."""
    text = request.args.get("limit", str(default))
    if not text.isdigit() or int(text) < 1:
        raise invalid(f"limit must be a positive whole number, not '{text[:20]}'.")
    if int(text) > most:
        raise invalid(f"The limit of {text} is over the maximum of {most}.")
    return int(text)


def names_of(parameter: str) -> tuple[str, ...]:
    """Return a list parameter: repeated, or joined by commas."""
    parts = ",".join(request.args.getlist(parameter)).split(",")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def number_of(text: str, what: str = "id") -> int:
    """Return an id as a number; raise 404, since nothing has such an id."""
    if not str(text).isdigit():
        raise not_found(f"Object not found: {what} is not known.")
    return int(text)


def inputs_of(body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Return a batch's inputs; raise 400 if there are none, or more than ``most``."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise invalid("Some required fields were not set: [inputs]")
    if len(inputs) > most:
        raise invalid(f"The maximum batch size is {most}; {len(inputs)} inputs were sent.")
    return inputs
